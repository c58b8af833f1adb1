"""Training from shots: three ways to spend the same number of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR

from qcnn.checks import shown
from qcnn.data import Data, Examples
from qcnn.errors import InvalidInput
from qcnn.samplers.measured import MeasuredPQCNN
from qcnn.samplers.pqcnn import PQCNN
from qcnn.seeds import derive
from qcnn.training.batches import evaluating, least_batch
from qcnn.training.config import TrainConfig
from qcnn.training.from_shots.config import FromShotsConfig
from qcnn.training.from_shots.spsa import perturb_together
from qcnn.training.from_shots.trust_region import lower_by_evaluations
from qcnn.training.optimiser import (
    make_adam,
    make_scheduler,
    parameter_groups,
    split_parameters,
)
from qcnn.training.records import EpochRecord, Tally, TrainResult
from qcnn.training.resume import Progress
from qcnn.training.steps import (
    check_arguments,
    clip_gradient,
    draw_batches,
    loss_on,
    record_epoch,
    take_step,
    truth_of,
)
from qcnn.weights.quantum_train import QuantumTrain


def train_from_shots(
    model: QuantumTrain,
    data: Data | Examples,
    config: FromShotsConfig,
    on_epoch: Callable[[EpochRecord], None] | None = None,
) -> TrainResult:
    """Train ``model`` in place on the training split of ``data``, its PQCNNs known by shots alone.

    The network, and what a mapping makes of frequencies, are computed; the PQCNNs are simulated
    devices without noise, of which shots are drawn (:class:`qcnn.samplers.measured.MeasuredPQCNN`).
    What follows from a simulation before the training is left as it is: which phases are trained,
    and what the mapping ``whitened`` reads by. Records and the model that is left are of exact
    probabilities, so that they say what was learned and not how well it is read. Deterministic for
    a seed on one thread. The test split is never looked at.

    Args:
        model: a :class:`qcnn.QuantumTrain` of PQCNNs in meshes, all with trained phases.
        data: images and labels, or any examples with classes.
        config: how to train.
        on_epoch: called with each epoch's record, which has the shots that were spent.

    Raises:
        DivergedError: as soon as a loss is not finite, with the epoch.
        NothingAccepted: if no shot of a reading ends in an outcome.
        InvalidInput: for other models, data or arguments, and for shots that do not suffice for a
            step in each epoch, for the shifts of every phase, or for COBYLA's first simplex.
    """
    check_arguments(model, data, config, FromShotsConfig, on_epoch)
    steps = config.steps(len(_pqcnns(model)))
    with torch.random.fork_rng(devices=[]), _measured(model, config) as devices:
        torch.manual_seed(derive(config.seed, "target randomness"))
        run = _Run(model, data, config, devices, steps, on_epoch or (lambda record: None))
        model.train()
        if config.way == "cobyla":
            _lower(run)
        else:
            _descend(run)
        run.finish()
    return run.progress.result()


@dataclass
class _Run:
    """A training: what it is of, and what it has recorded so far."""

    model: QuantumTrain
    data: Data | Examples
    config: FromShotsConfig
    devices: list[MeasuredPQCNN]
    steps: int
    notify: Callable[[EpochRecord], None]
    progress: Progress = field(default_factory=Progress)
    done: int = 0
    tally: Tally = field(default_factory=Tally)

    @property
    def epoch(self) -> int:
        """The one that runs, from 1."""
        return len(self.progress.history) + 1

    def batches(self, stream: str) -> Iterator[Tensor]:
        """Positions of batches without end, all examples in a new order again and again."""
        order = torch.Generator().manual_seed(derive(self.config.seed, stream))
        count, least = len(truth_of(self.data)[0]), least_batch(self.model)
        while True:
            yield from draw_batches(count, self.config.batch_size, order, least)

    def add(self, tally: Tally) -> None:
        """Take in a step; there is a record where it ends an epoch but the last."""
        self.done += 1
        self.tally += tally
        ends = self.steps * self.epoch // self.config.epochs
        if self.done == ends and self.epoch < self.config.epochs:
            self._record(self.tally)

    def finish(self) -> None:
        """Record what is left: the last epoch, and those that a search ended before."""
        while self.epoch <= self.config.epochs:
            self._record(None)

    def _record(self, tally: Tally | None) -> None:
        record = record_epoch(self.model, self.data, self.epoch, tally)
        record = replace(record, shots=sum(device.spent for device in self.devices))
        with evaluating(self.model):  # the weights of exact probabilities
            self.progress.add(self.model, record)
        self.tally = Tally()
        self.notify(record)


def _descend(run: _Run) -> None:
    """Adam, with gradients by the parameter-shift rule or by simultaneous perturbation."""
    config, model = run.config, run.model
    options = TrainConfig(
        epochs=1,
        learning_rate=config.learning_rate,
        schedule=config.schedule,
        gradient_clip=config.gradient_clip,
    )
    optimiser = make_adam(parameter_groups(model, options))
    scheduler = make_scheduler(optimiser, options, run.steps)
    signs = torch.Generator().manual_seed(derive(config.seed, "directions"))
    for chosen, _ in zip(run.batches("data order"), range(run.steps), strict=False):
        if config.way == "spsa":
            tally = _take_perturbed_step(run, optimiser, chosen, signs)
        else:
            tally = take_step(model, optimiser, run.data, chosen, config.gradient_clip, run.epoch)
        if isinstance(scheduler, CosineAnnealingLR | OneCycleLR):
            scheduler.step()
        run.add(tally)


def _take_perturbed_step(
    run: _Run, optimiser: torch.optim.Optimizer, chosen: Tensor, signs: torch.Generator
) -> Tally:
    phases, others = split_parameters(run.model)
    found: list[Tally] = []

    def loss() -> Tensor:
        value, tally = loss_on(run.model, run.data, chosen, run.epoch)
        found.append(tally)
        return value

    perturb_together(loss, phases, others, run.config.perturbation, signs)
    clip_gradient([*phases, *others], run.config.gradient_clip or float("inf"), run.epoch)
    optimiser.step()
    return found[0] + found[1]


def _lower(run: _Run) -> None:
    """COBYLA on all parameters, with a batch for each search."""
    phases, others = split_parameters(run.model)
    batches = run.batches("phase batches")
    found: list[Tally] = []

    def draw_loss() -> Callable[[], float]:
        chosen = next(batches)

        def loss() -> float:
            value, tally = loss_on(run.model, run.data, chosen, run.epoch)
            found.append(tally)
            return value.item()

        return loss

    lower_by_evaluations(
        [*phases, *others],
        draw_loss,
        lambda: run.add(found.pop()),
        run.steps,
        run.config.learning_rate,
    )


@contextmanager
def _measured(model: QuantumTrain, config: FromShotsConfig) -> Iterator[list[MeasuredPQCNN]]:
    """Inside, the model reads its PQCNNs by shots; afterwards they are its own again."""
    own = model.samplers
    devices = [
        MeasuredPQCNN(sampler, config.evaluation_shots, derive(config.seed, "device", place))
        for place, sampler in enumerate(_pqcnns(model))
    ]
    model.samplers = nn.ModuleList(devices)
    try:
        yield devices
    finally:
        model.samplers = own


def _pqcnns(model: object) -> list[PQCNN]:
    """The model's PQCNNs.

    Raises:
        InvalidInput: for other models, and PQCNNs whose phases are not trained.
    """
    if not isinstance(model, QuantumTrain):
        raise InvalidInput(f"model is {shown(model)}; allowed from shots is a QuantumTrain")
    found: list[PQCNN] = []
    for sampler in model.pqcnns():
        if not isinstance(sampler, PQCNN) or not sampler.trained_phases.requires_grad:
            raise InvalidInput(
                f"a sampler is {shown(sampler)}; allowed from shots are PQCNNs with trained phases"
            )
        found.append(sampler)
    return found
