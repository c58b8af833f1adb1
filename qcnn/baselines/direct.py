"""The target trained as it is."""

from dataclasses import dataclass

from torch import nn

from qcnn.baselines._base import Baseline, register_baseline
from qcnn.seeds import check_seed
from qcnn.targets.copies import copy_module
from qcnn.targets.layout import check_initialised


@register_baseline("direct")
@dataclass(frozen=True)
class Direct(Baseline):
    """Every weight is trained; a smaller target makes it a baseline at a smaller count."""

    def build(self, target: nn.Module, seed: int) -> nn.Module:
        check_seed(seed)
        check_initialised(target)
        return copy_module(target)
