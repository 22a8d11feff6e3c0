"""Transfer entropy: the direction of coupled systems, the value of linear ones, and the links of networks.

Beside PCMCI with partial correlation (Runge et al., Science Advances 2019; tigramite) on the same networks.

    python -m benchmarks.transfer [--long]
"""

from importlib.util import find_spec
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, area_under_curve, main
from benchmarks.peers.estimators import INFONET
from benchmarks.tables import markdown_table
from benchmarks.truths.driven_systems import SYSTEMS, System, autoregression, henon, linear_truth, network
from infonet_ros import InfoNet

PEER, BESIDE = "PCMCI", f"{INFONET} beside two others"
SHORT, LONG = 2, 25
"""Pairs of each system at each strength, and networks of each size."""
SAMPLES = 1000
STRENGTHS = (0.2, 0.4, 0.8)
NODES = (5, 10)
LAGS = (1, 2)
RIGHT, CLOSE = 0.99, 0.1


def measure(options: Options) -> dict[str, Any]:
    """Return how often the direction is right, values of linear systems, and the area under the curve of links."""
    net = InfoNet.from_pretrained(options.device, options.weights)
    rng, times = np.random.default_rng(31), LONG if options.long else SHORT
    directions = {
        name: {str(strength): _right(net, rng, system, strength, times) for strength in STRENGTHS}
        for name, system in tqdm(SYSTEMS.items(), desc="transfer, direction", leave=False)
    }
    values = {
        str(strength): [_one_way(net, autoregression(rng, strength, 4000))[0] for _ in range(times)]
        for strength in STRENGTHS
    }
    areas: dict[str, dict[str, list[float]]] = {}
    for nodes in NODES:
        areas[str(nodes)] = {}
        for _ in tqdm(range(times), desc=f"transfer, networks of {nodes}", leave=False):
            states, links = network(rng, nodes, SAMPLES)
            others = ~np.eye(nodes, dtype=bool)
            for name, score in _scores(net, states).items():
                areas[str(nodes)].setdefault(name, []).append(area_under_curve(score[~links & others], score[links]))
    return {"times": times, "directions": directions, "values": values, "areas": areas}


def _one_way(net: InfoNet, pair: np.ndarray, past: int = 1) -> tuple[float, float]:
    value = net.transfer(pair.T, lags=(1,), past=past).value
    return float(value[0, 1]), float(value[1, 0])


def _right(net: InfoNet, rng: np.random.Generator, system: System, strength: float, times: int) -> int:
    """Count in how many pairs more goes from x to y than back."""
    past = 2 if system is henon else 1
    found = [_one_way(net, system(rng, strength, SAMPLES), past) for _ in range(times)]
    return sum(forth > back for forth, back in found)


def _scores(net: InfoNet, states: np.ndarray) -> dict[str, np.ndarray]:
    """How sure each method is of each link, (nodes, nodes), row to column."""
    scores = {
        INFONET: net.transfer(states, lags=LAGS, past=2).value,
        BESIDE: net.transfer(states, lags=LAGS, past=2, conditions=2).value,
    }
    if find_spec("tigramite"):
        scores[PEER] = _pcmci(states)
    return scores


def _pcmci(states: np.ndarray) -> np.ndarray:
    from tigramite.data_processing import DataFrame
    from tigramite.independence_tests.parcorr import ParCorr
    from tigramite.pcmci import PCMCI

    found = PCMCI(DataFrame(states), ParCorr(), verbosity=0).run_pcmci(tau_max=max(LAGS), pc_alpha=None)
    return -found["p_matrix"][:, :, 1:].min(axis=2)


def describe(results: dict[str, Any]) -> str:
    """Tables in Markdown."""
    times, who = results["times"], list(next(iter(results["areas"].values())))
    directions = [
        [name, *(f"{100 * row[str(strength)] / times:.0f} %" for strength in STRENGTHS)]
        for name, row in results["directions"].items()
    ]
    values = [
        [f"{strength:g}", f"{linear_truth(strength):.3f}", f"{np.mean(found):.3f}", f"{np.std(found):.3f}"]
        for strength in STRENGTHS
        for found in [results["values"][str(strength)]]
    ]
    areas = [[nodes, *(f"{np.mean(row[name]):.3f}" for name in who)] for nodes, row in results["areas"].items()]
    return "\n\n".join(
        [
            f"How often {INFONET} finds more from the driver than back, {times} pairs each, T = {SAMPLES}, by strength",
            markdown_table(["system", *map(str, STRENGTHS)], directions),
            "Transfer entropy of linear systems, T = 4000, nats",
            markdown_table(["strength", "truth", "mean", "spread"], values),
            f"Area under the curve for the links of networks, T = {SAMPLES}, four of ten links not linear",
            markdown_table(["nodes", *who], areas),
        ]
    )


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goals."""
    times = results["times"]
    right = min(count / times for row in results["directions"].values() for count in row.values())
    off = max(abs(np.mean(results["values"][str(strength)]) / linear_truth(strength) - 1.0) for strength in STRENGTHS)
    claims = [
        Claim.at_least("direction right, in the worst system and strength", 100 * right, 100 * RIGHT, 0, " %"),
        Claim.at_most("mean error of the value for linear systems", 100 * off, 100 * CLOSE, 0, " %"),
    ]
    if PEER in next(iter(results["areas"].values())):
        behind = max(np.mean(row[PEER]) - np.mean(row[BESIDE]) for row in results["areas"].values())
        text = f"area under the ROC curve for links, given two others, below that of {PEER}"
        claims.append(Claim.at_most(text, behind, 0.0, digits=3))
    return claims


BENCHMARK = Benchmark("transfer", "Transfer entropy", measure, describe, claim)

if __name__ == "__main__":
    main(BENCHMARK)
