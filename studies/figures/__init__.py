"""Figures, one file each, drawn from the rows of a study alone."""

import studies.figures._first  # noqa: F401 - before what imports matplotlib
from studies.figures.accuracy import ACCURACY
from studies.figures.curves import CURVES
from studies.figures.heat_map import HEAT_MAP
from studies.figures.methods import METHODS
from studies.figures.noise import NOISE
from studies.figures.rates import RATES
from studies.figures.seeds import SEEDS
from studies.figures.signals import SIGNALS

__all__ = ["ACCURACY", "CURVES", "HEAT_MAP", "METHODS", "NOISE", "RATES", "SEEDS", "SIGNALS"]
