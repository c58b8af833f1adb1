"""The simulators that are compared, one file each.

A simulator's file has a class derived from :class:`Peer` under :func:`register_peer`. Dropped
into this folder it is found by itself, as is one of an installed package
(:mod:`qcnn.registry`). What it simulates with is imported only when it prepares a task, so that
it may be missing.
"""

from bench.peers._base import (
    Peer,
    Prepared,
    prepare_engine,
    prepare_with_torch,
    register_peer,
    registered,
)

__all__ = [
    "FUSED",
    "Peer",
    "Prepared",
    "find_peers",
    "prepare_engine",
    "prepare_with_torch",
    "register_peer",
    "registered",
]

#: The engine that the others are compared with, always part of a comparison.
FUSED = "fused"


def find_peers() -> dict[str, Peer]:
    """Every simulator by its name but the fused engine."""
    return {name: made() for name, made in registered.items() if name != FUSED}
