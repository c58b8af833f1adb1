"""The compiled loops of the fused engine: forward and backward, over a batch of phases.

All of them are in one file, because a compilation kept on disk is renewed when the file
of the called function changes, not when that of a function it calls does.

Shapes: ``light`` ``(modes, columns, 2)`` are the amplitudes of the occupied input
columns of the unitary, ``amplitudes`` ``(states of all levels, 2)``; the last axis is
real and imaginary part. The gradient of a real loss with respect to an amplitude z is
∂/∂(Re z) + i·∂/∂(Im z). ``cells`` is :meth:`qcnn.optics.mesh.Mesh.table`; ``levels``,
``children``, ``added`` and ``weights`` are :class:`qcnn.engines._tables.Tables`.

The photons are added without the factors √tⱼ of the creation operators: the amplitudes
are the coefficients of Πᵢ(Σⱼ U[j, columnᵢ]·xⱼ), whose squares times Πⱼ tⱼ!/Πⱼ sⱼ! are the
probabilities of the outcome t for the input s. (SLOS: Heurtel et al., Comput. Phys.
Commun. 291, 108848 (2023).) Among collision-free states this is the sum over subsets.
"""

import math

import numpy as np
from numpy.typing import NDArray

from qcnn.engines._compiled import compiled
from qcnn.engines._tables import Positions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@compiled
def forward(
    phases: Floats,
    cells: Integers,
    entries: Integers,
    columns: Integers,
    light: Floats,
    amplitudes: Floats,
    totals: Floats,
    probabilities: Floats,
    levels: Integers,
    children: Positions,
    added: NDArray[np.uint16],
    weights: Floats,
    scale: float,
    renormalise: bool,
    lowest: float,
    highest: float,
) -> int:
    """Fills the probabilities of a batch, and what the backward pass needs of it.

    Args:
        phases: radians, shape ``(batch, phases)``.
        entries: mode that each occupied input column enters.
        columns: input column of each photon.
        light, amplitudes, totals: filled; one for each sample, or only one altogether
            where no backward pass will follow. ``totals`` are the sums of the
            probabilities where these are divided by them, else 1.
        probabilities: filled; shape ``(batch, outcomes)``.
        scale: 1/Πⱼ sⱼ! of the input s.
        renormalise: whether the probabilities are divided by their sum.
        lowest, highest: between these the sum has to be.

    Returns:
        The first sample whose probabilities are no distribution, −1 if there is none: their
        sum, by which they are not divided then, is too small, or further from 1 than rounding
        explains.
    """
    broken = -1
    for sample in range(len(phases)):
        slot = sample % len(light)
        pass_cells(phases[sample], cells, entries, light[slot])
        add_photons(light[slot], columns, levels, children, added, amplitudes[slot])
        outcomes = amplitudes[slot, levels[-2, 0] :]
        total = detect(outcomes, weights, scale, probabilities[sample])
        totals[slot] = total if renormalise else 1.0
        if not lowest < total < highest:
            broken = sample if broken < 0 else broken
        elif renormalise:
            for outcome in range(len(weights)):
                probabilities[sample, outcome] /= total
    return broken


@compiled
def backward(
    cotangents: Floats,
    outward: Floats,
    outward_gradient: Floats,
    amplitude_gradient: Floats,
    gradients: Floats,
    phases: Floats,
    cells: Integers,
    columns: Integers,
    light: Floats,
    amplitudes: Floats,
    totals: Floats,
    levels: Integers,
    children: Positions,
    added: NDArray[np.uint16],
    weights: Floats,
    scale: float,
    renormalise: bool,
) -> None:
    """Fills the gradients of Σ cotangents·probabilities with respect to the phases.

    ``light``, ``amplitudes`` and ``totals`` come from :func:`forward` and stay unchanged,
    as another backward pass may need them. ``outward``, ``outward_gradient`` and
    ``amplitude_gradient`` are work space of the shape of one sample.
    """
    first = levels[-2, 0]
    for sample in range(len(phases)):
        detect_adjoint(
            amplitudes[sample, first:],
            weights,
            scale / totals[sample],
            cotangents[sample],
            renormalise,
            amplitude_gradient[first:],
        )
        outward_gradient.fill(0.0)
        add_photons_adjoint(
            light[sample],
            columns,
            levels,
            children,
            added,
            amplitudes[sample],
            amplitude_gradient,
            outward_gradient,
        )
        for mode in range(outward.shape[0]):
            for column in range(outward.shape[1]):
                for part in range(2):
                    outward[mode, column, part] = light[sample, mode, column, part]
        pass_cells_adjoint(phases[sample], cells, outward, outward_gradient, gradients[sample])


