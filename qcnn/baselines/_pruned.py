"""A target of which only some weights remain; the others are 0."""

from torch import Tensor, nn

from qcnn.baselines._base import Baseline
from qcnn.weights.generated import GeneratedNetwork, ParameterCounts


class PrunedNetwork(GeneratedNetwork):
    """The target's weights, trained from their initial values, times a mask of 0 and 1.

    Args:
        target: the module to prune.
        mask: 1 for a weight that remains, shape ``(weights,)``.
        options: the baseline.
    """

    mask: Tensor

    def __init__(self, target: nn.Module, mask: Tensor, options: Baseline) -> None:
        super().__init__(target, options)
        self.values = nn.Parameter(self.layout.initial.clone())
        self.register_buffer("mask", mask)

    def generate(self) -> Tensor:
        return self.values * self.mask

    def parameter_counts(self) -> ParameterCounts:
        """What remains is trainable; no number is random (but where it remains is to be stored)."""
        return ParameterCounts(other=int(self.mask.sum()))
