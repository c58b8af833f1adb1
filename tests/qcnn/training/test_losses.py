"""Losses compare each example with its own truth, or are refused."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from qcnn import Examples, InvalidInput, TrainConfig, evaluate, train
from qcnn.training.losses.compute import compute_loss

N = 12


class Wrapped:
    def __init__(self, loss: Callable[..., Tensor]) -> None:
        self.loss = loss

    def __call__(self, output: Tensor, truth: Tensor) -> Tensor:
        return 2.0 * self.loss(output, target=truth)


REGRESSIONS: dict[str, Callable[..., Any]] = {
    "mse_loss": functional.mse_loss,
    "MSELoss": nn.MSELoss(),
    "l1_loss": functional.l1_loss,
    "L1Loss": nn.L1Loss(),
    "smooth_l1_loss": functional.smooth_l1_loss,
    "SmoothL1Loss": nn.SmoothL1Loss(beta=0.5),
    "huber_loss": functional.huber_loss,
    "HuberLoss": nn.HuberLoss(delta=0.5),
    "poisson_nll_loss": functional.poisson_nll_loss,
    "PoissonNLLLoss": nn.PoissonNLLLoss(full=True),
    "soft_margin_loss": functional.soft_margin_loss,
    "HingeEmbeddingLoss": nn.HingeEmbeddingLoss(),
    "KLDivLoss": nn.KLDivLoss(reduction="batchmean"),
    "gaussian_nll_loss": lambda output, truth: functional.gaussian_nll_loss(output, truth, 1.0),
    "partial": partial(functional.mse_loss, reduction="sum"),
    "a partial of a partial": partial(partial(functional.huber_loss, reduction="mean"), delta=0.2),
    "a lambda": lambda output, truth: functional.huber_loss(output, truth),
    "a lambda with a factor": lambda output, truth: 3 * nn.PoissonNLLLoss()(output, truth),
    "an object": Wrapped(functional.l1_loss),
    "a method": Wrapped(functional.mse_loss).__call__,
    "one's own": lambda output, truth: (output - truth).square().mean(),
    "one's own, turned": lambda output, truth: torch.sub(truth, output).abs().mean(),
    "one's own Poisson": lambda output, truth: (output.exp() - truth * output).mean(),
    "compiled": torch.compile(nn.HuberLoss(), backend="eager"),
}


@pytest.mark.parametrize("name", REGRESSIONS)
@pytest.mark.parametrize("shape", [(N,), (N, 1, 1), (1, N)])
def test_truth_of_another_shape_is_refused(name: str, shape: tuple[int, ...]) -> None:
    loss, output, truth = REGRESSIONS[name], torch.rand(N, 1), torch.rand(N)
    assert compute_loss(loss, output, truth.view(N, 1)).isfinite()
    if shape == (1, N) and name.startswith("one's own"):
        return  # numbers of one example may be repeated: these are no N examples
    sentence = f"the output is of shape ({N}, 1); allowed with this loss is {shape}, the shape of"
    with pytest.raises(InvalidInput) as caught:
        compute_loss(loss, output, truth.view(shape))
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("name", ["HuberLoss", "partial", "a lambda", "one's own"])
def test_a_training_and_an_evaluation_are_refused(name: str) -> None:
    inputs, truth = torch.rand(N, 4), torch.rand(N)
    model, loss = nn.Linear(4, 1), REGRESSIONS[name]
    before = model.weight.detach().clone()
    with pytest.raises(InvalidInput, match=r"is of shape \(12, 1\); allowed with this loss is"):
        train(model, Examples(inputs, truth, inputs, truth), TrainConfig(), loss=loss)
    assert torch.equal(model.weight, before)
    with pytest.raises(InvalidInput, match=r"is of shape \(12, 1\); allowed with this loss is"):
        evaluate(model, inputs, truth, loss)


def test_what_is_changed_before_it_is_compared_is_refused_too() -> None:
    def squeezed(output: Tensor, truth: Tensor) -> Tensor:
        return functional.huber_loss(output, truth.squeeze(1))

    with pytest.raises(InvalidInput) as caught:
        compute_loss(squeezed, torch.rand(N, 1), torch.rand(N, 1))
    sentence = "what huber_loss compares in the loss is of shapes (12, 1) and (12,); allowed are eq"
    assert str(caught.value).startswith(sentence)


def gaussian(output: Tensor, truth: Tensor) -> Tensor:
    mean, spread = output.split(1, dim=1)
    return functional.gaussian_nll_loss(mean, truth, spread.exp())


def pinball(output: Tensor, truth: Tensor) -> Tensor:
    error = truth - output
    return torch.maximum(0.1 * error, -0.9 * error).mean()


def pairwise(output: Tensor, truth: Tensor) -> Tensor:
    """Of all differences between examples, as rankings have them."""
    differences = output.unsqueeze(1) - output
    return (differences - (truth.unsqueeze(1) - truth)).square().mean()


def decayed(output: Tensor, truth: Tensor) -> Tensor:
    nothing = torch.zeros(())
    return functional.mse_loss(output, truth) + functional.huber_loss(output, nothing)


@pytest.mark.parametrize(
    ("loss", "output", "truth"),
    [
        (gaussian, (N, 2), (N, 1)),
        (pinball, (N, 3), (N, 1)),
        (pairwise, (N, 1), (N, 1)),
        (decayed, (N, 2), (N, 2)),
        (lambda output, truth: functional.mse_loss(output[:, 0], truth), (N, 2), (N,)),
        (lambda output, truth: -functional.cosine_similarity(output, truth).mean(), (N, 3), (N, 3)),
    ],
)
def test_losses_of_ones_own_have_outputs_of_other_shapes(
    loss: Callable[[Tensor, Tensor], Tensor], output: tuple[int, ...], truth: tuple[int, ...]
) -> None:
    predicted, wanted = torch.rand(output), torch.rand(truth)
    if loss is decayed:
        with pytest.warns(UserWarning, match="broadcasting"):
            expected = loss(predicted, wanted)
        with pytest.warns(UserWarning, match="broadcasting"):
            assert compute_loss(loss, predicted, wanted) == expected
    else:
        assert compute_loss(loss, predicted, wanted) == loss(predicted, wanted)


@pytest.mark.parametrize(
    "loss",
    [
        functional.cross_entropy,
        nn.CrossEntropyLoss(label_smoothing=0.1),
        nn.MultiMarginLoss(),
        partial(functional.cross_entropy, weight=torch.ones(3)),
        lambda output, truth: functional.nll_loss(output.log_softmax(1), truth),
        lambda output, truth: functional.mse_loss(output, nn.functional.one_hot(truth, 3).float()),
    ],
)
def test_class_labels_are_taken(loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    output, labels = torch.rand(N, 3, requires_grad=True), torch.arange(N) % 3
    found = compute_loss(loss, output, labels)
    assert found == loss(output, labels)
    (slopes,) = torch.autograd.grad(found, output)
    assert torch.equal(slopes, torch.autograd.grad(loss(output, labels), output)[0])
