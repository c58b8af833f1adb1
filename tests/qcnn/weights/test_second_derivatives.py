"""Second derivatives through whole models, and what is computed of them, are those of differences.

Of everything that is registered: a mapping or baseline that is dropped in is tested too, with a
fixed matrix of each kind where it has one.
"""

from collections.abc import Callable
from dataclasses import fields

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import grad
from torch.nn.functional import cross_entropy

from qcnn import PQCNN, QuantumTrain, baseline_from_text, baseline_names, mapping_names
from qcnn.mappings import mapping_from_text
from qcnn.noise import Noise, NoisyPQCNN

STEP = 1e-6


def forms(names: tuple[str, ...], parse: Callable[[str], object]) -> list[str]:
    """The names, and those that have a fixed matrix with each that is not the default."""
    return [
        f"{name}{option}"
        for name in names
        for option in ("", ":matrix=hadamard")
        if not option or "matrix" in [field.name for field in fields(parse(name))]  # type: ignore[arg-type]
    ]


MAPPINGS = [
    *forms(mapping_names(), mapping_from_text),
    "mps:bond_dimension=2,form=torchmps",
    "mps:bond_dimension=2,form=orthogonal,placement=residual",
    "mlp:hidden=3,activation=tanh",
]
BASELINES = [
    *forms(baseline_names(), baseline_from_text),
    "random_subspace:directions=orthogonal,matrix=hadamard",
]


def test_the_forms_that_differ_are_among_them() -> None:
    assert {"logit_tanh", "mixing:matrix=hadamard", "whitened:matrix=hadamard"} < set(MAPPINGS)
    assert {"random_subspace", "random_subspace:matrix=hadamard"} < set(BASELINES)


def trained(model: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def penalty(model: nn.Module, inputs: Tensor) -> Tensor:
    """The square of the gradient of all that is trained."""
    slopes = grad(model(inputs).square().sum(), trained(model), create_graph=True)
    return torch.stack([slope.square().sum() for slope in slopes]).sum()


def check_penalty(model: nn.Module, inputs: Tensor) -> None:
    """Its own gradient along a direction is the central difference, away from the start."""
    parameters = trained(model)
    random = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for p in parameters:  # at the start of some mappings, all derivatives are rounding errors
            p += 0.2 * torch.randn(p.shape, generator=random)
    directions = [torch.linspace(-1, 2, p.numel(), dtype=p.dtype).view_as(p) for p in parameters]
    penalty(model, inputs).backward()  # type: ignore[no-untyped-call]
    products = [
        (p.grad * direction).sum()
        for p, direction in zip(parameters, directions, strict=True)
        if p.grad is not None
    ]
    found = torch.stack(products).sum()
    values = []
    for steps in (1, -2):
        with torch.no_grad():
            for p, direction in zip(parameters, directions, strict=True):
                p += steps * STEP * direction
        values.append(penalty(model, inputs).detach())
    expected = (values[0] - values[1]) / (2 * STEP)
    assert expected.abs() > 1e-3 * values[0] > 0
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("text", "combine"),
    [(text, kind) for text in MAPPINGS for kind in mapping_from_text(text).combinations],
)
@pytest.mark.parametrize("noise", [Noise(), Noise(indistinguishability=0.8)], ids=["", "noisy"])
def test_a_gradient_penalty_of_a_mapping(text: str, combine: str, noise: Noise) -> None:
    samplers = [NoisyPQCNN(PQCNN(5, 2, seed=seed, trained=4), noise, seed) for seed in (0, 1)]
    torch.manual_seed(1)
    model = QuantumTrain(nn.Linear(4, 3), samplers, text, combine).double()
    check_penalty(model, torch.ones(2, 4, dtype=torch.float64))


@pytest.mark.parametrize("text", BASELINES)
def test_a_gradient_penalty_of_a_baseline(text: str) -> None:
    torch.manual_seed(1)
    target = nn.Sequential(nn.Linear(30, 25), nn.Tanh(), nn.Linear(25, 10))
    model = baseline_from_text(text).build(target, 2).double()
    check_penalty(model, torch.linspace(-1, 1, 60, dtype=torch.float64).view(2, 30))


def natural(jacobian: Tensor, probabilities: Tensor, gradient: Tensor) -> Tensor:
    """The step against the gradient in the metric of the distribution, Fisher's information."""
    fisher = jacobian.T @ (jacobian / probabilities.unsqueeze(1))
    # Some phases have no effect on the probabilities.
    damped = fisher + 1e-3 * torch.eye(len(fisher), dtype=fisher.dtype)
    return -0.1 * torch.linalg.solve(damped, gradient)


def differences(of: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """The Jacobian by central differences, a column for each number."""
    steps = STEP * torch.eye(len(at), dtype=at.dtype)
    return torch.stack([(of(at + step) - of(at - step)) / (2 * STEP) for step in steps], dim=-1)


@pytest.mark.parametrize("noise", [None, Noise(indistinguishability=0.9)], ids=["", "noisy"])
@pytest.mark.parametrize("trained_phases", [None, 7])
def test_a_step_of_the_natural_gradient(
    engine: str, noise: Noise | None, trained_phases: int | None
) -> None:
    ideal = PQCNN(5, 2, seed=0, engine=engine, trained=trained_phases, dtype=torch.float64)
    sampler = ideal if noise is None else NoisyPQCNN(ideal, noise, seed=0)
    torch.manual_seed(1)
    model = QuantumTrain(nn.Linear(4, 2), sampler, "log_affine").double()
    inputs, labels = torch.randn(8, 4, dtype=torch.float64), torch.arange(8) % 2
    (name,) = [name for name, _ in model.named_parameters() if name.endswith("trained_phases")]

    def distribution(phases: Tensor) -> Tensor:
        inner = {name.removeprefix("samplers.0."): phases}
        found: Tensor = torch.func.functional_call(model.samplers[0], inner, ())
        return found

    def loss(phases: Tensor) -> Tensor:
        return cross_entropy(torch.func.functional_call(model, {name: phases}, inputs), labels)

    parameter = model.get_parameter(name)
    at = parameter.detach().clone()
    assert len(at) == (trained_phases or len(ideal.phases))
    loss(parameter).backward()  # type: ignore[no-untyped-call]
    assert parameter.grad is not None
    probabilities = distribution(at)
    step = natural(torch.func.jacrev(distribution)(at), probabilities, parameter.grad)
    expected = natural(differences(distribution, at), probabilities, differences(loss, at))
    assert step.norm() > 0.01
    torch.testing.assert_close(step, expected, rtol=1e-6, atol=1e-6 * float(step.abs().max()))
    assert loss(at + step) < loss(at)
