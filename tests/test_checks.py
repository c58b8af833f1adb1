"""Every option of every dataclass of options: right types are taken, wrong ones named."""

from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_type_hints

import numpy as np
import pytest
import torch

from qcnn import AlternatingConfig, ConvolutionalNetwork, InvalidInput, TrainConfig
from qcnn.baselines._base import registered as baselines
from qcnn.checks import check_types, shown, whole_number
from qcnn.mappings import Mapping
from qcnn.mappings._base import registered as mappings
from qcnn.noise import Noise

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


def test_whole_numbers_have_bounds() -> None:
    assert whole_number(np.uint8(7), "n", 7, 7) == 7
    with pytest.raises(InvalidInput, match="n is 8; allowed are whole numbers from 7 to 7"):
        whole_number(8, "n", 7, 7)
    with pytest.raises(InvalidInput, match="n is a whole number of 16610 bits; allowed"):
        whole_number(HUGE, "n", 7, 7)
