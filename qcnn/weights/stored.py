"""Whole models from files: their configuration and all their numbers.

A file is safetensors. Its metadata is JSON: which registered things the model consists of, with
their options, and what else tensors do not say (:mod:`qcnn.keeping.traits`). Nothing in it is
evaluated, and no path is read from it. A model like it is built anew, whose options are checked as
those of any other, and then gets the numbers (:mod:`qcnn.keeping.state`).
"""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from qcnn.checks import fit_stored, reason, shown
from qcnn.errors import InvalidInput
from qcnn.keeping.checkpoint import read_checkpoint
from qcnn.keeping.traits import FORM, fit_traits, give_traits, give_types
from qcnn.registry import baselines
from qcnn.samplers.stored import build_samplers
from qcnn.specification import parse_choice
from qcnn.targets import target_from_text
from qcnn.targets.copies import copy_module
from qcnn.weights.generated import GeneratedNetwork, structure_of
from qcnn.weights.quantum_train import QuantumTrain

_MODELS: dict[str, dict[str, Any]] = {
    "quantum_train": {"kind": str, "samplers": dict, "mapping": str, "combine": str},
    "baseline": {"kind": str, "baseline": str},
}
#: What a file that was changed on purpose can end in, where a model takes in its numbers.
_UNFIT = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def load(path: Path | str, target: nn.Module | None = None) -> GeneratedNetwork:
    """The model that :meth:`qcnn.GeneratedNetwork.save` has written: same weights, bit by bit.

    So are the next training step and all random streams that it has. It is on the CPU.

    Args:
        path: of the file.
        target: a network as the model's was, where a registered target has not built that. Its
            numbers do not matter. It is copied.

    Raises:
        InvalidInput: if the file is none of these, is damaged, of another version or of a kind
            of sampler, mapping, baseline or target that is not known here, or if the target is
            another one.

    >>> import tempfile
    >>> import qcnn
    >>> target = qcnn.target_from_text("cnn816").build()
    >>> model = qcnn.QuantumTrain(target, qcnn.PQCNN(8, 4, seed=1), "whitened")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/model.safetensors")
    ...     again = load(f"{folder}/model.safetensors")
    >>> (again.generate() == model.generate()).all()
    tensor(True)
    """
    tensors, facts = _read(Path(path))
    traits = fit_traits(facts["traits"])
    model = _build(facts["model"], _target(facts["target"], target))
    give_types(model, traits)
    give_traits(model, traits)
    _check_tensors(tensors, model)
    try:
        model.load_state_dict(tensors)
    except InvalidInput:
        raise
    except _UNFIT as error:
        raise InvalidInput(
            f"the state in {str(path)!r} cannot be that of its model ({reason(error)}); allowed is "
            "a file as save() writes it"
        ) from error
    return model


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        tensors, facts = read_checkpoint(path, "the file", "a model's, as save() writes it")
    except OSError as error:
        raise InvalidInput(
            f"the file {str(path)!r} cannot be read ({reason(error)}); allowed is a model's, as "
            "save() writes it"
        ) from error
    for name, own in FORM.items():
        found = facts.get(name) if isinstance(facts, dict) else None
        if found != own:
            raise InvalidInput(
                f"{name} of the file {str(path)!r} is {shown(found)}; allowed is {own!r}"
            )
    parts = {"model": dict, "target": dict, "traits": dict}
    return tensors, fit_stored(facts, {"form": str, "version": int, **parts}, "a model")


def _target(stored: dict[str, Any], given: nn.Module | None) -> nn.Module:
    """The target, of whose parameters those require gradients whose weights are generated."""
    hints = {"built as": Any, "structure": dict, "generated": tuple[str, ...]}
    found = fit_stored(stored, hints, "a target")
    network = _built(found["built as"]) if given is None else copy_module(_checked(given))
    own = structure_of(network)
    for name in {**own, **found["structure"]}:
        before, now = found["structure"].get(name), own.get(name)
        if before != now:
            raise InvalidInput(
                f"{name} is {shown(now)}; allowed for this file is a target whose is "
                f"{shown(before)}, handed in as target="
            )
    for name, value in network.named_parameters():
        value.requires_grad_(name in found["generated"])
    return network


def _built(built_as: object) -> nn.Module:
    if built_as is None:
        raise InvalidInput(
            "target is None; allowed for this file, whose target no registered one has built, is "
            "a network of the same structure"
        )
    hints = {"text": str, "image_shape": tuple[int, ...], "classes": int}
    found = fit_stored(built_as, hints, "a registered target")
    return target_from_text(found["text"]).build(found["image_shape"], found["classes"])


def _checked(target: object) -> nn.Module:
    if not isinstance(target, nn.Module):
        raise InvalidInput(f"target is {shown(target)}; allowed is a torch.nn.Module")
    return target


def _build(stored: dict[str, Any], target: nn.Module) -> GeneratedNetwork:
    kind = stored.get("kind")
    if not isinstance(kind, str) or kind not in _MODELS:
        raise InvalidInput(f"kind of the model is {shown(kind)}; allowed are {', '.join(_MODELS)}")
    found = fit_stored(stored, _MODELS[kind], "a model")
    if kind == "quantum_train":
        samplers = build_samplers(found["samplers"])
        return QuantumTrain(target, samplers, found["mapping"], found["combine"])
    made: nn.Module = parse_choice(found["baseline"], "baseline", baselines).build(target, 0)
    if not isinstance(made, GeneratedNetwork):
        raise InvalidInput(
            f"baseline is {shown(found['baseline'])}; allowed in a file are those that generate "
            "weights"
        )
    return made


def _check_tensors(found: dict[str, Tensor], model: nn.Module) -> None:
    """Raises InvalidInput unless there are the model's tensors, of its shapes and precision."""
    own = model.state_dict()
    for name in {**own, **found}:
        if _shown(name, found) != _shown(name, own):
            raise InvalidInput(
                f"{name} in the file is {_shown(name, found)}; allowed for its model is "
                f"{_shown(name, own)}"
            )


def _shown(name: str, tensors: dict[str, Tensor]) -> str:
    if name not in tensors:
        return "absent"
    value = tensors[name]
    # What else a module keeps is of any length, and checked where it is read.
    ending = "" if name.endswith("_extra_state") else f" and shape {tuple(value.shape)}"
    return f"of type {value.dtype}{ending}"
