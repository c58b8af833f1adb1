"""Weights that share their values at random."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from qcnn.baselines._base import Baseline, check_count, register_baseline
from qcnn.seeds import generator
from qcnn.weights.generated import GeneratedNetwork, ParameterCounts


@register_baseline("hashing")
@dataclass(frozen=True)
class Hashing(Baseline):
    """Each weight is the value of a bucket of its tensor, times a random sign, over √fan-in.

    The buckets are split over the tensors in proportion to their weights, at least one
    each. Which weight takes which bucket is fixed and random, but dealt out evenly, so that
    no bucket is left without a weight (the source draws every weight's bucket by itself).
    Values start normal with unit variance; a norm's or an embedding's are added to its
    initial ones, as those of a mapping are.

    Attributes:
        buckets: number of buckets, the trainable parameters.

    Source: Chen, Wilson, Tyree, Weinberger and Chen, "Compressing neural networks with the
    hashing trick", ICML 2015, arXiv:1504.04788.
    """

    buckets: int = 100

    def build(self, target: nn.Module, seed: int) -> nn.Module:
        return _Hashed(target, self, seed)


def split_in_proportion(total: int, sizes: list[int]) -> list[int]:
    """``total`` split over parts of these sizes, each at least 1 and at most its size.

    >>> split_in_proportion(10, [100, 4, 1000])
    [1, 1, 8]
    """
    shares = [1] * len(sizes)
    for _ in range(total - len(sizes)):
        open_parts = [part for part, size in enumerate(sizes) if shares[part] < size]
        shares[min(open_parts, key=lambda part: shares[part] / sizes[part])] += 1
    return shares


class _Hashed(GeneratedNetwork):
    offset: Tensor | None

    def __init__(self, target: nn.Module, options: Hashing, seed: int) -> None:
        super().__init__(target, options)
        layout, buckets = self.layout, options.buckets
        check_count(buckets, "buckets", layout.weights, least=layout.tensors)
        random = generator(seed, "fixed numbers")
        sizes = [shape.numel() for shape in layout.shapes]
        bucket_of: list[Tensor] = []
        first = 0
        for size, share in zip(sizes, split_in_proportion(buckets, sizes), strict=True):
            bucket_of.append(first + torch.randperm(size, generator=random) % share)
            first += share
        signs = 2.0 * torch.randint(2, (layout.weights,), generator=random) - 1
        offset, _ = layout.placement_terms("fan_in")
        self.register_buffer("bucket_of", torch.cat(bucket_of))
        self.register_buffer("signed_scale", signs * layout.scale)
        self.register_buffer("offset", offset)
        start = generator(seed, "buckets")
        self.values = nn.Parameter(torch.randn(buckets, generator=start))

    def generate(self) -> Tensor:
        numbers = self.get_buffer("signed_scale") * self.values[self.get_buffer("bucket_of")]
        return numbers if self.offset is None else numbers + self.offset

    def parameter_counts(self) -> ParameterCounts:
        """Fixed are a bucket and a sign for every weight, and initial values that are kept."""
        kept = 0 if self.offset is None else int(self.offset.count_nonzero())
        return ParameterCounts(
            other=self.values.numel(), fixed_numbers=2 * self.layout.weights + kept
        )
