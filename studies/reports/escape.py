"""Text of others as each output shows it: letter for letter, never as markup or a formula.

Names, labels and platforms come with the rows. Each output has its one function: these
two, ``studies.reports.figures.style.in_figure`` for figures, and the autoescape of jinja2 for the
page; a console prints without markup (``studies.runs.console.new_console``).
"""

import re

_MARKDOWN = re.compile(
    r"""
    [\\`*|$<>~]                    # code, emphasis, cells, formulas, HTML, struck out
    | &(?=\#?\w+;)                  # what reads as an HTML entity
    | ^\[ | \](?=[(\[]) | (?<=\])[(\[]  # links, and what they refer to
    | (?<!\w)_ | _(?!\w)            # emphasis; inside a word it is none
    | ^(?:\#+|[+-]|\d+(?=[.)]))(?=[.)]?(?:\s|$))  # headings and lists
    | ^[=-]+$                     # headings and rules
    """,
    re.VERBOSE,
)
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_FORMULA = tuple("=+-@＝＋－＠")


def in_markdown(text: str) -> str:
    """A text for a paragraph, a list or a cell of Markdown, on one line.

    >>> in_markdown("a|b <b> [x](y) 95 % interval [1, 2] of logit_tanh")
    'a\\\\|b &lt;b&gt; [x\\\\]\\\\(y) 95 % interval [1, 2] of logit_tanh'
    """

    def escape(found: re.Match[str]) -> str:
        sign = found[0]
        if sign.isdecimal():
            return f"{sign}\\"
        return _ENTITIES.get(sign, f"\\{sign}")

    return _MARKDOWN.sub(escape, " ".join(text.split()))


def in_csv(text: str) -> str:
    """A text for a cell that a spreadsheet takes for no formula; numbers stay numbers.

    >>> in_csv("=HYPERLINK(1)"), in_csv("-0.5"), in_csv("mixing")
    ("'=HYPERLINK(1)", '-0.5', 'mixing')
    """
    start = text.lstrip()
    if not start.startswith(_FORMULA) or re.fullmatch(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?", text):
        return text
    return f"'{text}"
