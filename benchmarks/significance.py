"""False alarms and power of p-values on the streams that robots have: slow, held, repeated, drifting.

infonet shifts one stream circularly, which keeps its autocorrelation. On AR(1) pairs it is compared with the Gaussian
copula with the same shifts, the same with shuffling, and Pearson's test. The last two assume independent samples.

    python -m benchmarks.significance [--long]
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import pearsonr
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, main
from benchmarks.peers.estimators import INFONET, to_normal
from benchmarks.streams import judging
from benchmarks.streams.judging import ALARMS, FEWEST_TESTED, KNOWN, LEVEL, holds, judge
from benchmarks.streams.pairs import DRIFTING, HELD, REMEMBERING, Pair, coupled, slow
from benchmarks.tables import markdown_table, paragraphs, percent, span, with_confidence
from infonet_ros import InfoNet

COEFFICIENT = 0.95
SAMPLES = 1000
INFORMATION = 0.2  # nats, of the coupled pairs
SURROGATES = 99  # of the tests side by side
SHORT, LONG = 30, 500  # pairs of each kind
OF_ALL, POWER = (0.03, 0.07), 0.9  # goals of false alarms and of power, side by side
NEAREST = SAMPLES // 10  # shift

SHORT_WINDOW = 256
COEFFICIENTS = (0.5, 0.9, 0.95)  # of AR(1) pairs that are coupled
MOST_WITHHELD = 0.02  # of pairs of AR(1) streams, up to 0.95

Test = Callable[[np.ndarray, np.ndarray, np.random.Generator], float]
"""From x and y to a p-value."""


def measure(options: Options) -> dict[str, Any]:
    """Return tests side by side, ``{kind: {test: [called dependent, pairs]}}``, and infonet by kind of streams."""
    net = InfoNet.from_pretrained(options.device, options.weights)
    pairs = LONG if options.long else SHORT
    found: dict[str, Any] = _side_by_side(net, pairs)
    kinds = {**REMEMBERING, **HELD, **DRIFTING}
    rows = {(name, SAMPLES): pair for name, pair in kinds.items()}
    rows[("AR(1) 0.98", SHORT_WINDOW)] = lambda rng, count: (slow(rng, count, 0.98), slow(rng, count, 0.98))
    rows[("held 5, common ticks", SHORT_WINDOW)] = HELD["held 5, common ticks"]
    rows[("piecewise constant, run 50", 5 * SAMPLES)] = HELD["piecewise constant, run 50"]
    rows[("held 50, common ticks", 5 * SAMPLES)] = HELD["held 50, common ticks"]
    found["streams"] = [
        {"name": name, "samples": count, **_judge(net, pair, count, pairs)}
        for (name, count), pair in tqdm(rows.items(), desc="significance, streams", leave=False)
    ]
    found["power"] = [
        {"name": f"AR(1) {coefficient:g}", "samples": SAMPLES, **_judge(net, _coupled(coefficient), SAMPLES, pairs)}
        for coefficient in COEFFICIENTS
    ]
    return found


def _side_by_side(net: InfoNet, pairs: int) -> dict[str, Any]:
    tests: dict[str, Test] = {
        INFONET: lambda x, y, rng: net.estimate(x, y, surrogates=SURROGATES).p_value,
        "Gaussian copula, shifts": _correlation_shifted,
        "Gaussian copula, shuffled": _correlation_shuffled,
        "Pearson's test": lambda x, y, rng: pearsonr(x, y).pvalue,
    }
    rng = np.random.default_rng(11)
    called = {}
    for kind, information in (("independent", 0.0), ("coupled", INFORMATION)):
        hits = dict.fromkeys(tests, 0)
        for _ in tqdm(range(pairs), desc=f"significance, {kind}", leave=False):
            x, y = slow_pair(rng, information)
            for name, test in tests.items():
                hits[name] += bool(test(x, y, rng) <= LEVEL)
        called[kind] = {name: [count, pairs] for name, count in hits.items()}
    return called


def _judge(net: InfoNet, pair: Pair, count: int, pairs: int) -> dict[str, Any]:
    """Estimate so many pairs of streams: how many have an MI, a p-value, and are called dependent by either."""
    rng = np.random.default_rng(12)
    return {"pairs": pairs, **judge(net, (pair(rng, count) for _ in range(pairs)))}


def slow_pair(rng: np.random.Generator, information: float) -> tuple[np.ndarray, np.ndarray]:
    """Two AR(1) streams (T,) with that MI, nats, between their samples of one time."""
    return _coupled(COEFFICIENT, information)(rng, SAMPLES)


def _coupled(coefficient: float, information: float = INFORMATION) -> Pair:
    def pair(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, own = slow(rng, count, coefficient), slow(rng, count, coefficient)
        return x, coupled(x, own, information)

    return pair


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
    """Tables in Markdown."""
    names = list(results["independent"])
    pairs = results["independent"][INFONET][1]
    rows = [[name, *(with_confidence(*results[kind][name]) for kind in ("independent", "coupled"))] for name in names]
    power = [
        [row["name"], percent(row["tested"], row["pairs"]), percent(row["called"], row["pairs"])]
        for row in results["power"]
    ]
    return paragraphs(
        f"Pairs called dependent at the {100 * LEVEL:.0f} % level (95 % confidence): AR(1), coefficient {COEFFICIENT}, "
        f"T = {SAMPLES}, {pairs} pairs of each kind, {SURROGATES} surrogates",
        markdown_table(["test", "independent: false alarms", f"coupled to {INFORMATION} nats: power"], rows),
        f"infonet on independent streams, {results['streams'][0]['pairs']} pairs of each kind, {judging.SURROGATES} "
        f"surrogates. False alarms are a share of the pairs that have a p-value; goal of each row {span(*ALARMS)}, or "
        "withheld. Where the mean is not known, the pairs had fewer updates in common than an estimate takes.",
        _table_of_streams(results["streams"]),
        f"The same of AR(1) pairs coupled to {INFORMATION} nats",
        markdown_table(["streams", "has a p-value", "power"], power),
    )


def _table_of_streams(found: list[dict[str, Any]]) -> str:
    header = ["streams", "T", "samples that count", "mean MI [nats]", f"lower end above {KNOWN:g}", "has a p-value"]
    rows = [
        [
            row["name"],
            f"{row['samples']:,}",
            f"{row['counted']:,.0f}",
            "not known" if row["mean"] is None else f"{row['mean']:.3f}",
            percent(row["above"], row["known"]),
            percent(row["tested"], row["pairs"]),
            _judged(row),
        ]
        for row in found
    ]
    return markdown_table([*header, "false alarms"], rows)


def _judged(row: dict[str, Any]) -> str:
    if row["tested"] < FEWEST_TESTED:
        return f"withheld ({row['called']} of {row['tested']})" if row["tested"] else "withheld"
    text = percent(row["called"], row["tested"])
    return text if holds(row) else f"**{text}**"


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goals."""
    return [*_side_by_side_claims(results), *_level_claims(results["streams"]), *_power_claims(results)]


