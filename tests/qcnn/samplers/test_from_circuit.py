"""Any linear circuit of Perceval's as a PQCNN: against Perceval's own unitary and simulator."""

import json
import pickle
from copy import deepcopy
from itertools import permutations
from typing import Any

import numpy as np
import perceval as pcvl
import pytest
import sympy
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from perceval.components import BS, PERM, PS, Barrier, Unitary
from torch import Tensor, nn

from qcnn import PQCNN, InvalidInput, QuantumTrain
from qcnn.noise import Noise, NoisyPQCNN, measure_distribution
from qcnn.noise.device import chip_errors
from qcnn.optics.circuit import read_circuit
from qcnn.optics.stored import build_circuit, store_circuit
from qcnn.weights.together import run_together

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.*is deprecated:DeprecationWarning")
CONVENTIONS = {"Rx": BS.Rx, "Ry": BS.Ry, "H": BS.H}
CORNERS = ("phi_tl", "phi_bl", "phi_tr", "phi_br")


def random_circuit(modes: int, components: int, seed: int) -> pcvl.Circuit:
    """Components of every kind, parameters that stand in several places and in expressions."""
    draw = np.random.default_rng(seed)
    pool = [pcvl.P(f"p{number}") for number in range(4)]
    # Perceval refuses two of one text in a component.
    sums = {
        (one, other): pcvl.Expression(f"2*p{one} - p{other}/3 + 0.25", {pool[one], pool[other]})
        for one, other in permutations(range(4), 2)
    }

    def angle() -> Any:
        kind, one, other = draw.integers(4), *draw.choice(4, 2, replace=False)
        if kind == 0:
            return float(draw.uniform(0, 6))
        if kind == 1:
            return sums[one, other]
        return pool[one]

    circuit = pcvl.Circuit(modes)
    for _ in range(components):
        kind = draw.integers(6)
        mode = int(draw.integers(modes - 1))
        if kind < 2:
            name = draw.choice(list(CONVENTIONS))
            options = {corner: angle() for corner in CORNERS if draw.integers(2)}
            circuit.add(mode, CONVENTIONS[name](theta=angle(), **options))
        elif kind == 2:
            circuit.add(int(draw.integers(modes)), PS(angle()))
        elif kind == 3:
            circuit.add(0, PERM(draw.permutation(modes).tolist()))
        elif kind == 4:
            circuit.add(mode, Unitary(pcvl.Matrix.random_unitary(2)))
        else:
            inner = pcvl.Circuit(2) // BS.H(angle()) // (1, PS(angle()))
            circuit.add(mode, inner, merge=bool(draw.integers(2)))
            circuit.add(0, Barrier(modes))
    return circuit


def assigned(circuit: pcvl.Circuit, values: list[float]) -> pcvl.Circuit:
    copy = circuit.copy()
    for parameter, value in zip(copy.get_parameters(), values, strict=True):
        parameter.set_value(value)
    return copy


def by_perceval(circuit: pcvl.Circuit, sampler: PQCNN) -> np.ndarray:
    """Probabilities by Perceval's SLOS, renormalised to the outcomes."""
    numeric = assigned(circuit, sampler.phases.detach().tolist())
    backend = pcvl.SLOSBackend()
    backend.set_circuit(pcvl.Circuit(numeric.m).add(0, Unitary(numeric.compute_unitary())))
    backend.set_input_state(pcvl.BasicState(list(sampler.input_state)))
    found = np.array([backend.probability(pcvl.BasicState(list(s))) for s in sampler.states])
    return found / found.sum()


def check_unitary(circuit: pcvl.Circuit, seed: int) -> None:
    read = read_circuit(circuit)
    values = np.random.default_rng(seed).uniform(0, 6, read.phases).tolist()
    expected = np.array(assigned(circuit, values).compute_unitary(), dtype=complex)
    np.testing.assert_allclose(read.unitary(values), expected, rtol=0, atol=1e-12)
    assert list(read.parameters) == [each.name for each in circuit.get_parameters()]


@settings(max_examples=25)
@given(st.integers(2, 5), st.integers(1, 12), st.integers(0, 10**6))
def test_the_unitary_is_perceval_s(modes: int, components: int, seed: int) -> None:
    check_unitary(random_circuit(modes, components, seed), seed + 1)


