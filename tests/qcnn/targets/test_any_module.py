"""Modules of many kinds as targets of every mapping and baseline: they work, or are named."""

import copy
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize, prune
from torch.utils.checkpoint import checkpoint

from qcnn import (
    PQCNN,
    AlternatingConfig,
    Data,
    EpochRecord,
    GeneratedNetwork,
    InvalidInput,
    QuantumTrain,
    TrainConfig,
    baseline_from_text,
    baseline_names,
    count_parameters,
    evaluate,
    mapping_names,
    train,
    train_alternating,
)
from qcnn.targets.layout import describe_target
from qcnn.weights.generated import network_weights


def old_style(norm: Callable[..., nn.Module], layer: nn.Module, **options: Any) -> nn.Module:
    """Under torch's hooks of before 1.9, which are in use all over."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return norm(layer, **options)


def small(*first: nn.Module, width: int = 16) -> nn.Sequential:
    """A network for 4×4 images in three classes that begins with these layers."""
    return nn.Sequential(*first, nn.Flatten(), nn.Linear(width, 6), nn.Tanh(), nn.Linear(6, 3))


def normed_by(norm: Callable[..., nn.Module]) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        convolution = old_style(norm, nn.Conv2d(1, 4, 3))
        return nn.Sequential(
            convolution, nn.ReLU(), nn.Flatten(), old_style(norm, nn.Linear(16, 3))
        )

    return make


def pruned() -> nn.Module:
    target = small(nn.Conv2d(1, 4, 3))
    prune.l1_unstructured(target[0], "weight", amount=0.3)
    prune.random_unstructured(target[4], "bias", amount=2)
    prune.ln_structured(target[2], "weight", amount=0.5, n=2, dim=1)
    return target


class Doubled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(2.0))

    def forward(self, weight: Tensor) -> Tensor:
        return self.factor * weight


def own_parametrisation() -> nn.Module:
    target = small()
    parametrize.register_parametrization(target[1], "weight", Doubled())
    return target


class Lists(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.matrices = nn.ParameterList([torch.randn(16, 5) / 4, torch.randn(5, 3)])
        self.named = nn.ParameterDict({"bias": torch.zeros(3), "temperature": torch.ones(())})
        self.count = nn.Parameter(torch.tensor([3]), requires_grad=False)
        self.nothing = nn.Parameter(torch.empty(0))

    def forward(self, images: Tensor) -> Tensor:
        hidden = images.flatten(1) @ self.matrices[0]
        logits: Tensor = hidden @ self.matrices[1] * self.named["temperature"] + self.named["bias"]
        return logits + self.nothing.sum()


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(16, 16), nn.Linear(16, 16)
        self.second.weight = self.first.weight
        self.again = self.first
        self.out = nn.Linear(16, 3)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.out(self.again(self.second(self.first(images.flatten(1))).tanh()))
        return logits


class Viewed(nn.Module):
    """Fails on images with their channels innermost, and puts its features aside."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.out = nn.Conv2d(1, 4, 3), nn.Linear(16, 3)
        self.kept: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        features = self.convolution(images)
        self.kept = [features]
        logits: Tensor = self.out(features.view(len(images), -1))
        return logits


class InPlace(nn.Module):
    """Works in place on all it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(16, 3)

    def forward(self, images: Tensor) -> Tensor:
        images.sub_(0.5)
        images[0].zero_()
        logits: Tensor = self.out(images.flatten(1))
        return logits.mul_(2)


class Remembering(nn.Module):
    """Keeps a state of its own beside tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.out, self.calls = nn.Linear(16, 3), 0
        self.register_buffer("mean", torch.zeros(16), persistent=False)

    def get_extra_state(self) -> dict[str, int]:
        return {"calls": self.calls}

    def set_extra_state(self, state: dict[str, int]) -> None:
        self.calls = state["calls"]

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.out(images.flatten(1) - self.mean)
        return logits


def lazy_once_run() -> nn.Module:
    target = nn.Sequential(nn.LazyConv2d(3, 2), nn.Flatten(), nn.LazyLinear(3))
    target(torch.zeros(1, 1, 4, 4))
    return target


def partly_frozen() -> nn.Module:
    target = small()
    target[1].requires_grad_(False)
    return target


