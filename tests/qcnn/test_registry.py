"""A name stands for one thing, and can be written wherever names are written."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import qcnn.mappings.affine
from qcnn import InvalidInput, mapping_from_text, register_baseline, register_mapping, registry
from qcnn.data import _registry, register_data
from qcnn.registry import Registry

REGISTER = {"mapping": register_mapping, "baseline": register_baseline, "dataset": register_data}


@pytest.fixture(autouse=True)
def registries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test registers is forgotten after it."""
    kept = (registry.mappings, registry.baselines, _registry.registered)
    before = [dict(each) for each in kept]
    yield
    for each, entries in zip(kept, before, strict=True):
        each._entries = entries


class First:
    pass


class Second:
    pass


def define(module: str = "notebook") -> Any:
    """The definition of a class as a module or a cell makes it when it is run."""
    names: dict[str, Any] = {"__name__": module}
    exec("class Mine: pass", names)
    return names["Mine"]


@pytest.mark.parametrize(
    ("kind", "name", "holder"),
    [
        ("mapping", "mps", "mapping qcnn.mappings.mps.MPS"),
        ("baseline", "hashing", "baseline qcnn.baselines.hashing.Hashing"),
        ("dataset", "digits", "dataset qcnn.data.digits.load_digits"),
        ("mapping", "direct", "baseline qcnn.baselines.direct.Direct"),
        ("baseline", "mixing", "mapping qcnn.mappings.mixing.Mixing"),
    ],
)
def test_a_taken_name_is_refused_and_both_are_named(kind: str, name: str, holder: str) -> None:
    before = {**registry.mappings, **registry.baselines, **_registry.registered}
    with pytest.raises(InvalidInput) as caught:
        REGISTER[kind](name)(First)  # type: ignore[arg-type]
    said = str(caught.value)
    both = f"that of the {holder} and the {kind} {__name__}.First asks for it"
    assert said.startswith(f"the {kind} name {name!r} is {both}; allowed are names other than ")
    assert {**registry.mappings, **registry.baselines, **_registry.registered} == before


@pytest.mark.parametrize("kind", REGISTER)
def test_a_definition_that_is_run_again_replaces_itself(kind: str) -> None:
    for _ in range(2):
        latest = define()
        REGISTER[kind]("mine")(latest)
    found = {**registry.mappings, **registry.baselines, **_registry.registered}["mine"]
    assert getattr(found, "__wrapped__", found) is latest
    with pytest.raises(InvalidInput, match="of the .* notebook.Mine and the .* other.Mine asks"):
        REGISTER[kind]("mine")(define("other"))


def test_a_module_that_is_reloaded_keeps_its_name() -> None:
    before = dict(vars(qcnn.mappings.affine))
    try:
        again = importlib.reload(qcnn.mappings.affine).Affine
        assert again is not before["Affine"]
        assert type(mapping_from_text("affine")) is again
    finally:
        vars(qcnn.mappings.affine).update(before)


def test_what_a_function_makes_twice_is_not_the_same() -> None:
    def make() -> Any:
        @dataclass(frozen=True)
        class Local:
            pass

        return Local

    found: Registry[Any] = Registry("mapping", "qcnn.mappings")
    first = make()
    found.enter("mine", first)
    found.enter("mine", first)
    with pytest.raises(InvalidInput, match="the mapping name 'mine' is that of"):
        found.enter("mine", make())
    found.enter("an-object", First())
    with pytest.raises(InvalidInput, match="the mapping name 'an-object' is that of"):
        found.enter("an-object", First())


@pytest.mark.parametrize("kind", REGISTER)
@pytest.mark.parametrize(
    "name",
    ["a:b", "a,b", "a+b", "a b", "a/b", "a\\b", "a=b", "../a", ".a", "-a", "_a", "a\n", "", "$a$"],
)
def test_a_name_that_breaks_a_text_or_a_path_is_refused(kind: str, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        REGISTER[kind](name)(Second)  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"the {kind} name is {name!r}; allowed are letters, digits")


def test_what_is_made_of_a_definition_is_named_and_replaced_by_it() -> None:
    found: Registry[Any] = Registry("study", "qcnn.mappings")
    found.enter("mine", First(), definition=define())
    latest = First()
    found.enter("mine", latest, definition=define())
    assert found["mine"] is latest
    said = "is that of the study notebook.Mine and the study other.Mine asks for it; allowed"
    with pytest.raises(InvalidInput, match=said):
        found.enter("mine", First(), definition=define("other"))
    again = define()
    found.enter("mine", latest, definition=again)
    with pytest.raises(InvalidInput, match="the study name 'mine' is that of"):
        found.enter("mine", First(), definition=again)
