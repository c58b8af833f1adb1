"""One contract for every mapping, and what each does of its own."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from qcnn import PQCNN, InvalidInput, QuantumTrain, count_parameters, mapping_names
from qcnn.mappings import Calibrated, Mapping, Prepares, mapping_from_text
from qcnn.mappings.mps import multiply_prefixes
from qcnn.registry import mappings
from qcnn.specification import format_choice
from qcnn.targets import target_from_text
from qcnn.targets.layout import WeightLayout, describe_target
from qcnn.weights.combine import tensor_product

EVERY = [
    *mapping_names(),
    "mps:bond_dimension=3,form=torchmps,placement=source",
    "mps:bond_dimension=3,form=orthogonal,placement=residual",
    "mlp:hidden=3,activation=tanh",
    "mixing:floor=0.01",
    "whitened:scale=3,damping=0",
]


def layout(target: str = "notebook") -> WeightLayout:
    return describe_target(target_from_text(target).build(seed=1))


def distributions(lengths: tuple[int, ...], seed: int = 0) -> list[Tensor]:
    random = torch.Generator().manual_seed(seed)
    return [torch.rand(k, generator=random).softmax(0) for k in lengths]


def build(mapping: Mapping, places: WeightLayout, lengths: tuple[int, ...], seed: int) -> nn.Module:
    """The module of a mapping; one that asks for responses gets those of three phases each."""
    module = mapping.build(places, lengths, seed)
    if isinstance(module, Calibrated):
        random = torch.Generator().manual_seed(9)
        module.calibrate(
            [
                (start.double(), torch.randn(len(start), 3, generator=random).double() / len(start))
                for start in distributions(lengths, 9)
            ]
        )
    return module


@pytest.mark.parametrize(
    ("text", "combine"),
    [(text, c) for text in EVERY for c in mapping_from_text(text).combinations],
)
def test_contract(text: str, combine: str) -> None:
    mapping = mapping_from_text(text)
    assert mapping_from_text(format_choice(mapping, "mapping", mappings)) == mapping
    places = layout()
    lengths = (1000,) if combine == "product" else (600, 500)
    module = build(mapping, places, lengths, seed=4)
    trainable = sum(p.numel() for p in module.parameters())
    assert trainable == mapping.count_trainable(places, lengths)
    fixed = sum(value.numel() for value in module.state_dict().values()) - trainable

    given_ = [d.requires_grad_() for d in distributions(lengths)]
    numbers = module(given_)
    assert numbers.shape == (places.weights,)
    assert bool(torch.isfinite(numbers).all())
    (numbers * torch.randn(places.weights)).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in module.parameters() if p.grad is not None)

    again = build(mapping, places, lengths, seed=4)
    assert torch.equal(again(distributions(lengths)), numbers)
    other = build(mapping, places, lengths, seed=5)
    random = bool(fixed) or text.startswith(("mps", "mlp"))
    if "torchmps" not in text:  # its start is the identity up to 1e-9
        assert torch.equal(other(distributions(lengths)), numbers) is not random


@pytest.mark.parametrize("text", EVERY)
@given(seed=st.integers(0, 1000), sharpness=st.floats(0, 60))
def test_any_distribution_gives_finite_weights(text: str, seed: int, sharpness: float) -> None:
    """Also where probabilities vanish or one outcome takes all."""
    mapping = mapping_from_text(text)
    target = nn.Linear(3, 2)
    places = describe_target(target)
    random = torch.Generator().manual_seed(seed)
    distribution = (sharpness * torch.randn(9, generator=random)).softmax(0)
    numbers = build(mapping, places, (9,), seed)([distribution])
    assert numbers.shape == (8,)
    assert bool(torch.isfinite(numbers).all())


def test_what_is_prepared_gives_the_same_numbers_until_it_ends() -> None:
    prepared = []
    for text in EVERY:
        module = build(mapping_from_text(text), layout(), (1000,), seed=4)
        if not isinstance(module, Prepares):
            continue
        prepared.append(text)
        with torch.no_grad():
            for seed in (1, 2):
                expected = module(distributions((1000,), seed))
                with module.prepared():
                    assert torch.equal(module(distributions((1000,), seed)), expected)
            for parameter in module.parameters():
                parameter.mul_(1.1)
            assert not torch.equal(module(distributions((1000,), seed)), expected)
    assert prepared == [text for text in EVERY if text.startswith("mps")]


def test_counts_of_the_sources() -> None:
    def trainable(text: str, target: str) -> int:
        return mapping_from_text(text).count_trainable(layout(target), (8820,))

    for chi in (1, 2, 4, 10):
        assert trainable(f"mps:bond_dimension={chi},form=torchmps", "paper") == 31 * chi**2
        for form in ("lean", "orthogonal"):
            text = f"mps:bond_dimension={chi},form={form}"
            assert trainable(text, "paper") == 26 * chi**2 + 3 * chi
    assert trainable("mlp", "paper") == 129
    assert trainable("affine", "notebook") == 12
    assert trainable("log_affine", "paper") == 16


def test_logit_tanh_is_the_notebook_and_saturates() -> None:
    """Why the notebook stays at chance: joint probabilities of order 1e-5 give −1 exactly."""
    samplers = [PQCNN(9, 4, space="fock", seed=0), PQCNN(8, 4, space="fock", seed=1)]
    model = QuantumTrain(target_from_text("notebook").build(), samplers, "logit_tanh")
    joint = tensor_product([sampler() for sampler in samplers], 978)
    assert joint.median().item() < 1e-4
    weights = torch.cat([value.flatten() for value in model.weights().values()])
    expected = torch.tanh(torch.logit(joint.clamp(1e-6, 1 - 1e-6)))
    assert torch.equal(weights, expected)
    assert (weights == -1).double().mean().item() > 0.8
    assert (weights + 1).abs().max().item() < 0.01
    weights.sum().backward()
    largest = max(s.phases.grad.abs().max().item() for s in samplers if s.phases.grad is not None)
    assert largest < 1e-3


@pytest.mark.parametrize(("weights", "chi"), [(1, 2), (5, 3), (8, 2), (13, 4)])
def test_shared_prefixes_equal_row_by_row(weights: int, chi: int) -> None:
    bits = (weights - 1).bit_length()
    first = torch.randn(chi, dtype=torch.float64)
    sites = list(torch.randn(bits, 2, chi, chi, dtype=torch.float64))
    sites.insert(bits // 2, torch.randn(chi, chi, dtype=torch.float64))
    last = torch.randn(chi, 2, dtype=torch.float64)
    rows = multiply_prefixes(first, sites, last, weights)
    for index in range(weights):
        row, bit = first, bits
        for site in sites:
            if site.ndim == 3:
                bit -= 1
                site = site[index >> bit & 1]
            row = row @ site
        torch.testing.assert_close(rows[index], row @ last)


def test_torchmps_form_is_torchmps_contracted_site_by_site() -> None:
    """The paper's form: features (x, 1 − x), x = ±1 for bits, p·outcomes last, open ends."""
    chi, weights = 3, 6
    mapping = mapping_from_text(f"mps:bond_dimension={chi},form=torchmps")
    target = nn.Linear(2, 2)
    module = mapping.build(describe_target(target), (weights,), seed=0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    (distribution,) = distributions((weights,))
    values = []
    for index in range(weights):
        inputs = [2.0 * (index >> bit & 1) - 1 for bit in (2, 1, 0)]
        inputs.append(distribution[index].item() * weights)
        row = torch.eye(chi)[0]
        for site, x in enumerate(inputs):
            if site == 2:
                row = row @ module.output
            bias = module.biases[0 if site < 2 else 1]
            row = row @ (bias + x * module.cores[site, 0] + (1 - x) * module.cores[site, 1])
        values.append(row[0])
    expected = torch.stack(values)
    numbers = module([distribution])
    torch.testing.assert_close(numbers, (expected - expected.mean())[: len(numbers)])


def test_mixing_starts_at_unit_scale_around_the_initial_weights() -> None:
    places = layout("cnn2202")
    module = mapping_from_text("mixing").build(places, (126, 70), seed=0)
    numbers = module(distributions((126, 70)))
    assert numbers.std().item() == pytest.approx(1.0, rel=0.1)


def test_lean_mps_starts_at_unit_scale() -> None:
    scales = []
    for seed in range(20):
        module = mapping_from_text("mps:bond_dimension=10").build(layout("paper"), (8820,), seed)
        scales.append(module(distributions((8820,), seed)).square().mean().item())
    assert math.log(sum(scales) / len(scales)) == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize("chi", [1, 2, 3, 10])
def test_orthogonal_mps_starts_at_unit_size_at_every_site_whatever_the_seed(chi: int) -> None:
    """The mean square of a lean one's numbers goes from 1e-6 to 18 over 20 seeds at χ = 2."""
    sizes = []
    for seed in range(10):
        mapping = mapping_from_text(f"mps:bond_dimension={chi},form=orthogonal")
        module = mapping.build(layout("paper"), (8820,), seed)
        for matrix in module.cores.detach().flatten(0, 1):
            torch.testing.assert_close(matrix @ matrix.T, torch.eye(chi))
        for sites in range(14):
            rows = multiply_prefixes(
                module.first, list(module.cores[:sites]), torch.eye(chi), 2**sites
            )
            torch.testing.assert_close(rows.norm(dim=1), torch.ones(2**sites))
        lengths = module.last.norm(dim=0)
        assert chi == 1 or lengths.tolist() == pytest.approx([(chi / 2) ** 0.5] * 2)
        sizes.append(module(distributions((8820,), seed)).square().mean().item())
    assert 0.6 < min(sizes) < max(sizes) < 1.6


def test_orthogonal_starts_differ_from_seed_to_seed_and_from_site_to_site() -> None:
    """Of either sign, too: QR's own are not random."""
    text = "mps:bond_dimension=1,form=orthogonal"
    signs = torch.stack(
        [mapping_from_text(text).build(layout(), (978,), seed).cores.flatten() for seed in range(9)]
    )
    assert 0.3 < (signs > 0).double().mean().item() < 0.7
    assert len(signs.unique(dim=0)) == len(signs)


def test_a_matrix_product_state_is_added_to_the_initial_weights_if_so_wanted() -> None:
    target = target_from_text("notebook").build(seed=1)
    places = describe_target(target)
    samplers = [PQCNN(9, 4, seed=0), PQCNN(8, 4, seed=1)]
    kept, plain = (
        QuantumTrain(target, samplers, f"mps:form=orthogonal,placement={placement}", seed=3)
        for placement in ("residual", "fan_in")
    )
    torch.testing.assert_close(kept.generate() - plain.generate(), places.initial)
    assert count_parameters(kept).fixed_numbers == places.weights
    assert count_parameters(plain).fixed_numbers == 0


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(1, 200), st.integers(0, 99))
def test_truncated_tensor_product(lengths: list[int], length: int, seed: int) -> None:
    parts = distributions(tuple(lengths), seed)
    whole = parts[0]
    for part in parts[1:]:
        whole = torch.outer(whole, part).flatten()
    torch.testing.assert_close(tensor_product(parts, length), whole[:length])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("magic", "mapping is 'magic'; allowed are affine, "),
        (
            "mps:chi=3",
            "option of mapping mps is 'chi'; allowed are bond_dimension, form, placement",
        ),
        ("mps:bond_dimension=x", "bond_dimension of mapping mps is 'x'; allowed is"),
        ("mps:bond_dimension=0", "bond_dimension is 0; allowed"),
        ("mps:form=other", "form is 'other'; allowed are lean, orthogonal, torchmps"),
        ("mixing:floor=-1", "floor is -1.0; allowed"),
        ("log_affine:floor=nan", "floor is nan; allowed"),
        ("mlp:hidden=0", "hidden is 0; allowed"),
    ],
)
def test_bad_text_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        mapping_from_text(text)


