"""What a user sees who types the name of an object: counts and names, and no tensor."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass

import pytest
import torch
from torch import nn

import qcnn
from qcnn.data import IndexSplit
from qcnn.noise import Noise, NoisyPQCNN, measure_distribution
from qcnn.samplers.controls import GENERATORS, build_generator
from qcnn.samplers.measured import MeasuredPQCNN
from qcnn.samplers.sampler import Sampler
from qcnn.showing.plainly import written_plainly
from qcnn.weights.generated import GeneratedNetwork, ParameterCounts

MARKUP = "<b>&$x$"


def lines_of(shown: object) -> list[str]:
    text = repr(shown)
    assert "tensor(" not in text
    return text.splitlines()


def data(name: str = "dots") -> qcnn.Data:
    images, labels = torch.zeros(5, 1, 8, 8), torch.tensor([0, 1, 1, 3, 3])
    test = images[:2], labels[:2]
    return qcnn.Data(name, images, labels, images[:3], labels[:3], *test, classes=4)


def model(samplers: list[Sampler], mapping: str = "mixing") -> qcnn.QuantumTrain:
    return qcnn.QuantumTrain(nn.Linear(3, 2), samplers, mapping, seed=0)


def test_data_show_images_and_classes() -> None:
    first, _, *parts = lines_of(data())
    assert first == "Data 'dots': images of shape (1, 8, 8) in 4 classes"
    assert [line.split() for line in parts] == [
        ["train", "5", "0", "2"],
        ["validation", "3", "0", "2"],
        ["test", "2", "0", "1"],
    ]


def test_a_name_is_no_markup_and_one_line() -> None:
    named = data(f"{MARKUP}\nsecond")
    assert lines_of(named)[0].startswith(f"Data '{MARKUP}\\nsecond': ")
    assert MARKUP not in named._repr_html_()
    assert "&lt;b&gt;&amp;$x$" in named._repr_html_()


def test_examples_show_each_tensor() -> None:
    inputs = {MARKUP: torch.zeros(4, 3, 2), "right": torch.zeros(4, dtype=torch.int32)}
    few = {name: value[:1] for name, value in inputs.items()}
    truth = torch.tensor([0, 1, 2, 0])
    examples = qcnn.Examples(inputs, truth, few, truth[:1])
    first, _, *rows = lines_of(examples)
    assert first == "Examples: 3 classes"
    assert [line.split() for line in rows] == [
        ["input", f"'{MARKUP}'", "4", "1", "(3,", "2)", "float32"],
        ["input", "'right'", "4", "1", "()", "int32"],
        ["truth", "4", "1", "()", "int64"],
    ]
    assert MARKUP not in examples._repr_html_()


def test_a_model_shows_its_counts_and_its_samplers_by_kind() -> None:
    light = qcnn.PQCNN(6, 3, seed=0)
    samplers = [
        light,
        qcnn.PQCNN(6, 3, seed=1),
        qcnn.Qubits(3, 2, seed=0),
        qcnn.Marginals(light, 1),
        qcnn.PQCNN(6, 3, trained=4, seed=2),
        qcnn.PQCNN(6, 3, seed=3).requires_grad_(False),
    ]
    made = model(samplers)
    first, second, _, *rows = lines_of(made)
    trained = sum(p.numel() for p in made.parameters() if p.requires_grad)
    assert first == f"QuantumTrain: {trained} trainable parameters generate 8 weights of Linear"
    own = made.parameter_counts().mapping
    assert second == f"mapping mixing with {own} of them, combine='concatenation'"
    assert [line.split() for line in rows] == [
        ["PQCNN", "2", "6", "3", "20", "30", "30"],
        ["Qubits", "1", "8", "6", "6"],
        ["Marginals", "1", "6", "3", "6", "30", "30"],
        ["PQCNN", "1", "6", "3", "20", "30", "4"],
        ["PQCNN", "1", "6", "3", "20", "30", "0"],
    ]


def test_a_model_of_very_many_samplers_is_a_small_table() -> None:
    alike = model([qcnn.PQCNN(4, 2, seed=seed) for seed in range(300)])
    assert len(lines_of(alike)) == 4
    assert lines_of(alike)[3].split()[:2] == ["PQCNN", "300"]
    other = model([qcnn.PQCNN(modes, 1, seed=0) for modes in range(2, 40)])
    assert len(lines_of(other)) == 3 + 11


def test_a_model_says_which_registered_target_and_options_it_has() -> None:
    target = qcnn.target_from_text("cnn816").build()
    made = qcnn.QuantumTrain(target, qcnn.PQCNN(8, 4, seed=0), "mixing:floor=0.5")
    assert lines_of(made)[0].endswith("generate 816 weights of cnn816")
    assert lines_of(made)[1].startswith("mapping mixing:floor=0.5 with ")
    baseline = qcnn.baseline_from_text("hashing:buckets=30").build(target, seed=0)
    assert lines_of(baseline)[0].endswith("30 trainable parameters generate 816 weights of cnn816")
    assert lines_of(baseline)[1] == "made with hashing:buckets=30"


class Constant(GeneratedNetwork):
    """Of somebody who says nothing of options."""

    def generate(self) -> torch.Tensor:
        return torch.zeros(self.layout.weights)

    def parameter_counts(self) -> ParameterCounts:
        raise AssertionError("counting may take long")


def test_a_network_of_ones_own_shows_itself() -> None:
    assert lines_of(Constant(nn.Linear(2, 1))) == [
        "Constant: 0 trainable parameters generate 3 weights of Linear"
    ]


@dataclass(frozen=True)
class Unregistered(qcnn.Mapping):
    """A mapping without a name."""

    def build(self, *arguments: object) -> nn.Module:
        return qcnn.mapping_from_text("mixing").build(*arguments)  # type: ignore[arg-type]

    def count_trainable(self, *arguments: object) -> int:
        return 1

    combinations = ("concatenation",)
    one_outcome_per_weight = False


def test_a_mapping_without_a_name_says_of_itself_what_it_is() -> None:
    made = qcnn.QuantumTrain(nn.Linear(1, 1), qcnn.PQCNN(4, 2, seed=0), Unregistered())
    assert lines_of(made)[1].startswith("mapping Unregistered() with ")


@pytest.mark.parametrize("name", GENERATORS)
def test_whatever_may_stand_in_a_pqcnns_place_is_one_line(name: str) -> None:
    (line,) = lines_of(build_generator(name, qcnn.PQCNN(6, 3, seed=0), seed=0))
    assert line.endswith(")")
    assert any(char.isdigit() for char in line), "its size"


def test_a_sampler_that_reads_another_is_one_line() -> None:
    light = qcnn.PQCNN(4, 2, seed=0)
    noisy = NoisyPQCNN(light, Noise(shots=1000), 0)
    inside = f"sampler={light!r}"
    assert repr(noisy) == f"NoisyPQCNN({inside}, noise='shots=1000')"
    assert repr(qcnn.Marginals(noisy, 2)) == f"Marginals(sampler={noisy!r}, order=2)"
    assert repr(MeasuredPQCNN(light, 1000, 0)) == f"MeasuredPQCNN({inside}, shots=1000)"


class Layered(Sampler):
    """A sampler of somebody's with parts of several lines."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 2), nn.Tanh())


