"""A model in a file is the same model again, or the file is refused in one sentence."""

import copy
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import perceval as pcvl
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors
from torch import Tensor, nn

import qcnn
from qcnn import (
    PQCNN,
    CoherentLight,
    DistinguishablePhotons,
    GeneratedNetwork,
    InvalidInput,
    QuantumTrain,
    Qubits,
    baseline_from_text,
    baseline_names,
    mapping_from_text,
    mapping_names,
    target_from_text,
)
from qcnn.keeping.checkpoint import read_checkpoint, write_checkpoint
from qcnn.mappings import Mapping
from qcnn.noise import Noise, NoisyPQCNN
from qcnn.samplers.controls import GENERATORS, build_generator
from qcnn.samplers.marginals import Marginals
from qcnn.samplers.sampler import Sampler, registered
from qcnn.samplers.stored import build_samplers, store_samplers

SHAPE, CLASSES = (1, 6, 6), 3
TEXT = "cnn:channels=2,kernel=3"
SENTENCE = re.compile(r"[^;]+; allowed[^;]* (is|are) [^;]+")

_A, _B, _C = pcvl.P("a"), pcvl.P("b"), pcvl.P("c")
CIRCUIT = (
    pcvl.Circuit(4)
    // pcvl.BS(theta=_A)
    // (2, pcvl.BS.Ry(theta=_B, phi_tl=_C, phi_br=0.3))
    // (1, pcvl.PERM([2, 0, 1]))
    // (0, pcvl.Unitary(pcvl.Matrix.random_unitary(3)))
    // (1, pcvl.BS.H(theta=_A, phi_tr=_B))
    // (3, pcvl.PS(_C))
    // (2, pcvl.BS(theta=0.4))
)

KINDS: dict[str, Callable[[int], Sampler]] = {
    **{
        name: lambda seed, name=name: build_generator(name, PQCNN(6, 3, seed=seed), seed)
        for name in GENERATORS
    },
    "phase errors": lambda seed: NoisyPQCNN(PQCNN(6, 3, seed=seed), Noise(phase_error=0.2), seed),
    "shots": lambda seed: NoisyPQCNN(PQCNN(6, 3, seed=seed), Noise(shots=5000), seed),
    "distinguishable": lambda seed: DistinguishablePhotons(6, 3, seed=seed),
    "coherent": lambda seed: CoherentLight(6, 3, seed=seed),
    "qubits": lambda seed: Qubits(4, 2, seed=seed),
    "marginals": lambda seed: Marginals(PQCNN(6, 3, seed=seed), 2),
    "marginals of shots": lambda seed: Marginals(
        NoisyPQCNN(PQCNN(6, 3, seed=seed), Noise(shots=5000), seed), 1
    ),
    "drawn shots": lambda seed: NoisyPQCNN(
        PQCNN(6, 3, seed=seed), Noise(shots=5000), seed, platform="drawn"
    ),
    "fock": lambda seed: PQCNN(3, 4, space="fock", input_state=(2, 0, 2), seed=seed),
    "minimal": lambda seed: PQCNN(6, 3, mesh="minimal", seed=seed),
    "layers": lambda seed: PQCNN(6, 3, layers=2, seed=seed),
    "trained": lambda seed: PQCNN(6, 3, trained=5, seed=seed),
    "torch": lambda seed: PQCNN(6, 3, engine="torch", seed=seed),
    "circuit": lambda seed: PQCNN.from_circuit(CIRCUIT, [1, 0, 2, 0], space="fock", seed=seed),
    "circuit in part": lambda seed: PQCNN.from_circuit(CIRCUIT, [1, 0, 1, 0], trained=2, seed=seed),
    "noisy circuit": lambda seed: NoisyPQCNN(
        PQCNN.from_circuit(CIRCUIT, [1, 1, 0, 0], seed=seed), Noise(phase_error=0.1), seed
    ),
    "float64": lambda seed: PQCNN(6, 3, dtype=torch.float64, seed=seed),
    "some distinguishable": lambda seed: DistinguishablePhotons(6, 3, trained=4, seed=seed),
    "qubits of float64": lambda seed: Qubits(4, 2, dtype=torch.float64, seed=seed),
}
MAPPINGS = [
    (text, combine)
    for text in (
        *mapping_names(),
        "mps:form=torchmps",
        "mps:form=orthogonal",
        "whitened:matrix=hadamard,scale=0.1",
    )
    for combine in mapping_from_text(text).combinations
]
OPTIONS = {
    "hashing": "buckets=6",
    "magnitude_pruning": "kept=9",
    "random_subspace": "dimension=5",
    "weight_sharing": "rows=1",
}


