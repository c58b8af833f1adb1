"""Low-rank factors as the weights to generate, around a network that has learned MNIST."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import qcnn
from qcnn import (
    PQCNN,
    InvalidInput,
    QuantumTrain,
    baseline_from_text,
    count_parameters,
    target_from_text,
)
from qcnn.targets.adapter import Adapter
from qcnn.targets.layout import describe_target
from qcnn.targets.pretrained import LAYERS, FrozenLayer, Pretrained

TEXTS = ("adapter", "adapter:rank=1", "adapter:rank=3,layers=conv2+output,alpha=0.5")
SMALLEST = "adapter:rank=2,layers=conv1"
#: Baselines that ask for parameters alone, and no layers.
BASELINES = (
    "random_subspace:dimension=30",
    "random_subspace:dimension=30,directions=layered",
    "hashing:buckets=30",
    "magnitude_pruning:kept=30,after=1.0",
)


def images(count: int = 5) -> Tensor:
    return torch.rand(count, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def samplers() -> list[PQCNN]:
    return [PQCNN(6, 2, seed=0), PQCNN(5, 2, seed=1)]


def moved(network: nn.Sequential) -> nn.Sequential:
    """The network with other factors."""
    with torch.no_grad():
        for value in network.parameters():
            value.normal_()
    return network


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("seed", [0, 5])
def test_it_starts_as_the_network_of_mnist(text: str, seed: int) -> None:
    expected = Pretrained().build()(images())
    network = target_from_text(text).build(seed=seed)
    torch.testing.assert_close(network(images()), expected)
    assert not torch.allclose(moved(network)(images()), expected, atol=0.1)


def test_a_seed_draws_the_factors_that_are_not_zero() -> None:
    first, again, other = (Adapter().build(seed=seed) for seed in (1, 1, 2))
    for name, value in first.named_parameters():
        assert torch.equal(value, again.get_parameter(name))
        if "down" in name:
            assert not torch.equal(value, other.get_parameter(name))
            columns = value.shape[1]
            assert (value.square().mean() * columns).item() == pytest.approx(1, rel=0.5)
        else:
            assert not value.any()


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("classes", [10, 3])
def test_its_parameters_are_the_factors_alone(text: str, classes: int) -> None:
    target = target_from_text(text)
    network = target.build(classes=classes)
    counted = sum(value.numel() for value in network.parameters())
    assert counted == target.count_weights((1, 28, 28), classes)
    assert all(name.split(".")[1] in ("up", "down") for name, _ in network.named_parameters())


@pytest.mark.parametrize(("rank", "alpha"), [(1, 1.0), (3, 0.5)])
def test_weights_change_by_the_product_of_the_factors(rank: int, alpha: float) -> None:
    layers = ("conv2", "output")
    network = moved(Adapter(rank=rank, layers=layers, alpha=alpha).build())
    frozen = [layer for layer in network if isinstance(layer, FrozenLayer)]
    assert len(frozen) == len(LAYERS)
    for name, layer in zip(LAYERS, frozen, strict=True):
        change = (layer.get_weight() - layer.weight).detach().flatten(1)
        if name not in layers:
            assert not change.any()
            continue
        factors = dict(layer.named_parameters())
        up, down = factors["up.values"].detach(), factors["down.values"].detach()
        torch.testing.assert_close(change, alpha / rank * up @ down, atol=1e-5, rtol=1e-4)
        assert int(torch.linalg.matrix_rank(change, rtol=1e-4)) == rank


def test_factors_belong_to_no_layer_and_keep_their_start() -> None:
    layout = describe_target(Adapter(rank=2).build(seed=3))
    assert not layout.in_layer.any()
    scales = layout.unflatten(layout.scale)
    assert scales["3.down.values"].unique().item() == pytest.approx(200**-0.5)
    assert scales["3.up.values"].unique().item() == pytest.approx(2**-0.5)
    offset, _ = layout.placement_terms("fan_in")
    assert offset is not None
    assert torch.equal(offset, layout.initial)


@pytest.mark.parametrize("mapping", ["roots", "whitened"])
def test_mappings_that_begin_at_0_begin_with_the_network_of_mnist(mapping: str) -> None:
    model = QuantumTrain(Adapter().build(), samplers(), mapping, seed=0)
    expected = Pretrained().build()(images())
    torch.testing.assert_close(model(images()), expected, atol=1e-4, rtol=1e-4)


def test_mixing_changes_it_by_as_much_as_alpha_says() -> None:
    expected = Pretrained().build()(images())
    changes = [
        (QuantumTrain(Adapter(alpha=alpha).build(), samplers(), "mixing")(images()) - expected)
        .square()
        .mean()
        for alpha in (0.01, 0.1)
    ]
    assert 0 < 50 * changes[0] < changes[1] < 200 * changes[0]


@pytest.mark.parametrize("mapping", ["mixing", "whitened", "affine"])
def test_its_factors_are_generated(mapping: str) -> None:
    model = QuantumTrain(target_from_text(SMALLEST).build(), samplers(), mapping, seed=0)
    assert model.layout.weights == 66
    model(images()).square().sum().backward()
    assert all(value.grad is not None for value in model.parameters() if value.requires_grad)
    assert any(bool(phases.grad.any()) for phases in model.phase_parameters())  # type: ignore[union-attr]


def test_direct_is_lora() -> None:
    target = Adapter(rank=1, layers=("conv1",)).build()
    model = baseline_from_text("direct").build(target, 0)
    assert count_parameters(model).total == 33
    optimiser = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for _ in range(2):  # in the first step A has no gradient, since B is 0
        optimiser.zero_grad()
        model(images()).square().sum().backward()
        optimiser.step()
    after = model.state_dict()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed == {"0.up.values", "0.down.values"}


def test_layered_directions_are_coefficients_for_each_factor_as_nolas() -> None:
    target = Adapter(rank=4).build()
    text = "random_subspace:dimension=60,directions=layered"
    model = baseline_from_text(text).build(target, 1)
    assert isinstance(model, qcnn.GeneratedNetwork)
    start = {name: value.clone() for name, value in model.weights().items()}
    coordinates = model.get_parameter("coordinates")
    moved_by: dict[str, int] = {}
    for place in range(60):
        coordinates.data = torch.eye(60)[place]
        found = model.weights()
        (name,) = [name for name, value in found.items() if not torch.equal(value, start[name])]
        moved_by[name] = moved_by.get(name, 0) + 1
    assert set(moved_by) == {name for name, _ in target.named_parameters()}
    assert moved_by["7.down.values"] > moved_by["7.up.values"] > moved_by["0.up.values"]


@pytest.mark.parametrize("text", BASELINES)
def test_baselines_of_parameters_take_it(text: str) -> None:
    target = target_from_text(SMALLEST).build(seed=1)
    model = baseline_from_text(text).build(target, 2)
    assert isinstance(model, qcnn.GeneratedNetwork)
    assert 0 < count_parameters(model).total < 66
    model(images()).square().sum().backward()
    torch.testing.assert_close(model.export()(images()), model(images()))


def test_a_random_subspace_of_all_weights_starts_with_the_network_of_mnist() -> None:
    text = "random_subspace:dimension=20,matrix=hadamard"
    model = baseline_from_text(text).build(Pretrained().build(), 0)
    torch.testing.assert_close(model(images()), Pretrained().build()(images()))


def test_a_model_of_it_is_kept_in_a_file(tmp_path: Path) -> None:
    target = target_from_text(SMALLEST).build((1, 8, 8), 3, seed=4)
    model = QuantumTrain(target, samplers(), "mixing", seed=2)
    model.save(tmp_path / "model.safetensors")
    again = qcnn.load(tmp_path / "model.safetensors")
    small = torch.rand(2, 1, 8, 8)
    assert torch.equal(again(small), model(small))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("adapter:rank=5", "rank is 5; allowed are whole numbers from 1 to 4"),
        ("adapter:rank=0", "rank is 0; allowed are whole numbers from 1 to 4"),
        ("adapter:layers=", r"layers is \(\); allowed are some of conv1, conv2, hidden, output"),
        ("adapter:layers=conv3", r"layers is \('conv3',\); allowed are some of conv1, conv2"),
        ("adapter:layers=output+conv1", "each once and in this order"),
        ("adapter:layers=conv1+conv1", "each once and in this order"),
        ("adapter:alpha=0", "alpha is 0.0; allowed are numbers above 0, up to 1000"),
    ],
)
def test_what_is_no_adapter_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        target_from_text(text)
