"""Arms: what a study compares, each declared once and meant by its value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pandas as pd


class Family(StrEnum):
    """Where the weights of a model come from, as people read it."""

    #: Photons, of which a mapping reads the probabilities.
    PROBABILITIES = "photonic, read as probabilities"
    #: Photons by which a mapping tells the phases, to move along as many random directions.
    LINEARISED = "photonic, linearised"
    TRAINED = "trained directly"
    COMPRESSED = "classical compression"
    NOTEBOOK = "notebook's configuration"
    CLASSICAL = "generated classically"
    CONTROL = "control"
    PAPER = "paper (quoted, validation)"


#: Of photons that interfere.
PHOTONIC = (Family.PROBABILITIES, Family.LINEARISED)


@dataclass(frozen=True)
class Arm:
    """One of the things that a study compares.

    Attributes:
        setting: what it has in common with the arms that it stands beside, such as
            ``"χ = 10"``; empty where the whole study is one setting.
        name: what it is in this setting, such as ``"frozen phases"``.
        family: where its weights come from, if they are the same wherever it is run; no part of
            its identity, which rows hold. That of a run follows from its row.
    """

    setting: str
    name: str
    family: Family = field(default=Family.PROBABILITIES, compare=False)

    @property
    def label(self) -> str:
        """Both in words, for people."""
        return label_of(self.setting, self.name)


def label_of(setting: str, name: str) -> str:
    """The words for an arm.

    >>> label_of("χ = 10", "frozen phases"), label_of("", "mixing")
    ('χ = 10: frozen phases', 'mixing')
    """
    return f"{setting}: {name}" if setting else name


def arm_of_label(label: str) -> tuple[str, str]:
    """Setting and name of an arm in rows of earlier versions, which held its words alone.

    >>> arm_of_label("χ = 10: frozen phases"), arm_of_label("mps:bond_dimension=2")
    (('χ = 10', 'frozen phases'), ('', 'mps:bond_dimension=2'))
    """
    setting, found, name = label.partition(": ")
    return (setting, name) if found else ("", label)


def with_arm(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of a run, with setting and arm where an earlier version had a label.

    >>> with_arm({"seed": 3, "label": "χ = 2: no input"})
    {'seed': 3, 'setting': 'χ = 2', 'arm': 'no input'}
    """
    found = dict(stored)
    if isinstance(found.get("label"), str) and not found.keys() & {"setting", "arm"}:
        found["setting"], found["arm"] = arm_of_label(found.pop("label"))
    return found


def labels(rows: pd.DataFrame) -> pd.Series:
    """The words for the arm of each row."""
    return rows["arm"].where(rows["setting"] == "", rows["setting"] + ": " + rows["arm"])


def is_arm(rows: pd.DataFrame, arm: Arm) -> pd.Series:
    """Which rows are runs of an arm."""
    return (rows["setting"] == arm.setting) & (rows["arm"] == arm.name)


#: Arms that several studies have: the target trained directly, the reference notebook's two
#: models, and what a search has chosen.
DIRECT = Arm("", "direct", Family.TRAINED)
NOTEBOOK = Arm("", "notebook", Family.NOTEBOOK)
NOTEBOOK_DIRECT = Arm("", "notebook direct", Family.TRAINED)
FINALIST = Arm("", "finalist")
#: Of a run that a search has drawn.
NO_ARM = Arm("", "")


def at_bond_dimension(chi: int) -> str:
    """The setting of arms with a matrix product state of this bond dimension."""
    return f"χ = {chi}"


_PARAMETERS = " parameters"


def at_budget(budget: int) -> str:
    """The setting of arms with at most ``budget`` trainable parameters."""
    return f"{budget}{_PARAMETERS}"


def budget_of(setting: str) -> int | None:
    """The budget of a setting, the inverse of :func:`at_budget`; None for other settings.

    >>> budget_of(at_budget(688)), budget_of("χ = 2")
    (688, None)
    """
    number = setting.removesuffix(_PARAMETERS)
    return int(number) if number != setting and number.isdecimal() else None
