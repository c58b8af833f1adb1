"""Every option of every dataclass of options: right types are taken, wrong ones named."""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_type_hints

import numpy as np
import pytest
import torch
from torch import nn

from qcnn import (
    PQCNN,
    AlternatingConfig,
    ConvolutionalNetwork,
    InvalidInput,
    QuantumTrain,
    TrainConfig,
    baseline_from_text,
    choose_sizes,
)
from qcnn.baselines._base import registered as baselines
from qcnn.checks import check_types, shown, whole_number
from qcnn.data import read_idx
from qcnn.mappings import Mapping, register_mapping
from qcnn.mappings._base import registered as mappings
from qcnn.noise import Noise, NoisyPQCNN, measure_distribution
from qcnn.samplers.controls import GENERATORS, build_generator

OPTIONS = [
    TrainConfig,
    AlternatingConfig,
    ConvolutionalNetwork,
    Noise,
    *mappings.values(),
    *baselines.values(),
]
FIELDS = [
    pytest.param(kind, field.name, id=f"{kind.__name__}.{field.name}")
    for kind in OPTIONS
    for field in fields(kind)  # type: ignore[arg-type]
]
HUGE = 10**5000
#: What is no value of a field of this type.
WRONG: dict[Any, list[object]] = {
    int: ["3", 1.5, 2.0, True, [3], (3,), float("nan"), np.float64(2), b"3", {}],
    float: ["1e-3", True, [0.1], (0.1,), 1j, {}, HUGE, float("nan"), float("inf"), b"1", "nan"],
    str: [3, True, ["none"], b"none", ("none",), {}, 0.5, "no such choice"],
    tuple: [3, "3+4", 1.5, True, {3}, ("3",), (1.5,), (True,), [[3]], (HUGE,), (0,)],
}


def wrong_values(kind: type, name: str) -> list[object]:
    hint = get_type_hints(kind)[name]
    given = str(hint)
    found = next(
        WRONG[each]
        for each, word in ((tuple, "tuple"), (int, "int"), (float, "float"), (str, ""))
        if word in given
    )
    return found if "None" in given else [*found, None]


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_a_value_of_another_type_is_one_sentence(kind: type, name: str) -> None:
    for value in wrong_values(kind, name):
        with pytest.raises(InvalidInput) as caught:
            kind(**{name: value})
        message = str(caught.value)
        assert message.startswith(f"{name} is {shown(value)}"), value
        assert "; allowed are " in message
        assert "\n" not in message
        assert len(message) < 300


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_numpy_numbers_are_numbers(kind: type, name: str) -> None:
    default = next(f.default for f in fields(kind) if f.name == name)  # type: ignore[arg-type]
    assert default is not MISSING
    if isinstance(default, tuple):
        given: Any = [np.int64(value) for value in default]
    elif isinstance(default, int | float):
        given = np.int64(default) if isinstance(default, int) else np.float64(default)
    else:
        given = default
    made = kind(**{name: given})
    assert made == kind()
    assert type(getattr(made, name)) is type(default)
    assert repr(made) == repr(kind())


