"""The target trained as it is."""

import copy
from dataclasses import dataclass

from torch import nn

from qcnn.baselines._base import Baseline, register_baseline


@register_baseline("direct")
@dataclass(frozen=True)
class Direct(Baseline):
    """Every weight is trained; a smaller target makes it a baseline at a smaller count."""

    def build(self, target: nn.Module, seed: int) -> nn.Module:
        return copy.deepcopy(target)
