"""State dicts that hold all that decides a module's output, or refuse to be loaded.

torch's state dict has parameters and persistent buffers. What else decides the output is in
the extra state of a :class:`Described` module, one tensor of bytes, so that any file of tensors
can hold it:

- a description of what was chosen (sizes, options, structure), which has to be the same where
  the state is loaded;
- what follows from a seed: buffers outside the state dict, tensors and arrays that are
  attributes or in lists and dictionaries that are, seeds, and the states of random generators,
  which are brought back. So a model that was built with other seeds becomes the one that was
  saved, and a stream of random numbers goes on.

What an attribute holds otherwise (objects, tuples, what a function closes over) is described by
a hash: it can be told from another, but not brought back (:mod:`qcnn.keeping.fingerprint`).
"""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from qcnn.checks import shown
from qcnn.errors import InvalidInput
from qcnn.keeping.fingerprint import STREAMS, hash_of_the_rest, own_attributes, plain

#: torch's name for the extra state of a module.
_KEY = "_extra_state"
#: What JSON gives back as it was.
_JSON = (bool, int, float, str, type(None))


class Described(nn.Module):
    """A module that says in its state dict what it is.

    Loading a state dict into it raises :class:`qcnn.InvalidInput`, before anything is changed,
    where the description of the module or of one inside it differs or is missing.
    """

    #: Names of whole-numbered attributes that are saved and brought back.
    kept_attributes: ClassVar[tuple[str, ...]] = ()
    #: Names of modules inside whose numbers and texts may follow from a seed. Every attribute of
    #: theirs that is one, or a list or tuple of some, is saved and brought back too.
    kept_parts: ClassVar[tuple[str, ...]] = ()

    def describe(self) -> dict[str, Any]:
        """What was chosen for this module, by name; anything that JSON can hold."""
        return {}

    def get_extra_state(self) -> Tensor:
        """The description and what torch's state dict leaves out, as bytes (uint8)."""
        facts: dict[str, Any] = {
            "description": _description(self),
            "attributes": {
                **{name: getattr(self, name) for name in self.kept_attributes},
                **dict(_simple_attributes(self)),
            },
            "tensors": {},
            "streams": {},
        }
        content: dict[str, Tensor] = {}
        for place in _left_out(self):
            value = place.value
            if isinstance(value, Tensor | np.ndarray):
                numbers = torch.as_tensor(value).detach().cpu().contiguous()
                kind = str(numbers.dtype).removeprefix("torch.")
                facts["tensors"][place.path] = kind, numbers.shape
                content[f"tensors/{place.path}"] = numbers.flatten().view(torch.uint8)
            elif isinstance(value, torch.Generator):
                content[f"generators/{place.path}"] = value.get_state()
            else:
                facts["streams"][place.path] = _stream_state(value)
        text = json.dumps(facts, sort_keys=True, default=lambda array: array.tolist())
        content["facts"] = _bytes(text.encode())
        return _bytes(save({name: value.clone() for name, value in content.items()}))

    def set_extra_state(self, state: Tensor) -> None:
        """Bring back what :meth:`get_extra_state` has saved; its description is checked before."""
        facts, content = _read(state)
        for path, value in facts["attributes"].items():
            module, name = _owner(self, path)
            _check_attribute(module, name)
            present = getattr(module, name, None)
            setattr(module, name, _tuples(value) if isinstance(present, tuple) else value)
        places = {place.path: place for place in _left_out(self)}
        for path, (kind, shape) in facts["tensors"].items():
            value = content[f"tensors/{path}"].view(getattr(torch, kind)).reshape(shape)
            if path in places:
                places[path].put(_like(places[path].value, value))
            elif "[" not in path:  # an attribute that has come to be one
                module, name = _owner(self, path)
                _check_attribute(module, name)
                setattr(module, name, value)
        for path, place in places.items():
            if isinstance(place.value, torch.Generator) and f"generators/{path}" in content:
                place.value.set_state(content[f"generators/{path}"])
            elif path in facts["streams"]:
                _go_on(place.value, facts["streams"][path])

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
    return {
        name: _structure(part, module)
        for name, part in module.named_modules(remove_duplicate=False)
    }