def _side_by_side_claims(results: dict[str, Any]) -> list[Claim]:
    alarms, power = (results[kind][INFONET] for kind in ("independent", "coupled"))
    low, high = OF_ALL
    streams = f"AR(1) pairs of coefficient {COEFFICIENT}, T = {SAMPLES}"
    return [
        Claim(
            f"false alarms at the {100 * LEVEL:.0f} % level, independent {streams}",
            span(low, high),
            with_confidence(*alarms),
            low <= alarms[0] / alarms[1] <= high,
        ),
        Claim(
            f"power on the same coupled to {INFORMATION} nats",
            f"above {100 * POWER:.0f} %",
            with_confidence(*power),
            power[0] / power[1] > POWER,
        ),
    ]


def _level_claims(rows: list[dict[str, Any]]) -> list[Claim]:
    judged = [row for row in rows if row["tested"] >= FEWEST_TESTED]
    held = [row for row in rows if row["name"] in HELD and row["known"]]
    above, known = sum(row["above"] for row in held), sum(row["known"] for row in held)
    return [
        Claim.of_all(
            f"false alarms on {len(judged)} kinds of independent streams: slow, held, rounded, repeated, bursting",
            f"{span(*ALARMS)} of each",
            sum(map(holds, judged)),
            len(judged),
            "kinds",
        ),
        Claim(
            f"held and repeated independent streams with a lower end above {KNOWN:g} nats",
            "at most 1 %",
            percent(above, known),
            above <= 0.01 * known,
        ),
    ]


def _power_claims(results: dict[str, Any]) -> list[Claim]:
    coupled = results["power"]
    remembering = [row for row in results["streams"] if row["name"] in ("AR(1) 0.9", "AR(1) 0.95")] + coupled
    withheld = max(1.0 - row["tested"] / row["pairs"] for row in remembering)
    weakest = min(row["called"] / row["pairs"] for row in coupled)
    return [
        Claim(
            f"AR(1) pairs up to 0.95 without a p-value because they seem to drift, T = {SAMPLES}",
            f"below {100 * MOST_WITHHELD:.0f} %",
            f"{100 * withheld:.1f} % at most",
            withheld < MOST_WITHHELD,
        ),
        Claim(
            f"power on AR(1) pairs of {', '.join(map(str, COEFFICIENTS))}, {judging.SURROGATES} surrogates, "
            f"{INFORMATION} nats",
            f"above {100 * POWER:.0f} %",
            f"{100 * weakest:.1f} % at least",
            weakest > POWER,
        ),
    ]


BENCHMARK = Benchmark("significance", "Significance on slow, held and drifting streams", measure, describe, claim)

if __name__ == "__main__":
    main(BENCHMARK)
