"""Conditional mutual information: error, intervals, false alarms and speed beside a nearest-neighbour estimator.

That is the estimator of Frenzel and Pompe (Phys. Rev. Lett. 2007), k = 3, as ennemi has it, of standardised streams.

    python -m benchmarks.conditional [--long]
"""

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, main, timed
from benchmarks.peers.estimators import INFONET
from benchmarks.tables import markdown_table, paragraphs, percent, span
from benchmarks.truths.triples import FAMILIES, NOTHING
from infonet_ros import InfoNet

PEER = "KSG (ennemi)"
SHORT, LONG = {500: 2, 1000: 3, 4000: 1}, {500: 60, 1000: 60, 2000: 30, 4000: 20, 8000: 10}
"""Draws of each family at each T."""
TESTED = {False: 10, True: 500}  # draws of each family for the test, in the short and the long version
SURROGATES, TEST_SAMPLES, LEVEL = 19, 500, 0.05
WEAK = "weakly coupled noise"
CHANNELS, SPEED_SAMPLES, ROUNDS = 32, 1000, 3
RATIOS = {1000: 0.4, 4000: 0.3}  # of the peer's mean error, at most
MOST_OF_NOTHING, LEAST_COVERAGE, ALARMS = 0.01, 0.85, (0.03, 0.07)
FASTER, MOST_COST = 20.0, 12.0


def measure(options: Options) -> dict[str, Any]:
    """Return estimates by family and T, how often the test finds dependence, and the time of a pair."""
    net = InfoNet.from_pretrained(options.device, options.weights)
    rng = np.random.default_rng(11)
    draws = LONG if options.long else SHORT
    estimates = {
        name: {str(count): _estimates(net, rng, name, count, times) for count, times in draws.items()}
        for name in tqdm(FAMILIES, desc="conditional, error", leave=False)
    }
    tests = {
        name: _calls(net, rng, name, TESTED[options.long])
        for name in tqdm([*NOTHING, WEAK], desc="conditional, test", leave=False)
    }
    return {"estimates": estimates, "tests": tests, "speed": _speed(net, rng)}


