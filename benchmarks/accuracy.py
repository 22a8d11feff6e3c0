"""The error of estimators on families of distributions, at several numbers of samples.

Repetitions of a family differ in their samples, those of random mixtures also in the mixture: drawn as Hu et al. (2024)
draw those that they publish for evaluation, and sharper ones, narrow and farther apart. The oracle averages the true
pointwise MI over the same samples: without a prior no estimator is expected to do better.

    python -m benchmarks.accuracy [--long]
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, main
from benchmarks.peers.estimators import INFONET, KSG, ORACLE, installed_peers, what_is_left_out
from benchmarks.peers.mine import STEPS, mine
from benchmarks.plots import COLOURS, bars, figure, sizes_along
from benchmarks.tables import markdown_table, paragraphs
from benchmarks.truths.distributions import (
    PUBLISHED,
    SHARP,
    Distribution,
    independent,
    random_mixtures,
    standard_tasks,
)
from infonet_ros import InfoNet

# T: repetitions of each task, random mixtures of each kind; with 60, the ratio of two errors is known to a tenth only
SHORT = {250: (2, 4), 2000: (2, 4), 8000: (2, 4)}
LONG = {250: (40, 400), 2000: (20, 240), 8000: (20, 120), 32000: (5, 15)}
MINE_SAMPLES = 2000
INDEPENDENT = independent().family
RATIO, MIXTURE_ERROR, INDEPENDENT_ERROR = 0.65, 0.0125, 0.008  # goals


def measure(options: Options) -> dict[str, Any]:
    """Return ``{"errors": {T: {family: {estimator: [error, bias, standard error, repetitions]}}}, "mine": ...}``."""
    net = InfoNet.from_pretrained(options.device, options.weights)
    plan = LONG if options.long else SHORT
    count = max(count for _, count in plan.values())
    mixtures = random_mixtures(PUBLISHED, count) + random_mixtures(SHARP, count)
    return {
        "errors": {samples: _errors(net, mixtures, samples, *counts) for samples, counts in plan.items()},
        "mine": _mine_beside(net, mixtures, 3 if options.long else 1, options.long),
        "left out": what_is_left_out(),
    }


def _errors(net: InfoNet, mixtures: list[Distribution], samples: int, repetitions: int, per_kind: int) -> dict:
    estimators = {INFONET: lambda x, y: net.estimate(x, y).mi, **installed_peers()}
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    tasks = [(task, seed) for task in (*standard_tasks(), independent()) for seed in range(repetitions)]
    tasks += [(mixture, 0) for mixture in _first_of_each_kind(mixtures, per_kind)]
    for number, (task, seed) in enumerate(tqdm(tasks, desc=f"accuracy, T = {samples}", leave=False)):
        x, y, oracle = task.draw(np.random.default_rng([seed, number, samples]), samples)
        for name, estimator in estimators.items():
            found[task.family][name].append(estimator(x, y) - task.truth)
        found[task.family][ORACLE].append(oracle - task.truth)
    return {family: {name: _summary(errors) for name, errors in by.items()} for family, by in found.items()}


def _first_of_each_kind(mixtures: list[Distribution], count: int) -> list[Distribution]:
    kinds = dict.fromkeys(mixture.family for mixture in mixtures)
    return [m for kind in kinds for m in [m for m in mixtures if m.family == kind][:count]]


def _summary(errors: list[float]) -> list[float]:
    sizes = np.abs(errors)
    return [float(sizes.mean()), float(np.mean(errors)), float(sizes.std() / np.sqrt(len(sizes))), len(sizes)]


def _mine_beside(net: InfoNet, mixtures: list[Distribution], repetitions: int, long: bool) -> dict[str, Any]:
    """Train MINE on a few tasks, because it is slow; infonet gets the same samples."""
    tasks = [standard_tasks()[0], next(m for m in mixtures if m.family == f"{PUBLISHED} of 3")]
    if long:
        tasks += [standard_tasks()[6], standard_tasks()[8], independent()]
    rows, seconds = {}, []
    for task in tqdm(tasks, desc="MINE", leave=False):
        errors: dict[str, list[float]] = {"MINE": [], INFONET: []}
        for seed in range(repetitions):
            x, y, _ = task.draw(np.random.default_rng([seed, MINE_SAMPLES]), MINE_SAMPLES)
            started = time.perf_counter()
            errors["MINE"].append(mine(x, y, seed=seed) - task.truth)
            seconds.append(time.perf_counter() - started)
            errors[INFONET].append(net.estimate(x, y).mi - task.truth)
        rows[task.name] = {"truth": task.truth, **{name: _summary(e) for name, e in errors.items()}}
    return {"steps": STEPS, "samples": MINE_SAMPLES, "seconds a pair": float(np.median(seconds)), "tasks": rows}


def describe(results: dict[str, Any]) -> str:
    """Tables in Markdown."""
    parts = list(results["left out"])
    for samples, by_family in results["errors"].items():
        parts += [f"Mean absolute error (bias) in nats, T = {samples}", error_table(by_family)]
    trained = results["mine"]
    rows = [
        [name, f"{row['truth']:.3f}", *(f"{row[who][0]:.3f} ({row[who][1]:+.3f})" for who in ("MINE", INFONET))]
        for name, row in trained["tasks"].items()
    ]
    parts.append(
        f"Beside MINE, mean absolute error (bias) in nats, T = {trained['samples']}. MINE was trained on each pair for "
        f"{trained['steps']} steps, {trained['seconds a pair']:.1f} s a pair."
    )
    return paragraphs(*parts, markdown_table(["task", "true MI", "MINE", INFONET], rows))


def error_table(by_family: dict[str, dict[str, list[float]]]) -> str:
    """One row for each family, and their mean."""
    names = list(next(iter(by_family.values())))
    rows = [
        [family, f"{by[names[0]][3]}", *(f"{by[name][0]:.4f} ({by[name][1]:+.4f})" for name in names)]
        for family, by in by_family.items()
    ]
    rows += mean_rows(by_family)
    for kind in (PUBLISHED, SHARP) if KSG in names else ():
        ratios = [family_mean(by_family, name, kind) / family_mean(by_family, KSG, kind) for name in names]
        rows.append([f"relative to {KSG}, {kind}s", "", *(f"{ratio:.2f}" for ratio in ratios)])
    return markdown_table(["family", "repetitions", *names], rows)


def mean_rows(by_family: dict[str, dict[str, list[float]]], empty: Sequence[str] = ("",)) -> list[list[str]]:
    """Two rows of means over the dependent families: with the published mixtures, and with the sharp ones instead."""
    names = list(next(iter(by_family.values())))
    return [
        [f"**mean, with {kind}s**", *empty, *(f"**{family_mean(by_family, name, kind):.4f}**" for name in names)]
        for kind in (PUBLISHED, SHARP)
    ]


def family_mean(by_family: dict[str, dict[str, list[float]]], name: str, kind: str = PUBLISHED) -> float:
    """Mean absolute error over the families, without independence and with one kind of mixtures."""
    other = SHARP if kind == PUBLISHED else PUBLISHED
    left_out = (INDEPENDENT, *(family for family in by_family if family.startswith(other)))
    return float(np.mean([by[name][0] for family, by in by_family.items() if family not in left_out]))


def mixture_mean(by_family: dict[str, dict[str, list[float]]], name: str, kind: str) -> float:
    """Mean absolute error over the random mixtures of a kind."""
    return float(np.mean([by[name][0] for family, by in by_family.items() if family.startswith(kind)]))


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goals."""
    errors = results["errors"]
    at_2000 = errors["2000"]
    claims = []
    for kind in (PUBLISHED, SHARP):
        if KSG in at_2000[INDEPENDENT]:
            peer = family_mean(at_2000, KSG, kind)
            ratio, floor = (family_mean(at_2000, name, kind) / peer for name in (INFONET, ORACLE))
            text = f"mean absolute error relative to {KSG}, mean of families with {kind}s, T = 2000"
            claims.append(Claim(text, f"at most {RATIO}", f"{ratio:.2f} (oracle {floor:.2f})", ratio <= RATIO))
    for kind in (PUBLISHED, SHARP):
        error, floor = (mixture_mean(at_2000, name, kind) for name in (INFONET, ORACLE))
        text = f"mean absolute error on random Gaussian {kind}s, T = 2000"
        measured = f"{error:.4f} nats (oracle {floor:.4f})"
        claims.append(Claim(text, f"at most {MIXTURE_ERROR} nats", measured, error <= MIXTURE_ERROR))
    nothing = at_2000[INDEPENDENT][INFONET][0]
    text = "mean estimate of independent pairs, T = 2000"
    claims.append(Claim(text, f"below {INDEPENDENT_ERROR} nats", f"{nothing:.4f} nats", nothing < INDEPENDENT_ERROR))
    if KSG not in at_2000[INDEPENDENT]:
        return claims
    for samples in ("250", "8000"):
        # KSG can be exact for independence, because its negative estimates count as 0.
        ratios = {family: by[INFONET][0] / max(by[KSG][0], 1e-6) for family, by in errors[samples].items()}
        worse = [f"{family} {ratio:.2f}" for family, ratio in ratios.items() if ratio > 1.0]
        text = f"mean absolute error relative to {KSG} on every family, T = {samples}"
        claims.append(Claim(text, "at most 1", ", ".join(worse) or f"{max(ratios.values()):.2f}", not worse))
    return claims


def draw(results: dict[str, Any]) -> Figure:
    """Errors by family at T = 2000, and how their mean falls with T."""
    made, (left, right) = figure(2, height=4.6)
    at_2000 = results["errors"]["2000"]
    names = list(at_2000[INDEPENDENT])
    bars(left, list(at_2000), {name: [by[name][0] for by in at_2000.values()] for name in names})
    worst = max(by[name][0] for by in at_2000.values() for name in (INFONET, ORACLE, names[1]))
    left.set_xlim(0.0, 1.5 * worst)
    left.set_xlabel("mean absolute error [nats], T = 2000")
    for name in names:
        means = [family_mean(by_family, name) for by_family in results["errors"].values()]
        right.plot([int(t) for t in results["errors"]], means, "o-", color=COLOURS[name], label=name)
    sizes_along(right, [int(t) for t in results["errors"]])
    right.set_xlabel("samples T")
    right.set_ylabel("mean absolute error, mean of families [nats]")
    right.legend(frameon=False, fontsize=8)
    return made


BENCHMARK = Benchmark("accuracy", "Accuracy", measure, describe, claim, draw)

if __name__ == "__main__":
    main(BENCHMARK)