@settings(max_examples=40)
@given(
    st.integers(2, 5),
    st.integers(1, 12),
    st.integers(0, 10**6),
    st.sampled_from(["h", "v", "hv", "v then h", "h then v", "v then v"]),
    st.booleans(),
)
def test_an_inverted_circuit_has_perceval_s_unitary(
    modes: int, components: int, seed: int, inversions: str, with_values: bool
) -> None:
    circuit = random_circuit(modes, components, seed)
    for parameter in circuit.get_parameters()[: 2 * with_values]:
        parameter.set_value(0.75)
    try:
        for inversion in inversions.split(" then "):
            circuit.inverse(h="h" in inversion, v="v" in inversion)
    except RuntimeError as error:  # Perceval's: it makes one expression twice
        assume("two parameters with the same name" not in str(error))
        raise
    check_unitary(circuit, seed + 1)


@pytest.mark.parametrize("inversion", [{"h": True}, {"v": True}, {"h": True, "v": True}])
@pytest.mark.parametrize("component", [*CONVENTIONS, "PS", "PERM", "Unitary", "Barrier"])
def test_every_inverted_component_has_perceval_s_unitary(
    component: str, inversion: dict[str, bool]
) -> None:
    corners = {corner: pcvl.P(corner) for corner in CORNERS}
    made = {
        **{name: make(theta=pcvl.P("t"), **corners) for name, make in CONVENTIONS.items()},
        "PS": PS(pcvl.P("t")),
        "PERM": PERM([2, 0, 1]),
        "Unitary": Unitary(pcvl.Matrix.random_unitary(3)),
        "Barrier": Barrier(2),
    }[component]
    made.inverse(**inversion)
    check_unitary(made, 1)


@pytest.mark.parametrize(
    ("negative", "positive"),
    [
        (PS(-0.0), PS(0.0)),
        (PS(pcvl.Expression("2*z - 0.0", {pcvl.P("z")})), PS(2 * pcvl.P("z"))),
        (BS(phi_tl=-0.0), BS()),
        (Unitary(pcvl.Matrix([[complex(1, -0.0)]])), Unitary(pcvl.Matrix([[1]]))),
    ],
)
def test_a_negative_zero_is_a_zero_in_a_file(
    negative: pcvl.ACircuit, positive: pcvl.ACircuit
) -> None:
    read = read_circuit(negative)
    assert build_circuit(json.loads(json.dumps(store_circuit(read)))) == read
    assert read == read_circuit(positive)


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_a_circuit_from_a_file_is_itself(seed: int) -> None:
    read = read_circuit(random_circuit(4, 8, seed))
    assert build_circuit(json.loads(json.dumps(store_circuit(read)))) == read


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.sampled_from(["unbunched", "fock"]))
def test_probabilities_and_derivatives(seed: int, space: str) -> None:
    circuit = random_circuit(4, 10, seed) // (0, BS(pcvl.P("last"))) // (2, BS()) // (1, BS())
    state = [1, 0, 1, 0] if space == "unbunched" else [2, 0, 1, 0]
    sampler = PQCNN.from_circuit(circuit, state, space=space, seed=seed, dtype=torch.float64)
    found = sampler().detach().numpy()
    np.testing.assert_allclose(found, by_perceval(circuit, sampler), atol=1e-10)
    phases = sampler.phases.detach().requires_grad_()
    assert torch.autograd.gradcheck(sampler, phases)
    assert torch.autograd.gradgradcheck(sampler, phases)
    batch = torch.stack([phases.detach(), 2 * phases.detach()])
    torch.testing.assert_close(sampler(batch)[1], sampler(batch[1]))
    torch.testing.assert_close(torch.func.vmap(sampler)(batch), sampler(batch))


@pytest.mark.parametrize("mesh", ["rectangular", "minimal"])
def test_a_mesh_of_ours_read_as_a_circuit_is_itself(mesh: str) -> None:
    own = PQCNN(6, 3, mesh=mesh, seed=2, dtype=torch.float64)
    read = PQCNN.from_circuit(own.mesh.circuit(), own.input_state, dtype=torch.float64)
    torch.testing.assert_close(read(own.phases), own(), rtol=0, atol=1e-12)
    assert read.effective_phases == own.effective_phases == 19
    assert read.states == own.states


