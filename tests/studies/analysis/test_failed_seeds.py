"""Contrasts of arms of which some seeds fail, and of studies with seeds added after a look."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from stored_rows import arm, make_row

from studies.analysis.comparisons import failure_difference, improvement
from studies.analysis.evidence import tally
from studies.analysis.findings import seeds_after_looks
from studies.analysis.results import (
    Better,
    Result,
    StudyResults,
    Verdict,
    evaluate_contrasts,
    sentence,
)
from studies.analysis.verdicts import better_than_all, noise_costs_little
from studies.catalogue import studies_by_name
from studies.design.study import Contrast

CONTRAST = Contrast(arm("χ = 4: trained phases"), arm("χ = 4: no input"))
LEAD = [0.9 + 0.001 * seed for seed in range(20)]
#: What a seed reaches that stays at chance, and one that does not.
CHANCE, LOW = 0.11, 0.85


def rows_of(
    first: list[float | None], second: list[float | None], **changed: object
) -> pd.DataFrame:
    """Final rows of both arms, a seed each from 1 on; one without an accuracy has diverged."""
    return pd.DataFrame(
        [
            make_row(
                seed,
                setting=compared.setting,
                arm=compared.name,
                configuration=compared.name,
                status="diverged" if value is None else "complete",
                test_accuracy=value,
            )
            for compared, values in ((CONTRAST.first, first), (CONTRAST.second, second))
            for seed, value in enumerate(values, start=1)
        ]
    )


def result_of(first: list[float | None], second: list[float | None]) -> Result:
    (result,) = evaluate_contrasts(rows_of(first, second), [CONTRAST])
    return result


def test_failures_and_the_rest_are_said_apart() -> None:
    result = result_of([CHANCE, None, *LEAD[:14]], [LOW] * 16)
    assert (result.failures.first, result.failures.second, result.failures.pairs) == (2, 0, 16)
    assert result.difference.pairs == 14
    assert result.difference.mean == pytest.approx(np.mean(LEAD[:14]) - LOW)
    # The one that diverged has no accuracy for a difference, and is not better than any.
    assert result.overall.pairs == 15
    assert result.improvement.probability == pytest.approx(14 / 16)
    assert sentence(result) == (
        "at χ = 4, trained phases (556 trainable) against no input (556): failures 2 against 0 of "
        "16: no difference shown (p = 0.5 after Holm); where both train +5.7 points, 95 % interval "
        "[5.4, 5.9], 14 pairs: a difference (p = 0.000122 after Holm, the least that 14 pairs can "
        "give); over all 15 pairs +0.3 points, probability of improvement 0.88 [0.69, 1.00]."
    )


def test_arms_that_all_train_are_compared_as_ever() -> None:
    result = result_of(LEAD[:12], [LOW] * 12)
    assert result.difference == result.overall
    assert "fail" not in sentence(result)


def test_an_arm_that_never_trains_is_worse_by_its_failures() -> None:
    result = result_of(LEAD[:12], [CHANCE] * 12)
    assert (result.verdict, result.failure_verdict) == (Verdict.NO_PAIR, Verdict.SHOWN)
    assert result.better is Better.FIRST
    text = sentence(result)
    assert "failures 0 against 12 of 12: a difference (p = 0.000488 after Holm)" in text
    assert "; no seed trains with both; over all 12 pairs +79.6 points" in text
    assert tally([result]).endswith("better in 1 and worse in 0.")


def test_who_is_more_accurate_and_fails_more_is_not_better() -> None:
    first = [*LEAD[:13], *[CHANCE] * 7]
    result = result_of(first, [LOW] * 20)
    assert (result.verdict, result.failure_verdict) == (Verdict.SHOWN, Verdict.SHOWN)
    assert result.better is Better.EITHER
    assert "; in 1 it is more accurate and fails more, or the reverse." in tally([result])
    study = replace(studies_by_name["capacity"], contrasts=(CONTRAST,))
    results = StudyResults(study, rows_of(first, [LOW] * 20))
    assert better_than_all(study.contrasts)(results).text == (
        "Does not hold: χ = 4 (against no input)."
    )


def test_small_is_no_verdict_on_an_arm_that_fails_less() -> None:
    study = replace(studies_by_name["capacity"], contrasts=(CONTRAST,))
    level = [LOW + 0.0001 * (-1) ** seed for seed in range(16)]
    judge = better_than_all(study.contrasts)
    same = StudyResults(study, rows_of(level, [LOW] * 16))
    safer = StudyResults(study, rows_of(level, [CHANCE, *[LOW] * 15]))
    assert judge(same).text == "Does not hold: χ = 4 (against no input)."
    assert judge(safer).text == "Open: χ = 4 (shown against 0 of 1)."


def test_a_claim_needs_twelve_pairs_in_which_both_train() -> None:
    result = result_of([CHANCE, CHANCE, *LEAD[:11]], [LOW] * 13)
    assert result.verdict is Verdict.TOO_FEW
    assert result.failure_verdict is Verdict.NOT_SHOWN
    costs = replace(studies_by_name["capacity"], contrasts=(CONTRAST,))
    judge = noise_costs_little({"trained without it": costs.contrasts})
    twelve, eleven = (StudyResults(costs, rows_of([LOW] * n, [LOW] * n)) for n in (12, 11))
    assert judge(twelve).text == "Holds: trained without it, χ = 4 (1 of 1 kinds)."
    assert judge(eleven).text == "Open: trained without it, χ = 4 (1 of 1 kinds)."


def test_noise_under_which_more_seeds_fail_does_not_cost_little() -> None:
    study = replace(studies_by_name["capacity"], contrasts=(CONTRAST,))
    judge = noise_costs_little({"trained under it": study.contrasts})
    fails, both = (
        rows_of([CHANCE, *[LOW] * 12], [of_second, *[LOW] * 12]) for of_second in (LOW, CHANCE)
    )
    assert judge(StudyResults(study, fails)).mark == "?"
    assert judge(StudyResults(study, both)).mark == "✓"


def test_what_noise_takes_is_no_failure_to_train() -> None:
    """A model that was trained without noise, and one that never trained, both under noise."""
    rows = rows_of([CHANCE, *[0.15] * 12], [CHANCE, *[LOW] * 12])
    noisy = rows["arm"] == CONTRAST.first.name
    rows.loc[noisy, "evaluated_under"] = "shots=100"
    (result,) = evaluate_contrasts(rows, [CONTRAST])
    assert (result.failures.first, result.failures.second) == (1, 1)
    assert result.difference.pairs == 12
    assert result.difference.mean == pytest.approx(0.15 - LOW)


def test_p_at_its_floor_is_said_to_be_there() -> None:
    others = [Contrast(arm(f"χ = 2: arm {n}"), arm("χ = 2: no rows")) for n in range(109)]
    rows = rows_of(LEAD[:12], [LOW] * 12)
    (result,) = evaluate_contrasts(rows, [CONTRAST, *others])
    assert result.least_p == pytest.approx(110 * 2 / 2**12)
    assert result.adjusted_p == result.least_p
    assert sentence(result).endswith(
        "(p = 0.0537 after Holm; 12 pairs cannot give less than 0.0537)."
    )
    mixed = rows_of([*LEAD[:11], 0.84], [LOW] * 12)
    (within,) = evaluate_contrasts(mixed, [CONTRAST])
    assert within.least_p < within.adjusted_p
    assert "least" not in sentence(within)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_failures_are_compared_by_the_seeds_on_which_one_arm_alone_fails(
    pairs: list[tuple[bool, bool]],
) -> None:
    first, second = (pd.Series([pair[arm] for pair in pairs]) for arm in (0, 1))
    found = failure_difference(first, second)
    alone = sorted(pair for pair in pairs if pair[0] != pair[1])
    least = min(sum(pair[0] for pair in alone), sum(pair[1] for pair in alone))
    expected = min(1.0, 2 * stats.binom.cdf(least, len(alone), 0.5)) if alone else 1.0
    assert found.p == pytest.approx(expected)
    assert (found.first, found.second) == (sum(first), sum(second))


@given(st.lists(st.tuples(*[st.sampled_from([None, 0.1, 0.5, 0.9])] * 2), min_size=1, max_size=12))
def test_probability_of_improvement_by_definition(
    pairs: list[tuple[float | None, float | None]],
) -> None:
    first, second = ([-1 if p[arm] is None else p[arm] for p in pairs] for arm in (0, 1))
    wins = [(a > b) + (a == b) / 2 for a in first for b in second]  # type: ignore[operator]
    found = improvement(*(pd.Series([p[arm] for p in pairs], dtype=float) for arm in (0, 1)))
    assert found.probability == pytest.approx(np.mean(wins))
    assert np.isnan(found.low) == (len(pairs) < 10)
    assert not found.low > found.high


def test_the_interval_of_the_improvement_is_of_pairs_drawn_again() -> None:
    random = np.random.default_rng(0)
    first, second = random.normal(0, 1, (2, 12))
    found = improvement(pd.Series(first), pd.Series(second))
    shares = []
    for _ in range(2000):
        seeds = random.integers(0, 12, 12)
        test = stats.mannwhitneyu(first[seeds], second[seeds])
        shares.append(test.statistic / 144)
    low, high = np.quantile(shares, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.03)


LOOKED = replace(studies_by_name["capacity"], contrasts=(CONTRAST,), looks=(10, 16), confirmed=True)
#: Looks before each of the seeds 1–32.
LOOKS = [0] * 10 + [1] * 6 + [2] * 16


def looked_at(seeds: int) -> pd.DataFrame:
    """So many seeds, of which those up to 16 have another sign than the rest."""
    rows = rows_of(([0.8] * 16 + LEAD[:16])[:seeds], [LOW] * seeds)
    return rows.assign(look=rows["seed"].map(lambda seed: LOOKS[seed - 1]))


def test_until_the_deciding_seeds_are_there_contrasts_explore() -> None:
    results = StudyResults(LOOKED, looked_at(16))
    (result,) = results.contrasts
    assert result.verdict is result.failure_verdict is Verdict.EXPLORATORY
    assert result.better is Better.NOT_SHOWN
    assert sentence(result).endswith("16 pairs: exploratory, no claim.")
    assert tally([result]).endswith("; 1 are exploratory so far.")
    assert better_than_all(LOOKED.contrasts)(results).text == "Open: χ = 4 (shown against 0 of 1)."
    assert seeds_after_looks(results) == (
        "Seeds 11–16 were added after a look at the results of the first 10. The declared "
        "contrasts are decided by seeds that come after the first 16, of which none has run yet: "
        "what is said of them until then is exploratory and claims nothing."
    )


def test_seeds_after_the_last_look_decide_alone() -> None:
    results = StudyResults(LOOKED, looked_at(32))
    (result,) = results.contrasts
    assert result.difference.pairs == 16
    assert result.better is Better.FIRST
    assert result.adjusted_p == result.difference.p
    assert seeds_after_looks(results).endswith(
        "Seeds 17–32 were added after a look at the results of the first 16. They alone decide the "
        "declared contrasts."
    )


def test_without_confirmation_every_look_was_a_chance() -> None:
    looked = replace(LOOKED, looks=(10,), confirmed=False)
    rows = rows_of(LEAD[:16], [LOW] * 16)
    rows["look"] = (rows["seed"] > 10).astype(int)
    results = StudyResults(looked, rows)
    (result,) = results.contrasts
    assert result.difference.pairs == 16
    assert result.adjusted_p == 2 * result.difference.p
    assert seeds_after_looks(results) == (
        "Seeds 11–16 were added after a look at the results of the first 10. There were 2 chances "
        "to claim a difference: every p on this page is multiplied by 2 already."
    )
    assert seeds_after_looks(StudyResults(looked, rows[rows["seed"] < 11])) == ""
