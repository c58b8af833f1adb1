"""``results/claims.md``: what is claimed, and what the runs of this repository say to it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from studies.analysis.judgements import PAPER, Claim
from studies.analysis.quoted import NOISE_COSTS_AT_MOST
from studies.analysis.results import MARGIN, PAIRS_FOR_A_CLAIM, StudyResults
from studies.design.datasets import published_dataset
from studies.design.statistics import points
from studies.reports.escape import in_markdown
from studies.rows.runs_file import write_text

#: Of a claim that no row speaks to.
_UNKNOWN = "?"


def write_claims(folder: Path, studies: Sequence[StudyResults], claims: Sequence[Claim]) -> Path:
    """Write the page of claims of a results folder from the rows of its studies.

    Args:
        folder: the results folder.
        studies: the results of every study that has rows.
        claims: what the page is about (``studies.reports.statements``).

    Returns:
        the path of the page.
    """
    by_name = {each.study.name: each.by_dataset for each in studies}
    said = [(claim, _said_by_rows(claim, by_name.get(claim.study.name, {}))) for claim in claims]
    lines = [
        "# What is claimed, and what is found here",
        "",
        _tally([each.mark for _, each in said]),
        "",
        "| | stated | verdict |",
        "|:-:|:--|:--|",
        *(
            f"| {each.mark} | [{claim.title}](#{_anchor(claim.title)}) | {each.verdict} |"
            for claim, each in said
        ),
        "",
        *_RULES,
        "",
    ]
    for claim, each in said:
        source = "" if claim.source == PAPER else f" ({claim.source})"
        lines += [f"## {claim.title}", "", f"*Stated:* {claim.statement}{source}", ""]
        lines += [f"*Examined:* {claim.examined}", "", f"*Verdict:* {each.verdict}", ""]
        lines += each.found
    write_text(folder / "claims.md", "\n".join(lines))
    return folder / "claims.md"


_RULES = (
    f"The statements are those of {PAPER} where nothing else is said, in the words of this "
    "project; figures marked as quoted are the paper's, on its 600 validation images. Everything "
    "else on this page is generated from the rows of the studies by `python -m studies.report`. A "
    f"difference is called shown from {PAIRS_FOR_A_CLAIM} pairs of seeds on in which both arms "
    "train, by an exact sign-flip test after Holm's correction over all contrasts that the study "
    "declared; with fewer pairs it is stated without a claim. Seeds that fail are compared apart, "
    "and an arm that fails more often is not better.",
    "",
    "The verdicts are generated, too: ✓ where a claim holds in every part that was examined, ✗ "
    "where it does not in one, ? where that is open. That one arm is better than others *holds* "
    "where every declared contrast shows it; it *does not hold* where a contrast shows the "
    f"opposite, or has a 95 % interval that ends below {points(MARGIN)} points (of this contrast "
    "alone, not adjusted); else it is *open*. The paper's accuracy is reached where the mean of "
    "the best arm on the 600 validation images is at most one of the paper's standard deviations "
    "below it, and missed where the interval of this mean ends lower. That noise costs at most "
    f"{points(NOISE_COSTS_AT_MOST)} points holds where the interval of the cost lies within them, "
    "and does not where it lies beyond. Where questions of a study are the verdict, their answers "
    "of yes, no and open are.",
)


@dataclass(frozen=True)
class _Finding:
    """What the rows say to a claim: its mark, the verdict in words, and the lines below it."""

    mark: str
    verdict: str
    found: list[str]


def _said_by_rows(claim: Claim, by_dataset: Mapping[str, StudyResults]) -> _Finding:
    """The verdict on the study's own dataset, and beside it those on others."""
    own, name = published_dataset(claim.study.dataset), claim.study.name
    found = {dataset: claim.evidence(results) for dataset, results in by_dataset.items()}
    if not found.get(own):
        words = f"No runs of `{name}` on {own} answer it yet."
        return _Finding(_UNKNOWN, f"Open: {words[0].lower()}{words[1:]}", [])
    lines, verdict = [], ""
    for dataset, texts in found.items():
        if not texts:
            continue
        judgement = claim.judge(by_dataset[dataset])
        words = in_markdown(judgement.text) or "Open: its arms have not run."
        if dataset == own:
            mark, verdict = judgement.mark, words
            lines += [f"*Found* ([{name}]({name}/report.md)):", ""]
        else:
            lines += [f"*On {in_markdown(dataset)}:* {judgement.mark} {words}", ""]
        lines += [*(f"- {in_markdown(text)}" for text in texts), ""]
    return _Finding(mark, verdict, lines)


def _tally(marks: Sequence[str]) -> str:
    """In one sentence how the claims stand.

    >>> _tally(["✓", "✗", "✗", "?"])
    'Of 4 claims 1 holds in every part, 2 fail in at least one part, 1 is open.'
    """
    count = Counter(marks)
    holds, fails, unknown = (count[mark] for mark in ("✓", "✗", _UNKNOWN))
    return (
        f"Of {len(marks)} claims {holds} {'holds' if holds == 1 else 'hold'} in every part, "
        f"{fails} {'fails' if fails == 1 else 'fail'} in at least one part, "
        f"{unknown} {'is' if unknown == 1 else 'are'} open."
    )


def _anchor(title: str) -> str:
    """The link that GitHub gives a heading.

    >>> _anchor("Photons, at the paper's counts")
    'photons-at-the-papers-counts'
    """
    return "".join(c for c in title.lower() if c.isalnum() or c in " -").replace(" ", "-")
