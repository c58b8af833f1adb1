"""What the studies are, read from their files without importing these, which takes seconds."""

import ast
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

_CATALOGUE = Path(__file__).with_name("catalogue")


@cache
def questions_by_name() -> dict[str, str]:
    """The question of every study by its name.

    They are imported after all where a file of the catalogue does not say both in so many words,
    and where an installed package may add some.
    """
    words = [_words(path) for path in sorted(_CATALOGUE.glob("[!_]*.py"))]
    if None in words or entry_points(group="studies.catalogue"):
        from studies.catalogue import studies_by_name

        return {name: study.question for name, study in studies_by_name.items()}
    return dict(each for each in words if each is not None)


def _words(path: Path) -> tuple[str, str] | None:
    """Name and question of the ``STUDY`` that a file registers; None unless they are literal."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):  # importing it says what is wrong
        return None
    match [node for node in tree.body if isinstance(node, ast.Assign | ast.Expr)]:
        case [
            *_,
            ast.Assign(targets=[ast.Name("STUDY")], value=ast.Call(keywords=keywords)),
            ast.Expr(ast.Call(func=ast.Name("register_study"), args=[ast.Name("STUDY")])),
        ]:
            values = {each.arg: each.value for each in keywords}
            match values.get("name"), values.get("question"):
                case ast.Constant(str(name)), ast.Constant(str(question)):
                    return name, question
    return None
