"""``python -m studies.simulation``: how often the statistics of the pages are right.

Studies are made up of which everything is known, a tenth of their seeds at chance, and judged by
what judges the stored ones.
"""

from collections.abc import Sequence

import click
import numpy as np
import pandas as pd

from studies.analysis.comparisons import PairedDifference, holm
from studies.analysis.results import LEVEL, StudyResults, Verdict
from studies.design.arguments import WholeNumber
from studies.design.arms import Arm
from studies.design.roles import COMPLETE, FINAL
from studies.design.statistics import (
    Interval,
    interquartile_interval,
    interquartile_mean,
    median_interval,
)
from studies.design.study import Contrast, Study
from studies.sentences import command_line

SEEDS, FAILING = 16, 0.1
#: Fractions. What a seed does to both arms and to each: differences of pairs have a standard
#: deviation of 1.6 points, the median of the stored contrasts.
ACCURACY, SHARED, OWN = 0.9, 0.007, 0.011
CHANCE, AT_CHANCE = 0.1, 0.005
CONTRASTS = tuple(Contrast(Arm(f"n = {n}", "first"), Arm(f"n = {n}", "second")) for n in range(5))
_STUDY = Study(
    name="simulation",
    question="How often are the statistics right?",
    axes=(),
    presets={},
    cells=lambda _: [],
    figures=(),
    contrasts=CONTRASTS,
)
_MANY = 1_000_000


def accuracies(random: np.random.Generator, advantage: float, seeds: int) -> pd.DataFrame:
    """Test accuracies of a made-up arm of each kind, a column each, by seed from 1 on.

    Args:
        random: what they are drawn from.
        advantage: of the first arm where it trains, as a fraction.
        seeds: how many.
    """
    shared = random.normal(ACCURACY, SHARED, seeds)
    found = {}
    for name, more in (("first", advantage), ("second", 0.0)):
        trained = shared + more + random.normal(0, OWN, seeds)
        failed = random.random(seeds) < FAILING
        found[name] = np.where(failed, random.normal(CHANCE, AT_CHANCE, seeds), trained)
    # The test images are 10,000.
    return pd.DataFrame(found, index=pd.RangeIndex(1, seeds + 1, name="seed")).round(4)


def rows_of(random: np.random.Generator, advantage: float) -> pd.DataFrame:
    """The rows of a made-up study, as far as its contrasts look at them."""
    arms = [
        pd.DataFrame({"setting": contrast.setting, "arm": name, "test_accuracy": values})
        for contrast in CONTRASTS
        for name, values in accuracies(random, advantage, SEEDS).items()
    ]
    return (
        pd.concat(arms)
        .reset_index()
        .assign(
            role=FINAL,
            status=COMPLETE,
            epochs=1,
            trainable_parameters=1,
            evaluated_under="",
            look=0,
        )
    )


def judged(
    random: np.random.Generator, advantage: float, population: pd.Series
) -> dict[str, float]:
    """What is right in one made-up study, as shares of its contrasts, and half widths (points).

    Args:
        random: what it is drawn from.
        advantage: of the first arms where they train, as a fraction.
        population: many runs of a first arm.
    """
    rows = rows_of(random, advantage)
    results = StudyResults(_STUDY, rows).contrasts
    both = [result.difference for result in results]
    every = [result.overall for result in results]
    arm = rows["test_accuracy"][:SEEDS]
    median, middle = median_interval(arm), interquartile_interval(arm)
    shown = np.array([result.verdict is Verdict.SHOWN for result in results])
    failures = np.array([result.failure_verdict is Verdict.SHOWN for result in results])
    naive = np.array(holm([difference.p for difference in every])) < LEVEL
    return {
        "t-interval of the difference where both train: covers": _covered(both, advantage),
        "t-interval of the difference where both train: half its width, points": _half_width(both),
        "t-interval of the difference over all pairs: covers": _covered(
            every, advantage * (1 - FAILING)
        ),
        "t-interval of the difference over all pairs: half its width, points": _half_width(every),
        "bootstrap interval of a median: covers": _covered([median], population.median()),
        "bootstrap interval of an interquartile mean: covers": _covered(
            [middle], float(interquartile_mean(population))
        ),
        "sign-flip test where both train: shows a contrast": shown.mean(),
        "sign-flip test where both train: shows any of the five": shown.any(),
        "sign-flip test over all pairs: shows a contrast": naive.mean(),
        "sign-flip test over all pairs: shows any of the five": naive.any(),
        "McNemar's test of failures: shows any of the five": failures.any(),
    }


def _covered(intervals: Sequence[Interval | PairedDifference], truth: float) -> float:
    return float(np.mean([each.low <= truth <= each.high for each in intervals]))


def _half_width(intervals: Sequence[PairedDifference]) -> float:
    return float(np.mean([50 * (each.high - each.low) for each in intervals]))


def table(studies: int) -> str:
    """What is measured over so many made-up studies, as Markdown."""
    columns = {}
    for heading, advantage in (("no difference", 0.0), ("1 point", 0.01)):
        random = np.random.default_rng(0)
        population = accuracies(random, advantage, _MANY)["first"]
        found = [judged(random, advantage, population) for _ in range(studies)]
        columns[heading] = pd.DataFrame(found).mean().map("{:.3f}".format)
    return str(pd.DataFrame(columns).to_markdown(disable_numparse=True))


@click.command(help="Measure coverage, errors and power of the statistics on made-up studies.")
@click.option(
    "--studies",
    type=WholeNumber(1, 100_000),
    default=1000,
    show_default=True,
    help="how many are made up",
)
def main(studies: int) -> None:
    """Print the table."""
    click.echo(table(studies))


if __name__ == "__main__":
    command_line(main)
