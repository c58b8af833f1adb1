"""How Sphinx builds the documentation site: ``make docs``, which needs no network.

Warnings are errors and every reference has to lead somewhere (``-W -n``).
"""

import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
# The kernels of the tutorials are processes of their own, and import the same checkout.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
)

project = "Photonic weight generation"
author = "the contributors"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]

html_theme = "furo"
html_title = project
html_show_copyright = False
# The page of all results, `report.html`, with the figures and rows that it links to.
html_extra_path = ["../results"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

nb_execution_mode = "auto"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_output_stderr = "remove"  # remarks of packages, with paths of the machine that builds

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_inherit_docstrings = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # a dataclass's fields are described once, in its own docstring
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# What other projects define: their own pages would have to be asked over the network.
_ELSEWHERE = (
    r"torch|np|numpy|nn|pd|pandas|matplotlib|pcvl|perceval|pathlib|collections|contextlib|abc|enum|"
    r"types"
)
nitpick_ignore_regex = [
    (r"py:.*", rf"(?:{_ELSEWHERE})\..*"),
    (r"py:.*", r"Tensor|Module|Path|Any|Callable|Sequence|Iterator|Hashable|Literal|Protocol|Axes"),
    # Variables of types, which say that a decorator returns what it is given.
    (r"py:.*", r"qcnn\..*\.\w+Type|qcnn\.registry\.(?:Entry|New)"),
    # Base classes that are nobody's to use.
    (r"py:.*", r"qcnn\..*\._\w+(?:\.\w+)?"),
]


def skip_what_qcnn_has(
    app: Any, what: str, name: str, thing: object, skip: bool, options: Any
) -> bool | None:
    """Names that ``qcnn`` itself has are described there, and once."""
    import qcnn

    described = {id(getattr(qcnn, found)) for found in qcnn.__all__}
    return True if what == "module" and id(thing) in described else None


def draw_figures(app: Any) -> None:
    """Draw what the pages show, before they are read."""
    from figures_of_pages import draw_all

    draw_all(HERE / "figures")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("builder-inited", draw_figures)
    app.connect("autodoc-skip-member", skip_what_qcnn_has)
