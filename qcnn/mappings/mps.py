"""Source B: a matrix product state (MPS) over index bits and probability.

The matrices of all index strings share their prefixes, so each site is multiplied once
for every prefix and not once for every weight.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import isqrt

import torch
from torch import Tensor, nn

from qcnn.checks import LARGEST_MODEL, check_choice, whole_number
from qcnn.directions import orthogonal_directions
from qcnn.mappings._base import (
    Mapping,
    index_bits,
    one_per_weight,
    register_mapping,
    relative,
    standardise,
)
from qcnn.seeds import derive
from qcnn.targets.layout import Placement, WeightLayout

_LEAN, _ORTHOGONAL, _TORCHMPS = _FORMS = ("lean", "orthogonal", "torchmps")
_PLACEMENTS: tuple[Placement, ...] = ("fan_in", "residual", "source")
#: Keeps the logarithm of a vanishing probability finite, in units of the mean probability.
_FLOOR = 0.1


@register_mapping("mps")
@dataclass(frozen=True)
class MPS(Mapping):
    """A weight is a product of χ×χ matrices picked by the bits of its index and by its probability.

    Attributes:
        bond_dimension: χ.
        form: ``"lean"``: a first vector (χ), two random matrices per bit (2χ²) and a last
            vector that is affine in the standardised log-probability (2χ), 26χ² + 3χ
            parameters for 13 bits. ``"orthogonal"``: the same from another start: the
            matrices are orthogonal (Haar), so that no product of them shrinks whatever the
            seed. ``"torchmps"``: the paper's, an instance of TorchMPS
            with its near-identity start: 2χ² per bit and for p/p̄, an output
            matrix χ² and two bias matrices χ², 31χ² for 13 bits, the mean subtracted.
        placement: ``"fan_in"``, ``"residual"``, which adds the target's initial weights w₀, or
            ``"source"`` for the source's unscaled weights.

    Source: arXiv:2505.08474, Section II; github.com/jemisjoky/TorchMPS. Orthogonal starts: Saxe
    et al., ICLR 2014.
    """

    bond_dimension: int = 10
    form: str = "lean"
    placement: Placement = "fan_in"

    def __post_init__(self) -> None:
        super().__post_init__()
        # The two matrices of a single bit alone are not to be larger than any model.
        whole_number(self.bond_dimension, "bond_dimension", 1, isqrt(LARGEST_MODEL // 2))
        check_choice(self.form, "form", _FORMS)
        check_choice(self.placement, "placement", _PLACEMENTS)

    def build(self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        return _MODULES[self.form](layout.weights, self.bond_dimension, derive(seed, "mapping"))

    def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
        chi, bits = self.bond_dimension, index_bits(layout.weights)
        if self.form == _TORCHMPS:
            return (2 * (bits + 1) + 3) * chi**2
        return 2 * bits * chi**2 + 3 * chi

    def get_placement(self) -> Placement:
        return self.placement


def multiply_prefixes(first: Tensor, sites: list[Tensor], last: Tensor, weights: int) -> Tensor:
    """The products first·M₁[b₁]·M₂[b₂]·…·last of the first ``weights`` bit strings.

    Args:
        first: shape ``(χ,)``.
        sites: a tensor of shape ``(2, χ, χ)`` for each bit, most significant first, or a
            matrix of shape ``(χ, χ)`` that every string shares.
        last: shape ``(χ, k)``.
        weights: how many strings, counted from 0, are wanted.

    Returns:
        shape ``(weights, k)``.
    """
    # The last site goes with what follows it, so that no χ numbers of each string are kept.
    narrow = [*sites[:-1], *(site @ last for site in sites[-1:])]
    rows = first.unsqueeze(0) if sites else first.unsqueeze(0) @ last
    bits_left = sum(site.ndim == 3 for site in sites)
    for site in narrow:
        if site.ndim == 2:
            rows = rows @ site
            continue
        bits_left -= 1
        prefixes = -(-weights // 2**bits_left)
        both = torch.cat([site[0], site[1]], dim=1)
        rows = (rows @ both).reshape(-1, site.shape[-1])[:prefixes]
    return rows


class _Products(nn.Module, ABC):
    """What both kinds of states have in common: constant and slope of each weight's number."""

    _kept: Tensor | None = None

    @abstractmethod
    def _multiply(self) -> Tensor:
        """Constant and slope of every weight, shape ``(weights, 2)``, from the parameters alone."""

    def _rows(self) -> Tensor:
        return self._multiply() if self._kept is None else self._kept

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Inside, where the parameters stay as they are, the matrices are multiplied once."""
        with torch.no_grad():
            self._kept = self._multiply()
        try:
            yield
        finally:
            del self._kept


class _Lean(_Products):
    def __init__(self, weights: int, chi: int, seed: int) -> None:
        super().__init__()
        self.weights = weights
        random = torch.Generator().manual_seed(seed)
        first, cores, last = self._start(index_bits(weights), chi, random)
        self.first, self.cores = nn.Parameter(first), nn.Parameter(cores)
        self.last = nn.Parameter(last)

    @staticmethod
    def _start(bits: int, chi: int, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """The first vector, the matrices of every site and the last vector, as they begin."""

        # Variances that keep the numbers at unit size through any number of sites.
        def normal(*shape: int, variance: float) -> Tensor:
            drawn: Tensor = torch.randn(shape, generator=random) * variance**0.5
            return drawn

        first = normal(chi, variance=1 / chi)
        cores = normal(bits, 2, chi, chi, variance=1 / chi)
        return first, cores, normal(chi, 2, variance=1 / 2)

    def forward(self, distributions: list[Tensor]) -> Tensor:
        probabilities = one_per_weight(distributions, self.weights)
        values = standardise(torch.log(relative(probabilities) + _FLOOR))
        constant, slope = self._rows().unbind(dim=1)
        return constant + slope * values

    def _multiply(self) -> Tensor:
        return multiply_prefixes(self.first, list(self.cores), self.last, self.weights)


class _Orthogonal(_Lean):
    """Of unit size for every seed, where that of a random product spreads with the sites."""

    @staticmethod
    def _start(bits: int, chi: int, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        first = orthogonal_directions(chi, 1, random).squeeze(1) / chi**0.5
        cores = torch.empty(bits, 2, chi, chi)
        for matrix in cores.flatten(0, 1):
            matrix.copy_(orthogonal_directions(chi, chi, random))
        # Constant and slope are of one length, so that the mean square of the numbers is 1.
        return first, cores, orthogonal_directions(chi, 2, random).contiguous()


class _TorchMPS(_Products):
    """TorchMPS with open ends, its output site in the middle, features (x, 1 − x)."""

    def __init__(self, weights: int, chi: int, seed: int) -> None:
        super().__init__()
        self.weights = weights
        random = torch.Generator().manual_seed(seed)

        def noise(*shape: int) -> Tensor:
            return 1e-9 * torch.randn(shape, generator=random)

        identity = torch.eye(chi)
        self.cores = nn.Parameter(noise(index_bits(weights) + 1, 2, chi, chi))
        self.biases = nn.Parameter(identity + noise(2, chi, chi))
        self.output = nn.Parameter(identity + noise(chi, chi))

    def forward(self, distributions: list[Tensor]) -> Tensor:
        probabilities = relative(one_per_weight(distributions, self.weights))
        constant, slope = self._rows().unbind(dim=1)
        numbers: Tensor = constant + slope * probabilities
        return numbers - numbers.mean()

    def _multiply(self) -> Tensor:
        middle = len(self.cores) // 2
        sites: list[Tensor] = []
        for position, (one, other) in enumerate(self.cores):
            bias = self.biases[int(position >= middle)]
            if position == middle:
                sites.append(self.output)
            if position < len(self.cores) - 1:
                sites.append(torch.stack([bias - one + 2 * other, bias + one]))
        first = torch.eye(len(self.output))[0]
        one, other = self.cores[-1]
        last = torch.stack([(self.biases[1] + other)[:, 0], (one - other)[:, 0]], dim=1)
        return multiply_prefixes(first.to(self.output), sites, last, self.weights)


_MODULES: dict[str, Callable[[int, int, int], nn.Module]] = {
    _LEAN: _Lean,
    _ORTHOGONAL: _Orthogonal,
    _TORCHMPS: _TorchMPS,
}
