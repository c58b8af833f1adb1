"""How many shots would a device need?

Read-out: models are trained without noise, then the probabilities that they read are counted, with
10⁴ to 10⁹ shots in all, of which each PQCNN has an equal part. A shot is one firing of the source;
accepted are those that end in an outcome that the PQCNN has, here without two photons in a mode,
and the pages say how many. Three models have the same mapping, move their weights in about as many
directions (225, 220 and 224) and differ in what they read: every outcome, which pairs of modes hold
photons, or which modes do. The last has more PQCNNs than the others, and is compared at as many
shots in all. What is seen and what is compared shares seeds, and so the trained model.

When a device would be faster than the simulation is another question:
``python -m bench.break_even``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import harmonic_mean

import numpy as np
import pandas as pd

from qcnn.noise import noise_from_text
from qcnn.noise.device import DRAWN, check_platform
from studies.analysis.results import MARGIN, StudyResults
from studies.catalogue import register_study
from studies.design.arguments import Name, OneOf
from studies.design.configuration import sizes_from_text
from studies.design.measures import END, measured_moments
from studies.design.noise_levels import LEVELS
from studies.design.recipes import MESH_AXIS, cells_of, effective_parameters_of
from studies.design.roles import has_trained
from studies.design.statistics import Interval, mean_interval, percent_interval, points
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Question, Study
from studies.design.weight_errors import ACCEPTED, ERROR, LEAST, READ, weight_errors
from studies.settings.read_out import (
    MODELS,
    OUTCOMES,
    PAIRS,
    SINGLES,
    UNLIMITED,
    by_shots,
    exact,
    read_by_shots,
    read_exactly,
    shots_of,
)

_PAGES = {"When would a device be faster than its simulation?": "bench/break_even.md"}


def check(options: Options) -> None:
    """Raises InvalidInput for a remote platform without its token."""
    check_platform(options.scope.axes["platform"])


def read_out(options: Options) -> list[Cell]:
    """The runs without noise come first: the evaluations take their trained models."""
    device = options.scope.axes["platform"]
    trained, counted = [], []
    for model in MODELS:
        trained += cells_of(exact(model), read_exactly(options, model), options)
        for shots in shots_of(options.scope.axes["levels"], device):
            configuration = read_by_shots(options, model, shots, device)
            counted += cells_of(by_shots(model, shots, device), configuration, options)
    return trained + counted


@dataclass(frozen=True)
class Level:
    """What a model loses at one number of shots.

    Attributes:
        shots: that the source fires for each PQCNN.
        accepted: how many of them each PQCNN accepts, the harmonic mean, by which the error goes.
        loss: test accuracy without noise minus that by these shots, paired by seed, of the seeds
            that train (fractions).
        accuracy: by these shots.
        error: of the weights, in units of 1/√fan-in.
    """

    shots: int
    accepted: float
    loss: Interval
    accuracy: Interval
    error: float


def levels_of(results: StudyResults, model: str) -> list[Level]:
    """What a model loses at each number of shots that are drawn, fewest first."""
    final = results.final
    runs = final[final["setting"] == model]
    clean = runs[(runs["arm"] == UNLIMITED) & has_trained(runs)].set_index("seed")
    counted = runs[(runs["evaluated_under"] != "") & (runs["device"] == DRAWN)]
    found = []
    for shots, part in counted.groupby(counted["evaluated_under"].map(_shots_of)):
        pairs = part.set_index("seed").join(clean["test_accuracy"].rename("clean"), how="inner")
        if pairs.empty:
            continue
        measured = pd.DataFrame(list(pairs["measured"].map(_at_the_end)))
        losses = pairs["clean"] - pairs["test_accuracy"]
        found.append(
            Level(
                int(shots),
                harmonic_mean(measured[ACCEPTED]),
                mean_interval(losses),
                mean_interval(pairs["test_accuracy"]),
                float(measured[ERROR].pow(2).mean() ** 0.5),
            )
        )
    return found


def errors_of_a_shot(results: StudyResults, model: str) -> tuple[float, float] | None:
    """Of the weights of a model: as it reads them, and the least; none where nothing has run."""
    clean = results.runs_of(exact(model))
    measured = pd.DataFrame(list(clean["measured"].map(_at_the_end)))
    if measured.empty or READ not in measured:
        return None
    read, least = (float(measured[name].pow(2).mean() ** 0.5) for name in (READ, LEAST))
    return read, least


def shots_within(levels: Sequence[Level], margin: float, which: str = "mean") -> float:
    """Accepted shots from which on a model loses at most a margin.

    The loss is interpolated between levels, along the logarithm of the shots.

    Args:
        levels: of one model, fewest shots first.
        margin: the largest loss, a fraction.
        which: the mean loss, or the ``low`` or ``high`` end of its interval.

    Returns:
        0 where the fewest shots suffice, infinity where the most do not, or where there is no
        interval.

    >>> losses = ((100, 0.05), (1000, 0.03), (10_000, 0.0))
    >>> found = [Level(0, n, Interval(loss, loss, loss, 2), None, 0) for n, loss in losses]
    >>> round(shots_within(found, 0.01)), shots_within(found, 0.1), shots_within(found[:2], 0.01)
    (4642, 0.0, inf)
    """
    loss = [getattr(level.loss, which) for level in levels]
    within = [each <= margin for each in loss]
    if not within or not within[-1]:
        return float("inf")
    if all(within):
        return 0.0
    # The last level that loses more, and the one after it.
    last = len(within) - 1 - within[::-1].index(False)
    share = (loss[last] - margin) / (loss[last] - loss[last + 1])
    ends = np.log([levels[last].accepted, levels[last + 1].accepted])
    return float(np.exp(ends[0] + share * (ends[1] - ends[0])))


def overview(results: StudyResults) -> pd.DataFrame:
    """Of each model what it needs to stay within a point, and what of that is the reading."""
    lines = []
    for model in MODELS:
        levels, errors = levels_of(results, model), errors_of_a_shot(results, model)
        if not levels or errors is None:
            continue
        clean = results.runs_of(exact(model))
        number = len(sizes_from_text(clean["sizes"].iloc[0]))
        needed = shots_within(levels, MARGIN)
        read, least = errors
        share = levels[-1].accepted / levels[-1].shots
        lines.append(
            {
                "model": model,
                "effective directions": str(effective_parameters_of(clean).iloc[0]),
                "test, unlimited": percent_interval(mean_interval(clean["test_accuracy"])),
                "accepted of the shots": f"{100 * share:.0f} %",
                "accepted within 1 point, each PQCNN": _in_words(levels, needed),
                "fired for that in all": _number(number * needed / share)
                if 0 < needed < np.inf
                else "–",
                "weight error there": f"{read * needed**-0.5:.2g}" if 0 < needed < np.inf else "–",
                "error over the least": f"{read / least:.2g}",
            }
        )
    return pd.DataFrame(lines)


def finding(results: StudyResults) -> str:
    """The shots that each model needs to stay within a point, and what limits it."""
    table = overview(results)
    if table.empty:
        return ""
    needs = "; ".join(
        f"{row['model']} {row['accepted within 1 point, each PQCNN']}"
        + (
            f" ({row['fired for that in all']} fired in all)"
            if row["fired for that in all"] != "–"
            else ""
        )
        for row in table.to_dict("records")
    )
    limits = ", ".join(
        f"{row['model']} {row['error over the least']}" for row in table.to_dict("records")
    )
    return (
        f"Accepted shots for each PQCNN to stay within {points(MARGIN)} points of unlimited ones, "
        f"interpolated between the levels: {needs}. What limits them is the shot noise of the "
        "weights; beside the least that as many shots allow whoever knows the mesh (Cramér–Rao) it "
        f"is larger by these factors: {limits}."
    )


def _in_words(levels: Sequence[Level], needed: float) -> str:
    """The number with what the ends of the losses' intervals give."""
    if needed == 0:
        return f"fewer than {_number(levels[0].accepted)}"
    if needed == np.inf:
        return f"more than {_number(levels[-1].accepted)}"
    low, high = (shots_within(levels, MARGIN, which) for which in ("low", "high"))
    least = _number(low) if low else f"< {_number(levels[0].accepted)}"
    most = _number(high) if high < np.inf else f"> {_number(levels[-1].accepted)}"
    return f"{_number(needed)} [{least}, {most}]"


