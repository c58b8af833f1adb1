"""The paper's schedule at its full length: which runs there are, and what they differ in."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from planned import options_of
from stored_rows import make_row

from studies.analysis.answers import answer_text, answers
from studies.analysis.results import StudyResults
from studies.catalogue import bond_dimension
from studies.catalogue.papers_schedule import ALONE, SCHEDULE, STUDY
from studies.design.arms import at_bond_dimension
from studies.design.configuration import Configuration


def configurations(preset: str, folder: Path) -> dict[tuple[str, str], Configuration]:
    cells = STUDY.cells(options_of(STUDY, preset, folder))
    return {(cell.arm.setting, cell.arm.name): cell.configuration for cell in cells}


def test_the_full_study_is_the_papers_length_under_seeds_of_its_own(tmp_path: Path) -> None:
    cells = STUDY.cells(options_of(STUDY, "full", tmp_path))
    for chi in (2, 4, 10):
        of_chi = [cell for cell in cells if cell.arm.setting == at_bond_dimension(chi)]
        seeds = {
            name: [cell.seed for cell in of_chi if cell.arm.name == name]
            for name in (SCHEDULE, ALONE)
        }
        assert seeds == {SCHEDULE: [13, 14, 15], ALONE: list(range(13, 23))}
        assert {cell.configuration.epochs for cell in of_chi} == {1000}
    shown = bond_dimension.STUDY.presets["full"].seeds
    assert min(cell.seed for cell in cells) > shown


@pytest.mark.parametrize("preset", ["smoke", "quick", "full"])
def test_the_arms_differ_in_who_trains_the_phases(preset: str, tmp_path: Path) -> None:
    found = configurations(preset, tmp_path)
    for (setting, name), configuration in found.items():
        alone = found[setting, ALONE]
        if name == SCHEDULE:
            config = configuration.alternating_config(1)
            assert (config.adam_epochs, config.evaluations) == (5, 1000)
            assert replace(
                configuration, optimiser="adam", phase_learning_rate=alone.phase_learning_rate
            ) == (alone)
        assert configuration.mapping.endswith("form=torchmps,placement=source")


def test_a_tenth_of_it_is_what_the_study_of_bond_dimensions_runs(tmp_path: Path) -> None:
    others = {
        cell.arm.name: cell.configuration
        for cell in bond_dimension.STUDY.cells(options_of(bond_dimension.STUDY, "full", tmp_path))
        if cell.arm.setting == at_bond_dimension(4)
    }
    found = configurations("full", tmp_path)
    in_rounds = found[at_bond_dimension(4), SCHEDULE]
    assert replace(in_rounds, epochs=100) == others[bond_dimension.PAPERS_SCHEDULE]
    alone = replace(found[at_bond_dimension(4), ALONE], epochs=100)
    assert alone in others.values()


def test_three_pairs_leave_the_question_open() -> None:
    rows = [
        make_row(seed, label=contrast.label, test_accuracy=accuracy + seed / 1000)
        for declared in STUDY.contrasts
        for contrast, accuracy, seeds in (
            (declared.first, 0.9, range(3)),
            (declared.second, 0.5, range(10)),
        )
        for seed in seeds
    ]
    (answer,) = answers(StudyResults(STUDY, pd.DataFrame(rows)))
    assert answer.said == "open"
    assert answer.effect.pairs == 3
    assert answer_text(answer).endswith(
        "It is open by construction: the paper's schedule runs under 3 seeds, and a claim needs 12."
    )
