"""Of two pairs that share a variable, which is the stronger? Random mixtures of x, y and z: (x, y) against (x, z).

Neither pair is a noisy copy of the other, and many differ by less than samples can tell; so the answers are also
given by how much the true MI differs. The oracle averages the true pointwise MI over the same samples.

    python -m benchmarks.order [--long]
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import binomtest
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, main, markdown_table
from benchmarks.estimators import INFONET, ORACLE, installed_peers, what_is_left_out
from benchmarks.mixtures import GaussianMixture
from benchmarks.plots import COLOURS, figure
from infonet_ros import InfoNet

COMPONENTS = (1, 3, 10)
SAMPLES = 2000
SHORT, LONG = 25, 500  # mixtures of each kind
EDGES = (0.0, 0.01, 0.03, 0.1, 0.3, np.inf)  # nats, of the classes of true differences
GOAL = 0.99

Ranking = Callable[[np.ndarray, GaussianMixture], tuple[float, float]]
"""From samples (T, 3), and the mixture for those who may know it, to what is made of (x, y) and (x, z)."""


def measure(options: Options) -> dict[str, Any]:
    """Return the answers by kind and by true difference: ``{estimator: {class: [right, asked]}}``.

    Two estimates that are the same, such as two zeros, are half a right answer.
    """
    net = InfoNet.from_pretrained(options.device, options.weights)
    rankings: dict[str, Ranking] = {INFONET: partial(_by_infonet, net)}
    rankings |= {name: partial(_by_peer, peer) for name, peer in installed_peers().items()}
    rankings[ORACLE] = _by_oracle
    rng = np.random.default_rng(99)
    count = LONG if options.long else SHORT
    kinds, differences = [], []
    right: dict[str, list[float]] = {name: [] for name in rankings}
    for components in tqdm(np.repeat(COMPONENTS, count), desc="order", leave=False):
        mixture = GaussianMixture.draw(rng, int(components), dimensions=3)
        samples = mixture.sample(rng, SAMPLES)
        truth = mixture.marginal(0, 1).information() - mixture.marginal(0, 2).information()
        kinds.append(f"mixture of {components}")
        differences.append(abs(truth))
        for name, ranking in rankings.items():
            first, second = ranking(samples, mixture)
            right[name].append(0.5 if first == second else float((first - second) * truth > 0.0))
    classes = [class_name(*EDGES[k : k + 2]) for k in np.digitize(differences, EDGES) - 1]
    return {
        "by kind": {name: _count(kinds, answers) for name, answers in right.items()},
        "by difference": {name: _count(classes, answers) for name, answers in right.items()},
        "left out": what_is_left_out(),
    }


def class_name(low: float, high: float) -> str:
    """Name a class of differences."""
    return f"{low:g} to {high:g}" if np.isfinite(high) else f"{low:g} or more"


def _by_infonet(net: InfoNet, samples: np.ndarray, mixture: GaussianMixture) -> tuple[float, float]:
    first, second = net.pairwise(samples).mi[0, 1:]
    return float(first), float(second)


def _by_peer(peer: Callable, samples: np.ndarray, mixture: GaussianMixture) -> tuple[float, float]:
    x, y, z = samples.T
    return peer(x, y), peer(x, z)


def _by_oracle(samples: np.ndarray, mixture: GaussianMixture) -> tuple[float, float]:
    x, y, z = samples.T
    return mixture.marginal(0, 1).pointwise(x, y).mean(), mixture.marginal(0, 2).pointwise(x, z).mean()


def _count(classes: list[str], right: list[float]) -> dict[str, list[float]]:
    counts: dict[str, list[float]] = {}
    for name, answer in zip(classes, right, strict=True):
        so_far = counts.setdefault(name, [0, 0])
        so_far[0] += answer
        so_far[1] += 1
    return counts


def describe(results: dict[str, Any]) -> str:
    """Tables in Markdown."""
    kinds = list(results["by kind"][INFONET])
    classes = _present_classes(results)
    return "\n\n".join([
        *results["left out"],
        f"The stronger of (x, y) and (x, z) is named, T = {SAMPLES}",
        _table("data", kinds, results["by kind"], total=True),
        "The same by the difference of the true MI, nats",
        _table("true difference", classes, results["by difference"], total=False),
    ])  # fmt: skip


def _table(title: str, classes: list[str], counts: dict[str, dict[str, list[float]]], total: bool) -> str:
    names = list(counts)
    rows = [
        [kind, str(counts[names[0]][kind][1]), *(_percent(counts[name][kind]) for name in names)] for kind in classes
    ]
    if total:
        sums = {name: np.sum(list(counts[name].values()), axis=0).tolist() for name in names}
        rows.append(["**all**", f"{sums[names[0]][1]:.0f}", *(f"**{_percent(sums[name])}**" for name in names)])
    return markdown_table([title, "mixtures", *names], rows)


def _percent(counts: list[float]) -> str:
    return f"{100 * counts[0] / counts[1]:.1f} %"


def _present_classes(results: dict[str, Any]) -> list[str]:
    names = [class_name(*EDGES[k : k + 2]) for k in range(len(EDGES) - 1)]
    return [name for name in names if name in results["by difference"][INFONET]]


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goal, over all mixtures as they come."""
    totals = {name: np.sum(list(counts.values()), axis=0) for name, counts in results["by kind"].items()}
    right, asked = totals[INFONET]
    interval = binomtest(round(right), int(asked)).proportion_ci(0.95)
    beside = ", ".join(f"{name} {_percent(list(totals[name]))}" for name in totals if name != INFONET)
    measured = f"{_percent([right, asked])} ({100 * interval.low:.1f} to {100 * interval.high:.1f} %); {beside}"
    text = f"the stronger of two pairs sharing a variable is named, T = {SAMPLES}"
    return [Claim(text, f"at least {100 * GOAL:.0f} %", measured, right / asked >= GOAL)]


def draw(results: dict[str, Any]) -> Figure:
    """Share of right answers against the true difference."""
    made, (axes,) = figure(1)
    classes = _present_classes(results)
    for name, counts in results["by difference"].items():
        axes.plot(classes, [100 * counts[c][0] / counts[c][1] for c in classes], "o-", color=COLOURS[name], label=name)
    axes.set_xlabel("difference of the true MI [nats]")
    axes.set_ylabel("right answers [%]")
    axes.tick_params(axis="x", labelsize=7)
    axes.legend(frameon=False, fontsize=8)
    return made


BENCHMARK = Benchmark("order", "Which of two pairs is the stronger", measure, describe, draw, claim)

if __name__ == "__main__":
    main(BENCHMARK)
