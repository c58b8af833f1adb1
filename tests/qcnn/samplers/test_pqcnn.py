"""The sampler against Perceval's SLOS, against differences, and its interface."""

import copy
import pickle
from typing import Any

import numpy as np
import perceval as pcvl
import pytest
import torch
from torch import Tensor

from qcnn import PQCNN, InvalidInput
from qcnn.engines import fused
from qcnn.meshes import check_layers
from qcnn.weights.together import run_together

CASES = [
    (4, 2, "unbunched", None),
    (5, 2, "fock", (1, 1, 0, 0, 0)),
    (6, 3, "unbunched", None),
    (6, 3, "fock", None),
    (9, 4, "unbunched", None),
    (9, 4, "fock", (1, 1, 1, 1, 0, 0, 0, 0, 0)),
    (8, 4, "unbunched", (1, 1, 1, 1, 0, 0, 0, 0)),
    (5, 3, "unbunched", (2, 0, 1, 0, 0)),
    (5, 3, "fock", (0, 3, 0, 0, 0)),
    (3, 4, "fock", (2, 1, 1)),
    (4, 4, "unbunched", None),
    (3, 0, "fock", None),
    (1, 1, "unbunched", None),
    (1, 2, "fock", (2,)),
]


def slos_probabilities(sampler: PQCNN) -> torch.Tensor:
    """The outcomes' probabilities by Perceval, renormalised over the sampler's outcomes."""
    backend = pcvl.SLOSBackend()
    backend.set_circuit(sampler.circuit())
    backend.set_input_state(pcvl.BasicState(list(sampler.input_state)))
    found = [float(backend.probability(pcvl.BasicState(list(s)))) for s in sampler.states]
    values = torch.tensor(found, dtype=torch.float64)
    return values / values.sum()


@pytest.mark.parametrize(("modes", "photons", "space", "input_state"), CASES)
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-10)], ids=["f32", "f64"]
)
def test_probabilities_are_those_of_perceval(
    modes: int,
    photons: int,
    space: str,
    input_state: tuple[int, ...] | None,
    dtype: torch.dtype,
    tolerance: float,
    engine: str,
) -> None:
    sampler = PQCNN(
        modes,
        photons,
        space=space,
        input_state=input_state,
        engine=engine,
        dtype=dtype,
        seed=modes + photons,
    )
    probabilities = sampler()
    assert probabilities.dtype == dtype
    assert probabilities.shape == (sampler.outcomes,) == (len(sampler.states),)
    assert bool((probabilities >= 0).all())
    assert (probabilities.double() - slos_probabilities(sampler)).abs().max() < tolerance


