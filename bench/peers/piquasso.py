"""Piquasso's ``PureFockSimulator`` on JAX, compiled as a whole."""

import os
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.peers import Peer, Prepared, register_peer
from bench.task import Task


@register_peer("piquasso")
class Piquasso(Peer):
    """One two-mode gate for each cell, the fastest of the ways to write the mesh."""

    label = "Piquasso (JAX)"
    package = "piquasso"
    spaces = ("fock",)
    precision = "float64"
    # DeepQuantum takes twice as long after JAX has compiled a few circuits, whatever the
    # garbage collector does.
    slows_others = True

    def version(self) -> str | None:
        found = super().version()
        return found if found and _has_jax() else None

    def prepare(self, task: Task) -> Prepared:
        # Read by JAX when it is first imported. It asks for one thread; some of XLA's still help.
        os.environ.setdefault(
            "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        )
        import jax
        import jax.numpy as jnp
        import piquasso as pq

        cells = task.mesh.table().tolist()
        simulator = pq.PureFockSimulator(
            d=task.modes,
            config=pq.Config(cutoff=task.photons + 1, validate=False),
            connector=pq.JaxConnector(),
        )

        def cell(inner: Any, outer: Any) -> Any:
            sine, cosine = jnp.sin(inner / 2), jnp.cos(inner / 2)
            turn = jnp.exp(1j * outer)
            matrix = jnp.array([[turn * sine, turn * cosine], [cosine, -sine]])
            return 1j * jnp.exp(0.5j * inner) * matrix

        def probabilities(phases: Any) -> Any:
            with pq.Program() as program:
                pq.Q() | pq.NumberState(list(task.input_state))
                for upper, inner, outer in cells:
                    gate = pq.Interferometer(cell(phases[inner], phases[outer]))
                    pq.Q(upper, upper + 1) | gate
            # The states with all photons come last.
            return simulator.execute(program).state.fock_probabilities[-task.outcomes :]

        order = _order(task)
        cotangent = np.empty_like(task.cotangent)
        cotangent[order] = task.cotangent
        weights = jnp.asarray(cotangent)
        phases = jnp.asarray(task.phases)
        compiled = jax.jit(probabilities)
        # Value and gradient, as a training needs both.
        compiled_gradient = jax.jit(
            jax.value_and_grad(lambda phases: weights @ probabilities(phases))
        )

        def forward() -> Any:
            return compiled(phases).block_until_ready()

        def forward_backward() -> Any:
            return jax.block_until_ready(compiled_gradient(phases))[1]

        def read(found: Any) -> NDArray[np.float64]:
            return np.asarray(found)[order]

        start = time.perf_counter()
        forward()
        forward_backward()
        return Prepared(forward, read, forward_backward, time.perf_counter() - start)


def _has_jax() -> bool:
    from importlib.util import find_spec

    return find_spec("jax") is not None


def _order(task: Task) -> NDArray[np.int64]:
    """Position of the task's states among Piquasso's states of that many photons."""
    from piquasso._math.fock import get_fock_space_basis

    basis = get_fock_space_basis(d=task.modes, cutoff=task.photons + 1)[-task.outcomes :]
    place = {tuple(state): position for position, state in enumerate(basis.tolist())}
    return np.array([place[state] for state in task.states])
