"""What the attributes of a module hold, as a text that is the same in every process.

Simple values are their own text. Of everything else that may decide what a module does (an
object's attributes, what a function closes over, modules that are not registered) there is a
hash, so that two modules can be told apart that differ in nothing else.
"""

import random
from collections.abc import Iterator
from enum import Enum
from functools import partial
from hashlib import sha256
from logging import Logger
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

#: What gives random numbers, and can be set to where another one is.
STREAMS = torch.Generator | np.random.Generator | np.random.RandomState | random.Random
#: Attributes of every module: torch's own.
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
#: The attribute in which a network says how a registered target has built it; it decides nothing.
BUILT_AS = "_built_as"
#: What recurrent layers list a second time, what compiled modules count in a process, and that.
_PASSED_OVER = ("_flat_weight", "_torchdynamo_", BUILT_AS)
_SIMPLE = (bool, int, float, complex, str, type(None), torch.dtype, torch.Size)
#: What differs from process to process, and decides no number.
_OF_THE_PROCESS = (type, ModuleType, BuiltinFunctionType, Logger)
_TOLD_BY_REPR = (bytes, slice, range, np.generic, np.dtype, torch.device, Enum, PurePath)


def own_attributes(module: nn.Module) -> Iterator[tuple[str, Any]]:
    """Attributes that a module has beside torch's own, by name."""
    for name, value in vars(module).items():
        if name not in _OF_EVERY_MODULE and not name.startswith(_PASSED_OVER):
            yield name, value


def plain(value: object) -> str:
    """A text for a simple value, a function or a list of them; empty for what has none."""
    if isinstance(value, _SIMPLE):
        return repr(value)
    if isinstance(value, list | tuple):
        parts = [plain(part) for part in value]
        return f"[{', '.join(parts)}]" if all(parts) else ""
    name = getattr(value, "__qualname__", "")
    return str(name) if callable(value) else ""


def hash_of_the_rest(value: object, module: nn.Module) -> str:
    """A hash of what an attribute holds beyond what :func:`plain` tells; empty for nothing.

    Tensors, arrays and random streams in the attribute itself, in lists and in dictionaries are
    passed over, as they can be saved.

    Args:
        value: the attribute's.
        module: the whole of which it is part; what is registered in it is passed over.
    """
    if plain(value) and not isinstance(value, FunctionType | MethodType):
        return ""
    # Kept alive meanwhile, so that no other object gets the identity of one.
    seen: dict[int, object] = {
        id(each): each for each in (*module.modules(), *module.parameters(), *module.buffers())
    }
    text = "".join(_contents(value, seen, saved=True))
    return f"#{sha256(text.encode(errors='backslashreplace')).hexdigest()[:16]}" if text else ""


def _contents(value: Any, seen: dict[int, object], *, saved: bool) -> Iterator[str]:
    """Texts of all that is inside a value; where ``saved``, but for what can be brought back."""
    if isinstance(value, _SIMPLE + _TOLD_BY_REPR):
        yield f"{value!r};"
    elif id(value) not in seen and not isinstance(value, _OF_THE_PROCESS):
        seen[id(value)] = value
        yield from _inside(value, seen, saved=saved)


def _inside(value: Any, seen: dict[int, object], *, saved: bool) -> Iterator[str]:
    if isinstance(value, Tensor | np.ndarray | STREAMS):
        if not saved:
            yield _numbers(value)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from _contents(member, seen, saved=saved and type(value) is list)
    elif isinstance(value, dict):
        for key, member in value.items():
            inside = "".join(_contents(member, seen, saved=saved and type(value) is dict))
            yield f"{plain(key)}:{inside}" if inside else ""
    elif isinstance(value, set | frozenset):
        yield "|".join(sorted("".join(_contents(member, seen, saved=False)) for member in value))
    elif isinstance(value, nn.Module):
        yield f"{type(value).__qualname__}:"
        yield from _contents(list(value.state_dict().values()), seen, saved=False)
        yield from _contents(dict(own_attributes(value)), seen, saved=False)
    elif _is_of_torch(value):
        return
    elif isinstance(value, FunctionType):
        yield from _of_function(value, seen, saved=saved)
    elif isinstance(value, partial):
        yield from _contents((value.func, value.args, value.keywords), seen, saved=False)
    elif isinstance(value, MethodType):
        yield from _contents((value.__func__, value.__self__), seen, saved=saved)
    elif hasattr(value, "__dict__"):
        inside = "".join(_contents(vars(value), seen, saved=False))
        yield f"{type(value).__qualname__}({inside})" if inside else ""


def held_by_function(function: FunctionType) -> Iterator[Any]:
    """What a function that is not torch's closes over, and its defaults."""
    if _is_of_torch(function):
        return
    yield from (cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell))
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()


def held_directly(value: Any) -> Iterator[Any]:
    """The members of a container, the attributes of an object, the arguments of a partial."""
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    elif isinstance(value, partial):
        yield from (value.func, *value.args, *value.keywords.values())
    elif isinstance(value, MethodType):
        yield value.__self__
    elif isinstance(value, nn.Module) or not (
        isinstance(value, (Tensor, FunctionType, *_OF_THE_PROCESS)) or _is_of_torch(value)
    ):
        yield from getattr(value, "__dict__", {}).values()


def _is_of_torch(value: Any) -> bool:
    """Whether an object or function is torch's own: about how to run, not what."""
    definition = value if isinstance(value, FunctionType) else type(value)
    return str(definition.__module__).partition(".")[0] == "torch"


def _of_function(function: FunctionType, seen: dict[int, object], *, saved: bool) -> Iterator[str]:
    if not saved:
        yield f"{function.__qualname__};"
    for member in held_by_function(function):
        yield from _contents(member, seen, saved=False)


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:  # a name that has no value yet
        return False


def _numbers(value: Any) -> str:
    if isinstance(value, torch.Generator):
        value = value.get_state()
    elif isinstance(value, random.Random):
        return repr(value.getstate())
    elif isinstance(value, np.random.RandomState):
        return repr(value.get_state(legacy=False))
    elif isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    if isinstance(value, Tensor):
        if value.is_meta or value.layout != torch.strided:
            return f"{value.dtype}{tuple(value.shape)}"
        value = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
        kind, shape = value.dtype, tuple(value.shape)
        value = value.flatten().view(torch.uint8).numpy()
    else:
        kind, shape = value.dtype, value.shape
        if value.dtype.hasobject:
            return repr(value.tolist())
    return f"{kind}{shape}{sha256(value.tobytes()).hexdigest()};"
