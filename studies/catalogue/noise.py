"""Does it survive the hardware?

Four models whose weights follow from the distributions in different ways, the paper's own form
among them, by two protocols: trained without noise and evaluated under each kind of it, and
trained and evaluated under it where that is possible. Either way a model is compared with that
trained and evaluated without. What is seen and what is compared shares seeds: the same initial
phases, the same data order, the same errors of the chips. Contrasts are about what the paper has
a statement on, with brightness and transmittance as the accepted shots that they cost.
"""

from typing import Any

from torch import nn

from qcnn import Data, QuantumTrain
from qcnn.noise import Noise, NoiseKind, NoisyPQCNN, noise_kinds, noise_to_text
from studies.analysis.quoted import NOISE_COSTS, NOISE_COSTS_AT_MOST, quoted_beside
from studies.analysis.results import StudyResults
from studies.catalogue import register_study
from studies.design.arguments import OneOf
from studies.design.arms import Arm
from studies.design.noise_levels import (
    LEVELS,
    as_evaluated,
    at_level,
    beside,
    levels,
    studied_kinds,
)
from studies.design.recipes import MESH_AXIS, cells_of, standard
from studies.design.statistics import points
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Question, Study

#: Two mappings that lean on the phases, the second one with a budget of 223 parameters, and the
#: paper's with its target and sizes, in the lean form and in its own with the rates that it has in
#: ``bond_dimension``.
MODELS: dict[str, dict[str, Any]] = {
    "mixing": {"target": "cnn2202", "sizes": ((9, 4),) * 5, "mapping": "mixing"},
    "MPS χ = 4": {"mapping": "mps:bond_dimension=4"},
    "MPS χ = 4, the paper's form": {
        "mapping": "mps:bond_dimension=4,form=torchmps,placement=source",
        "learning_rate": 0.001,
        "phase_learning_rate": 0.03,
    },
    "whitened": {
        "target": "cnn:channels=3+3,kernel=5+3,pooling=3+2",
        "sizes": ((9, 4),) * 14,
        "trained_phases": 15,
        "mapping": "whitened",
        "learning_rate": 0.01,
    },
}


def cells(options: Options) -> list[Cell]:
    """The runs without noise come first: the evaluations take their trained models."""
    how_many = options.scope.axes["levels"]
    clean, trained, evaluated = [], [], []
    for model, choices in MODELS.items():
        configuration = standard(options, **choices)
        clean += cells_of(_arm(model), configuration, options)
        for noise in _trained_under(how_many):
            changed = standard(options, **choices, noise=noise_to_text(noise))
            trained += cells_of(_arm(model, trained=noise), changed, options)
        for noise in _evaluated_under(how_many):
            changed = standard(options, **choices, evaluated_under=noise_to_text(noise))
            evaluated += cells_of(_arm(model, evaluated=noise), changed, options)
    return clean + trained + evaluated


def accepted_fractions(model: nn.Module, _: Data) -> dict[str, Any]:
    """How many of the shots each noisy PQCNN accepts."""
    assert isinstance(model, QuantumTrain)  # the study has no other models
    noisy = [sampler for sampler in model.pqcnns() if isinstance(sampler, NoisyPQCNN)]
    if not noisy:
        return {}
    return {"accepted_fraction": [sampler.measure().accepted_fraction for sampler in noisy]}


def finding(results: StudyResults) -> str:
    """What noise costs each model, and the paper's statement beside runs on its images."""
    statement = quoted_beside(results.rows["dataset"], NOISE_COSTS)
    return f"{_range_of_costs(results)}{statement}".strip()


def _range_of_costs(results: StudyResults) -> str:
    """By each protocol from the mildest to the worst kind, each at its representative level."""
    sentences = []
    for protocol, contrasts in COSTS.items():
        found: dict[str, list[float]] = {}
        for result in results.contrasts:
            if result.contrast in contrasts and result.difference.pairs:
                found.setdefault(result.contrast.setting, []).append(-result.difference.mean)
        ranges = "; ".join(
            f"{model} {points(min(each))} to {points(max(each))} points"
            for model, each in found.items()
        )
        if ranges:
            sentences.append(f"One kind of noise costs models {protocol}: {ranges}. ")
    return "".join(sentences)


