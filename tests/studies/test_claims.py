"""The page of claims: evidence from rows, and nothing where there are none."""

from pathlib import Path

import pandas as pd
from stored_rows import make_row

from studies.catalogue import studies_by_name
from studies.claims import CLAIMS, tally, write_claims
from studies.contrasts import evaluate_contrasts
from studies.study import Contrast


def runs(label: str, accuracies: list[float]) -> list[dict[str, object]]:
    return [
        make_row(seed, label=label, configuration=label, dataset="mnist", test_accuracy=accuracy)
        for seed, accuracy in enumerate(accuracies)
    ]


def test_contrasts_are_tallied() -> None:
    noise = [0.001 * seed for seed in range(10)]
    rows = pd.DataFrame(
        [
            *runs("low", [0.5 + each for each in noise]),
            *runs("high", [0.9 + each for each in reversed(noise)]),
            *runs("other", [0.5 + each for each in reversed(noise)]),
            *runs("few", [0.9, 0.9, 0.8]),
        ]
    )
    pairs = [("low", "high"), ("high", "low"), ("low", "other"), ("low", "few")]
    results = evaluate_contrasts(rows, [Contrast("here", *pair) for pair in pairs])
    assert tally(results) == (
        "Of 4 contrasts the first arm is shown to be better in 1 and worse in 1; 1 have too few "
        "pairs for a claim."
    )


def test_every_claim_names_a_study_and_waits_for_its_rows(tmp_path: Path) -> None:
    text = write_claims(tmp_path, []).read_text()
    for claim in CLAIMS:
        assert claim.study in studies_by_name
        assert f"## {claim.title}" in text
        assert f"No runs of `{claim.study}` on MNIST are there yet." in text


def test_evidence_is_taken_from_the_rows_of_mnist(tmp_path: Path) -> None:
    ablation = studies_by_name["ablation"]
    contrast = next(c for c in ablation.contrasts if c.setting.startswith("χ"))
    rows = pd.DataFrame([*runs(contrast.first, [0.5, 0.6]), *runs(contrast.second, [0.55, 0.63])])
    text = write_claims(tmp_path, [(ablation, rows)]).read_text()
    assert "−4.0 points" in text
    digits = write_claims(tmp_path, [(ablation, rows.assign(dataset="digits"))]).read_text()
    assert "pairs:" not in digits
