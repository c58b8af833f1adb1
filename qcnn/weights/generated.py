"""What every network whose weights are computed from other numbers has in common."""

import copy
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from qcnn.checks import check_output
from qcnn.errors import InvalidInput
from qcnn.keeping.checkpoint import write_checkpoint
from qcnn.keeping.fingerprint import BUILT_AS
from qcnn.keeping.state import Described, describe_structure
from qcnn.keeping.traits import FORM, traits_of
from qcnn.registry import baselines
from qcnn.showing.overview import Overview, Shown
from qcnn.showing.plainly import is_written_plainly
from qcnn.specification import text_of, words_for
from qcnn.targets.copies import constants_for_results, copy_module
from qcnn.targets.layout import check_initialised, describe_target

#: Whether generated weights are in their places in this thread.
_IN_PLACE = ContextVar("_IN_PLACE", default=False)


@dataclass(frozen=True)
class ParameterCounts:
    """How many numbers a model has, by role.

    Attributes:
        phases: phases that the optimiser changes.
        effective_phases: rank of the Jacobian of the probabilities, over those PQCNNs
            whose phases are trained.
        mapping: trainable parameters of the mapping.
        fixed_numbers: numbers that stay as they are. Random ones, stored as a seed: those of the
            mapping or baseline, the initial weights that it keeps, untrained phases and those
            of controls. And what follows from the samplers' responses at the start, by a
            simulation: which phases are trained, where they were chosen, and what a mapping
            that is calibrated takes from them.
        other: trainable parameters that are neither (those of a baseline).
    """

    phases: int = 0
    effective_phases: int = 0
    mapping: int = 0
    fixed_numbers: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """All trainable parameters."""
        return self.phases + self.mapping + self.other

    def _repr_html_(self) -> str:
        """A table in a notebook."""
        counts = {field.name.replace("_", " "): getattr(self, field.name) for field in fields(self)}
        line = f"{type(self).__name__}: {self.total:,} trainable"
        return Overview((line,), {"count": list(counts.values())}, list(counts), "role").html()


