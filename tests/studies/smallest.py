"""The smallest options of a study: one seed, one epoch, the embedded dataset."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studies.design.study import Options, Study


def make_options(folder: Path, axes: Mapping[str, Any], **changes: Any) -> Options:
    """Options that search nothing and run one seed, with ``changes``."""
    smallest: dict[str, Any] = {
        "dataset": "digits",
        "trials": 0,
        "finalists": 0,
        "seeds": 1,
        "long_seeds": 0,
        "epochs": 1,
        "jobs": 1,
        "seed": 0,
    }
    return Options(**{**smallest, "out": folder, "axes": axes, **changes})


def smoke_axes(study: Study) -> dict[str, Any]:
    """The axes of a study under its smoke preset."""
    preset = study.presets["smoke"]
    return {axis.name: preset.axes.get(axis.name, axis.default) for axis in study.axes}
