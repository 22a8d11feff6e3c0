"""Of two pairs that share a variable, which is the stronger? Random mixtures of x, y and z: (x, y) against (x, z).

The mixtures are drawn as Hu et al. (2024) draw those that they publish for evaluation, and sharper ones. The published
ones differ by 0.02 nats or more, and so do those that count for the goal. For all of them the tables show how often the
right pair is named, by the difference of the true MI. The oracle averages the true pointwise MI over the same samples.

    python -m benchmarks.order [--long]
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, main
from benchmarks.peers.estimators import INFONET, ORACLE, installed_peers, what_is_left_out
from benchmarks.tables import markdown_table, percent, with_confidence
from benchmarks.truths.distributions import COMPONENTS, PUBLISHED, SHARP
from benchmarks.truths.mixtures import GaussianMixture
from infonet_ros import InfoNet

SAMPLES = 2000
SHORT, LONG = 25, 500  # mixtures of each kind and number of components
EDGES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.3, np.inf)  # nats, of the classes of true differences
DISCERNIBLE = 0.02  # nats, the least difference among the published mixtures
GOAL = 0.99

Draw = Callable[[np.random.Generator, int], GaussianMixture]
DRAWS: dict[str, Draw] = {PUBLISHED: GaussianMixture.published, SHARP: GaussianMixture.sharp}

Ranking = Callable[[np.ndarray, GaussianMixture], tuple[float, float]]
"""From samples (T, 3), and the mixture for those who may know it, to what is made of (x, y) and (x, z)."""

Counts = dict[str, list[float]]
"""Right answers and questions of each estimator."""

Answers = dict[str, dict[str, Counts]]
"""Counts by family and by class of differences."""


def measure(options: Options) -> dict[str, Any]:
    """Return ``{"answers": {family: {class of differences: {estimator: [right, asked]}}}}``.

    Two estimates that are the same, such as two zeros, are half a right answer.
    """
    net = InfoNet.from_pretrained(options.device, options.weights)
    rankings: dict[str, Ranking] = {INFONET: partial(_by_infonet, net)}
    rankings |= {name: partial(_by_peer, peer) for name, peer in installed_peers().items()}
    rankings[ORACLE] = _by_oracle
    rng = np.random.default_rng(99)
    asked = [(kind, components) for kind in DRAWS for components in COMPONENTS] * (LONG if options.long else SHORT)
    answers: Answers = {}
    for kind, components in tqdm(asked, desc="order", leave=False):
        mixture = DRAWS[kind](rng, components)
        samples = mixture.sample(rng, SAMPLES)
        truth = mixture.marginal(0, 1).information() - mixture.marginal(0, 2).information()
        by_class = answers.setdefault(f"{kind} of {components}", {})
        counts = by_class.setdefault(_class_of(abs(truth)), {name: [0.0, 0] for name in rankings})
        for name, ranking in rankings.items():
            first, second = ranking(samples, mixture)
            counts[name][0] += 0.5 if first == second else float((first - second) * truth > 0.0)
            counts[name][1] += 1
    return {"answers": answers, "left out": what_is_left_out()}


def _class_of(difference: float) -> str:
    place = int(np.digitize(difference, EDGES))
    return class_name(*EDGES[place - 1 : place + 1])


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


def describe(results: dict[str, Any]) -> str:
    """Tables in Markdown."""
    answers = results["answers"]
    parts = [
        *results["left out"],
        f"The stronger of (x, y) and (x, z) is found, T = {SAMPLES}; the true MI differs by {DISCERNIBLE} nats or more",
        _table("data", {family: total({family: by_class}, DISCERNIBLE) for family, by_class in answers.items()}),
    ]
    for kind in DRAWS:
        rows = by_difference(_of_kind(answers, kind))
        parts += [f"All {kind}s by the difference of the true MI, nats", _table("true difference", rows)]
    return "\n\n".join(parts)


def total(answers: Answers, least: float) -> Counts:
    """Sum over the families, and over the classes of differences from ``least`` on."""
    classes = [class_name(*edges) for edges in pairwise(EDGES) if edges[0] >= least]
    return _sum(by_class[name] for by_class in answers.values() for name in classes if name in by_class)


def by_difference(answers: Answers) -> dict[str, Counts]:
    """Sum over the families, for each class of differences that occurs."""
    classes = (class_name(*edges) for edges in pairwise(EDGES))
    sums = {name: _sum(by_class[name] for by_class in answers.values() if name in by_class) for name in classes}
    return {name: counts for name, counts in sums.items() if counts}


def _of_kind(answers: Answers, kind: str) -> Answers:
    return {family: by_class for family, by_class in answers.items() if family.startswith(kind)}


def _sum(parts: Iterable[Counts]) -> Counts:
    sums: Counts = {}
    for counts in parts:
        for estimator, found in counts.items():
            sums[estimator] = np.add(sums.get(estimator, [0.0, 0]), found).tolist()
    return sums


def _table(title: str, rows: dict[str, Counts]) -> str:
    asked = {name: counts for name, counts in rows.items() if counts}
    names = list(next(iter(asked.values())))
    lines = [
        [name, f"{counts[names[0]][1]:.0f}", *(percent(*counts[estimator]) for estimator in names)]
        for name, counts in asked.items()
    ]
    return markdown_table([title, "mixtures", *names], lines)


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goal: the published mixtures as they are published, the sharp ones whatever they differ by."""
    claims = []
    for kind, least, which in (
        (PUBLISHED, DISCERNIBLE, f"that differ by {DISCERNIBLE} nats or more"),
        (SHARP, 0.0, "however little they differ"),
    ):
        counts = total(_of_kind(results["answers"], kind), least)
        if not counts:
            continue
        right, asked = counts[INFONET]
        beside = ", ".join(f"{name} {percent(*counts[name])}" for name in counts if name != INFONET)
        measured = f"{with_confidence(right, asked)}; {beside}"
        text = f"the stronger of two pairs with a common variable is found, T = {SAMPLES}, {kind}s {which}"
        claims.append(Claim(text, f"at least {100 * GOAL:.0f} %", measured, right / asked >= GOAL))
    return claims


BENCHMARK = Benchmark("order", "Which of two pairs is the stronger", measure, describe, claim)

if __name__ == "__main__":
    main(BENCHMARK)