def test_a_whole_number_for_a_real_one_stays_one() -> None:
    """Texts of configurations, and with them their digests, stay as they are."""
    assert repr(TrainConfig(learning_rate=1)).count("learning_rate=1,") == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"learning_rate": "1e-3"}, "learning_rate is '1e-3'; allowed are numbers"),
        ({"learning_rate": 1e38}, "learning_rate is 1e+38; allowed are numbers above 0, up to"),
        ({"phase_learning_rate": 0}, "phase_learning_rate is 0; allowed are numbers above 0"),
        ({"gradient_clip": float("inf")}, "gradient_clip is inf; allowed are numbers above 0"),
        ({"epochs": True}, "epochs is True; allowed are whole numbers"),
        ({"epochs": 10**10}, "epochs is 10000000000; allowed are whole numbers from 1 to"),
        ({"seed": -1}, "seed is -1; allowed are whole numbers from 0"),
    ],
)
def test_values_out_of_range(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        TrainConfig(**changes)
    assert str(caught.value).startswith(sentence)


def test_a_mapping_of_a_users_own_is_checked_without_a_line_of_its_own() -> None:
    @dataclass(frozen=True)
    class Mine(Mapping):
        power: int = 3
        side: Literal["left", "right"] = "left"
        both: bool = False
        factors: tuple[float, ...] = (0.5,)

        def build(self, *_: object) -> torch.nn.Module:
            raise NotImplementedError

        def count_trainable(self, *_: object) -> int:
            return 0

    assert Mine(factors=[np.float32(0.25), 1]).factors == (0.25, 1)  # type: ignore[arg-type]
    for name, value, allowed in (
        ("power", 2.5, "whole numbers"),
        ("side", "up", "left, right"),
        ("both", 1, "True and False"),
        ("factors", ("a",), "tuples of numbers"),
    ):
        with pytest.raises(InvalidInput) as caught:
            Mine(**{name: value})
        assert str(caught.value) == f"{name} is {value!r}; allowed are {allowed}"


def test_annotations_that_only_a_function_knows_are_passed_over() -> None:
    class Local:
        pass

    @dataclass(frozen=True)
    class Options:
        value: "Local"

    options = Options(Local())
    check_types(options)
    assert isinstance(options.value, Local)


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError


def test_any_value_can_be_shown_on_one_short_line() -> None:
    for value in (HUGE, -HUGE, [HUGE], torch.zeros(50, 50), "a\nb" * 500, Unprintable(), b"\0"):
        text = shown(value)
        assert len(text) <= 80
        assert text.isprintable()
    assert shown(Unprintable()) == "a Unprintable"


class Plain:
    def method(self) -> None:
        """Has an object's address in its repr."""


def test_no_value_is_shown_by_its_address() -> None:
    assert shown(Plain()) == "a Plain"
    assert shown(torch.Generator()) == "a Generator"
    for value in ([Plain()], {1: Plain}, Plain().method, lambda: None, (each for each in "ab")):
        text = shown(value)
        assert "0x" not in text
        assert text.startswith(("[<", "{1: <", "<"))
    assert shown("<x at 0x12>") == "'<x at 0x12>'"
    assert shown(Plain).startswith("<class ")


def test_whole_numbers_have_bounds() -> None:
    assert whole_number(np.uint8(7), "n", 7, 7) == 7
    with pytest.raises(InvalidInput, match="n is 8; allowed are whole numbers from 7 to 7"):
        whole_number(8, "n", 7, 7)
    with pytest.raises(InvalidInput, match="n is a whole number of 16610 bits; allowed"):
        whole_number(HUGE, "n", 7, 7)


#: What is no number, no text, no sampler and nothing else of the library's.
NOTHING_OF_OURS = [
    None,
    True,
    3,
    HUGE,
    float("nan"),
    "x" * 10**6,
    b"x",
    [],
    {},
    object(),
    1j,
    np.array([1, 2]),
    torch.tensor(3.5),
    torch.tensor([1, 2]),
    nn.Linear(2, 2),
]
TAKES: dict[str, Callable[[Any], object]] = {
    "space": lambda value: PQCNN(4, 2, space=value),
    "input_state": lambda value: PQCNN(4, 2, input_state=0.5 if value is None else value),
    "engine": lambda value: PQCNN(4, 2, engine=value),
    "mesh": lambda value: PQCNN(4, 2, mesh=value),
    "dtype": lambda value: PQCNN(4, 2, dtype=value),
    "photons": lambda value: PQCNN(2, HUGE if value is None or type(value) is int else value),
    "trained": lambda value: PQCNN(
        4, 2, trained=HUGE if value is None or type(value) is int else value
    ),
    "phases": lambda value: PQCNN(4, 2)(0 if value is None else value),
    "seed": lambda value: TrainConfig(seed=-1 if type(value) is int else value),
    "noisy sampler": lambda value: NoisyPQCNN(value, Noise(), 0),
    "noise": lambda value: NoisyPQCNN(PQCNN(4, 2), value, 0),
    "measured sampler": lambda value: measure_distribution(value, Noise(), 0),
    "measured noise": lambda value: measure_distribution(PQCNN(4, 2), value, 0),
    "generator": lambda value: build_generator(value, PQCNN(4, 2), 0),
    **{
        f"sampler of {name}": lambda value, name=name: build_generator(name, value, 0)
        for name in GENERATORS
    },
    "combine": lambda value: QuantumTrain(
        nn.Linear(1, 1), PQCNN(4, 2), "affine", "no" if value is None else value
    ),
    "name": lambda value: register_mapping(value)(Mapping),
    "sizes": lambda value: choose_sizes(9, 1, space=value),
    "path": lambda value: read_idx("\ud800" if value is None else value),
}


@pytest.mark.parametrize("place", TAKES)
@pytest.mark.parametrize("value", NOTHING_OF_OURS, ids=lambda value: repr(type(value).__name__))
def test_what_is_nothing_of_ours_is_refused_in_one_sentence(place: str, value: object) -> None:
    with pytest.raises(InvalidInput) as raised:
        TAKES[place](value)
    assert "allowed" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize(
    "text", ["hashing:buckets=", "random_subspace:dimension=", "low_rank:rank="]
)
def test_an_option_of_any_size_is_shown(text: str) -> None:
    with pytest.raises(InvalidInput, match="is 9+…; allowed are at most 1000000000"):
        baseline_from_text(text + "9" * 3000)
