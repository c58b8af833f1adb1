"""Where the generated weights of a target network go, and at which scale."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.nn.utils.parametrize import ParametrizationList

from qcnn.checks import shown
from qcnn.errors import InvalidInput
from qcnn.keeping.fingerprint import held_by_function, held_directly
from qcnn.showing.overview import Overview, Shown

Placement = Literal["fan_in", "source", "residual"]

#: What torch cannot run with other weights than its own.
_OPAQUE = (torch.jit.ScriptModule, nn.DataParallel, nn.parallel.DistributedDataParallel)

_LAYERS = (
    nn.Linear,
    nn.Bilinear,
    nn.modules.conv._ConvNd,
    nn.RNNBase,
    nn.RNNCellBase,
    nn.MultiheadAttention,
)


@dataclass(frozen=True, eq=False, repr=False)
class WeightLayout(Shown):
    """The trainable parameters of a target, laid out one after another.

    Attributes:
        names: parameter names, as in ``named_parameters``.
        shapes: their shapes.
        initial: the target's own initial values, flat, shape ``(weights,)``.
        scale: 1/√fan-in of the layer that a weight or bias belongs to; for parameters
            that are no layer's (norms, embeddings) 1/√(last dimension).
        in_layer: whether a weight belongs to a layer.
        tensor_index: which tensor each weight belongs to, 0 … tensors − 1.

    >>> describe_target(nn.Linear(3, 2))
    WeightLayout: 8 weights in 2 tensors
    tensor   shape  weights
    weight  (2, 3)        6
    bias      (2,)        2
    """

    names: tuple[str, ...]
    shapes: tuple[torch.Size, ...]
    initial: Tensor
    scale: Tensor
    in_layer: Tensor
    tensor_index: Tensor

    @property
    def weights(self) -> int:
        """Number of weights to generate."""
        return self.initial.numel()

    @property
    def tensors(self) -> int:
        """Number of parameter tensors."""
        return len(self.names)

    def unflatten(self, flat: Tensor) -> dict[str, Tensor]:
        """The tensors by name from flat weights of shape ``(weights,)``.

        Raises:
            InvalidInput: for another shape.
        """
        if flat.shape != (self.weights,):
            raise InvalidInput(
                f"the generated weights are of shape {tuple(flat.shape)}; allowed is "
                f"{(self.weights,)}, one number for each weight"
            )
        parts = flat.split([shape.numel() for shape in self.shapes])
        return {
            name: part.view(shape)
            for name, shape, part in zip(self.names, self.shapes, parts, strict=True)
        }

    def _overview(self) -> Overview:
        line = f"WeightLayout: {self.weights:,} weights in {self.tensors:,} tensors"
        columns: dict[str, Sequence[object]] = {
            "shape": [str(tuple(shape)) for shape in self.shapes],
            "weights": [shape.numel() for shape in self.shapes],
        }
        return Overview((line,), columns, self.names, "tensor")

    def placement_terms(self, placement: Placement) -> tuple[Tensor | None, Tensor | None]:
        """Offset and factor that turn a mapping's output g into weights: offset + factor·g.

        ``"fan_in"``: layers get g/√fan-in, other parameters their initial value beside it;
        ``"residual"``: everything keeps its initial value beside it;
        ``"source"``: g itself, as in the sources.
        """
        if placement == "source":
            return None, None
        if placement == "residual":
            return self.initial, self.scale
        offset = torch.where(self.in_layer, 0.0, self.initial)
        return (None if bool(self.in_layer.all()) else offset), self.scale


def describe_target(target: nn.Module) -> WeightLayout:
    """The layout of all parameters of ``target`` that require gradients.

    A layer whose weight is computed from other parameters (``weight_norm``, ``spectral_norm``,
    pruning) has those generated, each at the scale of the layer.

    Raises:
        InvalidInput: if there are none, or one is of a kind that cannot be generated: not yet
            initialised, complex or sparse, of a compiled script, or such that a generated one
            in its place would not be seen.
    """
    _check_target(target)
    found = {
        name: value
        for name, value in target.named_parameters()
        if value.requires_grad and value.numel()
    }
    if not found:
        raise InvalidInput(
            f"target {type(target).__name__} has 0 trainable parameters; allowed is at least 1"
        )
    fan_ins = [_fan_in(target, name, value) for name, value in found.items()]
    sizes = torch.tensor([value.numel() for value in found.values()])

    def spread(values: list[float] | list[bool]) -> Tensor:
        return torch.tensor(values).repeat_interleave(sizes)

    return WeightLayout(
        names=tuple(found),
        shapes=tuple(value.shape for value in found.values()),
        initial=torch.cat([value.detach().flatten().float() for value in found.values()]),
        scale=spread([fan_in**-0.5 for fan_in, _ in fan_ins]),
        in_layer=spread([in_layer for _, in_layer in fan_ins]),
        tensor_index=torch.arange(len(found), dtype=torch.int32).repeat_interleave(sizes),
    )


def check_initialised(target: nn.Module) -> None:
    """Raises InvalidInput for anything but a module all of whose tensors have a shape."""
    if not isinstance(target, nn.Module):
        raise InvalidInput(f"target is {shown(target)}; allowed is a torch.nn.Module")
    for name, value in (*target.named_parameters(), *target.named_buffers()):
        if is_lazy(value):
            raise InvalidInput(
                f"{name} of target {type(target).__name__} is not initialised; allowed are modules "
                "that have once been run on an input"
            )


def _check_target(target: nn.Module) -> None:
    check_initialised(target)
    kind = f"target {type(target).__name__}"
    if any(isinstance(part, _OPAQUE) for part in target.modules()):
        raise InvalidInput(
            f"{kind} is a script or is spread over devices; allowed is the module that it was made "
            "from"
        )
    trained = {name: value for name, value in target.named_parameters() if value.requires_grad}
    for name, value in trained.items():
        if not value.is_floating_point() or value.layout != torch.strided or value.is_meta:
            raise InvalidInput(
                f"{name} of {kind} is of type {value.dtype}, {value.layout} on {value.device}; "
                "allowed are dense tensors of real floats"
            )
    lost = set(trained) - set(target.state_dict())
    if lost:
        raise InvalidInput(
            f"{min(lost)} of {kind} is not in its state dict; allowed are parameters that are"
        )
    for part in target.modules():
        for attribute in vars(part):
            if _hides(part, attribute, trained.values(), target):
                raise InvalidInput(
                    f"{kind} has weights in the attribute {attribute} of a {type(part).__name__}, "
                    "where a generated one would not be seen; allowed are registered parameters "
                    "and modules, and functions that hold neither"
                )


def _hides(part: nn.Module, attribute: str, trained: Iterable[Tensor], target: nn.Module) -> bool:
    """Whether an attribute holds a parameter, or a function that holds one or a module of one.

    A parameter is put in the place of its name alone; a function is the same in every copy.
    Objects and containers are copied, so that modules in them are those of the copy.
    """
    if attribute in ("_parameters", "_modules") or isinstance(part, nn.RNNBase):
        return False  # recurrent layers bring their lists of weights up to date themselves
    weights = {id(value) for value in trained}
    modules = {id(module) for module in target.modules()}
    # Kept alive, so that no other object gets the identity of one.
    seen: dict[int, object] = {}
    left: list[tuple[object, bool]] = [(vars(part)[attribute], False)]
    while left:
        value, in_function = left.pop()
        if id(value) in weights or (in_function and id(value) in modules):
            return True
        if id(value) in modules or id(value) in seen:
            continue
        seen[id(value)] = value
        left += [(each, in_function) for each in held_directly(value)]
        if isinstance(value, FunctionType):
            left += [(each, True) for each in held_by_function(value)]
    return False


def layer_of(target: nn.Module, name: str) -> nn.Module:
    """The module that the parameter of this name is for.

    That is its owner, but for parametrisations (``torch.nn.utils.parametrize``) the module
    whose parameter they compute.
    """
    owner = owner_of(target, name)
    if isinstance(owner, ParametrizationList):
        return target.get_submodule(".".join(name.split(".")[:-3]))
    return owner


def check_own_weight(target: nn.Module, layer: nn.Module, what: str) -> None:
    """Raises InvalidInput if ``weight`` of a layer is computed and not a parameter."""
    if "weight" not in dict(layer.named_parameters(recurse=False)):
        place = next(name for name, part in target.named_modules() if part is layer)
        raise InvalidInput(
            f"the weight of layer {place or type(layer).__name__} is computed from other "
            f"parameters; allowed with {what} are layers whose weight is a parameter"
        )


def owner_of(target: nn.Module, name: str) -> nn.Module:
    """The module that holds the parameter of this name."""
    return target.get_submodule(name.rpartition(".")[0])


def _fan_in(target: nn.Module, name: str, value: Tensor) -> tuple[int, bool]:
    layer = layer_of(target, name)
    if not isinstance(layer, _LAYERS):
        return (value.shape[-1] if value.ndim else 1), False
    if value.ndim > 1:
        return value[0].numel(), True
    # A bias takes the fan-in of its layer's first matrix; a column is a norm of its rows.
    tensors = (*layer.parameters(), *layer.buffers())
    rows = (tensor[0].numel() for tensor in tensors if tensor.ndim > 1)
    return next((row for row in rows if row > 1), 1), True
