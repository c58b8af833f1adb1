"""The pages of a results folder: over all studies that have rows in it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from qcnn import InvalidInput
from studies.analysis.results import StudyResults
from studies.catalogue import studies_by_name
from studies.reports.claims import write_claims
from studies.reports.front_page import write_front_page
from studies.reports.html.page import write_page
from studies.reports.overview import preset_of
from studies.reports.statements import CLAIMS
from studies.reports.study_report import check_figures, read_study


def read_studies(folder: Path) -> list[StudyResults]:
    """Every study that has rows in a results folder, in the order of their names.

    Raises:
        InvalidInput: if there is none, rows are damaged or of several presets, or a study's
            folder has another one's name.
    """
    found = sorted(csv for csv in folder.glob("*/runs.csv") if csv.parent.name in studies_by_name)
    if not found:
        raise InvalidInput(
            f"out is {str(folder)!r}; allowed are folders with a study's runs.csv one level below"
        )
    check_figures(folder)
    studies = [read_study(csv.parent) for csv in found]
    for csv, results in zip(found, studies, strict=True):
        name = results.study.name
        if name != csv.parent.name:
            raise InvalidInput(
                f"{csv} holds runs of {name!r}; allowed are those of {csv.parent.name!r}, "
                "its folder's name"
            )
    preset_of([each.rows for each in studies], folder)
    return studies


def write_pages(folder: Path, studies: Sequence[StudyResults]) -> Iterator[Path]:
    """Write the front page, the claims and the page of a results folder.

    Args:
        folder: the results folder, with the reports of its studies.
        studies: as :func:`read_studies` finds them.

    Returns:
        the path of each page once it is written.
    """
    yield write_front_page(folder, studies)
    yield write_claims(folder, studies, CLAIMS)
    yield write_page(folder, studies, CLAIMS)
