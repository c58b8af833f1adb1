"""Types of command-line values."""

import click
import pytest

from qcnn import InvalidInput
from studies.catalogue import studies_by_name
from studies.design.arguments import (
    EPOCHS,
    JOBS,
    MOST_TUNING_SEEDS,
    SEED,
    SEEDS,
    TRIALS,
    ChoiceTexts,
    Folder,
    Names,
    PositiveNumber,
    PositiveNumbers,
    WholeNumber,
    WholeNumbers,
)
from studies.run import main
from studies.run_file import axis_text

_MANY = "allowed are at most 1000 whole numbers from 1 to 1000"
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
        (NAMES, "x" * 999, f"'{'x' * 59}…; allowed are one or more of none,cosine,one-cycle"),
        (WholeNumbers(1), "1_0", "'1_0'; allowed are whole numbers from 1 such as 4,6-8"),
        (WholeNumbers(1), "٣", "'٣'; allowed are whole numbers from 1 such as 4,6-8"),
        (EPOCHS, "1_0", "'1_0'; allowed are whole numbers from 1 to 10000"),
        (EPOCHS, "٣", "'٣'; allowed are whole numbers from 1 to 10000"),
        (PositiveNumber(), "1_0.0", "'1_0.0'; allowed are positive numbers up to 1e+06"),
        (PositiveNumbers(), "0.1,1_0", "'0.1,1_0'; allowed are positive numbers such as 0.01,0.1"),
        (PositiveNumbers(), "٣", "'٣'; allowed are positive numbers such as 0.01,0.1"),
        (Folder(), "", "''; allowed is a folder, there or to be made"),
        (Folder(), __file__, f"'{__file__[:59]}"),
        (WholeNumbers(1), "6-4", "'6-4'; allowed are whole numbers from 1 such as 4,6-8"),
        (WholeNumbers(1), "4,8-6", "'4,8-6'; allowed are whole numbers from 1 such as 4,6-8"),
        (WholeNumbers(1), "1-1000000000", f"'1-1000000000'; {_MANY}"),
        (WholeNumbers(1), "1-9,1000000001", f"'1-9,1000000001'; {_MANY}"),
        (WholeNumbers(1), "1-600,1-600", f"'1-600,1-600'; {_MANY}"),
        (PositiveNumber(), "nan", "'nan'; allowed are positive numbers up to 1e+06"),
        (PositiveNumber(), "inf", "'inf'; allowed are positive numbers up to 1e+06"),
        (PositiveNumber(), "-1", "'-1'; allowed are positive numbers up to 1e+06"),
        (PositiveNumber(), "0.1,0.2", "'0.1,0.2'; allowed are positive numbers up to 1e+06"),
        (PositiveNumber(), "1e300", "'1e300'; allowed are positive numbers up to 1e+06"),
        (PositiveNumbers(), "0.1,1e7", "'0.1,1e7'; allowed are at most 1000 positive numbers up"),
        (SEED, 2**63, f"{2**63}; allowed are whole numbers from 0 to {SEED.most}"),
        (SEED, "9" * 20, f"'{'9' * 20}'; allowed are whole numbers from 0 to {SEED.most}"),
        (SEEDS, 10**9, "1000000000; allowed are whole numbers from 1 to 10000"),
        (EPOCHS, 10**9, "1000000000; allowed are whole numbers from 1 to 10000"),
        (TRIALS, 10**9, "1000000000; allowed are whole numbers from 1 to 1000000"),
        (JOBS, 10**9, "1000000000; allowed are whole numbers from 1 to 1024"),
        (ChoiceTexts("mapping"), "", "0 of them; allowed are from 1 to 1000 with spaces between"),
    ],
)
def test_a_mistake_is_one_sentence(kind: click.ParamType, text: str, sentence: str) -> None:
    with pytest.raises(click.BadParameter) as error:
        kind.convert(text, None, None)
    assert error.value.message.startswith(sentence)


def test_an_unknown_mapping_in_a_list_is_named() -> None:
    with pytest.raises(InvalidInput, match="mapping is 'nothing'; allowed are"):
        ChoiceTexts("mapping").convert("mixing nothing", None, None)


def test_every_seed_that_can_follow_another_can_be_stored() -> None:
    largest = SEED.convert(str(SEED.most), None, None)
    presets = [p for study in studies_by_name.values() for p in study.presets.values()]
    assert 0 < max(preset.after for preset in presets) <= SEEDS.most
    assert largest + SEEDS.most + SEEDS.most + MOST_TUNING_SEEDS == 2**63 - 1
    assert max(preset.tuning_seeds for preset in presets) <= MOST_TUNING_SEEDS


def test_no_option_of_a_study_is_without_bounds() -> None:
    """A number is either one of a few, or of a type with bounds on both sides."""
    context = click.Context(main)
    commands = [main.get_command(context, name) for name in main.list_commands(context)]
    assert len(commands) == len(studies_by_name)
    for command in commands:
        assert command is not None
        for option in command.params:
            kind = option.type
            if isinstance(kind, click.IntRange) and not isinstance(kind, WholeNumber):
                assert kind.max is not None, option.name
            if isinstance(kind, click.FloatRange):
                assert isinstance(kind, PositiveNumber), option.name
            assert kind not in (click.INT, click.FLOAT), option.name


@pytest.mark.parametrize("name", sorted(studies_by_name))
def test_the_default_that_help_shows_can_be_typed(name: str) -> None:
    for axis in studies_by_name[name].axes:
        if axis.default != "":
            shown = axis_text(axis, axis.default)
            assert axis.type.convert(shown, None, None) == axis.default
