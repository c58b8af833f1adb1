"""Runs without photons: their configurations, and what tables and figures call them."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from kept_weights import evaluate_stored
from safetensors.torch import load_file
from stored_rows import CONFIGURATION, make_row

from qcnn import InvalidInput, count_parameters, load_data
from studies.analysis.summaries import describe, families
from studies.design.arms import NOTEBOOK, NOTEBOOK_DIRECT, Family
from studies.design.configuration import Configuration, build_model, build_target
from studies.design.recipes import without_photons
from studies.design.roles import FINAL
from studies.reports.figures.style import COLOURS
from studies.reports.tables import accuracy_table
from studies.rows.runs_file import add_rows, read_rows
from studies.runs.execute import execute, weights_path

SUBSPACE = replace(
    without_photons(CONFIGURATION, "random_subspace:dimension=50"), epochs=1, target="cnn816"
)


def test_directly_trained_rows_keep_their_hash() -> None:
    """As stored by the first studies, of the paper's target over 8 epochs on MNIST."""
    direct = Configuration(
        dataset="mnist",
        target="paper",
        sizes=(),
        space="none",
        input="none",
        mesh="none",
        combine="",
        mapping="direct",
        epochs=8,
        batch_size=128,
        learning_rate=0.03,
        phase_learning_rate=0.0,
        schedule="one-cycle",
        gradient_clip=1.0,
    )
    assert direct.digest() == "0a41a18f4600"
    data = load_data("digits")
    model, target = build_model(direct, data, 3), build_target(direct, data, 3)
    assert type(model) is type(target)
    for one, other in zip(model.parameters(), target.parameters(), strict=True):
        assert torch.equal(one, other)


def test_without_photons_there_is_no_input() -> None:
    assert SUBSPACE.without_photons
    assert not CONFIGURATION.without_photons
    with pytest.raises(InvalidInput, match="input is 'spread'; allowed are none"):
        replace(SUBSPACE, input="spread")


def test_a_run_of_a_baseline_is_a_row_with_weights(tmp_path: Path) -> None:
    row = execute("compression", SUBSPACE, 1, FINAL, tmp_path)
    assert row["status"] == "complete"
    counts = count_parameters(build_model(SUBSPACE, load_data("digits"), 1))
    assert (row["trainable_parameters"], row["phases"], row["mapping_parameters"]) == (50, 0, 0)
    assert row["fixed_numbers"] == counts.fixed_numbers == 816 * 50 + 816
    assert row["engine"] == "none"
    stored = load_file(weights_path(tmp_path, SUBSPACE, 1))
    assert sum(value.numel() for value in stored.values()) == 816
    again = evaluate_stored(SUBSPACE, 1, tmp_path)
    assert again == pytest.approx(row["test_accuracy"], abs=1e-9)


@pytest.fixture
def rows(tmp_path: Path) -> pd.DataFrame:
    """One run of each kind, under names that say nothing but the notebook's."""
    direct = without_photons(CONFIGURATION)
    kinds = {
        "": CONFIGURATION,
        "arm 2": replace(CONFIGURATION, generator="no_input"),
        "arm 3": direct,
        "arm 4": SUBSPACE,
        NOTEBOOK.label: replace(CONFIGURATION, mapping="logit_tanh"),
        NOTEBOOK_DIRECT.label: replace(direct, target="notebook", epochs=3),
    }
    add_rows(
        tmp_path / "runs.csv",
        [
            make_row(1, label=label, **kind.axes())
            | {"configuration": kind.digest(), "phases": 128 if kind.sizes else 0}
            for label, kind in kinds.items()
        ],
    )
    return read_rows(tmp_path / "runs.csv")


def test_families_are_told_by_the_rows_and_not_by_their_names(rows: pd.DataFrame) -> None:
    assert families(rows).tolist() == [
        Family.PROBABILITIES,
        Family.CONTROL,
        Family.TRAINED,
        Family.COMPRESSED,
        Family.NOTEBOOK,
        Family.TRAINED,
    ]
    assert set(families(rows)) <= set(COLOURS)
    assert len(set(map(str, COLOURS.values()))) == len(COLOURS)


def test_a_baseline_is_named_by_its_target_and_what_trains_it(rows: pd.DataFrame) -> None:
    nameless = rows.assign(setting="", arm="")
    assert [describe(row) for _, row in nameless.iloc[[2, 3]].iterrows()] == [
        "notebook trained directly",
        "cnn816 trained by random_subspace:dimension=50",
    ]
    table = accuracy_table(nameless, "digits").set_index("model")
    line = table.loc["cnn816 trained by random_subspace:dimension=50"]
    assert (line["phases (effective)"], line["mapping"]) == ("", "")
    photonic = table.loc["(9,4) (8,4) → logit_tanh → notebook"]
    assert (photonic["phases (effective)"], photonic["mapping"]) == ("128 (81)", "428")