def test_a_sampler_of_several_lines_is_as_torch_writes_it() -> None:
    assert repr(Layered()) == nn.Module.__repr__(Layered())


def test_plainly_models_are_written_as_torch_writes_them() -> None:
    light = qcnn.PQCNN(4, 2, seed=0)
    made = nn.Sequential(model([light, qcnn.Marginals(light, 1)]))
    shown = repr(made)
    with written_plainly():
        text = repr(made)
    assert repr(made) == shown
    for part in ("(target): Linear(in_features=3,", "(samplers): ModuleList(", "(sampler): PQCNN("):
        assert part in text
        assert part not in shown


def test_a_layout_shows_every_tensor() -> None:
    names = [f"{place}.weight" for place in range(3)]
    made = qcnn.QuantumTrain(
        nn.Sequential(*(nn.Linear(2, 2, bias=False) for _ in names)),
        qcnn.PQCNN(6, 3, seed=0),
        "mixing",
    )
    first, _, *rows = lines_of(made.layout)
    assert first == "WeightLayout: 12 weights in 3 tensors"
    assert [row.split() for row in rows] == [[name, "(2,", "2)", "4"] for name in names]


def test_a_measurement_and_a_split_are_one_line() -> None:
    found = measure_distribution(qcnn.PQCNN(4, 2, seed=0), Noise(transmittance=0.5), seed=0)
    assert lines_of(found) == [
        f"Measurement(distribution=<shape (6,)>, accepted_fraction={found.accepted_fraction:.4g})"
    ]
    split = IndexSplit(torch.arange(50).numpy(), list(range(600)))
    assert lines_of(split) == [
        "IndexSplit(train=<shape (50,)>, validation=<600 values>, test=<0 values>)"
    ]


def test_counts_are_one_line_and_a_table_in_a_notebook() -> None:
    counts = ParameterCounts(phases=128, effective_phases=81, mapping=2, fixed_numbers=12345)
    assert len(lines_of(counts)) == 1
    html = counts._repr_html_()
    assert "ParameterCounts: 130 trainable" in html
    for text in ("effective phases", "81", "12,345"):
        assert f">{text}</t" in html


def test_frozen_objects_are_copied_compared_and_pickled_as_before() -> None:
    whole = data()
    assert whole != data()
    assert hash(whole) == hash(whole)
    again = pickle.loads(pickle.dumps(whole))
    assert repr(again) == repr(whole)
    assert repr(copy.deepcopy(whole)) == repr(whole)
    with pytest.raises(FrozenInstanceError):
        whole.name = "other"  # type: ignore[misc]
    exact = qcnn.Evaluation(0.12345678, 0.5)
    assert pickle.loads(pickle.dumps(exact)) == exact != qcnn.Evaluation(0.12345679, 0.5)
    assert exact.loss == 0.12345678
