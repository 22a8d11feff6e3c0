"""Delays of recorded tables, with default options, beside cross-correlation with a parabola through its top.

Each recording has two tables: 120 s of a smooth signal, and a signal that follows it, each with its own stamps. Some
have a third table with a slower, independent signal. The peer resamples the two to the faster rate, and takes the
largest correlation up to one second in both directions.

    python -m benchmarks.delays [--long]
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, main
from benchmarks.peers.estimators import INFONET
from benchmarks.tables import markdown_table
from infonet_ros import InfoNet
from infonet_ros.intake.opener import open_recording
from infonet_ros.intake.proposing.proposal import propose
from infonet_ros.intake.recording import chosen_span
from infonet_ros.offline.analysis import analyse
from infonet_ros.series import paired_at_lag
from infonet_ros.settings import Settings

PEER = "cross-correlation"
SHORT, LONG = 1, 5
"""Recordings of each case."""
DURATION, RATE = 120.0, 100.0
FINE = 2000.0  # Hz, at which the signal is made
SMOOTH, SLOW = 0.03, 0.2  # s, of the Gaussian that makes it so: a band of some 5 Hz, or less than 1 Hz
NOISE = 0.2
CLOSE = 0.002  # s
PERIODS = 0.2  # of the slower stream


def same(x: np.ndarray) -> np.ndarray:
    """Return what is given."""
    return x


@dataclass(frozen=True)
class Case:
    """A delay in seconds, and how the second stream follows the first.

    ``first`` and ``rate`` are their rates, Hz, and ``beside`` is that of a third one, if any. The signal is made
    by a Gaussian of the width ``smooth``, s.
    """

    delay: float
    follows: Callable[[np.ndarray], np.ndarray] = same
    rate: float = RATE
    first: float = RATE
    smooth: float = SMOOTH
    beside: float = 0.0

    @property
    def kind(self) -> str:
        """What the case shows."""
        if self.beside:
            return "beside a slower stream"
        if self.first != RATE:
            return "slow streams"
        if self.rate != RATE:
            return "unequal rates"
        return "linear" if self.follows is same else "square and absolute value"

    @property
    def tolerance(self) -> float:
        """Seconds that an estimate may be off."""
        return CLOSE if self.rate == RATE else PERIODS / self.rate


CASES = {
    "13.7 ms": Case(0.0137),
    "50 ms": Case(0.05),
    "70 ms": Case(0.07),
    "180 ms": Case(0.18),
    "70 ms, square": Case(0.07, lambda x: x**2),
    "70 ms, absolute value": Case(0.07, np.abs),
    "70 ms, 100 Hz and 20 Hz": Case(0.07, rate=20.0),
    "180 ms, 100 Hz and 33 Hz": Case(0.18, rate=33.0),
    "30 ms, beside 10 Hz": Case(0.03, smooth=SLOW, beside=10.0),
    "50 ms, beside 10 Hz": Case(0.05, smooth=SLOW, beside=10.0),
    "50 ms, square, beside 10 Hz": Case(0.05, np.square, smooth=SLOW, beside=10.0),
    "230 ms, both 10 Hz": Case(0.23, rate=10.0, first=10.0, smooth=SLOW),
    "230 ms, 10 Hz and 4 Hz": Case(0.23, rate=4.0, first=10.0, smooth=2.0 * SLOW),
}


def measure(options: Options) -> dict[str, Any]:
    """Return the delays that were found, ms; NaN where infonet calls none clear."""
    net = InfoNet.from_pretrained(options.device, options.weights)
    rng, times = np.random.default_rng(17), LONG if options.long else SHORT
    return {name: _found(net, rng, case, times) for name, case in tqdm(CASES.items(), desc="delays", leave=False)}


def _found(net: InfoNet, rng: np.random.Generator, case: Case, times: int) -> dict[str, list[float | None]]:
    found: dict[str, list[float | None]] = {INFONET: [], PEER: []}
    for _ in range(times):
        first, second, *others = _recording(rng, case)
        delay = _infonet(net, first, second, *others)
        found[INFONET].append(None if np.isnan(delay) else round(1e3 * delay, 3))
        found[PEER].append(round(1e3 * _cross_correlation(first, second), 3))
    return found


def _recording(rng: np.random.Generator, case: Case) -> list[np.ndarray]:
    """Return times and values of all streams, (T, 2) each."""
    fine = np.arange(-1.0, DURATION + 1.0, 1.0 / FINE)

    def signal() -> np.ndarray:
        smooth = gaussian_filter1d(rng.standard_normal(len(fine)), case.smooth * FINE)
        return smooth / smooth.std()

    def sampled(
        signal: np.ndarray, rate: float, delay: float, follows: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        times = np.arange(rng.uniform(0.0, 1.0 / rate), DURATION, 1.0 / rate)
        values = follows(np.interp(times - delay, fine, signal))
        return np.stack([times, values + NOISE * rng.standard_normal(len(times))], axis=1)

    motion = signal()
    streams = [sampled(motion, case.first, 0.0, same), sampled(motion, case.rate, case.delay, case.follows)]
    return [*streams, sampled(signal(), case.beside, 0.0, same)] if case.beside else streams


def _infonet(net: InfoNet, *streams: np.ndarray) -> float:
    """Analyse tables as `infonet csv` does; return the delay of the second, seconds."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}.csv" for name in ("first", "second", "third")[: len(streams)]]
        for path, stream in zip(paths, streams, strict=True):
            np.savetxt(path, stream, delimiter=",", header="time,x", comments="", fmt="%.6f")
        with open_recording(paths) as recording:
            span = chosen_span(recording, 0.0, None)
            settings = propose(recording, Settings(), span).settings
            whole = analyse(recording, settings, span, net, cores=1).whole
    a, b = (whole.matrix.names.index(name) for name in ("first.x", "second.x"))
    return float(whole.matrix.lag[a, b]) if whole.clear_delays[a, b] else np.nan


