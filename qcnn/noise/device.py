"""Distributions from a device: a local simulator of one, or a remote platform by name."""

import os
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qcnn.checks import shown
from qcnn.engines._plain import values_are_there
from qcnn.engines._rounding import LEAST_TOTAL
from qcnn.errors import InvalidInput, NothingAccepted
from qcnn.noise._noise import Noise, check_noise
from qcnn.optics.fock import FockState
from qcnn.plotting import import_matplotlib
from qcnn.samplers.pqcnn import PQCNN, check_pqcnn
from qcnn.seeds import derive, generator
from qcnn.showing.brief import brief

if TYPE_CHECKING:
    import perceval as pcvl
    from perceval.runtime import AProcessor

#: Platforms that are here: a simulated processor of Perceval's, and no device at all, shots being
#: drawn from exact probabilities, of which many take no longer. Any other one is remote.
LOCAL, DRAWN = "local", "drawn"
# Perceval leaves out input states that are this much rarer than the likeliest one; its
# default of 1e-6 moves the accepted fraction by a percent where g2 and losses meet.
_RAREST = 10**9
#: What is part of rows and of command lines.
_PLATFORM = re.compile(r"[A-Za-z0-9][\w.:-]{0,99}")


@dataclass(frozen=True, eq=False)
class Measurement:
    """What a device says of a sampler.

    Attributes:
        distribution: of the sampler's outcomes, sums to 1; float64.
        accepted_fraction: how many of the shots end in one of these outcomes.
    """

    distribution: Tensor
    accepted_fraction: float

    __repr__ = brief


def measure_distribution(
    sampler: PQCNN, noise: Noise, seed: int, platform: str = LOCAL
) -> Measurement:
    """Measure a sampler's outcomes under noise, post-selected and renormalised.

    Detectors resolve photon numbers. What is not one of the sampler's outcomes is rejected:
    too few or too many photons, and collisions where the sampler has none.

    Args:
        sampler: whose current phases, input and outcomes are used.
        noise: with 0 shots the probabilities are exact up to Perceval's precision.
        seed: fixes the errors of the phases, one pattern as a chip has one, and the shots of
            the local platform. Sets the global random state of Perceval, NumPy and Python.
        platform: ``"local"``, a simulated ``Processor``; else the name of a platform of
            Quandela's cloud, used as ``RemoteProcessor`` with the token in the environment
            variable ``PCVL_CLOUD_TOKEN``. There, shots are those with a photon at least, and
            a device's own noise stands in for the source's here.

    Raises:
        InvalidInput: for a remote platform without a token or without shots.
        NothingAccepted: if every shot is rejected.
    """
    check_pqcnn(sampler)
    check_noise(noise)
    check_platform(platform)
    if platform == DRAWN:
        raise InvalidInput(
            f"platform is {shown(platform)}, which no device is; allowed are {LOCAL!r} and names "
            "of others"
        )
    errors = chip_errors(sampler, noise, seed)
    import_matplotlib()
    import perceval as pcvl

    circuit = sampler.mesh.circuit((sampler.phases.detach() + errors).tolist())
    # The errors are in the circuit already.
    source = replace(noise, phase_error=0.0).to_perceval()
    processor = (
        pcvl.Processor("SLOS", noise=source)
        if platform == LOCAL
        else _remote_processor(platform, noise.shots, source)
    )
    processor.set_circuit(circuit)
    processor.with_input(pcvl.BasicState(list(sampler.input_state)))
    processor.min_detected_photons_filter(sampler.photons)
    pcvl.random_seed(derive(seed, "shots") % 2**32)
    if platform == LOCAL:
        weights = _local_weights(processor, noise.shots, seed)
    else:
        weights = _frequencies(processor, noise.shots, noise.shots, noise.shots)
    found = [weights.get(state, 0.0) for state in sampler.states]
    return accept(torch.tensor(found, dtype=torch.float64), noise)


