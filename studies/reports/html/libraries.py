"""The two libraries of the page, as text that stands in it: it needs no network."""

import re
from functools import cache
from importlib.resources import files

import vl_convert

#: What would end the element that the text stands in, or keep it from ending.
_MARKUP = re.compile(r"<(?=/?script|!--)", re.IGNORECASE)


def tables_script() -> str:
    """DataTables as a module, as itables brings it along for pages without network."""
    return _inlined((files("itables") / "html" / "dt_bundle.js").read_text(encoding="utf-8"))


def tables_style() -> str:
    """Its style."""
    return (files("itables") / "html" / "dt_bundle.css").read_text(encoding="utf-8")


@cache
def chart_script() -> str:
    """Vega-Embed with Vega and Vega-Lite as a module; bundling them takes seconds."""
    return _inlined(vl_convert.javascript_bundle("export default vegaEmbed;"))


def _inlined(script: str) -> str:
    r"""A script in which nothing is markup; in its strings, which alone hold any, it is the same.

    >>> print(_inlined('a("</script><b>") < c'))
    a("\x3c/script><b>") < c
    """
    return _MARKUP.sub(r"\\x3c", script)
