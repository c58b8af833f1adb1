"""One contract for every baseline, and what each does of its own."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import pytest
import torch
from torch import Tensor, nn

from qcnn import (
    Baseline,
    Data,
    GeneratedNetwork,
    InvalidInput,
    TrainConfig,
    baseline_from_text,
    baseline_names,
    count_parameters,
    mapping_names,
    register_baseline,
    target_from_text,
    train,
)
from qcnn.baselines import names_a_baseline
from qcnn.baselines._base import registered
from qcnn.baselines.hashing import split_in_proportion
from qcnn.specification import format_choice
from qcnn.targets import target_names
from qcnn.targets.layout import describe_target
from qcnn.training.train import AfterEpoch

EVERY = [
    *baseline_names(),
    "hashing:buckets=37",
    "low_rank:rank=3",
    "magnitude_pruning:kept=301,after=1.0",
    "random_subspace:dimension=7",
    "random_subspace:dimension=7,directions=orthogonal",
    "structured_pruning:share=0.3",
    "weight_sharing:rows=2,start=source",
]
RANDOM = ("hashing", "low_rank", "random_subspace", "weight_sharing:rows=2,start=source")


class Tied(nn.Module):
    """An embedding that is the output layer too, a norm between two linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Linear(16, 30, bias=False)
        self.norm = nn.LayerNorm(30)
        self.middle = nn.Linear(30, 10)
        self.out = nn.Linear(30, 16, bias=False)
        self.out.weight = nn.Parameter(self.embedding.weight.detach().T.clone())
        self.again = nn.Linear(16, 30, bias=False)
        self.again.weight = self.embedding.weight

    def forward(self, images: Tensor) -> Tensor:
        first = self.out(self.norm(self.embedding(images.flatten(1)[:, :16])))
        logits: Tensor = self.middle(self.again(first))
        return logits


MODULES: dict[str, Callable[[], nn.Module]] = {
    **{
        name: lambda name=name: target_from_text(name).build(seed=1)
        for name in target_names()
        if name != "adapter"  # has no layers to share or prune: see tests/qcnn/targets
    },
    "batch norm": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 9), nn.BatchNorm2d(4), nn.AvgPool2d(5), nn.Flatten(), nn.Linear(64, 10)
    ),
    "tied": Tied,
}


def make(name: str) -> nn.Module:
    torch.manual_seed(2)
    return MODULES[name]()


def build(text: str, target: nn.Module, seed: int = 4) -> nn.Module:
    """The model at the count that it states: a network that is pruned later is pruned."""
    model = baseline_from_text(text).build(target, seed)
    if isinstance(model, AfterEpoch):
        model.after_epoch(1, 1)
    return model


def generated(text: str, target: nn.Module, seed: int = 4) -> GeneratedNetwork:
    model = build(text, target, seed)
    assert isinstance(model, GeneratedNetwork)
    return model


def flat_weights(model: nn.Module) -> Tensor:
    if isinstance(model, GeneratedNetwork):
        return model.generate()
    return torch.cat([value.flatten() for value in model.parameters()])


def entries_changed_by_a_step(model: nn.Module, loss: Callable[[], Tensor]) -> int:
    trained = [p for p in model.parameters() if p.requires_grad]
    before = [p.detach().clone() for p in trained]
    optimiser = torch.optim.Adam(trained, lr=0.1)
    loss().backward()
    optimiser.step()
    optimiser.zero_grad()
    return sum(int((a != b).sum()) for a, b in zip(before, trained, strict=True))


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("text", EVERY)
def test_contract(text: str, name: str) -> None:
    baseline = baseline_from_text(text)
    assert baseline_from_text(format_choice(baseline, "baseline", registered)) == baseline
    target = make(name)
    before = copy.deepcopy(target.state_dict())
    weights = sum(p.numel() for p in target.parameters())
    images, labels = torch.rand(30, 1, 28, 28), torch.arange(30) % 10

    # A loss that reads every weight: each number that can change does, and no other.
    model = build(text, target)
    counted = count_parameters(model).total
    assert 0 < counted <= weights
    assert (counted == weights) is (text == "direct")
    direction = torch.randn(weights)
    assert entries_changed_by_a_step(model, lambda: flat_weights(model) @ direction) == counted

    # A step of the training changes some of those, and the target itself is left alone.
    def loss() -> Tensor:
        return nn.functional.cross_entropy(model(images), labels)

    start = loss().item()
    assert 0 < entries_changed_by_a_step(model, loss) <= counted
    assert loss().item() != start
    assert all(torch.equal(value, before[key]) for key, value in target.state_dict().items())

    model.eval()
    exported = model.export().eval() if isinstance(model, GeneratedNetwork) else model
    torch.testing.assert_close(exported(images), model(images))
    assert set(exported.state_dict()) == set(before)
    assert all(p.requires_grad for p in exported.parameters())


