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
    said = claims_judged(studies, claims)
    lines = [
        "# What is claimed, and what is found here",
        "",
        tally([each.mark for each in said]),
        "",
        "| | stated | verdict |",
        "|:-:|:--|:--|",
        *(
            f"| {each.mark} | [{each.claim.title}](#{_anchor(each.claim.title)}) "
            f"| {in_markdown(each.verdict)} |"
            for each in said
        ),
        "",
        *_RULES,
        "",
    ]
    for each in said:
        lines += [f"## {each.claim.title}", "", f"*Stated:* {each.stated}", ""]
        lines += [f"*Examined:* {each.claim.examined}", ""]
        lines += [f"*Verdict:* {in_markdown(each.verdict)}", "", *each.found]
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
class Judged:
    """A claim and what the rows say to it.

    Attributes:
        claim: as it is stated and examined.
        mark: ✓, ✗ or ?.
        verdict: in words.
        found: the lines of Markdown below it.
    """

    claim: Claim
    mark: str
    verdict: str
    found: list[str]

    @property
    def stated(self) -> str:
        """What is stated, with its source where it is not the paper."""
        source = "" if self.claim.source == PAPER else f" ({self.claim.source})"
        return f"{self.claim.statement}{source}"


def claims_judged(studies: Sequence[StudyResults], claims: Sequence[Claim]) -> list[Judged]:
    """Every claim with what the rows of its study say to it."""
    by_name = {each.study.name: each.by_dataset for each in studies}
    return [_judged(claim, by_name.get(claim.study.name, {})) for claim in claims]


def _judged(claim: Claim, by_dataset: Mapping[str, StudyResults]) -> Judged:
    """The verdict on the study's own dataset, and beside it those on others."""
    own, name = published_dataset(claim.study.dataset), claim.study.name
    found = {dataset: claim.evidence(results) for dataset, results in by_dataset.items()}
    if not found.get(own):
        return Judged(claim, _UNKNOWN, f"Open: no runs of {name} on {own} answer it yet.", [])
    lines, verdict = [], ""
    for dataset, texts in found.items():
        if not texts:
            continue
        judgement = claim.judge(by_dataset[dataset])
        words = judgement.text or "Open: its arms have not run."
        if dataset == own:
            mark, verdict = judgement.mark, words
            lines += [f"*Found* ([{name}]({name}/report.md)):", ""]
        else:
            beside = f"{judgement.mark} {in_markdown(words)}"
            lines += [f"*On {in_markdown(dataset)}:* {beside}", ""]
        lines += [*(f"- {in_markdown(text)}" for text in texts), ""]
    return Judged(claim, mark, verdict, lines)


def tally(marks: Sequence[str]) -> str:
    """In one sentence how the claims stand.

    >>> tally(["✓", "✗", "✗", "?"])
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
