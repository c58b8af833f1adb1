"""The trained state of a run's model, so that it can be evaluated under something else.

Only what the optimiser changed is kept: the rest of a model follows from its configuration
and seed. A file that is missing is made again by training, which is deterministic.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import nn

from qcnn.files import write_bytes
from studies.design.configuration import Configuration


def model_path(folder: Path, configuration: Configuration, seed: int) -> Path:
    """Where the trained model of a run is kept."""
    return folder / "models" / f"{configuration.digest()}-{seed}.safetensors"


def store_model(model: nn.Module, path: Path) -> None:
    """Keep the trainable tensors of a model."""
    state = {name: p.detach().contiguous() for name, p in _trainable(model).items()}
    write_bytes(path, save(state))


@torch.no_grad()
def load_model(model: nn.Module, path: Path) -> None:
    """Bring the trainable tensors of a model of the same configuration to what was kept."""
    state = load_file(path)
    for name, parameter in _trainable(model).items():
        parameter.copy_(state[name])


def _trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    return {name: p for name, p in model.named_parameters() if p.requires_grad}
