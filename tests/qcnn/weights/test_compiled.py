"""A whole model, network included, is one graph of torch's compiler, with the same gradients."""

import copy
import shutil

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from qcnn import (
    PQCNN,
    QuantumTrain,
    baseline_from_text,
    baseline_names,
    mapping_names,
    target_from_text,
)

BASELINES = {
    "hashing": "hashing:buckets=6",
    "magnitude_pruning": "magnitude_pruning:kept=9",
    "random_subspace": "random_subspace:dimension=5",
    "weight_sharing": "weight_sharing:rows=1",
}


@pytest.fixture(autouse=True)
def _nothing_compiled_before() -> None:
    """Torch compiles the code of a class a few times only, whatever the sizes of its objects."""
    torch.compiler.reset()


class Normalised(nn.Module):
    """Has statistics that change in a pass."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)
        self.last = nn.Linear(32, 3)

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.last(self.norm(self.convolution(images)).relu().flatten(1))
        return features


class Recomputing(nn.Module):
    """A part of it is run again in the backward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(36, 4), nn.Linear(4, 3)
        self.again = True

    def forward(self, images: Tensor) -> Tensor:
        inputs = images.flatten(1)
        hidden = checkpoint(self.first, inputs, use_reentrant=False) if self.again else None
        found: Tensor = self.last((self.first(inputs) if hidden is None else hidden).tanh())
        return found


def quantum(target: nn.Module, mapping: str = "mixing") -> QuantumTrain:
    return QuantumTrain(target, [PQCNN(6, 3, seed=seed) for seed in (1, 2)], mapping, seed=4)


def check_same(model: nn.Module, compiled: nn.Module, backend: str = "aot_eager") -> None:
    """Results, gradients and what a pass changes, of two copies of a model."""
    images = torch.rand(4, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    run = torch.compile(compiled, fullgraph=True, backend=backend)
    for _ in range(2):
        expected, found = model(images), run(images)
        torch.testing.assert_close(found, expected)
        expected.square().sum().backward()
        found.square().sum().backward()
    for (name, own), other in zip(model.named_parameters(), compiled.parameters(), strict=True):
        assert (own.grad is None) == (other.grad is None) == (not own.requires_grad), name
        if own.grad is not None:
            torch.testing.assert_close(own.grad, other.grad)
    for before, after in zip(model.buffers(), compiled.buffers(), strict=True):
        torch.testing.assert_close(after, before)


@pytest.mark.parametrize(
    "mapping",
    [*mapping_names(), "mps:form=torchmps", "mps:form=orthogonal", "whitened:matrix=hadamard"],
)
def test_a_model_is_one_graph(mapping: str) -> None:
    model = quantum(Normalised(), mapping)
    check_same(model, copy.deepcopy(model))


@pytest.mark.parametrize("baseline", baseline_names())
def test_a_baseline_is_one_graph(baseline: str) -> None:
    target = target_from_text("cnn:channels=2,kernel=3").build((1, 6, 6), 3)
    model = baseline_from_text(BASELINES.get(baseline, baseline)).build(target, 1)
    check_same(model, copy.deepcopy(model))


def test_a_part_that_is_run_again_has_the_generated_weights_in_compiled_code() -> None:
    """Outside of it, it is refused: ``tests/qcnn/targets/test_any_module.py``."""
    model = quantum(Recomputing())
    again = copy.deepcopy(model)
    assert isinstance(model.target, Recomputing)
    model.target.again = False
    check_same(model, again)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit.*is deprecated:DeprecationWarning")
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_model_is_compiled() -> None:
    model = quantum(Normalised()).double()  # in single precision it rounds otherwise
    check_same(model, copy.deepcopy(model), "inductor")
