"""Whether a row can be believed: its columns held against each other, and what is JSON in it.

What a column allows by itself is said by ``studies.rows.schema``.
"""

import json
import re
from typing import TYPE_CHECKING, Any

from optuna.distributions import BaseDistribution, json_to_distribution

from qcnn import InvalidInput
from studies.design.configuration import known_configuration, shortened
from studies.design.measures import check_measured
from studies.design.roles import COMPLETE, FINAL

if TYPE_CHECKING:
    from studies.rows.schema import Row

_NUMBER = re.compile(r"-?(\d+(\.\d*)?(e[+-]?\d+)?|inf|nan)")
#: What a search has drawn: value and distribution of each parameter.
Searched = dict[str, tuple[Any, BaseDistribution]]


def check_row(row: "Row") -> None:
    """Check a row of which every column has been checked by itself.

    Raises:
        InvalidInput: naming the first column whose value is not what a study writes.
    """
    digest = known_configuration(row.axes).digest()
    if row.configuration != digest:
        raise InvalidInput(
            f"configuration is {shortened(row.configuration)} in a row whose axes have the hash "
            f"{digest!r}; allowed is that hash"
        )
    _check_accuracies(row)
    _check_counts(row)
    for name, curve in row.curves().items():
        _check_curve(row, name, curve.split())
    check_measured(object_from_text(row.measured, "measured"))
    searched_parameters(row.search_parameters)


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


def _check_accuracies(row: "Row") -> None:
    """All that a run of this role and end has.

    A run that is only evaluated under noise has no epochs, and so no best one.
    """
    complete, final = row.status == COMPLETE, row.role == FINAL
    needed = {
        "train_accuracy": complete,
        "val_accuracy": complete,
        "test_accuracy": complete and final,
        "best_val_accuracy": complete and not row.axes["evaluated_under"],
    }
    for name, is_needed in needed.items():
        if is_needed and getattr(row, name) is None:
            raise InvalidInput(
                f"{name} is empty in a {row.role} run that is {COMPLETE}; allowed are numbers "
                "from 0 to 1"
            )
    if row.test_accuracy is not None and not final:
        raise InvalidInput(
            f"test_accuracy is {row.test_accuracy!r} in a search run; allowed there is none"
        )


def _check_counts(row: "Row") -> None:
    if row.status == COMPLETE and row.trainable_parameters < 1:
        raise InvalidInput(
            f"trainable_parameters is {row.trainable_parameters} in a run that is {COMPLETE}; "
            "allowed are whole numbers from 1"
        )
    best, epochs = row.best_val_epoch, row.axes["epochs"]
    if best is not None and not (best.is_integer() and 1 <= best <= epochs):
        raise InvalidInput(
            f"best_val_epoch is {best:g} of {epochs} epochs; allowed are whole numbers from 1 to "
            f"{epochs}"
        )


def _check_curve(row: "Row", name: str, texts: list[str]) -> None:
    """A number for each epoch; fewer where the run did not come to its end.

    Losses may be infinite where they were, accuracies are fractions.
    """
    epochs, complete = row.axes["epochs"], row.status == COMPLETE
    needed = complete and not row.axes["evaluated_under"] and name == "val_accuracy_by_epoch"
    whole = len(texts) == epochs or (not texts and not needed)
    if not (whole or (not complete and len(texts) < epochs)):
        raise InvalidInput(
            f"{name} is {shortened(row.curves()[name])}, {len(texts)} numbers for {epochs} epochs; "
            "allowed is one for each epoch"
        )
    for text in texts:
        number = float(text) if _NUMBER.fullmatch(text) else None
        if number is None or ("accuracy" in name and not 0 <= number <= 1):
            kind = "numbers from 0 to 1" if "accuracy" in name else "numbers"
            raise InvalidInput(f"{name} holds {shortened(text)}; allowed are {kind}")