def test_merlin_s_layer_gives_the_same_outcomes_and_gradients() -> None:
    import merlin

    circuit = PQCNN(5, 2).mesh.circuit()
    names = [each.name for each in circuit.get_parameters()]
    layer = merlin.QuantumLayer(
        input_size=0,
        circuit=circuit,
        input_state=[1, 0, 1, 0, 0],
        trainable_parameters=["phase"],
        measurement_strategy=merlin.MeasurementStrategy.probs(merlin.ComputationSpace.UNBUNCHED),
        dtype=torch.float64,
    )
    sampler = PQCNN.from_circuit(circuit, [1, 0, 1, 0, 0], dtype=torch.float64, seed=1)
    (parameter,) = layer.parameters()
    assert parameter.numel() == len(names)
    with torch.no_grad():
        parameter.copy_(sampler.phases)
    weights = torch.linspace(-1, 2, sampler.outcomes, dtype=torch.float64)
    expected, found = layer().flatten(), sampler()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)
    (gradient,) = torch.autograd.grad(expected @ weights, parameter)
    torch.testing.assert_close(
        torch.autograd.grad(found @ weights, sampler.trained_phases)[0], gradient, atol=1e-9, rtol=0
    )
    assert [tuple(key) for key in layer.output_keys] == list(sampler.states)


def interferometer(modes: int = 5) -> pcvl.Circuit:
    def cell(number: int) -> pcvl.Circuit:
        return BS.H(pcvl.P(f"t{number}")) // (0, PS(pcvl.P(f"f{number}")))

    return pcvl.GenericInterferometer(modes, cell)


def test_it_is_a_sampler_like_any_other() -> None:
    samplers = [PQCNN.from_circuit(interferometer(), [1, 0, 1, 0, 1], seed=s) for s in range(3)]
    assert len({sampler.batch_key() for sampler in samplers}) == 1
    for together, alone in zip(run_together(samplers).rows(), samplers, strict=True):
        torch.testing.assert_close(together, alone())
    model = QuantumTrain(nn.Linear(6, 4), samplers, "whitened", seed=1)
    counts = model.parameter_counts()
    assert (counts.phases, counts.effective_phases) == (60, 3 * samplers[0].effective_phases)
    copies: list[QuantumTrain] = [deepcopy(model), pickle.loads(pickle.dumps(model))]
    others = [PQCNN.from_circuit(interferometer(), [1, 0, 1, 0, 1], seed=s) for s in (7, 8, 9)]
    loaded = QuantumTrain(nn.Linear(6, 4), others, "whitened", seed=5)
    loaded.load_state_dict(model.state_dict())
    for copy in (*copies, loaded):
        torch.testing.assert_close(copy.generate(), model.generate())
    assert model.double().generate().dtype == torch.float64
    few = PQCNN.from_circuit(interferometer(), [1, 0, 1, 0, 1], trained=4, seed=1)
    assert few.trained_phases.numel() == few.effective_phases == 4
    assert "circuit" not in repr(few) or repr(few)
    ours = QuantumTrain(nn.Linear(6, 4), [PQCNN(5, 3, seed=s) for s in range(3)], "whitened")
    with pytest.raises(InvalidInput, match="; allowed"):
        ours.load_state_dict(model.state_dict())


@torch.no_grad()
def test_noise_and_perceval_s_circuit() -> None:
    sampler = PQCNN.from_circuit(interferometer(), [1, 0, 1, 0, 1], seed=4, dtype=torch.float64)
    unitary = np.array(sampler.circuit().compute_unitary(), dtype=complex)
    given_ = assigned(interferometer(), sampler.phases.tolist()).compute_unitary()
    np.testing.assert_allclose(unitary, np.array(given_, dtype=complex), atol=1e-12)
    noisy = NoisyPQCNN(sampler, Noise(indistinguishability=1 - 1e-9), seed=0).eval()
    torch.testing.assert_close(noisy().double(), sampler(), rtol=0, atol=1e-5)
    shots = NoisyPQCNN(sampler, Noise(shots=10**7), seed=0).eval()
    torch.testing.assert_close(shots().double(), sampler(), rtol=0, atol=2e-3)