def test_model_counts_what_the_mapping_states() -> None:
    samplers = [PQCNN(9, 4, seed=0), PQCNN(8, 4, seed=1)]
    model = QuantumTrain(target_from_text("cnn2202").build(), samplers, "mixing")
    counts = count_parameters(model)
    assert counts.fixed_numbers == 2202 * (126 + 70) + 2202
    assert counts.mapping == 2


@pytest.mark.parametrize("weights", [1, 2, 5, 32, 77])
@pytest.mark.parametrize("activation", ["none", "tanh"])
def test_the_mlp_reads_the_bits_of_each_index(weights: int, activation: str) -> None:
    layout = describe_target(nn.Linear(weights, 1, bias=False))
    module = mapping_from_text(f"mlp:activation={activation}").build(layout, (weights,), seed=4)
    bits = (weights - 1).bit_length()
    probabilities = torch.rand(weights)
    rows = [
        [2.0 * (index >> bit & 1) - 1 for bit in reversed(range(bits))] for index in range(weights)
    ]
    inputs = torch.cat(
        [torch.tensor(rows).view(weights, bits), probabilities.unsqueeze(1) / probabilities.mean()],
        1,
    )
    first, second = module.get_submodule("first"), module.get_submodule("second")
    hidden = first(inputs)
    expected = second(hidden.tanh() if activation == "tanh" else hidden).squeeze(1)
    torch.testing.assert_close(module([probabilities]), expected - expected.mean())
