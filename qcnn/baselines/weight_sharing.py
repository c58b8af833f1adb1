"""Rows of the first linear layer that are shared, as in the paper."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from qcnn.baselines._base import Baseline, register_baseline
from qcnn.checks import check_choice, shown
from qcnn.errors import InvalidInput
from qcnn.seeds import check_seed, generator
from qcnn.targets.layout import WeightLayout, check_own_weight, layer_of, owner_of
from qcnn.weights.generated import GeneratedNetwork, ParameterCounts, count_trainable

_STARTS = ("target", "source")


@register_baseline("weight_sharing")
@dataclass(frozen=True)
class WeightSharing(Baseline):
    """The weight matrix of the first linear layer repeats a few rows; the rest is trained as it is.

    Row i is the shared row i mod ``rows``. Of the paper's target, whose first linear layer
    is 192 → 20, 1, 2, 4, 5 and 10 rows leave 3,042, 3,234, 3,618, 3,810 and 4,770 parameters.

    Attributes:
        rows: number of different rows; a divisor of the layer's outputs.
        start: ``"target"``: the target's initial values, of the matrix its first rows;
            ``"source"``: rows and biases of that layer normal with variance 1, as in the
            paper's code, many times what their fan-in asks for.

    Source: arXiv:2505.08474, Table II; Louisanity/PhotonicQuantumTrain, weight_sharing/.
    """

    rows: int = 5
    start: str = "target"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self.start, "start", _STARTS)

    def build(self, target: nn.Module, seed: int) -> nn.Module:
        check_seed(seed)
        return _Shared(target, self, seed)


class _Shared(GeneratedNetwork):
    def __init__(self, target: nn.Module, options: WeightSharing, seed: int) -> None:
        super().__init__(target, options)
        rows = options.rows
        matrix = _first_matrix(target, self.layout)
        values = self.layout.unflatten(self.layout.initial.clone())
        outputs = len(values[matrix])
        divisors = [n for n in range(1, outputs + 1) if outputs % n == 0]
        if rows not in divisors:
            allowed = ", ".join(map(str, divisors))
            raise InvalidInput(
                f"rows is {shown(rows)}; allowed for {outputs} outputs are {allowed}"
            )
        values[matrix] = values[matrix][:rows]
        if options.start == "source":
            random = generator(seed, "shared rows")
            layer = owner_of(target, matrix)
            for name in values:
                if owner_of(target, name) is layer:
                    values[name] = torch.randn(values[name].shape, generator=random)
        self._repeats = {matrix: outputs // rows}
        self.values = nn.ParameterList([nn.Parameter(value.clone()) for value in values.values()])

    def generate(self) -> Tensor:
        return torch.cat(
            [
                value.repeat(self._repeats.get(name, 1), *[1] * (value.ndim - 1)).flatten()
                for name, value in zip(self.layout.names, self.values, strict=True)
            ]
        )

    def parameter_counts(self) -> ParameterCounts:
        return ParameterCounts(other=count_trainable(self))


def _first_matrix(target: nn.Module, layout: WeightLayout) -> str:
    """The name of the first linear layer's weight matrix."""
    for name, shape in zip(layout.names, layout.shapes, strict=True):
        layer = layer_of(target, name)
        if isinstance(layer, nn.Linear) and len(shape) > 1:
            check_own_weight(target, layer, "weight_sharing")
            return name
    raise InvalidInput(f"target {type(target).__name__} has 0 linear layers; allowed is at least 1")
