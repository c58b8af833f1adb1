"""Fixed random matrices that are never built."""

import math

import pytest
import torch
from torch import Tensor, nn

from qcnn import PQCNN, InvalidInput, QuantumTrain, baseline_from_text
from qcnn.hadamard import (
    LARGEST_DENSE,
    RandomHadamard,
    hadamard_matrix,
    hadamard_size,
    is_dense,
    transform,
)
from qcnn.weights.generated import GeneratedNetwork, count_stored


def built(matrix: RandomHadamard, columns: int) -> Tensor:
    return torch.stack([matrix(unit) for unit in torch.eye(columns, dtype=torch.float64)], dim=1)


def make(rows: int, columns: int, seed: int = 0) -> RandomHadamard:
    random = torch.Generator().manual_seed(seed)
    ones = torch.ones(rows, dtype=torch.float64)
    return RandomHadamard(ones, torch.ones(columns, dtype=torch.float64), random)


def entry(row: int, column: int) -> float:
    """Of a Hadamard matrix, by its definition."""
    return float((-1) ** (row & column).bit_count())


@pytest.mark.parametrize("size", [1, 2, 8, 64, 128, 2048])
def test_the_transform_is_the_product_with_the_whole_matrix(size: int) -> None:
    expected = torch.tensor([[entry(i, j) for j in range(size)] for i in range(size)]).double()
    assert torch.equal(hadamard_matrix(size).double(), expected)
    values = torch.randn(size, dtype=torch.float64)
    found = transform(values, hadamard_matrix(min(size, 64)).double())
    torch.testing.assert_close(found, expected @ values)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 5), (7, 1), (300, 20), (20, 300)])
def test_every_entry_is_plus_or_minus_the_scales(rows: int, columns: int) -> None:
    row_scales = torch.linspace(1, 2, rows, dtype=torch.float64)
    column_scales = torch.linspace(3, 5, columns, dtype=torch.float64)
    matrix = RandomHadamard(row_scales, column_scales, torch.Generator().manual_seed(1))
    found = built(matrix, columns)
    torch.testing.assert_close(found.abs(), torch.outer(row_scales, column_scales))
    assert count_stored(matrix) == rows + columns


def test_columns_are_at_right_angles_where_rows_are_a_power_of_two() -> None:
    found = built(make(256, 100), 100)
    assert torch.equal(found.T @ found, 256 * torch.eye(100, dtype=torch.float64))


@pytest.mark.parametrize("rows", [257, 400, 500])
def test_columns_are_nearly_at_right_angles_elsewhere(rows: int) -> None:
    cosines = built(make(rows, 60), 60).T @ built(make(rows, 60), 60) / rows
    beside = cosines[~torch.eye(60, dtype=torch.bool)]
    expected = math.sqrt(1 / rows - 1 / 512)
    assert beside.square().mean().sqrt().item() == pytest.approx(expected, rel=0.25)
    assert beside.mean().abs() < 0.1 * expected


def test_no_two_of_many_rows_move_together() -> None:
    """As they would if the first columns were taken: of 4,096 rows 64 would differ then."""
    found = built(make(4096, 64), 64)
    patterns = torch.unique(found * found[:, :1], dim=0)
    assert len(patterns) == 4096


def test_a_seed_decides_and_another_gives_another() -> None:
    values = torch.randn(30, dtype=torch.float64)
    assert torch.equal(make(50, 30, 1)(values), make(50, 30, 1)(values))
    assert not torch.equal(make(50, 30, 1)(values), make(50, 30, 2)(values))


def test_the_gradient_is_the_transpose() -> None:
    matrix, cotangent = make(37, 12), torch.randn(37, dtype=torch.float64)
    values = torch.randn(12, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(matrix(values), values, cotangent)
    torch.testing.assert_close(gradient, built(matrix, 12).T @ cotangent)
    assert torch.autograd.gradgradcheck(lambda v: matrix(v).sin(), values)


TEXTS = ["mixing:matrix={}", "whitened:matrix={}", "random_subspace:dimension=40,matrix={}"]


def generated(text: str, target: nn.Module, matrix: str) -> GeneratedNetwork:
    if text.startswith("random"):
        return baseline_from_text(text.format(matrix)).build(target, 3)
    return QuantumTrain(target, [PQCNN(6, 3, seed=s) for s in (1, 2)], text.format(matrix), seed=3)


@pytest.mark.parametrize("text", TEXTS)
def test_a_model_has_no_matrix_in_memory(text: str) -> None:
    """And moves its weights as far as with one, for the same turn of what is trained."""
    target = nn.Linear(40, 50)
    dense, structured = (generated(text, target, kind) for kind in ("dense", "hadamard"))
    assert sum(b.numel() for b in structured.buffers()) < 6 * 2050 + 64 * 64 + 6 * 40 * 40
    moved = []
    for model in (dense, structured):
        before = model.generate().detach()
        with torch.no_grad():
            for number, values in enumerate(model.parameters()):
                random = torch.Generator().manual_seed(number)
                values.add_(0.01 * torch.randn(values.shape, generator=random))
        moved.append((model.generate().detach() - before).norm().item())
    assert moved[1] == pytest.approx(moved[0], rel=0.2)
    assert dense.parameter_counts().total == structured.parameter_counts().total
    assert dense.parameter_counts().fixed_numbers > structured.parameter_counts().fixed_numbers


@pytest.mark.parametrize("text", TEXTS)
def test_a_large_matrix_is_not_built(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = nn.Linear(40, 50)
    small = generated(text, target, "automatic")
    torch.testing.assert_close(small.generate(), generated(text, target, "dense").generate())
    monkeypatch.setattr("qcnn.hadamard.LARGEST_DENSE", 1000)
    large = generated(text, target, "automatic")
    torch.testing.assert_close(large.generate(), generated(text, target, "hadamard").generate())
    assert any(isinstance(part, RandomHadamard) for part in large.modules())


def test_the_bound_of_what_is_built() -> None:
    assert is_dense("automatic", 2**13, LARGEST_DENSE // 2**13)
    assert not is_dense("automatic", 2**13, LARGEST_DENSE // 2**13 + 1)
    assert [hadamard_size(*shape) for shape in ((1, 1), (8, 3), (9, 3), (3, 9))] == [1, 8, 16, 16]


@pytest.mark.parametrize("text", TEXTS)
def test_another_kind_of_matrix_is_named(text: str) -> None:
    with pytest.raises(InvalidInput, match="matrix is 'sparse'; allowed are automatic, dense, had"):
        generated(text, nn.Linear(3, 2), "sparse")