MODULES: dict[str, Callable[[], nn.Module]] = {
    "plain": small,
    "old weight norm": normed_by(nn.utils.weight_norm),
    "weight norm": normed_by(parametrizations.weight_norm),
    "old spectral norm": normed_by(nn.utils.spectral_norm),
    "spectral norm": normed_by(parametrizations.spectral_norm),
    "orthogonal": lambda: nn.Sequential(
        nn.Flatten(), parametrizations.orthogonal(nn.Linear(16, 3), "weight", "householder")
    ),
    "own parametrisation": own_parametrisation,
    "pruned": pruned,
    "lazy, once run": lazy_once_run,
    "lists": Lists,
    "tied": Tied,
    "viewed": Viewed,
    "in place": InPlace,
    "remembering": Remembering,
    "partly frozen": partly_frozen,
    "dropout and norms": lambda: small(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.GroupNorm(2, 4), nn.Dropout(0.5)
    ),
    "layer without input": lambda: nn.Sequential(nn.Flatten(), nn.Linear(16, 3), nn.Linear(3, 3)),
}
#: Baselines at a size that suits such small targets.
BASELINES = {
    "hashing": "hashing:buckets=20",
    "magnitude_pruning": "magnitude_pruning:kept=20",
    "random_subspace": "random_subspace:dimension=5",
    "weight_sharing": "weight_sharing:rows=1",
}
COMPUTED = ("weight norm", "spectral norm", "orthogonal", "parametrisation", "pruned")


def make(name: str) -> nn.Module:
    torch.manual_seed(5)
    return MODULES[name]()


def generate_by(rule: str, target: nn.Module) -> nn.Module:
    if rule in mapping_names():
        # Few outcomes come last, so that several of the first sampler's are read by any target.
        return QuantumTrain(target, [PQCNN(9, 4, seed=0), PQCNN(4, 2, seed=1)], rule, seed=2)
    return baseline_from_text(BASELINES.get(rule, rule)).build(target, 2)


def images_of(count: int = 6) -> Tensor:
    return torch.rand(count, 1, 4, 4, generator=torch.Generator().manual_seed(1))


def run(module: nn.Module, *inputs: Tensor) -> Tensor:
    found: Tensor = module(*(value.clone() for value in inputs))
    return found


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("rule", [*mapping_names(), *baseline_names()])
def test_contract(rule: str, name: str) -> None:
    target = make(name)
    before = copy.deepcopy([value.detach().clone() for value in target.parameters()])
    computed = any(word in name for word in COMPUTED)
    if (rule == "structured_pruning" and computed) or (
        rule == "weight_sharing" and (computed or name == "lists")
    ):
        with pytest.raises(InvalidInput, match="allowed (with|is at least)"):
            generate_by(rule, target)
        return
    model = generate_by(rule, target)
    assert all(map(torch.equal, before, target.parameters()))
    assert count_parameters(model).total > 0

    # The target's output under the generated weights, and that of the exported network.
    model.eval()
    images = images_of()
    if isinstance(model, GeneratedNetwork):
        generated = model.layout.unflatten(model.generate())
        twin = make(name).eval()
        with torch.no_grad():
            for key, value in generated.items():
                twin.get_parameter(key).copy_(value)
        found = run(model, images)
        torch.testing.assert_close(found, run(twin, images))
        exported = model.export()
        assert not exported.training
        torch.testing.assert_close(run(exported, images), found)
        assert set(model.weights()) == set(twin.state_dict())
        again = make(name).eval()
        again.load_state_dict(model.weights())
        torch.testing.assert_close(run(again, images), found)
        trained = {key for key, value in exported.named_parameters() if value.requires_grad}
        assert trained == set(model.layout.names)

    # Gradients reach what is trained.
    model.train()
    run(model, images).square().sum().backward()
    moved = [value for value in model.parameters() if value.requires_grad]
    assert all(value.grad is not None for value in moved)
    gradients = torch.cat([value.grad.flatten() for value in moved if value.grad is not None])
    assert bool(torch.isfinite(gradients).all())
    if rule != "logit_tanh":  # saturated, as in its source
        assert float(gradients.abs().max()) > 0
    if isinstance(model, QuantumTrain) and rule != "logit_tanh":
        for sampler in model.pqcnns():
            assert float(sampler.phases.grad.abs().max()) > 0  # type: ignore[union-attr]

    # It can be exported and copied after a step, too, and its weights stored.
    assert network_weights(model)
    if isinstance(model, GeneratedNetwork):
        model.eval()
        found = run(model, images)
        torch.testing.assert_close(run(model.export(), images), found)
        twin = copy.deepcopy(model)
        assert torch.equal(run(twin, images), found)
        with torch.no_grad():
            for value in twin.parameters():
                value.zero_()
        assert torch.equal(run(model, images), found)