def _estimates(net: InfoNet, rng: np.random.Generator, name: str, count: int, times: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {INFONET: [], "lower": [], "upper": []}
    for _ in range(times):
        x, y, given = FAMILIES[name].draw(rng, count)
        one = net.estimate(x, y, given=given)
        for key, value in ((INFONET, one.mi), ("lower", one.lower), ("upper", one.upper)):
            found[key].append(round(value, 5))
        if find_spec("ennemi"):
            found.setdefault(PEER, []).append(round(_nearest_neighbours(x, y, given), 5))
    return found


def _nearest_neighbours(x: np.ndarray, y: np.ndarray, given: np.ndarray) -> float:
    import ennemi

    return max(0.0, float(np.squeeze(ennemi.estimate_mi(y, x, cond=given, k=3, preprocess=True))))


def _calls(net: InfoNet, rng: np.random.Generator, name: str, times: int) -> dict[str, int]:
    p = []
    for _ in range(times):
        x, y, given = FAMILIES[name].draw(rng, TEST_SAMPLES)
        p.append(net.estimate(x, y, given=given, surrogates=SURROGATES).p_value)
    return {"tested": times, "called": sum(value <= LEVEL + 1e-9 for value in p)}


def _speed(net: InfoNet, rng: np.random.Generator) -> dict[str, float]:
    """Least processor time of all pairs, given one channel and not, and of one pair of the peer, by pair."""
    samples, given = rng.standard_normal((SPEED_SAMPLES, CHANNELS)), rng.standard_normal(SPEED_SAMPLES)
    pairs = CHANNELS * (CHANNELS - 1) // 2
    spent = {"plain": _shortest(lambda: net.pairwise(samples)) / pairs}
    spent["given"] = _shortest(lambda: net.pairwise(samples, given=given)) / pairs
    if find_spec("ennemi"):
        x, y = samples[:, :2].T
        spent[PEER] = _shortest(lambda: [_nearest_neighbours(x, y, given[:, None]) for _ in range(5)]) / 5
    return spent


def _shortest(run: Callable[[], object]) -> float:
    return min(timed(run, ROUNDS, time.process_time))


def _errors(results: dict[str, Any], who: str, count: int) -> list[float]:
    """Mean absolute error of each family at T, nats."""
    return [
        float(np.abs(np.array(by_count[str(count)][who]) - FAMILIES[name].truth).mean())
        for name, by_count in results["estimates"].items()
    ]


def _coverage(results: dict[str, Any]) -> dict[str, float]:
    """Share of the intervals of each family, at all T, that hold the truth."""
    shares = {}
    for name, by_count in results["estimates"].items():
        lower, upper = (np.concatenate([one[end] for one in by_count.values()]) for end in ("lower", "upper"))
        truth = FAMILIES[name].truth
        shares[name] = float(((lower <= truth + 1e-3) & (truth <= upper)).mean())
    return shares


def _counts(results: dict[str, Any]) -> list[int]:
    return [int(count) for count in next(iter(results["estimates"].values()))]


def _peers(results: dict[str, Any]) -> list[str]:
    first = next(iter(next(iter(results["estimates"].values())).values()))
    return [name for name in (INFONET, PEER) if name in first]


def describe(results: dict[str, Any]) -> str:
    """Tables in Markdown."""
    counts, who, coverage = _counts(results), _peers(results), _coverage(results)
    errors = {(name, count): _errors(results, name, count) for name in who for count in counts}
    rows = [
        [
            family,
            f"{FAMILIES[family].truth:.3f}",
            *(" / ".join(f"{errors[name, count][number]:.3f}" for name in who) for count in counts),
            f"{100 * coverage[family]:.0f} %",
        ]
        for number, family in enumerate(results["estimates"])
    ]
    mean = [" / ".join(f"{np.mean(errors[name, count]):.3f}" for name in who) for count in counts]
    rows.append(["mean", "", *mean, f"{100 * np.mean(list(coverage.values())):.0f} %"])
    tests = [
        [name, percent(row["called"], row["tested"], digits=0), str(row["tested"])]
        for name, row in results["tests"].items()
    ]
    speed = results["speed"]
    return paragraphs(
        f"Mean absolute error in nats of {' / '.join(who)}, and how often the 90 % interval contains the true value",
        markdown_table(["family", "truth", *(f"T = {count}" for count in counts), "interval"], rows),
        f"How often p ≤ {LEVEL:g}, {SURROGATES} surrogates, T = {TEST_SAMPLES}; only the last is dependent",
        markdown_table(["family", "called dependent", "draws"], tests),
        f"Processor time of all pairs of {CHANNELS} channels, T = {SPEED_SAMPLES}: "
        f"{1e3 * speed['plain']:.2f} ms a pair, {1e3 * speed['given']:.2f} ms given one channel"
        + (f"; {PEER} {1e3 * speed[PEER]:.1f} ms." if PEER in speed else "."),
    )


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goals."""
    coverage, speed = _coverage(results), results["speed"]
    nothing = max(float(np.mean(one[INFONET])) for name in NOTHING for one in results["estimates"][name].values())
    alarms = [results["tests"][name]["called"] / results["tests"][name]["tested"] for name in NOTHING]
    cost, least = speed["given"] / speed["plain"], min(coverage.values())
    low, high = ALARMS
    return [
        *(_claims_beside_the_peer(results) if PEER in _peers(results) else ()),
        Claim(
            "mean estimate of conditionally independent pairs, at any T",
            f"at most {MOST_OF_NOTHING} nats",
            f"{nothing:.3f}",
            nothing <= MOST_OF_NOTHING,
        ),
        Claim.at_least(
            "the 90 % interval contains the true value, in the worst family", 100 * least, 100 * LEAST_COVERAGE, 0, " %"
        ),
        Claim(
            "false alarms at the 5 % level, conditionally independent pairs",
            span(low, high),
            span(min(alarms), max(alarms)),
            low <= min(alarms) and max(alarms) <= high,
        ),
        Claim.at_most(
            f"time of all pairs of {CHANNELS} channels given one stream, relative to none", cost, MOST_COST, 1
        ),
    ]


def _claims_beside_the_peer(results: dict[str, Any]) -> Iterator[Claim]:
    for count in sorted(RATIOS.keys() & set(_counts(results))):
        ratio = _mean_error(results, INFONET, count) / _mean_error(results, PEER, count)
        yield Claim.at_most(f"mean error relative to {PEER}, T = {count}", ratio, RATIOS[count], digits=2)
    faster = results["speed"][PEER] / results["speed"]["given"]
    yield Claim.at_least(f"pairs per second relative to {PEER}, T = {SPEED_SAMPLES}", faster, FASTER, digits=0)


def _mean_error(results: dict[str, Any], who: str, count: int) -> float:
    return float(np.mean(_errors(results, who, count)))


BENCHMARK = Benchmark("conditional", "Conditional mutual information", measure, describe, claim)

if __name__ == "__main__":
    main(BENCHMARK)
