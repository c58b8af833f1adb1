"""What damping leaves of each direction of a PQCNN's response, by its definition."""

import pytest
import torch

from qcnn.mappings import mapping_from_text

OUTCOMES, PHASES = 8, 3


@pytest.mark.parametrize("damping", [0.0, 0.01, 0.3])
def test_a_direction_is_undone_but_for_its_share_below_the_largest(damping: float) -> None:
    """K·J has the eigenvalues s²/(s² + (damping·largest s)²), s those of the Jacobian of z."""
    mapping = mapping_from_text(f"whitened:damping={damping}")
    random = torch.Generator().manual_seed(0)
    probabilities = torch.rand(OUTCOMES, generator=random, dtype=torch.float64)
    probabilities /= probabilities.sum()
    jacobian = torch.randn(OUTCOMES, PHASES, generator=random, dtype=torch.float64)
    jacobian *= torch.tensor([1.0, 0.1, 0.01], dtype=torch.float64)
    # z = √(p·outcomes + floor), so that dz/dp = outcomes / 2z.
    z = (probabilities * OUTCOMES + 0.01).sqrt()
    slope = (OUTCOMES / (2 * z)).unsqueeze(1) * jacobian
    singular = torch.linalg.svdvals(slope)
    found = torch.linalg.eigvals(mapping.read_out(probabilities, jacobian) @ slope)  # type: ignore[attr-defined]
    expected = singular**2 / (singular**2 + (damping * singular.max()) ** 2)
    torch.testing.assert_close(found.real.sort().values, expected.sort().values)
    assert found.imag.abs().max() < 1e-9
