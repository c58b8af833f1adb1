"""The study of a device's needs: what is compared, what is found, and the figure."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from drawing import draw
from planned import options_of
from smallest import changed, make_options, smoke_axes
from stored_rows import make_row

import studies.runs.execute
from qcnn import InvalidInput, QuantumTrain, TrainResult, load_data, train
from qcnn.noise import NoisyPQCNN, noise_from_text
from studies.analysis.results import StudyResults
from studies.catalogue import studies_by_name
from studies.catalogue.hardware import (
    Level,
    check,
    errors_of_a_shot,
    finding,
    levels_of,
    overview,
    shots_within,
)
from studies.design.configuration import build_model
from studies.design.recipes import effective_parameters_of, mapping_parameters_of
from studies.design.roles import FINAL
from studies.design.statistics import Interval
from studies.design.study import Options
from studies.design.weight_errors import ACCEPTED, ERROR, LEAST, READ, weight_errors
from studies.reports.front_page import write_front_page
from studies.reports.study_report import write_report
from studies.rows.runs_file import add_rows, read_rows
from studies.runs.execute import execute
from studies.settings.read_out import (
    MODELS,
    OUTCOMES,
    PAIRS,
    SHOTS,
    SINGLES,
    by_shots,
    exact,
    read_by_shots,
    read_exactly,
)

STUDY = studies_by_name["hardware"]
#: What the made-up models lose with few and with many shots of each of their five PQCNNs, and
#: accept of them.
LOSSES, SHARE = {1_000: 0.05, 10_000: 0.02, 100_000: 0.0}, 0.5


def options(folder: Path, preset: str = "full") -> Options:
    return options_of(STUDY, preset, folder)


#: Of the weights' Jacobian by phases and gains, a PQCNN alone.
RANKS = {OUTCOMES: 45, PAIRS: 44, SINGLES: 8}


@pytest.mark.parametrize("model", RANKS)
def test_what_is_read_by_mixing_moves_the_weights_in_about_as_many_directions(
    model: str, tmp_path: Path
) -> None:
    """By the numerical rank of two PQCNNs, which share no direction."""
    configuration = replace(read_exactly(options(tmp_path), model), dataset="digits")
    number = len(configuration.sizes)
    two = replace(configuration, sizes=configuration.sizes[:2])
    built = build_model(two, load_data("digits"), 1)
    assert isinstance(built, QuantumTrain)
    built = built.double()
    assert weight_rank(built) == 2 * RANKS[model]
    counts = built.parameter_counts()
    assert mapping_parameters_of(two) == counts.mapping
    row = two.axes() | {
        "effective_phases": counts.effective_phases,
        "mapping_parameters": counts.mapping,
    }
    assert effective_parameters_of(pd.DataFrame([row])).item() == 2 * RANKS[model]
    assert 220 <= number * RANKS[model] <= 225


def weight_rank(model: QuantumTrain) -> int:
    """Of the Jacobian of the weights, by random combinations of them, float64."""
    read = [sampler().detach().double().requires_grad_() for sampler in model.pqcnns()]
    slopes = [sampler.response()[1].double() for sampler in model.pqcnns()]
    numbers = model.weights_from(read) / model.layout.scale
    gains = [each for each in model.mapping.parameters() if each.requires_grad]
    random = torch.Generator().manual_seed(0)
    rows = []
    for _ in range(120):
        signs = torch.randn(numbers.shape, generator=random, dtype=torch.float64)
        found = torch.autograd.grad(numbers @ signs, [*read, *gains], retain_graph=True)
        by_phases = [g @ slope for g, slope in zip(found, slopes, strict=False)]
        rows.append(torch.cat([*by_phases, *(g.flatten() for g in found[len(read) :])]))
    values = torch.linalg.svdvals(torch.stack(rows))
    return int((values > 1e-6 * values[0]).sum())


def test_models_are_compared_at_as_many_shots_in_all(tmp_path: Path) -> None:
    found = {cell.arm: cell.configuration for cell in STUDY.cells(options(tmp_path))}
    few = [each for each in STUDY.contrasts if each.setting.endswith("shots in all")]
    assert len(few) == 4
    for contrast in few:
        fired = [
            len(found[arm].sizes) * noise_from_text(found[arm].evaluated_under).shots
            for arm in (contrast.first, contrast.second)
        ]
        assert fired[0] == pytest.approx(fired[1], rel=0.01)


def test_every_number_of_shots_is_read_of_the_same_training(tmp_path: Path) -> None:
    cells = STUDY.cells(options(tmp_path))
    for model in MODELS:
        arms = {cell.arm: cell.configuration for cell in cells if cell.arm.setting == model}
        assert set(arms) == {exact(model), *(by_shots(model, n) for n in SHOTS["every"])}
        assert {each.trained() for each in arms.values()} == {arms[exact(model)]}
        assert len({each.digest() for each in arms.values()}) == len(arms)
    # So that the evaluations find it.
    arms_in_order = [cell.configuration.evaluated_under for cell in cells]
    assert arms_in_order == sorted(arms_in_order, key=bool)


def test_contrasts_are_few_and_all_decide_a_question() -> None:
    assert len(STUDY.contrasts) <= 25
    asked = {contrast for question in STUDY.questions for contrast in question.contrasts}
    assert asked == set(STUDY.contrasts)


def test_an_evaluation_takes_the_trained_model_and_draws_its_shots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[object] = []

    def counted(*arguments: object, **options: object) -> TrainResult:
        done.append(arguments[0])
        return train(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(studies.runs.execute, "train", counted)
    made = make_options(tmp_path, smoke_axes(STUDY))
    small = {"target": "cnn816", "sizes": ((6, 3),) * 2, "batch_size": 400}
    clean, counts = (
        replace(each, **small)
        for each in (
            read_exactly(made, PAIRS),
            read_by_shots(made, PAIRS, 1_000_000, "drawn"),
        )
    )
    rows = [
        execute("hardware", each, 1, FINAL, tmp_path, weight_errors) for each in (clean, counts)
    ]
    assert len(done) == 1
    found = [json.loads(row["measured"])["end"] for row in rows]
    assert set(found[0]) == {READ, LEAST}
    assert set(found[1]) == {ACCEPTED, ERROR}
    expected = found[0][READ] * found[1][ACCEPTED] ** -0.5
    assert 0.5 < found[1][ERROR] / expected < 2
    assert abs(rows[0]["test_accuracy"] - rows[1]["test_accuracy"]) < 0.05


def test_another_device_is_another_arm(tmp_path: Path) -> None:
    made = options(tmp_path, "smoke")
    local = changed(made, axes={**made.scope.axes, "platform": "local"})
    arms = {cell.arm.name: cell.configuration for cell in STUDY.cells(local)}
    assert arms["100,000 shots in all on local"].device == "local"
    model = build_model(
        replace(read_exactly(local, OUTCOMES), dataset="digits", noise="shots=5", device="local"),
        load_data("digits"),
        1,
    )
    assert isinstance(model, QuantumTrain)
    assert all(isinstance(s, NoisyPQCNN) and s.platform == "local" for s in model.pqcnns())


def test_a_remote_platform_needs_its_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PCVL_CLOUD_TOKEN", raising=False)
    made = options(tmp_path, "smoke")
    for platform in ("drawn", "local"):
        check(changed(made, axes={**made.scope.axes, "platform": platform}))
    remote = changed(made, axes={**made.scope.axes, "platform": "sim:belenos"})
    with pytest.raises(InvalidInput) as error:
        check(remote)
    assert str(error.value) == (
        "the environment variable PCVL_CLOUD_TOKEN is empty; allowed for platform 'sim:belenos' is "
        "a token of its cloud"
    )
    monkeypatch.setenv("PCVL_CLOUD_TOKEN", "a token")
    check(remote)


def rows_of(folder: Path, model: str = OUTCOMES, seeds: int = 3) -> pd.DataFrame:
    """Of one model whose seeds lose the same."""
    made, rows = options(folder), []
    for seed in range(seeds):
        accuracy = 0.9 + seed / 1000
        measured = {"end": {READ: 30.0, LEAST: 10.0}}
        common = {"study": "hardware", "setting": model}
        clean = read_exactly(made, model)
        rows.append(
            make_row(
                seed,
                **common | clean.axes(),
                arm=exact(model).name,
                test_accuracy=accuracy,
                measured=json.dumps(measured),
            )
        )
        for shots, loss in LOSSES.items():
            counted = read_by_shots(made, model, 5 * shots, "drawn")
            measured = {"end": {ACCEPTED: SHARE * shots, ERROR: 30.0 * (SHARE * shots) ** -0.5}}
            rows.append(
                make_row(
                    seed,
                    **common | counted.axes(),
                    arm=by_shots(model, 5 * shots).name,
                    test_accuracy=accuracy - loss,
                    measured=json.dumps(measured),
                )
            )
    return pd.DataFrame(rows)


def test_levels_are_what_the_rows_say(tmp_path: Path) -> None:
    results = StudyResults(STUDY, rows_of(tmp_path))
    found = levels_of(results, OUTCOMES)
    assert [(each.shots, each.accepted) for each in found] == [
        (n, pytest.approx(SHARE * n)) for n in LOSSES
    ]
    assert [each.loss.mean for each in found] == pytest.approx(list(LOSSES.values()))
    assert found[0].accuracy.mean == pytest.approx(0.851)
    assert found[0].error == pytest.approx(30 * 500**-0.5)
    assert errors_of_a_shot(results, OUTCOMES) == (30.0, 10.0)
    assert levels_of(results, PAIRS) == []
    assert errors_of_a_shot(results, PAIRS) is None


def test_what_did_not_train_has_nothing_to_lose(tmp_path: Path) -> None:
    rows = rows_of(tmp_path)
    rows.loc[rows["seed"] == 2, "test_accuracy"] = 0.1
    found = levels_of(StudyResults(STUDY, rows), OUTCOMES)
    assert all(each.loss.seeds == 2 for each in found)


def test_shots_are_interpolated_along_their_logarithm() -> None:
    levels = [
        Level(n, SHARE * n, Interval(loss, loss - 0.005, loss + 0.005, 3), None, 0.1)  # type: ignore[arg-type]
        for n, loss in LOSSES.items()
    ]
    assert shots_within(levels, 0.01) == pytest.approx(5_000 * 10**0.5)
    assert shots_within(levels, 0.02) == pytest.approx(5_000)
    assert shots_within(levels, 0.06) == 0
    assert shots_within(levels[:2], 0.01) == np.inf
    assert shots_within(levels, 0.01, "low") < shots_within(levels, 0.01)
    assert shots_within(levels, 0.01, "high") > shots_within(levels, 0.01)
    # A level that happens to lose little does not count where more shots lose more again.
    bent = [
        levels[0],
        replace(levels[1], loss=levels[2].loss),
        replace(levels[2], loss=levels[1].loss),
    ]
    assert shots_within(bent, 0.01) == np.inf


def test_the_finding_names_shots_and_what_limits_them(tmp_path: Path) -> None:
    results = StudyResults(STUDY, rows_of(tmp_path))
    text = finding(results)
    # Of five PQCNNs, each of which accepts half of its shots.
    assert "mixing of outcomes 16,000 [16,000, 16,000] (160,000 fired in all)" in text
    assert text.endswith("it is larger by these factors: mixing of outcomes 3.")
    (line,) = overview(results).to_dict("records")
    assert line["accepted of the shots"] == "50 %"
    assert line["weight error there"] == "0.24"
    assert finding(StudyResults(STUDY, rows_of(tmp_path).iloc[:0])) == ""


def test_the_figure_has_a_line_for_each_model_and_its_bounds(tmp_path: Path) -> None:
    rows = pd.concat([rows_of(tmp_path), rows_of(tmp_path, PAIRS)])
    canvas = draw("shots", rows)
    assert canvas is not None
    accuracy, error = canvas.axes
    assert [t.get_text() for t in canvas.legends[0].get_texts()][:2] == [OUTCOMES, PAIRS]
    curves = [line for line in accuracy.lines if len(line.get_xdata()) == len(LOSSES)]
    assert len(curves) == 2
    np.testing.assert_allclose(curves[0].get_ydata(), [0.851, 0.881, 0.901], atol=1e-9)
    bounds = [line for line in error.lines if len(line.get_xdata()) == 2]
    assert len(bounds) == 4
    np.testing.assert_allclose(bounds[0].get_ydata(), 30 / np.sqrt([500, 50_000]))
    assert draw("shots", rows[rows["evaluated_under"] == ""]) is None


def test_its_pages_lead_to_when_a_device_would_be_faster(tmp_path: Path) -> None:
    add_rows(tmp_path / "hardware" / "runs.csv", rows_of(tmp_path).to_dict("records"))
    without_figures = replace(STUDY, figures=())
    results = StudyResults(without_figures, read_rows(tmp_path / "hardware" / "runs.csv"))
    page = write_report(results, tmp_path / "hardware").read_text("utf-8")
    title = "When would a device be faster than its simulation?"
    assert f"- [{title}](../bench/break_even.md)\n" in page
    front = write_front_page(tmp_path, [results]).read_text("utf-8")
    assert f"→ [hardware](hardware/report.md), [{title}](bench/break_even.md)\n" in front
