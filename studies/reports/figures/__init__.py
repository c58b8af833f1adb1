"""Figures, one file each.

A file with a function under :func:`register_figure`, dropped into this folder, is found by itself,
as is one of an installed package (:mod:`qcnn.registry`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import studies.reports.figures.parts._first  # noqa: F401 - before what imports matplotlib
from qcnn.checks import check_choice
from qcnn.registry import Registry
from studies.analysis.quoted import quoted_beside
from studies.analysis.results import StudyResults
from studies.reports.figures.style import own_style

if TYPE_CHECKING:  # it is what _first comes before
    from matplotlib.figure import Figure as Canvas

#: Draws the results of a study on one dataset; None where they hold nothing to draw.
Draw = Callable[[StudyResults], "Canvas | None"]


@dataclass(frozen=True)
class Figure:
    """A figure of a report.

    Attributes:
        name: of its file, without the suffix.
        caption: one sentence.
        draw: in the project's style.
        quoted: what the paper states on it, shown beside runs on the paper's images alone.
    """

    name: str
    caption: str
    draw: Draw
    quoted: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "draw", own_style()(self.draw))

    def caption_on(self, dataset: str) -> str:
        """The caption beside runs on a dataset."""
        return f"{self.caption} {quoted_beside([dataset], self.quoted)}".strip()


registered: Registry[Figure] = Registry("figure", "studies.reports.figures")


def register_figure(name: str, caption: str, quoted: str = "") -> Callable[[Draw], Draw]:
    """Decorator of a function that draws the results of a study on one dataset.

    The function returns None where they hold nothing to draw. What it hands to
    :func:`studies.reports.figures.parts.data.note` is stored beside the picture as CSV.

    Args:
        name: of its file, without the suffix, and among a study's ``figures``.
        caption: one sentence.
        quoted: what the paper states on it, if anything.

    Raises:
        InvalidInput: for a name that is taken, or is none (see
            :meth:`qcnn.registry.Registry.enter`).
    """

    def decorate(draw: Draw) -> Draw:
        registered.enter(name, Figure(name, caption, draw, quoted), definition=draw)
        return draw

    return decorate


def named_figure(name: str) -> Figure:
    """The figure of a name.

    Raises:
        InvalidInput: if there is none.
    """
    check_choice(name, "figure", registered)
    return registered[name]
