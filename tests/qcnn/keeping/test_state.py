"""A state dict brings back the same model, or is refused; whatever the seeds of the new one."""

import copy
import io
import pickle
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from qcnn import (
    PQCNN,
    Data,
    GeneratedNetwork,
    InvalidInput,
    QuantumTrain,
    TrainConfig,
    baseline_from_text,
    baseline_names,
    evaluate,
    mapping_from_text,
    mapping_names,
    train,
)
from qcnn.mappings import Mapping
from qcnn.noise import Noise, NoisyPQCNN
from qcnn.samplers.controls import GENERATORS, build_generator
from qcnn.samplers.marginals import Marginals
from qcnn.samplers.sampler import Sampler
from qcnn.targets.layout import WeightLayout
from qcnn.training.train import AfterEpoch

Make = Callable[[int], nn.Module]


def noisy(noise: Noise) -> Callable[[PQCNN, int], Sampler]:
    return lambda sampler, seed: NoisyPQCNN(sampler, noise, seed)


#: Everything that can stand in a PQCNN's place.
KINDS: dict[str, Callable[[PQCNN, int], Sampler]] = {
    **{
        name: lambda sampler, seed, name=name: build_generator(name, sampler, seed)
        for name in GENERATORS
    },
    "clean noise": noisy(Noise()),
    "phase errors": noisy(Noise(phase_error=0.2)),
    "partial": noisy(Noise(indistinguishability=0.8, transmittance=0.9)),
    "shots": noisy(Noise(shots=5000, phase_error=0.1)),
    "marginals": lambda sampler, _: Marginals(sampler, 2),
}
MAPPINGS = [
    (text, combine)
    for text in (
        *mapping_names(),
        "mps:form=torchmps",
        "mps:form=orthogonal",
        "mlp:activation=tanh",
    )
    for combine in mapping_from_text(text).combinations
]
BASELINES = (*baseline_names(), "weight_sharing:rows=1,start=source", "low_rank:rank=2")
#: Of numbers that suit a target of 25 weights.
OPTIONS = {
    "hashing": "buckets=6",
    "magnitude_pruning": "kept=9",
    "random_subspace": "dimension=5",
    "weight_sharing": "rows=1",
}


def target(seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))


def samplers(kind: str, seed: int, **options: Any) -> list[Sampler]:
    """One of a kind beside a PQCNN, of whose phases some are trained."""
    first = PQCNN(6, 2, seed=seed, **options)
    return [KINDS[kind](first, seed), PQCNN(5, 3, trained=4, seed=seed + 1)]


def model(kind: str, text: str, combine: str, seed: int, **options: Any) -> QuantumTrain:
    return QuantumTrain(target(seed), samplers(kind, seed, **options), text, combine, seed=seed + 2)


def baseline(text: str, seed: int) -> nn.Module:
    name, colon, _ = text.partition(":")
    options = "" if colon or name not in OPTIONS else f":{OPTIONS[name]}"
    return baseline_from_text(text + options).build(target(seed), seed)


def use(made: nn.Module) -> None:
    """Leave nothing as it was built: numbers, running statistics, streams, a pruned mask."""
    torch.manual_seed(17)
    optimiser = torch.optim.Adam([p for p in made.parameters() if p.requires_grad], lr=0.03)
    for _ in range(2):
        made.train()(torch.rand(8, 4)).square().sum().backward()
        optimiser.step()
    if isinstance(made, AfterEpoch):
        made.after_epoch(1, 1)
    made.eval()(torch.rand(8, 4))


def outputs(made: nn.Module) -> list[Tensor]:
    """Two passes in training mode, where streams go on, and one in evaluation mode."""
    images = torch.linspace(-1, 1, 32).reshape(8, 4)
    with torch.no_grad():
        passes = [made.train()(images), made(images), made.eval()(images)]
    return [result.clone() for result in passes]


def same(first: nn.Module, second: nn.Module) -> bool:
    """Both go through their passes, and so on."""
    return all(torch.equal(a, b) for a, b in zip(outputs(first), outputs(second), strict=True))


def through_torch(state: dict[str, Any]) -> dict[str, Any]:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    found: dict[str, Any] = torch.load(file, weights_only=True)
    return found


def through_safetensors(state: dict[str, Any]) -> dict[str, Any]:
    return load(save(state))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("text", "combine"), MAPPINGS)