@pytest.mark.parametrize("text", EVERY)
def test_a_seed_fixes_every_number(text: str) -> None:
    target = make("cnn816")
    first, again, other = (build(text, target, seed) for seed in (1, 1, 2))
    for model in (first, again, other):  # so that a subspace shows its directions
        entries_changed_by_a_step(model, lambda m=model: flat_weights(m).square().sum())
    assert torch.equal(flat_weights(first), flat_weights(again))
    assert torch.equal(flat_weights(first), flat_weights(other)) is not text.startswith(RANDOM)


def test_a_baseline_is_never_taken_for_a_mapping() -> None:
    assert not set(baseline_names()) & set(mapping_names())
    assert all(map(names_a_baseline, EVERY))
    assert not any(map(names_a_baseline, mapping_names()))


def test_a_baseline_of_a_users_own_is_found_by_its_name() -> None:
    try:

        @register_baseline("last_layer")
        @dataclass(frozen=True)
        class LastLayer(Baseline):
            def build(self, target: nn.Module, seed: int) -> nn.Module:
                model = copy.deepcopy(target).requires_grad_(False)
                list(model.children())[-1].requires_grad_(True)
                return model

        model = baseline_from_text("last_layer").build(make("cnn2202"), seed=0)
        assert count_parameters(model).total == 1290
    finally:
        registered.pop("last_layer", None)


def test_random_subspace_is_linear_through_the_initial_weights() -> None:
    target = make("cnn2202")
    places = describe_target(target)
    model = generated("random_subspace:dimension=300", target)
    coordinates = model.get_parameter("coordinates")
    assert torch.equal(model.generate(), places.initial)

    def offset(values: Tensor) -> Tensor:
        coordinates.data.copy_(values)
        return model.generate().detach() - places.initial

    one, other = torch.randn(300), torch.randn(300)
    torch.testing.assert_close(offset(one + 2 * other), offset(one) + 2 * offset(other))
    # Unit variance in units of 1/√fan-in, as from the mapping `mixing`.
    assert (offset(one) / places.scale).std().item() == pytest.approx(1, rel=0.1)
    columns = torch.stack([offset(unit) / places.scale for unit in torch.eye(300)])
    expected = torch.full((300,), (2202 / 300) ** 0.5)
    torch.testing.assert_close(columns.norm(dim=1), expected, rtol=1e-4, atol=0)
    assert model.parameter_counts().fixed_numbers == 2202 * 300 + 2202


def test_hashed_weights_share_the_values_of_the_buckets() -> None:
    target = make("cnn2202")
    places = describe_target(target)
    model = generated("hashing:buckets=400", target)
    shares = split_in_proportion(400, [shape.numel() for shape in places.shapes])
    assert sum(shares) == 400
    numbers = model.generate().detach().split([shape.numel() for shape in places.shapes])
    for values, share in zip(numbers, shares, strict=True):
        assert share == pytest.approx(len(values) * 400 / 2202, rel=0.02, abs=1)
        _, uses = values.abs().unique(return_counts=True)
        assert len(uses) == share
        assert uses.max() - uses.min() <= 1, "buckets are dealt out evenly"
        if len(values) >= 100:  # the sign is the weight's, not the bucket's
            assert len(values.unique()) > 1.7 * share
    assert model.parameter_counts().fixed_numbers == 2 * 2202


def test_every_tensor_has_a_bucket_and_none_more_than_weights() -> None:
    for total, sizes in product((3, 5, 40, 106), ([1, 5, 100], [100, 5, 1])):
        shares = split_in_proportion(total, sizes)
        assert sum(shares) == total
        assert all(1 <= share <= size for share, size in zip(shares, sizes, strict=True))


def test_low_rank_matrices_have_the_rank_and_the_rest_is_dense() -> None:
    target = make("paper")
    weights = generated("low_rank:rank=3", target).weights()
    ranks = {
        name: int(torch.linalg.matrix_rank(value.detach().flatten(1), rtol=1e-5))
        for name, value in weights.items()
        if value.ndim > 1
    }
    assert ranks == {"0.weight": 3, "2.weight": 3, "5.weight": 3, "6.weight": 3}
    for name, value in weights.items():
        if value.ndim == 1:
            torch.testing.assert_close(value, target.get_parameter(name))
        else:  # variance 1/fan-in at the start
            fan_in = value[0].numel()
            assert (value.square().mean() * fan_in).item() == pytest.approx(1, rel=0.6)
    # 8×25 with rank 7 has 231 factors' numbers against 200: dense.
    dense = generated("low_rank:rank=7", target).weights()["0.weight"]
    torch.testing.assert_close(dense, target.get_parameter("0.weight"))


