"""Where the generated weights of a target network go, and at which scale."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from qcnn.errors import InvalidInput

Placement = Literal["fan_in", "source", "residual"]

_LAYERS = (
    nn.Linear,
    nn.Bilinear,
    nn.modules.conv._ConvNd,
    nn.RNNBase,
    nn.RNNCellBase,
    nn.MultiheadAttention,
)


@dataclass(frozen=True, eq=False)
class WeightLayout:
    """The trainable parameters of a target, laid out one after another.

    Attributes:
        names: parameter names, as in ``named_parameters``.
        shapes: their shapes.
        initial: the target's own initial values, flat, shape ``(weights,)``.
        scale: 1/√fan-in of the layer that a weight or bias belongs to; for parameters
            that are no layer's (norms, embeddings) 1/√(last dimension).
        in_layer: whether a weight belongs to a layer.
        tensor_index: which tensor each weight belongs to, 0 … tensors − 1.
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
        """The tensors by name from flat weights of shape ``(weights,)``."""
        parts = flat.split([shape.numel() for shape in self.shapes])
        return {
            name: part.view(shape)
            for name, shape, part in zip(self.names, self.shapes, parts, strict=True)
        }

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

    Raises:
        InvalidInput: if there are none.
    """
    found = {name: value for name, value in target.named_parameters() if value.requires_grad}
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
        tensor_index=torch.arange(len(found)).repeat_interleave(sizes),
    )


def owner_of(target: nn.Module, name: str) -> nn.Module:
    """The module that holds the parameter of this name."""
    return target.get_submodule(name.rpartition(".")[0])


def _fan_in(target: nn.Module, name: str, value: Tensor) -> tuple[int, bool]:
    owner = owner_of(target, name)
    if not isinstance(owner, _LAYERS):
        return (value.shape[-1] if value.ndim else 1), False
    if value.ndim < 2:  # a bias takes the fan-in of its layer's first matrix
        value = next(matrix for matrix in owner.parameters(recurse=False) if matrix.ndim > 1)
    return value[0].numel(), True
