"""Whole trainings, construction included, evaluation, and baselines."""

from typing import Any

import torch

import qcnn
from qcnn import PQCNN, QuantumTrain, TrainConfig, target_from_text

from ._common import SEED, Steady, require

FRONTIER = "cnn:channels=5+10,kernel=5+3,pooling=3+2"
BASELINES = ["direct", "random_subspace:dimension=225", "hashing:buckets=225", "low_rank:rank=6"]


def _frontier() -> QuantumTrain:
    samplers = [PQCNN(12, 6, mesh="minimal", trained=23, seed=SEED + n) for n in range(29)]
    target = target_from_text(FRONTIER).build(seed=SEED)
    return QuantumTrain(target, samplers, "whitened:scale=30.0", seed=SEED)


def _mixing() -> QuantumTrain:
    samplers = [PQCNN(9, 4, seed=SEED + n) for n in range(5)]
    return QuantumTrain(target_from_text("cnn2202").build(seed=SEED), samplers, "mixing", seed=SEED)


MODELS = {"cnn2202, mixing of 5 (9,4)": _mixing, "frontier, 29 of (12,6)": _frontier}


def _images() -> qcnn.Data:
    """Random images of MNIST's shape and number, so that no download is part of a benchmark."""
    random = torch.Generator().manual_seed(SEED)

    def part(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        images = torch.rand(count, 1, 28, 28, generator=random)
        return images, torch.randint(10, (count,), generator=random)

    return qcnn.Data("random", *part(6000), *part(600), *part(600), classes=10)


class WholeTraining(Steady):
    """Construction and all epochs, with their evaluations."""

    version = "1"
    params = (list(MODELS),)
    param_names = ("model",)
    epochs = 4
    timeout = 300

    def setup(self, name: str) -> None:
        self.data = _images()
        # What is imported and compiled once in each process.
        qcnn.train(MODELS[name](), self.data, TrainConfig(epochs=1, batch_size=2000))

    def time_training(self, name: str) -> None:
        qcnn.train(MODELS[name](), self.data, TrainConfig(epochs=self.epochs, learning_rate=0.01))


class Evaluation(Steady):
    """Of 6,000 images, weights generated once."""

    version = "1"
    params = (list(MODELS),)
    param_names = ("model",)

    def setup(self, name: str) -> None:
        self.data, self.model = _images(), MODELS[name]()
        self.time_evaluation(name)

    def time_evaluation(self, name: str) -> None:
        qcnn.evaluate(self.model, self.data.train_images, self.data.train_labels)


class PhaseFit(Steady):
    """Evaluations of COBYLA in the paper's settings: a batch of 1,000 images, 128 phases."""

    version = "1"
    params = ([2, 10],)
    param_names = ("χ",)
    evaluations = 140
    timeout = 300

    def setup(self, chi: int) -> None:
        data = _images()
        self.images, self.labels = data.train_images[:1000], data.train_labels[:1000]
        samplers = [PQCNN(*size, seed=SEED) for size in ((9, 4), (8, 4))]
        mapping = f"mps:bond_dimension={chi},form=torchmps,placement=source"
        target = target_from_text("paper").build(seed=SEED)
        self.model = QuantumTrain(target, samplers, mapping, seed=SEED)
        self.fit = _fit_phases()

    def time_evaluations(self, chi: int) -> None:
        phases = self.model.phase_parameters()
        options = {"evaluations": self.evaluations, "trust_radius": 1.0, "epoch": 1}
        self.fit(self.model, phases, self.images, self.labels, **options)


def _fit_phases() -> Any:
    """Where the commit has it."""
    for module in ("qcnn.training.phases.cobyla", "qcnn.training.cobyla"):
        try:
            return require(module).fit_phases
        except NotImplementedError:
            continue
    return require("qcnn.cobyla").fit_phases


class BaselineTraining:
    """An epoch of 6,000 images of what is trained without photons."""

    version = "1"
    params = (BASELINES,)
    param_names = ("baseline",)

    def setup(self, name: str) -> None:
        self.data = _images()
        target = target_from_text("cnn2202").build(seed=SEED)
        self.model: Any = qcnn.baseline_from_text(name).build(target, SEED)
        qcnn.train(self.model, self.data, TrainConfig(epochs=1, batch_size=2000))

    def time_epoch(self, name: str) -> None:
        qcnn.train(self.model, self.data, TrainConfig(epochs=1))
