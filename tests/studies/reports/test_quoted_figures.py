"""The paper's figures are of MNIST, and stand beside runs on its images alone."""

from pathlib import Path

import pytest
from stored_rows import make_row

from studies.analysis.quoted import NOISE_COSTS, QUOTED
from studies.reports.results_folder import read_studies, write_pages
from studies.reports.study_report import build_report
from studies.rows.runs_file import add_rows

NAMES = {
    "noise": ("mixing: no noise", "mixing: evaluated under shots=10000"),
    "frontier": ("223 parameters: photonic",),
    "bond_dimension": ("χ = 4: lean form",),
    "papers_schedule": ("χ = 4: the paper's schedule", "χ = 4: Adam alone"),
}
#: How the paper's figures are written, here and in a table of numbers alone.
FIGURES = (
    *(f"{row.accuracy:.1f} % ± {row.deviation:.1f}" for row in QUOTED),
    *(f"{row.accuracy:.1f} ± {row.deviation:.1f}" for row in QUOTED),
    NOISE_COSTS,
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of results on each of two datasets alone: the reports, the front page and the page."""
    found = {}
    for dataset in ("mnist", "fashion-mnist"):
        folder = tmp_path_factory.mktemp(dataset)
        for name in NAMES:
            store(folder / name, dataset)
            found[f"{dataset}: {name}"] = build_report(folder / name).read_text("utf-8")
        for path in write_pages(folder, read_studies(folder)):
            found[f"{dataset}: {path.name}"] = path.read_text("utf-8")
    return found


def store(folder: Path, dataset: str) -> None:
    rows = []
    for label in NAMES[folder.name]:
        noise = label.rpartition(" under ")[2] if " under " in label else ""
        changes = {"study": folder.name, "evaluated_under": noise}
        rows += [make_row(s, label=label, dataset=dataset, **changes) for s in range(2)]
    add_rows(folder / "runs.csv", rows)


@pytest.mark.parametrize("page", [*NAMES, "README.md", "report.html"])
def test_they_stand_beside_mnist_and_nowhere_else(pages: dict[str, str], page: str) -> None:
    """But for what is stated among the claims, whose verdicts are of MNIST alone."""
    mnist, other = (pages[f"{dataset}: {page}"] for dataset in ("mnist", "fashion-mnist"))
    other = other.partition('<h2 id="accuracy">')[2] or other
    assert any(figure in mnist for figure in FIGURES)
    assert [figure for figure in FIGURES if figure in other] == []


def test_claims_about_the_paper_are_not_judged_by_other_images(pages: dict[str, str]) -> None:
    for dataset, judged in (("mnist", True), ("fashion-mnist", False)):
        text = pages[f"{dataset}: claims.md"]
        assert ("*Found*" in text) == judged
        assert "Open: no runs of noise on mnist answer it yet." in text or judged


def test_the_images_are_named(pages: dict[str, str]) -> None:
    text = pages["fashion-mnist: frontier"]
    assert "Data: 6,000 training and 600 validation images of the official training set" in text
