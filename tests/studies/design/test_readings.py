"""The axes ``read`` and ``device``: of a model, of rows, of summaries, and their mistakes."""

from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest
import torch
from stored_rows import CONFIGURATION, make_row

from qcnn import PQCNN, InvalidInput, QuantumTrain, load_data
from qcnn.noise import NoisyPQCNN
from qcnn.samplers.marginals import Marginals
from studies.analysis.summaries import describe_configuration, summarise, without_unused
from studies.design.configuration import RARE, Configuration, build_model, noisy
from studies.design.recipes import mapping_parameters_of, without_photons

ONE, TWO = (
    replace(CONFIGURATION, mapping="mixing", read=read) for read in ("one mode", "two modes")
)


@pytest.mark.parametrize(("configuration", "order"), [(ONE, 1), (TWO, 2)])
def test_a_model_reads_marginals_of_the_same_pqcnns(
    configuration: Configuration, order: int
) -> None:
    data = load_data("digits")
    model, plain = (
        build_model(each, data, seed=1) for each in (configuration, replace(ONE, read="outcomes"))
    )
    assert isinstance(model, QuantumTrain)
    assert isinstance(plain, QuantumTrain)
    for reading, sampler in zip(model.pqcnns(), plain.pqcnns(), strict=True):
        assert isinstance(reading, Marginals)
        assert reading.order == order
        assert torch.equal(reading.phases, sampler.phases)
    assert model.parameter_counts().mapping == mapping_parameters_of(configuration) == 2


def test_noise_is_that_of_the_pqcnns_behind_marginals() -> None:
    model = build_model(TWO, load_data("digits"), seed=1)
    assert isinstance(model, QuantumTrain)
    readings = noisy(model.pqcnns(), "shots=1000", 1, "drawn")
    devices = noisy([sampler.source for sampler in model.pqcnns()], "shots=1000", 1, "drawn")
    for reading, device in zip(readings, devices, strict=True):
        assert isinstance(reading, Marginals)
        assert isinstance(reading.sampler, NoisyPQCNN)
        assert isinstance(device, NoisyPQCNN)
        assert isinstance(reading.source, PQCNN)
        assert torch.equal(reading.eval()(), Marginals(device, 2).eval()())


def test_trained_is_what_was_evaluated() -> None:
    evaluated = replace(ONE, evaluated_under="shots=10", device="drawn")
    assert evaluated.trained() == ONE
    under = replace(ONE, noise="shots=10", device="drawn")
    assert under.trained() == under


def test_a_target_without_photons_has_nothing_to_read() -> None:
    assert without_photons(TWO).read == "outcomes"


def test_digests_at_the_defaults_are_what_they_were() -> None:
    assert CONFIGURATION.digest() == "cbe61d1f0a63"
    digests = [each.digest() for each in (replace(ONE, read="outcomes"), ONE, TWO)]
    assert all(first != second for first, second in pairwise(digests))


def test_rare_axes_are_columns_of_summaries_where_a_run_has_them() -> None:
    assert RARE == ("read", "device")
    plain = make_row(1, mapping="mixing")
    summary = summarise(pd.DataFrame([plain]))
    assert set(summary) - set(without_unused(summary)) == set(RARE)
    both = without_unused(summarise(pd.DataFrame([plain, make_row(1, **ONE.axes())])))
    assert both["read"].tolist() == ["outcomes", "one mode"]
    assert "device" not in both


def test_a_description_says_what_is_read() -> None:
    row = pd.Series(ONE.axes())
    assert describe_configuration(row) == "(9,4) (8,4) read by one mode → mixing → notebook"


def test_a_description_says_that_phases_have_a_natural_gradient() -> None:
    row = pd.Series(replace(CONFIGURATION, mapping="roots", optimiser="natural").axes())
    assert describe_configuration(row) == "(9,4) (8,4) → roots → notebook, natural gradient"
    ordinary = pd.Series(replace(CONFIGURATION, mapping="roots").axes())
    assert describe_configuration(ordinary) == "(9,4) (8,4) → roots → notebook"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"read": "three modes"},
            "read is 'three modes'; allowed with generator 'pqcnn' are outcomes, one mode, two "
            "modes",
        ),
        (
            {"read": "one mode", "generator": "classical"},
            "read is 'one mode'; allowed with generator 'classical' are outcomes",
        ),
        (
            {"device": ""},
            "platform is ''; allowed are local, drawn and names of platforms such as sim:belenos",
        ),
    ],
)
def test_a_mistake_is_one_sentence(changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(InvalidInput) as error:
        replace(CONFIGURATION, **changes)  # type: ignore[arg-type]
    assert str(error.value) == sentence
