"""Checkpoints: tensors and facts in one file, whole or refused."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from qcnn.errors import InvalidInput
from qcnn.files import write_bytes


def write_checkpoint(path: Path, tensors: Mapping[str, Tensor], facts: dict[str, Any]) -> None:
    """Write a safetensors file with ``facts``, anything that JSON can hold, as its metadata.

    The file is renamed into place, so that an interrupted write leaves the previous one.
    """
    copies = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    text = json.dumps(facts)
    metadata = {"facts": text, "sha256": fingerprint(text, copies)}
    write_bytes(path, save(copies, metadata))


def read_checkpoint(
    path: Path,
    what: str = "checkpoint",
    allowed: str = "a file as the training writes it, or none, to start from the beginning",
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the facts of a checkpoint.

    Args:
        path: of the file.
        what: the file is, for the message.
        allowed: what should be there.

    Raises:
        InvalidInput: if the file is not a checkpoint or any of its bytes has changed.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError:
        metadata, tensors = {}, {}
    text = metadata.get("facts", "")
    if metadata.get("sha256") != fingerprint(text, tensors):
        raise InvalidInput(f"{what} {str(path)!r} is damaged; allowed is {allowed}")
    facts: dict[str, Any] = json.loads(text)
    return tensors, facts


def fingerprint(text: str, tensors: Mapping[str, Tensor]) -> str:
    """A hash of a text and of tensors by name, their types and shapes included."""
    found = sha256(text.encode())
    for name in sorted(tensors):
        value = tensors[name].detach().cpu().contiguous()
        found.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        # As bytes, since NumPy lacks some of torch's types.
        found.update(value.flatten().view(torch.uint8).numpy().tobytes())
    return found.hexdigest()
