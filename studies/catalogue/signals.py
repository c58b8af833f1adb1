"""Do the answers hold for data that is no image?

The map of ``mode_sweep`` and the arms of ``ablation``, both at the sizes of their preset ``quick``,
on signals of MNIST-1D (arXiv:2011.14439) with convolutions of one dimension. Seeds are as many as
a claim needs; every rate is chosen anew.
"""

from collections.abc import Mapping
from dataclasses import replace

from studies.analysis.sizes import several, single, what_to_choose
from studies.catalogue import ablation, mode_sweep, register_study
from studies.design.arguments import OneOf
from studies.design.arms import Arm
from studies.design.configuration import Configuration
from studies.design.datasets import SIGNALS
from studies.design.recipes import direct_cells, standard
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Question, Study

_SIZED = ("quick", "smoke")
#: For signals the map's own target has 762 weights, of which 220 numbers are no small part; the
#: paper's has 2,450.
_TARGET = "paper"


def tuned(options: Options) -> Mapping[Arm, list[Configuration]]:
    """Every size at every rate, then whatever stands in the PQCNNs' place at every rate."""
    return {
        **mode_sweep.map_at_equal_cost(_as_of(mode_sweep.STUDY, options, target=_TARGET)),
        **ablation.tuned(_as_of(ablation.STUDY, options)),
    }


def cells(options: Options) -> list[Cell]:
    """The target trained directly."""
    return direct_cells(standard(options), options)


def check(options: Options) -> None:
    """Raises InvalidInput for data whose target has too few weights."""
    mode_sweep.check(_as_of(mode_sweep.STUDY, options, target=_TARGET))


def _as_of(study: Study, options: Options, **axes: object) -> Options:
    """The same with the axes of another study, as small as they are asked for."""
    chosen = {axis.name: axis.default for axis in study.axes}
    chosen |= study.presets[options.scope.axes["sized"]].axes
    return replace(options, scope=replace(options.scope, axes=chosen | axes))


def _of_map(contrasts: tuple[Contrast, ...]) -> list[Contrast]:
    """Those between sizes that are on the map."""
    axes = mode_sweep.STUDY.presets["quick"].axes
    sizes = {several((modes, n)) for modes in axes["modes"] for n in axes["photons"] if n < modes}
    there = sizes | {single(photons) for photons in axes["single"]}
    return [contrast for contrast in contrasts if {contrast.first, contrast.second} <= there]


def _of_ablation(question: Question) -> Question:
    """The question of those arms that the preset has."""
    absent = ablation.at(10)
    return replace(question, contrasts=[c for c in question.contrasts if c.setting != absent])


_MORE_PHOTONS, _MORE_MODES, _ONE_LARGE = (
    replace(question, contrasts=_of_map(tuple(question.contrasts)), note="")
    for question in mode_sweep.STUDY.questions
)
_QUESTIONS = (
    *map(_of_ablation, ablation.STUDY.questions),
    _MORE_PHOTONS,
    _MORE_MODES,
    _ONE_LARGE,
)

STUDY = Study(
    name="signals",
    question="Do the answers hold for data that is no image?",
    axes=(Axis("sized", OneOf(_SIZED), "quick", "the preset of mode_sweep and ablation"),),
    presets={
        "smoke": Preset(seeds=1, epochs=1, axes={"sized": "smoke"}),
        "quick": Preset(seeds=3, epochs=8),
        "full": Preset(seeds=12, epochs=20),
    },
    check=check,
    cells=cells,
    tuned=tuned,
    finding=what_to_choose,
    figures=("size_map", "accuracy", "seeds", "rates", "curves"),
    questions=_QUESTIONS,
    contrasts=tuple(dict.fromkeys(c for question in _QUESTIONS for c in question.contrasts)),
    dataset=SIGNALS,
)
register_study(STUDY)
