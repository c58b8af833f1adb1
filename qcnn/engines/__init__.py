"""Engines: what turns the phases of a mesh into outcome probabilities.

An engine is one file in this folder, or in an installed package (:mod:`qcnn.registry`): a function
``build(mesh, photons, space, input_state, dtype)`` under :func:`register_engine` that returns a
callable from phases of shape ``(phases,)`` or ``(batch, phases)`` in radians to
probabilities of shape ``(outcomes,)`` or ``(batch, outcomes)``, in the order of
:func:`qcnn.optics.fock.enumerate_states` and summing to 1. What takes seconds
to import, as MerLin does, is imported by the function.
"""

from collections.abc import Callable
from typing import TypeVar

from torch import Tensor, dtype

from qcnn.checks import check_choice
from qcnn.optics.fock import FockState
from qcnn.optics.mesh import Mesh
from qcnn.registry import Registry

Engine = Callable[[Tensor], Tensor]
Builder = Callable[[Mesh, int, str, FockState, dtype], Engine]
BuilderType = TypeVar("BuilderType", bound=Builder)
registered: Registry[Builder] = Registry("engine", "qcnn.engines")


def register_engine(name: str) -> Callable[[BuilderType], BuilderType]:
    """Decorator of the function that builds the engine called ``name``.

    Raises:
        InvalidInput: for a name that is taken, or is none (see
            :meth:`qcnn.registry.Registry.enter`).
    """
    return registered.register(name)


def engine_names() -> tuple[str, ...]:
    """Names of all engines, sorted."""
    return tuple(registered)


def build_engine(
    name: str, mesh: Mesh, photons: int, space: str, input_state: FockState, dtype: dtype
) -> Engine:
    """The engine called ``name`` for one sampler.

    Raises:
        InvalidInput: for an unknown engine, and what the engine itself refuses.
    """
    check_choice(name, "engine", registered)
    return registered[name](mesh, photons, space, input_state, dtype)