def _trained_under(how_many: str) -> list[Noise]:
    return [
        at_level(kind, level)
        for kind in studied_kinds()
        for level in (kind.trained if how_many == "every" else kind.trained[:1])
    ]


def _evaluated_under(how_many: str) -> list[Noise]:
    """Every level and what acts beside it, each evaluation once."""
    kinds = studied_kinds()
    found = [at_level(kind, level) for kind in kinds for level in levels(kind, how_many)]
    found += map(beside, kinds)
    once: dict[Noise, Noise] = {}
    for noise in found:
        once.setdefault(as_evaluated(noise), noise)
    return [noise for evaluated, noise in once.items() if evaluated != Noise()]


def _arm(model: str, *, trained: Noise | None = None, evaluated: Noise | None = None) -> Arm:
    """Trained and evaluated under a noise, evaluated only, or neither."""
    if trained is not None:
        return Arm(model, f"trained under {noise_to_text(trained)}")
    if evaluated is not None:
        return Arm(model, f"evaluated under {noise_to_text(evaluated)}")
    return Arm(model, "no noise")


def _at_representative(kind: NoiseKind) -> Noise:
    return at_level(kind, kind.representative)


def _costs_untrained(model: str, kind: NoiseKind) -> Contrast:
    """The noise that the model was not trained under against none."""
    return Contrast(_arm(model, evaluated=_at_representative(kind)), _arm(model))


def _costs_trained(model: str, kind: NoiseKind) -> Contrast:
    """Training and evaluation under the noise against both without."""
    return Contrast(_arm(model, trained=_at_representative(kind)), _arm(model))


def _gains(model: str, kind: NoiseKind) -> Contrast:
    """Training under the noise against training without, both evaluated under it."""
    noise = _at_representative(kind)
    return Contrast(_arm(model, trained=noise), _arm(model, evaluated=noise))


_COMPARED = [kind for kind in studied_kinds() if kind.compared]
#: What noise costs, by how the models were trained.
COSTS = {
    "trained without it": tuple(
        _costs_untrained(model, kind) for model in MODELS for kind in _COMPARED
    ),
    "trained under it": tuple(
        _costs_trained(model, kind) for model in MODELS for kind in _COMPARED if kind.trained
    ),
}
_WITHOUT, _UNDER = COSTS.values()
#: 25 contrasts leave one kind for these.
_GAINS = tuple(_gains(model, noise_kinds()["indistinguishability"]) for model in MODELS)

STUDY = Study(
    name="noise",
    question="Does it survive the hardware?",
    axes=(
        Axis("levels", OneOf(LEVELS), "every", "how many levels of each kind of noise"),
        MESH_AXIS,
    ),
    presets={
        "smoke": Preset(seeds=1, epochs=1, axes={"levels": "one"}),
        "quick": Preset(seeds=3, epochs=8, axes={"levels": "few"}),
        "full": Preset(seeds=12, epochs=20),
    },
    cells=cells,
    figures=("noise", "accuracy", "seeds", "curves"),
    finding=finding,
    measure=accepted_fractions,
    questions=(
        Question(
            "Does a model trained without noise lose at most 3 points under it?",
            _WITHOUT,
            margin=NOISE_COSTS_AT_MOST,
            note="Outcomes that the clean source cannot give are discarded before.",
        ),
        Question(
            "Does a model trained and evaluated under noise lose at most 3 points to it?",
            _UNDER,
            margin=NOISE_COSTS_AT_MOST,
        ),
        Question(
            "Does it help to train with photons as distinguishable as those of the evaluation?",
            _GAINS,
        ),
    ),
    contrasts=(*_WITHOUT, *_UNDER, *_GAINS),
    looks=(10,),
)
register_study(STUDY)
