"""Figures, one file each: a module with a ``FIGURE`` dropped in here is found by itself."""

from collections.abc import Iterable
from types import ModuleType

import studies.reports.figures._first  # noqa: F401 - before what imports matplotlib
from qcnn import InvalidInput
from qcnn.registry import enter, import_modules
from studies.reports.figures.contrasts import draw_contrasts
from studies.reports.figures.style import Figure


def name_figures(modules: Iterable[ModuleType]) -> dict[str, Figure]:
    """The figures of modules by their names, which are names of files.

    Raises:
        InvalidInput: for two figures of one name.
    """
    # Every report has a figure of the contrasts, if there are any.
    contrasts = {"figure": {"contrasts": draw_contrasts}}
    named: dict[str, Figure] = {}
    for module in modules:
        if hasattr(module, "FIGURE"):
            enter(named, "figure", module.FIGURE.name, module.FIGURE, beside=contrasts)
    return named


figures_by_name = name_figures(import_modules(__name__, __path__))


def named_figure(name: str) -> Figure:
    """The figure that a study names.

    Raises:
        InvalidInput: if there is none of this name.
    """
    if name not in figures_by_name:
        raise InvalidInput(f"figure is {name!r}; allowed are {', '.join(sorted(figures_by_name))}")
    return figures_by_name[name]