@compiled
def pass_cells(phases: Floats, cells: Integers, entries: Integers, light: Floats) -> None:
    """Sends one unit of light per column through the cells; fills ``light``."""
    light.fill(0.0)
    for column in range(len(entries)):
        light[entries[column], column, 0] = 1.0
    for cell in range(len(cells)):
        upper, lower = light[cells[cell, 0]], light[cells[cell, 0] + 1]
        sine, cosine, turn, outer_turn = cell_factors(phases, cells[cell])
        for column in range(light.shape[1]):
            x, y = upper[column], lower[column]
            real = sine * x[0] + cosine * y[0]
            imag = sine * x[1] + cosine * y[1]
            low_real = cosine * x[0] - sine * y[0]
            low_imag = cosine * x[1] - sine * y[1]
            x[0] = outer_turn[0] * real - outer_turn[1] * imag
            x[1] = outer_turn[0] * imag + outer_turn[1] * real
            y[0] = turn[0] * low_real - turn[1] * low_imag
            y[1] = turn[0] * low_imag + turn[1] * low_real


@compiled
def pass_cells_adjoint(
    phases: Floats, cells: Integers, light: Floats, gradient: Floats, phase_gradient: Floats
) -> None:
    """Undoes the cells on the light and on its gradient, and fills ``phase_gradient``."""
    for cell in range(len(cells) - 1, -1, -1):
        mode = cells[cell, 0]
        sine, cosine, turn, outer_turn = cell_factors(phases, cells[cell])
        inner_slope = 0.0
        outer_slope = 0.0
        for column in range(light.shape[1]):
            x, y = light[mode, column], light[mode + 1, column]
            gx, gy = gradient[mode, column], gradient[mode + 1, column]
            # Undo the phases in front of the real rotation [[sin, cos], [cos, −sin]] …
            a, b = turned_back(x, outer_turn)
            c, d = turned_back(y, turn)
            ga, gb = turned_back(gx, outer_turn)
            gc, gd = turned_back(gy, turn)
            on_upper = gb * a - ga * b
            on_lower = gd * c - gc * d
            outer_slope += on_upper
            inner_slope += 0.5 * (on_upper + on_lower + ga * c + gb * d - gc * a - gd * b)
            # … then the rotation, which is its own inverse.
            x[0], x[1] = sine * a + cosine * c, sine * b + cosine * d
            y[0], y[1] = cosine * a - sine * c, cosine * b - sine * d
            gx[0], gx[1] = sine * ga + cosine * gc, sine * gb + cosine * gd
            gy[0], gy[1] = cosine * ga - sine * gc, cosine * gb - sine * gd
        phase_gradient[cells[cell, 1]] = inner_slope
        if cells[cell, 2] >= 0:
            phase_gradient[cells[cell, 2]] = outer_slope


@compiled
def cell_factors(
    phases: Floats, cell: Integers
) -> tuple[float, float, tuple[float, float], tuple[float, float]]:
    """sin(θ₀/2), cos(θ₀/2), i·exp(iθ₀/2) and i·exp(iθ₀/2 + iθ₁) of one cell.

    The cell is diag(the last, the one before) · [[sin, cos], [cos, −sin]].
    """
    half = 0.5 * phases[cell[1]]
    sine, cosine = math.sin(half), math.cos(half)
    turn = (-sine, cosine)
    if cell[2] < 0:
        return sine, cosine, turn, turn
    angle = half + phases[cell[2]]
    return sine, cosine, turn, (-math.sin(angle), math.cos(angle))


@compiled
def turned_back(amplitude: Floats, turn: tuple[float, float]) -> tuple[float, float]:
    """The amplitude times the conjugate of a phase factor."""
    real, imag = amplitude[0], amplitude[1]
    return turn[0] * real + turn[1] * imag, turn[0] * imag - turn[1] * real


