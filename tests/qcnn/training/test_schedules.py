"""The learning rate of every step that the optimiser takes."""

from collections.abc import Iterator
from math import cos, pi

import pytest
import torch
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from qcnn import PQCNN, Data, QuantumTrain, TrainConfig, train

IMAGES, VALIDATION, BATCH = 40, 5, 10
STEPS = IMAGES // BATCH
RATE = 0.01


@pytest.fixture
def taken() -> Iterator[list[list[float]]]:
    """The rates of the optimiser's groups at every step, as it takes them."""
    rates: list[list[float]] = []

    def note(optimiser: torch.optim.Optimizer, *_: object) -> None:
        assert isinstance(optimiser, torch.optim.Adam)
        rates.append([group["lr"] for group in optimiser.param_groups])

    hook = register_optimizer_step_pre_hook(note)
    yield rates
    hook.remove()


@pytest.fixture
def data() -> Data:
    """Images that say nothing, of one class."""
    sizes = (IMAGES, VALIDATION, 5)
    parts = [(torch.zeros(n, 1, 2, 2), torch.zeros(n, dtype=torch.long)) for n in sizes]
    return Data("one class", *(tensor for part in parts for tensor in part), classes=3)


class Told(nn.Module):
    """A network whose losses after each epoch are given; the last ones stay.

    Args:
        validation: on the validation images, by epoch.
        training: on the training images, evaluated after each epoch.
    """

    def __init__(
        self, validation: tuple[float, ...] = (1.0,), training: tuple[float, ...] = (1.0,)
    ) -> None:
        super().__init__()
        self.number = nn.Parameter(torch.zeros(()))
        self.losses = {VALIDATION: validation, IMAGES: training}
        self.steps = 0

    def forward(self, images: Tensor) -> Tensor:
        if self.training:
            self.steps += 1
            return self.number.expand(len(images), 3)
        losses = self.losses[len(images)]
        loss = torch.tensor(losses[min(self.steps // STEPS, len(losses)) - 1])
        logits = torch.zeros(len(images), 3)
        # -log of the share that the first of the classes has.
        logits[:, 0] = -(torch.expm1(loss) / 2).log()
        return logits


def by_epoch(taken: list[list[float]]) -> list[float]:
    """Rates of one group that stay the same within each epoch."""
    epochs = [taken[start : start + STEPS] for start in range(0, len(taken), STEPS)]
    assert all(step == epoch[0] for epoch in epochs for step in epoch)
    return [rate for epoch in epochs for rate in epoch[0]]


def run(model: nn.Module, data: Data, schedule: str, epochs: int) -> None:
    config = TrainConfig(epochs=epochs, batch_size=BATCH, learning_rate=RATE, schedule=schedule)
    train(model, data, config)


def test_no_schedule_keeps_the_rate(data: Data, taken: list[list[float]]) -> None:
    run(Told(), data, "none", 12)
    assert by_epoch(taken) == [RATE] * 12


def test_cosine_falls_to_nothing_over_all_steps(data: Data, taken: list[list[float]]) -> None:
    run(Told(), data, "cosine", 5)
    total = 5 * STEPS
    expected = [RATE * (1 + cos(pi * step / total)) / 2 for step in range(total)]
    assert [rate for (rate,) in taken] == pytest.approx(expected)


@pytest.mark.parametrize("epochs", [5, 10])
def test_one_cycle_is_at_the_rate_after_30_percent_of_the_steps(
    epochs: int, data: Data, taken: list[list[float]]
) -> None:
    run(Told(), data, "one-cycle", epochs)
    found = [rate for (rate,) in taken]
    assert len(found) == epochs * STEPS
    highest = round(0.3 * epochs * STEPS) - 1
    assert found[highest] == max(found) == pytest.approx(RATE)
    assert found[: highest + 1] == sorted(found[: highest + 1])
    assert found[highest:] == sorted(found[highest:], reverse=True)
    assert found[0] < RATE / 10
    assert found[-1] < 1e-3 * RATE


#: With the first epoch's loss as the one to beat, the sixth epoch that does not is one too many.
PATIENT, LOW, LOWEST = [RATE] * 7, [RATE / 10] * 6, [RATE / 100] * 3


def test_plateau_takes_a_tenth_when_more_than_five_epochs_bring_no_lower_loss(
    data: Data, taken: list[list[float]]
) -> None:
    run(Told(), data, "plateau", 16)
    assert by_epoch(taken) == pytest.approx([*PATIENT, *LOW, *LOWEST])


def test_plateau_waits_anew_with_every_lower_loss(data: Data, taken: list[list[float]]) -> None:
    run(Told((1.0, *[1.1] * 5, 0.9, 1.0)), data, "plateau", 15)
    assert by_epoch(taken) == pytest.approx([*[RATE] * 13, *[RATE / 10] * 2])


FALLING = tuple(1.0 - 0.01 * epoch for epoch in range(20))


@pytest.mark.parametrize(
    ("validation", "training", "last"),
    [(FALLING, (1.0,), RATE), ((1.0,), FALLING, RATE / 10)],
    ids=["validation", "training"],
)
def test_plateau_looks_at_the_validation_loss(
    validation: tuple[float, ...],
    training: tuple[float, ...],
    last: float,
    data: Data,
    taken: list[list[float]],
) -> None:
    run(Told(validation, training), data, "plateau", 9)
    assert by_epoch(taken) == pytest.approx([*PATIENT, last, last])


@pytest.mark.parametrize("schedule", ["none", "cosine", "one-cycle", "plateau"])
def test_phases_have_the_shape_of_the_schedule_at_a_rate_of_their_own(
    schedule: str, data: Data, taken: list[list[float]]
) -> None:
    target = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    model = QuantumTrain(target, [PQCNN(6, 2, seed=0)], "affine", seed=0)
    config = TrainConfig(
        epochs=5,
        batch_size=BATCH,
        learning_rate=RATE,
        phase_learning_rate=3 * RATE,
        schedule=schedule,
    )
    train(model, data, config)
    assert len(taken) == 5 * STEPS
    for rates in taken:
        assert sorted(rates) == pytest.approx([min(rates), 3 * min(rates)])
    assert max(map(max, taken)) == pytest.approx(3 * RATE)


def test_phases_share_the_rate_where_they_have_none_of_their_own(
    data: Data, taken: list[list[float]]
) -> None:
    target = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    run(QuantumTrain(target, [PQCNN(6, 2, seed=0)], "affine", seed=0), data, "none", 1)
    assert {rate for rates in taken for rate in rates} == {RATE}
