"""What a simulator has to offer to be compared."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.task import Task
from qcnn import PQCNN
from qcnn.registry import Registry


@dataclass(frozen=True)
class Prepared:
    """A simulator with a task: what is timed, and how its results are read.

    Attributes:
        forward: computes the probabilities from the phases; returns the simulator's own
            type of array.
        read: turns what ``forward`` returned into the probabilities in the order of
            ``task.states``.
        forward_backward: computes the gradient of Σ cotangent·probabilities with respect
            to the phases; None where the simulator has no gradient.
        compilation: seconds that were spent on compiling before the first call.
    """

    forward: Callable[[], Any]
    read: Callable[[Any], NDArray[np.float64]]
    forward_backward: Callable[[], Any] | None
    compilation: float = 0.0


class Peer(ABC):
    """A simulator.

    Attributes:
        label: in tables and figures.
        package: the distribution that has to be installed.
        spaces: the sets of outcomes that it computes.
        precision: of its arithmetic as it is used here.
        slows_others: whether others are slower in a process in which it has worked.
    """

    label: ClassVar[str]
    package: ClassVar[str]
    spaces: ClassVar[tuple[str, ...]]
    precision: ClassVar[str]
    slows_others: ClassVar[bool] = False

    @abstractmethod
    def prepare(self, task: Task) -> Prepared:
        """Build everything that a training would build once, and compile."""

    def version(self) -> str | None:
        """Version of the installed package, None where it is missing."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return None


#: Their classes by the names that they have on the command line and in the rows.
registered: Registry[type[Peer]] = Registry("peer", "bench.peers")
PeerType = TypeVar("PeerType", bound=type[Peer])


def register_peer(name: str) -> Callable[[PeerType], PeerType]:
    """Class decorator that adds a simulator to the comparison.

    Raises:
        InvalidInput: for a name that is taken, or is none (see
            :meth:`qcnn.registry.Registry.enter`).
    """
    return registered.register(name)


def prepare_with_torch(
    run: Callable[[], Tensor],
    parameter: Tensor,
    cotangent: Tensor,
    order: NDArray[np.int64] | None = None,
) -> Prepared:
    """A simulator in torch.

    Args:
        run: computes the probabilities, shape ``(outcomes,)``, from ``parameter``.
        parameter: the phases; require a gradient.
        cotangent: in the order and precision of what ``run`` returns.
        order: position in what ``run`` returns of each of the task's states; None where
            the orders are the same.
    """

    def forward() -> Tensor:
        with torch.no_grad():
            return run()

    def forward_backward() -> Tensor:
        return torch.autograd.grad(run(), parameter, cotangent)[0]

    def read(probabilities: Tensor) -> NDArray[np.float64]:
        values = probabilities.numpy().astype(np.float64)
        return values if order is None else values[order]

    return Prepared(forward, read, forward_backward)


def prepare_engine(task: Task, engine: str) -> Prepared:
    """An engine of the project, float32 in and out."""
    sampler = PQCNN(
        task.modes,
        task.photons,
        space=task.space,
        input_state=task.input_state,
        engine=engine,
        dtype=torch.float32,
    )
    with torch.no_grad():
        sampler.phases.copy_(torch.from_numpy(task.phases))
    cotangent = torch.from_numpy(task.cotangent).to(torch.float32)
    return prepare_with_torch(sampler, sampler.phases, cotangent)
