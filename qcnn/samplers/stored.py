"""Samplers as data that a file can hold: kind and options of each, each once."""

from collections.abc import Sequence
from typing import Any

from qcnn.checks import check_choice, fit_stored, shown, whole_number
from qcnn.errors import InvalidInput
from qcnn.samplers.sampler import Sampler, registered


def store_samplers(samplers: Sequence[Sampler]) -> dict[str, Any]:
    """What :func:`build_samplers` makes samplers like these of.

    One that stands in several places, or is read in several ways, is so again.

    Raises:
        InvalidInput: for a sampler of a class that is not registered.
    """
    distinct: list[Sampler] = []
    for sampler in samplers:
        for each in _with_read(sampler):
            if not any(each is known for known in distinct):
                distinct.append(each)
    places = {id(sampler): place for place, sampler in enumerate(distinct)}
    return {
        "each": [
            {
                "kind": _kind(sampler),
                "of": None if sampler.reads is None else places[id(sampler.reads)],
                "options": sampler.configuration(),
            }
            for sampler in distinct
        ],
        "order": [places[id(sampler)] for sampler in samplers],
    }


def build_samplers(stored: object) -> list[Sampler]:
    """Samplers like those that :func:`store_samplers` was given, whatever their numbers.

    Raises:
        InvalidInput: for anything that it does not return.
    """
    found = fit_stored(stored, {"each": list, "order": tuple[int, ...]}, "samplers")
    made: list[Sampler] = []
    for each in found["each"]:
        one = fit_stored(each, {"kind": str, "of": int | None, "options": dict}, "a sampler")
        check_choice(one["kind"], "kind of a sampler", registered)
        source = None if one["of"] is None else made[_place(one["of"], made)]
        made.append(registered[one["kind"]].from_configuration(one["options"], source))
    return [made[_place(place, made)] for place in found["order"]]


def _with_read(sampler: Sampler) -> list[Sampler]:
    """A sampler behind those that it reads, the first of which reads none."""
    return [sampler] if sampler.reads is None else [*_with_read(sampler.reads), sampler]


def _place(place: int, made: list[Sampler]) -> int:
    if not made:
        raise InvalidInput(
            f"the place of a sampler is {shown(place)}; allowed are those of samplers before it, "
            "and there are none"
        )
    return whole_number(place, "the place of a sampler", 0, len(made) - 1)


def _kind(sampler: Sampler) -> str:
    for name, kind in registered.items():
        # What a subclass does beside is not known here.
        if kind is type(sampler):
            return name
    raise InvalidInput(
        f"a sampler is {shown(sampler)}; allowed in a file are the kinds {', '.join(registered)}"
    )
