"""Types of command-line values."""

import click
import pytest

from studies.arguments import ChoiceTexts, Names, PositiveNumbers, WholeNumbers
from studies.catalogue import studies_by_name
from studies.run import _default_text

NAMES = Names(("none", "cosine", "one-cycle"))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (WholeNumbers(1), "4,6-8,4", (4, 6, 7, 8)),
        (PositiveNumbers(), "0.1,1e-3,0.1", (0.001, 0.1)),
        (PositiveNumbers(), "2", (2.0,)),
        (NAMES, "one-cycle,none,none", ("none", "one-cycle")),
        (
            ChoiceTexts("mapping"),
            "mixing mps:bond_dimension=4",
            ("mixing", "mps:bond_dimension=4"),
        ),
    ],
)
def test_lists(kind: click.ParamType, text: str, value: object) -> None:
    assert kind.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        (WholeNumbers(2), "1-3", "'1-3'; allowed are whole numbers from 2 such as 4,6-8"),
        (PositiveNumbers(), "0.1,0", "'0.1,0'; allowed are positive numbers such as 0.01,0.1"),
        (PositiveNumbers(), "nan", "'nan'; allowed are positive numbers such as 0.01,0.1"),
        (PositiveNumbers(), "inf", "'inf'; allowed are positive numbers such as 0.01,0.1"),
        (PositiveNumbers(), "fast", "'fast'; allowed are positive numbers such as 0.01,0.1"),
        (NAMES, "none,cosne", "'none,cosne'; allowed are one or more of none,cosine,one-cycle"),
        (NAMES, "", "''; allowed are one or more of none,cosine,one-cycle"),
    ],
)
def test_a_mistake_is_one_sentence(kind: click.ParamType, text: str, sentence: str) -> None:
    with pytest.raises(click.BadParameter) as error:
        kind.convert(text, None, None)
    assert error.value.message == sentence


def test_an_unknown_mapping_in_a_list_is_named() -> None:
    with pytest.raises(click.UsageError, match="mapping is 'nothing'; allowed are"):
        ChoiceTexts("mapping").convert("mixing nothing", None, None)


@pytest.mark.parametrize("name", sorted(studies_by_name))
def test_the_default_that_help_shows_can_be_typed(name: str) -> None:
    for axis in studies_by_name[name].axes:
        if axis.default != "":
            shown = _default_text(axis)
            assert axis.type.convert(shown, None, None) == axis.default
