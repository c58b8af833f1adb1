"""Runs under noise: what is trained, what is stored, what a row says, and the figure."""

import json
from copy import copy
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest
import torch
from drawing import draw
from kept_weights import evaluate_stored
from planned import options_of
from safetensors.torch import load_file
from stored_rows import CONFIGURATION, make_row

import studies.runs.execute
from qcnn import PQCNN, InvalidInput, QuantumTrain, TrainResult, evaluate, load_data, train
from qcnn.noise import (
    Noise,
    NoisyPQCNN,
    measure_distribution,
    noise_from_text,
    noise_kinds,
    noise_to_text,
)
from studies.analysis.quoted import NOISE_COSTS
from studies.analysis.results import StudyResults
from studies.catalogue import studies_by_name
from studies.catalogue.noise import MODELS, accepted_fractions
from studies.design.arms import Arm
from studies.design.configuration import Configuration, build_model, noisy
from studies.design.noise_levels import as_evaluated, at_level, beside, level_of, studied_kinds
from studies.design.roles import FINAL
from studies.reports.figures.style import store
from studies.rows.runs_file import add_rows, read_rows
from studies.runs.execute import execute, weights_path
from studies.store.artifacts import load_model, model_path

KINDS = studied_kinds()
CLEAN = replace(CONFIGURATION, target="cnn816", mapping="mixing", epochs=1)
NOISE_TEXT = "indistinguishability=0.8,phase_error=0.05"
EVALUATED = replace(CLEAN, evaluated_under=NOISE_TEXT)


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What has been trained since."""
    done: list[object] = []

    def counted(*arguments: object, **options: object) -> TrainResult:
        done.append(arguments[0])
        return train(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(studies.runs.execute, "train", counted)
    return done


def test_evaluations_take_the_model_of_the_clean_run(
    tmp_path: Path, trainings: list[object]
) -> None:
    clean = execute("noise", CLEAN, 1, FINAL, tmp_path)
    row = execute("noise", EVALUATED, 1, FINAL, tmp_path)
    assert len(trainings) == 1
    assert row["status"] == "complete"
    assert row["test_accuracy"] != clean["test_accuracy"]
    assert row["trainable_parameters"] == clean["trainable_parameters"]

    data = load_data("digits")
    model = build_model(CLEAN, data, 1)
    train(model, data, CLEAN.train_config(1))
    assert clean["test_accuracy"] == evaluate(model, data.test_images, data.test_labels).accuracy
    model.samplers = torch.nn.ModuleList(noisy(model.pqcnns(), NOISE_TEXT, 1))
    expected = evaluate(model, data.test_images, data.test_labels).accuracy
    assert row["test_accuracy"] == expected
    assert evaluate_stored(EVALUATED, 1, tmp_path) == expected


def test_a_missing_model_is_trained_to_the_same_row(
    tmp_path: Path, trainings: list[object]
) -> None:
    execute("noise", CLEAN, 1, FINAL, tmp_path / "whole")
    rows = [
        execute("noise", EVALUATED, 1, FINAL, tmp_path / folder) for folder in ("whole", "empty")
    ]
    assert len(trainings) == 2
    for row in rows:
        row.pop("seconds")
    assert rows[0] == rows[1]
    stored = [load_file(model_path(tmp_path / folder, CLEAN, 1)) for folder in ("whole", "empty")]
    assert stored[0].keys() == stored[1].keys()
    assert all(torch.equal(value, stored[1][name]) for name, value in stored[0].items())
    # Another evaluation finds it.
    execute("noise", replace(CLEAN, evaluated_under="shots=1000"), 1, FINAL, tmp_path / "empty")
    assert len(trainings) == 2


def test_only_trained_tensors_are_stored(tmp_path: Path) -> None:
    row = execute("noise", CLEAN, 1, FINAL, tmp_path)
    stored = load_file(model_path(tmp_path, CLEAN, 1))
    assert sum(value.numel() for value in stored.values()) == row["trainable_parameters"]


def test_trained_under_noise_its_weights_are_the_evaluated_ones(tmp_path: Path) -> None:
    configuration = replace(CLEAN, noise="phase_error=0.2,shots=2000")
    row = execute("noise", configuration, 1, FINAL, tmp_path, accepted_fractions)
    assert evaluate_stored(configuration, 1, tmp_path) == row["test_accuracy"]
    model = build_model(configuration, load_data("digits"), 1).eval()
    load_model(model, model_path(tmp_path, configuration, 1))
    assert isinstance(model, QuantumTrain)
    kept = load_file(weights_path(tmp_path, configuration, 1))
    assert set(kept) == set(model.weights())
    for name, value in kept.items():
        assert torch.equal(value, model.weights()[name])
    fractions = json.loads(row["measured"])["end"]["accepted_fraction"]
    assert len(fractions) == 2
    assert all(0.1 < fraction < 0.6 for fraction in fractions)
    assert row["val_accuracy_by_epoch"]


def test_where_nothing_is_accepted_the_row_has_diverged(tmp_path: Path) -> None:
    for axis in ("noise", "evaluated_under"):
        configuration = replace(CLEAN, **{axis: "transmittance=0.01,shots=10"})
        row = execute("noise", configuration, 1, FINAL, tmp_path, accepted_fractions)
        assert row["status"] == "diverged"
        assert row["error"].startswith("of 10 shots none ends in one of the sampler's outcomes")
        assert not (tmp_path / "weights" / f"{configuration.digest()}-1.safetensors").exists()
        add_rows(tmp_path / f"{axis}.csv", [row])
        assert read_rows(tmp_path / f"{axis}.csv")["test_accuracy"].isna().all()


def test_arms_of_a_seed_share_their_chips() -> None:
    data = load_data("digits")
    trained = build_model(replace(CLEAN, noise="phase_error=0.2"), data, 1)
    evaluated = noisy(build_model(CLEAN, data, 1).pqcnns(), "phase_error=0.2", 1)
    other = noisy(build_model(CLEAN, data, 1).pqcnns(), "phase_error=0.2", 2)
    for one, same, another in zip(trained.pqcnns(), evaluated, other, strict=True):
        assert isinstance(one, NoisyPQCNN)
        assert torch.equal(one.eval()(), same.eval()())
        assert not torch.equal(one.eval()(), another.eval()())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"noise": "spam=1"}, "option of the noise of a device is 'spam'"),
        ({"noise": "shots=1", "evaluated_under": "g2=0.1"}, "evaluated_under is 'g2=0.1' with "),
        ({"noise": "shots=1", "generator": "classical"}, "noise is 'shots=1' without PQCNNs"),
        (
            {"evaluated_under": "g2=0.1", "mapping": "direct", "input": "none"},
            "evaluated_under is 'g2=0.1' without PQCNNs; allowed there is none",
        ),
    ],
)
def test_noise_that_makes_no_sense(changes: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidInput) as error:
        replace(CLEAN, **changes)
    assert str(error.value).startswith(message)


def test_a_kind_knows_its_levels() -> None:
    for kind in KINDS:
        assert {kind.representative, *kind.few, *kind.trained} <= set(kind.every)
        assert kind.trained[:1] in ((), (kind.representative,))
        assert kind.trainable or not kind.trained
        for level in kind.every:
            noise = at_level(kind, level)
            assert level_of(kind, noise) == level
            others = [level_of(other, noise) for other in KINDS if other is not kind]
            # At 100,000 shots the brightness is 1: a level of it, too.
            assert set(others) <= {None, 1.0}
    by_name = noise_kinds()
    # The same as that, and stored as that.
    assert level_of(by_name["g2"], Noise()) == 0
    assert level_of(by_name["g2"], Noise(transmittance=0.5)) is None
    assert level_of(by_name["brightness"], Noise()) is None


def test_what_amounts_to_the_same_is_measured_alike_and_nothing_else_is() -> None:
    """Over every kind, those that the study leaves out as well, and what acts beside them."""
    kinds = noise_kinds().values()
    # Losses of a source with g2 are not shots alone.
    noises = [Noise(), Noise(g2=0.05, transmittance=0.8), *map(beside, kinds)]
    noises += [at_level(kind, level) for kind in kinds for level in kind.every]
    sampler = PQCNN(5, 3, seed=0)
    measured = {n: measure_distribution(sampler, n, seed=1).distribution for n in set(noises)}
    for one, other in combinations(measured, 2):
        same = as_evaluated(one) == as_evaluated(other)
        assert torch.allclose(measured[one], measured[other], rtol=0, atol=1e-9) is same, (
            noise_to_text(one),
            noise_to_text(other),
        )
    left_out = {kind.name for kind in kinds} - {kind.name for kind in KINDS}
    assert left_out == {"transmittance"}


@pytest.mark.parametrize("preset", ["smoke", "quick", "full"])
def test_no_model_is_evaluated_twice_under_two_names(preset: str, tmp_path: Path) -> None:
    """What is trained under which noise and evaluated under which, as that amounts to."""
    study = studies_by_name["noise"]
    cells = study.cells(options_of(study, preset, tmp_path))
    done = {
        cell.arm: (
            cell.configuration.trained(),
            as_evaluated(noise_from_text(cell.configuration.evaluated_under)),
        )
        for cell in cells
    }
    assert len(set(done.values())) == len(done)
    assert len(cells) == len(done) * study.presets[preset].seeds
    assert {arm.setting for arm in done} == set(MODELS)


def test_the_papers_own_form_is_trained_as_where_bond_dimensions_are_compared(
    tmp_path: Path,
) -> None:
    """But for the epochs."""

    def found(name: str, arm: Arm) -> set[Configuration]:
        study = studies_by_name[name]
        cells = study.cells(options_of(study, "full", tmp_path))
        return {replace(c.configuration, epochs=1) for c in cells if c.arm == arm}

    here = found("noise", Arm("MPS χ = 4, the paper's form", "no noise"))
    assert here == found("bond_dimension", Arm("χ = 4", "the paper's form"))
    assert len(here) == 1


def noisy_rows(folder: Path, configurations: list[tuple[Configuration, float]]) -> pd.DataFrame:
    add_rows(
        folder / "runs.csv",
        [
            make_row(
                seed,
                study="noise",
                test_accuracy=accuracy + seed / 100,
                **configuration.axes(),
            )
            for configuration, accuracy in configurations
            for seed in (1, 2, 3)
        ],
    )
    return read_rows(folder / "runs.csv")


def test_the_figure_shows_every_run_at_its_level(tmp_path: Path) -> None:
    rows = noisy_rows(
        tmp_path,
        [
            (CLEAN, 0.8),
            (replace(CLEAN, evaluated_under="indistinguishability=0.9"), 0.6),
            (replace(CLEAN, noise="indistinguishability=0.9"), 0.7),
            (replace(CLEAN, evaluated_under="brightness=0.5,shots=100000"), 0.5),
            # From when the same was evaluated under two names.
            (replace(CLEAN, evaluated_under="transmittance=0.5,shots=100000"), 0.5),
            (replace(CLEAN, evaluated_under="transmittance=0.5"), 0.8),
            (replace(CLEAN, evaluated_under="g2=0.05,transmittance=0.5"), 0.7),
            (replace(CLEAN, evaluated_under="shots=100000"), 0.75),
        ],
    )
    canvas = draw("noise", rows)
    assert canvas is not None
    panels = {panel.get_xlabel(): panel for panel in canvas.axes if panel.get_visible()}
    assert set(panels) == {kind.axis for kind in KINDS}

    def points(axis: str) -> list[list[float]]:
        """Level and mean accuracy of the points of each line with a label."""
        panel = panels[axis]
        levels = [float(label.get_text().replace(",", "")) for label in panel.get_xticklabels()]
        lines = [container.lines[0].get_xydata() for container in panel.containers]
        return [[v for place, mean in line for v in (levels[int(place)], mean)] for line in lines]

    without, under = points("indistinguishability")
    assert without == pytest.approx([0.9, 0.62, 1.0, 0.82])
    assert under == pytest.approx([0.9, 0.72])
    either = "brightness or transmittance (100,000 shots)"
    assert points(either)[0] == pytest.approx([0.5, 0.52, 1.0, 0.77])
    assert len(panels[either].collections[0].get_offsets()) == 6
    assert points("g² (transmittance 0.5)")[0] == pytest.approx([0.0, 0.82, 0.05, 0.72])
    assert len(panels["g² (transmittance 0.5)"].collections[0].get_offsets()) == 6
    assert points("shots")[0] == pytest.approx([100_000, 0.77])
    runs = panels["indistinguishability"].collections[0].get_offsets()
    assert len(runs) == 6


def test_what_a_seed_that_did_not_train_does_under_noise_is_a_cross(tmp_path: Path) -> None:
    """And no part of the mean, even if its accuracy happens to be higher."""
    under = replace(CLEAN, evaluated_under="indistinguishability=0.9")
    rows = noisy_rows(tmp_path, [(CLEAN, 0.8), (under, 0.6)])
    clean, last = rows["evaluated_under"] == "", rows["seed"] == 3
    rows.loc[clean & last, "test_accuracy"] = 0.1
    rows.loc[~clean & last, "test_accuracy"] = 0.3
    canvas = draw("noise", rows)
    assert canvas is not None
    panel = canvas.axes[0]
    (line,) = [c.lines[0] for c in panel.containers if "without noise" in c.get_label()]
    assert line.get_ydata().tolist() == pytest.approx([0.615, 0.815])
    trained, failed = panel.collections[:2]
    assert sorted(trained.get_offsets()[:, 1]) == pytest.approx([0.61, 0.62, 0.81, 0.82])
    assert sorted(failed.get_offsets()[:, 1]) == pytest.approx([0.1, 0.3])
    (legend,) = canvas.legends
    assert "trained without noise (1 of 3 fail)" in legend.get_texts()[0].get_text()


@pytest.mark.parametrize("count", [1, 2, 5, 7, 10])
def test_the_figure_has_a_panel_for_each_kind_however_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    kinds = [copy(KINDS[place % len(KINDS)]) for place in range(count)]
    for place, kind in enumerate(kinds):
        vars(kind)["axis"] = f"kind {place}"
    monkeypatch.setattr("studies.reports.figures.noise.studied_kinds", lambda: kinds)
    noisy = replace(CLEAN, evaluated_under="indistinguishability=0.9")
    canvas = draw("noise", noisy_rows(tmp_path, [(CLEAN, 0.8), (noisy, 0.6)]))
    assert canvas is not None
    shown = [panel for panel in canvas.axes if panel.get_visible()]
    assert [panel.get_xlabel() for panel in shown] == [kind.axis for kind in kinds]
    store(canvas, tmp_path / "noise.png")


def test_two_mappings_of_one_method_have_colours_of_their_own(tmp_path: Path) -> None:
    mappings = ("mixing", "mps:bond_dimension=4", "mps:bond_dimension=4,form=torchmps")
    models = [replace(CLEAN, mapping=mapping) for mapping in mappings]
    noisy = [replace(model, evaluated_under="indistinguishability=0.9") for model in models]
    rows = noisy_rows(tmp_path, [(model, 0.8) for model in (*models, *noisy)])
    canvas = draw("noise", rows)
    assert canvas is not None
    colours = [container.lines[0].get_color() for container in canvas.axes[0].containers]
    assert len(set(map(tuple, colours))) == len(mappings)
    only_first = draw("noise", rows[rows["mapping"] != mappings[2]])
    assert only_first is not None
    drawn = [container.lines[0].get_color() for container in only_first.axes[0].containers]
    assert drawn == colours[: len(drawn)], "what is added repaints nothing"


def test_rows_without_noise_have_no_figure(tmp_path: Path) -> None:
    assert draw("noise", noisy_rows(tmp_path, [(CLEAN, 0.8)])) is None


def test_contrasts_are_of_both_protocols_for_every_model() -> None:
    """And of the kinds on which the paper has a statement; g2 is not trained under."""
    evaluated = {
        "evaluated under indistinguishability=0.9",
        "evaluated under shots=10000",
        "evaluated under g2=0.05,transmittance=0.5",
    }
    trained = {"trained under indistinguishability=0.9", "trained under shots=10000"}
    expected = {("no noise", name) for name in evaluated | trained}
    expected.add(
        ("evaluated under indistinguishability=0.9", "trained under indistinguishability=0.9")
    )
    contrasts = studies_by_name["noise"].contrasts
    for model in MODELS:
        found = [c for c in contrasts if {c.first.setting, c.second.setting} == {model}]
        assert {(c.second.name, c.first.name) for c in found} == expected
        assert len(found) == len(expected)
    assert len(contrasts) == len(MODELS) * len(expected)
    without, under, helps = (
        {c.first.name for c in question.contrasts}
        for question in studies_by_name["noise"].questions
    )
    assert (without, under) == (evaluated, trained)
    assert helps == {"trained under indistinguishability=0.9"}


def test_the_finding_says_what_the_kinds_of_noise_cost_each_model() -> None:
    study = studies_by_name["noise"]
    accuracies = {
        "mixing: no noise": 0.9,
        "mixing: evaluated under indistinguishability=0.9": 0.8,
        "mixing: evaluated under shots=10000": 0.6,
        "mixing: trained under shots=10000": 0.88,
        "mixing: evaluated under phase_error=0.1": 0.3,
        # Of which no seed has trained.
        "whitened: no noise": 0.1,
        "whitened: evaluated under shots=10000": 0.1,
    }
    rows = pd.DataFrame(
        [
            make_row(seed, label=label, configuration=label, test_accuracy=accuracy)
            for label, accuracy in accuracies.items()
            for seed in range(2)
        ]
    )
    assert study.finding is not None
    found = study.finding(StudyResults(study, rows))
    assert found == (
        "One kind of noise costs models trained without it: mixing 10.0 to 30.0 points. "
        "One kind of noise costs models trained under it: mixing 2.0 to 2.0 points."
    )
    on_mnist = rows.assign(dataset="mnist")
    assert study.finding(StudyResults(study, on_mnist)) == f"{found} {NOISE_COSTS}"
    nothing_yet = rows.iloc[:1].assign(dataset="fashion-mnist")
    assert study.finding(StudyResults(study, nothing_yet)) == ""
