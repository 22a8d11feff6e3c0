"""Each benchmark runs, and makes its tables and claims from its JSON file alone."""

import json
from importlib import import_module

import numpy as np
import pytest

from benchmarks import accuracy, node_latency
from benchmarks.benchmark import Options, run
from benchmarks.delays import CASES as DELAYED
from benchmarks.live.module_clock import ModuleClock
from benchmarks.peers.estimators import INFONET, gaussian_copula, scikit_learn
from benchmarks.peers.mine import mine
from benchmarks.speed import exponent
from benchmarks.tables import markdown_table
from benchmarks.truths import sharp
from benchmarks.truths.distributions import standard_tasks
from benchmarks.truths.driven_systems import logistic
from benchmarks.truths.left_out import FAMILIES
from benchmarks.truths.triples import FAMILIES as TRIPLES

TINY = {
    "accuracy": {
        "SHORT": {250: (1, 1), 2000: (1, 1), 8000: (1, 1)},
        "standard_tasks": lambda: standard_tasks()[4:6],
        "mine": lambda x, y, seed: 0.1,
    },
    "order": {"SHORT": 2},
    "coverage": {"SHORT": {64: 1, 2000: 1}, "FAMILIES": (FAMILIES[-1], *sharp.FAMILIES[-2:])},
    "significance": {"SHORT": 1, "SURROGATES": 19},
    "whole_significance": {"SHORT": 1, "SAMPLES": 1000},
    "level": {"SHORT": 2, "SAMPLES": (256,), "COUPLED_AT": 256},
    "independence": {"SHORT": 1, "TESTED": {False: 2}, "RESOLVED": 19, "TIMED": 1},
    "conditional": {
        "SHORT": {500: 1, 1000: 1},
        "TESTED": {False: 1},
        "FAMILIES": {name: TRIPLES[name] for name in ("chain", "weakly coupled noise", "three modes")},
        "NOTHING": ["chain"],
        "CHANNELS": 3,
        "ROUNDS": 1,
    },
    "delays": {"SHORT": 1, "CASES": {"70 ms, square": DELAYED["70 ms, square"], "50 ms": DELAYED["50 ms"]}},
    "transfer": {"SHORT": 1, "NODES": (3,), "SAMPLES": 300, "SYSTEMS": {"logistic maps": logistic}},
    "speed": {"SHORT_SAMPLES": (200, 1000), "SHORT_CHANNELS": (4, 8), "SHORT_ROUNDS": 1, "CHANNELS": 8},
}


@pytest.mark.parametrize("name", TINY)
def test_a_tiny_run_leaves_tables(name, monkeypatch, tmp_path, capsys):
    module = import_module(f"benchmarks.{name}")
    for setting, value in TINY[name].items():
        monkeypatch.setattr(module, setting, value)
    run(module.BENCHMARK, Options(), tmp_path)

    record = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
    text = (tmp_path / f"{name}.md").read_text(encoding="utf-8")
    assert record["command"] == f"python -m benchmarks.{name}"
    assert record["environment"]["versions"]["torch"] in text
    assert text.removeprefix(f"# {module.BENCHMARK.title}\n\n") in capsys.readouterr().out
    assert INFONET in text
    assert all(claim.text in text for claim in module.BENCHMARK.claim(record["results"]))
    assert (tmp_path / f"{name}.png").exists() == (module.BENCHMARK.draw is not None)


def test_a_peer_that_is_not_installed_is_left_out_with_a_sentence(monkeypatch, tmp_path, capsys):
    from benchmarks.peers import estimators

    monkeypatch.setattr(estimators, "find_spec", lambda module: None if module in ("ennemi", "sklearn") else module)
    for setting, value in TINY["accuracy"].items():
        monkeypatch.setattr(accuracy, setting, value)
    run(accuracy.BENCHMARK, Options(), tmp_path)

    text = capsys.readouterr().out
    assert "KSG of ranks is left out, because ennemi is not installed: `pip install ennemi`." in text
    assert "| KSG of ranks |" not in text
    assert "Gaussian copula" in text


def test_mine_learns_a_strong_dependence_and_none():
    x, noise = np.random.default_rng(0).standard_normal((2, 1000))

    assert 0.2 < mine(x, x + 0.5 * noise, steps=80) < 0.9  # 0.80
    assert mine(x, noise, steps=80) < 0.1
    assert mine(x, x + noise, steps=3) == mine(x, x + noise, steps=3)


@pytest.mark.parametrize("peer", [gaussian_copula, scikit_learn])
def test_peers_know_the_gaussian(peer):
    pytest.importorskip("sklearn")
    x, noise = np.random.default_rng(0).standard_normal((2, 4000))

    assert peer(x, x + noise) == pytest.approx(0.5 * np.log(2.0), abs=0.04)


def test_the_exponent_of_a_power():
    assert exponent([1, 2, 4, 8], [3.0, 12.0, 48.0, 192.0]) == pytest.approx(2.0)


def test_time_goes_to_the_module_in_which_it_passes():
    from infonet_ros.intake.windows.alignment import resample

    stamps = np.arange(200_000, dtype=np.int64)
    with ModuleClock() as clock:
        resample(stamps, stamps[:, None].astype(float), stamps[1:-1], "linear", 10.0)
        sorted(np.arange(1000)[::-1].tolist())

    assert max(clock.seconds, key=clock.seconds.get) == "intake.windows.alignment"
    assert set(clock.seconds) <= {"intake.windows.alignment", "outside"}


def test_a_markdown_table():
    assert markdown_table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


@pytest.mark.parametrize("minutes", [0.15, 0.0])
def test_a_latency_of_less_than_two_windows_is_refused(minutes):
    with pytest.raises(SystemExit, match=f"--minutes is {minutes:g}: expected at least two windows of 10 s"):
        node_latency.measure(Options(minutes=minutes))
