"""Does it survive the hardware?

Three models whose weights follow from the distributions in different ways, trained without
noise and evaluated under each kind of it, and trained under it where that is possible.
What is seen and what is compared shares seeds: the same initial phases, the same data
order, the same errors of the chips.
"""

from typing import Any

from torch import nn

from qcnn import Data, QuantumTrain
from qcnn.noise import Noise, NoiseKind, NoisyPQCNN, noise_to_text
from studies.analysis.quoted import NOISE_COSTS, NOISE_COSTS_AT_MOST
from studies.analysis.results import StudyResults
from studies.catalogue import register_study
from studies.design.arguments import OneOf
from studies.design.arms import Arm
from studies.design.noise_levels import LEVELS, at_level, beside, levels, studied_kinds
from studies.design.recipes import MESH_AXIS, cells_of, standard
from studies.design.statistics import points
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Question, Study

_WHITENED = "whitened"
#: Two mappings that lean on the phases, the second one with a budget of 223 parameters, and the
#: paper's with its target and sizes.
MODELS: dict[str, dict[str, Any]] = {
    "mixing": {"target": "cnn2202", "sizes": ((9, 4),) * 5, "mapping": "mixing"},
    "MPS χ = 4": {"mapping": "mps:bond_dimension=4"},
    _WHITENED: {
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
    """What noise costs each model, and the paper's statement."""
    return f"{_range_of_costs(results)}{NOISE_COSTS}"


def _range_of_costs(results: StudyResults) -> str:
    """From the mildest to the worst kind, each at its representative level."""
    found: dict[str, list[float]] = {}
    for result in results.contrasts:
        if result.contrast in _COSTS:
            found.setdefault(result.contrast.setting, []).append(-result.difference.mean)
    if not found:
        return ""
    ranges = ", ".join(
        f"{model} {points(min(each))} to {points(max(each))} points"
        for model, each in found.items()
    )
    return f"One kind of noise at the level compared costs a model trained without it: {ranges}. "


def _trained_under(how_many: str) -> list[Noise]:
    return [
        at_level(kind, level)
        for kind in studied_kinds()
        for level in (kind.trained if how_many == "every" else kind.trained[:1])
    ]


def _evaluated_under(how_many: str) -> list[Noise]:
    """Every level and what acts beside it, each noise once."""
    kinds = studied_kinds()
    found = [at_level(kind, level) for kind in kinds for level in levels(kind, how_many)]
    found += map(beside, kinds)
    return [noise for noise in dict.fromkeys(found) if noise != Noise()]


def _arm(model: str, *, trained: Noise | None = None, evaluated: Noise | None = None) -> Arm:
    """Trained and evaluated under a noise, evaluated only, or neither."""
    if trained is not None:
        return Arm(model, f"trained under {noise_to_text(trained)}")
    if evaluated is not None and evaluated != Noise():
        return Arm(model, f"evaluated under {noise_to_text(evaluated)}")
    return Arm(model, "no noise")


def _costs(model: str, kind: NoiseKind) -> Contrast:
    """The representative level of a kind against what acts beside it alone."""
    first = _arm(model, evaluated=at_level(kind, kind.representative))
    return Contrast(first, _arm(model, evaluated=beside(kind)))


def _gains(model: str, kind: NoiseKind) -> Contrast:
    """Training under the representative level against training without noise."""
    noise = at_level(kind, kind.representative)
    return Contrast(_arm(model, trained=noise), _arm(model, evaluated=noise))


def _gain_is_compared(model: str, kind: NoiseKind) -> bool:
    """Whether training under a kind is compared: 25 contrasts leave whitened one of them."""
    return bool(kind.trained) and (model != _WHITENED or kind.name == "phase_error")


_COMPARED = [kind for kind in studied_kinds() if kind.compared]
_COSTS = tuple(_costs(model, kind) for model in MODELS for kind in _COMPARED)
#: The costs that the paper has a statement on.
OF_PAPERS_KINDS = tuple(
    _costs(model, kind) for model in MODELS for kind in _COMPARED if kind.quoted
)
_GAINS = tuple(
    _gains(model, kind) for model in MODELS for kind in _COMPARED if _gain_is_compared(model, kind)
)

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
        "full": Preset(seeds=10, epochs=20),
    },
    cells=cells,
    figures=("noise", "accuracy", "seeds", "curves"),
    finding=finding,
    measure=accepted_fractions,
    questions=(
        Question(
            "Does a model trained without noise lose at most 3 points under it?",
            _COSTS,
            margin=NOISE_COSTS_AT_MOST,
        ),
        Question("Does training under the noise help?", _GAINS),
    ),
    contrasts=(*_COSTS, *_GAINS),
)
register_study(STUDY)
