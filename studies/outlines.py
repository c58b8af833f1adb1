"""What the studies are, read from their files without importing these, which takes seconds."""

import ast
from functools import cache
from pathlib import Path

_CATALOGUE = Path(__file__).with_name("catalogue")


@cache
def questions_by_name() -> dict[str, str]:
    """The question of every study in the catalogue, by the study's name.

    A file whose ``STUDY`` does not say both in so many words is imported after all.
    """
    found = {}
    for path in sorted(_CATALOGUE.glob("[!_]*.py")):
        words = _words(path)
        if words is None:
            from studies.catalogue import studies_by_name

            return {name: study.question for name, study in studies_by_name.items()}
        found[words[0]] = words[1]
    return found


def _words(path: Path) -> tuple[str, str] | None:
    """Name and question of the ``STUDY`` that a file declares; None unless they are literal."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):  # importing it says what is wrong
        return None
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name("STUDY")], value=ast.Call(keywords=keywords)):
                values = {each.arg: each.value for each in keywords}
                match values.get("name"), values.get("question"):
                    case ast.Constant(str(name)), ast.Constant(str(question)):
                        return name, question
    return None
