"""Inputs of any kind and what is to be predicted from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from qcnn.checks import shown
from qcnn.errors import InvalidInput
from qcnn.showing.overview import Overview, Shown

#: What a model is called with: one tensor, several in their order, or several by name. The first
#: dimension of each counts the examples.
Inputs = Tensor | tuple[Tensor, ...] | dict[str, Tensor]


@dataclass(frozen=True, eq=False, repr=False)
class Examples(Shown):
    """Inputs of any kind and the truth about them, for training and validation.

    In place of :class:`qcnn.Data` wherever a model is trained: tables, sequences, several inputs,
    classes or numbers to be predicted.

    Attributes:
        train_inputs: a tensor of shape ``(N, …)``, such as ``(N, features)`` or ``(N, length,
            channels)``; a tuple of such, for a model of several inputs; or a dictionary, for one
            of keyword inputs.
        train_truth: whole numbers from 0 of shape ``(N,)`` where classes are told apart; anything
            else of shape ``(N, …)`` that the loss takes, which then has no accuracy.
        validation_inputs: as ``train_inputs``, with its own N: as many or of the same names, each
            with examples of the same shape and of numbers of the same kind (floats, whole numbers,
            truth values).
        validation_truth: as ``train_truth``, likewise.

    Raises:
        InvalidInput: for anything but dense tensors, finite, of as many examples each; and for
            parts that are not alike.

    >>> table = Examples(torch.rand(8, 3), torch.rand(8, 1), torch.rand(4, 3), torch.rand(4, 1))
    >>> table.classes is None
    True
    >>> table
    Examples: no classes
    tensor  train  validation  shape of one     type
    input       8           4          (3,)  float32
    truth       8           4          (1,)  float32
    """

    train_inputs: Inputs
    train_truth: Tensor
    validation_inputs: Inputs
    validation_truth: Tensor

    def __post_init__(self) -> None:
        for part in ("train", "validation"):
            check_examples(getattr(self, f"{part}_inputs"), getattr(self, f"{part}_truth"), part)
        _check_alike(self)

    @property
    def classes(self) -> int | None:
        """How many classes there are; None where other things are predicted."""
        found = [classes_of(self.train_truth), classes_of(self.validation_truth)]
        return max((each for each in found if each is not None), default=None)

    def _overview(self) -> Overview:
        classes = self.classes
        line = f"Examples: {'no' if classes is None else format(classes, ',')} classes"
        trained = {**tensors_of(self.train_inputs), "truth": self.train_truth}
        validated = {**tensors_of(self.validation_inputs), "truth": self.validation_truth}
        columns: dict[str, Sequence[object]] = {
            "train": [len(value) for value in trained.values()],
            "validation": [len(validated[name]) for name in trained],
            "shape of one": [str(tuple(value.shape[1:])) for value in trained.values()],
            "type": [str(value.dtype).removeprefix("torch.") for value in trained.values()],
        }
        return Overview((line,), columns, list(trained), "tensor")


def classes_of(truth: Tensor) -> int | None:
    """One more than the largest label; None for what are no labels."""
    whole = not truth.is_floating_point() and truth.dtype != torch.bool
    return int(truth.max()) + 1 if whole and truth.ndim == 1 else None


def tensors_of(inputs: Inputs) -> dict[str, Tensor]:
    """Each tensor by its name in a sentence."""
    if isinstance(inputs, dict):
        return {f"input {shown(name)}": value for name, value in inputs.items()}
    if isinstance(inputs, tuple):
        return {f"input {number}": value for number, value in enumerate(inputs, start=1)}
    return {"input": inputs}


def take(inputs: Inputs, chosen: Tensor) -> Inputs:
    """The chosen examples of every tensor.

    >>> take({"left": torch.tensor([1, 2, 3])}, torch.tensor([2, 0]))
    {'left': tensor([3, 1])}
    """
    if isinstance(inputs, dict):
        return {name: value[chosen] for name, value in inputs.items()}
    if isinstance(inputs, tuple):
        return tuple(value[chosen] for value in inputs)
    return inputs[chosen]


def check_examples(inputs: object, truth: object, part: str) -> None:
    """Raises InvalidInput for inputs and truth that do not belong together."""
    given = isinstance(inputs, Tensor | tuple | dict) and not (
        isinstance(inputs, tuple | dict) and not inputs
    )
    if not given:
        raise InvalidInput(
            f"the {part} inputs are {shown(inputs)}; allowed are a tensor, a tuple or a dictionary "
            "of tensors"
        )
    named = {**tensors_of(inputs), "truth": truth}  # type: ignore[arg-type]
    for name, value in named.items():
        what = f"the {part} {name}"
        if not isinstance(value, Tensor) or not value.ndim:
            raise InvalidInput(f"{what} is {shown(value)}; allowed are tensors of shape (N, …)")
        if value.layout != torch.strided or value.is_meta or value.is_complex():
            raise InvalidInput(
                f"{what} is of type {value.dtype}, {value.layout} on {value.device}; allowed are "
                "dense tensors of real numbers"
            )
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise InvalidInput(f"{what} has a number that is not finite; allowed are finite ones")
    counts = {name: len(value) for name, value in named.items() if isinstance(value, Tensor)}
    if len(set(counts.values())) > 1 or not counts["truth"]:
        text = ", ".join(f"{count} of {name}" for name, count in counts.items())
        raise InvalidInput(
            f"the numbers of {part} examples are {text}; allowed are as many of each, at least 1"
        )
    assert isinstance(truth, Tensor)
    if classes_of(truth) is not None and int(truth.min()) < 0:
        raise InvalidInput(
            f"the {part} truth has the label {int(truth.min())}; allowed are whole numbers from 0"
        )


def _check_alike(examples: Examples) -> None:
    """Raises InvalidInput for a validation part that no model takes that takes the other one."""
    trained, validated = examples.train_inputs, examples.validation_inputs
    if _arrangement(trained) != _arrangement(validated):
        raise InvalidInput(
            f"the validation inputs are {_arrangement(validated)}; allowed are "
            f"{_arrangement(trained)}, as the training inputs are"
        )
    others = {**tensors_of(validated), "truth": examples.validation_truth}
    for name, one in {**tensors_of(trained), "truth": examples.train_truth}.items():
        other = others[name]
        if _kind(one) != _kind(other):
            raise InvalidInput(
                f"the validation {name} is of type {other.dtype}; allowed is {one.dtype}, that of "
                f"the training {name}"
            )
        if one.shape[1:] != other.shape[1:]:
            raise InvalidInput(
                f"an example of the validation {name} is of shape {tuple(other.shape[1:])}; "
                f"allowed is {tuple(one.shape[1:])}, that of the training {name}"
            )


def _arrangement(inputs: Inputs) -> str:
    """In words, how a model is called with them."""
    if isinstance(inputs, dict):
        return f"a dictionary of {', '.join(sorted(map(shown, inputs)))}"
    return f"a tuple of {len(inputs)}" if isinstance(inputs, tuple) else "a tensor"


def _kind(values: Tensor) -> str:
    if values.is_floating_point():
        return "floats"
    return "truth values" if values.dtype == torch.bool else "whole numbers"
