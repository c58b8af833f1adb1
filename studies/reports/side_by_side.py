"""What becomes of the answers of one dataset on others: which of them change."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from studies.analysis.answers import Answer, Said, answer_text, answers, findings_of, short_text
from studies.analysis.results import StudyResults


class Becomes(StrEnum):
    """What becomes of an answer."""

    SAME = "the same answer"
    OTHER = "another answer"
    #: That one of two is open is no difference between them.
    UNDECIDED = "no comparison: open"


@dataclass(frozen=True)
class Elsewhere:
    """An answer on the first dataset, and that to the same question on another.

    Attributes:
        study: name of the study.
        first_dataset, dataset: on which each was found.
        first, other: what the rows of either say.
    """

    study: str
    first_dataset: str
    dataset: str
    first: Answer
    other: Answer

    @property
    def becomes(self) -> Becomes:
        """Whether the answer is the same; where both are yes or no, it can be said."""
        said = {self.first.said, self.other.said}
        if Said.OPEN in said:
            return Becomes.UNDECIDED
        return Becomes.SAME if len(said) == 1 else Becomes.OTHER

    @property
    def in_words(self) -> str:
        """What becomes of it, and where it is open."""
        answered = ((self.first_dataset, self.first), (self.dataset, self.other))
        where = " and ".join(dataset for dataset, each in answered if each.said is Said.OPEN)
        return f"{self.becomes} on {where}" if where else str(self.becomes)


def answers_elsewhere(results: StudyResults) -> list[Elsewhere]:
    """What becomes of a study's answers on its first dataset, question by question.

    Questions that are not answered on both datasets are left out.
    """
    (first_dataset, first), *others = results.by_dataset.items()
    there = {answer.question.text: answer for answer in (answers(first) if others else [])}
    return [
        Elsewhere(results.study.name, first_dataset, dataset, there[text], other)
        for dataset, part in others
        for other in answers(part)
        if (text := other.question.text) in there
    ]


def change_in_words(found: Sequence[Elsewhere]) -> str:
    """How many of some answers change on each dataset, and which do."""
    sentences = []
    for first, dataset in dict.fromkeys((each.first_dataset, each.dataset) for each in found):
        of_dataset = [each for each in found if each.dataset == dataset]
        count = Counter(each.becomes for each in of_dataset)
        sentences.append(
            f"Of {len(of_dataset)} answers on {first} there are on {dataset}: the same "
            f"{count[Becomes.SAME]}, another one {count[Becomes.OTHER]}, open on one or both "
            f"{count[Becomes.UNDECIDED]}."
        )
        changed = [each for each in of_dataset if each.becomes is Becomes.OTHER]
        sentences += [f"Another answer ({each.study}): {_change(each)}" for each in changed]
    return " ".join(sentences)


def _change(each: Elsewhere) -> str:
    return (
        f"{each.first.question.text} {each.first.said.capitalize()} on {each.first_dataset}, "
        f"{each.other.said} on {each.dataset}."
    )


def side_by_side_table(found: Sequence[Elsewhere]) -> pd.DataFrame:
    """Each question with its answers on two datasets and what becomes of the first, as text."""
    lines = [
        {
            "question": each.first.question.text,
            each.first_dataset: answer_text(each.first),
            each.dataset: answer_text(each.other),
            "becomes": each.in_words,
        }
        for each in found
    ]
    return pd.DataFrame(lines).fillna("")


def headlines(results: StudyResults) -> list[tuple[str, str]]:
    """Each dataset with what the study found on it, in a line.

    On the first dataset it is the answer to the first question. Of the others it is what becomes of
    that answer, and their own first answer where they have none to the same question.
    """
    (first_dataset, first), *others = results.by_dataset.items()
    question = next(iter(results.study.questions), None)
    answered = [each for each in answers(first) if each.question == question]
    headline = _with_question(answered[0]) if answered else findings_of(first)[0]
    elsewhere = {
        each.dataset: f"({each.in_words}) {short_text(each.other)}"
        for each in answers_elsewhere(results)
        if each.first.question == question
    }
    return [
        (first_dataset, headline),
        *((dataset, elsewhere.get(dataset) or _first_answer(part)) for dataset, part in others),
    ]


def _first_answer(results: StudyResults) -> str:
    """The first question that rows say anything to, with its answer."""
    found = answers(results)
    return _with_question(found[0]) if found else findings_of(results)[0]


def _with_question(answer: Answer) -> str:
    return f"{answer.question.text} {short_text(answer)}"
