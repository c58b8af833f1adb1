"""State dicts that hold all that decides a module's output, or refuse to be loaded.

torch's state dict has parameters and persistent buffers. What else decides the output is in
the extra state of a :class:`Described` module, one tensor of bytes, so that any file of tensors
can hold it:

- a description of what was chosen (sizes, options, structure), which has to be the same where
  the state is loaded;
- what follows from a seed: buffers outside the state dict, tensors that are attributes, seeds,
  and the states of random generators, which are brought back. So a model that was built with
  other seeds becomes the one that was saved, and a stream of random numbers goes on.
"""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from qcnn.errors import InvalidInput

#: torch's name for the extra state of a module.
_KEY = "_extra_state"
#: Attributes of every module: torch's own.
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
#: What is described by value; everything else by nothing.
_SIMPLE = (bool, int, float, complex, str, type(None), torch.dtype, torch.Size)


class Described(nn.Module):
    """A module that says in its state dict what it is.

    Loading a state dict into it raises :class:`qcnn.InvalidInput`, before anything is changed,
    where the description of the module or of one inside it differs or is missing.
    """

    #: Names of whole-numbered attributes that are saved and brought back.
    kept_attributes: ClassVar[tuple[str, ...]] = ()

    def describe(self) -> dict[str, Any]:
        """What was chosen for this module, by name; anything that JSON can hold."""
        return {}

    def get_extra_state(self) -> Tensor:
        """The description and what torch's state dict leaves out, as bytes (uint8)."""
        facts: dict[str, Any] = {
            "description": _description(self),
            "attributes": {name: getattr(self, name) for name in self.kept_attributes},
            "tensors": {},
            "streams": {},
        }
        content: dict[str, Tensor] = {}
        for path, value in _left_out(self):
            if isinstance(value, Tensor):
                plain = value.detach().cpu().contiguous()
                facts["tensors"][path] = str(plain.dtype).removeprefix("torch."), plain.shape
                content[f"tensors/{path}"] = plain.flatten().view(torch.uint8)
            elif isinstance(value, torch.Generator):
                content[f"generators/{path}"] = value.get_state()
            else:
                facts["streams"][path] = value.bit_generator.state
        content["facts"] = _bytes(json.dumps(facts, sort_keys=True).encode())
        return _bytes(save({name: value.clone() for name, value in content.items()}))

    def set_extra_state(self, state: Tensor) -> None:
        """Bring back what :meth:`get_extra_state` has saved; its description is checked before."""
        facts, content = _read(state)
        for name, value in facts["attributes"].items():
            setattr(self, name, value)
        for path, (kind, shape) in facts["tensors"].items():
            value = content[f"tensors/{path}"].view(getattr(torch, kind)).reshape(shape)
            module, name = _owner(self, path)
            present = getattr(module, name, None)
            setattr(module, name, value.to(present) if isinstance(present, Tensor) else value)
        for path, value in _left_out(self):
            if isinstance(value, torch.Generator) and f"generators/{path}" in content:
                value.set_state(content[f"generators/{path}"])
            if isinstance(value, np.random.Generator) and path in facts["streams"]:
                value.bit_generator.state = facts["streams"][path]

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *arguments: Any
    ) -> None:
        # torch loads a module before those inside it: all are checked before any is changed.
        for name, module in self.named_modules(remove_duplicate=False):
            if isinstance(module, Described):
                _check(module, state_dict, prefix + (f"{name}." if name else ""))
        super()._load_from_state_dict(state_dict, prefix, *arguments)


def describe_structure(module: nn.Module) -> dict[str, str]:
    """Classes and simple attributes of a module and of all inside it, by name.

    >>> describe_structure(nn.Sequential(nn.Dropout(0.5)))
    {'': 'Sequential', '0': 'Dropout(p=0.5, inplace=False)'}
    """
    return {name: _structure(part) for name, part in module.named_modules(remove_duplicate=False)}


def _structure(module: nn.Module) -> str:
    own = {name: value for name, value in vars(module).items() if name not in _OF_EVERY_MODULE}
    listed = [f"{name}={text}" for name, value in own.items() if (text := _plain(value))]
    return type(module).__qualname__ + (f"({', '.join(listed)})" if listed else "")


def _plain(value: object) -> str:
    """A text for a value that is the same in every process; empty for what has none."""
    if isinstance(value, _SIMPLE):
        return repr(value)
    if isinstance(value, list | tuple):
        parts = [_plain(part) for part in value]
        return f"[{', '.join(parts)}]" if all(parts) else ""
    name = getattr(value, "__qualname__", "")
    return str(name) if callable(value) else ""


def _description(module: Described) -> dict[str, Any]:
    described = {"kind": type(module).__qualname__, **module.describe()}
    first: dict[int, str] = {}
    shared = {}
    for name, value in module.named_parameters(remove_duplicate=False):
        known = first.setdefault(id(value), name)
        if known != name:
            shared[f"the other name of {name}"] = known
    # As it will be read: tuples are lists in JSON.
    normal: dict[str, Any] = json.loads(json.dumps(described | shared))
    return normal


def _check(module: Described, state_dict: dict[str, Any], prefix: str) -> None:
    """Raises InvalidInput unless a state dict is of a module like this one."""
    what = prefix.removesuffix(".") or f"the {type(module).__name__}"
    if prefix + _KEY not in state_dict:
        if any(name.startswith(prefix) for name in state_dict):
            raise InvalidInput(
                f"the description of {what} in the state dict is missing, as in those of older "
                f"versions; allowed is a state dict that holds {prefix + _KEY!r}"
            )
        return
    facts, _ = _read(state_dict[prefix + _KEY])
    found, own = facts["description"], _description(module)
    for name in {**own, **found}:
        if found.get(name) != own.get(name):
            raise InvalidInput(
                f"{name} of {what} in the state dict is {_shown(found, name)}; allowed is "
                f"{_shown(own, name)}, as in the model that it is loaded into"
            )


def _shown(description: dict[str, Any], name: str) -> str:
    return repr(description[name]) if name in description else "absent"


def _read(state: Tensor) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        content = load(state.detach().cpu().numpy().tobytes())
        facts: dict[str, Any] = json.loads(content["facts"].numpy().tobytes())
    except (AttributeError, KeyError, SafetensorError, TypeError, ValueError):
        raise InvalidInput(
            f"the {_KEY!r} of a module in the state dict is damaged; allowed is one as "
            "state_dict() makes it"
        ) from None
    return facts, content


def _left_out(module: nn.Module) -> Iterator[tuple[str, Any]]:
    """Tensors and random generators that torch leaves out of the state dict, by path.

    Those of the modules inside that are described themselves are theirs.
    """
    for name in sorted(module._non_persistent_buffers_set):
        if module._buffers[name] is not None:
            yield name, module._buffers[name]
    for name, value in vars(module).items():
        if isinstance(value, Tensor | torch.Generator | np.random.Generator):
            yield name, value
    for name, child in module.named_children():
        if not isinstance(child, Described):
            yield from ((f"{name}.{path}", value) for path, value in _left_out(child))


def _owner(module: nn.Module, path: str) -> tuple[nn.Module, str]:
    """The module inside ``module`` that has what is at ``path``, and its name there."""
    parent, _, name = path.rpartition(".")
    return module.get_submodule(parent), name


def _bytes(content: bytes) -> Tensor:
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)