class GeneratedNetwork(Shown, Described, ABC):
    """A target network whose weights are computed anew, from trained numbers, at every pass.

    It shows itself by its counts and what generates the weights; ``target`` and ``layout`` show
    the network's own.

    Args:
        target: any module; weights are generated for all its parameters that require
            gradients. It is copied: the one passed in is left alone.
        options: what the network was made with; a state dict of one made with others is
            refused.

    Attributes:
        layout: the weights to generate.

    Raises:
        InvalidInput: if the target has no such parameters, or some that cannot be generated
            (see :func:`qcnn.targets.layout.describe_target`).
    """

    def __init__(self, target: nn.Module, options: object = None) -> None:
        super().__init__()
        self.layout = describe_target(target)
        self.options = options
        # As it is now: attributes of the target may count what happens to it.
        self._structure = structure_of(target)
        self._made_of = {"options": repr(options), **self._structure}
        # Frozen, so that what requires gradients is exactly what an optimiser changes.
        self.target = copy_module(target).requires_grad_(False)
        for part in self.target.modules():
            if any(True for _ in part.parameters()):
                part.register_forward_pre_hook(refuse_recomputation)
        self._generated_name = _names_of_shared_parameters(self.target)
        self._places = _places(self.target, self.layout.names)

    def __repr__(self) -> str:
        return nn.Module.__repr__(self) if is_written_plainly() else super().__repr__()

    def _overview(self) -> Overview:
        name = (getattr(self.target, BUILT_AS, None) or {}).get("text", type(self.target).__name__)
        line = (
            f"{type(self).__name__}: {count_trainable(self):,} trainable parameters generate "
            f"{self.layout.weights:,} weights of {name}"
        )
        return Overview((line, *self._words()))

    def _words(self) -> tuple[str, ...]:
        """What generates the weights, a sentence each."""
        if self.options is None:
            return ()
        return (f"made with {words_for(self.options, 'baseline', baselines)}",)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # Torch refuses to copy results of parameters, which targets of many kinds hold.
        memo |= constants_for_results(self)
        memo[id(self)] = copied = self.__new__(type(self))
        copied.__setstate__(copy.deepcopy(vars(self), memo))  # type: ignore[no-untyped-call]
        return copied

    def describe(self) -> dict[str, Any]:
        """The options, the structure of the target, and which of its weights are generated."""
        return {**self._made_of, "the names of the generated weights": self.layout.names}

    def configuration(self) -> dict[str, Any]:
        """What, beside the target, it was made with; anything that JSON can hold.

        Raises:
            InvalidInput: for what no registered baseline has made.
        """
        return {"kind": "baseline", "baseline": text_of(self.options, "baseline", baselines)}

    def save(self, path: Path | str) -> None:
        """Write the whole model into one file, from which :func:`qcnn.load` makes it again.

        Besides all numbers it holds what it was made with, which parameters are trained, shared
        and of which precision, modes of training and evaluation, and the states of its random
        streams. The file is safetensors, without pickle, and appears whole or not at all.

        Raises:
            InvalidInput: if a mapping, a baseline or the class of a sampler is none that is
                registered, the target keeps other things than tensors in its state, or the file
                cannot be written.
        """
        state = self.state_dict()
        for name, value in state.items():
            if not isinstance(value, Tensor):
                raise InvalidInput(
                    f"{name} in the state of the model is a {type(value).__name__}; allowed in a "
                    "file are tensors"
                )
        target = {
            "built as": getattr(self.target, BUILT_AS, None),
            "structure": self._structure,
            "generated": self.layout.names,
        }
        facts = {"model": self.configuration(), "target": target, "traits": traits_of(self)}
        write_checkpoint(check_output(path, "path"), state, {**FORM, **facts})

    @abstractmethod
    def generate(self) -> Tensor:
        """All weights in the order of the layout, shape ``(weights,)``."""

    @abstractmethod
    def parameter_counts(self) -> ParameterCounts:
        """Trainable and fixed numbers, counted on the tensors that hold them."""

    def phase_parameters(self) -> list[nn.Parameter]:
        """Those of the trainable parameters that are phases, or stand in their place; none here."""
        return []

    def prepared(self) -> AbstractContextManager[None]:
        """Inside, where nothing but the phases changes, all else is computed once; nothing here."""
        return nullcontext()

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        """What the target returns for these inputs under the generated weights.

        They are the target's own, in number and by name, and are given to it in its own
        precision; :func:`qcnn.train` and :func:`qcnn.evaluate` give it a batch of images alone.
        """
        generated = self._generated()
        weights = {place: generated[name] for place, name in self._places.items()}
        given = tuple(match_inputs(self, value) for value in inputs)
        named = {name: match_inputs(self, value) for name, value in keywords.items()}
        if torch.compiler.is_compiling():  # nobody asks then, and compilers set no such variable
            return self._run_target(weights, given, named)
        before = _IN_PLACE.set(True)
        try:
            return self._run_target(weights, given, named)
        finally:
            _IN_PLACE.reset(before)

    def _run_target(
        self, weights: dict[str, Tensor], given: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        # Tied weights are in their places already. Torch's own way of tying puts them twice into
        # a module that has two names, and so does not get the original back.
        return torch.func.functional_call(self.target, weights, given, named, tie_weights=False)

    def weights(self) -> dict[str, Tensor]:
        """The target's state dict: generated weights by name, and its own buffers."""
        generated = self._generated()
        return {
            name: generated.get(self._generated_name.get(name, name), value)
            for name, value in self.target.state_dict().items()
        }

    def _generated(self) -> dict[str, Tensor]:
        """The generated weights by name, each in the precision that it has in the target."""
        numbers = self.layout.unflatten(self.generate())
        if torch.compiler.is_compiling():
            # Torch's own compiler, of torch 2.12, takes no part of computed numbers as the bias of
            # a convolution (pytorch/pytorch#185201), and a clone is nothing to it.
            numbers = {name: v * 1 if v.ndim == 1 else v for name, v in numbers.items()}
        return {
            name: value.to(self.target.get_parameter(name).dtype) for name, value in numbers.items()
        }

    def export(self) -> nn.Module:
        """A plain copy of the target with the generated weights, free of what made them."""
        plain = copy_module(self.target)
        for part in plain.modules():
            for key, hook in list(part._forward_pre_hooks.items()):
                if hook is refuse_recomputation:
                    del part._forward_pre_hooks[key]
        with torch.no_grad():
            for name, value in self.layout.unflatten(self.generate()).items():
                plain.get_parameter(name).copy_(value).requires_grad_(True)
        return plain


def structure_of(target: nn.Module) -> dict[str, str]:
    """What a target consists of, by the words of a description."""
    structure = describe_structure(target)
    return {f"the target's {name}" if name else "the target": structure[name] for name in structure}


def refuse_recomputation(part: nn.Module, inputs: object) -> None:
    """A hook of every part of a target: in a backward pass it is not run by itself.

    The generated weights are in their places in a forward pass alone. What is computed again in
    the backward pass (``torch.utils.checkpoint``) would be computed with others, and the gradient
    be one of another network.

    In compiled code both passes are traced at once, with the same weights.

    Raises:
        InvalidInput: in a backward pass, unless the whole network is run in it.
    """
    if torch.compiler.is_compiling():
        return
    if torch._C._current_graph_task_id() != -1 and not _IN_PLACE.get():
        raise InvalidInput(
            f"a {type(part).__name__} of the target is computed again in the backward pass; "
            "allowed are targets that do without torch.utils.checkpoint"
        )


def match_inputs(model: nn.Module, inputs: Any) -> Any:
    """Floating-point tensors in the precision of the network that they enter; others as they are.

    Anything but a tensor is left alone, too.
    """
    if not isinstance(inputs, Tensor):
        return inputs
    network = model.target if isinstance(model, GeneratedNetwork) else model
    own = precision(network)
    return inputs if own is None or not inputs.is_floating_point() else inputs.to(own)


def precision(module: nn.Module) -> torch.dtype | None:
    """Type of the first floating-point parameter or buffer of a module; None if it has none."""
    tensors = chain(module.parameters(), module.buffers())
    return next((tensor.dtype for tensor in tensors if tensor.is_floating_point()), None)


def count_trainable(module: nn.Module) -> int:
    """Number of parameters that an optimiser changes."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def count_stored(module: nn.Module) -> int:
    """Numbers that the state dict holds beside the parameters, each tensor counted once."""
    buffers = {
        id(part._buffers[name]): part._buffers[name]
        for part in module.modules()
        for name in part._buffers.keys() - part._non_persistent_buffers_set
    }
    return sum(numbers.numel() for numbers in buffers.values() if numbers is not None)


def count_taken_in(module: nn.Module) -> int:
    """Numbers that a :class:`qcnn.mappings.Calibrated` module has from its samplers' responses."""
    return sum(
        numbers.numel()
        for name in module._non_persistent_buffers_set
        if (numbers := module._buffers[name]) is not None
    )


def count_parameters(model: nn.Module) -> ParameterCounts:
    """The counts of any model, a directly trained network included.

    Raises:
        InvalidInput: for anything but a module all of whose parameters have a shape.
    """
    check_initialised(model)
    if isinstance(model, GeneratedNetwork):
        return model.parameter_counts()
    return ParameterCounts(other=count_trainable(model))


def network_weights(model: nn.Module) -> dict[str, Tensor]:
    """The state dict of the network that a model amounts to."""
    return model.weights() if isinstance(model, GeneratedNetwork) else model.state_dict()


def _places(module: nn.Module, names: tuple[str, ...]) -> dict[str, str]:
    """Where the parameters of these names are, each module once: place and name."""
    known = {id(module.get_parameter(name)): name for name in names}
    return {
        f"{prefix}.{leaf}".lstrip("."): known[id(value)]
        for prefix, part in module.named_modules()
        for leaf, value in part.named_parameters(recurse=False, remove_duplicate=False)
        if id(value) in known
    }


def _names_of_shared_parameters(module: nn.Module) -> dict[str, str]:
    """The first name of each parameter, by every name that it goes under."""
    first = {id(value): name for name, value in module.named_parameters()}
    return {
        name: first[id(value)] for name, value in module.named_parameters(remove_duplicate=False)
    }
