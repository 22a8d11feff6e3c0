"""Pairs of independent streams of the kinds that robots have: slow, held, rounded, repeated, drifting, bursting."""

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter

BEFORE = 1000  # samples of noise for a filter to settle

Rng = np.random.Generator
Stream = Callable[[Rng, int], np.ndarray]
"""From a generator and a number of samples T to a stream (T,)."""
Pair = Callable[[Rng, int], tuple[np.ndarray, np.ndarray]]
"""To two streams."""


def correlation_of(information: float) -> float:
    """Correlation of two Gaussian variables with that MI, nats."""
    return float(np.sqrt(-np.expm1(-2.0 * information)))


def coupled(x: np.ndarray, own: np.ndarray, information: float) -> np.ndarray:
    """Return a stream like x that shares that MI, nats, with it, out of x and an independent one of its kind."""
    rho = correlation_of(information)
    return rho * x + np.sqrt(1.0 - rho**2) * own


def slow(rng: Rng, count: int, coefficient: float) -> np.ndarray:
    """AR(1) of variance 1; a random walk where the coefficient is 1."""
    if coefficient == 1.0:
        return np.cumsum(rng.standard_normal(count))
    before = int(10.0 / (1.0 - coefficient))
    return slow_noise(rng.standard_normal(count + before), count, coefficient, before)


def slow_noise(noise: np.ndarray, count: int, coefficient: float, before: int = BEFORE) -> np.ndarray:
    """Filter noise (T + before,) or longer to that of an AR(1) of variance 1, (T,)."""
    values: np.ndarray = lfilter([np.sqrt(1.0 - coefficient**2)], [1.0, -coefficient], noise[: count + before])
    return values[before:]


def held(values: np.ndarray, hold: int, phase: int, count: int) -> np.ndarray:
    """Keep each value for ``hold`` samples, beginning within the first."""
    return np.repeat(values, hold)[phase : phase + count]


def _each(stream: Stream) -> Pair:
    """Two streams of one kind."""
    return lambda rng, count: (stream(rng, count), stream(rng, count))


