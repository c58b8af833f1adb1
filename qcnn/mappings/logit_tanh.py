"""Source A: clamp, logit, tanh."""

from dataclasses import dataclass

from torch import Tensor, nn

from qcnn.mappings._base import Mapping, one_per_weight, register_mapping
from qcnn.targets.layout import Placement, WeightLayout


@register_mapping("logit_tanh")
@dataclass(frozen=True)
class LogitTanh(Mapping):
    """w = tanh(logit(clamp(p, 1e-6, 1 − 1e-6))), exactly as in the reference notebook.

    Joint probabilities are of order 1e-5, so that the tanh is −1 in float32: all
    weights are equal and the gradient is zero.
    """

    def build(self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        return _LogitTanh(layout.weights)

    def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
        return 0

    def get_placement(self) -> Placement:
        return "source"


class _LogitTanh(nn.Module):
    def __init__(self, weights: int) -> None:
        super().__init__()
        self.weights = weights

    def forward(self, distributions: list[Tensor]) -> Tensor:
        probabilities = one_per_weight(distributions, self.weights)
        return probabilities.clamp(1e-6, 1 - 1e-6).logit().tanh()
