"""Mappings from probabilities to the 6,690 weights of the paper's network."""

from typing import Any

import torch
from torch import Tensor

from qcnn import PQCNN, QuantumTrain, target_from_text

from ._common import SEED

SIZES = ((9, 4), (8, 4))
OUTCOMES = {"product": (8_820,), "concatenation": (126, 70)}
BOND_DIMENSIONS = (1, 2, 4, 10)


def make_mapping(text: str) -> tuple[torch.nn.Module, list[Tensor], Tensor]:
    """A mapping, the distributions that it reads, and a cotangent of its numbers."""
    target = target_from_text("paper").build(seed=SEED)
    samplers = [PQCNN(modes, photons, seed=SEED) for modes, photons in SIZES]
    model = QuantumTrain(target, samplers, text, seed=SEED)
    random = torch.Generator().manual_seed(SEED)
    distributions = [
        torch.randn(length, generator=random).softmax(0).requires_grad_()
        for length in OUTCOMES[model.combine]
    ]
    cotangent = torch.randn(sum(p.numel() for p in target.parameters()), generator=random)
    return model.mapping, distributions, cotangent


class Mappings:
    """Forward and backward; the gradients reach the probabilities and the mapping."""

    version = "1"
    params = (
        (
            "affine",
            "log_affine",
            "logit_tanh",
            "mixing",
            "mlp",
            *(f"mps:bond_dimension={chi}" for chi in BOND_DIMENSIONS),
            "mps:bond_dimension=10,form=torchmps",
        ),
    )
    param_names = ("mapping",)

    def setup(self, text: str) -> None:
        self.mapping, self.distributions, self.cotangent = make_mapping(text)
        self.inputs = [*self.distributions, *self.mapping.parameters()]

    def time_forward_backward(self, text: str) -> None:
        torch.autograd.grad(self.mapping(self.distributions), self.inputs, self.cotangent)


class MatrixProductState:
    """The same MPS with prefixes that the weights share, and row by row, weight for weight."""

    version = "1"
    params = (BOND_DIMENSIONS, ("shared prefixes", "row by row"))
    param_names = ("bond dimension", "evaluation")

    def setup(self, chi: int, evaluation: str) -> None:
        text = f"mps:bond_dimension={chi}"
        self.mapping, self.distributions, self.cotangent = make_mapping(text)
        self.inputs = [*self.distributions, *self.mapping.parameters()]
        self.evaluate = self.mapping if evaluation == "shared prefixes" else self.row_by_row

    def row_by_row(self, distributions: list[Tensor]) -> Tensor:
        """One product of matrices for each weight."""
        mapping: Any = self.mapping
        (joint,) = distributions
        probabilities = joint[: mapping.weights]
        values = torch.log(probabilities / probabilities.mean() + 0.1)
        values = (values - values.mean()) / values.std(correction=0)
        bits = len(mapping.cores)
        rows = mapping.first.expand(mapping.weights, 1, -1)
        for site in range(bits):
            chosen = torch.arange(mapping.weights) >> (bits - 1 - site) & 1
            rows = torch.bmm(rows, mapping.cores[site][chosen])
        constant: Tensor
        slope: Tensor
        constant, slope = (rows.squeeze(1) @ mapping.last).unbind(dim=1)
        return constant + slope * values

    def time_forward_backward(self, chi: int, evaluation: str) -> None:
        torch.autograd.grad(self.evaluate(self.distributions), self.inputs, self.cotangent)
