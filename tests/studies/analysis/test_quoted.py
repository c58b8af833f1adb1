"""The literature's figures as they are printed there; arXiv:2505.08474, its table of accuracies."""

import pytest

from studies.analysis.quoted import NOISE_COSTS_AT_MOST, QUOTED, QUOTED_RANDOM

#: Model, parameters, test and training accuracy and generalisation error, each with its deviation.
PRINTED = """
    classical CNN, 6690, 96.890, 0.31, 99.983, 0.02, 0.169, 0.005
    MPS χ = 1, 223, 55.775, 3.27, 58.256, 2.34, 0.022, 0.007
    MPS χ = 2, 316, 81.375, 2.28, 83.340, 2.77, 0.046, 0.032
    MPS χ = 3, 471, 87.057, 2.66, 88.693, 1.67, 0.036, 0.016
    MPS χ = 4, 688, 93.292, 0.62, 93.916, 0.45, 0.068, 0.002
    MPS χ = 5, 967, 93.042, 0.77, 95.450, 0.39, 0.095, 0.010
    MPS χ = 6, 1308, 94.917, 0.60, 96.953, 0.02, 0.114, 0.013
    MPS χ = 7, 1711, 94.957, 0.82, 97.773, 0.22, 0.132, 0.031
    MPS χ = 8, 2176, 94.707, 0.40, 97.866, 0.78, 0.140, 0.007
    MPS χ = 9, 2703, 94.835, 0.40, 98.373, 0.12, 0.162, 0.021
    MPS χ = 10, 3292, 95.502, 0.84, 98.990, 0.34, 0.255, 0.053
    weight sharing, 4770, 88.666, 1.21
    pruning, 3770, 94.443, 0.92
"""


def test_the_table_is_quoted_line_by_line() -> None:
    lines = [line.split(", ") for line in PRINTED.strip().splitlines()]
    found = {row.model.removeprefix("paper, "): row for row in QUOTED}
    assert list(found) == [line[0].strip() for line in lines]
    for model, parameters, *figures in lines:
        row = found[model.strip()]
        assert row.trainable_parameters == int(parameters)
        printed = [row.accuracy, row.deviation, row.training, row.training_deviation]
        printed += [row.generalisation, row.generalisation_deviation]
        assert [figure for figure in printed if figure is not None] == list(map(float, figures))


@pytest.mark.parametrize("chi", range(1, 11))
def test_the_counts_follow_from_the_bond_dimension(chi: int) -> None:
    """31χ² + 192, as the paper counts its mapping and its phases."""
    (row,) = [row for row in QUOTED if row.model.endswith(f"χ = {chi}")]
    assert row.trainable_parameters == 31 * chi**2 + 192


def test_random_numbers_and_noise() -> None:
    assert (QUOTED_RANDOM.accuracy, QUOTED_RANDOM.deviation) == (10.0, 0.5)
    assert QUOTED_RANDOM.trainable_parameters == 3292
    assert NOISE_COSTS_AT_MOST == 0.03
