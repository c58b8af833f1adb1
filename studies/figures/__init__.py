"""Figures, one file each, drawn from the rows of a study alone."""

from studies.figures.accuracy import ACCURACY
from studies.figures.curves import CURVES
from studies.figures.heat_map import HEAT_MAP
from studies.figures.noise import NOISE

__all__ = ["ACCURACY", "CURVES", "HEAT_MAP", "NOISE"]