@torch.no_grad()
def test_a_parameter_has_one_error_wherever_it_stands() -> None:
    """Two phases that undo each other do so under errors; a fixed one has none."""
    twice = pcvl.P("twice")
    circuit = BS() // PS(twice) // PS(0.4) // PS(-twice) // BS()
    sampler = PQCNN.from_circuit(circuit, [1, 0], seed=1, dtype=torch.float64)
    device = Noise(phase_error=0.5)
    assert chip_errors(sampler, device, 3).shape == (1,)
    torch.testing.assert_close(NoisyPQCNN(sampler, device, seed=3).eval()(), sampler())
    measured = measure_distribution(sampler, device, 3).distribution
    torch.testing.assert_close(measured, sampler(), rtol=0, atol=1e-9)
    one = PQCNN.from_circuit(BS() // PS(twice) // BS(), [1, 0], seed=1, dtype=torch.float64)
    moved = one(one.phases + chip_errors(one, device, 3))
    assert (moved - one()).abs().max() > 1e-3
    torch.testing.assert_close(NoisyPQCNN(one, device, seed=3).eval()(), moved)


def test_values_of_the_circuit_are_where_training_begins() -> None:
    set_, free = pcvl.P("set"), pcvl.P("free")
    set_.set_value(0.75)
    circuit = pcvl.Circuit(2) // BS(set_) // PS(free) // BS()
    first, second = (PQCNN.from_circuit(circuit, [1, 0], seed=s).phases for s in (1, 2))
    assert first[0] == second[0] == 0.75
    assert first[1] != second[1]
    assert set_.is_variable


def test_what_has_its_value_for_good_is_no_phase() -> None:
    a, b, fixed = pcvl.P("a"), pcvl.P("b"), pcvl.P("fixed", 0.5)
    circuit = PS(pcvl.Expression("a + fixed*b", {a, b, fixed})) // PS(fixed) // PS(b)
    read = read_circuit(circuit)
    assert read.parameters == ("a", "b")
    np.testing.assert_allclose(read.unitary([0.3, 0.4]), [[np.exp(1.4j)]])


def test_a_circuit_without_parameters_is_fixed() -> None:
    sampler = PQCNN.from_circuit(BS(), [1, 1], space="fock", dtype=torch.float64)
    torch.testing.assert_close(sampler(), torch.tensor([0.5, 0, 0.5], dtype=torch.float64))
    assert sampler.effective_phases == sampler.phases.numel() == 0


def phase(text: str) -> pcvl.ACircuit:
    return PS(pcvl.Expression(text, {pcvl.P(name) for name in "ab" if name in text}))


def beginning_at(value: Any) -> pcvl.ACircuit:
    parameter = pcvl.P("p")
    parameter.set_value(value)
    return PS(parameter)


@pytest.mark.parametrize(
    ("circuit", "state"),
    [
        (BS() // PS(pcvl.P("after")), [3, 2]),
        (pcvl.Circuit(3).add(1, PS(pcvl.P("before"))).add(0, Unitary.random(3)), [1, 2, 0]),
        (BS(theta=0, phi_tl=pcvl.P("a"), phi_br=pcvl.P("b")), [1, 1]),
    ],
)
def test_rounding_is_no_effect_of_a_phase(circuit: Any, state: list[int]) -> None:
    assert PQCNN.from_circuit(circuit, state, space="fock").effective_phases == 0


class OtherPhase(PS):
    """Derived from a component that is known, with a unitary that is not."""

    def _compute_unitary(self, assign: Any = None, use_symbolic: bool = False) -> pcvl.Matrix:
        return pcvl.Matrix([[1j]])


NUMBERS = "; allowed are finite real numbers, and sums of such multiples of parameters$"


@pytest.mark.parametrize(
    ("circuit", "state", "sentence"),
    [
        (3, [1], "circuit is 3; allowed is a Perceval circuit"),
        (pcvl.Processor("SLOS", 2), [1, 0], "circuit is a Processor; allowed is a Perceval circ"),
        (pcvl.Experiment(2), [1, 0], "circuit is a Experiment; allowed is a Perceval circuit"),
        (pcvl.LC(0.1), [1], "circuit is a LC; allowed is a Perceval circuit"),
        (pcvl.Detector.threshold(), [1], "circuit is a Detector; allowed is a Perceval circuit"),
        (pcvl.Circuit(1) // pcvl.HWP(0.3), [1], "a component of the circuit is a HWP; allowed are"),
        (pcvl.Circuit(1) // pcvl.PR(0.3), [1], "a component of the circuit is a PR; allowed are"),
        (pcvl.Circuit(2) // pcvl.PBS(), [1, 0], "a component of the circuit is a PBS; allowed"),
        (pcvl.Circuit(1) // PS(0.3, max_error=0.1), [1], "max_error of a phase shifter is 0.1; al"),
        (phase("a*b"), [1], r"a parameter of the circuit is '\(a\*b\)'; allowed are sums"),
        (phase("Piecewise((0, a < 1), (1, True))"), [1], "is '.Piecewise.*'; allowed are sums"),
        (phase("oo*a"), [1], r"a parameter of the circuit is '\(oo\*a\)'" + NUMBERS),
        (phase("zoo*a"), [1], r"a parameter of the circuit is '\(zoo\*a\)'" + NUMBERS),
        (phase("I*a"), [1], r"a parameter of the circuit is '\(I\*a\)'" + NUMBERS),
        (phase("a + oo"), [1], r"a parameter of the circuit is '\(a \+ oo\)'" + NUMBERS),
        (phase("a + 2*I"), [1], r"a parameter of the circuit is '\(a \+ 2\*I\)'" + NUMBERS),
        (phase("10**400 + a"), [1], "a parameter of the circuit is '.a . 10000.*" + NUMBERS),
        (PS(float("nan")), [1], "a parameter of the circuit is nan" + NUMBERS),
        (PS(sympy.oo), [1], "a parameter of the circuit is oo" + NUMBERS),
        (PS(sympy.I), [1], "a parameter of the circuit is I" + NUMBERS),
        (PS(sympy.Symbol("x")), [1], "a parameter of the circuit is x" + NUMBERS),
        (BS(phi_tl=sympy.I), [1, 0], "a parameter of the circuit is I" + NUMBERS),
        (beginning_at(float("nan")), [1], "a parameter of the circuit is nan" + NUMBERS),
        (Unitary(pcvl.Matrix([[1 + 2e-6]])), [1], "the matrix of a circuit is off .* by 4e-06; al"),
        (OtherPhase(0.3), [1], "a component of the circuit is a OtherPhase; allowed are BS"),
        (PS(0.3, max_error=pcvl.P("m")), [1], "max_error of a phase shifter is 'm'; allowed is 0"),
        (PS(0.3, max_error=sympy.I), [1], "a parameter of the circuit is I" + NUMBERS),
        (BS(), [1], "input.*; allowed"),
        (BS(), [1, 0.5], "a photon count of the input state is 0.5; allowed"),
        (BS(), 3, "the input state is 3; allowed are photon counts"),
        (BS(), [2, 1], "; allowed"),
        (BS(), pcvl.BasicState("|{P:H},0>"), "the input state is .*; allowed are photons without"),
    ],
)
def test_what_cannot_be_expressed_is_named(circuit: Any, state: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        PQCNN.from_circuit(circuit, state)


@pytest.mark.parametrize("trained", [0, 1, "all"])
@pytest.mark.parametrize("circuit", [BS(), BS() // PS(pcvl.P("after"))])
def test_where_no_phase_has_an_effect_none_is_trained(circuit: Any, trained: Any) -> None:
    assert PQCNN.from_circuit(circuit, [1, 0], trained=None).effective_phases == 0
    with pytest.raises(InvalidInput) as caught:
        PQCNN.from_circuit(circuit, [1, 0], trained=trained)
    sentence = f"trained is {trained!r}; allowed where no phase has an effect is None"
    assert str(caught.value) == sentence


def test_states_of_perceval_are_read() -> None:
    listed = PQCNN.from_circuit(BS(pcvl.P("t")), [1, 1], space="fock", seed=1)
    read = PQCNN.from_circuit(BS(pcvl.P("t")), pcvl.BasicState([1, 1]), space="fock", seed=1)
    assert torch.equal(listed(), read())
    assert isinstance(read(), Tensor)