def _ticks(hold: int, common: bool, coefficient: float = 0.0, grid: float = 0.0) -> Pair:
    """Two streams held for ``hold`` samples, which change at common ticks or each at its own."""

    def pair(rng: Rng, count: int) -> tuple[np.ndarray, np.ndarray]:
        phase = rng.integers(hold)
        return one(rng, count, phase), one(rng, count, phase if common else rng.integers(hold))

    def one(rng: Rng, count: int, phase: int) -> np.ndarray:
        values = slow(rng, count // hold + 2, coefficient)
        return held(np.round(values / grid) * grid if grid else values, hold, phase, count)

    return pair


def _rates(holds: tuple[int, int]) -> Pair:
    """Two streams held for different numbers of samples."""
    return lambda rng, count: tuple(
        held(rng.standard_normal(count // hold + 2), hold, rng.integers(hold), count) for hold in holds
    )  # type: ignore[return-value]


def _lines(step: int, common: bool = True) -> Pair:
    """Two streams of 1 / step updates a sample, joined by straight lines."""

    def pair(rng: Rng, count: int) -> tuple[np.ndarray, np.ndarray]:
        phase = rng.integers(step)
        return one(rng, count, phase), one(rng, count, phase if common else rng.integers(step))

    def one(rng: Rng, count: int, phase: int) -> np.ndarray:
        values = rng.standard_normal(count // step + 3)
        return np.interp(np.arange(count) + phase, np.arange(len(values)) * step, values)

    return pair


def _pieces(run: float) -> Pair:
    """Constant for a random time, then another value."""

    def stream(rng: Rng, count: int) -> np.ndarray:
        return np.repeat(rng.standard_normal(count), rng.geometric(1.0 / run, size=count))[:count]

    return _each(stream)


def switch(rng: Rng, count: int, run: float) -> np.ndarray:
    """Random telegraph: 0 or 1, for a random time."""
    return (rng.integers(2) + np.cumsum(rng.random(count) < 1.0 / run)) % 2.0


def _rows(times: int, shuffled: bool) -> Pair:
    """Two streams of which each row is there several times, one after the other or anywhere."""

    def pair(rng: Rng, count: int) -> tuple[np.ndarray, np.ndarray]:
        rows = np.repeat(np.arange(-(-count // times)), times)[:count]
        rows = rng.permutation(rows) if shuffled else rows
        x, y = rng.standard_normal((2, rows.max() + 1))
        return x[rows], y[rows]

    return pair


def _some_twice(share: float) -> Pair:
    """Two streams of which some rows are there twice."""

    def pair(rng: Rng, count: int) -> tuple[np.ndarray, np.ndarray]:
        rows = np.repeat(np.arange(count), 1 + (rng.random(count) < share))[:count]
        x, y = rng.standard_normal((2, count))
        return x[rows], y[rows]

    return pair


def _trend(deviations: float) -> Pair:
    """Noise about a straight line, up or down, whose values have so many standard deviations of the noise."""

    def stream(rng: Rng, count: int) -> np.ndarray:
        line = np.sqrt(12.0) * np.linspace(-0.5, 0.5, count)
        return rng.standard_normal(count) + rng.choice([-1.0, 1.0]) * deviations * line

    return _each(stream)


def _step(size: float) -> Pair:
    return _each(
        lambda rng, count: rng.standard_normal(count) + size * (np.arange(count) > rng.uniform(0.1, 0.9) * count)
    )


def _slow(coefficient: float) -> Pair:
    return _each(lambda rng, count: slow(rng, count, coefficient))


REMEMBERING: dict[str, Pair] = {
    "independent samples": _slow(0.0),
    "AR(1) 0.9": _slow(0.9),
    "AR(1) 0.95": _slow(0.95),
    "AR(1) 0.99": _slow(0.99),
    "random telegraph, run 50": _each(lambda rng, count: switch(rng, count, 50.0)),
    "AR(1) 0.95, rounded to 1 sd": _each(lambda rng, count: np.round(slow(rng, count, 0.95))),
    "events, 5 % of the samples": _each(lambda rng, count: rng.standard_normal(count) * (rng.random(count) < 0.05)),
    "noise in bursts, run 50": _each(lambda rng, count: rng.standard_normal(count) * switch(rng, count, 50.0)),
    "8 levels": _each(lambda rng, count: rng.integers(0, 8, count).astype(float)),
}

HELD: dict[str, Pair] = {
    **{
        f"held {hold}, {'common' if common else 'own'} ticks": _ticks(hold, common)
        for hold in (3, 5, 20, 50)
        for common in (False, True)
    },
    "held 10 and 13": _rates((10, 13)),
    "held 5 and 20": _rates((5, 20)),
    "AR(1) 0.9, held 5, common ticks": _ticks(5, True, coefficient=0.9),
    "rounded to 0.5 sd, held 10": _ticks(10, True, grid=0.5),
    "interpolated 3 times": _lines(3),
    "interpolated 10 times": _lines(10),
    "interpolated 10 times, own ticks": _lines(10, common=False),
    "interpolated 50 times": _lines(50),
    "piecewise constant, run 10": _pieces(10.0),
    "piecewise constant, run 50": _pieces(50.0),
    "rows twice": _rows(2, shuffled=False),
    "rows 5 times, anywhere": _rows(5, shuffled=True),
    "a fifth of the rows twice": _some_twice(0.2),
}

DRIFTING: dict[str, Pair] = {
    "noise and a trend of 1 sd": _trend(1.0),
    "noise and a trend of 0.3 sd": _trend(0.3),
    "one step of 2 sd": _step(2.0),
    "noise that grows threefold": _each(lambda rng, count: rng.standard_normal(count) * np.linspace(1.0, 3.0, count)),
    "counters": _each(lambda rng, count: np.cumsum(rng.poisson(2.0, count)).astype(float)),
    "random walks": _slow(1.0),
}