@compiled
def add_photons(
    light: Floats,
    columns: Integers,
    levels: Integers,
    children: Positions,
    added: NDArray[np.uint16],
    amplitudes: Floats,
) -> None:
    """Fills the amplitudes of all levels: each state adds to its children."""
    amplitudes.fill(0.0)
    for mode in range(len(light)):
        for part in range(2):
            amplitudes[mode, part] = light[mode, columns[0], part]
    for photons in range(1, len(columns)):
        column = light[:, columns[photons]]
        states = amplitudes[levels[photons - 1, 0] : levels[photons, 0]]
        edges = slice(levels[photons - 1, 1], levels[photons, 1])
        targets = children[edges].reshape(len(states), -1)
        modes = added[edges].reshape(len(states), -1)
        for state in range(len(states)):
            real, imag = states[state, 0], states[state, 1]
            for child in range(targets.shape[1]):
                target = targets[state, child]
                u, v = column[modes[state, child], 0], column[modes[state, child], 1]
                amplitudes[target, 0] += u * real - v * imag
                amplitudes[target, 1] += u * imag + v * real


@compiled
def add_photons_adjoint(
    light: Floats,
    columns: Integers,
    levels: Integers,
    children: Positions,
    added: NDArray[np.uint16],
    amplitudes: Floats,
    gradient: Floats,
    light_gradient: Floats,
) -> None:
    """Takes the gradient of the last level down to the first; adds to ``light_gradient``."""
    for photons in range(len(columns) - 1, 0, -1):
        column = light[:, columns[photons]]
        column_gradient = light_gradient[:, columns[photons]]
        below = slice(levels[photons - 1, 0], levels[photons, 0])
        states, state_gradient = amplitudes[below], gradient[below]
        edges = slice(levels[photons - 1, 1], levels[photons, 1])
        targets = children[edges].reshape(len(states), -1)
        modes = added[edges].reshape(len(states), -1)
        for state in range(len(states)):
            real, imag = states[state, 0], states[state, 1]
            # Four separate sums keep the chains of dependent additions short.
            ur, ui, vr, vi = 0.0, 0.0, 0.0, 0.0
            for child in range(targets.shape[1]):
                mode = modes[state, child]
                x, y = gradient[targets[state, child], 0], gradient[targets[state, child], 1]
                ur += column[mode, 0] * x
                ui += column[mode, 0] * y
                vr += column[mode, 1] * x
                vi += column[mode, 1] * y
                column_gradient[mode, 0] += real * x + imag * y
                column_gradient[mode, 1] += real * y - imag * x
            state_gradient[state, 0] = ur + vi
            state_gradient[state, 1] = ui - vr
    for mode in range(len(light)):
        for part in range(2):
            light_gradient[mode, columns[0], part] += gradient[mode, part]


@compiled
def detect(amplitudes: Floats, weights: Floats, scale: float, probabilities: Floats) -> float:
    """Fills the probabilities, not yet divided by their sum, and returns the sum."""
    total = 0.0
    for outcome in range(len(weights)):
        real, imag = amplitudes[outcome, 0], amplitudes[outcome, 1]
        probability = scale * weights[outcome] * (real * real + imag * imag)
        probabilities[outcome] = probability
        total += probability
    return total


@compiled
def detect_adjoint(
    amplitudes: Floats,
    weights: Floats,
    scale: float,
    cotangent: Floats,
    renormalise: bool,
    gradient: Floats,
) -> None:
    """Fills the gradient with respect to the amplitudes of the last level."""
    mean = 0.0
    if renormalise:
        for outcome in range(len(weights)):
            real, imag = amplitudes[outcome, 0], amplitudes[outcome, 1]
            mean += cotangent[outcome] * weights[outcome] * (real * real + imag * imag)
        mean *= scale
    for outcome in range(len(weights)):
        slope = 2.0 * scale * weights[outcome] * (cotangent[outcome] - mean)
        gradient[outcome, 0] = slope * amplitudes[outcome, 0]
        gradient[outcome, 1] = slope * amplitudes[outcome, 1]
