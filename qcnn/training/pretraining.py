"""``python -m qcnn.training.pretraining``: the network of the target ``pretrained``, made anew.

It is trained on all of MNIST's official training images but the 600 for validation; test images
are not looked at. On one machine the weights come out the same to the last bit.
"""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import nn

from qcnn.data._arrays import from_arrays
from qcnn.data._data import Data
from qcnn.data._official import MNIST, read_official
from qcnn.data._split import IndexSplit
from qcnn.data.mnist import OFFICIAL_TRAIN_IMAGES, validation_positions
from qcnn.keeping.checkpoint import write_checkpoint
from qcnn.targets.pretrained import ARCHITECTURE, PRETRAINED_FILE
from qcnn.training.config import TrainConfig
from qcnn.training.train import train

CONFIG = TrainConfig(
    epochs=3, batch_size=128, learning_rate=0.003, schedule="one-cycle", gradient_clip=1.0, seed=0
)


def training_images() -> Data:
    """MNIST with its 59,400 official training images that are not for validation.

    Raises:
        InvalidInput: a stored file with wrong content.
        DataUnavailable: files that are neither stored here nor downloadable.
    """
    official = read_official(MNIST.name)
    validation = validation_positions()
    return from_arrays(
        MNIST.name,
        official.train_images,
        official.train_labels,
        classes=10,
        split=IndexSplit(np.setdiff1d(np.arange(OFFICIAL_TRAIN_IMAGES), validation), validation),
        test=(official.test_images, official.test_labels),
    )


def pretrain(data: Data, config: TrainConfig = CONFIG) -> nn.Module:
    """The architecture of the target ``pretrained``, trained from the start."""
    network = ARCHITECTURE.build(data.image_shape, data.classes, config.seed)
    train(network, data, config, progress=True)
    return network


def write_pretrained(path: Path, data: Data, config: TrainConfig = CONFIG) -> None:
    """Train the network and write its weights, rounded to half precision, and how they came."""
    weights = pretrain(data, config).state_dict()
    facts = {
        "architecture": asdict(ARCHITECTURE),
        "dataset": data.name,
        "training images": len(data.train_images),
        "training": asdict(config),
    }
    write_checkpoint(path, {name: value.half() for name, value in weights.items()}, facts)


if __name__ == "__main__":
    torch.set_num_threads(1)
    write_pretrained(PRETRAINED_FILE, training_images())
