"""Measuring on a device: shots, losses, g2, phase errors, and a platform by name."""

import json
from dataclasses import replace
from typing import Any, ClassVar

import perceval as pcvl
import pytest
import torch
from perceval.serialization import deserialize, serialize
from processors import perceval_probabilities
from scipy import stats

from qcnn import PQCNN, InvalidInput, NothingAccepted
from qcnn.noise import Noise, measure_distribution
from qcnn.noise.device import chip_errors

SAMPLER = PQCNN(6, 3, dtype=torch.float64, seed=2)


def test_exact_probabilities_without_noise_are_the_samplers() -> None:
    found = measure_distribution(SAMPLER, Noise(), seed=0)
    torch.testing.assert_close(found.distribution, SAMPLER().detach(), atol=1e-9, rtol=0)
    collision_free = perceval_probabilities(SAMPLER).sum().item()
    assert found.accepted_fraction == pytest.approx(collision_free, abs=1e-9)


def test_source_noise_is_perceval_s_all_together() -> None:
    values = {"brightness": 0.8, "indistinguishability": 0.9, "g2": 0.05, "transmittance": 0.7}
    found = measure_distribution(SAMPLER, Noise(**values), seed=0)
    expected = perceval_probabilities(SAMPLER, **values)
    assert found.accepted_fraction == pytest.approx(expected.sum().item(), rel=1e-4)
    torch.testing.assert_close(found.distribution, expected / expected.sum(), atol=1e-5, rtol=0)


@pytest.mark.parametrize("indistinguishability", [1.0, 0.8])
def test_losses_of_a_clean_source_change_nothing_but_the_accepted_shots(
    indistinguishability: float,
) -> None:
    lossless = Noise(indistinguishability=indistinguishability)
    lossy = replace(lossless, brightness=0.8, transmittance=0.5)
    before = measure_distribution(SAMPLER, lossless, seed=0)
    after = measure_distribution(SAMPLER, lossy, seed=0)
    torch.testing.assert_close(after.distribution, before.distribution, atol=1e-9, rtol=0)
    assert after.accepted_fraction / before.accepted_fraction == pytest.approx(0.4**3, abs=1e-9)


def test_g2_without_losses_changes_nothing_but_the_accepted_shots() -> None:
    """Where no photon is lost, as many as went in are one from each input."""
    before = measure_distribution(SAMPLER, Noise(), seed=0)
    after = measure_distribution(SAMPLER, Noise(g2=0.1), seed=0)
    torch.testing.assert_close(after.distribution, before.distribution, atol=1e-9, rtol=0)
    assert after.accepted_fraction < 0.9 * before.accepted_fraction


def test_losses_of_a_source_with_g2_change_more() -> None:
    noisy = Noise(g2=0.1, indistinguishability=0.9)
    before = measure_distribution(SAMPLER, noisy, seed=0).distribution
    after = measure_distribution(SAMPLER, replace(noisy, transmittance=0.5), seed=0).distribution
    assert (before - after).abs().max() > 1e-3


def test_the_accepted_shots_are_binomial() -> None:
    sampler = PQCNN(4, 2, space="fock", dtype=torch.float64, seed=2)
    noise = Noise(brightness=0.8, transmittance=0.5, shots=20_000)
    accepted = [
        round(measure_distribution(sampler, noise, seed).accepted_fraction * noise.shots)
        for seed in range(40)
    ]
    each = [stats.binom.cdf(count, noise.shots, 0.4**2) for count in accepted]
    assert stats.kstest(each, "uniform").pvalue > 0.01


@pytest.mark.parametrize("noise", [Noise(), Noise(g2=0.05, transmittance=0.7)])
def test_shots_follow_the_exact_distribution(noise: Noise) -> None:
    exact = measure_distribution(SAMPLER, noise, seed=0).distribution
    shots = 50_000
    found = measure_distribution(SAMPLER, replace(noise, shots=shots), seed=0)
    accepted = found.accepted_fraction * shots
    counts = (found.distribution * accepted).round()
    assert found.distribution.sum().item() == pytest.approx(1)
    common = exact * accepted > 5
    expected = exact[common] / exact[common].sum() * counts[common].sum()
    assert stats.chisquare(counts[common].numpy(), expected.numpy()).pvalue > 0.01


def test_a_seed_fixes_shots_and_errors() -> None:
    noise = Noise(indistinguishability=0.9, phase_error=0.2, shots=1000)
    first, again, other = (measure_distribution(SAMPLER, noise, seed) for seed in (1, 1, 2))
    assert torch.equal(first.distribution, again.distribution)
    assert not torch.equal(first.distribution, other.distribution)


def test_phase_errors_are_one_pattern_on_the_chip() -> None:
    noise = Noise(phase_error=0.3)
    errors = chip_errors(SAMPLER, noise, seed=5)
    expected = SAMPLER(SAMPLER.phases + errors).detach()
    found = measure_distribution(SAMPLER, noise, seed=5).distribution
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=0)


