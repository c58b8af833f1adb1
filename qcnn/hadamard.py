"""A fixed random matrix that is never built: random signs, a Hadamard transform, random places."""

import torch
from torch import Tensor, nn

from qcnn.checks import check_choice
from qcnn.machine import check_memory

#: How a fixed random matrix is kept, by every number or by signs and places alone.
MATRICES = ("automatic", "dense", "hadamard")
#: Numbers above which ``"automatic"`` is ``"hadamard"``, 256 MiB of them in single precision.
LARGEST_DENSE = 2**26
#: Largest factor of the transform, a power of two; matrices of this size multiply fastest.
_FACTOR = 64


class DenseMatrix(nn.Module):
    """Multiplies by a matrix every number of which is kept, shape ``(rows, columns)``."""

    def __init__(self, numbers: Tensor) -> None:
        super().__init__()
        self.register_buffer("numbers", numbers)

    def forward(self, numbers: Tensor) -> Tensor:
        """The product, shape ``(rows,)``, with ``numbers`` of shape ``(columns,)``."""
        return self.get_buffer("numbers") @ numbers


class RandomHadamard(nn.Module):
    """Multiplies by a random matrix of entries ±rₐ·c_b, in the memory of a few vectors.

    Row a has a random sign and column b is a random column of the Hadamard matrix of the
    smallest power of two N that neither rows nor columns exceed, whose first rows are taken.
    So every entry has the same magnitude but for the scales, and columns are at right angles
    to each other where there are N rows, and nearly so where there are fewer (their cosines are
    of the order of √(1/rows − 1/N)); rows likewise.

    (Places in the first columns instead would make rows that are equal but for their sign: of
    the first 2ᵃ columns of a Hadamard matrix only 2ᵃ rows differ.)

    Args:
        row_scales: r, shape ``(rows,)``.
        column_scales: c, shape ``(columns,)``.
        random: where signs and places are drawn from.

    Source: the subsampled randomised Hadamard transform, Ailon and Chazelle, SIAM J. Comput. 39,
    302 (2009); Tropp, Adv. Adapt. Data Anal. 3, 115 (2011).

    >>> matrix = RandomHadamard(torch.ones(8), torch.ones(3), torch.Generator().manual_seed(0))
    >>> columns = torch.stack([matrix(unit) for unit in torch.eye(3)], dim=1)
    >>> torch.equal(columns.abs(), torch.ones(8, 3))
    True
    >>> torch.equal(columns.T @ columns, 8 * torch.eye(3))
    True
    """

    def __init__(
        self, row_scales: Tensor, column_scales: Tensor, random: torch.Generator | None
    ) -> None:
        super().__init__()
        rows, columns = row_scales.numel(), column_scales.numel()
        self.size = hadamard_size(rows, columns)
        # The places of all columns, then some vectors in each direction of a training step.
        check_memory(6 * 8 * self.size, f"a product with {rows} rows and {columns} columns")
        signs = 2.0 * torch.randint(2, (rows,), generator=random, dtype=row_scales.dtype) - 1.0
        self.register_buffer("signs", signs * row_scales)
        places = torch.randperm(self.size, generator=random)[:columns]
        self.register_buffer("places", places.clone())  # not a view of all of them
        self.register_buffer("column_scales", column_scales, persistent=False)
        factor = hadamard_matrix(min(self.size, _FACTOR)).to(row_scales.dtype)
        self.register_buffer("factor", factor, persistent=False)

    def forward(self, numbers: Tensor) -> Tensor:
        """The product, shape ``(rows,)``, with ``numbers`` of shape ``(columns,)``."""
        signs = self.get_buffer("signs")
        scaled = self.get_buffer("column_scales") * numbers
        spread = scaled.new_zeros(self.size).index_copy(0, self.get_buffer("places"), scaled)
        return signs * transform(spread, self.get_buffer("factor"))[: signs.numel()]


def check_matrix(matrix: str) -> None:
    """Raises InvalidInput for anything but one of ``MATRICES``."""
    check_choice(matrix, "matrix", MATRICES)


def is_dense(matrix: str, rows: int, columns: int) -> bool:
    """Whether every number of a matrix of this kind and size is kept.

    >>> is_dense("automatic", 6690, 9324), is_dense("automatic", 1_000_000, 3278)
    (True, False)
    """
    return matrix == "dense" or (matrix == "automatic" and rows * columns <= LARGEST_DENSE)


def hadamard_size(rows: int, columns: int) -> int:
    """The smallest power of two that neither ``rows`` nor ``columns`` exceed."""
    return 1 << (max(rows, columns) - 1).bit_length()


def hadamard_matrix(size: int) -> Tensor:
    """Sylvester's Hadamard matrix of a power of two, of entries ±1.

    >>> hadamard_matrix(2)
    tensor([[ 1.,  1.],
            [ 1., -1.]])
    """
    matrix = torch.ones(1, 1)
    while len(matrix) < size:
        matrix = torch.cat(
            [torch.cat([matrix, matrix], dim=1), torch.cat([matrix, -matrix], dim=1)]
        )
    return matrix


def transform(values: Tensor, factor: Tensor) -> Tensor:
    """The Hadamard matrix of ``len(values)``, a power of two, times ``values``.

    It is the Kronecker product of small ones, so that each of these multiplies one index of
    the values. The top left of ``factor`` is each of them.
    """
    bits = values.numel().bit_length() - 1
    parts = -(-bits // (factor.shape[0].bit_length() - 1)) if bits else 0
    for part in range(parts):
        size = 1 << (bits // parts + (part < bits % parts))
        values = (factor[:size, :size] @ values.view(size, -1)).T.reshape(-1)
    return values
