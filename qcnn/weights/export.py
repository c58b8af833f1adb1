"""A generated network as an ONNX file, for what runs networks without torch."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from qcnn.checks import check_output, reason, shown
from qcnn.errors import InvalidInput
from qcnn.files import write_bytes
from qcnn.targets.copies import copy_module
from qcnn.weights.generated import GeneratedNetwork, match_inputs

#: A file of ONNX is one message of protobuf, which has a length of 31 bits.
_LARGEST = 2**31 - 1


def export_onnx(model: nn.Module, path: Path | str, *inputs: Tensor, **keywords: Tensor) -> None:
    """Write the network that a model amounts to as an ONNX file, in evaluation mode.

    The file takes any number of examples at a time and appears whole or not at all. Needs the extra
    ``onnx``.

    Args:
        model: one whose weights are generated, which are baked in as by its ``export()``, or any
            other network.
        path: of the file.
        inputs: examples as the network takes them, the first dimension being their number.
        keywords: those that it takes by name.

    Raises:
        InvalidInput: if packages are missing, for inputs that are no tensors, and for a network
            that torch cannot export, whose number of examples is fixed, or that is too large; or
            for a path that cannot be written.

    Source: :func:`torch.onnx.export`, the exporter that is based on ``torch.export``.
    """
    for package in ("onnx", "onnxscript"):
        if find_spec(package) is None:
            raise InvalidInput(
                f"the package {package} is missing; allowed are environments with the extra onnx"
            )
    for value in (*inputs, *keywords.values()):
        if not isinstance(value, Tensor) or not value.ndim or not len(value):
            raise InvalidInput(
                f"an input of the network is {shown(value)}; allowed are tensors of at least one "
                "example"
            )
    network = model.export() if isinstance(model, GeneratedNetwork) else copy_module(model)
    size = sum(value.numel() * value.element_size() for value in network.state_dict().values())
    if size > _LARGEST:
        raise InvalidInput(
            f"the network needs {size} bytes; allowed in one ONNX file are {_LARGEST}"
        )
    given = tuple(_several(match_inputs(model, value)) for value in inputs)
    named = {name: _several(match_inputs(model, value)) for name, value in keywords.items()}
    program = _program(network.eval(), given, named)
    write_bytes(check_output(path, "path"), program)


def _several(value: Tensor) -> Tensor:
    """At least two examples: of one, torch takes the number for a fixed size."""
    return torch.cat([value, value]) if len(value) == 1 else value


def _program(network: nn.Module, inputs: tuple[Tensor, ...], named: dict[str, Tensor]) -> bytes:
    sizes = {0: torch.export.Dim("examples")}
    try:
        with _quietly():
            # By itself torch.onnx.export would trace what torch.export refuses: branches as these
            # examples take them, and their number as the only one.
            exported = torch.export.export(
                network,
                inputs,
                named,
                dynamic_shapes=(*(sizes for _ in inputs), *(sizes for _ in named)),
                strict=False,
            )
            program: Any = torch.onnx.export(exported, dynamo=True, verbose=False)
    except Exception as error:  # torch's exporter raises whatever its passes meet
        raise InvalidInput(
            f"the network is a {type(network).__name__} that cannot be exported "
            f"({reason(error)}); allowed are those that torch.export takes with any number of "
            "examples"
        ) from error
    content: bytes = program.model_proto.SerializeToString()
    return content


@contextmanager
def _quietly() -> Iterator[None]:
    """Without torch's words on its own code, and on packages that it would use."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(before)
