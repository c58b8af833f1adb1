"""The whole model on the sources' networks and on modules a user brings."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import qcnn.machine
from qcnn import (
    PQCNN,
    InvalidInput,
    QuantumTrain,
    baseline_from_text,
    choose_sizes,
    count_parameters,
    mapping_names,
    target_from_text,
)
from qcnn.mappings import mapping_from_text
from qcnn.mappings.mixing import Mixing
from qcnn.noise import Noise, NoisyPQCNN
from qcnn.samplers.controls import GENERATORS, build_generator
from qcnn.targets.layout import describe_target


def samplers(weights: int = 978, count: int = 2) -> list[PQCNN]:
    return [
        PQCNN(modes, photons, seed=place)
        for place, (modes, photons) in enumerate(choose_sizes(weights, count))
    ]


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cells = nn.LSTM(4, 3, batch_first=True)
        self.out = nn.Linear(3, 2)

    def forward(self, sequences: Tensor) -> Tensor:
        logits: Tensor = self.out(self.cells(sequences)[0][:, -1])
        return logits


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.norm = nn.LayerNorm(4)
        self.out = nn.Linear(4, 5, bias=False)
        self.out.weight = self.embedding.weight

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.out(self.norm(self.embedding(tokens)).mean(1))
        return logits


BROUGHT = {
    "notebook": (lambda: target_from_text("notebook").build(), torch.rand(3, 1, 28, 28)),
    "batch norm": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(72, 3)
        ),
        torch.rand(4, 1, 8, 8),
    ),
    "recurrent": (Recurrent, torch.rand(2, 5, 4)),
    "tied": (Tied, torch.tensor([[0, 1], [3, 4]])),
    "attention": (
        lambda: nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True),
        torch.rand(2, 3, 4),
    ),
}


@pytest.mark.parametrize("name", BROUGHT)
@pytest.mark.parametrize("mapping", mapping_names())
def test_any_module_is_generated_exported_and_trained(name: str, mapping: str) -> None:
    make, inputs = BROUGHT[name]
    torch.manual_seed(0)
    target = make()
    before = {key: value.clone() for key, value in target.state_dict().items()}
    weights = sum(p.numel() for p in target.parameters())
    model = QuantumTrain(target, samplers(weights), mapping)

    model.eval()
    exported = model.export().eval()
    torch.testing.assert_close(exported(inputs), model(inputs))
    assert all(p.requires_grad for p in exported.parameters())
    assert set(model.weights()) == set(target.state_dict())
    for key, value in model.weights().items():
        torch.testing.assert_close(exported.state_dict()[key], value)

    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    assert sum(p.numel() for p in trained) == model.parameter_counts().total
    model(inputs).square().sum().backward()
    assert all(sampler.phases.grad is not None for sampler in model.pqcnns())
    after = target.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_layers_are_scaled_by_fan_in_and_other_parameters_keep_their_value() -> None:
    target = nn.Sequential(nn.Conv2d(3, 4, 5), nn.BatchNorm2d(4), nn.Linear(10, 2))
    layout = describe_target(target)
    scale = layout.unflatten(layout.scale)
    assert scale["0.weight"].unique().item() == pytest.approx(75**-0.5)
    assert scale["0.bias"].unique().item() == pytest.approx(75**-0.5)
    assert scale["2.bias"].unique().item() == pytest.approx(10**-0.5)
    offset, _ = layout.placement_terms("fan_in")
    assert offset is not None
    kept = layout.unflatten(offset)
    assert not kept["0.weight"].any()
    assert torch.equal(kept["1.weight"], torch.ones(4))
    residual, _ = layout.placement_terms("residual")
    assert residual is not None
    assert torch.equal(layout.unflatten(residual)["0.weight"], target[0].weight)


def test_affine_weights_have_fan_in_scale() -> None:
    model = QuantumTrain(target_from_text("paper").build(), samplers(6690), "affine")
    flat = torch.cat([w.detach().flatten() for w in model.weights().values()])
    assert (flat / model.layout.scale).std().item() == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize(
    ("name", "parameters"), [("notebook", 978), ("paper", 6690), ("cnn816", 816), ("cnn2202", 2202)]
)
def test_targets_of_the_sources(name: str, parameters: int) -> None:
    network = target_from_text(name).build(seed=0)
    assert sum(p.numel() for p in network.parameters()) == parameters
    assert network(torch.zeros(1, 1, 28, 28)).shape == (1, 10)
    again = target_from_text(name).build(seed=0)
    assert all(
        torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True)
    )
    assert any(isinstance(layer, nn.ReLU) for layer in network) is name.startswith("cnn")


def test_frozen_phases_are_not_counted() -> None:
    model = QuantumTrain(target_from_text("paper").build(), samplers(6690), "mps:bond_dimension=2")
    counts = model.parameter_counts()
    assert (counts.phases, counts.mapping, counts.total) == (128, 110, 238)
    model.pqcnns()[0].requires_grad_(False)
    assert count_parameters(model).phases == 56
    assert count_parameters(model).effective_phases == model.pqcnns()[1].effective_phases


@pytest.mark.parametrize(
    ("target", "mapping", "combine", "sentence"),
    [
        (nn.ReLU(), "affine", None, "target ReLU has 0 trainable parameters; allowed"),
        (nn.Linear(100, 100), "affine", None, "have 9 joint outcomes .* at least as many as"),
        (nn.Linear(2, 2), "mixing", "product", "combine is 'product'; allowed with Mixing are"),
        (nn.Linear(2, 2), "affine", "sum", "combine is 'sum'; allowed with Affine are product"),
    ],
)
def test_bad_models(target: nn.Module, mapping: str, combine: str | None, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        QuantumTrain(target, [PQCNN(3, 1), PQCNN(3, 1)], mapping, combine)


def test_no_samplers() -> None:
    with pytest.raises(InvalidInput, match="samplers is 0; allowed"):
        QuantumTrain(nn.Linear(2, 2), [], "affine")


def test_one_sampler_needs_no_list() -> None:
    target = nn.Linear(2, 2)
    for sampler in (
        PQCNN(4, 2, seed=0),
        NoisyPQCNN(PQCNN(4, 2, seed=0), Noise(), seed=0),
        build_generator("fixed_random", PQCNN(4, 2, seed=0), seed=0),
    ):
        model = QuantumTrain(target, sampler, "mixing", seed=1)
        assert model.pqcnns() == [sampler]
        for several in ([sampler], (sampler,), nn.ModuleList([sampler]), iter([sampler])):
            other = QuantumTrain(target, several, "mixing", seed=1)  # type: ignore[arg-type]
            assert torch.equal(other.generate(), model.generate())


@pytest.mark.parametrize(
    ("samplers", "sentence"),
    [
        (None, "a sampler is None; allowed are PQCNNs, noisy ones and controls"),
        (3, "a sampler is 3; allowed are"),
        ("9x4", "a sampler is '9'; allowed are"),
        ([PQCNN(4, 2), (9, 4)], "a sampler is (9, 4); allowed are"),
        ([PQCNN(4, 2), None], "a sampler is None; allowed are"),
        ([PQCNN], "a sampler is <class 'qcnn.samplers.pqcnn.PQCNN'>; allowed are"),
        ([nn.Linear(2, 2)], "a sampler is Linear(in_features=2"),
        (nn.Linear(2, 2), "a sampler is Linear(in_features=2"),
        ((), "the number of samplers is 0; allowed is at least 1"),
        (nn.ModuleList(), "the number of samplers is 0; allowed is at least 1"),
    ],
)
def test_what_is_no_sampler_is_named(samplers: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        QuantumTrain(nn.Linear(2, 2), samplers, "mixing")
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("mapping", [None, 3, Mixing, "hashing", ["mixing"], nn.Linear(2, 2)])
def test_what_is_no_mapping_is_named(mapping: Any) -> None:
    with pytest.raises(InvalidInput, match="mapping is .*; allowed are affine, "):
        QuantumTrain(nn.Linear(2, 2), PQCNN(4, 2), mapping)


@pytest.mark.parametrize("mapping", ["mps:bond_dimension=1000000", "mlp:hidden=99999999"])
def test_options_of_a_mapping_larger_than_any_are_refused_as_text(mapping: str) -> None:
    with pytest.raises(InvalidInput, match="is 9*(1000000|99999999); allowed are whole numbers fr"):
        mapping_from_text(mapping)


@pytest.mark.parametrize("mapping", ["mps:bond_dimension=2000", "mlp:hidden=9999999"])
def test_a_mapping_larger_than_any_is_refused_before_it_is_built(mapping: str) -> None:
    with pytest.raises(InvalidInput, match="trainable parameters of M.* is .*; allowed are at mo"):
        QuantumTrain(nn.Linear(2, 2), PQCNN(4, 2), mapping)


def test_fixed_matrices_that_do_not_fit_into_the_memory_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qcnn.machine.available_memory", lambda: 10**5)
    target = nn.Linear(50, 20)
    for build in (
        lambda: QuantumTrain(target, PQCNN(6, 3), "mixing"),
        lambda: QuantumTrain(target, PQCNN(6, 3), "whitened"),
        lambda: baseline_from_text("random_subspace:dimension=500").build(target, 0),
    ):
        with pytest.raises(InvalidInput, match="the matrix of .* needs .* GiB of memory; allow"):
            build()


class InPlace(nn.Module):
    """A mapping that works in place on the distributions it is given."""

    def forward(self, distributions: list[Tensor]) -> Tensor:
        return torch.cat([p.mul_(3).add_(1) for p in distributions])[:6]


@pytest.mark.parametrize("generator", GENERATORS)
def test_a_mapping_works_on_copies(generator: str) -> None:
    sampler = build_generator(generator, PQCNN(4, 2, seed=0), seed=0)
    model = QuantumTrain(nn.Linear(2, 2), sampler, "mixing", seed=1).eval()
    model.mapping = InPlace()
    if generator != "redrawn_random":
        before = sampler().clone()
        assert torch.equal(model.generate(), model.generate())
        assert torch.equal(sampler(), before)
    noisy = NoisyPQCNN(PQCNN(4, 2, seed=0), Noise(phase_error=0.1), seed=0)
    device = QuantumTrain(nn.Linear(2, 2), noisy, "mixing", seed=1).eval()
    device.mapping = InPlace()
    assert torch.equal(device.generate(), device.generate())


def test_a_mapping_that_gives_another_number_of_weights_is_named() -> None:
    model = QuantumTrain(nn.Linear(2, 2), PQCNN(4, 2, seed=0), "mixing", seed=1)
    model.factor = model.offset = None
    for shape in ((5,), (7,), (1, 6), ()):
        model.mapping.forward = lambda _, shape=shape: torch.ones(shape)  # type: ignore[method-assign, misc]
        with pytest.raises(InvalidInput, match=r"generated weights are of shape .*; allowed is"):
            model(torch.zeros(1, 2))


def test_a_mapping_of_a_users_own_is_found_by_its_name() -> None:
    from dataclasses import dataclass

    from qcnn import Mapping, register_mapping
    from qcnn.mappings._base import registered
    from qcnn.targets.layout import WeightLayout

    class Identity(nn.Module):
        def __init__(self, weights: int) -> None:
            super().__init__()
            self.weights = weights

        def forward(self, distributions: list[Tensor]) -> Tensor:
            return distributions[0][: self.weights]

    try:

        @register_mapping("mine")
        @dataclass(frozen=True)
        class Mine(Mapping):
            def build(
                self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int
            ) -> nn.Module:
                return Identity(layout.weights)

            def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
                return 0

        model = QuantumTrain(nn.Linear(2, 2), [PQCNN(4, 2, seed=0)], "mine")
        assert model.parameter_counts().total == 12
    finally:
        registered.pop("mine", None)


@pytest.mark.parametrize("mapping", ["mixing", "whitened"])
def test_matrices_that_no_memory_holds_are_refused(
    mapping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qcnn.machine, "available_memory", lambda: 2**20)
    with pytest.raises(InvalidInput, match="needs .* GiB .* allowed are at most the 0.000977"):
        QuantumTrain(nn.Linear(100, 100), [PQCNN(5, 2), PQCNN(5, 2)], mapping)


@pytest.mark.parametrize(("mapping", "combine"), [("mps", "product"), ("mixing", None)])
def test_weights_from_other_distributions_than_the_samplers_own(
    mapping: str, combine: str | None
) -> None:
    target = nn.Linear(9, 5)
    one, other = (
        QuantumTrain(target, [PQCNN(6, 3, seed=s), PQCNN(5, 2, seed=s)], mapping, combine)
        for s in (1, 2)
    )
    of_other = [sampler() for sampler in other.pqcnns()]
    other.mapping.load_state_dict(one.mapping.state_dict())
    torch.testing.assert_close(one.weights_from(of_other), other.generate())
    assert not torch.allclose(one.weights_from(of_other), one.generate())
