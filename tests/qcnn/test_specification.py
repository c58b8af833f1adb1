"""Choices as text: one text for a choice, and a sentence for every other."""

from dataclasses import dataclass, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qcnn import InvalidInput, baseline_from_text, mapping_from_text, target_from_text
from qcnn.baselines import baseline_names
from qcnn.mappings import mapping_names
from qcnn.noise import Noise, noise_from_text, noise_to_text
from qcnn.registry import baselines, mappings
from qcnn.specification import format_choice, parse_choice


@dataclass(frozen=True)
class Options:
    count: int = 3
    rate: float = 0.5
    flag: bool = False
    factors: tuple[float, ...] = (0.5, 1.0)
    widths: tuple[int, ...] = ()
    limit: int | None = None
    name: str = "a"


REGISTRY = {"options": Options}


def parse(text: object) -> Options:
    return parse_choice(text, "kind", REGISTRY)  # type: ignore[arg-type]


@given(
    st.builds(
        Options,
        count=st.integers(),
        rate=st.floats(allow_nan=False),
        flag=st.booleans(),
        factors=st.lists(st.floats(allow_nan=False, allow_infinity=False)).map(tuple),
        widths=st.lists(st.integers()).map(tuple),
        name=st.text("abc_=.", max_size=5),
    )
)
def test_every_choice_has_a_text_that_is_read_back(choice: Options) -> None:
    text = format_choice(choice, "kind", REGISTRY)
    if "e+" not in text:  # a plus joins the members of a tuple
        assert parse(text) == choice


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("options:count=1,count=2", "count of kind options is given twice; allowed is once"),
        ("options:count=1,count=1", "count of kind options is given twice; allowed is once"),
        ("options:count=", "count of kind options is ''; allowed is a value of type int"),
        ("options:count", "count of kind options is ''; allowed is a value of type int"),
        ("options:count= 4", "count of kind options is ' 4'; allowed"),
        ("options:count=4 ", "count of kind options is '4 '; allowed"),
        ("options:count=1_0", "count of kind options is '1_0'; allowed"),
        ("options:count=٣", "count of kind options is '٣'; allowed"),
        ("options:count=1.0", "count of kind options is '1.0'; allowed"),
        ("options:count=True", "count of kind options is 'True'; allowed"),
        ("options:count=" + "9" * 5000, "count of kind options is '999"),
        ("options:rate=", "rate of kind options is ''; allowed is a value of type float"),
        ("options:rate=1_0", "rate of kind options is '1_0'; allowed"),
        ("options:rate=0.5=1", "rate of kind options is '0.5=1'; allowed"),
        ("options:flag=yes", "flag of kind options is 'yes'; allowed is a value of type bool"),
        ("options:flag=", "flag of kind options is ''; allowed"),
        ("options:limit=3", "limit of kind options is '3'; allowed is a value of type NoneType"),
        ("options:widths=4++8", "widths of kind options is ''; allowed"),
        ("options:widths=+4", "widths of kind options is ''; allowed"),
        ("options:count=4,", "option of kind options is ''; allowed are count, rate"),
        ("options:,,", "option of kind options is ''; allowed"),
        ("options:count=4;x", "count of kind options is '4;x'; allowed"),
        ("options:count=4:x", "count of kind options is '4:x'; allowed"),
        ("options:count=4, rate=1", "option of kind options is ' rate'; allowed"),
        (" options", "kind is ' options'; allowed are options"),
        ("", "kind is ''; allowed are options"),
        (None, "kind is None; allowed are options"),
        (["options"], "kind is ['options']; allowed are options"),
        ("x" * 500, "kind is 'xxx"),
    ],
)
def test_any_other_text_is_one_short_sentence(text: object, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(text)
    assert str(caught.value).startswith(sentence)
    assert len(str(caught.value)) < 300


def test_flags_are_read_as_they_are_written() -> None:
    assert parse("options:flag=True").flag is True
    assert parse("options:flag=False").flag is False


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "-1e999"])
def test_no_option_of_a_choice_is_infinite(value: str) -> None:
    choices = [(mapping_from_text, name) for name in mapping_names()]
    choices += [(baseline_from_text, name) for name in baseline_names()]
    for read, name in choices:
        for field in fields(read(name)):  # type: ignore[arg-type]
            if field.type is float:
                with pytest.raises(InvalidInput, match=f"{field.name} is -?(nan|inf); allowed"):
                    read(f"{name}:{field.name}={value}")
    for field in fields(Noise):
        with pytest.raises(InvalidInput):
            noise_from_text(f"{field.name}={value}")


def mapping_text(mapping: object) -> str:
    return format_choice(mapping, "mapping", mappings)


def baseline_text(baseline: object) -> str:
    return format_choice(baseline, "baseline", baselines)


@pytest.mark.parametrize(
    ("read", "write", "text"),
    [
        (mapping_from_text, mapping_text, "whitened:scale=100.0"),
        (mapping_from_text, mapping_text, "mps:bond_dimension=4,form=torchmps"),
        (baseline_from_text, baseline_text, "random_subspace:dimension=7,directions=orthogonal"),
        (noise_from_text, noise_to_text, "g2=0.05,shots=1000"),
        (noise_from_text, noise_to_text, ""),
    ],
)
def test_texts_of_stored_rows_stay_as_they_are(read, write, text: str) -> None:  # type: ignore[no-untyped-def]
    assert write(read(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "cnn:channels=1000000",
        "cnn:channels=99999999999",
        "cnn:channels=4+1000000",
        "cnn:hidden=1000000",
        "cnn:hidden=99999999999999999999",
        "cnn:hidden=1000+100000+1000",
        "cnn:kernel=28,channels=100000",
    ],
)
def test_huge_targets_are_refused_before_anything_is_built(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.nn.Conv2d", None)
    monkeypatch.setattr("torch.nn.Linear", None)
    with pytest.raises(InvalidInput, match="allowed"):
        target_from_text(text).build()
