"""The page of claims: evidence from rows, and nothing where there are none."""

from pathlib import Path

import pandas as pd
from stored_rows import arm, make_row

from studies.analysis.evidence import tally
from studies.analysis.judgements import PAPER
from studies.analysis.results import StudyResults, evaluate_contrasts
from studies.catalogue import studies_by_name
from studies.design.datasets import published_dataset
from studies.design.study import Contrast
from studies.reports.claims import write_claims
from studies.reports.statements import CLAIMS


def runs(label: str, accuracies: list[float]) -> list[dict[str, object]]:
    return [
        make_row(seed, label=label, configuration=label, dataset="mnist", test_accuracy=accuracy)
        for seed, accuracy in enumerate(accuracies)
    ]


def test_contrasts_are_tallied() -> None:
    noise = [0.001 * seed for seed in range(12)]
    rows = pd.DataFrame(
        [
            *runs("low", [0.5 + each for each in noise]),
            *runs("high", [0.9 + each for each in reversed(noise)]),
            *runs("other", [0.5 + each for each in reversed(noise)]),
            *runs("few", [0.9, 0.9, 0.8]),
        ]
    )
    pairs = [("low", "high"), ("high", "low"), ("low", "other"), ("low", "few")]
    results = evaluate_contrasts(
        rows, [Contrast(arm(first), arm(second), "here") for first, second in pairs]
    )
    assert tally(results) == (
        "Of 4 contrasts the first arm is shown to be better in 1 and worse in 1; 1 have too few "
        "pairs for a claim."
    )


def test_every_claim_names_a_study_and_waits_for_its_rows(tmp_path: Path) -> None:
    text = write_claims(tmp_path, [], CLAIMS).read_text()
    for claim in CLAIMS:
        assert claim.study is studies_by_name[claim.study.name]
        assert f"## {claim.title}" in text
        where = f"{claim.study.name} on {published_dataset(claim.study.dataset)}"
        assert f"*Verdict:* Open: no runs of {where} answer it yet." in text
    assert f"Of {len(CLAIMS)} claims 0 hold in every part" in text


def test_the_verdicts_stand_at_the_top_with_links_to_their_reasons(tmp_path: Path) -> None:
    table, *sections = write_claims(tmp_path, [], CLAIMS).read_text().split("\n## ")
    lines = [line for line in table.splitlines() if line.startswith("| ? | [")]
    for claim, line, section in zip(CLAIMS, lines, sections, strict=True):
        anchor = line.partition("(#")[2].partition(")")[0]
        assert line.startswith(f"| ? | [{claim.title}]")
        assert anchor.split("-")[0] == claim.title.split()[0].lower()
        verdict = section.partition("*Verdict:* ")[2].splitlines()[0]
        assert line.endswith(f"| {verdict} |")


def test_evidence_is_taken_from_the_rows_of_mnist(tmp_path: Path) -> None:
    ablation = studies_by_name["ablation"]
    contrast = next(c for c in ablation.contrasts if c.setting.startswith("χ"))
    first, second = contrast.first.label, contrast.second.label
    rows = pd.DataFrame([*runs(first, [0.5, 0.6]), *runs(second, [0.55, 0.63])])
    text = write_claims(tmp_path, [StudyResults(ablation, rows)], CLAIMS).read_text()
    assert "−4.0 points" in text
    digits = write_claims(
        tmp_path, [StudyResults(ablation, rows.assign(dataset="digits"))], CLAIMS
    ).read_text()
    assert "pairs:" not in digits


def test_a_figure_of_the_paper_has_its_row_beside_it_and_how_it_was_trained(tmp_path: Path) -> None:
    study = studies_by_name["bond_dimension"]
    curve = {"val_accuracy_by_epoch": "0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8", "epochs": 8}
    rows = pd.DataFrame([row | curve for row in runs("χ = 2: lean form", [0.6, 0.6, 0.1])])
    shorter = pd.DataFrame([row | {"epochs": 4} for row in runs("χ = 2: lean form", [0.9])])
    text = write_claims(
        tmp_path, [StudyResults(study, pd.concat([rows, shorter]))], CLAIMS
    ).read_text()
    line = next(line for line in text.splitlines() if line.startswith("- χ = 2: lean form"))
    assert "8 epochs, 3 seeds" in line
    assert "test 43.3 %" in line
    assert "quoted: 81.4 % ± 2.3 with 316. " in line
    others = "the others reach 80.5 % [74.1, 86.9] of the validation images. "
    assert f"Seeds that stay below 20 %: 1; {others}" in line
    assert line.endswith("The last quarter of the epochs brings +20.0 points of validation.")


