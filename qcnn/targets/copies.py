"""Copies of modules, whatever they hold."""

import copy
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from qcnn.checks import reason
from qcnn.errors import InvalidInput


def copy_module(module: nn.Module) -> nn.Module:
    """A deep copy, also of a module that holds results of its own parameters.

    Such results are the weight of a layer under ``torch.nn.utils.weight_norm`` or pruning, and
    whatever a ``forward`` has put aside; torch refuses to copy them. In the copy they are
    constants until they are computed anew.

    Raises:
        InvalidInput: if the module holds something that cannot be copied.
    """
    try:
        return copy.deepcopy(module, constants_for_results(module))
    except Exception as error:
        raise InvalidInput(
            f"target {type(module).__name__} cannot be copied ({reason(error)}); "
            "allowed are modules that copy.deepcopy takes"
        ) from error


def constants_for_results(module: nn.Module) -> dict[int, Any]:
    """A memo for ``copy.deepcopy`` in which results of parameters are constants."""
    return {id(value): value.detach().clone() for value in _results(module)}


def _results(module: nn.Module) -> Iterator[Tensor]:
    """Every tensor with a history that a module or one of its parts holds."""
    left: list[object] = [vars(part) for part in module.modules()]
    seen: set[int] = set()
    while left:
        value = left.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Tensor) and not value.is_leaf:
            yield value
        elif isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list | tuple | set):
            left += value
