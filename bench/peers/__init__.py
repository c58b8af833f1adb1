"""The simulators that are compared, one file each.

A simulator's file has a class derived from :class:`bench.peers.base.Peer`. Its package is
imported only when it prepares a task, so that it may be missing.
"""

from bench.peers.base import Peer, Prepared
from bench.peers.deepquantum import DeepQuantum
from bench.peers.fused import Fused
from bench.peers.merlin import MerLin
from bench.peers.perceval import Perceval
from bench.peers.piquasso import Piquasso
from qcnn.registry import enter

#: The engine that the others are compared with, always part of a comparison.
FUSED: Peer = Fused()
#: The peers by the name that they have on the command line and in the rows.
PEERS: dict[str, Peer] = {}
for _peer in (MerLin(), Perceval(), Piquasso(), DeepQuantum()):
    enter(PEERS, "peer", _peer.name, _peer, beside={"engine": {FUSED.name: FUSED}})

__all__ = ["FUSED", "PEERS", "Peer", "Prepared"]
