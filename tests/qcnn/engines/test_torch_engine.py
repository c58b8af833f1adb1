"""The engine in plain torch: the fused one's numbers, with every derivative and transformation."""

import copy
import shutil
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from qcnn import PQCNN, InvalidInput

# Torch's own use of what it has deprecated, when a transformation is loaded for the first time.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.*is deprecated:DeprecationWarning")
SIZES = [(1, 0), (1, 1), (2, 1), (3, 3), (4, 2), (5, 3), (6, 2)]
DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
    ),
]


def samplers(size: tuple[int, int], **options: object) -> tuple[PQCNN, PQCNN]:
    """The same sampler on both engines, in double precision."""
    made = [
        PQCNN(*size, dtype=torch.float64, seed=3, engine=engine, **options)  # type: ignore[arg-type]
        for engine in ("fused", "torch")
    ]
    return made[0], made[1]


@given(
    st.sampled_from(SIZES),
    st.sampled_from(["unbunched", "fock"]),
    st.sampled_from(["rectangular", "minimal"]),
    st.integers(0, 2**32 - 1),
)
def test_it_agrees_with_the_fused_engine(
    size: tuple[int, int], space: str, mesh: str, seed: int
) -> None:
    fused, plain = samplers(size, space=space, mesh=mesh)
    random = torch.Generator().manual_seed(seed)
    phases = 2 * torch.pi * torch.rand(3, fused.mesh.phases, generator=random, dtype=torch.float64)
    cotangent = torch.randn(3, fused.outcomes, generator=random, dtype=torch.float64)
    found = []
    for sampler in (fused, plain):
        inputs = phases.clone().requires_grad_()
        probabilities = sampler(inputs)
        (gradient,) = torch.autograd.grad(probabilities, inputs, cotangent)
        found.append((probabilities, gradient))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("space", ["unbunched", "fock"])
@pytest.mark.parametrize("input_state", [(2, 0, 1, 0), (0, 3, 0, 0), (1, 0, 0, 2)])
def test_bunched_inputs_agree(input_state: tuple[int, ...], space: str) -> None:
    fused, plain = samplers((4, 3), space=space, input_state=input_state)
    torch.testing.assert_close(plain(), fused(), rtol=0, atol=1e-12)


