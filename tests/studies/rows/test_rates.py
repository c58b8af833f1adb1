"""What runs take, by the rows of those that were done."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from stored_rows import arm, make_row

from studies.design.arms import NO_ARM
from studies.rows.rates import UNMEASURED, Rates, rates_of
from studies.rows.runs_file import add_rows, read_rows

ROWS = (
    {"label": "χ = 2: lean form", "seconds": 10.0, "epochs": 5},
    {"label": "χ = 2: lean form", "seconds": 20.0, "epochs": 5, "seed": 2},
    {"label": "direct", "seconds": 4.0, "epochs": 10},
    {"label": "", "role": "search", "seconds": 6.0, "epochs": 20},
)


def stored(folder: Path, *rows: dict[str, Any]) -> pd.DataFrame:
    add_rows(folder / "runs.csv", [make_row(**{"seed": 1, **row}) for row in rows])
    return read_rows(folder / "runs.csv")


def test_each_arm_has_a_rate_and_others_that_of_all(tmp_path: Path) -> None:
    rates = rates_of(stored(tmp_path, *ROWS))
    assert rates.measured
    assert rates.of(arm("χ = 2: lean form"), 8) == pytest.approx(8 * 30 / 10)
    assert rates.of(arm("direct"), 8) == pytest.approx(8 * 0.4)
    assert rates.of(NO_ARM, 8) == pytest.approx(8 * 0.3)
    assert rates.of(arm("another"), 8) == pytest.approx(8 * 40 / 40)


def test_a_factor_is_of_all_of_them(tmp_path: Path) -> None:
    rows = stored(tmp_path, *ROWS)
    once, twice = rates_of(rows), rates_of(rows, 2.0)
    for each in (*once.by_arm, arm("another")):
        assert twice.of(each, 3) == pytest.approx(2 * once.of(each, 3))


def test_only_runs_that_came_to_their_end_count(tmp_path: Path) -> None:
    ended = {"status": "diverged", "seconds": 0.5, "label": "direct", "seed": 9, "epochs": 100}
    rows = stored(tmp_path, *ROWS, ended)
    assert rates_of(rows).of(arm("direct"), 8) == pytest.approx(8 * 0.4)
    assert rates_of(rows[rows["status"] == "diverged"]) == UNMEASURED


def test_without_rows_runs_compare_by_their_epochs() -> None:
    rates = rates_of(read_rows(Path("nowhere.csv")))
    assert rates == Rates({}, 1.0, measured=False)
    assert rates.of(arm("direct"), 30) == 3 * rates.of(NO_ARM, 10)
