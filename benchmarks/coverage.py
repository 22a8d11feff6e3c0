"""How often the 90 % interval contains the truth, on families that training does not use; and the error there.

Each repetition draws the family's parameters again. Half of the families are smooth, the others have sharp edges or few
levels.

    python -m benchmarks.coverage [--long]
"""

from itertools import pairwise
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, main
from benchmarks.peers.estimators import INFONET, KSG, installed_peers, what_is_left_out
from benchmarks.tables import markdown_table, paragraphs, percent, span, with_confidence
from benchmarks.truths import left_out, sharp
from infonet_ros import InfoNet

FAMILIES = left_out.FAMILIES + sharp.FAMILIES
SHORT, LONG = (64, 250, 2000, 8000), (64, 250, 1000, 2000, 8000, 32768)  # T
DRAWS = {False: 4, True: 200}  # of each family; with few, the worst family is the one that chance chose
COMPARED = 50  # of the draws are estimated by the slower peer, too
GOAL = (0.85, 0.95)
NOISE = 2.0  # standard errors: a smaller growth of an error can be chance


def measure(options: Options) -> dict[str, Any]:
    """Return ``{"inside": {T: {family: [held, asked]}}, "errors": {T: {family: {estimator: [mean, its error]}}}}``.

    Estimates without enough samples are not counted.
    """
    net = InfoNet.from_pretrained(options.device, options.weights)
    ksg = installed_peers().get(KSG)
    plan, draws = LONG if options.long else SHORT, DRAWS[options.long]
    inside: dict[int, dict[str, list[int]]] = {samples: {} for samples in plan}
    errors: dict[int, dict[str, dict[str, list[float]]]] = {samples: {} for samples in plan}
    for number, family in enumerate(tqdm(FAMILIES, desc="coverage", leave=False)):
        rng = np.random.default_rng([5, number])
        drawn = [family(rng) for _ in range(draws)]
        name = drawn[0].family
        truths = np.array([distribution.truth for distribution in drawn])
        for samples in plan:
            pairs = [distribution.sample(rng, samples) for distribution in drawn]
            estimates = [net.estimate(x, y) for x, y in pairs]
            known = np.isfinite([e.mi for e in estimates])
            held = [e.lower <= truth <= e.upper for e, truth in zip(estimates, truths, strict=True)]
            inside[samples][name] = [int(np.sum(held)), int(known.sum())]
            errors[samples][name] = {INFONET: _mean_error([e.mi for e in estimates] - truths)}
            if ksg is not None:
                errors[samples][name][KSG] = _mean_error([ksg(x, y) for x, y in pairs[:COMPARED]] - truths[:COMPARED])
    return {"inside": inside, "errors": errors, "left out": what_is_left_out() if ksg is None else []}


def _mean_error(errors: np.ndarray) -> list[float]:
    """Return mean absolute error and its standard error, of what is known; NaN where nothing is."""
    sizes = np.abs(errors[np.isfinite(errors)])
    return [float(sizes.mean()), float(sizes.std() / np.sqrt(len(sizes)))] if len(sizes) else [np.nan, np.nan]


def describe(results: dict[str, Any]) -> str:
    """Tables in Markdown."""
    inside, errors = results["inside"], results["errors"]
    families = list(next(iter(inside.values())))
    draws = max(asked for by_family in inside.values() for _, asked in by_family.values())
    compared = min(COMPARED, draws)
    rows = [[family, *(percent(*inside[t][family], digits=0, none="-") for t in inside)] for family in families]
    rows.append(["**all**", *(f"**{percent(*total(inside[t]), digits=0)}**" for t in inside)])
    names = list(errors["2000"][families[0]])
    error_rows = [
        [family, *(" / ".join(_nats(errors[t][family][name][0]) for name in names) for t in errors)]
        for family in families
    ]
    return paragraphs(
        *results["left out"],
        f"How often the 90 % interval contains the true value. {draws} draws of each family left out of training:",
        markdown_table(["family", *(f"T = {t}" for t in inside)], rows),
        f"Mean absolute error in nats, {' / '.join(names)}; any peer on the first {compared} of these draws",
        markdown_table(["family", *(f"T = {t}" for t in errors)], error_rows),
    )


def total(inside: dict[str, list[int]]) -> list[int]:
    """Held and asked over all families."""
    return np.sum(list(inside.values()), axis=0).tolist()


def _nats(error: float) -> str:
    return "-" if np.isnan(error) else f"{error:.4f}"


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goals at each T: all families together, and each; and each from T to the next."""
    claims = []
    low, high = GOAL
    for samples, by_family in results["inside"].items():
        asked = {family: counts for family, counts in by_family.items() if counts[1]}
        held, of = total(asked)
        worst = min(asked, key=lambda family: asked[family][0] / asked[family][1])
        measured = f"{with_confidence(held, of)}; least on {worst}, {percent(*asked[worst], digits=0)}"
        text = f"the 90 % interval contains the true value on families left out of training, T = {samples}"
        claims.append(Claim(text, span(low, high), measured, low <= held / of <= high))
        few = [family for family, (inside, draws) in asked.items() if inside < low * draws]
        text = f"the same on each of these families, T = {samples}"
        measured = f"{len(asked) - len(few)} of {len(asked)} families"
        claims.append(Claim(text, f"at least {100 * low:.0f} %", measured, not few))
    return [*claims, *_claims_of_errors(results["errors"])]


def _claims_of_errors(errors: dict[str, dict[str, dict[str, list[float]]]]) -> list[Claim]:
    claims = []
    sizes = list(errors)
    for before, after in pairwise(sizes):
        growing = [
            family
            for family, by in errors[after].items()
            if by[INFONET][0] > errors[before][family][INFONET][0] + NOISE * by[INFONET][1]
        ]
        text = f"error on these families falls from T = {before} to {after}, within {NOISE:.0f} standard errors"
        count = len(errors[after])
        claims.append(Claim(text, "on every family", f"on {count - len(growing)} of {count}", not growing))
    if all(KSG in by for by in errors[sizes[0]].values()):
        for samples, by_family in errors.items():
            known = [by for by in by_family.values() if np.isfinite(by[INFONET][0])]
            worse = sum(by[INFONET][0] > by[KSG][0] + NOISE * np.hypot(by[INFONET][1], by[KSG][1]) for by in known)
            text = f"error on these families at most that of {KSG}, T = {samples}, within {NOISE:.0f} standard errors"
            claims.append(Claim(text, "on every family", f"on {len(known) - worse} of {len(known)}", not worse))
    return claims


BENCHMARK = Benchmark("coverage", "Coverage of the interval", measure, describe, claim)

if __name__ == "__main__":
    main(BENCHMARK)