def target(seed: int = 0) -> nn.Module:
    return target_from_text(TEXT).build(SHAPE, CLASSES, seed)


def model(kind: str = "pqcnn", text: str = "mixing", combine: str | None = None) -> QuantumTrain:
    samplers = [KINDS[kind](1), PQCNN(5, 2, seed=2)]
    return QuantumTrain(target(3), samplers, text, combine, seed=4)


def step(made: nn.Module) -> None:
    """A step of a training; what it draws from torch's global state is the same each time."""
    torch.manual_seed(17)
    optimiser = torch.optim.Adam([p for p in made.parameters() if p.requires_grad], lr=0.03)
    optimiser.zero_grad()
    made.train()(torch.rand(8, *SHAPE)).square().sum().backward()
    optimiser.step()


def outcome(made: GeneratedNetwork) -> list[Tensor]:
    """Weights in both modes, where streams go on, and after a further step."""
    with torch.no_grad():
        found = [made.train().generate(), made.generate(), made.eval().generate()]
        found.append(made(torch.ones(2, *SHAPE)))
    step(made)
    with torch.no_grad():
        return [*(each.clone() for each in found), made.train().generate()]


def assert_same(first: GeneratedNetwork, second: GeneratedNetwork) -> None:
    assert type(first) is type(second)
    assert first.parameter_counts() == second.parameter_counts()
    for (name, value), (other, same) in zip(
        first.state_dict().items(), second.state_dict().items(), strict=True
    ):
        assert name == other
        assert value.dtype == same.dtype
        assert torch.equal(value, same), name
    for value, same in zip(outcome(first), outcome(second), strict=True):
        assert torch.equal(value, same)


def again(made: GeneratedNetwork, tmp_path: Path, target: nn.Module | None = None) -> Any:
    made.save(tmp_path / "model.safetensors")
    before = torch.get_rng_state()
    loaded = qcnn.load(str(tmp_path / "model.safetensors"), target)
    assert torch.equal(torch.get_rng_state(), before)
    return loaded


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_every_sampler_is_the_same_again(kind: str, tmp_path: Path) -> None:
    made = model(kind, "mlp")
    step(made)
    assert_same(made, again(made, tmp_path))


def test_every_registered_sampler_is_tested() -> None:
    assert {type(make(0)) for make in KINDS.values()} == set(registered.values())


@pytest.mark.parametrize(("text", "combine"), MAPPINGS)
def test_a_model_of_every_mapping_is_the_same_again(
    text: str, combine: str, tmp_path: Path
) -> None:
    samplers = [PQCNN(8, 4, seed=1), PQCNN(5, 2, trained=3, seed=2)]
    made = QuantumTrain(target(3), samplers, text, combine, seed=4)
    step(made)
    loaded = again(made, tmp_path)
    assert loaded.mapping_choice == made.mapping_choice
    assert loaded.combine == combine
    assert_same(made, loaded)


