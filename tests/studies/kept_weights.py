"""What is stored of a run, evaluated again."""

from pathlib import Path

from safetensors.torch import load_file

from qcnn import evaluate, load_data
from studies.design.configuration import Configuration, build_target
from studies.runs.execute import weights_path


def evaluate_stored(configuration: Configuration, seed: int, folder: Path) -> float:
    """Test accuracy of a final run, from its stored weights."""
    data = load_data(configuration.dataset)
    network = build_target(configuration, data, seed)
    network.load_state_dict(load_file(weights_path(folder, configuration, seed)))
    return evaluate(network, data.test_images, data.test_labels).accuracy
