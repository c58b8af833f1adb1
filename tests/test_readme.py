"""The README's example runs, and what it and the tables of folders name is there."""

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
#: Where the tables of what goes where are.
ADDING = "docs/extending.md"


def example(containing: str) -> str:
    """The Python example of the README with this text in it."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = [block for block in blocks if containing in block]
    return str(found)


@pytest.mark.slow
def test_the_example_ends_well_above_ninety_percent(capsys: pytest.CaptureFixture[str]) -> None:
    """On the test digits six seeds ended between 91.8 and 96.8 %, that of the example highest."""
    exec(example("qcnn.load_data").replace('"auto"', '"digits"'), {})
    counts, accuracy = capsys.readouterr().out.splitlines()
    assert "phases=440, effective_phases=440, mapping=0" in counts
    assert float(accuracy) > 0.9


def test_the_figure_and_every_link_are_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8"))
    inside = [link for link in links if "://" not in link]
    assert len(inside) > 20
    for link in inside:
        assert (ROOT / link).exists(), link


#: What the README says was found, with the question and the verdict of the front page.
FOUND = (
    (
        "photons that interfere generate better weights than distinguishable ones",
        "Are photons that interfere better than distinguishable ones where probabilities are read?",
        "Yes",
    ),
    (
        "trained phases are no better than a classical generator",
        "Are trained phases better than a classical generator of the same effective count?",
        "No",
    ),
    (
        "photons that are read as probabilities no better than a random subspace",
        "At equal counts, is a photonic generator that is read as probabilities better than a "
        "random subspace?",
        "No",
    ),
)


@pytest.mark.parametrize(("words", "question", "verdict"), FOUND)
def test_what_was_found_is_what_the_front_page_answers(
    words: str, question: str, verdict: str
) -> None:
    assert words in " ".join(README.read_text(encoding="utf-8").split())
    front_page = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    assert f"\n- {question} {verdict}: " in front_page


def paths_in_tables(page: str) -> set[str]:
    """The paths that stand in the tables of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    cells = (line for line in text.splitlines() if line.startswith("| "))
    return {path for line in cells for path in re.findall(r"`([a-z_]+/[\w/.]*)`", line)}


def test_every_path_in_a_table_is_there() -> None:
    paths = paths_in_tables(ADDING)
    assert len(paths) >= 35
    for path in paths:
        assert (ROOT / path.replace("NAME.py", "__init__.py")).exists(), path


def test_every_folder_of_the_packages_is_in_the_table() -> None:
    rooms = {
        f"{path.parent.relative_to(ROOT)}/"
        for package in ("qcnn", "studies", "bench", "pwg")
        for path in (ROOT / package).glob("*/__init__.py")
    }
    assert rooms - paths_in_tables(ADDING) == set()


def test_what_the_tables_say_to_register_with_is_in_that_folder() -> None:
    lines = (ROOT / ADDING).read_text(encoding="utf-8").splitlines()
    pattern = r"\|.*?`([a-z_/]+/)(?:NAME\.py)?`.*`@?(register_\w+)`.*"
    found = [match.groups() for line in lines if (match := re.fullmatch(pattern, line))]
    assert len(found) >= 20
    for folder, name in found:
        assert callable(getattr(import_module(folder.strip("/").replace("/", ".")), name, None)), (
            name
        )
