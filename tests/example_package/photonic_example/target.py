"""A target: one linear layer."""

from dataclasses import dataclass
from math import prod

import torch
from torch import nn

from qcnn.targets import Target, register_target


@register_target("example-linear")
@dataclass(frozen=True)
class Linear(Target):
    bias: bool = True

    def build(
        self, image_shape: tuple[int, int, int] = (1, 28, 28), classes: int = 10, seed: int = 0
    ) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return nn.Sequential(nn.Flatten(), nn.Linear(prod(image_shape), classes, self.bias))

    def count_weights(self, image_shape: tuple[int, int, int], classes: int) -> int:
        return classes * (prod(image_shape) + self.bias)