def test_a_model_of_other_seeds_becomes_the_one_that_was_saved(
    kind: str, text: str, combine: str
) -> None:
    saved, other = (model(kind, text, combine, seed) for seed in (1, 5))
    use(saved)
    counts = other.parameter_counts()
    state = saved.state_dict()
    stored = through_safetensors(state) if combine == "product" else through_torch(state)
    assert other.load_state_dict(stored).missing_keys == []
    assert same(saved, other)
    assert other.parameter_counts() == counts


@pytest.mark.parametrize("text", BASELINES)
def test_a_baseline_of_other_seeds_becomes_the_one_that_was_saved(text: str) -> None:
    saved, other = baseline(text, 1), baseline(text, 5)
    use(saved)
    other.load_state_dict(through_safetensors(saved.state_dict()))
    assert same(saved, other)
    if isinstance(saved, GeneratedNetwork):
        assert other.parameter_counts() == saved.parameter_counts()


@pytest.mark.parametrize("kind", KINDS)
def test_copies_and_pickles_are_the_same_model(kind: str) -> None:
    made = model(kind, "mixing", "concatenation", 1)
    use(made)
    copied, pickled = copy.deepcopy(made), pickle.loads(pickle.dumps(made))
    expected = outputs(made)
    for found in (outputs(copied), outputs(pickled)):
        assert all(torch.equal(a, b) for a, b in zip(expected, found, strict=True))
    again = model(kind, "mixing", "concatenation", 5)
    again.load_state_dict(copied.state_dict())
    assert same(copied, again)


def test_phases_that_are_not_trained_are_saved() -> None:
    """The example of the review: 0.50 apart before."""
    saved, other = (PQCNN(4, 2, trained=3, seed=seed) for seed in (1, 2))
    other.load_state_dict(saved.state_dict())
    assert torch.equal(saved(), other())
    assert torch.equal(saved.response()[1], other.response()[1])


def test_the_accuracy_of_a_trained_model_is_brought_back() -> None:
    random = torch.Generator().manual_seed(0)
    labels = torch.arange(90) % 3
    images = 0.2 * torch.rand(90, 1, 2, 2, generator=random)
    images.flatten(1)[torch.arange(90), labels] += 0.6
    data = Data("corners", images, labels, images, labels, images, labels, classes=3)

    def made(seed: int) -> QuantumTrain:
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
        return QuantumTrain(network, samplers("pqcnn", seed, trained=6), "whitened", seed=seed)

    saved, other = made(1), made(9)
    train(saved, data, TrainConfig(epochs=8, batch_size=16))
    expected = evaluate(saved, images, labels)
    assert expected.accuracy > 0.9
    other.load_state_dict(saved.state_dict())
    assert evaluate(other, images, labels) == expected


def test_a_device_that_was_measured_is_measured_again() -> None:
    saved, other = (
        NoisyPQCNN(PQCNN(4, 2, seed=3), Noise(phase_error=0.3), seed).eval() for seed in (1, 2)
    )
    assert not torch.equal(saved(), other())
    other.load_state_dict(saved.state_dict())
    assert torch.equal(saved(), other())


class Layer(nn.Module):
    """Half of what it is made of escapes torch's state dict."""

    def __init__(self, gain: float, seed: int = 0) -> None:
        super().__init__()
        self.gain = gain
        self._activation = torch.tanh
        self.calls = 0
        self.linear = nn.Linear(4, 3)
        random = torch.Generator().manual_seed(seed)
        self.register_buffer("mask", torch.rand(3, generator=random), persistent=False)
        self.turn = torch.view_as_complex(torch.rand(3, 2, generator=random))
        self.random = random

    def forward(self, images: Tensor) -> Tensor:
        self.calls += 1
        drawn = torch.rand(3, generator=self.random)
        numbers: Tensor = self.gain * self.linear(images) * self.get_buffer("mask") + drawn
        return numbers * self.turn.abs()


def test_buffers_attributes_and_generators_of_a_target_are_brought_back() -> None:
    saved, other = (
        QuantumTrain(Layer(2.0, seed), samplers("pqcnn", seed), "affine") for seed in (1, 2)
    )
    use(saved)
    other.load_state_dict(through_torch(saved.state_dict()))
    assert same(saved, other)


class Hidden(nn.Module):
    """Works with whatever ``hold`` puts into one of its attributes."""

    def __init__(self, size: int, hold: Callable[[Tensor], Any], read: Callable[[Any], Any]):
        super().__init__()
        self.linear = nn.Linear(4, 3) if size == 4 else None
        self.size, self.read = size, read
        self.held = hold(torch.rand(size, generator=torch.Generator().manual_seed(0)))

    def forward(self, given: Any) -> Tensor:
        if self.linear is not None:
            numbers: Tensor = self.linear(given * self.read(self.held))
            return numbers
        weights: Tensor = given[0][: self.size] * self.read(self.held)
        return weights