@pytest.mark.parametrize("name", [name for name in baseline_names() if name != "direct"])
def test_every_baseline_is_the_same_again(name: str, tmp_path: Path) -> None:
    text = name + (f":{OPTIONS[name]}" if name in OPTIONS else "")
    network = nn.Sequential(nn.Flatten(), nn.Linear(36, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    made = baseline_from_text(text).build(network, 3)
    assert isinstance(made, GeneratedNetwork)
    step(made)
    assert_same(made, again(made, tmp_path, copy.deepcopy(network).requires_grad_(False)))


def test_what_is_shared_is_shared_again(tmp_path: Path) -> None:
    first, tied = PQCNN(6, 3, seed=1), DistinguishablePhotons(6, 3, seed=2)
    tied.trained_phases = first.trained_phases
    noisy = [NoisyPQCNN(first, Noise(phase_error=0.1 * n), seed=n) for n in (1, 2)]
    made = QuantumTrain(target(), [noisy[0], first, noisy[1], tied, first], "mlp")
    step(made)
    loaded = again(made, tmp_path)
    one, two, three, four, five = loaded.samplers
    assert one.sampler is two is three.sampler is five
    assert four.trained_phases is two.trained_phases
    assert_same(made, loaded)


@pytest.mark.parametrize("default", [torch.float32, torch.float64])
def test_precision_modes_and_what_is_frozen_are_as_before(
    default: torch.dtype, tmp_path: Path
) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(36, 4).double(), nn.BatchNorm1d(4).double())
    made = QuantumTrain(network, [KINDS["classical"](1), PQCNN(6, 3, seed=2)], "whitened")
    made.mapping.double()
    made.samplers[1].double().requires_grad_(False)
    made.eval().samplers.train()
    made.save(tmp_path / "mixed")
    torch.set_default_dtype(default)
    try:
        loaded = qcnn.load(tmp_path / "mixed", network)
    finally:
        torch.set_default_dtype(torch.float32)
    assert [part.training for part in loaded.modules()] == [p.training for p in made.modules()]
    assert [p.requires_grad for p in loaded.parameters()] == [
        p.requires_grad for p in made.parameters()
    ]
    buffers = zip(made.named_buffers(), loaded.named_buffers(), strict=True)
    for (name, value), (other, same) in buffers:  # those too that no state dict holds
        assert (name, value.dtype) == (other, same.dtype)
        assert torch.equal(value, same)
    assert_same(made, loaded)


def test_a_target_that_is_generated_in_part_is_so_again(tmp_path: Path) -> None:
    network = target()
    next(network.parameters()).requires_grad_(False)
    made = QuantumTrain(network, PQCNN(8, 4, seed=1), "affine")
    assert_same(made, again(made, tmp_path))


def test_a_target_of_ones_own_is_handed_in(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(36, 4))
    made = QuantumTrain(network, PQCNN(6, 3, seed=1), "whitened")
    initial = copy.deepcopy(network.state_dict())
    with pytest.raises(InvalidInput, match="target is None; allowed for this file"):
        again(made, tmp_path)
    with pytest.raises(InvalidInput, match=r"the target's 1 is 'Linear\(in_features=36, out_f"):
        again(made, tmp_path, nn.Sequential(nn.Flatten(), nn.Linear(36, 5)))
    with pytest.raises(InvalidInput, match="target is 'cnn816'; allowed is a torch.nn.Module"):
        again(made, tmp_path, "cnn816")  # type: ignore[arg-type]
    assert_same(made, again(made, tmp_path, network))
    assert all(torch.equal(initial[name], value) for name, value in network.state_dict().items())


def test_a_registered_target_that_was_changed_is_one_of_ones_own(tmp_path: Path) -> None:
    network = target()
    network.append(nn.Tanh())  # type: ignore[operator]
    made = QuantumTrain(network, PQCNN(6, 3, seed=1), "whitened")
    with pytest.raises(InvalidInput, match=r"the target's 5 is None; allowed for .* is 'Tanh'"):
        again(made, tmp_path)
    assert_same(made, again(made, tmp_path, network))


def test_an_exported_network_is_still_that_of_its_target(tmp_path: Path) -> None:
    plain = copy.deepcopy(model().export())
    made = QuantumTrain(plain, PQCNN(6, 3, seed=1), "whitened")
    assert_same(made, again(made, tmp_path))


class _OwnSampler(PQCNN):
    pass


class _OwnMapping(Mapping):
    def build(self, layout: Any, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        return nn.Identity()

    def count_trainable(self, layout: Any, outcomes: tuple[int, ...]) -> int:
        return 0


class _OwnModel(QuantumTrain):
    pass


def test_what_is_not_registered_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "model"
    with pytest.raises(InvalidInput, match="a sampler is .*; allowed in a file are the kinds"):
        QuantumTrain(target(), _OwnSampler(8, 4, seed=1), "affine").save(path)
    with pytest.raises(InvalidInput, match="mapping is .*; allowed are"):
        QuantumTrain(target(), PQCNN(8, 4, seed=1), _OwnMapping()).save(path)
    with pytest.raises(InvalidInput, match="the model is .*_OwnModel.*; allowed in a file are"):
        _OwnModel(target(), PQCNN(8, 4, seed=1), "affine").save(path)
    assert not list(tmp_path.iterdir())


def test_another_process_makes_the_same_weights(tmp_path: Path) -> None:
    made = model("shots", "mixing")
    made.save(tmp_path / "model")
    code = (
        "import torch, qcnn; torch.set_num_threads(1);"
        f"print(qcnn.load({str(tmp_path / 'model')!r}).generate().tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert json.loads(done.stdout) == made.generate().tolist()


def refused(path: Path, given: nn.Module | None = None) -> str:
    with pytest.raises(InvalidInput) as found:
        qcnn.load(path, given)
    assert SENTENCE.fullmatch(str(found.value)), found.value
    return str(found.value)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model"
    assert "cannot be read (FileNotFoundError" in refused(path)
    assert "cannot be read" in refused(tmp_path)
    path.write_bytes(b"")
    assert "is damaged; allowed is a model's" in refused(path)
    torch.save(target().state_dict(), path)
    assert "is damaged" in refused(path)
    write_checkpoint(path, target().state_dict(), {"run": "a training's"})
    assert "form of the file" in refused(path)
    write_checkpoint(path, {}, ["model"])  # type: ignore[arg-type]
    assert "form of the file" in refused(path)
    model().save(path)
    content = path.read_bytes()
    for end in (1, 7, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:end])
        assert "is damaged" in refused(path)
    for place in (200, len(content) // 2, len(content) - 3):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert "is damaged" in refused(path)


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    model().save(tmp_path / "model")
    tensors, facts = read_checkpoint(tmp_path / "model")
    write_checkpoint(tmp_path / "model", tensors, facts | {"version": 2})
    assert refused(tmp_path / "model").startswith("version of the file ")
    assert refused(tmp_path / "model").endswith("is 2; allowed is 1")


def leaves(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """The path of everything in what JSON holds."""
    yield path
    members = enumerate(value) if isinstance(value, list) else ()
    for key, member in value.items() if isinstance(value, dict) else members:
        yield from leaves(member, *path, key)


def replaced(facts: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.copy(facts)
    changed[path[0]] = replaced(facts[path[0]], path[1:], value)
    return changed


@pytest.mark.parametrize(
    "junk", [None, -1, 3.5, "no such", [], {}, True, 10**12, [["a"]], "forward"]
)
def test_a_configuration_that_was_changed_makes_no_other_error(junk: Any, tmp_path: Path) -> None:
    made = model("shots", "mps:bond_dimension=2", "product")
    made.samplers[1].requires_grad_(False)
    made.save(tmp_path / "model")
    tensors, facts = read_checkpoint(tmp_path / "model")
    paths = [path for path in leaves(facts) if path]
    assert len(paths) > 30
    for path in paths:
        write_checkpoint(tmp_path / "changed", tensors, replaced(facts, path, junk))
        try:
            loaded = qcnn.load(tmp_path / "changed")
        except InvalidInput as error:
            wrong = SENTENCE.fullmatch(str(error)) is None
        else:
            # Nothing but what is trained and in which mode can be another.
            same = replaced(facts, path, junk) == facts
            wrong = not same and path[0] != "traits"
            assert loaded.state_dict().keys() == made.state_dict().keys()
        assert not wrong, (path, junk)


@pytest.mark.parametrize("junk", [None, -1, "no such", [], {}, 10**12, [["a"]], "float32"])
def test_a_description_that_was_changed_makes_no_other_error(junk: Any, tmp_path: Path) -> None:
    model("shots", "whitened").save(tmp_path / "model")
    tensors, facts = read_checkpoint(tmp_path / "model")
    tried = 0
    for name in [name for name in tensors if name.endswith("_extra_state")]:
        content = load_safetensors(bytes(tensors[name].tolist()))
        known = json.loads(bytes(content["facts"].tolist()))
        for path in leaves(known):
            text = json.dumps(replaced(known, path, junk)).encode()
            content["facts"] = torch.tensor(list(text), dtype=torch.uint8)
            changed = torch.tensor(list(save_safetensors(content)), dtype=torch.uint8)
            write_checkpoint(tmp_path / "changed", tensors | {name: changed}, facts)
            tried += 1
            try:
                qcnn.load(tmp_path / "changed")
            except InvalidInput as error:
                found = str(error)
            else:
                continue
            assert SENTENCE.fullmatch(found), (name, path, found)
    assert tried > 60


def test_a_circuit_that_was_changed_is_refused() -> None:
    stored = json.loads(json.dumps(store_samplers([KINDS["circuit"](0)])))
    (same,) = build_samplers(stored)
    assert same.distribution_key() == KINDS["circuit"](0).distribution_key()
    circuit = stored["each"][0]["options"]["circuit"]
    answers = []
    for path in leaves(circuit):
        for junk in (None, -1, 3.7, "a", [], 10**9, [1], [0, 0, float("nan")]):
            changed = copy.deepcopy(stored)
            changed["each"][0]["options"]["circuit"] = replaced(circuit, path, junk)
            try:
                (other,) = build_samplers(changed)
            except InvalidInput as error:
                answers.append(str(error))
            else:
                # Phases of other numbers make another circuit, which is one nevertheless.
                assert other().sum().isclose(torch.tensor(1.0))
    assert len(answers) > 500
    assert all(map(SENTENCE.fullmatch, answers))


def test_tensors_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    made = model("redrawn_random")
    made.save(tmp_path / "model")
    tensors, facts = read_checkpoint(tmp_path / "model")
    assert len(tensors) > 8
    for name, value in tensors.items():
        rest = {other: kept for other, kept in tensors.items() if other != name}
        write_checkpoint(tmp_path / "changed", rest, facts)
        assert f"{name} in the file is absent" in refused(tmp_path / "changed")
        further = torch.cat([value.flatten(), torch.ones(1, dtype=value.dtype)])
        for other in (value.double(), further):
            write_checkpoint(tmp_path / "changed", rest | {name: other}, facts)
            assert ("_extra_state" if "_extra" in name else name) in refused(tmp_path / "changed")
    write_checkpoint(tmp_path / "changed", tensors | {"further": torch.zeros(1)}, facts)
    assert "further in the file is of type" in refused(tmp_path / "changed")


@pytest.mark.parametrize("options", [{"modes": 10**9}, {"photons": 10**9}, {"layers": 10**9}])
def test_a_sampler_that_no_memory_holds_is_not_built(options: dict[str, int]) -> None:
    """However large the numbers, the answer comes at once."""
    stored = store_samplers([PQCNN(6, 3, seed=0)])
    stored["each"][0]["options"] |= options
    with pytest.raises(InvalidInput, match="; allowed"):
        build_samplers(stored)
    for control in ("redrawn_random", "classical"):
        each = {"kind": control, "of": None, "options": {"outcomes": 10**12, "phases": 10}}
        with pytest.raises(InvalidInput, match="needs .* GiB of memory; allowed are at most"):
            build_samplers({"each": [each], "order": [0]})


def test_no_attribute_of_a_class_is_set_from_a_file(tmp_path: Path) -> None:
    made = model("shots")
    state = made.state_dict()
    name = "samplers.0._extra_state"
    facts = bytes(state[name].tolist())
    changed = facts.replace(b'"seed": 1', b'"train":1')
    assert len(changed) == len(facts)
    state[name] = torch.tensor(list(changed), dtype=torch.uint8)
    with pytest.raises(InvalidInput, match="is 'train'; allowed are those of the module alone"):
        made.load_state_dict(state)
    assert callable(made.samplers[0].train)


def test_the_file_is_safetensors_with_json_alone(tmp_path: Path) -> None:
    model().save(tmp_path / "model")
    with safe_open(tmp_path / "model", framework="pt") as file:
        assert json.loads(file.metadata()["facts"])["model"]["mapping"] == "mixing"


@pytest.mark.parametrize("place", [0, 1, -1])
def test_a_place_among_no_samplers_is_refused(place: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        build_samplers({"each": [], "order": [place]})
    sentence = f"the place of a sampler is {place}; allowed are those of samplers before it, and"
    assert str(caught.value) == f"{sentence} there are none"


@pytest.mark.parametrize("place", [".", "file/model.safetensors", "a\0b", 3])
def test_a_path_that_cannot_be_written_is_a_sentence(tmp_path: Path, place: Any) -> None:
    (tmp_path / "file").touch()
    path = place if isinstance(place, int) else f"{tmp_path}/{place}"
    model = QuantumTrain(target_from_text(TEXT).build(SHAPE, CLASSES), [PQCNN(4, 2)], "mixing")
    with pytest.raises(InvalidInput) as raised:
        model.save(path)
    assert SENTENCE.fullmatch(str(raised.value))
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_the_folder_of_a_file_is_made(tmp_path: Path) -> None:
    model = QuantumTrain(target_from_text(TEXT).build(SHAPE, CLASSES), [PQCNN(4, 2)], "mixing")
    model.save(tmp_path / "a" / "b" / "model.safetensors")
    assert (tmp_path / "a" / "b" / "model.safetensors").is_file()
