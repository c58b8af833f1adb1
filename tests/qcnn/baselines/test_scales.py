"""The size of what each baseline starts from: weights of 1/√fan-in, whatever their tensor."""

import pytest
import torch
from torch import Tensor, nn

from qcnn import baseline_from_text, target_from_text
from qcnn.weights.generated import GeneratedNetwork


def build(text: str, seed: int = 0, target: nn.Module | None = None) -> GeneratedNetwork:
    network = target_from_text("cnn2202").build(seed=seed) if target is None else target
    model = baseline_from_text(text).build(network, seed)
    assert isinstance(model, GeneratedNetwork)
    return model


def fan_in_scales(model: nn.Module) -> dict[str, float]:
    """1/√fan-in of every weight matrix, by its name."""
    return {
        name: value[0].numel() ** -0.5 for name, value in model.named_parameters() if value.ndim > 1
    }


def spreads(text: str, seeds: int = 10) -> dict[str, float]:
    """Standard deviation of the initial weights in units of 1/√fan-in, over seeds."""
    drawn: dict[str, list[Tensor]] = {}
    for seed in range(seeds):
        model = build(text, seed)
        for name, scale in fan_in_scales(model.target).items():
            drawn.setdefault(name, []).append(model.weights()[name].detach().flatten() / scale)
    return {name: torch.cat(values).std().item() for name, values in drawn.items()}


@pytest.mark.parametrize("text", ["hashing:buckets=600", "low_rank:rank=2"])
def test_drawn_weights_have_unit_variance_over_the_fan_in(text: str) -> None:
    found = spreads(text)
    allowed = {"hashing:buckets=600": (0.9, 1.1), "low_rank:rank=2": (0.8, 1.2)}[text]
    assert len(found) == 3
    for name, spread in found.items():
        assert allowed[0] < spread < allowed[1], name


def test_a_buckets_value_is_shared_up_to_its_sign() -> None:
    model = build("hashing:buckets=600")
    values = {round(value, 5) for value in model.state_dict()["values"].abs().tolist()}
    for name, scale in fan_in_scales(model.target).items():
        sizes = (model.weights()[name].detach() / scale).abs().flatten()
        assert {round(size, 5) for size in sizes.tolist()} <= values
        signs = model.weights()[name].detach().sign().flatten()
        assert abs(signs.mean().item()) < 0.3


def test_a_matrix_is_factorised_only_where_that_is_smaller() -> None:
    """4 × 4 at rank 2 are 16 numbers either way: it stays as it is."""
    torch.manual_seed(0)
    target = nn.Sequential(nn.Flatten(), nn.Linear(4, 4, bias=False), nn.Linear(4, 5, bias=False))
    model = build("low_rank:rank=2", target=target)
    torch.testing.assert_close(model.weights()["1.weight"], target[1].weight)
    assert torch.linalg.matrix_rank(model.weights()["2.weight"]) == 2
    assert model.parameter_counts().total == 16 + 2 * (4 + 5)


@pytest.mark.parametrize("directions", ["normal", "orthogonal"])
def test_a_step_in_a_subspace_moves_weights_by_one_over_the_fan_in(directions: str) -> None:
    """All coordinates one: weights move by √dimension or √weights/dimension · 1/√fan-in."""
    model = build(f"random_subspace:dimension=50,directions={directions}")
    start = {name: value.detach().clone() for name, value in model.weights().items()}
    for name, value in model.target.state_dict().items():
        torch.testing.assert_close(start[name], value)
    random = torch.Generator().manual_seed(1)
    with torch.no_grad():
        model.get_parameter("coordinates").copy_(torch.randn(50, generator=random))
    moved = {
        name: (model.weights()[name].detach() - start[name]).flatten() / scale
        for name, scale in fan_in_scales(model.target).items()
    }
    spread = {name: values.square().mean().sqrt().item() for name, values in moved.items()}
    whole = sum(spread.values()) / len(spread)
    for name, each in spread.items():
        assert each == pytest.approx(whole, rel=0.4), name
