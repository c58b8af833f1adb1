"""Every derivative of a compiled pass is that of central differences, or is refused."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad, functional, grad

from qcnn import PQCNN, QuantumTrain
from qcnn.engines import _plain
from qcnn.errors import NotDifferentiable
from qcnn.noise import Noise, NoisyPQCNN

# Torch's own, where it first takes a forward-mode derivative.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.*is deprecated:DeprecationWarning")
Loss = Callable[[Tensor], Tensor]


def sampler(engine: str = "fused", **options: object) -> PQCNN:
    return PQCNN(5, 2, seed=0, dtype=torch.float64, engine=engine, **options)  # type: ignore[arg-type]


def clean(**options: object) -> tuple[Loss, Tensor]:
    """A loss of phases, and where it is taken."""
    made = sampler(**options)
    return lambda phases: made(phases).square().sum(), made.phases.detach().clone()


def noisy(**options: object) -> tuple[Loss, Tensor]:
    """The same under noise, with the same errors each time."""
    made = NoisyPQCNN(sampler(), Noise(**options), seed=0)  # type: ignore[arg-type]
    before = made._errors.get_state()

    def loss(phases: Tensor) -> Tensor:
        made._errors.set_state(before)
        named = {"sampler.trained_phases": phases}
        return torch.func.functional_call(made, named, ()).square().sum()

    return loss, made.phases.detach().clone()


LOSSES = {
    "fused": clean,
    "fock": lambda: clean(space="fock"),
    "minimal": lambda: clean(mesh="minimal"),
    "layers": lambda: clean(layers=2),
    "phase errors": lambda: noisy(phase_error=0.1),
    "partial": lambda: noisy(indistinguishability=0.9),
}


def slopes(loss: Loss, at: Tensor) -> Tensor:
    """The gradient by the engine's own backward pass."""
    at = at.clone().requires_grad_()
    return grad(loss(at), at)[0]


def differences(of: Loss, at: Tensor, direction: Tensor) -> Tensor:
    step = 1e-5
    return (of(at + step * direction) - of(at - step * direction)) / (2 * step)


def dual(loss: Loss, at: Tensor, direction: Tensor) -> Tensor:
    with forward_ad.dual_level():
        tangent = forward_ad.unpack_dual(loss(forward_ad.make_dual(at, direction))).tangent
    assert tangent is not None
    return tangent


FIRST: dict[str, Callable[[Loss, Tensor, Tensor], Tensor]] = {
    "backward": lambda f, x, v: slopes(f, x) @ v,
    "jvp": lambda f, x, v: functional.jvp(f, x, v)[1],
    "forward mode": dual,
    "func.grad": lambda f, x, v: torch.func.grad(f)(x) @ v,
    "func.jacfwd": lambda f, x, v: torch.func.jacfwd(f, randomness="same")(x) @ v,
    "func.jacrev": lambda f, x, v: torch.func.jacrev(f)(x) @ v,
    "func.jvp": lambda f, x, v: torch.func.jvp(f, (x,), (v,))[1],
    "func.vjp": lambda f, x, v: torch.func.vjp(f, x)[1](torch.ones((), dtype=x.dtype))[0] @ v,
    "vmap": lambda f, x, v: (
        torch.func.vmap(torch.func.grad(f), randomness="same")(x.expand(2, -1))[1] @ v
    ),
}


def penalty(loss: Loss, at: Tensor, direction: Tensor) -> Tensor:
    at = at.clone().requires_grad_()
    (slope,) = grad(loss(at), at, create_graph=True)
    return grad(slope @ direction, at)[0]


SECOND: dict[str, Callable[[Loss, Tensor, Tensor], Tensor]] = {
    "hessian": lambda f, x, v: functional.hessian(f, x) @ v,
    "strict hessian": lambda f, x, v: functional.hessian(f, x, strict=True) @ v,
    "vectorised hessian": lambda f, x, v: functional.hessian(f, x, vectorize=True) @ v,
    "hvp": lambda f, x, v: functional.hvp(f, x, v)[1],
    "vhp": lambda f, x, v: functional.vhp(f, x, v)[1],
    "penalty": penalty,
    "func.hessian": lambda f, x, v: (
        torch.func.jacfwd(torch.func.jacrev(f), randomness="same")(x) @ v
    ),
    "forward over reverse": lambda f, x, v: torch.func.jvp(torch.func.grad(f), (x,), (v,))[1],
}


@pytest.mark.parametrize("derivative", FIRST)
@pytest.mark.parametrize("name", LOSSES)
def test_first_derivatives(name: str, derivative: str) -> None:
    loss, at = LOSSES[name]()
    direction = torch.linspace(-1, 2, len(at), dtype=at.dtype)
    found = FIRST[derivative](loss, at, direction)
    torch.testing.assert_close(found, differences(loss, at, direction), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("derivative", SECOND)
@pytest.mark.parametrize("name", LOSSES)
def test_second_derivatives(name: str, derivative: str) -> None:
    loss, at = LOSSES[name]()
    direction = torch.linspace(-1, 2, len(at), dtype=at.dtype)
    expected = differences(lambda x: slopes(loss, x), at, direction)
    assert expected.norm() > 0.1
    found = SECOND[derivative](loss, at, direction)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-8)


