"""Answers in a sentence: yes, no or open."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import pytest
from stored_rows import arm, make_row

from studies.analysis.answers import (
    NOT_RUN,
    NOTHING_YET,
    Said,
    all_answers,
    answer_text,
    answers,
    findings_of,
    short_text,
)
from studies.analysis.results import Better, StudyResults, Verdict
from studies.catalogue import studies_by_name
from studies.design.study import Contrast, Question

A, B, C = arm("here: a"), arm("here: b"), arm("here: c")
AB, CB = Contrast(A, B), Contrast(C, B)
SPREAD = [0.0001 * seed for seed in range(40)]
LOW = [0.8] * 40


def rows_of(**accuracies: Sequence[float]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            make_row(seed, label=f"here: {name}", configuration=name, test_accuracy=accuracy)
            for name, values in accuracies.items()
            for seed, accuracy in enumerate(values, 1)
        ]
    ).assign(look=0)


def results_of(rows: pd.DataFrame, *questions: Question) -> StudyResults:
    contrasts = list(dict.fromkeys(c for question in questions for c in question.contrasts))
    study = replace(
        studies_by_name["capacity"], questions=questions, contrasts=contrasts, finding=None
    )
    return StudyResults(study, rows)


def said(rows: pd.DataFrame, *questions: Question) -> list[Said]:
    return [answer.said for answer in answers(results_of(rows, *questions))]


def shifted(points: float, seeds: int = 12) -> list[float]:
    return [0.8 + points / 100 + spread for spread in SPREAD[:seeds]]


@pytest.mark.parametrize(
    ("points", "expected"), [(2.0, Said.YES), (-2.0, Said.NO), (0.1, Said.YES)]
)
def test_a_shown_difference_answers(points: float, expected: Said) -> None:
    assert said(rows_of(a=shifted(points), b=LOW[:12]), Question("A?", [AB])) == [expected]


def test_an_interval_that_ends_below_a_point_says_no() -> None:
    noise = [0.8 + (0.004 if seed % 2 else -0.004) for seed in range(12)]
    assert said(rows_of(a=noise, b=LOW[:12]), Question("A?", [AB])) == [Said.NO]


def test_a_wide_interval_leaves_it_open() -> None:
    noise = [0.8 + (0.1 if seed % 2 else -0.09) for seed in range(12)]
    assert said(rows_of(a=noise, b=LOW[:12]), Question("A?", [AB])) == [Said.OPEN]


def test_eleven_seeds_are_too_few() -> None:
    results = results_of(rows_of(a=shifted(2, 11), b=LOW[:11]), Question("A?", [AB]))
    (answer,) = answers(results)
    assert answer.said is Said.OPEN
    assert answer_text(answer) == (
        "Open: +2.1 points [2.0, 2.1], 11 seeds, of 12 that a claim needs."
    )


def test_the_effect_is_the_mean_over_contrasts_of_each_seed() -> None:
    rows = rows_of(a=shifted(3), b=LOW[:12], c=shifted(1))
    (answer,) = answers(results_of(rows, Question("More?", [AB, CB])))
    expected = [0.02 + spread for spread in SPREAD[:12]]
    assert answer.effect.each == pytest.approx(expected)
    assert answer_text(answer) == (
        "Yes: +2.1 points [2.0, 2.1] averaged by seed over 2 contrasts, 12 seeds. Shown to be "
        "better in 2 of 2 (a against b +3.1, c against b +1.1), worse in 0 of 2."
    )


def test_contrasts_that_have_not_run_are_said() -> None:
    rows = rows_of(a=shifted(2), b=LOW[:12])
    (answer,) = answers(results_of(rows, Question("More?", [AB, CB])))
    assert answer_text(answer) == (
        "Yes: +2.1 points [2.0, 2.1] averaged by seed over 1 of 2 contrasts, 12 seeds."
    )
    assert short_text(answer) == "Yes: +2.1 points [2.0, 2.1] (1 of 2 contrasts, 12 seeds)."


def test_a_contrast_that_shows_the_opposite_leaves_it_open() -> None:
    rows = rows_of(a=shifted(5), b=LOW[:12], c=shifted(-1))
    assert said(rows, Question("More?", [AB, CB])) == [Said.OPEN]
    mirrored = rows.assign(test_accuracy=1.6 - rows["test_accuracy"])
    assert said(mirrored, Question("More?", [AB, CB])) == [Said.OPEN]


@pytest.mark.parametrize(
    ("points", "expected"), [(-2.5, Said.YES), (1.0, Said.YES), (-3.5, Said.NO)]
)
def test_a_margin_is_decided_by_the_interval(points: float, expected: Said) -> None:
    question = Question("Is it as good?", [AB], margin=0.03)
    assert said(rows_of(a=shifted(points), b=LOW[:12]), question) == [expected]


def test_an_interval_across_the_margin_leaves_it_open() -> None:
    noise = [0.77 + (0.02 if seed % 2 else -0.02) for seed in range(12)]
    question = Question("Is it as good?", [AB], margin=0.03)
    assert said(rows_of(a=noise, b=LOW[:12]), question) == [Said.OPEN]


def test_who_fails_more_is_not_as_good() -> None:
    question = Question("Is it as good?", [AB], margin=0.03)
    rows = rows_of(a=[*[0.1] * 8, *shifted(2, 14)], b=LOW[:22])
    assert said(rows, question) == [Said.NO]


def test_every_question_that_was_declared_counts_in_the_correction() -> None:
    """Twelve differences of one sign have p = 0.0005, which many questions bring above 0.05."""
    rows = rows_of(a=shifted(2), b=LOW[:12])
    other = Question("Of arms that have not run?", [Contrast(C, A)])
    few = answers(results_of(rows, Question("A?", [AB]), other))
    many = answers(results_of(rows, Question("A?", [AB]), *[other] * 110))
    assert [few[0].said, len(few), few[0].adjusted_p] == [Said.YES, 1, pytest.approx(2 / 2048)]
    assert many[0].adjusted_p > 0.05


def test_every_look_is_a_chance() -> None:
    rows = rows_of(a=shifted(2), b=LOW[:12])
    (once,) = answers(results_of(rows, Question("A?", [AB])))
    looked = rows.assign(look=(rows["seed"] > 10).astype(int))
    (twice,) = answers(results_of(looked, Question("A?", [AB])))
    assert twice.adjusted_p == pytest.approx(2 * once.adjusted_p)


def test_failed_seeds_are_left_out_and_said() -> None:
    rows = rows_of(a=shifted(2, 14), b=[0.1, *LOW[1:14]])
    (answer,) = answers(results_of(rows, Question("A?", [AB])))
    assert answer.effect.pairs == 13
    assert answer_text(answer).endswith(
        ", 13 seeds, where both arms train; over all seeds +7.1, with 0 against 1 failed runs."
    )


def test_an_arm_that_is_better_where_it_trains_and_worse_over_all_seeds_is_not_better() -> None:
    rows = rows_of(a=[0.1, *shifted(2, 13)], b=LOW[:14])
    (answer,) = answers(results_of(rows, Question("A?", [AB])))
    assert (answer.effect.mean > 0, answer.overall.mean > 0) == (True, False)
    assert answer.said is Said.OPEN
    (result,) = answer.results
    assert (result.verdict, result.better) == (Verdict.SHOWN, Better.EITHER)


def test_a_run_that_fails_counts_once_in_however_many_contrasts() -> None:
    rows = rows_of(a=shifted(2, 14), b=[0.1, *LOW[1:14]], c=shifted(2, 14))
    (answer,) = answers(results_of(rows, Question("More?", [AB, CB])))
    assert "with 0 against 1 failed runs" in answer_text(answer)


def test_what_a_margin_holds_is_named() -> None:
    rows = rows_of(a=shifted(-2), b=LOW[:12], c=shifted(-4))
    (answer,) = answers(results_of(rows, Question("As good?", [AB, CB], margin=0.03)))
    assert answer_text(answer).endswith(
        "Within 3.0 points in 1 of 2 (a against b −1.9), beyond in 1 of 2 (c against b −3.9)."
    )


def test_an_arm_that_never_trains_is_named_by_its_failures() -> None:
    rows = rows_of(a=shifted(2), b=[0.1] * 12, c=shifted(2), d=LOW[:12])
    both = [AB, Contrast(C, arm("here: d"))]
    (answer,) = answers(results_of(rows, Question("More?", both)))
    assert (
        "Shown to be better in 2 of 2 (a against b by 0 against 12 failed runs, c against d +2.1)"
        in answer_text(answer)
    )


def test_what_is_so_by_construction_stands_behind_the_answer() -> None:
    question = Question("A?", [AB], note="It is by construction.")
    (answer,) = answers(results_of(rows_of(a=shifted(2), b=LOW[:12]), question))
    assert answer_text(answer).endswith("12 seeds. It is by construction.")


def test_seeds_that_only_explore_decide_nothing() -> None:
    results = results_of(rows_of(a=shifted(2), b=LOW[:12]), Question("A?", [AB]))
    waiting = replace(results.study, looks=(12,), confirmed=True)
    (answer,) = answers(StudyResults(waiting, results.rows))
    assert answer.said is Said.OPEN
    assert answer_text(answer).endswith("explored with 12 seeds; others are to decide.")


def test_the_answers_come_first() -> None:
    results = results_of(
        rows_of(a=shifted(2), b=LOW[:12]), Question("A?", [AB]), Question("B?", [Contrast(B, A)])
    )
    assert [text[:7] for text in all_answers(results)] == ["A? Yes:", "B? No: "]
    assert findings_of(results)[0] == all_answers(results)[0]


def test_without_rows_of_its_contrasts_a_study_says_so() -> None:
    results = results_of(rows_of(c=LOW[:2]), Question("A?", [AB]))
    assert findings_of(results) == [f"A? {NOT_RUN}"]
    silent = replace(results.study, questions=())
    assert findings_of(StudyResults(silent, results.rows)) == [NOTHING_YET]


def test_every_declared_question_has_its_line() -> None:
    rows = rows_of(a=shifted(2), b=LOW[:12])
    results = results_of(rows, Question("C?", [CB]), Question("A?", [AB]))
    assert [text[:8] for text in findings_of(results)] == ["C? Open:", "A? Yes: "]


def test_where_no_seed_trains_with_both_the_failures_answer() -> None:
    never, always = [0.1] * 12, LOW[:12]
    question = Question("A?", [AB])
    assert said(rows_of(a=never, b=always), question) == [Said.NO]
    (answer,) = answers(results_of(rows_of(a=always, b=never), question))
    assert answer_text(answer) == (
        "Yes: no seed trains with both arms, with 0 against 12 failed runs."
    )
    (few,) = answers(results_of(rows_of(a=never[:2], b=always[:2]), question))
    assert answer_text(few) == (
        "Open: no seed trains with both arms, with 2 against 0 failed runs, of 12 that a claim "
        "needs."
    )
    assert said(rows_of(a=never, b=never), question) == [Said.OPEN]


def test_why_it_is_open_is_said() -> None:
    opposite = rows_of(a=shifted(5), b=LOW[:12], c=shifted(-1))
    wide = rows_of(a=[0.77 + (0.02 if seed % 2 else -0.02) for seed in range(12)], b=LOW[:12])
    turned = rows_of(a=[0.1, *shifted(2, 13)], b=LOW[:14])
    for rows, question, why in (
        (opposite, Question("More?", [AB, CB]), "contrasts show opposite things."),
        (wide, Question("As good?", [AB], margin=0.03), "the interval reaches across the margin."),
        (
            wide.assign(test_accuracy=wide["test_accuracy"] + 0.035 * (wide["arm"] == "a")),
            Question("A?", [AB]),
            "no difference is shown, and 1.0 points are not excluded.",
        ),
        (turned, Question("A?", [AB]), "seeds that fail turn its sign."),
    ):
        (answer,) = answers(results_of(rows, question))
        assert answer.said is Said.OPEN
        assert answer_text(answer).endswith(f" Open because {why}")


def test_the_two_photonic_families_are_told_apart() -> None:
    """One that loses a point and one that loses nine do not lose five."""
    rows = rows_of(a=shifted(-1), b=LOW[:12], c=shifted(-9))
    rows["mapping"] = rows["mapping"].where(rows["arm"] != "c", "whitened")
    (answer,) = answers(results_of(rows, Question("More?", [AB, CB])))
    assert " Read as probabilities −0.9, linearised −8.9." in f"{answer_text(answer)} "
    (one,) = answers(results_of(rows, Question("More?", [AB])))
    assert "inearised" not in answer_text(one)


def test_too_few_pairs_are_neither_within_a_margin_nor_beyond() -> None:
    rows = rows_of(a=shifted(-9, 14), b=LOW[:14], c=[*[0.1] * 3, *shifted(-9, 11)])
    (answer,) = answers(results_of(rows, Question("As good?", [AB, CB], margin=0.03)))
    assert "beyond in 1 of 2 (a against b" in answer_text(answer)


@pytest.mark.parametrize("name", sorted(studies_by_name))
def test_every_study_has_questions_that_its_contrasts_decide(name: str) -> None:
    study = studies_by_name[name]
    assert study.questions
    for question in study.questions:
        assert question.text.endswith("?")
        assert question.contrasts
        assert set(question.contrasts) <= set(study.contrasts)


def test_in_short_an_answer_keeps_what_would_mislead_unsaid() -> None:
    rows = rows_of(a=shifted(-2, 14), b=[0.1, *LOW[1:14]], c=shifted(-9, 14))
    rows["mapping"] = rows["mapping"].where(rows["arm"] != "c", "whitened")
    (answer,) = answers(
        results_of(rows, Question("As good?", [AB, CB], margin=0.055, note="Long."))
    )
    assert short_text(answer) == (
        "Yes: −5.4 points [−5.5, −5.4] where both arms train (2 contrasts, 13 seeds; 0 against 1 "
        "runs fail). Read as probabilities −1.9, linearised −8.9."
    )
    wide = rows_of(a=[0.77 + (0.02 if seed % 2 else -0.02) for seed in range(12)], b=LOW[:12])
    (answer,) = answers(results_of(wide, Question("As good?", [AB], margin=0.03)))
    assert short_text(answer) == (
        "Open: −3.0 points [−4.3, −1.7] (12 seeds). Open because the interval reaches across the "
        "margin."
    )
    (never,) = answers(results_of(rows_of(a=[0.1] * 12, b=LOW[:12]), Question("A?", [AB])))
    assert short_text(never) == "No: no seed trains with both arms, with 12 against 0 failed runs."