@pytest.mark.parametrize(("modes", "photons", "space", "input_state"), CASES)
def test_gradient_is_the_central_difference(
    modes: int, photons: int, space: str, input_state: tuple[int, ...] | None, engine: str
) -> None:
    sampler = PQCNN(
        modes,
        photons,
        space=space,
        input_state=input_state,
        engine=engine,
        dtype=torch.float64,
        seed=7,
    )
    cotangent = torch.randn(
        sampler.outcomes, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )
    (sampler() @ cotangent).backward()
    gradient = sampler.phases.grad
    assert gradient is not None
    step, start = 1e-5, sampler.phases.detach().clone()
    for index in range(0, len(start), max(1, len(start) // 12)):
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                sampler.phases.copy_(start)
                sampler.phases[index] += sign * step
                values.append(sampler() @ cotangent)
        assert gradient[index].item() == pytest.approx(
            (values[0] - values[1]).item() / (2 * step), abs=1e-8
        )


def test_interface_reads_back_what_was_chosen(engine: str) -> None:
    sampler = PQCNN(6, 2, engine=engine, seed=5)
    assert sampler.phases.shape == (30,)
    assert sampler.phases.min().item() >= 0
    assert sampler.phases.max().item() < 2 * torch.pi
    assert sampler.input_state == (1, 0, 0, 1, 0, 0)
    assert sampler.effective_phases == 13
    assert sampler.circuit().m == 6
    assert [name for name, _ in sampler.named_parameters()] == ["trained_phases"]


def test_seed_fixes_the_phases_and_global_state_varies_them() -> None:
    assert torch.equal(PQCNN(5, 2, seed=1).phases, PQCNN(5, 2, seed=1).phases)
    assert not torch.equal(PQCNN(5, 2, seed=1).phases, PQCNN(5, 2, seed=2).phases)
    assert not torch.equal(PQCNN(5, 2).phases, PQCNN(5, 2).phases)


def test_copies_and_pickles_are_independent_and_equal(engine: str) -> None:
    sampler = PQCNN(5, 2, engine=engine, seed=1)
    before = sampler().detach().clone()
    for twin in (copy.deepcopy(sampler), pickle.loads(pickle.dumps(sampler))):
        assert torch.equal(twin(), before)
        with torch.no_grad():
            twin.phases.add_(0.1)
        assert not torch.equal(twin(), before)
        assert torch.equal(sampler(), before)


def test_batch_equals_the_loop(engine: str) -> None:
    sampler = PQCNN(6, 3, engine=engine, seed=1, dtype=torch.float64)
    phases = torch.rand(5, 30, dtype=torch.float64, requires_grad=True)
    cotangent = torch.rand(5, sampler.outcomes, dtype=torch.float64)
    (sampler(phases) * cotangent).sum().backward()
    for row in range(5):
        alone = phases.detach()[row].requires_grad_()
        probabilities = sampler(alone)
        (probabilities * cotangent[row]).sum().backward()
        assert phases.grad is not None
        assert alone.grad is not None
        if engine == "fused":
            assert torch.equal(sampler(phases)[row], probabilities)
            assert torch.equal(phases.grad[row], alone.grad)
        else:
            torch.testing.assert_close(sampler(phases)[row], probabilities)
            torch.testing.assert_close(phases.grad[row], alone.grad)


def test_minimal_mesh_has_its_phases_and_its_circuit_agrees(engine: str) -> None:
    sampler = PQCNN(9, 4, mesh="minimal", engine=engine, seed=1)
    assert sampler.phases.shape == (44,)
    assert (sampler().double() - slos_probabilities(sampler)).abs().max().item() < 1e-6


LAYERED = [
    (1, 5, 2, "fock", None),
    (2, 4, 2, "unbunched", None),
    (3, 5, 3, "fock", (0, 2, 0, 1, 0)),
    (4, 4, 2, "fock", (1, 1, 0, 0)),
    (4, 6, 3, "unbunched", None),
]


def layered(
    layers: int,
    modes: int,
    photons: int,
    space: str,
    input_state: tuple[int, ...] | None,
    engine: str,
) -> PQCNN:
    return PQCNN(
        modes,
        photons,
        space=space,
        input_state=input_state,
        layers=layers,
        engine=engine,
        dtype=torch.float64,
        seed=layers,
    )


def value_and_gradient(sampler: PQCNN) -> tuple[Tensor, Tensor]:
    """Probabilities, and the gradient of their sum weighted by 1, 2, 3, …."""
    probabilities = sampler()
    weights = torch.arange(1.0, sampler.outcomes + 1, dtype=probabilities.dtype)
    (gradient,) = torch.autograd.grad(probabilities @ weights, sampler.phases)
    return probabilities.detach(), gradient


@pytest.mark.parametrize(("layers", "modes", "photons", "space", "input_state"), LAYERED)
def test_layers_are_those_of_perceval(
    layers: int,
    modes: int,
    photons: int,
    space: str,
    input_state: tuple[int, ...] | None,
    engine: str,
) -> None:
    sampler = layered(layers, modes, photons, space, input_state, engine)
    per_layer = modes * (modes - 1)
    assert sampler.phases.shape == (layers * per_layer,)
    probabilities, gradient = value_and_gradient(sampler)
    assert (probabilities - slos_probabilities(sampler)).abs().max() < 1e-12
    weights = torch.arange(1.0, sampler.outcomes + 1, dtype=torch.float64)
    step, start = 1e-5, sampler.phases.detach().clone()
    # Two phases of every layer, an inner and an outer one.
    for number in (layer * per_layer + phase for layer in range(layers) for phase in (2, 7)):
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                sampler.phases.copy_(start)
                sampler.phases[number] += sign * step
            values.append(slos_probabilities(sampler) @ weights)
        slope = (values[0] - values[1]) / (2 * step)
        assert gradient[number].item() == pytest.approx(slope.item(), abs=1e-7)


@pytest.mark.parametrize(("layers", "modes", "photons", "space", "input_state"), LAYERED)
def test_layers_of_both_engines_agree(
    layers: int, modes: int, photons: int, space: str, input_state: tuple[int, ...] | None
) -> None:
    results = [
        value_and_gradient(layered(layers, modes, photons, space, input_state, engine))
        for engine in ("fused", "merlin")
    ]
    for ours, reference in zip(*results, strict=True):
        torch.testing.assert_close(ours, reference, rtol=0, atol=1e-12)


@pytest.mark.parametrize("modes", [1, 2, 5])
@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_circuit_has_a_phase_of_pi_on_every_mode_between_layers(modes: int, layers: int) -> None:
    sampler = PQCNN(modes, 1, layers=layers, seed=1)
    parts = list(sampler.circuit())
    layer_parts = 4 * (modes * (modes - 1) // 2)
    for layer in range(1, layers):
        start = layer * (layer_parts + modes) - modes
        between = parts[start : start + modes]
        assert [places for places, _ in between] == [(mode,) for mode in range(modes)]
        assert all(isinstance(part, pcvl.PS) for _, part in between)
        assert [float(part.param("phi")) for _, part in between] == [np.pi] * modes
    assert len(parts) == layers * layer_parts + (layers - 1) * modes
    np.testing.assert_allclose(
        fused.unitary(sampler.mesh, sampler.phases.detach()),
        np.array(sampler.circuit().compute_unitary()),
        atol=1e-12,
    )


def test_samplers_that_differ_only_in_phases_run_together() -> None:
    samplers = [
        PQCNN(6, 3, seed=0),
        PQCNN(5, 2, seed=1),
        PQCNN(6, 3, seed=2),
        PQCNN(6, 3, layers=2, seed=3),
        PQCNN(6, 3, layers=2, seed=4),
    ]
    for together, sampler in zip(run_together(samplers).rows(), samplers, strict=True):
        assert torch.equal(together, sampler())


def test_phases_that_are_not_finite_are_refused(engine: str) -> None:
    sampler = PQCNN(5, 2, engine=engine, seed=1)
    with torch.no_grad():
        sampler.phases[3] = float("nan")
    with pytest.raises(InvalidInput, match="phases has .*; allowed are finite numbers"):
        sampler()


def test_single_outcome_has_a_zero_gradient(engine: str) -> None:
    sampler = PQCNN(3, 3, engine=engine, seed=1)
    probabilities = sampler()
    probabilities.sum().backward()
    assert probabilities.tolist() == [1.0]
    assert sampler.phases.grad is not None
    assert not sampler.phases.grad.any()


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        ((4, 5), {}, "photons is 5 with 4 modes; allowed"),
        ((4, 1.5), {}, "photons is 1.5; allowed are whole numbers from 0"),
        ((0, 0), {}, "modes is 0; allowed are whole numbers from 1"),
        ((4, -1), {}, "photons is -1; allowed"),
        (("4", 1), {}, "modes is '4'; allowed"),
        ((4, 2), {"space": "fok"}, "space is 'fok'; allowed are unbunched, fock"),
        ((4, 2), {"engine": "magic"}, "engine is 'magic'; allowed are"),
        ((4, 2), {"mesh": "dense"}, "mesh is 'dense'; allowed are minimal, rectangular"),
        ((4, 2), {"layers": 0}, "layers is 0; allowed are whole numbers from 1"),
        ((4, 2), {"layers": 1.5}, "layers is 1.5; allowed are whole numbers from 1"),
        ((4, 2), {"layers": 2, "mesh": "minimal"}, "layers is 2 with mesh 'minimal'; allowed"),
        ((4, 2), {"dtype": torch.int64}, "dtype is torch.int64; allowed are torch.float32"),
        ((4, 2), {"input_state": (2, 1, 0, 0)}, "allowed are 4 counts that sum to 2"),
        ((4, 2), {"input_state": (3, -1, 0, 0)}, "a photon count of input_state is -1"),
    ],
)
def test_bad_input_is_one_sentence(
    arguments: tuple[object, ...], options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence.replace("(", r"\(").replace(")", r"\)")) as e:
        PQCNN(*arguments, **options)  # type: ignore[arg-type]
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("size", "options", "message"),
    [
        ((10**6, 2), {}, "a rectangular mesh of 1000000 modes and 1 layers needs"),
        ((10**9, 1), {}, "a rectangular mesh of 1000000000 modes"),
        ((10**9, 0), {}, "a rectangular mesh of 1000000000 modes"),
        ((10**400, 2), {}, "a rectangular mesh of 10{78}… modes"),
        ((10**5000, 2), {}, "a rectangular mesh of a whole number of 16610 bits modes"),
        ((10**9, 1), {"mesh": "minimal"}, "a minimal mesh of 1000000000 modes"),
        ((10**6, 3), {"mesh": "minimal"}, "3 photons in 1000000 modes"),
        ((9, 4), {"layers": 10**12}, "a rectangular mesh of 9 modes and 1000000000000 layers"),
        ((2000, 1000), {}, r"1000 photons in 2000 modes .* needs 1e\+592 GiB"),
        ((80, 40), {"engine": "merlin"}, "40 photons in 80 modes"),
        ((3, 10**9), {"space": "fock", "input_state": (10**9, 0, 0)}, "1000000000 photons in 3"),
    ],
)
def test_what_no_machine_holds_is_refused_before_it_is_built(
    size: tuple[int, int], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInput, match=f"^{message}.*; allowed are"):
        PQCNN(*size, **options)


