"""The study of mappings: its choice of rates, and what it measures."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from stored_rows import CONFIGURATION, make_row

from qcnn import load_data
from studies.analysis.findings import mappings_and_collapse
from studies.analysis.results import StudyResults
from studies.catalogue.mapping_sweep import STUDY
from studies.design.configuration import build_model
from studies.design.measures import weights_and_gradients


@pytest.mark.parametrize(("mapping", "collapses"), [("logit_tanh", True), ("affine", False)])
def test_the_collapse_is_seen_in_weights_and_gradients(mapping: str, collapses: bool) -> None:
    data = load_data("digits")
    configuration = replace(CONFIGURATION, mapping=mapping, target="notebook")
    found = weights_and_gradients(build_model(configuration, data, 1), data)
    assert (found["saturated"] > 0.95) == collapses
    assert (found["response"]["0.99"] < 1e-5) == collapses
    assert list(found["weights"].values()) == sorted(found["weights"].values())


def test_the_response_is_the_length_of_the_columns_of_the_jacobian() -> None:
    data = load_data("digits")
    small = replace(CONFIGURATION, sizes=((4, 2),), mapping="mixing", target="notebook")
    model = build_model(small, data, 1)
    phases = model.pqcnns()[0].phases
    columns = []
    for position in range(phases.numel()):
        moved = []
        for step in (1e-2, -1e-2):
            with torch.no_grad():
                phases[position] += step
                moved.append(torch.cat([w.flatten() for w in model.weights().values()]))
                phases[position] -= step
        columns.append(((moved[0] - moved[1]) / 2e-2).square().mean().sqrt().item())
    found = weights_and_gradients(model, data)["response"]
    assert found["1"] == pytest.approx(max(columns), rel=0.3)
    assert found["0.5"] == pytest.approx(float(np.median(columns)), rel=0.3)


def test_a_directly_trained_network_has_no_phases_to_measure() -> None:
    data = load_data("digits")
    direct = replace(
        CONFIGURATION, mapping="direct", sizes=(), space="none", input="none", mesh="none"
    )
    assert weights_and_gradients(build_model(direct, data, 1), data) == {}


def test_the_finding_names_the_most_accurate_by_validation_and_the_collapse() -> None:
    quantiles = {"0.5": 0.0}
    start = {"saturated": 0.98, "response": quantiles, "gradients": quantiles}
    measured = json.dumps({"start": start, "end": {}})
    rows = pd.DataFrame(
        [
            make_row(s, arm=name, mapping=name, val_accuracy=v, test_accuracy=t, measured=measured)
            for name, v, t in (("logit_tanh", 0.1, 0.1), ("mlp", 0.6, 0.5), ("affine", 0.5, 0.7))
            for s in (1, 2)
        ]
    )
    collapsed = {"mapping": "logit_tanh", "measured": measured}
    notebook = pd.DataFrame([make_row(1, arm="notebook", val_accuracy=0.9, **collapsed)])
    text = mappings_and_collapse(StudyResults(STUDY, pd.concat([rows, notebook])))
    assert "of 3 mappings by validation is mlp" in text
    assert "98.0 % of its weights" in text
