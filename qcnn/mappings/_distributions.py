"""What a mapping reads: a distribution of each sampler, those of equal ones in one tensor."""

from collections.abc import Sequence
from typing import Literal, Protocol, Self, runtime_checkable

import torch
from torch import Tensor


class Distributions:
    """The distributions of several samplers, in as few tensors as they were computed in.

    Args:
        batches: places of the samplers of one batch, and their distributions, of shape
            ``(samplers, outcomes)``. Every place from 0 on is in one of them.

    >>> found = Distributions([((0, 2), torch.tensor([[0.5, 0.5], [0.2, 0.8]])),
    ...                        ((1,), torch.tensor([[1.0]]))])
    >>> found.stack((0, 2))
    tensor([[0.5000, 0.5000],
            [0.2000, 0.8000]])
    >>> found.rows()[1]
    tensor([1.])
    """

    def __init__(self, batches: Sequence[tuple[tuple[int, ...], Tensor]]) -> None:
        self._batches = dict(batches)

    @classmethod
    def of(cls, rows: "Sequence[Tensor] | Distributions") -> "Distributions":
        """Those of a list of one tensor of shape ``(outcomes,)`` for each sampler."""
        if isinstance(rows, Distributions):
            return rows
        return cls([((place,), row.unsqueeze(0)) for place, row in enumerate(rows)])

    def to(self, dtype: torch.dtype | None) -> Self:
        """The same in another precision."""
        return type(self)([(places, batch.to(dtype)) for places, batch in self._batches.items()])

    def rows(self) -> list[Tensor]:
        """One tensor of shape ``(outcomes,)`` for each sampler, in their order."""
        found = {
            place: row
            for places, batch in self._batches.items()
            for place, row in zip(places, batch.unbind(), strict=True)
        }
        return [found[place] for place in range(len(found))]

    def stack(self, places: Sequence[int]) -> Tensor:
        """Those of the samplers at these places, shape ``(places, outcomes)``."""
        batch = self._batches.get(tuple(places))
        if batch is not None:
            return batch
        rows = self.rows()
        return torch.stack([rows[place] for place in places])


@runtime_checkable
class ReadsBatches(Protocol):
    """A mapping's module whose ``forward`` takes :class:`Distributions`, too, and is given them.

    So nothing is done for each sampler in models of many equal ones. It must not change them.
    """

    reads_batches: Literal[True]
