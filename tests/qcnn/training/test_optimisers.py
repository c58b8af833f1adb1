"""Whether an optimiser has a checkpoint is said before its first step, by a copy that makes one."""

import copy
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from qcnn import Examples, InvalidInput, TrainConfig, train
from qcnn.training.optimiser import make_adam, step_a_copy

Groups = list[dict[str, Any]]
CONFIG = TrainConfig(epochs=2, batch_size=10, schedule="none")


def examples() -> Examples:
    inputs = torch.linspace(-1, 1, 80).view(20, 4)
    return Examples(inputs, inputs[:, :1], inputs, inputs[:, :1])


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1))


def numbers(groups: Groups) -> list[nn.Parameter]:
    return [parameter for group in groups for parameter in group["params"]]


def lbfgs(groups: Groups) -> torch.optim.Optimizer:
    return torch.optim.LBFGS(numbers(groups), max_iter=2, line_search_fn="strong_wolfe")


class Counting(torch.optim.SGD):
    """Keeps a whole number, in an attribute that torch does not know and in its state."""

    def __init__(self, parameters: Any) -> None:
        super().__init__(parameters, momentum=0.5)
        self.known = numbers(self.param_groups)
        self.steps = 0

    def step(self, closure: Any = None) -> Any:
        found = super().step(closure)
        self.steps += 1
        self.state[self.known[0]]["steps"] = self.steps
        return found


def adam_of(**options: Any) -> Callable[[Groups], torch.optim.Optimizer]:
    return lambda groups: torch.optim.Adam([{**group, **options} for group in groups])


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lbfgs, "func_evals of optimiser LBFGS is a int; allowed with a checkpoint are optimisers"),
        (Counting, "steps of optimiser Counting is a int; allowed with a checkpoint are optimiser"),
        (adam_of(lr=torch.tensor(0.1)), "lr of optimiser Adam is tensor(0.1000); allowed with a c"),
        (
            adam_of(betas=(torch.tensor(0.9), torch.tensor(0.99)), foreach=False),
            "betas of optimiser Adam is (tensor(0.9000), tensor(0.9900)); allowed with a checkpoin",
        ),
    ],
)
@pytest.mark.parametrize("schedule", ["none", "cosine"])
def test_an_optimiser_without_a_checkpoint_makes_no_step(
    make: Callable[[Groups], torch.optim.Optimizer], sentence: str, schedule: str, tmp_path: Path
) -> None:
    model = network()
    model.register_forward_pre_hook(lambda *_: pytest.fail("a step"))
    config = TrainConfig(epochs=2, schedule=schedule)
    with pytest.raises(InvalidInput) as caught:
        train(model, examples(), config, loss=mse_loss, optimiser=make, checkpoint=tmp_path / "run")
    assert str(caught.value).startswith(sentence)
    assert not list(tmp_path.iterdir())
    # Without a checkpoint it may keep what it wants.
    assert len(train(network(), examples(), CONFIG, loss=mse_loss, optimiser=make).history) == 2


ALL = ["Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "NAdam", "RAdam"]


@pytest.mark.parametrize("name", [*ALL, "RMSprop", "Rprop", "SGD", "make_adam"])
def test_the_copy_of_every_other_optimiser_keeps_tensors(name: str) -> None:
    model = network()
    before = copy.deepcopy(model.state_dict())
    make = make_adam if name == "make_adam" else getattr(torch.optim, name)
    optimiser = make([{"params": list(model.parameters()), "lr": 0.1}])
    at_first = str(optimiser.state_dict())
    copied = step_a_copy(optimiser)
    assert copied is not None
    kept = [value for values in copied.state.values() for value in values.values()]
    assert all(isinstance(value, Tensor) for value in kept)
    assert kept or name == "SGD"
    assert str(optimiser.state_dict()) == at_first
    for name_, value in model.state_dict().items():
        assert torch.equal(value, before[name_])
    assert all(parameter.grad is None for parameter in model.parameters())
    for parameter in numbers(copied.param_groups):
        assert bool(((parameter > 0) & (parameter < 2)).all())  # nearer to 1 than before


def test_nothing_of_the_training_changes(tmp_path: Path) -> None:
    """Neither by hooks that reach into the model nor by random numbers that a step draws."""
    calls = 0

    class Noisy(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            found = super().step(closure)
            with torch.no_grad():
                for parameter in numbers(self.param_groups):
                    parameter += 0.01 * torch.randn(parameter.shape)
            return found

    def run(checkpoint: Path | None) -> tuple[Any, dict[str, Tensor]]:
        nonlocal calls
        model, calls = network(), 0

        def halve(*_: Any) -> None:
            nonlocal calls
            calls += 1
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter /= 2

        def make(groups: Groups) -> torch.optim.Optimizer:
            made = Noisy(groups, momentum=0.9)
            made.register_step_post_hook(halve)
            made.register_step_pre_hook(halve)
            return made

        torch.manual_seed(7)
        result = train(
            model, examples(), CONFIG, loss=mse_loss, optimiser=make, checkpoint=checkpoint
        )
        return (result.history, calls, torch.rand(3).tolist()), model.state_dict()

    plain, kept = run(None), run(tmp_path / "run")
    assert plain[0] == kept[0]
    assert calls > 0
    for name, value in plain[1].items():
        assert torch.equal(value, kept[1][name])


def test_what_cannot_be_copied_is_told_after_its_steps(tmp_path: Path) -> None:
    class Locked(Counting):
        def __init__(self, parameters: Any) -> None:
            super().__init__(parameters)
            self.lock = Lock()

    assert step_a_copy(Locked(network().parameters())) is None
    with pytest.raises(InvalidInput, match="steps of optimiser Locked is a int; allowed with a ch"):
        train(
            network(),
            examples(),
            CONFIG,
            loss=mse_loss,
            optimiser=Locked,
            checkpoint=tmp_path / "run",
        )
    assert not list(tmp_path.iterdir())
