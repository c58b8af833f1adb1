"""Whether a row can be believed: every value of it, wherever rows are read."""

import json
import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from optuna.distributions import BaseDistribution, json_to_distribution

from qcnn import InvalidInput
from studies.design.configuration import AXES, known_configuration, shortened
from studies.design.measures import check_measured
from studies.design.roles import COMPLETE, DIVERGED, FAILED, FINAL, SEARCH

#: Columns of a run's losses and accuracies after each epoch.
CURVES = (
    "train_loss_by_epoch",
    "train_accuracy_by_epoch",
    "val_loss_by_epoch",
    "val_accuracy_by_epoch",
)
_ACCURACIES = ("train_accuracy", "val_accuracy", "test_accuracy", "best_val_accuracy")
#: Longest texts; what a page or a figure shows has to have room there.
LONGEST = 1_000_000
_LONGEST_OF = {"setting": 500, "arm": 500, **dict.fromkeys(AXES, 10_000)}
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NUMBER = re.compile(r"-?(\d+(\.\d*)?(e[+-]?\d+)?|inf|nan)")
#: What a search has drawn: value and distribution of each parameter.
Searched = dict[str, tuple[Any, BaseDistribution]]


def check_row(row: Mapping[str, Any]) -> None:
    """Check a row of which every column is there and of its type, None where it is empty.

    Raises:
        InvalidInput: naming the first column whose value is not what a study writes.
    """
    for name, value in row.items():
        if isinstance(value, str):
            check_text(name, value)
    _check_choice(row, "role", (SEARCH, FINAL))
    _check_choice(row, "status", (COMPLETE, DIVERGED, FAILED))
    digest = known_configuration({name: row[name] for name in AXES}).digest()
    if row["configuration"] != digest:
        raise InvalidInput(
            f"configuration is {shortened(row['configuration'])} in a row whose axes have the hash "
            f"{digest!r}; allowed is that hash"
        )
    _check_accuracies(row)
    _check_counts(row)
    for name in CURVES:
        _check_curve(row, name)
    check_measured(object_from_text(row["measured"], "measured"))
    searched_parameters(row["search_parameters"])


def searched_parameters(text: str) -> Searched:
    """What a search has drawn, from the text that a row holds; nothing for none.

    Raises:
        InvalidInput: for a text of another form.
    """
    found: Searched = {}
    for name, drawn in object_from_text(text, "search_parameters").items():
        try:
            value, stored = drawn
            distribution = json_to_distribution(stored)
            if not distribution._contains(distribution.to_internal_repr(value)):
                raise ValueError
        except Exception:  # Optuna's classes are made from whatever the text says
            raise InvalidInput(
                f"search_parameters is {shortened(text)}; allowed are values with the "
                "distributions that they were drawn from"
            ) from None
        found[name] = value, distribution
    return found


def object_from_text(text: str, name: str) -> dict[str, Any]:
    """The JSON object that a column holds, without anything in it where the text is empty.

    Raises:
        InvalidInput: naming the column, for another text.
    """
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidInput(f"{name} is {shortened(text)}; allowed is a JSON object")
    return found


def printable(text: str, most: int) -> str:
    """A text on one line, of at most ``most`` characters, each of which a row may hold."""
    return _UNPRINTABLE.sub("?", " ".join(text.split()))[:most]


def check_text(name: str, text: str) -> None:
    """Raises InvalidInput for a text that is too long for its column or cannot be printed."""
    most = _LONGEST_OF.get(name, LONGEST)
    if len(text) > most or _UNPRINTABLE.search(text):
        raise InvalidInput(
            f"{name} is {shortened(text)}; allowed are at most {most:,} characters that can be "
            "printed"
        )


def _check_choice(row: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> None:
    if row[name] not in allowed:
        raise InvalidInput(f"{name} is {shortened(row[name])}; allowed are {', '.join(allowed)}")


def _check_accuracies(row: Mapping[str, Any]) -> None:
    """Fractions, and all that a run of this role and end has.

    A run that is only evaluated under noise has no epochs, and so no best one.
    """
    complete, final = row["status"] == COMPLETE, row["role"] == FINAL
    needed = {
        "train_accuracy": complete,
        "val_accuracy": complete,
        "test_accuracy": complete and final,
        "best_val_accuracy": complete and not row["evaluated_under"],
    }
    for name in _ACCURACIES:
        value = row[name]
        if value is None and needed[name]:
            raise InvalidInput(
                f"{name} is empty in a {row['role']} run that is {COMPLETE}; allowed are numbers "
                "from 0 to 1"
            )
        if value is not None and not 0 <= value <= 1:
            raise InvalidInput(f"{name} is {value!r}; allowed are numbers from 0 to 1")
    if row["test_accuracy"] is not None and not final:
        raise InvalidInput(
            f"test_accuracy is {row['test_accuracy']!r} in a search run; allowed there is none"
        )


def _check_counts(row: Mapping[str, Any]) -> None:
    if row["status"] == COMPLETE and row["trainable_parameters"] < 1:
        raise InvalidInput(
            f"trainable_parameters is {row['trainable_parameters']} in a run that is {COMPLETE}; "
            "allowed are whole numbers from 1"
        )
    best, epochs = row["best_val_epoch"], row["epochs"]
    if best is not None and not (best.is_integer() and 1 <= best <= epochs):
        raise InvalidInput(
            f"best_val_epoch is {best:g} of {epochs} epochs; allowed are whole numbers from 1 to "
            f"{epochs}"
        )
    for name in ("seconds", "best_val_epoch"):
        value = row[name]
        if value is not None and not (value >= 0 and isfinite(value)):
            raise InvalidInput(f"{name} is {value!r}; allowed are numbers from 0")


def _check_curve(row: Mapping[str, Any], name: str) -> None:
    """A number for each epoch; fewer where the run did not come to its end.

    Losses may be infinite where they were, accuracies are fractions.
    """
    texts, epochs = row[name].split(), row["epochs"]
    complete = row["status"] == COMPLETE
    needed = complete and not row["evaluated_under"] and name == "val_accuracy_by_epoch"
    whole = len(texts) == epochs or (not texts and not needed)
    if not (whole or (not complete and len(texts) < epochs)):
        raise InvalidInput(
            f"{name} is {shortened(row[name])}, {len(texts)} numbers for {epochs} epochs; allowed "
            "is one for each epoch"
        )
    for text in texts:
        number = float(text) if _NUMBER.fullmatch(text) else None
        if number is None or ("accuracy" in name and not 0 <= number <= 1):
            kind = "numbers from 0 to 1" if "accuracy" in name else "numbers"
            raise InvalidInput(f"{name} holds {shortened(text)}; allowed are {kind}")
