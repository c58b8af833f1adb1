"""A dataclass of numbers on one line that can be read."""

from dataclasses import fields
from typing import Any

import numpy as np
from torch import Tensor


def brief(made: Any) -> str:
    """A dataclass as Python writes it, but with floats of four digits and arrays by their shapes.

    Lists are told by how long they are. It is the ``__repr__`` of some; what they hold is not
    rounded.

    >>> import torch
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Pair:
    ...     share: float
    ...     places: torch.Tensor
    ...     __repr__ = brief
    >>> Pair(1 / 3, torch.zeros(70))
    Pair(share=0.3333, places=<shape (70,)>)
    """
    values = (f"{field.name}={_brief(getattr(made, field.name))}" for field in fields(made))
    return f"{type(made).__qualname__}({', '.join(values)})"


def _brief(value: object) -> str:
    if isinstance(value, Tensor | np.ndarray):
        return f"<shape {tuple(value.shape)}>"
    if isinstance(value, list | tuple | range):
        return f"<{len(value):,} values>"
    return f"{value:.4g}" if isinstance(value, float) else repr(value)