def test_phase_errors_are_uniform_as_perceval_s() -> None:
    sampler, limit = PQCNN(24, 1, dtype=torch.float64, seed=0), 0.3
    errors = chip_errors(sampler, Noise(phase_error=limit), seed=0).numpy()
    assert stats.kstest(errors, "uniform", (-limit, 2 * limit)).pvalue > 0.01
    shifters = pcvl.Experiment(pcvl.Circuit(1) // pcvl.PS(1.0))
    model = pcvl.NoiseModel(phase_error=limit)
    perceval = [_phase(shifters.use_phase_noise(model, seed)) - 1 for seed in range(500)]
    assert stats.ks_2samp(errors, perceval).pvalue > 0.01


def _phase(experiment: pcvl.Experiment) -> float:
    return float(
        torch.tensor(complex(experiment.unitary_circuit().compute_unitary()[0, 0])).angle()
    )


def test_nothing_accepted() -> None:
    with pytest.raises(NothingAccepted, match="of 2 shots none ends in one of the sampler's"):
        measure_distribution(SAMPLER, Noise(transmittance=0.01, shots=2), seed=0)
    # Two photons from each of three inputs, never one: no outcome has three photons.
    with pytest.raises(NothingAccepted, match="no shot can end in one of the sampler's outcomes"):
        measure_distribution(SAMPLER, Noise(g2=0.5), seed=0)


class Cloud:
    """A cloud's programming interface that runs jobs here, in place of Perceval's."""

    url = "https://cloud.invalid"
    proxies: ClassVar[dict[str, str]] = {}
    jobs: ClassVar[list[dict[str, Any]]] = []
    logins: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, name: str, url: str | None, token: str, proxies: None) -> None:
        self.name, self.headers = name, {}
        self.logins.append((name, token))

    def fetch_platform_details(self) -> dict[str, Any]:
        specs = {"available_commands": ["samples"]}
        return {"status": "available", "type": "simulator", "specs": specs}

    def create_job(self, data: dict[str, Any]) -> str:
        self.jobs.append(json.loads(json.dumps(data)))
        return str(len(self.jobs) - 1)

    def get_job_status(self, _: str) -> dict[str, Any]:
        times = {"creation_datetime": 0.0, "start_time": 0.0, "duration": 0}
        return {"status": "completed", **times}

    def get_job_results(self, number: str) -> dict[str, Any]:
        payload = self.jobs[int(number)]["payload"]
        processor = pcvl.Processor("SLOS", deserialize(payload["experiment"]))
        results = processor.samples(payload["max_samples"], payload["max_shots"])
        return {"results": json.dumps(serialize(results))}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> type[Cloud]:
    monkeypatch.setattr("perceval.providers.quandela.rpc_handler.RPCHandler", Cloud)
    monkeypatch.setattr(Cloud, "jobs", [])
    monkeypatch.setattr(Cloud, "logins", [])
    return Cloud


def test_the_same_call_takes_a_remote_platform(
    cloud: type[Cloud], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCVL_CLOUD_TOKEN", "secret")
    noise = Noise(indistinguishability=0.9, phase_error=0.1, shots=20_000)
    found = measure_distribution(SAMPLER, noise, seed=3, platform="sim:anywhere")
    assert cloud.logins == [("sim:anywhere", "secret")]
    (job,) = cloud.jobs
    assert job["platform_name"] == "sim:anywhere"
    assert job["payload"]["max_shots"] == 20_000
    assert "secret" not in json.dumps(job)
    exact = measure_distribution(SAMPLER, replace(noise, shots=0), seed=3).distribution
    assert (found.distribution - exact).abs().sum() < 0.1


def test_a_platform_keeps_its_own_noise_where_none_is_asked_for(
    cloud: type[Cloud], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCVL_CLOUD_TOKEN", "secret")
    for noise in (Noise(shots=10), Noise(g2=0.1, shots=10)):
        measure_distribution(SAMPLER, noise, seed=3, platform="sim:anywhere")
    sent = [deserialize(job["payload"]["experiment"]).noise for job in cloud.jobs]
    assert sent == [None, pcvl.NoiseModel(g2=0.1)]


def test_a_remote_platform_needs_a_token_and_shots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PCVL_CLOUD_TOKEN", raising=False)
    with pytest.raises(InvalidInput, match="environment variable PCVL_CLOUD_TOKEN is empty"):
        measure_distribution(SAMPLER, Noise(shots=10), seed=0, platform="sim:anywhere")
    monkeypatch.setenv("PCVL_CLOUD_TOKEN", "secret")
    with pytest.raises(InvalidInput, match="shots is 0 on platform 'sim:anywhere'; allowed"):
        measure_distribution(SAMPLER, Noise(), seed=0, platform="sim:anywhere")
