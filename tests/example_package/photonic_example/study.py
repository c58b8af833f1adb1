"""Does an offset cost anything?"""

from studies.catalogue import register_study
from studies.design.arms import Arm
from studies.design.recipes import cells_of, standard
from studies.design.study import Cell, Options, Preset, Study


def cells(options: Options) -> list[Cell]:
    """With the offset and without."""
    common = standard(options, mapping="mixing", target="cnn816")
    offset = standard(options, mapping="mixing", target="cnn816", noise="example_offset=0.1")
    return [
        *cells_of(Arm("", "none"), common, options),
        *cells_of(Arm("", "offset"), offset, options),
    ]


STUDY = Study(
    name="example-study",
    question="Does an offset cost anything?",
    axes=(),
    presets={name: Preset(seeds=1, epochs=1) for name in ("smoke", "quick", "full")},
    cells=cells,
    figures=("example-figure",),
)
register_study(STUDY)