@dataclass(frozen=True)
class Holding(Mapping):
    """A mapping whose fixed numbers are where the test puts them."""

    name: str = ""

    def build(self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        made = Hidden(layout.weights, *HELD[self.name])
        made.held = HELD[self.name][0](random_numbers(layout.weights, seed))
        return made

    def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
        return 0


def random_numbers(size: int, seed: int) -> Tensor:
    return torch.rand(size, generator=torch.Generator().manual_seed(seed))


def closed_over(numbers: Tensor) -> Callable[[], Tensor]:
    return lambda: numbers


#: What an attribute can hold: how it is made of random numbers, and how they are read.
HELD: dict[str, tuple[Callable[[Tensor], Any], Callable[[Any], Any]]] = {
    "tensor": (lambda n: n, lambda held: held),
    "array": (lambda n: n.numpy(), torch.from_numpy),
    "list": (lambda n: [0.5, n], lambda held: held[0] * held[1]),
    "dictionary": (lambda n: {"a": {1: n}}, lambda held: held["a"][1]),
    "generator": (
        lambda n: [torch.Generator().manual_seed(int(1000 * n[0]))],
        lambda held: torch.rand(1, generator=held[0]),
    ),
    "numpy stream": (
        lambda n: np.random.Generator(np.random.MT19937(int(1000 * n[0]))),
        lambda held: held.random(),
    ),
    "old numpy stream": (
        lambda n: np.random.RandomState(int(1000 * n[0])),
        lambda held: held.random_sample(),
    ),
    "python stream": (lambda n: random.Random(int(1000 * n[0])), lambda held: held.random()),
    "number": (lambda n: n[0].item(), lambda held: held),
    "numbers": (lambda n: tuple(n.tolist()), torch.tensor),
    "tuple": (lambda n: (n,), lambda held: held[0]),
    "set": (lambda n: {int(1000 * n[0])}, sum),
    "number in a list": (lambda n: [n[0].item(), torch.ones(1)], lambda held: held[0]),
    "number in a dictionary": (lambda n: {"a": n[0].item()}, lambda held: held["a"]),
    "slice": (lambda n: slice(0, int(1000 * n[0])), lambda held: held.stop / 1000),
    "object": (lambda n: SimpleNamespace(numbers=n), lambda held: held.numbers),
    "closure": (closed_over, lambda held: held()),
    "partial": (lambda n: partial(torch.add, n), lambda held: held(0)),
    "module in a list": (lambda n: [nn.PReLU(1, n[0].item())], lambda held: held[0].weight),
}
#: The others are told apart by a hash.
BROUGHT_BACK = tuple(HELD)[: tuple(HELD).index("python stream") + 1]
OF_A_MAPPING = (*BROUGHT_BACK, "number", "numbers")


def holding(where: str, name: str, seed: int) -> QuantumTrain:
    if where == "mapping":
        return QuantumTrain(nn.Linear(4, 3), [PQCNN(7, 3, seed=seed)], Holding(name), seed=seed)
    network = Hidden(4, *HELD[name])
    network.held = HELD[name][0](random_numbers(4, seed))
    return QuantumTrain(network, [PQCNN(7, 3, seed=seed)], "affine")


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("where", ["mapping", "target"])
def test_what_an_attribute_holds_is_brought_back_or_told_apart(where: str, name: str) -> None:
    saved, other, alike = (holding(where, name, seed) for seed in (1, 2, 1))
    images = torch.rand(2, 4)
    assert not torch.equal(holding(where, name, 1)(images), holding(where, name, 2)(images))
    saved(images)
    alike.load_state_dict(through_safetensors(saved.state_dict()))
    assert same(saved, alike)
    if name in (OF_A_MAPPING if where == "mapping" else BROUGHT_BACK):
        other.load_state_dict(through_safetensors(saved.state_dict()))
        assert same(saved, other)
    else:
        with pytest.raises(InvalidInput, match="in the state dict is .*; allowed is"):
            other.load_state_dict(saved.state_dict())


def noisy_pair(seed: int, noise: Noise) -> QuantumTrain:
    return QuantumTrain(target(0), [NoisyPQCNN(PQCNN(7, 3), noise, seed)], "affine")


def shared(*places: int) -> QuantumTrain:
    different = [PQCNN(7, 3, seed=seed) for seed in (0, 1)]
    return QuantumTrain(target(0), [different[place] for place in places], "affine")


def tied(tie: bool) -> QuantumTrain:
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    if tie:
        network[1].weight = network[0].weight
    return QuantumTrain(network, [PQCNN(8, 3)], "mps")


def layers(*parts: nn.Module) -> QuantumTrain:
    return QuantumTrain(nn.Sequential(nn.Linear(4, 3), *parts), [PQCNN(7, 3)], "affine")


def frozen_bias(frozen: bool) -> QuantumTrain:
    network = nn.Linear(4, 3)
    network.bias.requires_grad_(not frozen)
    return QuantumTrain(network, [PQCNN(7, 3)], "mps")


def control(name: str) -> nn.Module:
    return build_generator(name, PQCNN(5, 2), 0)


QT = "the QuantumTrain in the state dict is"
DIFFERENT: dict[str, tuple[Callable[[], nn.Module], Callable[[], nn.Module], str]] = {
    "modes": (
        lambda: PQCNN(5, 2),
        lambda: PQCNN(6, 2),
        "modes of the PQCNN in the state dict is 5; allowed is 6",
    ),
    "photons": (
        lambda: PQCNN(5, 2),
        lambda: PQCNN(5, 3),
        "photons of the PQCNN in the state dict is 2",
    ),
    "space": (
        lambda: PQCNN(5, 2),
        lambda: PQCNN(5, 2, space="fock"),
        "space of .* is 'unbunched'; allowed is 'f",
    ),
    "input": (
        lambda: PQCNN(3, 2, input_state=(1, 1, 0)),
        lambda: PQCNN(3, 2, input_state=(1, 0, 1)),
        r"input_state of the PQCNN in the state dict is \[1, 1, 0\]; allowed is \[1, 0, 1\]",
    ),
    # Both have 4 phases.
    "mesh": (
        lambda: PQCNN(2, 1, layers=2),
        lambda: PQCNN(3, 1, mesh="minimal"),
        "modes of",
    ),
    "layers": (
        lambda: PQCNN(4, 1),
        lambda: PQCNN(4, 1, layers=2),
        "layers of the PQCNN in the state dict is 1",
    ),
    "trained": (
        lambda: PQCNN(4, 2, trained=3),
        lambda: PQCNN(4, 2, trained=2),
        "trained of .* is 3; allowed is 2",
    ),
    "control": (
        lambda: control("matched_random"),
        lambda: control("fixed_random"),
        "kind of the FixedRandom in the state dict is 'MatchedRandom'; allowed is 'FixedRandom'",
    ),
    "noise": (
        lambda: noisy_pair(0, Noise(phase_error=0.1)),
        lambda: noisy_pair(0, Noise(phase_error=0.2)),
        r"noise of samplers\.0 in the state dict is 'phase_error=0.1'; allowed is 'phase_error=0.2",
    ),
    "noise or none": (
        lambda: QuantumTrain(target(0), [PQCNN(7, 3)], "affine"),
        lambda: noisy_pair(0, Noise()),
        r"kind of samplers\.0 in the state dict is 'PQCNN'; allowed is 'NoisyPQCNN'",
    ),
    "mapping": (
        lambda: QuantumTrain(target(0), [PQCNN(7, 3)], "log_affine"),
        lambda: QuantumTrain(target(0), [PQCNN(7, 3)], "log_affine:floor=0.2"),
        rf"mapping of {QT} 'LogAffine\(floor=0.1\)'; allowed is 'LogAffine\(floor=0.2\)'",
    ),
    "combine": (
        lambda: QuantumTrain(target(0), [PQCNN(7, 3)] * 2, "affine"),
        lambda: QuantumTrain(target(0), [PQCNN(7, 3)] * 2, "affine", "concatenation"),
        f"combine of {QT} 'product'",
    ),
    "samplers": (
        lambda: shared(0),
        lambda: shared(0, 1),
        f"the number of samplers of {QT} 1; allowed is 2",
    ),
    "shared samplers": (
        lambda: shared(0, 1),
        lambda: shared(0, 0),
        r"the other name of samplers\.1\.trained_phases of .* is absent; allowed is 'samplers\.0",
    ),
    "tied weights": (
        lambda: tied(False),
        lambda: tied(True),
        "the names of the generated weights of",
    ),
    "activation": (
        lambda: layers(nn.ReLU()),
        lambda: layers(nn.Tanh()),
        f"the target's 1 of {QT} 'ReLU",
    ),
    "dropout": (
        lambda: layers(nn.Dropout(0.1)),
        lambda: layers(nn.Dropout(0.2)),
        r"'Dropout\(p=0.1, inplace",
    ),
    "more layers": (
        lambda: layers(),
        lambda: layers(nn.ReLU()),
        f"the target's 1 of {QT} absent; allowed is",
    ),
    "frozen weights": (
        lambda: frozen_bias(True),
        lambda: frozen_bias(False),
        "the names of the generated",
    ),
    "attribute": (
        lambda: QuantumTrain(Layer(1.0), [PQCNN(7, 3)], "affine"),
        lambda: QuantumTrain(Layer(3.0), [PQCNN(7, 3)], "affine"),
        rf"the target of {QT} 'Layer\(gain=1.0, _activation=.*'; allowed is 'Layer\(gain=3.0",
    ),
    "baseline": (
        lambda: baseline_from_text("magnitude_pruning:kept=7").build(target(0), 0),
        lambda: baseline_from_text("magnitude_pruning:kept=8").build(target(0), 0),
        r"options of the _PrunedLater in the state dict is 'MagnitudePruning\(kept=7",
    ),
    "shapes": (
        lambda: baseline_from_text("hashing:buckets=7").build(target(0), 0),
        lambda: baseline_from_text("hashing:buckets=8").build(target(0), 0),
        r"is 'Hashing\(buckets=7\)'; allowed is 'Hashing\(buckets=8\)'",
    ),
}


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("name", DIFFERENT)
def test_the_state_of_another_model_is_refused_and_changes_nothing(name: str, strict: bool) -> None:
    make, make_other, message = DIFFERENT[name]
    saved, other = make(), make_other()
    before = {key: value.clone() for key, value in other.state_dict().items()}
    with pytest.raises(InvalidInput, match=message) as refusal:
        other.load_state_dict(saved.state_dict(), strict=strict)
    assert "\n" not in str(refusal.value)
    after = other.state_dict()
    assert all(torch.equal(after[key], value) for key, value in before.items())


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("make", "missing"),
    [
        (lambda: PQCNN(4, 2), "_extra_state"),
        (lambda: control("fixed_random"), "_extra_state"),
        (lambda: noisy_pair(0, Noise(shots=9)), "samplers.0.sampler._extra_state"),
        (lambda: shared(0, 1), "samplers.1._extra_state"),
        (lambda: shared(0, 1), "_extra_state"),
        (lambda: baseline("hashing", 0), "_extra_state"),
    ],
)
def test_a_state_without_a_description_is_refused(
    make: Callable[[], nn.Module], missing: str, strict: bool
) -> None:
    state = make().state_dict()
    del state[missing]
    with pytest.raises(InvalidInput, match=f"allowed is a state dict that holds '{missing}'"):
        make().load_state_dict(state, strict=strict)


