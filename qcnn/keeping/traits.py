"""What a state dict does not say of a model: precision, mode, what is trained and what shared."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from qcnn.checks import check_choice, fit_stored, shown
from qcnn.errors import InvalidInput

#: What a file of a model says first. Another version is another form.
FORM = {"form": "model of photonic weight generation", "version": 1}
_CASTS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "float64": nn.Module.double,
    "float32": nn.Module.float,
    "float16": nn.Module.half,
    "bfloat16": nn.Module.bfloat16,
}
_TYPES = {
    torch.float64: "float64",
    torch.float32: "float32",
    torch.float16: "float16",
    torch.bfloat16: "bfloat16",
}


def traits_of(model: nn.Module) -> dict[str, Any]:
    """What :func:`give_traits` gives to a model that was built as this one was."""
    first: dict[int, str] = {}
    shared = {}
    for name, value in model.named_parameters(remove_duplicate=False):
        known = first.setdefault(id(value), name)
        if known != name:
            shared[name] = known
    return {
        "types": _changes(model, _type, "float32"),
        "training": _changes(model, lambda part: part.training, True),
        "frozen": [name for name, value in model.named_parameters() if not value.requires_grad],
        "shared": shared,
    }


def give_types(model: nn.Module, traits: dict[str, Any]) -> None:
    """Bring the floating-point tensors of a model into the precision of another one's.

    Raises:
        InvalidInput: for an unknown precision.
    """
    # Outermost first: what is inside is changed again where it differs.
    types = {"": "float32", **traits["types"]}
    for name, part in model.named_modules(remove_duplicate=False):
        if name in types:
            check_choice(types[name], "the precision of a part of the model", _CASTS)
            _CASTS[types[name]](part)


def give_traits(model: nn.Module, traits: dict[str, Any]) -> None:
    """Make a model trained, shared and in modes as another one was.

    Raises:
        InvalidInput: for traits that none can have.
    """
    parts = dict(model.named_modules(remove_duplicate=False))
    model.train()
    for name, mode in traits["training"].items():
        if name in parts and isinstance(mode, bool):
            parts[name].train(mode)
    every = dict(model.named_parameters(remove_duplicate=False))
    for name, known in traits["shared"].items():
        _check_parameter(name, every)
        _check_parameter(known, every)
        if every[name] is not every[known]:
            owner, _, leaf = name.rpartition(".")
            setattr(model.get_submodule(owner), leaf, every[known])
    frozen = set(traits["frozen"])
    for name, value in model.named_parameters():
        value.requires_grad_(name not in frozen)


def fit_traits(stored: object) -> dict[str, Any]:
    """Traits as they were read from a file.

    Raises:
        InvalidInput: for anything but what :func:`traits_of` returns.
    """
    hints = {"types": dict, "training": dict, "frozen": tuple[str, ...], "shared": dict}
    return fit_stored(stored, hints, "a model's traits")


def _changes(model: nn.Module, trait: Callable[[nn.Module], Any], usual: Any) -> dict[str, Any]:
    """The trait of every module in which it is another one than around it, by name."""
    found: dict[str, Any] = {}
    known: dict[str, Any] = {}
    for name, part in model.named_modules(remove_duplicate=False):
        around = known.get(name.rpartition(".")[0], usual) if name else usual
        known[name] = own = trait(part)
        if own is None:
            known[name] = around
        elif own != around:
            found[name] = own
    return found


def _type(module: nn.Module) -> str | None:
    """Precision of a module's own numbers; None for one without."""
    tensors = (*module.parameters(recurse=False), *module.buffers(recurse=False))
    kinds = [_TYPES[tensor.dtype] for tensor in tensors if tensor.dtype in _TYPES]
    return kinds[0] if kinds else None


def _check_parameter(name: object, known: dict[str, Any]) -> None:
    if name not in known:
        raise InvalidInput(
            f"a shared parameter is {shown(name)}; allowed are parameters of the model"
        )
