"""A run in one file: TOML with the study, the dataset, the preset and every other choice.

Each value stands there as it would be typed behind the option of its name. Where and how a
command runs (``--out``, ``--jobs``, ``--storage``, ``--retry-failed``) is not part of it.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from qcnn import InvalidInput
from qcnn.checks import did_you_mean, reason, shown
from studies.design.arguments import ChoiceTexts
from studies.design.configuration import shortened
from studies.design.study import Amount, Axis, Scope, Study

NAME = "run.toml"
#: Its first key, which names the command that has the other ones as its options.
_STUDY = "study"
#: Options of a command's place, and what else it has beside its choices.
_NO_CHOICES = ("out", "jobs", "storage", "retry_failed", "help")


def run_file_text(study: Study, scope: Scope, amount: Amount) -> str:
    """The file of a run that asks for these.

    Args:
        study: the study.
        scope: what the command asks about.
        amount: how much it does, with the preset in words.
    """
    values: dict[str, str | int] = {
        _STUDY: study.name,
        "dataset": scope.dataset,
        "preset": amount.preset.partition(",")[0],
    }
    if study.search is not None:
        values["trials"] = amount.trials
    values |= {"seeds": amount.seeds, "epochs": scope.epochs, "seed": scope.seed}
    values |= {axis.name: axis_text(axis, scope.axes[axis.name]) for axis in study.axes}
    # A study without epochs of its own, and a search without trials, have no choice of these.
    written = {name: value for name, value in values.items() if value != 0 or name == "seed"}
    # JSON's numbers and texts, of the characters that names have, are TOML's.
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in written.items())


def axis_text(axis: Axis, value: Any) -> str:
    """A value of an axis as it would be typed."""
    if not isinstance(value, tuple):
        return str(value)
    return (" " if isinstance(axis.type, ChoiceTexts) else ",").join(map(str, value))


def read_run_file(path: Path) -> dict[str, str]:
    """The texts of a run's file by their keys, the study among them.

    Raises:
        InvalidInput: if it is no file, not TOML, or holds other than texts and numbers.
    """
    if not path.is_file():
        raise InvalidInput(f"config is {str(path)!r}; allowed are files such as {NAME}")
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{path} is no TOML ({reason(error)}); allowed is a file as a run writes it"
        ) from None
    for key, value in found.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise InvalidInput(
                f"{key} in {path} is {shown(value)}; allowed are texts and numbers, as they "
                "would be typed"
            )
    if _STUDY not in found:
        raise InvalidInput(f"{_STUDY} in {path} is missing; allowed are names of studies")
    return {key: str(value) for key, value in found.items()}


def study_of(values: Mapping[str, str], path: Path, names: list[str]) -> str:
    """The study of a run's file.

    Raises:
        InvalidInput: for one that there is not.
    """
    name = values[_STUDY]
    if name not in names:
        raise InvalidInput(
            f"{_STUDY} in {path} is {shortened(name)}; allowed are {', '.join(names)}"
            f"{did_you_mean(name, names)}"
        )
    return name


def typed_options(values: Mapping[str, str], path: Path, command: click.Command) -> Iterator[str]:
    """What would be typed behind the study's name for the choices of a run's file.

    Args:
        values: of the file.
        path: of the file.
        command: that of the study.

    Raises:
        InvalidInput: naming file and key, for a key that is no choice of the study, and a value
            that its option does not take.
    """
    context = click.Context(command)
    options = {str(p.name): p for p in command.params if p.name not in _NO_CHOICES}
    for key, text in values.items():
        if key == _STUDY:
            continue
        if key not in options:
            raise InvalidInput(
                f"a key in {path} is {shortened(key)}; allowed are {_STUDY}, {', '.join(options)}"
                f"{did_you_mean(key, options)}"
            )
        option = options[key]
        try:
            option.type.convert(text, option, context)
        except click.BadParameter as error:
            raise InvalidInput(f"{key} in {path} is {error.message}") from None
        except InvalidInput as error:
            raise InvalidInput(f"{path}, {key}: {error}") from None
        yield f"{max(option.opts, key=len)}={text}"
