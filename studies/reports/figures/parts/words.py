"""What rows and code call things, in words that a figure shows."""

import re
from textwrap import fill

from studies.reports.figures.style import in_figure

#: Of a number, beside no letter, point or comma: a name such as cnn2202 stays as it is.
_LARGE = re.compile(r"(?<![\w.,])[0-9]{4,9}(?![\w.])")
_MINUS = "−"


def in_words(text: str) -> str:
    """A name as people write it, on one line: no underscores, and options apart.

    >>> in_words("random_subspace"), in_words("mps:bond_dimension=4,form=torchmps")
    ('random subspace', 'mps: bond dimension 4, form torchmps')
    >>> in_words("evaluated under shots=100000"), in_words("χ = 4: no input")
    ('evaluated under shots 100,000', 'χ = 4: no input')
    >>> in_words("g2=0.05,transmittance=0.5")
    'g² 0.05, transmittance 0.5'
    """
    text = re.sub(r"\bg2\b", "g²", text)
    text = re.sub(r"(?<=[^\W_])_+(?=[^\W_])", " ", text)
    text = re.sub(r"(?<=\w)=(?=\S)", " ", text)
    text = re.sub(r"([:,])(?=[^\W\d_])", r"\1 ", text)
    return in_figure(_LARGE.sub(lambda number: f"{int(number[0]):,}", text))


def wrapped(text: str, width: int) -> str:
    """In words, on lines of at most ``width`` letters; a difference goes on before its minus sign.

    >>> wrapped("one_arm − the other", 11), wrapped("a − b", 11)
    ('one arm\\n− the other', 'a − b')
    """
    shown = in_words(text)
    if len(shown) <= width:
        return shown
    first, *others = shown.split(f" {_MINUS} ")
    return "\n".join(fill(part, width) for part in (first, *(f"{_MINUS} {o}" for o in others)))
