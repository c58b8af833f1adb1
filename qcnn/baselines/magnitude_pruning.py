"""The smallest weights are set to 0 in the middle of the training."""

from dataclasses import dataclass
from math import ceil

import torch
from torch import nn
from torch.nn.utils.prune import L1Unstructured

from qcnn.baselines._base import Baseline, check_count, register_baseline
from qcnn.baselines._pruned import PrunedNetwork
from qcnn.checks import shown
from qcnn.errors import InvalidInput
from qcnn.seeds import check_seed
from qcnn.targets.layout import describe_target
from qcnn.weights.generated import ParameterCounts


@register_baseline("magnitude_pruning")
@dataclass(frozen=True)
class MagnitudePruning(Baseline):
    """The ``kept`` weights and biases of largest magnitude, over all layers, remain.

    The network is trained as a whole until a part of the epochs is over, pruned once and
    trained on. Counted as trainable are the weights that remain, though all are trained
    before: what is stored is small, what is trained is not. The best epoch of a training
    can be one before the pruning; the last one never is.

    Attributes:
        kept: number of weights that remain.
        after: fraction of the epochs, rounded up, before the pruning.

    Source: Han, Pool, Tran and Dally, "Learning both weights and connections for efficient
    neural networks", NeurIPS 2015, arXiv:1506.02626.
    """

    kept: int = 400
    after: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.after <= 1:
            raise InvalidInput(
                f"after is {shown(self.after)}; allowed are numbers above 0, up to 1"
            )

    def build(self, target: nn.Module, seed: int) -> nn.Module:
        check_seed(seed)
        weights = describe_target(target).weights
        check_count(self.kept, "kept", weights)
        return _PrunedLater(target, torch.ones(weights), self)


class _PrunedLater(PrunedNetwork):
    def __init__(self, target: nn.Module, mask: torch.Tensor, options: MagnitudePruning) -> None:
        super().__init__(target, mask, options)
        self.kept, self.after = options.kept, options.after

    def after_epoch(self, epoch: int, epochs: int) -> None:
        """Prune, once the epoch has come (see ``qcnn.training.train.AfterEpoch``)."""
        if epoch == ceil(self.after * epochs):
            pruning = L1Unstructured(self.layout.weights - self.kept)
            self.mask.copy_(pruning.compute_mask(self.values.detach(), self.mask))

    def parameter_counts(self) -> ParameterCounts:
        return ParameterCounts(other=self.kept)
