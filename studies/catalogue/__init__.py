"""The studies, one file each: a module with a ``STUDY`` dropped in here is found by itself."""

from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from qcnn.registry import enter, import_modules
from studies.figures.contrasts import draw_contrasts
from studies.study import Study


def name_studies(modules: Iterable[ModuleType]) -> dict[str, Study]:
    """The studies of modules by their names, which are names of commands and of folders.

    Raises:
        InvalidInput: for two studies of one name, and two figures of one in a study.
    """
    named: dict[str, ModuleType] = {}
    for module in modules:
        enter(named, "study", module.STUDY.name, module)
        # Every report has a figure of the contrasts, if there are any.
        figures: dict[str, Callable[..., Any]] = {"contrasts": draw_contrasts}
        for figure in module.STUDY.figures:
            enter(figures, "figure", figure.name, figure.draw)
    return {name: module.STUDY for name, module in named.items()}


studies_by_name = name_studies(import_modules(__name__, __path__))
