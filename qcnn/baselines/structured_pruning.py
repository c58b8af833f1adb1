"""Filters and inputs are removed before the training, the paper's pruning."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.utils.prune import ln_structured

from qcnn.baselines._base import Baseline, register_baseline
from qcnn.baselines._pruned import PrunedNetwork
from qcnn.checks import shown
from qcnn.errors import InvalidInput
from qcnn.seeds import check_seed
from qcnn.targets.copies import copy_module
from qcnn.targets.layout import check_own_weight, describe_target


@register_baseline("structured_pruning")
@dataclass(frozen=True)
class StructuredPruning(Baseline):
    """The convolutions' filters and linear layers' inputs of smallest norm are 0 throughout.

    They are chosen by the L2 norm of the initial weights, so nearly at random, and never
    trained; biases all remain. Of the paper's target, shares of 0.5, 0.6, 0.7, 0.8 and 0.9
    leave 3,370, 2,745, 2,120, 1,300 and 675 parameters. (The table of the paper says 3,770
    where its code counts 3,370.)

    Attributes:
        share: fraction of the filters, and of the inputs, that is removed from each layer.

    Source: arXiv:2505.08474, Table II; Louisanity/PhotonicQuantumTrain,
    classical_model_benchmarking/classical_compression_pruning.ipynb.
    """

    share: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.share < 1:
            raise InvalidInput(f"share is {shown(self.share)}; allowed are numbers between 0 and 1")

    def build(self, target: nn.Module, seed: int) -> nn.Module:
        check_seed(seed)
        return PrunedNetwork(target, _mask_by_norm(target, self.share), self)


def _mask_by_norm(target: nn.Module, share: float) -> torch.Tensor:
    """1 for every weight that remains, in the order of the layout."""
    layout = describe_target(target)
    pruned = copy_module(target)
    masks = {}
    for name, layer in pruned.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            check_own_weight(pruned, layer, "structured_pruning")
            ln_structured(layer, "weight", share, n=2, dim=0 if isinstance(layer, nn.Conv2d) else 1)
            masks[f"{name}.weight".lstrip(".")] = layer.get_buffer("weight_mask")
    return torch.cat(
        [
            masks.get(name, torch.ones(shape)).flatten()
            for name, shape in zip(layout.names, layout.shapes, strict=True)
        ]
    )
