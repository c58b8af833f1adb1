"""Random directions among the weights of a target."""

import torch
from torch import Tensor

from qcnn.machine import check_memory


def orthogonal_directions(weights: int, count: int, random: torch.Generator | None) -> Tensor:
    """Directions at right angles, drawn uniformly (Haar), for a weight change of unit variance.

    Args:
        weights: number of weights.
        count: number of directions.
        random: where they are drawn from.

    Returns:
        shape ``(weights, count)``. The columns are orthogonal, of length √(weights/count);
        where there are more directions than weights, the rows are orthonormal.

    Raises:
        InvalidInput: if they do not fit into the memory.

    >>> found = orthogonal_directions(6, 3, torch.Generator().manual_seed(0))
    >>> torch.allclose(found.T @ found, 2 * torch.eye(3), atol=1e-6)
    True
    """
    check_memory(3 * 8 * weights * count, f"directions for {count} numbers of {weights} weights")
    drawn = torch.randn(max(weights, count), min(weights, count), generator=random)
    columns: Tensor
    columns, triangle = torch.linalg.qr(drawn)
    # The decomposition's own signs are not uniform.
    columns = columns * triangle.diagonal().sign()
    return columns * (weights / count) ** 0.5 if weights > count else columns.T.contiguous()
