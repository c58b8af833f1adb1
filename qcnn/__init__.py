"""Photonic weight generation: all weights of a network from boson samplers.

>>> import torch, qcnn
>>> samplers = [qcnn.PQCNN(9, 4, seed=0), qcnn.PQCNN(8, 4, seed=1)]
>>> target = qcnn.target_from_text("cnn2202").build()
>>> model = qcnn.QuantumTrain(target, samplers, "mixing")
>>> counts = model.parameter_counts()
>>> counts.phases, counts.effective_phases, counts.mapping
(128, 81, 2)
"""

from importlib.metadata import PackageNotFoundError, version

from qcnn.baselines import Baseline, baseline_from_text, baseline_names, register_baseline
from qcnn.baselines._smaller import smaller_targets
from qcnn.data import Data, Examples, load_data
from qcnn.errors import DivergedError, InvalidInput, NotDifferentiable, NothingAccepted
from qcnn.mappings import Mapping, mapping_from_text, mapping_names, register_mapping
from qcnn.samplers.light import CoherentLight, DistinguishablePhotons
from qcnn.samplers.marginals import Marginals
from qcnn.samplers.pqcnn import PQCNN
from qcnn.samplers.qubits import Qubits
from qcnn.samplers.sizes import choose_sizes
from qcnn.targets import ConvolutionalNetwork, target_from_text
from qcnn.training.alternate import AlternatingConfig, train_alternating
from qcnn.training.config import TrainConfig
from qcnn.training.evaluation import evaluate
from qcnn.training.from_shots.config import FromShotsConfig
from qcnn.training.from_shots.train import train_from_shots
from qcnn.training.phases.natural import natural_adam
from qcnn.training.records import EpochRecord, Evaluation, TrainResult
from qcnn.training.train import train
from qcnn.weights.export import export_onnx
from qcnn.weights.generated import GeneratedNetwork, ParameterCounts, count_parameters
from qcnn.weights.quantum_train import QuantumTrain
from qcnn.weights.stored import load

try:
    __version__ = version("photonic-weight-generation")
except PackageNotFoundError:  # the files are there, but were not installed
    __version__ = "unknown"

__all__ = [
    "PQCNN",
    "AlternatingConfig",
    "Baseline",
    "CoherentLight",
    "ConvolutionalNetwork",
    "Data",
    "DistinguishablePhotons",
    "DivergedError",
    "EpochRecord",
    "Evaluation",
    "Examples",
    "FromShotsConfig",
    "GeneratedNetwork",
    "InvalidInput",
    "Mapping",
    "Marginals",
    "NotDifferentiable",
    "NothingAccepted",
    "ParameterCounts",
    "QuantumTrain",
    "Qubits",
    "TrainConfig",
    "TrainResult",
    "baseline_from_text",
    "baseline_names",
    "choose_sizes",
    "count_parameters",
    "evaluate",
    "export_onnx",
    "load",
    "load_data",
    "mapping_from_text",
    "mapping_names",
    "natural_adam",
    "register_baseline",
    "register_mapping",
    "smaller_targets",
    "target_from_text",
    "train",
    "train_alternating",
    "train_from_shots",
]
