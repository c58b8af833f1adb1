"""Perceval's processors as a reference."""

from collections.abc import Mapping

import perceval as pcvl
import torch
from torch import Tensor

from qcnn import PQCNN


def perceval_probabilities(sampler: PQCNN, **noise: float) -> Tensor:
    """Exact probabilities of the sampler's outcomes in a noisy processor, not renormalised."""
    processor = pcvl.Processor("SLOS", sampler.circuit(), noise=pcvl.NoiseModel(**noise))
    processor.with_input(pcvl.BasicState(list(sampler.input_state)))
    processor.min_detected_photons_filter(sampler.photons)
    found = processor.probs(0)
    results: Mapping[pcvl.BasicState, float] = found["results"]
    shares = [results[pcvl.BasicState(list(state))] for state in sampler.states]
    return found["global_perf"] * torch.tensor(shares, dtype=torch.float64)
