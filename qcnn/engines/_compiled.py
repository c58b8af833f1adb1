"""How the loops of the fused engine are compiled."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def compiled(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Compiles a function at its first call, keeps it on disk, frees the GIL while it runs.

    Multiplications and additions may be contracted, nothing else is relaxed: sums keep
    their order, hence results are reproducible, and infinities and nan are honoured.
    (Letting sums be reordered makes the short inner loops slower: they become gathers.)
    """
    decorate = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
    return cast(Callable[Arguments, Result], decorate(function))
