"""Values of a command line: what they become, and the sentence about what they may be."""

import click
import pytest

from studies.arguments import ChoiceTexts, PositiveNumbers, WholeNumbers


def convert(kind: click.ParamType, text: str) -> object:
    return kind.convert(text, None, None)


def test_lists_become_tuples() -> None:
    assert convert(WholeNumbers(1), "4,6-8") == (4, 6, 7, 8)
    assert convert(PositiveNumbers(), "0.1,0.03") == (0.03, 0.1)
    assert convert(ChoiceTexts("mapping"), "mixing mps:bond_dimension=4") == (
        "mixing",
        "mps:bond_dimension=4",
    )


@pytest.mark.parametrize("kind", [WholeNumbers(1), PositiveNumbers()])
@pytest.mark.parametrize("text", ["0", "-1", "x", "", "1,,2", "nan", "inf"])
def test_other_numbers_are_refused(kind: click.ParamType, text: str) -> None:
    with pytest.raises(click.BadParameter, match="allowed are"):
        convert(kind, text)


def test_an_unknown_mapping_in_a_list_is_named() -> None:
    with pytest.raises(click.UsageError, match="mapping is 'nothing'; allowed are"):
        convert(ChoiceTexts("mapping"), "mixing nothing")
