"""The paper's training: Adam on the mapping and COBYLA on the phases, in turn."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from qcnn.checks import LARGEST_COUNT, check_file, check_types, number_between, shown, whole_number
from qcnn.data import Data
from qcnn.errors import InvalidInput
from qcnn.seeds import check_seed, derive
from qcnn.training.batches import least_batch
from qcnn.training.config import LARGEST_RATE
from qcnn.training.optimiser import make_adam, split_parameters
from qcnn.training.phases.cobyla import LARGEST_RADIUS, LAST_RADIUS, fit_phases
from qcnn.training.records import EpochRecord, Tally, TrainResult
from qcnn.training.resume import Progress, Resumable, identify
from qcnn.training.steps import check_arguments, draw_batches, record_epoch, take_step


@dataclass(frozen=True)
class AlternatingConfig:
    """How a model is trained in rounds; the defaults are the paper's.

    Attributes:
        rounds: how often the two parts follow each other.
        adam_epochs: passes over the training images with Adam in a round, phases fixed.
        batch_size: images in a step of Adam; the last batch of an epoch may be smaller (a
            single image joins the batch before it where the target has batch normalisation).
        learning_rate: Adam's, the same in every round.
        evaluations: loss evaluations that COBYLA may use in a round, all else fixed.
        phase_batch_size: training images of the loss that COBYLA lowers, drawn anew for
            every round; all of them where there are fewer.
        trust_radius: COBYLA's initial trust-region radius, radians (SciPy's ``rhobeg``,
            which the original code leaves at 1).
        seed: fixes the order of the data, the batches of the phases and the target's own
            randomness (dropout).

    Raises:
        InvalidInput: for a value out of range.

    Source: arXiv:2505.08474; github.com/Louisanity/PhotonicQuantumTrain, bond_dimension_setup.

    >>> AlternatingConfig(rounds=20).epochs
    100
    """

    rounds: int = 200
    adam_epochs: int = 5
    batch_size: int = 128
    learning_rate: float = 1e-3
    evaluations: int = 1000
    phase_batch_size: int = 1000
    trust_radius: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_types(self)
        for name in ("rounds", "adam_epochs", "batch_size", "evaluations", "phase_batch_size"):
            whole_number(getattr(self, name), name, 1, LARGEST_COUNT)
        number_between(self.learning_rate, "learning_rate", 0, LARGEST_RATE)
        number_between(self.trust_radius, "trust_radius", LAST_RADIUS, LARGEST_RADIUS)

    @property
    def epochs(self) -> int:
        """Passes over the training images in all rounds together."""
        return self.rounds * self.adam_epochs


def train_alternating(
    model: nn.Module,
    data: Data,
    config: AlternatingConfig,
    checkpoint: Path | str | None = None,
    on_epoch: Callable[[EpochRecord], None] | None = None,
) -> TrainResult:
    """Train ``model`` in place on the training split of ``data``, by the paper's alternation.

    In every round Adam trains all parameters but the phases, and keeps its moments from
    round to round as in the original code; then COBYLA lowers the loss on one batch by the
    phases of all PQCNNs together. There is a record for each epoch of Adam; a round's last
    one is made after COBYLA, of the state that the next round starts from. Deterministic
    for a seed on one thread. The test split is never looked at.

    Args:
        model: a :class:`QuantumTrain` with trainable phases and a trainable mapping.
        data: images and labels.
        config: how to train.
        checkpoint: file, in a folder that exists, that holds the state after the last complete
            round; left there at the end. A run that finds its own goes on from it, bit for bit as
            if it had never been interrupted (with the same installed versions).
        on_epoch: called with each epoch's record, first with those of the checkpoint.

    Raises:
        DivergedError: as soon as a loss is not finite, with the epoch.
        InvalidInput: if the model lacks trainable phases or other parameters, does not take
            the images or returns no logits for them, if there are too few evaluations for the
            phases, if on_epoch cannot be called, or if the checkpoint is no file in a folder that
            exists and can be written, is damaged, or of a run with other settings, another initial
            model or other data; the file is left as it is.

    Source: arXiv:2505.08474; github.com/Louisanity/PhotonicQuantumTrain, bond_dimension_setup.
    """
    started = time.monotonic()
    check_arguments(model, data, config, AlternatingConfig, on_epoch)
    path = None if checkpoint is None else check_file(checkpoint, "checkpoint")
    phases, run = _start(model, data, config)
    identity = "" if path is None else identify(str(config), model, data)
    notify = on_epoch or (lambda record: None)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(config.seed, "target randomness"))
        if path is not None and path.exists():
            run.restore(path, identity)
        for record in run.progress.history:
            notify(record)
        while len(run.progress.history) < config.epochs:
            _run_round(run, phases, data, config, notify)
            if path is not None:
                run.store(path, identity, time.monotonic() - started)
    return run.progress.result()


def _start(
    model: nn.Module, data: object, config: AlternatingConfig
) -> tuple[list[nn.Parameter], Resumable]:
    if not isinstance(data, Data):
        raise InvalidInput(f"data is {shown(data)}; allowed with COBYLA is Data, images and labels")
    phases, others = split_parameters(model)
    for count, name in ((len(phases), "phases"), (len(others), "parameters beside its phases")):
        if not count:
            raise InvalidInput(f"the model has 0 trainable {name}; allowed is at least 1")
    variables = sum(phase.numel() for phase in phases)
    if config.evaluations < variables + 2:  # COBYLA's first simplex and one step
        raise InvalidInput(
            f"evaluations is {shown(config.evaluations)}; allowed with {variables} phases are "
            f"whole numbers from {variables + 2}"
        )
    streams = {
        "order": torch.Generator().manual_seed(derive(config.seed, "data order")),
        "phase order": torch.Generator().manual_seed(derive(config.seed, "phase batches")),
    }
    # Made once: the original's Adam too keeps its moments from round to round.
    adam = make_adam([{"params": others, "lr": config.learning_rate}])
    return phases, Resumable(model, adam, streams, Progress())


def _run_round(
    run: Resumable,
    phases: list[nn.Parameter],
    data: Data,
    config: AlternatingConfig,
    notify: Callable[[EpochRecord], None],
) -> None:
    model = run.model
    images = len(data.train_labels)
    first = len(run.progress.history) + 1
    last = first + config.adam_epochs - 1
    for epoch in range(first, last + 1):
        tally = Tally()
        order = run.streams["order"]
        model.train()
        for chosen in draw_batches(images, config.batch_size, order, least_batch(model)):
            tally += take_step(model, run.optimiser, data, chosen, None, epoch)
        if epoch == last:
            chosen = next(draw_batches(images, config.phase_batch_size, run.streams["phase order"]))
            fit_phases(
                model,
                phases,
                data.train_images[chosen],
                data.train_labels[chosen],
                evaluations=config.evaluations,
                trust_radius=config.trust_radius,
                epoch=epoch,
            )
        record = record_epoch(model, data, epoch, None if epoch == config.epochs else tally)
        run.progress.add(model, record)
        notify(record)