@pytest.mark.parametrize("name", ["negative", "conjugate", "strided", "expanded"])
@pytest.mark.parametrize("grad", [False, True])
def test_views_are_taken_for_the_numbers_that_they_show(engine: str, name: str, grad: bool) -> None:
    sampler = PQCNN(4, 2, engine=engine, seed=0, dtype=torch.float64)
    numbers = torch.rand(3, 12, dtype=torch.float64)
    views = {
        "negative": torch._neg_view(-numbers),
        "conjugate": torch.complex(numbers, -numbers).conj().imag,
        "strided": torch.stack([numbers, numbers], 2)[..., 0],
        "expanded": numbers[:1].expand(3, -1),
    }
    seen = views[name].detach().requires_grad_(grad)
    plain = torch.tensor(seen.tolist(), dtype=torch.float64, requires_grad=grad)
    cotangent = torch._neg_view(-torch.rand(3, 6, dtype=torch.float64))
    found, expected = sampler(seen), sampler(plain)
    torch.testing.assert_close(found, expected, atol=1e-13, rtol=0)
    if grad:
        found.backward(cotangent)
        expected.backward(cotangent.resolve_neg())
        torch.testing.assert_close(seen.grad, plain.grad, atol=1e-12, rtol=0)


def test_a_sampler_without_phases_responds_to_none() -> None:
    probabilities, jacobian = PQCNN(1, 1).response()
    assert probabilities.tolist() == [1.0]
    assert jacobian.shape == (1, 0)


def test_layers_of_what_is_no_mesh_are_refused() -> None:
    """As a stored row without photons may have them."""
    with pytest.raises(InvalidInput, match="layers is 2 with mesh 'none'; allowed there is 1"):
        check_layers(2, "none")
