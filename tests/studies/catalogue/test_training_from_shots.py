"""The study of training from shots: equal numbers of them, and what its figure shows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from smallest import changed, make_options, smoke_axes
from stored_rows import make_row

from qcnn import InvalidInput
from qcnn.training.from_shots.config import READINGS
from qcnn.training.from_shots.spending import spending_from_text, way_of
from studies.analysis.results import StudyResults
from studies.catalogue.training_from_shots import (
    EXACT,
    SHIFT,
    STUDY,
    WAYS,
    arm_of,
    check,
    setting_of,
    tuned,
)
from studies.design.choose import tuning_seeds
from studies.design.study import Options, fresh_seeds
from studies.reports.figures import named_figure


def full(folder: Path) -> Options:
    return make_options(folder, {axis.name: axis.default for axis in STUDY.axes}, epochs=20)


def test_every_candidate_has_the_shots_of_its_arm_and_no_more(tmp_path: Path) -> None:
    options = full(tmp_path)
    found = tuned(options)
    assert len(found) == 12
    for way in WAYS:
        for shots in options.scope.axes["shots"]:
            candidates = found[arm_of(way, shots)]
            assert candidates
            for candidate in candidates:
                spending = spending_from_text(candidate.optimiser)
                assert type(spending) is way.spending
                assert spending.shots == shots
                each = READINGS[way_of(candidate.optimiser)] * 14 * spending.evaluation_shots
                steps = candidate.from_shots_config(0).steps(14)
                assert steps * each <= shots < (steps + 1) * each
                assert steps >= candidate.epochs
    longest = max(c.from_shots_config(0).steps(14) for c in found[arm_of(SHIFT, 10**10)])
    assert longest == 940


def test_candidates_are_tried_under_no_fresh_seed(tmp_path: Path) -> None:
    options = changed(full(tmp_path), seeds=12)
    assert not set(tuning_seeds(options)) & set(fresh_seeds(options, 12))


def test_contrasts_are_declared_for_arms_that_there_are(tmp_path: Path) -> None:
    arms = {*tuned(full(tmp_path)), EXACT}
    assert {arm for c in STUDY.contrasts for arm in (c.first, c.second)} <= arms
    assert len(STUDY.contrasts) <= 25
    # In three ways and as many contrasts of any two.
    assert len(set(STUDY.contrasts)) == len(STUDY.contrasts) == 16


def test_fewer_shots_than_steps_need_are_refused(tmp_path: Path) -> None:
    options = make_options(tmp_path, smoke_axes(STUDY))
    check(options)
    for name, value, says in (
        ("shots", (10_000,), "shots is 10000; allowed for 25 steps are whole numbers from 403200"),
        ("steps", 24, "steps is 24; allowed for 1 epochs are whole numbers from 25"),
    ):
        few = changed(options, axes=options.scope.axes | {name: value})
        with pytest.raises(InvalidInput, match=says):
            check(few)


@pytest.mark.parametrize(
    ("shots", "words"), [(10**7, "1e7 shots"), (123_000, "1.23e5 shots"), (999, "9.99e2 shots")]
)
def test_settings_in_words(shots: int, words: str) -> None:
    assert setting_of(shots) == words


def made_up(options: Options, with_shots: bool = True) -> pd.DataFrame:
    """Three seeds of each arm."""
    rows = []
    random = np.random.default_rng(0)
    found = {arm: candidates[0] for arm, candidates in tuned(options).items()}
    for arm, configuration in [*found.items(), (EXACT, STUDY.cells(options)[0].configuration)]:
        for seed in (1, 2, 3):
            shots = arm != EXACT and spending_from_text(configuration.optimiser).shots
            rows.append(
                make_row(
                    seed,
                    study=STUDY.name,
                    setting=arm.setting,
                    arm=arm.name,
                    test_accuracy=0.5 + 0.4 * random.random(),
                    shots_spent=int(shots),
                    **configuration.axes(),
                )
            )
    table = pd.DataFrame(rows)
    return table if with_shots else table[table["arm"] == EXACT.name]


def test_the_figure_has_a_line_for_each_way_and_one_for_exact_gradients(tmp_path: Path) -> None:
    draw = named_figure("training_from_shots").draw
    rows = made_up(full(tmp_path))
    canvas = draw(StudyResults(STUDY, rows))
    assert canvas is not None
    (axes,) = canvas.axes
    _, names = axes.get_legend_handles_labels()
    assert sorted(names) == sorted([*(way.name for way in WAYS), EXACT.name])
    means = rows[rows["arm"] == SHIFT.name].groupby("shots_spent")["test_accuracy"].mean()
    drawn = [line.get_xydata() for line in axes.get_lines()]
    expected = np.column_stack([means.index, means])
    assert any(found.shape == expected.shape and np.allclose(found, expected) for found in drawn)
    assert draw(StudyResults(STUDY, made_up(full(tmp_path), with_shots=False))) is None


def test_the_finding_follows_the_shots(tmp_path: Path) -> None:
    assert STUDY.finding is not None
    found = STUDY.finding(StudyResults(STUDY, made_up(full(tmp_path))))
    assert found.startswith("Parameter-shift rule: 1e7 shots ")


def test_the_table_says_what_was_chosen(tmp_path: Path) -> None:
    assert STUDY.overview is not None
    table = STUDY.overview(StudyResults(STUDY, made_up(full(tmp_path))))
    assert len(table) == 12
    first = table.iloc[0]
    assert (first["shots in all"], first["way"], first["steps"]) == (
        "10,000,000",
        SHIFT.name,
        "37",
    )
    assert first["shots of a reading"] == f"{10**7 // (28 * 37):,}"
    assert STUDY.overview(StudyResults(STUDY, made_up(full(tmp_path), with_shots=False))).empty
