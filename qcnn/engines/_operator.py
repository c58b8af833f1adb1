"""The fused engine as an operator of torch's, which compilers and exports see as one step.

Outside of them the engine is called as it is, since an operator takes longer to be called than its
pass. The gradient is an operator too, whose own gradient is taken in plain torch. All arguments are
numbers, so that an exported program holds everything it needs.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from qcnn.engines import registered
from qcnn.engines._plain import TorchPass
from qcnn.optics.fock import count_outcomes
from qcnn.optics.mesh import Mesh

#: What tells an engine: modes, cells as their upper mode and whether they have an outer phase,
#: entries, layers, photons, space, input state, and whether the result is in double precision.
Numbers = tuple[int, list[int], list[int], int, int, str, list[int], bool]


def numbers_of(
    mesh: Mesh, photons: int, space: str, input_state: Sequence[int], dtype: torch.dtype
) -> Numbers:
    """An engine as arguments of the operators."""
    cells = [number for upper, has_outer in mesh.cells for number in (upper, int(has_outer))]
    double = dtype == torch.float64
    return (
        mesh.modes,
        cells,
        list(mesh.entries),
        mesh.layers,
        photons,
        space,
        list(input_state),
        double,
    )


@torch.library.custom_op("qcnn::fused", mutates_args=())
def fused(
    phases: Tensor,
    modes: int,
    cells: Sequence[int],
    entries: Sequence[int],
    layers: int,
    photons: int,
    space: str,
    input_state: Sequence[int],
    double: bool,
) -> Tensor:
    """Probabilities, shape ``(…, outcomes)``, of phases of shape ``(phases,)`` or with a batch."""
    numbers = modes, cells, entries, layers, photons, space, input_state, double
    result: Tensor = _engine(*_hashable(numbers))(phases.detach())
    return result


@torch.library.custom_op("qcnn::fused_gradient", mutates_args=())
def fused_gradient(
    phases: Tensor,
    cotangent: Tensor,
    modes: int,
    cells: Sequence[int],
    entries: Sequence[int],
    layers: int,
    photons: int,
    space: str,
    input_state: Sequence[int],
    double: bool,
) -> Tensor:
    """The gradient of Σ cotangent·probabilities by the phases."""
    if count_outcomes(modes, photons, space) == 1:
        return torch.zeros_like(phases)
    numbers = modes, cells, entries, layers, photons, space, input_state, double
    with torch.enable_grad():  # the engine's own backward pass: an operator records nothing
        own = phases.detach().clone().requires_grad_()
        result = _engine(*_hashable(numbers))(own)
    (gradient,) = torch.autograd.grad(result, own, cotangent)
    return gradient.clone()


@fused.register_fake
def _(phases: Tensor, *numbers: Any) -> Tensor:
    modes, _, _, _, photons, space, _, double = numbers
    dtype = torch.float64 if double else torch.float32
    return phases.new_empty(
        (*phases.shape[:-1], count_outcomes(modes, photons, space)), dtype=dtype
    )


@fused_gradient.register_fake
def _(phases: Tensor, cotangent: Tensor, *numbers: Any) -> Tensor:
    return torch.empty_like(phases, memory_format=torch.contiguous_format)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(*(value for value in inputs if isinstance(value, Tensor)))
    ctx.numbers = tuple(value for value in inputs if not isinstance(value, Tensor))


def _differentiate(ctx: Any, cotangent: Tensor) -> tuple[Tensor | None, ...]:
    (phases,) = ctx.saved_tensors
    return fused_gradient(phases, cotangent, *ctx.numbers), *[None] * len(ctx.numbers)


def _differentiate_again(ctx: Any, direction: Tensor) -> tuple[Tensor | None, ...]:
    # Compilers ask for no second derivative: torch has none of what is compiled.
    phases, cotangent = ctx.saved_tensors
    run = _plain(*_hashable(ctx.numbers))
    with torch.enable_grad():
        own, other = (value.detach().clone().requires_grad_() for value in (phases, cotangent))
        result = run(own.double()).to(cotangent.dtype)
        (gradient,) = torch.autograd.grad(result, own, other, create_graph=True)
    found = torch.autograd.grad(gradient, (own, other), direction, materialize_grads=True)
    return *found, *[None] * len(ctx.numbers)


fused.register_autograd(_differentiate, setup_context=_remember)
fused_gradient.register_autograd(_differentiate_again, setup_context=_remember)


@fused.register_vmap
def _(info: Any, in_dims: tuple[int | None, ...], phases: Tensor, *numbers: Any) -> Any:
    moved = phases.movedim(in_dims[0] or 0, 0)
    rows = fused(moved.reshape(-1, moved.shape[-1]), *numbers)
    return rows.reshape(*moved.shape[:-1], -1), 0


@fused_gradient.register_vmap
def _(
    info: Any, in_dims: tuple[int | None, ...], phases: Tensor, cotangent: Tensor, *numbers: Any
) -> Any:
    both = [
        value.expand(info.batch_size, *value.shape) if place is None else value.movedim(place, 0)
        for value, place in ((phases, in_dims[0]), (cotangent, in_dims[1]))
    ]
    rows = [value.reshape(-1, value.shape[-1]) for value in both]
    return fused_gradient(*rows, *numbers).reshape(both[0].shape), 0


def _hashable(numbers: Sequence[Any]) -> tuple[Any, ...]:
    modes, cells, entries, layers, photons, space, input_state, double = numbers
    pairs = tuple(
        (upper, bool(outer)) for upper, outer in zip(cells[::2], cells[1::2], strict=True)
    )
    mesh = Mesh(modes, pairs, tuple(entries), layers)
    dtype = torch.float64 if double else torch.float32
    return mesh, photons, space, tuple(input_state), dtype


@lru_cache(maxsize=64)
def _engine(*arguments: Any) -> Callable[[Tensor], Tensor]:
    return registered["fused"](*arguments)


@lru_cache(maxsize=64)
def _plain(mesh: Mesh, photons: int, space: str, state: tuple[int, ...], _: object) -> TorchPass:
    return TorchPass(mesh, photons, space, state, torch.float64)