@pytest.mark.parametrize("damage", [torch.zeros(9, dtype=torch.uint8), torch.rand(3), None, "x"])
def test_a_damaged_description_is_refused(damage: object) -> None:
    made = PQCNN(4, 2)
    with pytest.raises(InvalidInput, match="'_extra_state' of a module in the state dict is dam"):
        made.load_state_dict(made.state_dict() | {"_extra_state": damage})


def test_the_state_of_a_model_inside_a_user_s_own_module() -> None:
    class Own(nn.Module):
        def __init__(self, seed: int) -> None:
            super().__init__()
            self.inner = model("shots", "mixing", "concatenation", seed)

        def forward(self, images: Tensor) -> Tensor:
            logits: Tensor = 2 * self.inner(images)
            return logits

    saved, other = Own(1), Own(2)
    use(saved)
    other.load_state_dict(through_torch(saved.state_dict()))
    assert same(saved, other)


def test_part_of_a_state_goes_where_torch_would_put_it() -> None:
    """Nothing is asked of modules for which the dict has nothing."""
    saved, other = (model("pqcnn", "mixing", "concatenation", seed) for seed in (1, 2))
    other.samplers.load_state_dict(saved.samplers.state_dict())
    assert torch.equal(other.samplers[0](), saved.samplers[0]())
    assert other.load_state_dict({}, strict=False).missing_keys


def test_an_exported_network_is_plain() -> None:
    made = model("shots", "affine", "product", 1)
    assert set(made.export().state_dict()) == set(target(0).state_dict()) == set(made.weights())
