"""``python killers.py STUDY …``: a study command that knows a mapping which ends its worker."""

import os
import signal
import sys
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from qcnn.mappings import Mapping, register_mapping
from qcnn.targets.layout import WeightLayout


def recurse() -> None:
    recurse()


def run_out_of_memory() -> None:
    raise MemoryError("no room\nfor two lines")


WAYS = {
    "SIGKILL": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "SIGSEGV": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "exit code 0": sys.exit,
    "exit code 7": lambda: os._exit(7),
    "MemoryError": run_out_of_memory,
    "RecursionError": recurse,
    "FileNotFoundError": lambda: open(f"{__file__}.missing"),  # noqa: PTH123, SIM115
}


@dataclass(frozen=True)
class Killer(Mapping):
    """Ends the worker in the way that ``KILLER`` names, in runs with seed 1."""

    one_outcome_per_weight: ClassVar[bool] = False

    def build(self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        if seed == 1 and "KILLER" in os.environ:
            WAYS[os.environ["KILLER"]]()
        return _Ramp(layout.weights)

    def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
        return 1


class _Ramp(nn.Module):
    def __init__(self, weights: int) -> None:
        super().__init__()
        self.weights, self.gain = weights, nn.Parameter(torch.ones(()))

    def forward(self, distributions: list[Tensor]) -> Tensor:
        return self.gain * distributions[0].sum() * torch.linspace(-1, 1, self.weights)


# Collecting the tests imports this file too, and its mapping is none of theirs.
if __name__ in ("__main__", "__mp_main__"):
    register_mapping("killer")(Killer)

if __name__ == "__main__":
    from studies.run import main
    from studies.sentences import command_line

    command_line(main)
