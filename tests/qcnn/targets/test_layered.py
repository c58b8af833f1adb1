"""Directions of each layer by itself, smooth across the kernels of convolutions."""

import pytest
import torch
from torch import nn

from qcnn import InvalidInput, baseline_from_text, target_from_text
from qcnn.hadamard import DenseMatrix
from qcnn.targets.layered import LayeredMatrix, deal, layer_sizes
from qcnn.targets.layout import WeightLayout, describe_target


def layout() -> WeightLayout:
    return describe_target(target_from_text("cnn:channels=3+5,kernel=5+3,pooling=3+2").build())


def make(rows: int, columns: int) -> nn.Module:
    return DenseMatrix(torch.randn(rows, columns, generator=torch.Generator().manual_seed(rows)))


def moved_by(matrix: nn.Module, columns: int) -> list[torch.Tensor]:
    """What each number adds to the weights."""
    return [matrix(unit) for unit in torch.eye(columns)]


def test_each_number_moves_one_layer() -> None:
    found = moved_by(LayeredMatrix(layout(), [2, 3, 4], make), 9)
    layers = torch.tensor([78, 140, 460])
    for weights, layer in zip(found, [0] * 2 + [1] * 3 + [2] * 4, strict=True):
        parts = weights.split(layers.tolist())
        assert [bool(part.any()) for part in parts] == [place == layer for place in range(3)]


def test_kernels_change_in_their_lowest_frequencies_alone() -> None:
    """Of 5 by 5 pixels in 3 by 3 frequencies, told by a discrete cosine transform of SciPy's."""
    from scipy.fft import dctn

    added = LayeredMatrix(layout(), [9, 0, 0], make)(torch.randn(9))
    kernels = added[:75].view(3, 1, 5, 5)
    frequencies = torch.from_numpy(dctn(kernels.numpy(), axes=(2, 3), norm="ortho"))
    assert frequencies[..., :3, :3].abs().min() > 1e-4
    frequencies[..., :3, :3] = 0
    assert frequencies.abs().max() < 1e-5


def test_the_mean_square_of_a_layer_is_that_of_its_block() -> None:
    matrix = LayeredMatrix(layout(), [30, 65, 0], lambda rows, _: DenseMatrix(torch.eye(rows)))
    numbers = torch.randn(95)
    parts = matrix(numbers).split([78, 140, 460])[:2]
    for added, own in zip(parts, numbers.split([30, 65]), strict=True):
        torch.testing.assert_close(added.square().mean(), own.square().mean())


def test_layers_get_their_share_by_the_root_of_their_size() -> None:
    sizes = layer_sizes(layout())
    assert sizes == [30, 65, 460]
    layers = deal(sizes, [1] * 223)
    # √30 : √65 : √460 of 223 would be 34 : 50 : 134, more than the first has.
    assert [layers.count(place) for place in range(3)] == [30, 53, 140]
    assert deal([5, 5], [3, 3, 3, 3]) == [0, 1, 0, 1]
    full = deal(sizes, [1] * 555)
    assert [full.count(place) for place in range(3)] == sizes


@pytest.mark.parametrize(
    ("sizes", "lots", "lost"),
    [
        ([20, 18, 190], [10] * 22 + [2], 0),
        ([40, 68, 370], [10] * 47, 0),
        # More than there is room for.
        ([5, 18], [10, 10, 10], 7),
    ],
)
def test_a_layer_gets_no_more_directions_than_it_has_changes(
    sizes: list[int], lots: list[int], lost: int
) -> None:
    have = [0] * len(sizes)
    for layer, lot in zip(deal(sizes, lots), lots, strict=True):
        have[layer] += lot
    kept = sum(min(pair) for pair in zip(have, sizes, strict=True))
    assert sum(lots) - kept == lost


def test_a_subspace_of_such_directions_has_orthogonal_ones_of_each_layers_own_size() -> None:
    target = target_from_text("cnn:channels=3+5,kernel=5+3,pooling=3+2").build(seed=1)
    text = "random_subspace:dimension=223,directions=layered"
    model = baseline_from_text(text).build(target, seed=2)
    start = model.generate().detach()  # type: ignore[operator]
    torch.testing.assert_close(start, describe_target(target).initial)
    coordinates = model.get_parameter("coordinates")
    columns = torch.autograd.functional.jacobian(
        lambda values: model.get_submodule("matrix")(values), coordinates.detach()
    )
    columns = columns / describe_target(target).scale.unsqueeze(1)
    gram = columns.T @ columns
    assert (gram - gram.diag().diag()).abs().max() < 1e-4
    # A unit of every number changes each weight by one, on average.
    for part in columns.split([78, 140, 460]):
        assert part.square().sum(1).mean().item() == pytest.approx(1, rel=0.05)


def test_no_more_numbers_than_smooth_changes() -> None:
    target = target_from_text("cnn:channels=3+5,kernel=5+3,pooling=3+2").build()
    baseline = baseline_from_text("random_subspace:dimension=556,directions=layered")
    with pytest.raises(InvalidInput, match="is 556; allowed for 555 weights are 1 to 555"):
        baseline.build(target, seed=0)
