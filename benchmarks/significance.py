"""False alarms and power of p-values on slow streams: AR(1) pairs, independent and coupled.

infonet turns one stream in a circle, which keeps its memory. Beside it, the Gaussian copula with the same shifts, the
same with shuffling, and Pearson's test, which both take samples for independent.

    python -m benchmarks.significance [--long]
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.signal import lfilter
from scipy.stats import binomtest, pearsonr
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, main, markdown_table
from benchmarks.estimators import INFONET, to_normal
from benchmarks.plots import figure
from infonet_ros import InfoNet

COEFFICIENT = 0.95
SAMPLES = 1000
INFORMATION = 0.2  # nats, of the coupled pairs
LEVEL = 0.05
SURROGATES = 99
SHORT, LONG = 30, 500  # pairs of each kind
ALARMS, POWER = (0.03, 0.07), 0.9  # goals
NEAREST = SAMPLES // 10  # shift

Test = Callable[[np.ndarray, np.ndarray, np.random.Generator], float]
"""From x and y to a p-value."""


def measure(options: Options) -> dict[str, Any]:
    """Return ``{kind: {test: [called dependent, pairs]}}``."""
    net = InfoNet.from_pretrained(options.device, options.weights)
    tests: dict[str, Test] = {
        INFONET: lambda x, y, rng: net.estimate(x, y, surrogates=SURROGATES).p_value,
        "Gaussian copula, shifts": _correlation_shifted,
        "Gaussian copula, shuffled": _correlation_shuffled,
        "Pearson's test": lambda x, y, rng: pearsonr(x, y).pvalue,
    }
    rng = np.random.default_rng(11)
    pairs = LONG if options.long else SHORT
    called = {}
    for kind, information in (("independent", 0.0), ("coupled", INFORMATION)):
        hits = dict.fromkeys(tests, 0)
        for _ in tqdm(range(pairs), desc=f"significance, {kind}", leave=False):
            x, y = slow_pair(rng, information)
            for name, test in tests.items():
                hits[name] += bool(test(x, y, rng) <= LEVEL)
        called[kind] = {name: [count, pairs] for name, count in hits.items()}
    return called


def slow_pair(rng: np.random.Generator, information: float) -> tuple[np.ndarray, np.ndarray]:
    """Two AR(1) streams (T,) with that MI, nats, between their samples of one time."""
    noise = rng.standard_normal((2, SAMPLES + 500))
    x, own = lfilter([1.0], [1.0, -COEFFICIENT], noise, axis=1)[:, 500:]
    rho = np.sqrt(-np.expm1(-2.0 * information))
    return x, rho * x + np.sqrt(1.0 - rho**2) * own


def _correlation_shifted(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> float:
    shifts = rng.choice(np.arange(NEAREST, SAMPLES - NEAREST), SURROGATES, replace=False)
    return _correlation_test(x, y, lambda scores, k: np.roll(scores, shifts[k]))


def _correlation_shuffled(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> float:
    return _correlation_test(x, y, lambda scores, k: rng.permutation(scores))


def _correlation_test(x: np.ndarray, y: np.ndarray, surrogate: Callable[[np.ndarray, int], np.ndarray]) -> float:
    """p-value of the size of the correlation of normal scores, which orders pairs as their Gaussian copula's MI."""
    a, b = to_normal(x), to_normal(y)
    observed = abs(a @ b)
    exceeding = sum(abs(a @ surrogate(b, k)) >= observed for k in range(SURROGATES))
    return (1 + exceeding) / (1 + SURROGATES)


def describe(results: dict[str, Any]) -> str:
    """Table in Markdown."""
    names = list(results["independent"])
    pairs = results["independent"][INFONET][1]
    rows = [[name, *(_share(results[kind][name]) for kind in ("independent", "coupled"))] for name in names]
    return "\n\n".join([
        f"Pairs called dependent at the {100 * LEVEL:.0f} % level (95 % confidence): AR(1), coefficient {COEFFICIENT}, "
        f"T = {SAMPLES}, {pairs} pairs of each kind, {SURROGATES} surrogates",
        markdown_table(["test", "independent: false alarms", f"coupled to {INFORMATION} nats: power"], rows),
    ])  # fmt: skip


def _share(counts: list[int]) -> str:
    interval = binomtest(*counts).proportion_ci(0.95)
    return f"{100 * counts[0] / counts[1]:.1f} % ({100 * interval.low:.1f} to {100 * interval.high:.1f} %)"


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goals."""
    alarms, power = (results[kind][INFONET] for kind in ("independent", "coupled"))
    low, high = ALARMS
    streams = f"AR(1) pairs of coefficient {COEFFICIENT}, T = {SAMPLES}"
    return [
        Claim(
            f"false alarms at the {100 * LEVEL:.0f} % level, independent {streams}",
            f"{100 * low:.0f} to {100 * high:.0f} %", _share(alarms), low <= alarms[0] / alarms[1] <= high,
        ),
        Claim(
            f"power on the same coupled to {INFORMATION} nats",
            f"above {100 * POWER:.0f} %", _share(power), power[0] / power[1] > POWER,
        ),
    ]  # fmt: skip


def draw(results: dict[str, Any]) -> Figure:
    """Draw false alarms and power of each test."""
    made, panels = figure(2, height=2.2)
    titles = {"independent": "false alarms [%]", "coupled": "power [%]"}
    for axes, (kind, by_test) in zip(panels, results.items(), strict=True):
        axes.barh(range(len(by_test)), [100 * hits / pairs for hits, pairs in by_test.values()], color="#0072b2")
        axes.set_yticks(range(len(by_test)), list(by_test) if axes is panels[0] else [])
        axes.invert_yaxis()
        axes.set_xlim(0, 100)
        axes.set_xlabel(titles[kind])
    panels[0].axvline(100 * LEVEL, color="black", linewidth=1, linestyle="--")
    return made


BENCHMARK = Benchmark("significance", "Significance on slow streams", measure, describe, draw, claim)

if __name__ == "__main__":
    main(BENCHMARK)
