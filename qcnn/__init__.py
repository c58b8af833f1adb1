"""Photonic weight generation: all weights of a network from boson samplers.

>>> import torch, qcnn
>>> samplers = [qcnn.PQCNN(9, 4, seed=0), qcnn.PQCNN(8, 4, seed=1)]
>>> target = qcnn.target_from_text("cnn2202").build()
>>> model = qcnn.QuantumTrain(target, samplers, "mixing")
>>> counts = model.parameter_counts()
>>> counts.phases, counts.effective_phases, counts.mapping
(128, 81, 2)
"""

from qcnn.data import Data, load_data
from qcnn.errors import DivergedError, InvalidInput, NothingAccepted
from qcnn.mappings import Mapping, mapping_from_text, mapping_names, register_mapping
from qcnn.model import ParameterCounts, QuantumTrain, count_parameters
from qcnn.pqcnn import PQCNN
from qcnn.sizes import choose_sizes
from qcnn.targets import ConvolutionalNetwork, target_from_text
from qcnn.train import (
    EpochRecord,
    Evaluation,
    TrainConfig,
    TrainResult,
    evaluate,
    train,
)

__all__ = [
    "PQCNN",
    "ConvolutionalNetwork",
    "Data",
    "DivergedError",
    "EpochRecord",
    "Evaluation",
    "InvalidInput",
    "Mapping",
    "NothingAccepted",
    "ParameterCounts",
    "QuantumTrain",
    "TrainConfig",
    "TrainResult",
    "choose_sizes",
    "count_parameters",
    "evaluate",
    "load_data",
    "mapping_from_text",
    "mapping_names",
    "register_mapping",
    "target_from_text",
    "train",
]
