"""The datasets by name."""

from collections.abc import Callable
from functools import lru_cache

from qcnn.data._data import Data
from qcnn.errors import InvalidInput

Loader = Callable[[], Data]

_loaders: dict[str, Loader] = {}


def register_data(name: str) -> Callable[[Loader], Loader]:
    """Decorator that makes a function without arguments the loader of a dataset.

    Args:
        name: the name under which ``load_data`` and ``--dataset`` find it.

    Raises:
        InvalidInput: a name that another dataset has.
    """

    def register(loader: Loader) -> Loader:
        if name in _loaders:
            raise InvalidInput(
                f"the dataset name {name!r} is taken; a name other than {_join(data_names())} is "
                "needed"
            )
        # Loaded once per process; safe to share because nothing modifies the tensors.
        _loaders[name] = lru_cache(maxsize=None)(loader)
        return loader

    return register


def data_names() -> tuple[str, ...]:
    """The names that ``load_data`` knows, sorted, ``auto`` included."""
    return tuple(sorted(_loaders))


def load_data(name: str) -> Data:
    """Load a dataset; a second call in the same process returns the same object.

    Args:
        name: one of ``data_names()``.

    Raises:
        InvalidInput: an unknown name, or stored files with wrong content.
        DataUnavailable: files that are neither stored here nor downloadable.
    """
    if name not in _loaders:
        raise InvalidInput(f"the dataset {name!r} is unknown; {_join(data_names())} are allowed")
    return _loaders[name]()


def _join(names: tuple[str, ...]) -> str:
    return ", ".join(names)
