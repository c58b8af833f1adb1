"""Mappings from probabilities to the 6,690 weights of the paper's network."""

from typing import Any

import torch
from torch import Tensor

from qcnn import mapping_from_text, target_from_text
from qcnn.layout import describe_target
from qcnn.mappings import one_per_weight, relative, standardise
from qcnn.mappings._base import index_bits

from ._common import SEED

OUTCOMES = {"product": (8_820,), "concatenation": (126, 70)}
BOND_DIMENSIONS = (1, 2, 4, 10)


def make_mapping(text: str) -> tuple[torch.nn.Module, list[Tensor], Tensor]:
    """A mapping, the distributions that it reads, and a cotangent of its numbers."""
    mapping = mapping_from_text(text)
    layout = describe_target(target_from_text("paper").build(seed=SEED))
    random = torch.Generator().manual_seed(SEED)
    lengths = OUTCOMES[mapping.combinations[0]]
    distributions = [
        torch.randn(length, generator=random).softmax(0).requires_grad_() for length in lengths
    ]
    cotangent = torch.randn(layout.weights, generator=random)
    return mapping.build(layout, lengths, SEED), distributions, cotangent


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
        probabilities = one_per_weight(distributions, mapping.weights)
        values = standardise(torch.log(relative(probabilities) + 0.1))
        bits = index_bits(mapping.weights)
        rows = mapping.first.expand(mapping.weights, 1, -1)
        for site in range(bits):
            chosen = torch.arange(mapping.weights) >> (bits - 1 - site) & 1
            rows = torch.bmm(rows, mapping.cores[site][chosen])
        constant, slope = (rows.squeeze(1) @ mapping.last).unbind(dim=1)
        return constant + slope * values

    def time_forward_backward(self, chi: int, evaluation: str) -> None:
        torch.autograd.grad(self.evaluate(self.distributions), self.inputs, self.cotangent)
