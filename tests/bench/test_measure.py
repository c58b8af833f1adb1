"""Turns, budgets and quartiles."""

from time import sleep

from bench.measure import Timing, interleave


def test_computations_take_turns_and_none_always_follows_the_same() -> None:
    calls: list[str] = []

    def compute(name: str) -> None:
        calls.append(name)
        sleep(0.03)

    timings = interleave({name: lambda name=name: compute(name) for name in "abc"}, 3, 10)  # type: ignore[misc]
    assert "".join(calls) == "abc" + "bca" + "cab"
    assert all(len(timing.samples) == 3 for timing in timings.values())


def test_a_turn_of_a_short_computation_is_many_calls() -> None:
    calls = 0

    def compute() -> None:
        nonlocal calls
        calls += 1
        sleep(0.001)

    timing = interleave({"a": compute}, 1, 10)["a"]
    assert calls > 5
    assert 0.001 <= timing.samples[0] < 0.02


def test_who_used_its_time_up_gets_no_more_turns() -> None:
    timings = interleave({"slow": lambda: sleep(0.05), "fast": lambda: sleep(0.001)}, 4, 0.08)
    assert len(timings["slow"].samples) == 2
    assert len(timings["fast"].samples) == 4


def test_waiting_takes_no_processor_time() -> None:
    assert interleave({"a": lambda: sleep(0.05)}, 2, 10)["a"].cores < 0.5


def test_quartiles_of_the_samples() -> None:
    assert Timing([4.0, 0.0, 3.0, 1.0, 2.0]).quartiles() == (1.0, 2.0, 3.0)
