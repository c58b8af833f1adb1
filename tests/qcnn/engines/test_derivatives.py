"""A derivative that a compiled pass does not have is refused, never taken for zero."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad, functional, grad

from qcnn import PQCNN, InvalidInput, QuantumTrain
from qcnn.errors import NotDifferentiable
from qcnn.noise import Noise, NoisyPQCNN

Loss = Callable[[Tensor], Tensor]


def sampler(engine: str = "fused", **options: object) -> PQCNN:
    return PQCNN(5, 2, seed=0, dtype=torch.float64, engine=engine, **options)  # type: ignore[arg-type]


def clean(**options: object) -> tuple[Loss, Tensor]:
    """A loss of phases, and where it is taken."""
    made = sampler(**options)
    return lambda phases: made(phases).square().sum(), made.phases.detach().clone()


def noisy(**options: object) -> tuple[Loss, Tensor]:
    """The same under noise."""
    made = NoisyPQCNN(sampler(), Noise(**options), seed=0)  # type: ignore[arg-type]

    def loss(phases: Tensor) -> Tensor:
        named = {"sampler.trained_phases": phases}
        return torch.func.functional_call(made, named, ()).square().sum()

    return loss, made.phases.detach().clone()


LOSSES = {
    "fused": clean,
    "fock": lambda: clean(space="fock"),
    "minimal": lambda: clean(mesh="minimal"),
    "phase errors": lambda: noisy(phase_error=0.1),
    "partial": lambda: noisy(indistinguishability=0.9),
    "shots": lambda: noisy(shots=1000),
}


def dual(loss: Loss, at: Tensor) -> None:
    with forward_ad.dual_level():
        loss(forward_ad.make_dual(at, torch.ones_like(at)))


def penalty(loss: Loss, at: Tensor) -> None:
    at = at.clone().requires_grad_()
    (slope,) = grad(loss(at), at, create_graph=True)
    slope.square().sum().backward()


SECOND: dict[str, Callable[[Loss, Tensor], object]] = {
    "hessian": functional.hessian,
    "strict hessian": lambda f, x: functional.hessian(f, x, strict=True),
    "vectorised hessian": lambda f, x: functional.hessian(f, x, vectorize=True),
    "hvp": lambda f, x: functional.hvp(f, x, torch.ones_like(x)),
    "vhp": lambda f, x: functional.vhp(f, x, torch.ones_like(x)),
    "jvp": lambda f, x: functional.jvp(f, x, torch.ones_like(x)),
    "penalty": penalty,
    "forward mode": dual,
    "vectorised forward mode": lambda f, x: functional.jacobian(
        f, x, vectorize=True, strategy="forward-mode"
    ),
    "func.grad": lambda f, x: torch.func.grad(f)(x),
    "func.hessian": lambda f, x: torch.func.hessian(f)(x),
    "func.jacfwd": lambda f, x: torch.func.jacfwd(f)(x),
    "func.jacrev": lambda f, x: torch.func.jacrev(f)(x),
    "func.jvp": lambda f, x: torch.func.jvp(f, (x,), (x,)),
    "func.vjp": lambda f, x: torch.func.vjp(f, x),
    "vmap": lambda f, x: torch.vmap(f)(x.expand(2, -1)),
}


# Torch's own, where it first takes a forward-mode derivative.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("derivative", SECOND)
@pytest.mark.parametrize("name", LOSSES)
def test_what_is_not_a_first_derivative_is_refused(name: str, derivative: str) -> None:
    loss, at = LOSSES[name]()
    with pytest.raises(NotDifferentiable, match="is asked for of a compiled pass; allowed is"):
        SECOND[derivative](loss, at)


@pytest.mark.parametrize("space", ["unbunched", "fock"])
def test_the_engine_that_is_named_instead_has_the_second_derivative(space: str) -> None:
    with pytest.raises(InvalidInput, match='engine="merlin" has every derivative'):
        functional.hessian(*clean(space=space))
    first, at = clean(space=space)
    reference, _ = clean(space=space, engine="merlin")
    step = 1e-5
    slopes = [
        functional.jacobian(first, at + step * e) - functional.jacobian(first, at - step * e)
        for e in torch.eye(len(at), dtype=at.dtype)
    ]
    expected = torch.stack(slopes) / (2 * step)
    torch.testing.assert_close(functional.hessian(reference, at), expected, atol=1e-8, rtol=1e-6)


def test_the_hessian_of_the_reference() -> None:
    assert float(functional.hessian(*clean(engine="merlin")).norm()) == pytest.approx(1.155, 1e-3)


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in ("phase errors", "shots")])
def test_a_first_derivative_with_its_graph_is_the_same(name: str) -> None:
    loss, at = LOSSES[name]()
    at.requires_grad_()
    assert torch.equal(*(grad(loss(at), at, create_graph=graph)[0] for graph in (True, False)))


@pytest.mark.parametrize("mapping", ["affine", "mixing", "whitened"])
@pytest.mark.parametrize("noise", [Noise(), Noise(indistinguishability=0.8), Noise(shots=1000)])
def test_a_gradient_penalty_of_a_whole_model_is_refused(mapping: str, noise: Noise) -> None:
    samplers = [NoisyPQCNN(PQCNN(5, 2, seed=seed, trained=4), noise, seed) for seed in (0, 1)]
    model = QuantumTrain(nn.Linear(4, 3), samplers, mapping)
    inputs = torch.ones(2, 4, requires_grad=True)
    loss = model(inputs).square().sum()
    slopes = grad(loss, [p for p in model.parameters() if p.requires_grad], create_graph=True)
    with pytest.raises(NotDifferentiable, match="a second derivative"):
        torch.stack([slope.square().sum() for slope in slopes]).sum().backward()


def test_a_gradient_by_the_inputs_goes_on_to_the_phases() -> None:
    """A penalty on what is no phase needs one backward pass through the samplers only."""

    def penalised(engine: str) -> Tensor:
        model = QuantumTrain(nn.Linear(4, 2), [sampler(engine)], "affine")
        inputs = torch.ones(2, 4, requires_grad=True)
        (slope,) = grad(model(inputs).square().sum(), inputs, create_graph=True)
        return grad(slope.square().sum(), list(model.samplers.parameters()))[0]

    torch.testing.assert_close(penalised("fused"), penalised("merlin"), atol=1e-5, rtol=1e-4)


def test_batches_of_cotangents_are_refused_in_a_sentence() -> None:
    made = sampler()
    with pytest.raises(NotDifferentiable, match="allowed is one after another"):
        functional.jacobian(made, made.phases.detach(), vectorize=True)


def test_a_chip_in_evaluation_mode_is_not_taken_for_a_constant() -> None:
    chip = NoisyPQCNN(sampler(), Noise(phase_error=0.1), seed=0).eval()

    def loss(phases: Tensor) -> Tensor:
        named = {"sampler.trained_phases": phases}
        return torch.func.functional_call(chip, named, ()).square().sum()

    with pytest.raises(NotDifferentiable):
        torch.func.grad(loss)(chip.phases.detach())
