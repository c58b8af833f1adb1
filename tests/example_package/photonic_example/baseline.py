"""A baseline: the last layer alone is trained."""

import copy
from dataclasses import dataclass

from torch import nn

from qcnn.baselines import Baseline, register_baseline


@register_baseline("example-last-layer")
@dataclass(frozen=True)
class LastLayer(Baseline):
    layers: int = 1

    def build(self, target: nn.Module, seed: int) -> nn.Module:
        model = copy.deepcopy(target).requires_grad_(False)
        list(model.children())[-self.layers].requires_grad_(True)
        return model
