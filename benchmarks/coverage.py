"""How often the 90 % interval holds the truth, on families that training does not draw; and the error there.

Each repetition draws the family's parameters again.

    python -m benchmarks.coverage [--long]
"""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import binomtest
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, main, markdown_table
from benchmarks.estimators import INFONET, KSG, installed_peers, what_is_left_out
from benchmarks.left_out import FAMILIES
from benchmarks.plots import COLOURS, figure
from infonet_ros import InfoNet

SAMPLES = (250, 2000, 8000)
SHORT, LONG = 8, 100  # repetitions of each family
GOAL = (0.85, 0.95)


def measure(options: Options) -> dict[str, Any]:
    """Return ``{"inside": {T: {family: [held, asked]}}, "errors": {T: {family: {estimator: nats}}}}``."""
    net = InfoNet.from_pretrained(options.device, options.weights)
    ksg = installed_peers().get(KSG)
    inside: dict[int, dict[str, list[int]]] = {samples: {} for samples in SAMPLES}
    errors: dict[int, dict[str, dict[str, float]]] = {samples: {} for samples in SAMPLES}
    for number, family in enumerate(tqdm(FAMILIES, desc="coverage", leave=False)):
        rng = np.random.default_rng([5, number])
        drawn = [family(rng) for _ in range(LONG if options.long else SHORT)]
        for samples in SAMPLES:
            pairs = [distribution.sample(rng, samples) for distribution in drawn]
            truths = np.array([distribution.truth for distribution in drawn])
            estimates = [net.estimate(x, y) for x, y in pairs]
            held = [e.lower <= truth <= e.upper for e, truth in zip(estimates, truths, strict=True)]
            name = drawn[0].family
            inside[samples][name] = [int(np.sum(held)), len(held)]
            errors[samples][name] = {INFONET: float(np.abs([e.mi for e in estimates] - truths).mean())}
            if ksg is not None:
                errors[samples][name][KSG] = float(np.abs([ksg(x, y) for x, y in pairs] - truths).mean())
    return {"inside": inside, "errors": errors, "left out": what_is_left_out() if ksg is None else []}


def describe(results: dict[str, Any]) -> str:
    """Tables in Markdown."""
    inside, errors = results["inside"], results["errors"]
    families = list(next(iter(inside.values())))
    rows = [[family, *(_percent(inside[t][family]) for t in inside)] for family in families]
    rows.append(["**all**", *(f"**{_percent(total(inside[t]))}**" for t in inside)])
    names = list(errors["2000"][families[0]])
    error_rows = [
        [family, *(f"{errors[t][family][name]:.4f}" for t in errors for name in names)] for family in families
    ]
    repetitions = next(iter(next(iter(inside.values())).values()))[1]
    return "\n\n".join([
        *results["left out"],
        f"The 90 % interval holds the truth, families left out of training, {repetitions} draws of each",
        markdown_table(["family", *(f"T = {t}" for t in inside)], rows),
        "Mean absolute error in nats on the same samples",
        markdown_table(["family", *(f"{name}, T = {t}" for t in errors for name in names)], error_rows),
    ])  # fmt: skip


def total(inside: dict[str, list[int]]) -> list[int]:
    """Held and asked over all families."""
    return np.sum(list(inside.values()), axis=0).tolist()


def _percent(counts: list[int]) -> str:
    return f"{100 * counts[0] / counts[1]:.0f} %"


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goal, all families together, at each T."""
    claims = []
    low, high = GOAL
    for samples, by_family in results["inside"].items():
        held, asked = total(by_family)
        interval = binomtest(held, asked).proportion_ci(0.95)
        worst = min(by_family, key=lambda family: by_family[family][0] / by_family[family][1])
        measured = (
            f"{100 * held / asked:.1f} % ({100 * interval.low:.1f} to {100 * interval.high:.1f} %); "
            f"least on {worst}, {_percent(by_family[worst])}"
        )
        text = f"the 90 % interval holds the truth on families left out of training, T = {samples}"
        goal = f"{100 * low:.0f} to {100 * high:.0f} %"
        claims.append(Claim(text, goal, measured, low <= held / asked <= high))
    return claims


def draw(results: dict[str, Any]) -> Figure:
    """Coverage of each family, with its 95 % confidence, around the goal."""
    made, panels = figure(len(results["inside"]), height=3.6)
    for axes, (samples, by_family) in zip(panels, results["inside"].items(), strict=True):
        axes.axvspan(100 * GOAL[0], 100 * GOAL[1], color="#e8f1f8")
        for place, (held, asked) in enumerate(by_family.values()):
            interval = binomtest(held, asked).proportion_ci(0.95)
            axes.plot([100 * interval.low, 100 * interval.high], [place, place], color=COLOURS[INFONET], linewidth=1.5)
            axes.plot(100 * held / asked, place, "o", color=COLOURS[INFONET])
        axes.set_yticks(range(len(by_family)), list(by_family) if axes is panels[0] else [])
        axes.invert_yaxis()
        axes.set_xlim(0, 104)
        axes.set_xlabel(f"truth inside the 90 % interval [%], T = {samples}", fontsize=8)
    return made


BENCHMARK = Benchmark("coverage", "Coverage of the interval", measure, describe, draw, claim)

if __name__ == "__main__":
    main(BENCHMARK)
