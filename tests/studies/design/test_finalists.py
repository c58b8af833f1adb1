"""Which searched configurations get fresh seeds."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from smallest import make_options
from stored_rows import CONFIGURATION, make_row

from studies.design.arms import FINALIST
from studies.design.choose import non_dominated_configurations

#: Trainable parameters, validation accuracy after the last epoch, status.
TRIED = (
    (100, 0.5, "complete"),
    (200, 0.6, "complete"),
    (250, 0.6, "complete"),  # no better with more
    (300, 0.7, "complete"),
    (400, 0.8, "complete"),
    (450, 0.99, "diverged"),
    (500, 0.9, "complete"),
    (600, 0.4, "complete"),
)


@pytest.fixture
def rows() -> pd.DataFrame:
    """The rates name the configurations: each is its number of parameters."""
    found = []
    for count, accuracy, status in TRIED:
        configuration = replace(CONFIGURATION, learning_rate=float(count))
        found.append(
            make_row(
                0,
                "search",
                **configuration.axes(),
                configuration=configuration.digest(),
                trainable_parameters=count,
                val_accuracy=accuracy,
                best_val_accuracy=1.0 - accuracy,
                status=status,
            )
        )
    return pd.DataFrame(found)


@pytest.mark.parametrize(
    ("finalists", "expected"),
    [
        (0, []),
        (1, [500]),
        (2, [100, 500]),
        (3, [100, 300, 500]),
        (5, [100, 200, 300, 400, 500]),
        (50, [100, 200, 300, 400, 500]),
    ],
)
def test_they_lie_evenly_along_the_line_from_its_accurate_end(
    rows: pd.DataFrame, finalists: int, expected: list[int]
) -> None:
    options = make_options(Path(), {}, finalists=finalists)
    for order in (rows, rows[::-1]):
        found = non_dominated_configurations(order, options)
        assert [configuration.learning_rate for _, configuration in found] == expected
        assert {arm for arm, _ in found} <= {FINALIST}