def describe_rest(module: nn.Module) -> dict[str, str]:
    """What attributes of a module and of all inside it hold that cannot be brought back, by name.

    Those that are described themselves are left out.
    """
    return {
        f"what {name}.{attribute} holds": text
        for name, part in _undescribed(module)
        for attribute, value in own_attributes(part)
        if (text := hash_of_the_rest(value, module))
    }


def _structure(module: nn.Module, whole: nn.Module) -> str:
    texts = {
        name: plain(value) + hash_of_the_rest(value, whole)
        for name, value in own_attributes(module)
    }
    listed = [f"{name}={text}" for name, text in texts.items() if text]
    return type(module).__qualname__ + (f"({', '.join(listed)})" if listed else "")


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


class _Place(NamedTuple):
    """Where something is that torch leaves out of the state dict, and how to put another there."""

    path: str
    value: Any
    put: Callable[[Any], None]


def _left_out(module: nn.Module) -> Iterator[_Place]:
    """Tensors, arrays and random generators that torch leaves out of the state dict.

    Those of the modules inside that are described themselves are theirs.
    """
    for prefix, part in _undescribed(module):
        start = f"{prefix}." if prefix else ""
        held = {
            **{name: part._buffers[name] for name in sorted(part._non_persistent_buffers_set)},
            **dict(own_attributes(part)),
        }
        for name, value in held.items():
            yield from _places(start + name, value, _setter(part, name))


def _setter(module: nn.Module, name: str) -> Callable[[Any], None]:
    return lambda value: setattr(module, name, value)


def _places(path: str, value: Any, put: Callable[[Any], None]) -> Iterator[_Place]:
    if isinstance(value, np.ndarray) and value.dtype.kind not in "biufc":
        return
    if isinstance(value, Tensor | np.ndarray | STREAMS):
        yield _Place(path, value, put)
    elif type(value) in (list, dict):
        for key, member in list(value.items() if type(value) is dict else enumerate(value)):
            yield from _places(f"{path}[{key!r}]", member, _item_setter(value, key))


def _item_setter(container: Any, key: Any) -> Callable[[Any], None]:
    def put(value: Any) -> None:
        container[key] = value

    return put


def _undescribed(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """A module and those inside it, by name, but for those that are described themselves."""
    yield prefix, module
    for name, child in module.named_children():
        if not isinstance(child, Described):
            yield from _undescribed(child, f"{prefix}.{name}" if prefix else name)


def _simple_attributes(module: Described) -> Iterator[tuple[str, Any]]:
    """Numbers and texts of the kept parts, by path."""
    for path, part in _undescribed(module):
        if path.partition(".")[0] in module.kept_parts:
            for name, value in own_attributes(part):
                if _is_json(value):
                    yield f"{path}.{name}", value


def _is_json(value: object) -> bool:
    if type(value) in (list, tuple):
        return all(map(_is_json, value))  # type: ignore[call-overload]
    return type(value) in _JSON


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _like(present: Any, value: Tensor) -> Any:
    """A saved tensor as what is in its place: an array, or a tensor of its type and device."""
    if isinstance(present, np.ndarray):
        return value.numpy().astype(present.dtype)
    return value.to(present)


def _stream_state(stream: Any) -> Any:
    if isinstance(stream, random.Random):
        return stream.getstate()
    if isinstance(stream, np.random.RandomState):
        return stream.get_state(legacy=False)
    return stream.bit_generator.state


def _go_on(stream: Any, state: Any) -> None:
    if isinstance(stream, random.Random):
        stream.setstate(_tuples(state))
    elif isinstance(stream, np.random.RandomState):
        stream.set_state(state)
    else:
        stream.bit_generator.state = state


def _owner(module: nn.Module, path: str) -> tuple[nn.Module, str]:
    """The module inside ``module`` that has what is at ``path``, and its name there."""
    parent, _, name = path.rpartition(".")
    return module.get_submodule(parent), name


def _check_attribute(module: nn.Module, name: str) -> None:
    """Raises InvalidInput for an attribute that is torch's or the class's: none is ever saved."""
    if name not in dict(own_attributes(module)) and hasattr(module, name):
        raise InvalidInput(
            f"an attribute in the {_KEY!r} of a {type(module).__name__} is {shown(name)}; allowed "
            "are those of the module alone"
        )


def _bytes(content: bytes) -> Tensor:
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)
