"""Pairs a second for all pairs of N channels, ranks and grids included, and how the cost grows with T and with N.

The estimators take turns, so that a drift of the machine's speed affects all of them.

    python -m benchmarks.speed [--long]
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, main
from benchmarks.peers.estimators import INFONET, KSG, Estimator, installed_peers, what_is_left_out
from benchmarks.tables import markdown_table, paragraphs
from infonet_ros import InfoNet

CHANNELS, SAMPLES = 32, 1000  # while the other one grows
SHORT_SAMPLES, LONG_SAMPLES = (250, 1000, 5000), (250, 500, 1000, 2000, 5000, 8000)
SHORT_CHANNELS, LONG_CHANNELS = (8, 32), (4, 8, 16, 32, 64)
SHORT_ROUNDS, LONG_ROUNDS = 2, 9
TURN = 3  # times in a row, since the first after another estimator takes longer than the next
PEER_CHANNELS = 4  # a peer takes the same time for each pair, so a few pairs are enough
ENNEMI = "KSG (ennemi)"
GOALS = {"1000": 10, "5000": 80}  # times the pairs a second of ennemi, by T


def measure(options: Options) -> dict[str, Any]:
    """Return pairs a second, ``{"samples" or "channels": {T or N: {estimator: [rounds]}}}``."""
    net = InfoNet.from_pretrained(options.device, options.weights)
    rounds = LONG_ROUNDS if options.long else SHORT_ROUNDS
    samples = LONG_SAMPLES if options.long else SHORT_SAMPLES
    channels = LONG_CHANNELS if options.long else SHORT_CHANNELS
    return {
        "samples": {t: _rates(net, t, CHANNELS, rounds) for t in tqdm(samples, desc="speed, T", leave=False)},
        "channels": {n: _rates(net, SAMPLES, n, rounds) for n in tqdm(channels, desc="speed, N", leave=False)},
        "left out": what_is_left_out(),
    }


def _rates(net: InfoNet, samples: int, channels: int, rounds: int) -> dict[str, list[float]]:
    data = np.random.default_rng(0).standard_normal((samples, channels))
    few = data[:, :PEER_CHANNELS]
    few_pairs = PEER_CHANNELS * (PEER_CHANNELS - 1) // 2
    runs: dict[str, tuple[Callable[[], object], int]] = {
        INFONET: (lambda: net.pairwise(data), channels * (channels - 1) // 2)
    }
    for name, peer in installed_peers().items():
        if name == KSG:
            runs[ENNEMI] = (partial(_all_pairs_by_ennemi, few), few_pairs)
        else:
            runs[name] = (partial(_each_pair, peer, few), few_pairs)
    return paired_rates(runs, rounds)


def _all_pairs_by_ennemi(data: np.ndarray) -> None:
    import ennemi

    ennemi.pairwise_mi(data, k=3)


def _each_pair(peer: Estimator, data: np.ndarray) -> None:
    for x, y in combinations(data.T, 2):
        peer(x, y)


def paired_rates(runs: dict[str, tuple[Callable[[], object], int]], rounds: int) -> dict[str, list[float]]:
    """Time computations of so many pairs in turn, each `TURN` times; return pairs a second of each in each round."""
    for compute, _ in runs.values():
        compute()  # the first time takes longer
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, (compute, pairs) in runs.items():
            started = time.perf_counter()
            for _ in range(TURN):
                compute()
            rates[name].append(TURN * pairs / (time.perf_counter() - started))
    return rates


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Return b of the least-squares fit ``seconds = a size^b``."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def describe(results: dict[str, Any]) -> str:
    """Tables in Markdown."""
    return paragraphs(
        *results["left out"],
        f"Pairs a second, N = {CHANNELS} channels ({CHANNELS * (CHANNELS - 1) // 2} pairs), median of the rounds",
        _table("T", results["samples"]),
        f"Pairs a second, T = {SAMPLES} samples, median of the rounds",
        _table("N", results["channels"]),
        "Cost of all pairs as a power of T, and of N; from the smallest to the largest, and over the last step alone",
        _exponents(results),
    )


def _table(size: str, by_size: dict[str, dict[str, list[float]]]) -> str:
    names = list(next(iter(by_size.values())))
    header = [size, *names]
    rows = [[key, *(f"{np.median(rates[name]):,.0f}" for name in names)] for key, rates in by_size.items()]
    if ENNEMI in names:
        header.append("infonet / ennemi (least ... most)")
        for row, rates in zip(rows, by_size.values(), strict=True):
            times = ratios(rates)
            row.append(f"{np.median(times):.0f} ({times.min():.0f} ... {times.max():.0f})")
    return markdown_table(header, rows)


def ratios(rates: dict[str, list[float]]) -> np.ndarray:
    """Pairs a second of infonet, relative to those of ennemi, in each round."""
    return np.array(rates[INFONET]) / np.array(rates[ENNEMI])


def _exponents(results: dict[str, Any]) -> str:
    rows = []
    for name in next(iter(results["samples"].values())):
        samples, channels = ([float(size) for size in results[kind]] for kind in ("samples", "channels"))
        by_samples = [1.0 / np.median(rates[name]) for rates in results["samples"].values()]
        # A peer's time for each pair does not depend on N; infonet shares work between the pairs of a channel.
        pairs = [n * (n - 1) / 2 for n in channels]
        by_channels = [p / np.median(rates[name]) for p, rates in zip(pairs, results["channels"].values(), strict=True)]
        row = [name]
        for sizes, seconds in ((samples, by_samples), (channels, by_channels)):
            row.append(f"{exponent(sizes, seconds):.2f}, {exponent(sizes[-2:], seconds[-2:]):.2f}")
        rows.append(row)
    return markdown_table(["estimator", "power of T", "power of N"], rows)


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goals."""
    claims = []
    for samples, goal in GOALS.items():
        rates = results["samples"].get(samples, {})
        if ENNEMI in rates:
            ratio = float(np.median(ratios(rates)))
            text = f"pairs per second relative to a k-d tree {ENNEMI}, {CHANNELS} channels, T = {samples}"
            claims.append(Claim.at_least(text, ratio, goal, digits=0))
    return claims


BENCHMARK = Benchmark("speed", "Speed", measure, describe, claim)

if __name__ == "__main__":
    main(BENCHMARK)
