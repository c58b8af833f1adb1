"""The study of training from shots: equal numbers of them, and what its figure shows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from smallest import changed, make_options, smoke_axes
from stored_rows import make_row

from qcnn import InvalidInput, load_data
from qcnn.training.from_shots.config import READINGS
from qcnn.training.from_shots.spending import Spsa, spending_from_text, way_of
from qcnn.training.from_shots.spsa import perturb_together
from studies.analysis.results import StudyResults
from studies.catalogue.training_from_shots import (
    EXACT,
    SHIFT,
    SPSA,
    STUDY,
    WAYS,
    arm_of,
    check,
    setting_of,
    tuned,
)
from studies.design.choose import tuning_seeds
from studies.design.configuration import build_model
from studies.design.study import Options, fresh_seeds
from studies.reports.figures import named_figure


def full(folder: Path) -> Options:
    return make_options(folder, {axis.name: axis.default for axis in STUDY.axes}, epochs=20)


def test_every_candidate_has_the_shots_of_its_arm_and_no_more(tmp_path: Path) -> None:
    options = full(tmp_path)
    found = tuned(options)
    assert len(found) == 13
    for way in WAYS:
        for shots in options.scope.axes["shots"]:
            candidates = found[arm_of(way, shots)]
            assert candidates
            for candidate in candidates:
                spending = spending_from_text(candidate.optimiser)
                assert type(spending) is type(way.tries[0][1])
                assert spending.shots == shots
                each = READINGS[way_of(candidate.optimiser)] * 14 * spending.evaluation_shots
                steps = candidate.from_shots_config(0).steps(14)
                assert steps * each <= shots < (steps + 1) * each
                assert steps >= candidate.epochs
            # As much choice for each.
            assert len(set(candidates)) == 6
    steps = [
        sorted({c.from_shots_config(0).steps(14) for c in found[arm_of(way, 10**10)]})
        for way in WAYS
    ]
    assert steps == [[37, 186, 940], [470, 1486, 4700], [470, 1329, 3760]]


def test_exact_gradients_choose_from_the_rates_of_the_rule(tmp_path: Path) -> None:
    found = tuned(full(tmp_path))
    rates = {c.learning_rate for c in found[arm_of(SHIFT, 10**9)]}
    assert sorted(c.learning_rate for c in found[EXACT]) == sorted(rates)
    assert not any(candidate.from_shots for candidate in found[EXACT])


def test_a_reading_has_shots_for_every_shift_however_few_there_are(tmp_path: Path) -> None:
    options = full(tmp_path)
    options = changed(options, axes=options.scope.axes | {"shots": (2 * 10**6,)})
    check(options)
    for arm, candidates in tuned(options).items():
        for candidate in candidates if arm != EXACT else ():
            assert spending_from_text(candidate.optimiser).evaluation_shots >= 120


def test_perturbations_that_are_tried_see_the_slope_of_the_loss(tmp_path: Path) -> None:
    """At the start, by exact probabilities; three times as far the loss is no longer linear."""
    options, data = full(tmp_path), load_data("digits")
    configuration = replace(
        tuned(options)[EXACT][0], dataset="digits", target="cnn816", phase_learning_rate=0.0
    )
    model = build_model(configuration, data, 1).eval()
    phases = [parameter for parameter in model.parameters() if parameter.requires_grad]
    images, labels = data.train_images[:128], data.train_labels[:128]

    def loss() -> torch.Tensor:
        return torch.nn.functional.cross_entropy(model(images), labels)

    exact = torch.cat(torch.autograd.grad(loss(), phases))
    assert len(exact) == 210
    seen = {}
    for perturbation in (0.03, *(s.perturbation for _, s in SPSA.tries if isinstance(s, Spsa))):
        random = torch.Generator().manual_seed(0)
        slopes, expected = [], []
        for _ in range(30):
            perturb_together(loss, phases, [], perturbation, random)
            drawn = torch.cat([phase.grad for phase in phases if phase.grad is not None])
            # Both but for the same sign.
            slopes.append(drawn[0].abs())
            expected.append(drawn @ exact / drawn[0].abs())
        one, other = torch.stack(slopes), torch.stack(expected)
        seen[perturbation] = float(one @ other / (one.norm() * other.norm()))
    assert seen.pop(0.03) < 0.7
    assert set(seen) == {0.003, 0.01}
    assert min(seen.values()) > 0.9
    assert Spsa().perturbation in seen


def test_candidates_are_tried_under_no_fresh_seed(tmp_path: Path) -> None:
    options = changed(full(tmp_path), seeds=12)
    assert not set(tuning_seeds(options)) & set(fresh_seeds(options, 12))


def test_contrasts_are_declared_for_arms_that_there_are(tmp_path: Path) -> None:
    arms = set(tuned(full(tmp_path)))
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
    for arm, configuration in found.items():
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
    assert found.startswith("Parameter-shift rule: 1e8 shots ")
    assert "1e11 shots" in found
    assert STUDY.questions[-1].text == "Do 1e11 shots train to within a point of exact gradients?"


def test_the_table_says_what_was_chosen(tmp_path: Path) -> None:
    assert STUDY.overview is not None
    table = STUDY.overview(StudyResults(STUDY, made_up(full(tmp_path))))
    assert len(table) == 12
    first = table.iloc[0]
    assert (first["shots in all"], first["way"], first["steps"]) == (
        "100,000,000",
        SHIFT.name,
        "37",
    )
    assert table["perturbation"].tolist()[:3] == ["–", "0.003", "–"]
    assert first["shots of a reading"] == f"{10**8 // (28 * 37):,}"
    assert STUDY.overview(StudyResults(STUDY, made_up(full(tmp_path), with_shots=False))).empty