def test_the_third_derivative() -> None:
    loss, at = clean()
    direction = torch.linspace(-1, 2, len(at), dtype=at.dtype)
    found = functional.hvp(lambda x: penalty_of(loss, x, direction), at, direction)[0]
    assert found.isfinite()

    def along(phases: Tensor) -> Tensor:
        return functional.hvp(loss, phases, direction)[1] @ direction

    inputs = at.clone().requires_grad_()
    (slope,) = grad(loss(inputs), inputs, create_graph=True)
    (bend,) = grad(slope @ direction, inputs, create_graph=True)
    third = grad(bend @ direction, inputs)[0] @ direction
    torch.testing.assert_close(third, differences(along, at, direction), rtol=1e-5, atol=1e-7)


def penalty_of(loss: Loss, at: Tensor, direction: Tensor) -> Tensor:
    (slope,) = grad(loss(at), at, create_graph=True)
    return slope @ direction


def test_the_hessian_of_the_reference() -> None:
    for engine in ("fused", "torch", "merlin"):
        found = functional.hessian(*clean(engine=engine))
        assert float(found.norm()) == pytest.approx(1.155, 1e-3)


@pytest.mark.parametrize("name", LOSSES)
def test_a_first_derivative_with_its_graph_is_the_same(name: str) -> None:
    loss, at = LOSSES[name]()
    at.requires_grad_()
    found = [grad(loss(at), at, create_graph=graph)[0] for graph in (True, False)]
    torch.testing.assert_close(*found, rtol=0, atol=1e-13)


def test_phases_that_changed_since_have_no_second_derivative() -> None:
    made = sampler()
    loss = made().square().sum()
    with torch.no_grad():
        made.trained_phases += 0.1
    # The gradient itself is that of the forward pass.
    assert grad(loss, made.trained_phases, retain_graph=True)[0].isfinite().all()
    with pytest.raises(NotDifferentiable, match="changed in place after the forward pass; allowed"):
        grad(loss, made.trained_phases, create_graph=True)


def test_a_gradient_by_the_inputs_goes_on_to_the_phases() -> None:
    """A penalty on what is no phase needs one backward pass through the samplers only."""

    def penalised(engine: str) -> Tensor:
        model = QuantumTrain(nn.Linear(4, 2), [sampler(engine)], "affine")
        inputs = torch.ones(2, 4, requires_grad=True)
        (slope,) = grad(model(inputs).square().sum(), inputs, create_graph=True)
        return grad(slope.square().sum(), list(model.samplers.parameters()))[0]

    torch.testing.assert_close(penalised("fused"), penalised("merlin"), atol=1e-5, rtol=1e-4)


def test_many_cotangents_at_once() -> None:
    made = sampler()
    at = made.phases.detach()
    together = functional.jacobian(made, at, vectorize=True)
    torch.testing.assert_close(together, functional.jacobian(made, at), rtol=0, atol=1e-13)


@pytest.mark.parametrize("options", [{"shots": 1000}, {"phase_error": 0.1}])
def test_a_device_that_is_measured_is_not_taken_for_a_constant(options: dict[str, float]) -> None:
    chip = NoisyPQCNN(sampler(), Noise(**options), seed=0)  # type: ignore[arg-type]
    chip.train("shots" in options)

    def loss(phases: Tensor) -> Tensor:
        named = {"sampler.trained_phases": phases}
        return torch.func.functional_call(chip, named, ()).square().sum()

    at = sampler().phases.detach()
    with pytest.raises(NotDifferentiable, match="device that is measured; allowed is one without"):
        torch.func.grad(loss)(at)
    with pytest.raises(NotDifferentiable), forward_ad.dual_level():
        loss(forward_ad.make_dual(at, torch.ones_like(at)))


def test_the_second_derivative_of_drawn_shots_is_that_of_the_straight_through_estimator() -> None:
    """Frequencies take the exact probabilities' derivatives, of whatever order."""

    def loss(phases: Tensor, shots: int) -> Tensor:
        made = NoisyPQCNN(sampler(), Noise(shots=shots), seed=0)
        named = {"sampler.trained_phases": phases}
        found: Tensor = torch.func.functional_call(made, named, ())
        return (torch.linspace(-1, 2, len(found), dtype=found.dtype) * found).sum()

    at = sampler().phases.detach()
    found = functional.hessian(lambda x: loss(x, 1000), at)
    torch.testing.assert_close(found, functional.hessian(lambda x: loss(x, 0), at))


def test_a_sampler_with_one_outcome_is_mapped_too() -> None:
    certain = PQCNN(3, 3, seed=0)
    found = torch.func.vmap(certain)(certain.phases.detach().expand(2, -1))
    assert found.tolist() == [[1.0], [1.0]]
    assert torch.func.jacrev(certain)(certain.phases.detach()).count_nonzero() == 0


@pytest.mark.parametrize("noise", [Noise(), Noise(indistinguishability=0.9)])
def test_what_is_built_inside_a_transformation_does_not_belong_to_it(noise: Noise) -> None:
    """The first pass of a size in plain torch may be inside one; other ones come after it."""
    _plain._columns.cache_clear()
    _plain._levels.cache_clear()

    def loss(phases: Tensor) -> Tensor:
        made = NoisyPQCNN(PQCNN(5, 2, seed=0, dtype=torch.float64), noise, seed=0)
        named = {"sampler.trained_phases": phases}
        return torch.func.functional_call(made, named, ()).square().sum()

    at = sampler().phases.detach()
    ahead = torch.ones_like(at)
    found = [
        torch.func.jvp(torch.func.grad(loss), (at,), (ahead,))[1],
        torch.func.jvp(torch.func.grad(loss), (at,), (ahead,))[1],
        functional.hvp(loss, at, ahead)[1],
    ]
    for other in found[1:]:
        torch.testing.assert_close(other, found[0])
