"""The fused engine as an operator: checked by torch, compiled, exported."""

import io
import shutil

import pytest
import torch
from torch import Tensor

from qcnn import PQCNN, InvalidInput
from qcnn.engines._operator import fused, fused_gradient, numbers_of


@pytest.fixture(autouse=True)
def _nothing_compiled_before() -> None:
    """Torch compiles the code of a class a few times only, whatever the sizes of its objects."""
    torch.compiler.reset()


SIZES = [
    (5, 2, {}),
    (4, 2, {"space": "fock"}),
    (5, 3, {"mesh": "minimal"}),
    (4, 3, {"space": "fock", "input_state": [2, 0, 1, 0], "layers": 2}),
    (3, 3, {}),
]


def make(size: tuple[int, int, dict[str, object]], dtype: torch.dtype = torch.float64) -> PQCNN:
    modes, photons, options = size
    return PQCNN(modes, photons, seed=1, dtype=dtype, **options)  # type: ignore[arg-type]


def operands(sampler: PQCNN) -> tuple[object, ...]:
    kind = sampler.space, sampler.input_state, torch.float64
    return numbers_of(sampler.mesh, sampler.photons, *kind)  # type: ignore[arg-type]


def batch(sampler: PQCNN, count: int = 3) -> Tensor:
    random = torch.Generator().manual_seed(4)
    return 6 * torch.rand(count, sampler.mesh.phases, generator=random, dtype=torch.float64)


@pytest.mark.parametrize("size", SIZES)
def test_torch_s_own_checks_of_an_operator(size: tuple[int, int, dict[str, object]]) -> None:
    sampler = make(size)
    phases = sampler.phases.detach().clone()
    cotangent = torch.linspace(-1, 1, sampler.outcomes, dtype=torch.float64)
    numbers = operands(sampler)
    torch.library.opcheck(fused, (phases.clone().requires_grad_(), *numbers))
    torch.library.opcheck(fused, (batch(sampler), *numbers))
    torch.library.opcheck(fused_gradient, (phases, cotangent, *numbers))


@pytest.mark.parametrize("size", SIZES)
def test_it_is_the_engine_with_its_derivatives(size: tuple[int, int, dict[str, object]]) -> None:
    sampler, numbers = make(size), operands(make(size))
    phases = sampler.phases.detach().clone().requires_grad_()
    assert torch.equal(fused(phases, *numbers), sampler())
    assert torch.autograd.gradcheck(lambda values: fused(values, *numbers), phases)
    assert torch.autograd.gradgradcheck(lambda values: fused(values, *numbers), phases)
    rows = batch(sampler)
    mapped = torch.func.vmap(lambda values: fused(values, *numbers))(rows)
    assert torch.equal(mapped, sampler(rows))
    columns = torch.func.vmap(lambda values: fused(values, *numbers), in_dims=1)(rows.T)
    assert torch.equal(columns, mapped)
    cotangents = torch.randn(3, sampler.outcomes, dtype=torch.float64)
    of_one = torch.func.vmap(lambda c: fused_gradient(rows[0], c, *numbers))(cotangents)
    for row, cotangent in zip(of_one, cotangents, strict=True):
        expected = fused_gradient(rows[0], cotangent, *numbers)
        torch.testing.assert_close(row, expected)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_default_engine_is_traced_whole(
    size: tuple[int, int, dict[str, object]], dtype: torch.dtype
) -> None:
    sampler = make(size, dtype)
    traced = torch.compile(sampler, fullgraph=True, backend="aot_eager")
    rows = batch(sampler).to(dtype).requires_grad_()
    weights = torch.linspace(-1, 1, sampler.outcomes, dtype=dtype)
    gradients = [
        torch.autograd.grad((run(rows) @ weights).sum(), rows)[0] for run in (sampler, traced)
    ]
    assert torch.equal(traced(rows), sampler(rows))
    torch.testing.assert_close(gradients[0], gradients[1])


@pytest.mark.filterwarnings("ignore:The given buffer is not writable:UserWarning")
def test_it_is_exported_and_read_back() -> None:
    sampler = make(SIZES[0])
    rows = batch(sampler)
    file = io.BytesIO()
    torch.export.save(torch.export.export(sampler, (rows,)), file)
    file.seek(0)
    again = torch.export.load(file).module()
    assert torch.equal(again(rows), sampler(rows))
    assert torch.equal(again(2 * rows), sampler(2 * rows))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit.*is deprecated:DeprecationWarning")
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_loss_of_it_is_compiled() -> None:
    sampler = make(SIZES[0])
    rows = batch(sampler).requires_grad_()

    def loss(phases: Tensor) -> Tensor:
        return (sampler(phases) + 0.1).log().square().sum()

    compiled = torch.compile(loss, fullgraph=True)
    torch.testing.assert_close(compiled(rows), loss(rows))
    found, expected = (torch.autograd.grad(run(rows), rows)[0] for run in (compiled, loss))
    torch.testing.assert_close(found, expected)


def test_what_is_refused_is_refused_in_traced_code_too() -> None:
    sampler = make(SIZES[0])
    traced = torch.compile(sampler, fullgraph=True, backend="aot_eager")
    with pytest.raises(InvalidInput, match="; allowed"):
        traced(torch.full((20,), torch.nan, dtype=torch.float64))
