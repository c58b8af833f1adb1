"""Smaller targets at a given number of parameters."""

import pytest

from qcnn import InvalidInput, baseline_from_text, count_parameters, smaller_targets
from qcnn.targets import ConvolutionalNetwork, target_from_text

PAPERS_COUNTS = (223, 316, 471, 688, 967, 1308, 1711, 2176, 2703, 3292)


@pytest.mark.parametrize("budget", PAPERS_COUNTS)
def test_close_to_the_papers_counts_and_never_above(budget: int) -> None:
    counts = []
    for text in smaller_targets(budget):
        network = target_from_text(text).build(seed=0)
        counts.append(count_parameters(network).total)
        assert counts[-1] == sum(p.numel() for p in network.parameters())
    assert (0.85 if budget != 316 else 0.7) * budget <= max(counts)
    assert max(counts) <= budget


def test_exactly_these() -> None:
    found = {budget: smaller_targets(budget) for budget in (223, 688)}
    assert found == {
        223: (
            "cnn:channels=1+1,kernel=5+3,pooling=3+2",
            "cnn:channels=2+2,kernel=5+3,pooling=3",
            "cnn:channels=2+3,kernel=4+3,pooling=3",
            "cnn:channels=1+1,kernel=5",
        ),
        688: (
            "cnn:channels=3+5,kernel=5+3,pooling=3+2",
            "cnn:channels=5+6,kernel=5+3,pooling=3",
            "cnn:channels=6+6,kernel=4+3,pooling=3",
            "cnn:channels=2+2,kernel=5",
        ),
    }


def test_none_of_a_family_is_larger_and_still_fits() -> None:
    fitting = [
        count
        for first in range(1, 8)
        for second in range(first, 2 * first + 1)
        for network in [ConvolutionalNetwork((first, second), (5, 3), (3, 2)).build()]
        if (count := count_parameters(network).total) <= 967
    ]
    chosen = target_from_text(smaller_targets(967)[0]).build()
    assert count_parameters(chosen).total == max(fitting)


def test_a_baseline_lets_the_network_be_larger() -> None:
    text = "low_rank:rank=3"
    network = target_from_text(smaller_targets(1308, text)[0]).build()
    counted = count_parameters(baseline_from_text(text).build(network, 0)).total
    assert counted <= 1308 < count_parameters(network).total


def test_too_small_a_budget() -> None:
    with pytest.raises(InvalidInput, match="budget is 76; allowed .* trained by direct .* 77"):
        smaller_targets(76)


def test_networks_that_the_baseline_or_the_images_do_not_take_are_left_out() -> None:
    text = "magnitude_pruning:kept=90"  # the smallest of all has 77 weights
    for name in smaller_targets(90, text):
        network = target_from_text(name).build()
        assert count_parameters(baseline_from_text(text).build(network, 0)).total == 90
    small = smaller_targets(300, image_shape=(1, 17, 17))
    assert [name.partition(",")[2] for name in small] == ["kernel=5+3,pooling=3+2", "kernel=5"]
    for name in small:
        target_from_text(name).build((1, 17, 17))
    with pytest.raises(InvalidInput, match=r"image_shape is \(1, 3, 3\); allowed are images that"):
        smaller_targets(300, image_shape=(1, 3, 3))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("700",), "budget is '700'; allowed are whole numbers from 1"),
        ((True,), "budget is True; allowed"),
        ((700.0,), "budget is 700.0; allowed"),
        ((0,), "budget is 0; allowed"),
        ((700, "mixing"), "baseline is 'mixing'; allowed are direct"),
        ((700, None), "baseline is None; allowed are direct"),
        ((700, "direct", (28, 28)), "image_shape is (28, 28); allowed are (channels, height, wid"),
        ((700, "direct", "28"), "image_shape is '28'; allowed are (channels"),
        ((700, "direct", (1, 28, 2.5)), "width of image_shape is 2.5; allowed are whole numbers"),
        ((700, "direct", (1, 28, 28), 1), "classes is 1; allowed are whole numbers from 2"),
        ((700, "direct", (1, 28, 28), "10"), "classes is '10'; allowed are whole numbers from 2"),
    ],
)
def test_wrong_arguments_are_one_sentence(arguments: tuple, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        smaller_targets(*arguments)
    assert str(caught.value).startswith(sentence)


def test_a_list_is_as_good_as_a_tuple() -> None:
    shape = [1, 28, 28]
    assert smaller_targets(688, "direct", shape) == smaller_targets(688)  # type: ignore[arg-type]


@pytest.mark.parametrize("channels", [(1, 2), (9, 18), (16, 16), (16, 32)])
@pytest.mark.parametrize("shape", ["kernel=5+3,pooling=3+2", "kernel=5"])
def test_a_network_at_either_end_of_its_family_fills_its_own_count(
    channels: tuple[int, int], shape: str
) -> None:
    """1 to 16 channels, then as many or up to twice as many; the budget itself is allowed."""
    text = f"cnn:channels={channels[0]}+{channels[1]},{shape}"
    count = count_parameters(target_from_text(text).build()).total
    (found,) = [each for each in smaller_targets(count) if each.endswith(f",{shape}")]
    assert count_parameters(target_from_text(found).build()).total == count
