"""What a user's mistake is answered with has one grammar: "X is V; allowed are …", one sentence.

The texts are read where they stand: a hole in one is written as ``{…}``, whatever it holds.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from qcnn.checks import did_you_mean
from studies import sentences

ROOT = Path(__file__).parents[1]
PACKAGES = ("qcnn", "studies", "bench", "pwg")
HOLE = "{…}"
SENTENCE = re.compile(
    r"(?P<mistake>[^;]*\b(is|are|has|have|holds|needs|were|ended|cannot) [^;]+)"
    r"; allowed[^;]* (is|are) [^;]+"
)
#: What is handed on there is a sentence already, to which a place is added.
HANDED_ON = {
    "studies/store/codec.py": "the sentence of a check, with the place in the storage",
    "studies/rows/runs_file.py": "the sentence of a check, with the line of the file",
    "studies/run_file.py": "the sentence of an option's type, with the file and its key",
    "studies/runs/claim.py": "the sentence of a worker, with its run",
}


#: What says within the brackets of another sentence, on a damaged file, where the damage is.
INSIDE_ANOTHER = {"NotOfItsType"}
#: What keeps a value on one line: ``qcnn.checks.shown`` (descriptions in a state dict have one of
#: their own, as they may differ in their ends), and counts.
ON_ONE_LINE = ("shown(", "_shown(", "len(")


@cache
def trees() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }


@cache
def errors() -> frozenset[str]:
    """InvalidInput and all that are derived from it."""
    classes = [node for tree in trees().values() for node in ast.walk(tree)]
    found, before = {"InvalidInput"}, 0
    while len(found) > before:
        before = len(found)
        found |= {
            node.name
            for node in classes
            if isinstance(node, ast.ClassDef) and found & {ast.unparse(base) for base in node.bases}
        }
    return frozenset(found)


def messages() -> Iterator[tuple[str, int, ast.expr]]:
    """Place and text of every error that is made."""
    assert errors() > INSIDE_ANOTHER
    named = errors() - INSIDE_ANOTHER
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in named:
                assert len(node.args) == 1, f"{path}:{node.lineno}"
                yield path, node.lineno, node.args[0]


def texts(message: ast.expr) -> list[ast.expr]:
    """The texts that a message can be: those that a function returns are that function's."""
    if not isinstance(message, ast.Call):
        return [message]
    name = ast.unparse(message.func).split(".")[-1]
    functions = [
        node
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    returned = [
        node.value
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and node.value is not None
    ]
    assert returned, f"where the text of {name} comes from"
    return [text for value in returned for text in texts(value)]


def with_holes(text: ast.expr) -> str:
    if isinstance(text, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else HOLE for part in text.values
        )
    return str(text.value) if isinstance(text, ast.Constant) else HOLE


SENTENCES = [
    pytest.param(path, text, id=f"{path}:{line}")
    for path, line, message in messages()
    for text in texts(message)
]


def fault(sentence: str) -> str | None:
    """What is wrong with a sentence."""
    if not SENTENCE.fullmatch(sentence):
        return "not of the form X is V; allowed are …"
    if re.search(r"[\w)}'\"][.!?]( |$)", sentence) or "\n" in sentence:
        return "not one sentence on one line"
    return None


@pytest.mark.parametrize(("path", "text"), SENTENCES)
def test_a_mistake_is_one_sentence_that_says_what_is_allowed(path: str, text: ast.expr) -> None:
    sentence = with_holes(text)
    if path in HANDED_ON and HOLE in sentence and "; " not in sentence:
        return
    assert fault(sentence) is None, sentence


def raw_values(text: ast.expr) -> list[str]:
    """Holes behind "is" that are written as they are, so that a value can fill lines and pages."""
    parts = text.values if isinstance(text, ast.JoinedStr) else []
    mistake = True
    found = []
    for before, part in zip([None, *parts], parts, strict=False):
        if isinstance(part, ast.Constant):
            mistake = mistake and "; allowed" not in part.value
        elif mistake and isinstance(before, ast.Constant) and before.value.endswith(" is "):
            assert isinstance(part, ast.FormattedValue)
            written = ast.unparse(part.value)
            if not written.startswith(ON_ONE_LINE) and part.format_spec is None:
                found.append(written)
    return found


@pytest.mark.parametrize(
    ("path", "text"), [each for each in SENTENCES if str(each.id).startswith("qcnn/")]
)
def test_values_are_shown_on_one_line(path: str, text: ast.expr) -> None:
    assert raw_values(text) == []


def test_what_is_handed_on_is_still_there() -> None:
    bare = {
        path
        for path, _, message in messages()
        for text in texts(message)
        if "; " not in with_holes(text)
    }
    assert bare == set(HANDED_ON)


@pytest.mark.parametrize("name", ["mode_swep", "MODE_SWEEP", "modes", "x", ""])
def test_what_was_meant_is_said_alike_everywhere(name: str) -> None:
    names = ["mode_sweep", "mapping_sweep", "noise"]
    assert sentences.did_you_mean(name, names) == did_you_mean(name, names)


def test_there_are_sentences_to_read() -> None:
    assert {"DataUnavailable", "NotDifferentiable"} < errors()
    for package, least in (("qcnn", 120), ("studies", 50), ("bench", 3)):
        assert sum(str(each.id).startswith(f"{package}/") for each in SENTENCES) >= least


@pytest.mark.parametrize(
    "sentence",
    [
        "photons is {…}; 1 to 3 are allowed",
        "photons is {…}. Allowed are 1 to 3",
        "photons is {…}; allowed are 1 to 3.",
        "photons is {…}; allowed are 1 to 3. Choose fewer",
        "photons is {…}; allowed are 1 to 3; choose fewer",
        "photons is {…}; allowed 1 to 3",
        "{…}; allowed are 1 to 3",
        "photons is {…}\n; allowed are 1 to 3",
    ],
)
def test_other_forms_are_found(sentence: str) -> None:
    assert fault(sentence) is not None
    assert fault("photons is {…}; allowed with {…} are 1 to 3 (see there)") is None


def test_raw_values_are_found() -> None:
    def parsed(text: str) -> ast.expr:
        return ast.parse(text, mode="eval").body

    assert raw_values(parsed('f"a is {a}; allowed is {b}"')) == ["a"]
    assert raw_values(parsed('f"{a} is {a!r} with {b}; allowed is 1"')) == ["a"]
    assert raw_values(parsed('f"a is {shown(a)}; allowed is {b}"')) == []
    assert raw_values(parsed('f"a is {a:.3g}; allowed is {b}"')) == []
