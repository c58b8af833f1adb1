"""Figures of the pages, computed by the package at every build; light and dark ones of each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import torch
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

import qcnn
from qcnn.meshes import make_mesh
from qcnn.optics.fock import spread_input
from qcnn.weights.combine import tensor_product

BLUE, ORANGE, GREEN = "#0072b2", "#d55e00", "#009e73"
#: Colours of text and lines on the two kinds of pages; the background is the page's own.
THEMES = {
    "light": {"text": "#1f2933", "line": "#7d8691", "blue": BLUE},
    "dark": {"text": "#e3e6ea", "line": "#98a1ab", "blue": "#56b4e9"},
}
FIGURES: dict[str, Callable[[dict[str, str]], Any]] = {}


def figure(draw: Callable[[dict[str, str]], Any]) -> Callable[[dict[str, str]], Any]:
    """A function of the colours that returns a figure, which has the function's name."""
    FIGURES[draw.__name__] = draw
    return draw


def draw_all(folder: Path) -> None:
    """Write ``NAME-light.svg`` and ``NAME-dark.svg`` of every figure."""
    folder.mkdir(exist_ok=True)
    for theme, colours in THEMES.items():
        ink = colours["text"]
        settings = {
            "axes.edgecolor": colours["line"],
            "axes.labelcolor": ink,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "font.size": 11,
            "legend.frameon": False,
            "savefig.transparent": True,
            "svg.fonttype": "path",
            "svg.hashsalt": "figures",
            "text.color": ink,
            "xtick.color": ink,
            "ytick.color": ink,
        }
        with plt.rc_context(settings):
            for name, draw in FIGURES.items():
                drawn = draw(colours)
                drawn.savefig(
                    folder / f"{name}-{theme}.svg", bbox_inches="tight", metadata={"Date": None}
                )
                plt.close(drawn)


@figure
def mesh(colours: dict[str, str]) -> Any:
    """Cells of the two kinds of meshes of (6,3), and the modes that light enters."""
    state = spread_input(6, 3)
    drawn, axes = plt.subplots(1, 2, figsize=(8, 2.6), layout="constrained")
    for axis, name in zip(axes, ("rectangular", "minimal"), strict=True):
        built = make_mesh(name, 6, state)
        ends = [0] * 6  # the column in which a mode is free
        places = []
        for upper, has_outer in built.cells:
            column = max(ends[upper], ends[upper + 1])
            places.append((column, upper, has_outer))
            ends[upper] = ends[upper + 1] = column + 1
        for mode in range(6):
            axis.plot([-0.8, max(ends)], [mode, mode], color=colours["line"], linewidth=1, zorder=1)
        for mode, photons in enumerate(state):
            if photons:
                axis.plot(-0.8, built.entries[mode], "o", color=colours["blue"], markersize=9)
        for column, upper, has_outer in places:
            colour = ORANGE if has_outer else GREEN
            axis.add_patch(Rectangle((column, upper - 0.15), 0.7, 1.3, color=colour, zorder=2))
        axis.set_title(f"{name}: {len(places)} cells, {built.phases} phases", fontsize=11)
        axis.set(
            xlim=(-1.1, max(ends) + 0.1),
            ylim=(5.5, -0.5),
            yticks=range(6),
            ylabel="mode",
            xticks=[],
        )
        axis.spines[:].set_visible(False)
    return drawn


@figure
def outcomes(colours: dict[str, str]) -> Any:
    """All outcomes of (4,2), and what is left of them where collision-free ones are kept."""
    drawn, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained", sharey=True)
    everything = qcnn.PQCNN(4, 2, space="fock", seed=3)
    kept = qcnn.PQCNN(4, 2, seed=3)
    for axis, sampler, title in (
        (axes[0], everything, 'space="fock": all outcomes'),
        (axes[1], kept, 'space="unbunched": collision-free, renormalised'),
    ):
        bunched = [max(state) > 1 for state in sampler.states]
        colour = [ORANGE if found else colours["blue"] for found in bunched]
        names = ["".join(map(str, state)) for state in sampler.states]
        axis.bar(names, sampler().tolist(), color=colour)
        axis.tick_params(axis="x", rotation=90, labelsize=9)
        axis.set_title(title, fontsize=11)
    axes[0].set_ylabel("probability")
    axes[0].bar([0], [0], color=ORANGE, label="bunched")
    axes[0].bar([0], [0], color=colours["blue"], label="collision-free")
    axes[0].legend(fontsize=9)
    return drawn


@figure
def combination(colours: dict[str, str]) -> Any:
    """Two distributions, their tensor product and their concatenation."""
    first, second = qcnn.PQCNN(4, 2, seed=0)(), qcnn.PQCNN(3, 1, seed=1)()
    found = [
        ("p, 6 outcomes", first),
        ("q, 3 outcomes", second),
        ("tensor product, 18", tensor_product([first, second], 18)),
        ("concatenation, 9", torch.cat([first, second])),
    ]
    drawn, axes = plt.subplots(1, 4, figsize=(8, 2), layout="constrained")
    for axis, (title, values) in zip(axes, found, strict=True):
        axis.bar(range(len(values)), values.tolist(), color=colours["blue"])
        axis.set_title(title, fontsize=10)
        axis.set(xticks=[])
        axis.tick_params(labelsize=8)
    axes[0].set_ylabel("probability")
    return drawn


@figure
def saturation(colours: dict[str, str]) -> Any:
    """Weights that three mappings make of the same distributions before any training."""
    samplers = [qcnn.PQCNN(9, 4, seed=0), qcnn.PQCNN(8, 4, seed=1)]
    target = qcnn.target_from_text("cnn2202").build(seed=0)
    drawn, axes = plt.subplots(1, 3, figsize=(8, 2.4), layout="constrained")
    for axis, mapping in zip(axes, ("logit_tanh", "log_affine", "mixing"), strict=True):
        with torch.no_grad():
            weights = qcnn.QuantumTrain(target, samplers, mapping, seed=0).generate()
        axis.hist(weights.numpy(), bins=40, range=(-1.05, 1.05), color=colours["blue"])
        axis.set_title(mapping, fontsize=11)
        axis.set(xlabel="weight", yscale="log")
    axes[0].set_ylabel("weights in a bin")
    return drawn


@figure
def effective(colours: dict[str, str]) -> Any:
    """Singular values of the Jacobian of the probabilities of (7,3), by kind of mesh and layers."""
    drawn, axis = plt.subplots(figsize=(6, 3), layout="constrained")
    kinds = [
        ("rectangular, 2 layers", {"layers": 2}, GREEN, "^"),
        ("rectangular, 1 layer", {}, colours["blue"], "o"),
        ("minimal", {"mesh": "minimal"}, ORANGE, "s"),
    ]
    for name, options, colour, marker in kinds:
        sampler = qcnn.PQCNN(7, 3, seed=0, dtype=torch.float64, **options)
        _, jacobian = sampler.response()
        sizes = torch.linalg.svdvals(jacobian).clamp_min(1e-14)
        label = f"{name}: {sampler.mesh.phases} phases, {sampler.effective_phases} effective"
        axis.semilogy(
            range(1, len(sizes) + 1), sizes, marker, color=colour, label=label, markersize=5
        )
    axis.set(xlabel="number", ylabel="singular value, 1/radian")
    axis.legend(fontsize=9)
    return drawn
