"""The photonic parameter-shift rule against analytic derivatives."""

import perceval as pcvl
import pytest
import torch

from qcnn import PQCNN, InvalidInput
from qcnn.samplers.light import DistinguishablePhotons
from qcnn.samplers.measured import share_pass, shift_jacobian
from qcnn.samplers.shifts import post_select, post_selected_gradient, shift_rule

#: Several photons in a mode, both spaces, more layers, a part of the phases trained.
CASES = [
    (4, 2, "unbunched", None, {}),
    (5, 1, "fock", None, {"mesh": "minimal"}),
    (6, 3, "unbunched", None, {"mesh": "minimal"}),
    (6, 3, "fock", None, {}),
    (5, 3, "unbunched", (2, 0, 1, 0, 0), {}),
    (5, 3, "fock", (0, 3, 0, 0, 0), {"mesh": "minimal"}),
    (3, 4, "fock", (2, 1, 1), {}),
    (4, 4, "unbunched", None, {}),
    (3, 2, "fock", None, {"layers": 2}),
    (9, 4, "unbunched", None, {"trained": 15}),
    (8, 5, "fock", None, {"mesh": "minimal", "trained": 7}),
    (6, 3, "unbunched", None, {"engine": "torch"}),
]


@pytest.mark.parametrize("degree", [1, 2, 4, 7])
def test_the_rule_is_exact_for_trigonometric_polynomials_up_to_its_degree(degree: int) -> None:
    shifts, coefficients = shift_rule(degree)
    assert len(shifts) == len(coefficients) == 2 * degree
    assert coefficients.sum().item() == pytest.approx(0, abs=1e-12)
    assert coefficients.abs().sum().item() == pytest.approx(degree)
    random = torch.Generator().manual_seed(degree)
    orders = torch.arange(degree + 1, dtype=torch.float64)
    even, odd = torch.randn(2, degree + 1, generator=random, dtype=torch.float64)

    def value(angle: torch.Tensor) -> torch.Tensor:
        turns = angle[..., None] * orders
        return turns.cos() @ even + turns.sin() @ odd

    angle = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(value(angle), angle)
    assert (coefficients @ value(angle.detach() + shifts) - slope).abs() < 1e-10
    if degree > 1:  # one degree fewer leaves something out
        shifts, coefficients = shift_rule(degree - 1)
        assert (coefficients @ value(angle.detach() + shifts) - slope).abs() > 1e-3


@pytest.mark.parametrize(("modes", "photons", "space", "state", "options"), CASES)
def test_the_jacobian_is_the_analytic_one(
    modes: int,
    photons: int,
    space: str,
    state: tuple[int, ...] | None,
    options: dict[str, str | int],
) -> None:
    sampler = PQCNN(
        modes,
        photons,
        space=space,
        input_state=state,
        dtype=torch.float64,
        seed=modes,
        **options,  # type: ignore[arg-type]
    )
    shares, slopes = shift_jacobian(sampler)
    assert shares.sum().item() == pytest.approx(1, abs=1e-12)
    assert slopes.sum(dim=0).abs().max() < 1e-10
    distribution, jacobian = post_select(shares, slopes)
    exact = torch.func.jacrev(sampler)(sampler.phases.detach())
    if sampler._places is not None:
        exact = exact[:, sampler._places]
    assert (jacobian - exact).abs().max() < 1e-10
    assert (distribution - sampler()).abs().max() < 1e-12
    probabilities, differences = sampler.response()
    assert (jacobian - differences).abs().max() < 1e-7
    assert (distribution - probabilities).abs().max() < 1e-12


def test_fewer_shifts_than_two_for_each_photon_are_not_exact() -> None:
    sampler = PQCNN(6, 3, space="fock", dtype=torch.float64, seed=0)
    exact = torch.func.jacrev(sampler)(sampler.phases.detach())
    run, phases = share_pass(sampler), sampler.phases.detach()
    for photons, is_exact in ((2, False), (3, True), (4, True)):
        shifts, coefficients = shift_rule(photons)
        found = sum(
            coefficient * run(phases + shift * torch.eye(len(phases), dtype=torch.float64))
            for shift, coefficient in zip(shifts, coefficients, strict=True)
        )
        assert isinstance(found, torch.Tensor)
        assert ((found.T[:-1] - exact).abs().max().item() < 1e-10) is is_exact


def test_the_gradient_by_shares_is_that_of_the_renormalised_distribution() -> None:
    sampler = PQCNN(5, 2, dtype=torch.float64, seed=3)
    shares, slopes = shift_jacobian(sampler)
    _, jacobian = post_select(shares, slopes)
    cotangent = torch.randn(sampler.outcomes, generator=torch.Generator().manual_seed(0)).double()
    by_shares = post_selected_gradient(shares, cotangent)
    assert torch.allclose(by_shares @ slopes, cotangent @ jacobian, atol=1e-12)


def test_what_has_no_such_rule_is_refused() -> None:
    circuit = pcvl.Circuit(2) // pcvl.BS(theta=pcvl.P("a"))
    for sampler, says in (
        (PQCNN.from_circuit(circuit, [1, 1], seed=0), "allowed for the parameter-shift rule are"),
        (PQCNN(3, 0, space="fock", seed=0), "photons is 0; allowed are whole numbers from 1"),
        (DistinguishablePhotons(4, 2, seed=0), "allowed is a PQCNN"),
    ):
        with pytest.raises(InvalidInput, match=says):
            shift_jacobian(sampler)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="photons is 0; allowed are whole numbers from 1"):
        shift_rule(0)
