"""The smallest options of a study: one seed, one epoch, the embedded dataset."""

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from studies.design.study import Amount, Options, Place, Scope, Study


def make_options(folder: Path, axes: Mapping[str, Any], **changes: Any) -> Options:
    """Options that search nothing and run one seed, with ``changes``."""
    smallest = Options(Scope("digits", axes, epochs=1), Place(folder, jobs=1), Amount(seeds=1))
    return changed(smallest, **changes)


def changed(options: Options, **changes: Any) -> Options:
    """The options with changes to the fields of whatever part has them."""
    parts = {}
    for part in ("scope", "place", "amount"):
        before = getattr(options, part)
        names = {field.name for field in fields(before)} & changes.keys()
        parts[part] = replace(before, **{name: changes.pop(name) for name in names})
    assert not changes
    return replace(options, **parts)


def smoke_axes(study: Study) -> dict[str, Any]:
    """The axes of a study under its smoke preset."""
    preset = study.presets["smoke"]
    return {axis.name: preset.axes.get(axis.name, axis.default) for axis in study.axes}
