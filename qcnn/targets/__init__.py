"""Target networks: what the weights are generated for."""

from qcnn.targets.convolutional import (
    ACTIVATIONS,
    TARGETS,
    ConvolutionalNetwork,
    check_image_shape,
    target_from_text,
)

__all__ = [
    "ACTIVATIONS",
    "TARGETS",
    "ConvolutionalNetwork",
    "check_image_shape",
    "target_from_text",
]
