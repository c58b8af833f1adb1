"""Coverage, errors and power of the statistics: as the page says, and as they are promised."""

from pathlib import Path

import numpy as np
import pytest

from studies.simulation import FAILING, SEEDS, accuracies, main, rows_of, table

PAGE = Path(__file__).parents[2] / "docs" / "statistics.md"
STUDIES = 1000


def table_of_the_page() -> str:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line.startswith("|"))


def numbers_of(text: str) -> dict[str, tuple[float, float]]:
    """What is measured without a difference, and with one of a point."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return {name: (float(none), float(point)) for name, none, point in cells[2:]}


def within(share: float, expected: float) -> bool:
    """Whether a share of 1,000 studies is within three standard errors."""
    return abs(share - expected) < 3 * np.sqrt(expected * (1 - expected) / STUDIES)


def test_intervals_cover_as_often_as_they_say() -> None:
    found = numbers_of(table_of_the_page())
    covered = {name: shares for name, shares in found.items() if name.endswith("covers")}
    assert len(covered) == 4
    for name, shares in covered.items():
        # Of a bootstrap, and of seeds that are no normal numbers, a little less is expected.
        least, most = (0.92, 0.98) if "bootstrap" in name or "all pairs" in name else (0.94, 0.97)
        assert all(least <= share <= most for share in shares), name


def test_differences_that_are_none_are_rarely_shown() -> None:
    found = numbers_of(table_of_the_page())
    errors = [shares for name, shares in found.items() if "any of the five" in name]
    assert len(errors) == 3
    for none, _ in errors:
        assert none < 0.05 or within(none, 0.05)


def test_failures_hide_a_difference_unless_they_stand_apart() -> None:
    found = numbers_of(table_of_the_page())
    apart = found["sign-flip test where both train: shows a contrast"][1]
    together = found["sign-flip test over all pairs: shows a contrast"][1]
    assert apart > 2 * together
    widths = [shares[1] for name, shares in found.items() if "half its width" in name]
    assert 10 * widths[0] < widths[1]


def test_made_up_studies_are_what_they_are_said_to_be() -> None:
    random = np.random.default_rng(1)
    many = accuracies(random, 0.01, 100_000)
    failed = many < 0.2
    assert (failed.mean() - FAILING).abs().max() < 0.005
    both = many[~failed.any(axis=1)]
    difference = both["first"] - both["second"]
    assert difference.mean() == pytest.approx(0.01, abs=0.0003)
    assert difference.std() == pytest.approx(0.016, abs=0.001)
    rows = rows_of(random, 0.0)
    assert rows.groupby(["setting", "arm"])["seed"].apply(list).map(len).eq(SEEDS).all()


def test_the_command_prints_the_lines_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--studies", "2"], standalone_mode=False)
    assert (
        numbers_of(capsys.readouterr().out.strip()).keys() == numbers_of(table_of_the_page()).keys()
    )


@pytest.mark.slow
def test_the_page_says_what_is_measured() -> None:
    expected, found = (numbers_of(text) for text in (table_of_the_page(), table(STUDIES)))
    assert expected.keys() == found.keys()
    for name, numbers in expected.items():
        assert found[name] == pytest.approx(numbers, abs=0.0011), name
