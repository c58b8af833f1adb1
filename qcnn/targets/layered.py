"""A random matrix for each layer by itself, smooth across the kernels of convolutions."""

import math
from collections.abc import Callable, Sequence
from itertools import groupby

import torch
from torch import Tensor, nn

from qcnn.targets.layout import WeightLayout


class LayeredMatrix(nn.Module):
    """Multiplies by a block-diagonal matrix: numbers of their own for each layer's weights.

    A convolution's kernels change in their low frequencies alone: of k discrete cosines along
    each side of a kernel the lowest ⌈k/2⌉ are taken. Columns of a block that are at right angles
    are so among the weights, too, whose changes have the mean square of the block's.

    Args:
        layout: of the weights.
        columns: how many numbers each layer has, in the order of :func:`layer_sizes`.
        make: the random matrix of so many rows and columns.
        scales: of what is added to each weight, shape ``(weights,)``; 1 where absent.

    >>> from qcnn import target_from_text
    >>> from qcnn.hadamard import DenseMatrix
    >>> from qcnn.targets.layout import describe_target
    >>> layout = describe_target(target_from_text("cnn").build())
    >>> make = lambda rows, columns: DenseMatrix(torch.randn(rows, columns))
    >>> LayeredMatrix(layout, [5, 10, 20], make)(torch.ones(35)).numel() == layout.weights
    True
    """

    scales: Tensor | None

    def __init__(
        self,
        layout: WeightLayout,
        columns: Sequence[int],
        make: Callable[[int, int], nn.Module],
        scales: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.register_buffer("scales", scales, persistent=False)
        self.columns = list(columns)
        self.shapes = _shapes_of_layers(layout)
        self.blocks = nn.ModuleList(
            make(rows, count) if count else nn.Module()
            for rows, count in zip(layer_sizes(layout), columns, strict=True)
        )

    def forward(self, numbers: Tensor) -> Tensor:
        """The product, shape ``(weights,)``, with as many numbers as there are columns."""
        parts = zip(self.blocks, numbers.split(self.columns), self.shapes, strict=True)
        added = torch.cat([_of_layer(*part) for part in parts])
        return added if self.scales is None else self.scales * added


def layer_sizes(layout: WeightLayout) -> list[int]:
    """How many independent smooth changes each layer has, in the order of the weights.

    >>> from qcnn import target_from_text
    >>> from qcnn.targets.layout import describe_target
    >>> target = target_from_text("cnn:channels=3+5,kernel=5+3,pooling=3+2").build()
    >>> layer_sizes(describe_target(target))
    [30, 65, 460]
    """
    return [
        sum(_frequencies(shape).numel() for shape in shapes) for shapes in _shapes_of_layers(layout)
    ]


def deal(sizes: Sequence[int], lots: Sequence[int]) -> list[int]:
    """Which layer gets each lot of directions: ever the one that has fewest for its √size.

    A layer gets no more directions than its size, which would move nothing, as long as another
    one has room; where none has, the one in which fewest are lost.

    Args:
        sizes: of the layers.
        lots: how many directions come together, one lot after another.

    >>> deal([30, 460], [9] * 6)
    [1, 1, 1, 0, 1, 1]
    """
    have = [0] * len(sizes)
    found = []
    for lot in lots:
        layer = min(
            range(len(sizes)),
            key=lambda place: (
                min(lot, max(0, have[place] + lot - sizes[place])),
                (have[place] + lot) / math.sqrt(sizes[place]),
            ),
        )
        have[layer] += lot
        found.append(layer)
    return found


def _of_layer(block: nn.Module, numbers: Tensor, shapes: list[torch.Size]) -> Tensor:
    """What is added to the weights of a layer, flat."""
    if not numbers.numel():
        return numbers.new_zeros(sum(shape.numel() for shape in shapes))
    amplitudes: Tensor = block(numbers)
    parts = amplitudes.split([_frequencies(shape).numel() for shape in shapes])
    added = torch.cat(
        [_in_pixels(part, shape).flatten() for part, shape in zip(parts, shapes, strict=True)]
    )
    # One factor for all, so that what is at right angles stays so.
    return added * math.sqrt(added.numel() / amplitudes.numel())


def _shapes_of_layers(layout: WeightLayout) -> list[list[torch.Size]]:
    """Of the tensors of each module that owns some, next to each other in the layout."""
    named = zip(layout.names, layout.shapes, strict=True)
    return [
        [shape for _, shape in tensors]
        for _, tensors in groupby(named, key=lambda each: each[0].rpartition(".")[0])
    ]


def _frequencies(shape: torch.Size) -> torch.Size:
    """The shape that a tensor has in the frequencies that it keeps."""
    if len(shape) < 3:  # no kernel
        return shape
    return torch.Size((*shape[:2], *((side + 1) // 2 for side in shape[2:])))


def _in_pixels(amplitudes: Tensor, shape: torch.Size) -> Tensor:
    """A tensor from the amplitudes of its lowest frequencies, of the same length."""
    kept = _frequencies(shape)
    values = amplitudes.view(kept)
    for place in range(2, len(shape)):
        cosines = _cosines(shape[place], kept[place]).to(values)
        values = (values.movedim(place, -1) @ cosines).movedim(-1, place)
    return values


def _cosines(points: int, count: int) -> Tensor:
    """The lowest functions of the discrete cosine transform (DCT-II), orthonormal rows."""
    places = (torch.arange(points, dtype=torch.float64) + 0.5) * math.pi / points
    waves = torch.cos(torch.arange(count, dtype=torch.float64).unsqueeze(1) * places)
    rows: Tensor = waves / waves.norm(dim=1, keepdim=True)
    return rows