@pytest.mark.parametrize(
    ("rows", "parameters"), [(1, 3042), (2, 3234), (4, 3618), (5, 3810), (10, 4770)]
)
@pytest.mark.parametrize("start", ["target", "source"])
def test_weight_sharing_has_the_papers_counts(rows: int, parameters: int, start: str) -> None:
    target = make("paper")
    model = generated(f"weight_sharing:rows={rows},start={start}", target)
    assert count_parameters(model).total == parameters == 6690 - 192 * 20 + 192 * rows
    shared, bias = (model.weights()[f"5.{name}"].detach() for name in ("weight", "bias"))
    assert len(shared.unique(dim=0)) == rows
    assert all(torch.equal(row, shared[place % rows]) for place, row in enumerate(shared))
    if start == "source":
        assert shared.std().item() == pytest.approx(1, rel=0.15)
        assert bias.std().item() == pytest.approx(1, rel=0.6)
    else:
        assert torch.equal(shared[:rows], target.get_parameter("5.weight")[:rows])
    for name in ("0.weight", "2.bias", "6.weight"):
        assert torch.equal(model.weights()[name], target.get_parameter(name))


@pytest.mark.parametrize(
    ("share", "parameters"), [(0.5, 3370), (0.6, 2745), (0.7, 2120), (0.8, 1300), (0.9, 675)]
)
def test_structured_pruning_has_the_papers_counts(share: float, parameters: int) -> None:
    target = make("paper")
    model = generated(f"structured_pruning:share={share}", target)
    assert count_parameters(model).total == parameters
    weights = model.weights()
    for name, rows in (("0.weight", True), ("2.weight", True), ("5.weight", False)):
        initial, left = target.get_parameter(name).detach(), weights[name].detach()
        if rows:  # filters of a convolution; inputs of a linear layer are its columns
            initial, left = initial.flatten(1).T, left.flatten(1).T
        norms, kept = initial.norm(dim=0), left.norm(dim=0) > 0
        assert torch.equal(left[:, kept], initial[:, kept])
        assert int((~kept).sum()) == round(share * len(norms))
        assert norms[kept].min() > norms[~kept].max()


@pytest.fixture(scope="module")
def data() -> Data:
    """Three separable classes of 4×4 images."""
    random = torch.Generator().manual_seed(0)
    labels = torch.arange(120) % 3
    images = 0.2 * torch.rand(120, 1, 4, 4, generator=random)
    images[torch.arange(120), 0, labels] += 0.6
    parts = [(images[a:b], labels[a:b]) for a, b in ((0, 80), (80, 100), (100, 120))]
    return Data("stripes", *(tensor for part in parts for tensor in part), classes=3)


@pytest.mark.parametrize(("after", "epoch"), [(0.1, 1), (0.5, 2), (0.6, 3), (1.0, 4)])
def test_magnitude_pruning_in_the_course_of_a_training(
    data: Data, after: float, epoch: int
) -> None:
    target = nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 3))
    model = baseline_from_text(f"magnitude_pruning:kept=60,after={after}").build(target, 0)
    assert isinstance(model, GeneratedNetwork)
    seen: list[Tensor] = []

    def look(_: object) -> None:
        seen.append(model.generate().detach().clone())

    train(model, data, TrainConfig(epochs=4, batch_size=16), look)
    remaining = [int(weights.count_nonzero()) for weights in seen]
    assert remaining == [243] * (epoch - 1) + [60] * (5 - epoch)
    for weights in seen[epoch:]:
        assert torch.equal(weights != 0, seen[epoch - 1] != 0)
        assert not torch.equal(weights, seen[epoch - 1]), "what remains is trained on"


def test_magnitude_pruning_keeps_the_largest_over_all_layers() -> None:
    target = make("paper")
    initial = describe_target(target).initial
    weights = generated("magnitude_pruning:kept=3370", target).generate().detach()
    assert int(weights.count_nonzero()) == 3370
    assert initial[weights != 0].abs().min() >= initial[weights == 0].abs().max()
    assert torch.equal(weights[weights != 0], initial[weights != 0])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("magic", "baseline is 'magic'; allowed are direct, hashing"),
        ("direct:rank=2", "option of baseline direct is 'rank'; allowed are none"),
        ("random_subspace:directions=x", "directions is 'x'; allowed are normal, orthogonal"),
        ("random_subspace:dimension=0", "dimension is 0; allowed for 816 weights are 1 to 816"),
        ("random_subspace:dimension=900", "dimension is 900; allowed for 816 weights are 1 to"),
        ("hashing:buckets=5", "buckets is 5; allowed for 816 weights are 6 to 816"),
        ("low_rank:rank=0", "rank is 0; allowed are whole numbers from 1"),
        ("weight_sharing:rows=3", "rows is 3; allowed for 10 outputs are 1, 2, 5, 10"),
        ("weight_sharing:start=zero", "start is 'zero'; allowed are target, source"),
        ("magnitude_pruning:kept=817", "kept is 817; allowed for 816 weights are 1 to 816"),
        ("magnitude_pruning:after=0", "after is 0.0; allowed are numbers above 0, up to 1"),
        ("structured_pruning:share=1", "share is 1.0; allowed are numbers between 0 and 1"),
    ],
)
def test_bad_text_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        baseline_from_text(text).build(make("cnn816"), seed=0)


def test_sharing_needs_a_linear_layer() -> None:
    with pytest.raises(InvalidInput, match="target Conv2d has 0 linear layers; allowed"):
        baseline_from_text("weight_sharing").build(nn.Conv2d(1, 5, 2), seed=0)
