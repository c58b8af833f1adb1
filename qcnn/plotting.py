"""Matplotlib, imported whatever the user has set for it.

Perceval, MerLin and the figures of the studies import it, and no setting of a figure's look
may decide whether they can be used: ``MPLBACKEND`` of a notebook that this environment knows
nothing of, a ``matplotlibrc`` or a style sheet that is no text.
"""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager, nullcontext, suppress
from importlib import import_module, reload
from importlib.util import find_spec, module_from_spec

#: Where matplotlib is told its settings, and where it looks for a file of them.
_BACKEND, _FILE, _FOLDER = "MPLBACKEND", "MATPLOTLIBRC", "MPLCONFIGDIR"


def import_matplotlib() -> None:
    """Import matplotlib with the user's settings, without those that it cannot be imported with.

    Where it is imported already nothing is done. The environment stays as it is.
    """
    if "matplotlib" in sys.modules:
        return
    spec = find_spec("matplotlib")
    assert spec is not None  # a dependency
    # Run anew after a failure instead of imported anew: its submodules, which stay imported,
    # keep referring to this module.
    sys.modules["matplotlib"] = module_from_spec(spec)
    try:
        _run_with_what_it_takes()
    except BaseException:
        del sys.modules["matplotlib"]
        raise


def _run_with_what_it_takes() -> None:
    for settings in (nullcontext(), _environment({_BACKEND: None})):
        # Whatever reading someone's settings may raise.
        with suppress(Exception), settings:
            return _run()
    with _no_settings():
        return _run()


def _run() -> None:
    """What reads the user's settings: the module itself and its style sheets."""
    reload(sys.modules["matplotlib"])
    import_module("matplotlib.style")


@contextmanager
def _no_settings() -> Iterator[None]:
    """Inside there are no settings to be found; the folder's fonts are needed to the end."""
    folder = tempfile.mkdtemp(prefix="matplotlib-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # The working folder is searched before all others.
    with _environment({_BACKEND: None, _FILE: None, _FOLDER: folder}), chdir(folder):
        yield


@contextmanager
def _environment(changes: dict[str, str | None]) -> Iterator[None]:
    """Inside, variables have other values; None is to have none."""
    before = {name: os.environ.get(name) for name in changes}
    _set(changes)
    try:
        yield
    finally:
        _set(before)


def _set(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
