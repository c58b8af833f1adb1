"""Weight matrices of low rank."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from qcnn.baselines._base import Baseline, register_baseline
from qcnn.checks import LARGEST_COUNT, whole_number
from qcnn.seeds import check_seed, generator
from qcnn.targets.layout import layer_of
from qcnn.weights.generated import GeneratedNetwork, ParameterCounts, count_trainable

_MATRICES = (nn.Linear, nn.modules.conv._ConvNd)


@register_baseline("low_rank")
@dataclass(frozen=True)
class LowRank(Baseline):
    """Each weight matrix of a linear or convolutional layer is U·V, both factors trained.

    A convolution's is flattened to output channels × (input channels · kernel area). A
    matrix for which the factors would be no smaller stays dense, as biases and everything
    else do, from the target's initial values. The factors start normal, such that the
    matrix has the variance 1/fan-in; the layers' numbers are in units of 1/√fan-in.

    Attributes:
        rank: columns of U and rows of V.

    Source: Sainath et al., "Low-rank matrix factorization for deep neural network training
    with high-dimensional output targets", ICASSP 2013.
    """

    rank: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_number(self.rank, "rank", 1, LARGEST_COUNT)

    def build(self, target: nn.Module, seed: int) -> nn.Module:
        check_seed(seed)
        return _LowRank(target, self, seed)


class _LowRank(GeneratedNetwork):
    def __init__(self, target: nn.Module, options: LowRank, seed: int) -> None:
        super().__init__(target, options)
        rank = options.rank
        random = generator(seed, "factors")
        self.register_buffer("scale", self.layout.scale)
        starts = self.layout.unflatten(self.layout.initial / self.layout.scale)
        self.parts = nn.ModuleList()
        for name, start in starts.items():
            rows, columns = start.shape[:1].numel(), start.shape[1:].numel()
            factorised = isinstance(layer_of(target, name), _MATRICES) and start.ndim > 1
            if factorised and rank * (rows + columns) < rows * columns:
                self.parts.append(_Product(rows, columns, rank, random))
            else:
                self.parts.append(_Dense(start))

    def generate(self) -> Tensor:
        numbers = torch.cat([part() for part in self.parts])
        return self.get_buffer("scale") * numbers

    def parameter_counts(self) -> ParameterCounts:
        return ParameterCounts(other=count_trainable(self))


class _Dense(nn.Module):
    def __init__(self, start: Tensor) -> None:
        super().__init__()
        self.values = nn.Parameter(start.flatten().clone())

    def forward(self) -> Tensor:
        return self.values


class _Product(nn.Module):
    """Flat entries of U·V, which start with variance 1."""

    def __init__(self, rows: int, columns: int, rank: int, random: torch.Generator | None) -> None:
        super().__init__()
        self.left = nn.Parameter(torch.randn(rows, rank, generator=random) / rank**0.5)
        self.right = nn.Parameter(torch.randn(rank, columns, generator=random))

    def forward(self) -> Tensor:
        return (self.left @ self.right).flatten()
