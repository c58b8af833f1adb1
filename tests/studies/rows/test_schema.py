"""Columns as the schema says them: names, types, defaults and what they allow."""

from dataclasses import fields

import pytest
from stored_rows import CONFIGURATION, arm, make_row

from qcnn import InvalidInput
from studies.design.configuration import AXES, Configuration
from studies.design.study import Cell, RunKey
from studies.rows.runs_file import KEY
from studies.rows.schema import COLUMNS, SCHEMA, Row, record_of, row_of


def test_every_attribute_and_axis_is_a_column_and_is_explained() -> None:
    own = [each.name for each in fields(Row)]
    place = own.index("axes")
    assert (*own[:place], *AXES, *own[place + 1 :]) == COLUMNS
    explained = (Row.__doc__ or "").partition("Attributes:")[2]
    lines = [line.strip() for line in explained.splitlines()]
    names = {name for line in lines for name in line.partition(":")[0].split(", ")}
    assert set(own) <= names


def test_the_types_of_the_axes_are_those_of_the_configuration() -> None:
    kinds = {int: "int64", float: "float64"}
    for axis in fields(Configuration):
        assert SCHEMA[axis.name].kind == kinds.get(axis.type, "str")  # type: ignore[call-overload]
        assert SCHEMA[axis.name].is_axis


def test_a_row_comes_back_from_its_record_with_its_values_in_order() -> None:
    row = make_row(3, val_accuracy=0.83)
    values = dict(zip(COLUMNS, row_of(record_of(row)).values(), strict=True))
    assert {name: values[name] for name in row} == row


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("role", "other", "role is 'other'; allowed are search, final"),
        ("val_accuracy", 1.5, "val_accuracy is 1.5; allowed are numbers from 0 to 1"),
        ("seconds", float("inf"), "seconds is inf; allowed are numbers from 0"),
        ("arm", "x" * 501, "allowed are at most 500 characters that can be printed"),
    ],
)
def test_what_a_column_does_not_allow(column: str, value: object, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        SCHEMA[column].check(value)


def test_the_key_of_a_cell_is_that_of_its_row() -> None:
    row = row_of(record_of(make_row(3)))
    values = dict(zip(COLUMNS, row.values(), strict=True))
    assert KEY == ("configuration", "seed", "role")
    for words in ("one", "another"):
        assert Cell(CONFIGURATION, 3, arm(words)).key == RunKey.of(values)
    assert Cell(CONFIGURATION, 4, arm("one")).key != RunKey.of(values)