@pytest.fixture(scope="module")
def data() -> Data:
    """Three separable classes of 4×4 images; 149 of them leave one over after batches of 4."""
    labels = torch.arange(240) % 3
    images = 0.2 * torch.rand(240, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    images[torch.arange(240), 0, labels] += 0.6
    parts = [(images[a:b], labels[a:b]) for a, b in ((0, 149), (149, 180), (180, 240))]
    return Data("stripes", *(tensor for part in parts for tensor in part), classes=3)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_is_trained_in_both_ways_and_leaves_the_data_alone(
    name: str, data: Data
) -> None:
    before = [value.clone() for value in tensors_of(data)]
    model = QuantumTrain(make(name), [PQCNN(5, 2, seed=0)], "mixing", seed=2)
    first = train(model, data, TrainConfig(epochs=2, batch_size=37))
    assert evaluate(model, data.validation_images, data.validation_labels) == (
        first.last.validation
    )
    network = model.export()
    for _ in range(2):
        assert evaluate(network, data.validation_images, data.validation_labels) == (
            first.last.validation
        )
    network.load_state_dict(first.best_weights)
    config = AlternatingConfig(
        rounds=1, adam_epochs=1, batch_size=37, evaluations=25, phase_batch_size=50
    )
    train_alternating(model, data, config)
    train(make(name), data, TrainConfig(epochs=1, batch_size=37))
    assert all(map(torch.equal, before, tensors_of(data)))


def tensors_of(data: Data) -> list[Tensor]:
    return [
        getattr(data, f"{part}_{kind}")
        for part in ("train", "validation", "test")
        for kind in ("images", "labels")
    ]


class Interrupted(Exception):
    pass


def stop_after_two(record: EpochRecord) -> None:
    if record.epoch == 2:
        raise Interrupted


@pytest.mark.parametrize("name", [name for name in MODULES if name != "remembering"])
def test_every_module_is_saved_loaded_and_gone_on_with(
    name: str, data: Data, tmp_path: Path
) -> None:
    config = AlternatingConfig(
        rounds=2, adam_epochs=1, batch_size=37, evaluations=25, phase_batch_size=50
    )
    whole = QuantumTrain(make(name), [PQCNN(5, 2, seed=0)], "mixing", seed=1)
    expected = train_alternating(whole, data, config)
    file = tmp_path / "checkpoint"
    other = QuantumTrain(make(name), [PQCNN(5, 2, seed=0)], "mixing", seed=1)
    with pytest.raises(Interrupted):
        train_alternating(other, data, config, file, stop_after_two)
    other = QuantumTrain(make(name), [PQCNN(5, 2, seed=0)], "mixing", seed=1)
    assert train_alternating(other, data, config, file).history == expected.history

    loaded = QuantumTrain(make(name), [PQCNN(5, 2, seed=7)], "mixing", seed=8)
    loaded.load_state_dict(whole.state_dict())
    images = images_of()
    assert torch.equal(run(loaded.eval(), images), run(whole.eval(), images))


def test_a_lazy_network_is_trained_directly(data: Data) -> None:
    network = nn.Sequential(nn.Flatten(), nn.LazyLinear(3))
    assert train(network, data, TrainConfig(epochs=5)).last.train.accuracy > 0.5


def test_a_state_that_a_checkpoint_cannot_hold_is_named(data: Data, tmp_path: Path) -> None:
    model = QuantumTrain(make("remembering"), [PQCNN(5, 2, seed=0)], "mixing")
    config = AlternatingConfig(rounds=1, adam_epochs=1, evaluations=25)
    with pytest.raises(InvalidInput, match="target._extra_state in the state of the model is a d"):
        train_alternating(model, data, config, tmp_path / "checkpoint")
    assert not list(tmp_path.iterdir())


class Masked(nn.Module):
    """Two inputs, one of them by name."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.out = nn.Linear(4, 3)

    def forward(
        self, queries: Tensor, keys: Tensor, *, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        found, scores = self.attention(queries, keys, keys, key_padding_mask=mask)
        return self.out(found.mean(1)), scores


@pytest.mark.parametrize("rule", [*mapping_names(), *baseline_names()])
def test_inputs_are_the_targets_own_in_number_and_by_name(rule: str) -> None:
    torch.manual_seed(0)
    if rule in ("structured_pruning", "weight_sharing"):
        model: nn.Module = baseline_from_text(BASELINES.get(rule, rule)).build(Masked(), 2)
    else:
        model = generate_by(rule, Masked())
    model.eval()
    queries, keys = torch.rand(2, 3, 4), torch.rand(2, 5, 4)
    mask = torch.tensor([[False] * 5, [False, False, True, True, True]])
    plain = model.export() if isinstance(model, GeneratedNetwork) else model
    for keywords in ({}, {"mask": mask}, {"mask": ~mask & mask}):
        found, expected = model(queries, keys, **keywords), plain(queries, keys, **keywords)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other)
    assert not torch.allclose(model(queries, keys, mask=mask)[1], model(queries, keys)[1])
    with pytest.raises(InvalidInput, match=r"target Masked cannot take a batch .*\(.*missing 1"):
        evaluate(model, torch.rand(4, 3, 4), torch.zeros(4).long())


class Shadowed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(16, 3)
        self.all = [self.out.weight]

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1) @ self.all[0].T


class Closed(nn.Module):
    """A copy of it reads the weights of the original."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(16, 3))
        self.read = lambda images: images.flatten(1) @ self.weight

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.read(images)
        return found


class Beside(nn.Module):
    """Reads its weight from where ``hold`` has put the layer or the weight."""

    def __init__(
        self, hold: Callable[[nn.Linear], Any], read: Callable[[Any], Callable[[Tensor], Tensor]]
    ) -> None:
        super().__init__()
        self.out = nn.Linear(16, 3)
        self.held, self.read = hold(self.out), read

    def forward(self, images: Tensor) -> Tensor:
        return self.read(self.held)(images.flatten(1))


def unregistered(layer: nn.Linear) -> list[nn.Module]:
    other = nn.Linear(16, 3)
    other.weight = layer.weight
    return [other]


def by_weight(weight: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda images: images @ weight.T


#: Where a generated weight would not be seen.
UNSEEN: dict[str, Callable[[], nn.Module]] = {
    "an object": lambda: Beside(
        lambda out: SimpleNamespace(w=out.weight), lambda held: by_weight(held.w)
    ),
    "a nest": lambda: Beside(
        lambda out: {"a": [(out.weight,)]}, lambda held: by_weight(held["a"][0][0])
    ),
    "a partial": lambda: Beside(
        lambda out: partial(nn.functional.linear, weight=out.weight), lambda held: held
    ),
    "an unregistered module": lambda: Beside(unregistered, lambda held: held[0]),
    "a function in an object": lambda: Beside(
        lambda out: SimpleNamespace(f=lambda images: out(images)), lambda held: held.f
    ),
}
#: Where it is.
SEEN: dict[str, Callable[[], nn.Module]] = {
    "a list of modules": lambda: Beside(lambda out: [out], lambda held: held[0]),
    "an object": lambda: Beside(lambda out: SimpleNamespace(out=out), lambda held: held.out),
    "a method": lambda: Beside(lambda out: out.forward, lambda held: held),
}


@pytest.mark.parametrize("place", UNSEEN)
def test_weights_in_any_hidden_place_are_named(place: str) -> None:
    with pytest.raises(InvalidInput, match="has weights in the attribute held of a Beside, where"):
        QuantumTrain(UNSEEN[place](), [PQCNN(6, 3)], "mixing")


@pytest.mark.parametrize("place", SEEN)
def test_modules_in_containers_and_objects_are_those_of_the_copy(place: str) -> None:
    model = QuantumTrain(SEEN[place](), [PQCNN(6, 3, seed=0)], "mixing")
    images = torch.rand(2, 1, 4, 4)
    torch.testing.assert_close(model(images), model.export()(images))
    weights = model.weights()
    expected = images.flatten(1) @ weights["out.weight"].T + weights["out.bias"]
    torch.testing.assert_close(model(images), expected)


def test_what_torch_keeps_about_a_compiled_module_is_no_part_of_its_description() -> None:
    first, second = (
        QuantumTrain(torch.compile(small(), backend="eager"), [PQCNN(6, 3, seed=s)], "mixing")
        for s in (0, 1)
    )
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.generate(), second.generate())


class Recomputing(nn.Module):
    """Saves memory by computing a layer again in the backward pass."""

    def __init__(self, reentrant: bool) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(16, 4), nn.Linear(4, 3)
        self.reentrant = reentrant

    def forward(self, images: Tensor) -> Tensor:
        given = self.first(images.flatten(1))
        found: Tensor = checkpoint(self.second, given, use_reentrant=self.reentrant)
        return found


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_backward_pass_that_would_compute_with_other_weights_is_refused(reentrant: bool) -> None:
    model = QuantumTrain(Recomputing(reentrant), [PQCNN(6, 3, seed=0)], "mixing")
    images = torch.rand(2, 1, 4, 4)
    logits = model(images)
    torch.testing.assert_close(logits, model.export()(images))
    with pytest.raises(InvalidInput, match="a Linear of the target is computed again in the backw"):
        logits.sum().backward()
    copied = pickle.loads(pickle.dumps(copy.deepcopy(model)))
    with pytest.raises(InvalidInput, match="allowed are targets that do without torch.utils.check"):
        copied(images).sum().backward()
    model.export()(images).sum().backward()


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_whole_model_may_be_computed_again(reentrant: bool) -> None:
    model = QuantumTrain(small(), [PQCNN(6, 3, seed=0)], "mixing")
    images = torch.rand(2, 1, 4, 4, requires_grad=True)
    parameters = [*model.samplers.parameters(), *model.mapping.parameters()]
    expected = torch.autograd.grad(model(images).square().sum(), parameters)
    checkpoint(model, images, use_reentrant=reentrant).square().sum().backward()
    for parameter, gradient in zip(parameters, expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)


def hooked() -> nn.Module:
    target = small()
    last = target[3]
    target.register_forward_hook(lambda module, inputs, output: output + last.bias)
    return target


class Complex(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.turns = nn.Parameter(torch.ones(3, dtype=torch.complex64))


class Locked(nn.Linear):
    def __init__(self) -> None:
        super().__init__(2, 2)
        self.lines = (line for line in "abc")


class Renamed(nn.Linear):
    def state_dict(self, *_: Any, **__: Any) -> dict[str, Tensor]:
        return {"other": self.weight}


def meta() -> nn.Module:
    return nn.Linear(2, 2, device="meta")


@pytest.mark.parametrize("rule", ["mixing", "affine", "hashing", "low_rank", "structured_pruning"])
@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (lambda: nn.LazyLinear(3), "weight of target LazyLinear is not initialised; allowed"),
        (lambda: small(nn.LazyBatchNorm2d()), "0.weight of target Sequential is not init"),
        (
            lambda: small(nn.LazyBatchNorm2d(affine=False)),
            "0.running_mean of target Sequential is not initialised; allowed",
        ),
        (Complex, "turns of target Complex is of type torch.complex64, torch.strided on cpu; all"),
        (meta, "weight of target Linear is of type torch.float32, torch.strided on meta; all"),
        (Shadowed, "target Shadowed has weights in the attribute all of a Shadowed, where"),
        (Closed, "target Closed has weights in the attribute read of a Closed, where a gen"),
        (hooked, "target Sequential has weights in the attribute _forward_hooks of a Seq"),
        (Locked, "target Locked cannot be copied (TypeError: "),
        (lambda: Renamed(2, 2), "bias of target Renamed is not in its state dict; allowed are"),
        (nn.ReLU, "target ReLU has 0 trainable parameters; allowed is at least 1"),
        (lambda: "cnn2202", "target is 'cnn2202'; allowed is a torch.nn.Module"),
        (lambda: nn.Linear, "target is <class 'torch.nn.modules.linear.Linear'>; allowed is"),
        (lambda: None, "target is None; allowed is a torch.nn.Module"),
    ],
)
def test_what_cannot_be_generated_is_named(
    rule: str, target: Callable[[], Any], sentence: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        generate_by(rule, target())
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("model", [nn.LazyLinear(3), "cnn2202", None])
def test_what_has_no_count_is_named(model: Any) -> None:
    with pytest.raises(InvalidInput, match="allowed (are modules that have|is a torch.nn.Module)"):
        count_parameters(model)


def test_what_torch_runs_with_its_own_weights_alone_is_named() -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        script = torch.jit.script(nn.Linear(2, 2))
    for opaque in (script, nn.Sequential(script), nn.DataParallel(nn.Linear(2, 2))):
        with pytest.raises(InvalidInput, match="is a script or is spread over devices; allowed is"):
            QuantumTrain(opaque, [PQCNN(4, 2)], "mixing")


def test_a_norms_column_is_not_the_fan_in_of_a_bias() -> None:
    for norm in (nn.utils.weight_norm, parametrizations.weight_norm):
        layout = describe_target(old_style(norm, nn.Linear(16, 3)))
        scales = layout.unflatten(layout.scale)
        assert sorted(round(float(value.flatten()[0]), 6) for value in scales.values()) == [
            0.25,
            0.25,
            1.0,
        ]
        assert bool(layout.in_layer.all())