def _number(value: float) -> str:
    """Two digits of a large number.

    >>> _number(46_423.0)
    '46,000'
    """
    return f"{float(f'{value:.2g}'):,.0f}"


def _shots_of(noise: str) -> int:
    return noise_from_text(noise).shots


def _at_the_end(text: str) -> dict[str, float]:
    return measured_moments(text).get(END, {})


def _suffices(model: str, shots: int) -> Contrast:
    return Contrast(by_shots(model, shots), exact(model))


_MANY = tuple(_suffices(model, 1_000_000) for model in MODELS)
_FEWER_OF_MARGINALS = tuple(_suffices(model, 100_000) for model in (PAIRS, SINGLES))
_FEWER_OF_OUTCOMES = (_suffices(OUTCOMES, 100_000),)
_AT_FEW = tuple(
    Contrast(by_shots(model, shots), by_shots(OUTCOMES, shots), f"{shots:,} shots in all")
    for shots in (10_000, 100_000)
    for model in (PAIRS, SINGLES)
)
_COST = tuple(
    Contrast(exact(model), exact(OUTCOMES), "mixing, read exactly") for model in (PAIRS, SINGLES)
)

STUDY = Study(
    name="hardware",
    question="How many shots would a device need?",
    axes=(
        Axis("levels", OneOf(LEVELS), "every", "how many numbers of shots"),
        Axis(
            "platform",
            Name(),
            DRAWN,
            "what counts the shots: drawn at once, local (Perceval), or a remote platform's name",
        ),
        MESH_AXIS,
    ),
    presets={
        "smoke": Preset(seeds=1, epochs=1, axes={"levels": "one"}),
        "quick": Preset(seeds=3, epochs=8, axes={"levels": "few"}),
        "full": Preset(seeds=12, epochs=20),
    },
    cells=read_out,
    check=check,
    figures=("shots", "accuracy", "seeds", "curves"),
    finding=finding,
    overview=overview,
    measure=weight_errors,
    pages=_PAGES,
    questions=(
        Question(
            "Do 1,000,000 shots in all suffice to stay within 1 point of unlimited ones?",
            _MANY,
            margin=MARGIN,
        ),
        Question(
            "Do 100,000 shots in all suffice where mixing reads every outcome?",
            _FEWER_OF_OUTCOMES,
            margin=MARGIN,
        ),
        Question(
            "Do 100,000 shots in all suffice where mixing reads low-order marginals?",
            _FEWER_OF_MARGINALS,
            margin=MARGIN,
        ),
        Question(
            "Are low-order marginals better than all outcomes where shots are few (10,000 or "
            "100,000 in all)?",
            _AT_FEW,
        ),
        Question(
            "Are they as good as all outcomes, to a point, where both are read exactly?",
            _COST,
            margin=MARGIN,
        ),
    ),
    contrasts=(*_MANY, *_FEWER_OF_OUTCOMES, *_FEWER_OF_MARGINALS, *_AT_FEW, *_COST),
)
register_study(STUDY)
