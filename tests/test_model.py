"""The whole model on the sources' networks and on modules a user brings."""

import pytest
import torch
from torch import Tensor, nn

from qcnn import (
    PQCNN,
    InvalidInput,
    QuantumTrain,
    choose_sizes,
    count_parameters,
    mapping_names,
    target_from_text,
)
from qcnn.layout import describe_target


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


def test_a_mapping_of_a_users_own_is_found_by_its_name() -> None:
    from dataclasses import dataclass

    from qcnn import Mapping, register_mapping
    from qcnn.layout import WeightLayout
    from qcnn.mappings._base import registered

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
