"""Contrasts: pairing, intervals, exact tests, Holm, and what the sentence says."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned import final_cells, options_of
from scipy import stats
from stored_rows import CONFIGURATION, arm, make_row

from studies.analysis.comparisons import holm, paired_difference
from studies.analysis.results import (
    PAIRS_FOR_A_CLAIM,
    arm_names,
    evaluate_contrasts,
    sentence,
)
from studies.catalogue import studies_by_name
from studies.design.arms import DIRECT, FINALIST, Arm
from studies.design.study import Contrast, Options, Study
from studies.rows.runs_file import add_rows, read_rows

CONTRAST = Contrast(arm("χ = 4: trained phases"), arm("χ = 4: no input"))
NO_INPUT = "χ = 2: no input"
#: Their runs are so long that few seeds give intervals, and claim nothing.
LONG_STUDIES = {"papers_schedule", "training_from_shots"}


def rows_of(folder: Path, first: list[float], second: list[float], **changes: Any) -> pd.DataFrame:
    """Final rows of both arms, a seed each, as a results file gives them back."""
    new = []
    for compared, values, generator in (
        (CONTRAST.first, first, "pqcnn"),
        (CONTRAST.second, second, "no_input"),
    ):
        configuration = replace(CONFIGURATION, generator=generator, **changes)
        for seed, value in enumerate(values):
            axes = configuration.axes() | {"configuration": configuration.digest()}
            new.append(make_row(seed, label=compared.label, **axes) | {"test_accuracy": value})
    add_rows(folder / "runs.csv", new)
    return read_rows(folder / "runs.csv")


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=8))
def test_sign_flip_by_definition(differences: list[float]) -> None:
    numbers = np.round(differences, 3)
    found = paired_difference(pd.Series(numbers), pd.Series(np.zeros(len(numbers))))
    means = [np.mean(numbers * signs) for signs in product((1, -1), repeat=len(numbers))]
    expected = np.mean([abs(m) >= abs(np.mean(numbers)) - 1e-12 for m in means])
    assert found.p == pytest.approx(expected, abs=1e-9)


def test_interval_is_scipys_paired_one() -> None:
    random = np.random.default_rng(1)
    a, b = random.normal(0.9, 0.01, 10), random.normal(0.89, 0.01, 10)
    found = paired_difference(pd.Series(a), pd.Series(b))
    expected = stats.ttest_rel(a, b).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_paired_intervals_cover_a_known_effect() -> None:
    random = np.random.default_rng(2)
    inside = 0
    for _ in range(1000):
        seed_effect = random.normal(0, 0.02, 10)
        a = pd.Series(0.9 + seed_effect + random.normal(0.005, 0.01, 10))
        b = pd.Series(0.9 + seed_effect + random.normal(0, 0.01, 10))
        found = paired_difference(a, b)
        inside += found.low <= 0.005 <= found.high
    assert 920 <= inside <= 980


def test_holm_counts_what_cannot_be_tested_yet() -> None:
    adjusted = holm([0.01, float("nan"), 0.04, 0.03])
    assert adjusted[0] == pytest.approx(0.04)
    assert np.isnan(adjusted[1])
    assert adjusted[2:] == pytest.approx([0.09, 0.09])


def test_holm_is_over_every_declared_contrast(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, [0.9] * 12, [0.8] * 12)
    others = [Contrast(arm(f"χ = 2: arm {i}"), arm("χ = 2: no rows")) for i in range(20)]
    (result,) = evaluate_contrasts(rows, [CONTRAST, *others])
    assert result.adjusted_p == pytest.approx(21 * result.difference.p)


def test_a_claim_needs_twelve_pairs(tmp_path: Path) -> None:
    first = [0.90 + 0.001 * i for i in range(12)]
    rows = rows_of(tmp_path, first, [0.85] * 12)
    (fewer,) = evaluate_contrasts(rows[rows["seed"] < 11], [CONTRAST])
    assert sentence(fewer).endswith("11 pairs: too few for a claim.")
    (result,) = evaluate_contrasts(rows, [CONTRAST])
    text = sentence(result)
    assert text.startswith("at χ = 4, trained phases (556 trainable) against no input (556): +5.")
    assert text.endswith(
        "12 pairs: a difference (p = 0.000488 after Holm, the least that 12 pairs can give)."
    )


def test_fewer_pairs_give_an_interval_and_no_claim(tmp_path: Path) -> None:
    (result,) = evaluate_contrasts(rows_of(tmp_path, [0.9, 0.92], [0.8, 0.81]), [CONTRAST])
    assert "95 % interval" in sentence(result)
    assert sentence(result).endswith("2 pairs: too few for a claim.")


def test_signs_are_those_of_print_and_intervals_possible(tmp_path: Path) -> None:
    (result,) = evaluate_contrasts(rows_of(tmp_path, [0.3, 0.32], [0.4, 0.9]), [CONTRAST])
    assert ": −34.0 points, 95 % interval [−100.0, 100.0], probability " in sentence(result)


def test_a_setting_that_is_no_equation_has_another_preposition(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, [0.9], [0.8])
    contrast = replace(CONTRAST, where="mixing of 5 PQCNNs")
    (result,) = evaluate_contrasts(rows, [contrast])
    assert sentence(result).startswith("with mixing of 5 PQCNNs, trained phases (")
    assert sentence(result).endswith(
        ": +10.0 points, probability of improvement 1.00, 1 pair: no interval."
    )


def test_arms_of_one_name_are_told_apart_by_their_setting() -> None:
    assert arm_names(Contrast(arm(NO_INPUT), DIRECT)) == (
        "no input",
        "the target trained directly",
    )
    pruned = Contrast(arm("magnitude: tuned"), arm("structured: tuned"), "pruning")
    assert arm_names(pruned) == ("magnitude: tuned", "structured: tuned")


def test_no_difference_is_said(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    first, second = random.normal(0.9, 0.01, (2, 12))
    (result,) = evaluate_contrasts(rows_of(tmp_path, list(first), list(second)), [CONTRAST])
    assert ": no difference shown (p = " in sentence(result)


def test_only_shared_seeds_of_equal_training_are_paired(tmp_path: Path) -> None:
    rows_of(tmp_path, [0.9] * 3, [0.8], epochs=8)
    rows = rows_of(tmp_path, [0.5, 0.6], [0.4, 0.4, 0.4], epochs=4)
    (result,) = evaluate_contrasts(rows, [CONTRAST])
    assert result.difference.pairs == 1  # 8 epochs, the longest that both arms have
    assert result.difference.mean == pytest.approx(0.1)
    (shorter,) = evaluate_contrasts(rows[rows["epochs"] == 4], [CONTRAST])
    assert shorter.difference.pairs == 2


@pytest.mark.parametrize("name", sorted(studies_by_name))
def test_declared_contrasts_are_few_and_each_is_one(name: str) -> None:
    study = studies_by_name[name]
    assert len(study.contrasts) <= 25
    assert len({(c.first, c.second) for c in study.contrasts}) == len(study.contrasts)
    assert len({frozenset((c.first, c.second)) for c in study.contrasts}) == len(study.contrasts)


@pytest.mark.parametrize(
    ("name", "preset"),
    [
        (name, preset)
        for name in sorted(studies_by_name)
        for preset in studies_by_name[name].presets
    ],
)
def test_declared_contrasts_are_between_arms_that_exist(
    name: str, preset: str, tmp_path: Path
) -> None:
    """All pairs that a preset promises are there, as if every one of its runs had been done."""
    study = studies_by_name[name]
    made = {each: options_of(study, each, tmp_path) for each in ("full", preset)}
    rows = {each: rows_of_final_runs(study, options) for each, options in made.items()}
    if study.beside:
        other = studies_by_name[study.beside]
        for each, own in rows.items():
            theirs = rows_of_final_runs(other, options_of(other, each, tmp_path))
            pairs = zip(theirs["setting"], theirs["arm"], strict=True)
            transferred = [other.transfers(Arm(*pair)) for pair in pairs]
            rows[each] = pd.concat([own, theirs[transferred]], ignore_index=True)
    declared = {compared for c in study.contrasts for compared in (c.first, c.second)}
    arms = {each: arms_of(found) for each, found in rows.items()}
    assert declared <= arms["full"]
    # No preset calls an arm otherwise, and what a narrowed axis leaves of the arms is compared.
    assert arms[preset] <= arms["full"] | {FINALIST}
    there = [c for c in study.contrasts if {c.first, c.second} <= arms[preset]]
    # The smallest of all may be too small for a comparison.
    assert there or not study.contrasts or preset == "smoke"
    results = evaluate_contrasts(rows[preset], study.contrasts)
    assert [result.contrast for result in results] == there
    options = made[preset]
    for result in results:
        # Every seed of both arms; those of the paper's schedule have fewer.
        assert result.difference.pairs in {options.amount.seeds, options.amount.long_seeds}
        long = options.amount.long_seeds == result.difference.pairs
        if preset == "full" and not long and name not in LONG_STUDIES:
            assert result.difference.pairs >= PAIRS_FOR_A_CLAIM


def arms_of(rows: pd.DataFrame) -> set[Arm]:
    return {Arm(*pair) for pair in zip(rows["setting"], rows["arm"], strict=True)}


def rows_of_final_runs(study: Study, options: Options) -> pd.DataFrame:
    """The final runs of a study, all equally accurate."""
    return pd.DataFrame(
        [
            make_row(
                cell.seed,
                setting=cell.arm.setting,
                arm=cell.arm.name,
                configuration=cell.configuration.digest(),
                test_accuracy=0.5,
                **cell.configuration.axes(),
            )
            for cell in final_cells(study, options)
        ]
    )