def test_layers_agree() -> None:
    fused, plain = samplers((5, 2), layers=3)
    torch.testing.assert_close(plain(), fused(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [(10, 5), (12, 6)])
@pytest.mark.parametrize("space", ["unbunched", "fock"])
def test_single_precision_is_as_good_as_it_can_be(size: tuple[int, int], space: str) -> None:
    exact = PQCNN(*size, space=space, dtype=torch.float64, seed=3)
    single = PQCNN(*size, space=space, engine="torch", seed=3)
    found = single(exact.phases.detach().float()).double()
    torch.testing.assert_close(found, exact(), rtol=0, atol=3e-7)


def squares(run: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """A real function of the phases with a second derivative everywhere."""

    def weigh(phases: Tensor) -> Tensor:
        squares = run(phases) ** 2
        return (torch.linspace(-1, 2, squares.shape[-1], dtype=squares.dtype) * squares).sum()

    return weigh


@pytest.mark.parametrize("space", ["unbunched", "fock"])
def test_every_derivative_is_that_of_differences(space: str) -> None:
    sampler = PQCNN(4, 2, space=space, engine="torch", dtype=torch.float64, seed=1)
    phases = sampler.phases.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(sampler, phases, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(sampler, phases)


def test_the_transformations_of_torch_func() -> None:
    sampler = PQCNN(5, 2, engine="torch", dtype=torch.float64, seed=1)
    phases = sampler.phases.detach()
    one_by_one = torch.autograd.functional.jacobian(sampler, phases)
    for jacobian in (torch.func.jacrev, torch.func.jacfwd):
        torch.testing.assert_close(jacobian(sampler)(phases), one_by_one)
    direction = torch.ones_like(phases)
    _, tangent = torch.func.jvp(sampler, (phases,), (direction,))
    torch.testing.assert_close(tangent, one_by_one @ direction)
    rows = torch.stack([phases, phases + 0.1, phases - 2])
    torch.testing.assert_close(torch.func.vmap(sampler)(rows), sampler(rows))
    hessian = torch.func.hessian(squares(sampler))(phases)
    expected = torch.autograd.functional.hessian(squares(sampler), phases)
    torch.testing.assert_close(hessian, expected)
    assert hessian.norm() > 0.1


def test_gradients_of_each_of_many_samples() -> None:
    sampler = PQCNN(5, 2, engine="torch", dtype=torch.float64, seed=1)
    rows = torch.stack([sampler.phases.detach() + shift for shift in (0, 0.3, 2)])
    found = torch.func.vmap(torch.func.grad(squares(sampler)))(rows)
    for row, gradient in zip(rows, found, strict=True):
        inputs = row.clone().requires_grad_()
        (alone,) = torch.autograd.grad(squares(sampler)(inputs), inputs)
        torch.testing.assert_close(gradient, alone)


@pytest.mark.parametrize("space", ["unbunched", "fock"])
def test_it_is_one_graph(space: str) -> None:
    sampler = PQCNN(5, 3, space=space, engine="torch", dtype=torch.float64, seed=1)
    traced = torch.compile(sampler, fullgraph=True, backend="aot_eager")
    phases = sampler.phases.detach().clone().requires_grad_()
    torch.testing.assert_close(traced(phases), sampler(phases))
    found = [torch.autograd.grad(squares(f)(phases), phases)[0] for f in (traced, sampler)]
    torch.testing.assert_close(*found)


def test_it_is_exported() -> None:
    sampler = PQCNN(5, 3, engine="torch", dtype=torch.float64, seed=1)
    phases = sampler.phases.detach() + 0.5
    program = torch.export.export(sampler, (phases,))
    torch.testing.assert_close(program.module()(phases - 1), sampler(phases - 1))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_it_is_compiled() -> None:
    sampler = PQCNN(4, 2, engine="torch", seed=1)
    compiled = torch.compile(sampler, fullgraph=True)
    cotangent = torch.randn(sampler.outcomes, generator=torch.Generator().manual_seed(0))
    found = [
        torch.autograd.grad(run(), sampler.trained_phases, cotangent)[0]
        for run in (sampler, compiled)
    ]
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("device", DEVICES)
def test_it_runs_where_its_phases_are(device: str) -> None:
    sampler = PQCNN(6, 3, engine="torch", seed=1)
    expected = sampler().detach()
    moved = copy.deepcopy(sampler).to(device)
    probabilities = moved()
    assert probabilities.device.type == device
    probabilities[0].backward()
    torch.testing.assert_close(probabilities.cpu(), expected, rtol=0, atol=1e-6)


def test_what_is_no_distribution_is_refused_or_nan() -> None:
    sampler = PQCNN(3, 2, engine="torch", dtype=torch.float64, seed=1)
    phases = sampler.phases.detach().clone()
    phases[1] = torch.nan
    with pytest.raises(InvalidInput, match=r"phases has nan at \(1,\); allowed are finite"):
        sampler(phases)
    assert torch.func.vmap(sampler)(phases[None]).isnan().all()
    with pytest.raises(InvalidInput, match=r"phases has shape \(5,\); allowed are \(6,\) and"):
        sampler(phases[:5])
    # Two photons on a balanced beam splitter leave it together, and pass by the other cells.
    together = torch.pi * torch.tensor([0.5, 0, 1, 0, 1, 0], dtype=torch.float64)
    with pytest.raises(InvalidInput, match="collision-free outcomes have probability 0"):
        sampler(together)


def test_amplitudes_that_cancel_are_refused() -> None:
    sampler = PQCNN(
        2, 90, space="fock", input_state=(45, 45), engine="torch", dtype=torch.float64, seed=1
    )
    with pytest.raises(InvalidInput, match="the probabilities of 90 photons have the sum"):
        sampler()