def draw_shots(
    shares: NDArray[np.float64], shots: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """How many shots end in each outcome, and in the last place how many are rejected.

    Args:
        shares: probability of each outcome among all shots.
        shots: how many are drawn.
        random: by which.
    """
    # NumPy refuses shares whose sum rounding has lifted above 1.
    accepted = max(1.0, float(shares.sum()))
    rejected = max(0.0, 1 - float(shares.sum()))
    return random.multinomial(shots, [*(shares / accepted), rejected])


def check_platform(platform: object) -> None:
    """Raises InvalidInput for what is no platform, and for a remote one without a token."""
    check_platform_name(platform)
    if platform not in (LOCAL, DRAWN):
        _token(str(platform))


def check_platform_name(platform: object) -> None:
    """Raises InvalidInput for what no platform can be called."""
    if not isinstance(platform, str) or not _PLATFORM.fullmatch(platform):
        raise InvalidInput(
            f"platform is {shown(platform)}; allowed are {LOCAL}, {DRAWN} and names of platforms "
            "such as sim:belenos"
        )


def chip_errors(sampler: PQCNN, noise: Noise, seed: int) -> Tensor:
    """The errors of a chip's phases, radians: one pattern for a seed."""
    return phase_errors(sampler, noise, generator(seed, "chip errors"))


def phase_errors(sampler: PQCNN, noise: Noise, random: torch.Generator | None) -> Tensor:
    """Errors of the phases by all kinds of noise together, radians."""
    phases = sampler.phases.detach()
    total = torch.zeros_like(phases)
    for kind, level in noise.acting():
        total = total + kind.phase_errors(phases, level, random)
    return total


def accept(weights: Tensor, noise: Noise) -> Measurement:
    """The distribution of the accepted outcomes, and how many of all shots they are.

    Raises:
        NothingAccepted: as :func:`normalise`.
    """
    return Measurement(normalise(weights, noise), weights.sum().item())


def normalise(weights: Tensor, noise: Noise) -> Tensor:
    """The distribution of the accepted outcomes from their shares of all shots.

    Raises:
        NothingAccepted: if they sum to 0; in a transformation of torch, where values cannot be
            looked at, the distribution is NaN then.
    """
    fraction = weights.sum()
    some = fraction > LEAST_TOTAL
    if values_are_there(weights) and not some:
        shots = f"of {noise.shots} shots none ends" if noise.shots else "no shot can end"
        raise NothingAccepted(f"{shots} in one of the sampler's outcomes under this noise")
    return distort(torch.where(some, weights / fraction, torch.nan), noise)


def distort(distribution: Tensor, noise: Noise) -> Tensor:
    """What all kinds of noise make of the distribution of the accepted outcomes."""
    for kind, level in noise.acting():
        distribution = kind.distort(distribution, level)
    return distribution


def _local_weights(processor: "pcvl.Processor", shots: int, seed: int) -> dict[FockState, float]:
    """Share of each outcome in all shots, of those with as many photons as went in."""
    exact = processor.probs(1 / _RAREST)
    if shots == 0:
        return {tuple(s): exact["global_perf"] * p for s, p in exact["results"].items()}
    # Perceval draws from what passes its filter on photons: how many shots do is drawn here.
    random = np.random.default_rng(derive(seed, "photons"))
    passing = int(random.binomial(shots, min(exact["global_perf"], 1.0)))
    return _frequencies(processor, passing, _RAREST, shots)


def _frequencies(
    processor: "AProcessor", samples: int, most_shots: int, shots: int
) -> dict[FockState, float]:
    """Share of each outcome in ``shots``, from at most ``samples`` drawn ones."""
    import perceval as pcvl

    job = pcvl.algorithm.Sampler(processor, max_shots_per_call=most_shots).samples
    return {
        tuple(state): count / shots for state, count in Counter(job(samples)["results"]).items()
    }


def _remote_processor(platform: str, shots: int, source: "pcvl.NoiseModel") -> "AProcessor":
    import perceval as pcvl

    if shots == 0:
        raise InvalidInput(
            f"shots is 0 on platform {shown(platform)}; allowed are whole numbers from 1"
        )
    # Where nothing is asked for the platform keeps its own noise.
    own = None if source == pcvl.NoiseModel() else source
    return pcvl.RemoteProcessor(platform, _token(platform), noise=own)


def _token(platform: str) -> str:
    import_matplotlib()
    import perceval as pcvl

    variable = pcvl.RemoteConfig.get_token_env_var()
    token = os.environ.get(variable)
    if not token:
        raise InvalidInput(
            f"the environment variable {variable} is empty; allowed for platform {shown(platform)} "
            "is a token of its cloud"
        )
    return token