def test_where_every_seed_fails_there_are_no_others(tmp_path: Path) -> None:
    study = studies_by_name["bond_dimension"]
    rows = pd.DataFrame(runs("χ = 2: lean form", [0.1, 0.1]))
    text = write_claims(tmp_path, [StudyResults(study, rows)], CLAIMS).read_text()
    assert "Seeds that stay below 20 %: 2. The last quarter" in text


def test_every_arm_of_a_setting_is_in_its_sentence(tmp_path: Path) -> None:
    ablation = studies_by_name["ablation"]
    accuracies = {"trained phases": 0.8, "frozen phases": 0.7}
    rows = pd.DataFrame(
        [
            row
            for name, mean in accuracies.items()
            for row in runs(f"χ = 4, orthogonal start: {name}", [mean, mean])
        ]
    )
    text = write_claims(tmp_path, [StudyResults(ablation, rows)], CLAIMS).read_text()
    assert (
        "- χ = 4, orthogonal start, test accuracy: trained phases 80.0 % [80.0, 80.0]; "
        "frozen phases 70.0 % [70.0, 70.0].\n"
    ) in text
    assert "χ = 2, orthogonal start, test accuracy" not in text


def test_arms_are_listed_after_equally_long_trainings(tmp_path: Path) -> None:
    ablation = studies_by_name["ablation"]
    accuracies = {"trained phases": (0.8, 0.9), "frozen phases": (0.7,)}
    rows = [
        row | {"epochs": epochs}
        for name, means in accuracies.items()
        for epochs, mean in zip((8, 30), means, strict=False)
        for row in runs(f"χ = 4, orthogonal start: {name}", [mean, mean])
    ]
    text = write_claims(tmp_path, [StudyResults(ablation, pd.DataFrame(rows))], CLAIMS).read_text()
    assert "trained phases 80.0 % [80.0, 80.0]; frozen phases 70.0 % [70.0, 70.0].\n" in text


def rows_of_a_difference(contrast: Contrast, points: float) -> list[dict[str, object]]:
    """Runs of both arms with twelve seeds, of which the first arm is better by some points."""
    noise = [0.001 * seed for seed in range(12)]
    return [
        *runs(contrast.first.label, [0.8 + points / 100 + each for each in noise]),
        *runs(contrast.second.label, [0.8 + each for each in reversed(noise)]),
    ]


def test_a_verdict_on_another_dataset_stands_beside_that_on_mnist(tmp_path: Path) -> None:
    ablation = studies_by_name["ablation"]
    contrast = next(c for c in ablation.contrasts if c.second.name == "frozen phases")
    there = pd.DataFrame(rows_of_a_difference(contrast, -5.0)).assign(dataset="fashion-mnist")
    here = pd.DataFrame(rows_of_a_difference(contrast, 5.0))
    rows = pd.concat([here, there]).assign(look=len(ablation.looks))
    text = write_claims(tmp_path, [StudyResults(ablation, rows)], CLAIMS).read_text()
    section = text.partition("\n## Trained phases carry the network")[2].partition("\n## ")[0]
    on_mnist, _, elsewhere = section.partition("*On fashion-mnist:*")
    assert f"*Verdict:* Holds: {contrast.setting}." in on_mnist
    assert elsewhere.startswith(" ✗ Does not hold: ")
    assert "against frozen phases" in elsewhere


def test_a_claim_of_questions_is_judged_by_their_answers(tmp_path: Path) -> None:
    hardware = studies_by_name["hardware"]
    question = hardware.questions[1]
    for points, verdict in ((0.0, "Holds"), (-5.0, "Does not hold")):
        rows = pd.DataFrame(rows_of_a_difference(question.contrasts[0], points))
        text = write_claims(tmp_path, [StudyResults(hardware, rows)], CLAIMS).read_text()
        assert f"*Verdict:* {verdict}: “{question.text}”." in text


def test_what_is_claimed_elsewhere_names_its_source(tmp_path: Path) -> None:
    text = write_claims(tmp_path, [], CLAIMS).read_text()
    sources = [claim.source for claim in CLAIMS if claim.source != PAPER]
    assert sources
    assert all(f" ({source})\n" in text for source in sources)
