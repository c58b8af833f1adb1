"""Engines: what turns the phases of a mesh into outcome probabilities.

An engine module has a function ``build(mesh, photons, space, input_state, dtype)`` that
returns a callable from phases of shape ``(phases,)`` or ``(batch, phases)`` in radians to
probabilities of shape ``(outcomes,)`` or ``(batch, outcomes)``, in the order of
:func:`qcnn.optics.fock.enumerate_states` and summing to 1. Engines are imported when first
used, because importing MerLin takes seconds.
"""

from collections.abc import Callable
from importlib import import_module

from torch import Tensor, dtype

from qcnn.checks import shown
from qcnn.errors import InvalidInput
from qcnn.optics.fock import FockState
from qcnn.optics.mesh import Mesh

Engine = Callable[[Tensor], Tensor]
ENGINES = ("fused", "merlin")


def build_engine(
    name: str, mesh: Mesh, photons: int, space: str, input_state: FockState, dtype: dtype
) -> Engine:
    """The engine called ``name`` for one sampler.

    Raises:
        InvalidInput: for an unknown engine, and what the engine itself refuses.
    """
    if not isinstance(name, str) or name not in ENGINES:
        raise InvalidInput(f"engine is {shown(name)}; allowed are {', '.join(map(repr, ENGINES))}")
    engine: Engine = import_module(f"qcnn.engines.{name}").build(
        mesh, photons, space, input_state, dtype
    )
    return engine