def _cross_correlation(first: np.ndarray, second: np.ndarray) -> float:
    times = np.arange(1.0, DURATION - 1.0, 1.0 / RATE)
    longest = round(RATE)
    x, y = (np.interp(times, *stream.T) for stream in (first, second))
    x, y = x - x.mean(), y - y.mean()
    products = (np.multiply(*paired_at_lag(x, y, lag)) for lag in range(-longest, longest + 1))
    heights = np.abs([product.mean() for product in products])
    top = int(heights[1:-1].argmax()) + 1
    before, at, after = heights[top - 1 : top + 2]
    return float((top - longest + 0.5 * (before - after) / (before - 2.0 * at + after)) / RATE)


def _off(row: dict[str, list[float | None]], who: str, case: Case) -> float:
    """Largest distance from the truth, ms; infinite where none was found."""
    return max(np.inf if found is None else abs(found - 1e3 * case.delay) for found in row[who])


def describe(results: dict[str, Any]) -> str:
    """Return a table in Markdown."""
    rows = [
        [name, f"{1e3 * CASES[name].tolerance:.0f}", *(f"{_off(row, who, CASES[name]):.1f}" for who in (INFONET, PEER))]
        for name, row in results.items()
    ]
    times = len(next(iter(results.values()))[INFONET])
    return (
        f"Largest error of the delay in ms, {times} recordings of {DURATION:.0f} s each; infinite: none was called "
        "clear\n\n" + markdown_table(["case", "goal", INFONET, PEER], rows)
    )


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goals."""
    claims = []
    for kind in dict.fromkeys(CASES[name].kind for name in results):
        names = [name for name in results if CASES[name].kind == kind]
        worst = max(_off(results[name], INFONET, CASES[name]) / (1e3 * CASES[name].tolerance) for name in names)
        equal = all(CASES[name].rate == RATE for name in names)
        goal = f"at most {1e3 * CLOSE:.0f} ms" if equal else "at most a fifth of the slower period"
        claims.append(Claim(f"largest error of a delay, {kind}", goal, f"{worst:.2f} of this limit", worst <= 1.0))
    return claims


BENCHMARK = Benchmark("delays", "Delays", measure, describe, claim)

if __name__ == "__main__":
    main(BENCHMARK)
