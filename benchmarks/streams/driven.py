"""Streams of the kinds that robots have, each driven by noise: two are as dependent as their noise.

A stream also has times: of updates, events, phases. Two streams draw these separately, or share them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import butter, lfilter, sosfilt
from scipy.special import ndtr
from scipy.stats import t as student

from benchmarks.streams.pairs import BEFORE, Rng, held, slow_noise, switch

Driven = Callable[[np.ndarray, Rng, int], np.ndarray]
"""From noise (at least 10 T + 2 `BEFORE`), a generator of times, and T to a stream (T,)."""


@dataclass(frozen=True)
class Kind:
    """A kind of stream; ``together`` if two have the same times even where they are independent."""

    stream: Driven
    together: bool = False

    def pair(self, rng: Rng, count: int, correlation: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Return two streams (T,) with that correlation of their noise; coupled ones have their times together."""
        noise, other = rng.standard_normal((2, 10 * count + 2 * BEFORE))
        other = correlation * noise + np.sqrt(1.0 - correlation**2) * other
        seeds = rng.integers(1 << 31, size=2)
        seeds[1] = seeds[0] if self.together or correlation else seeds[1]
        x, y = (
            self.stream(own, np.random.default_rng(seed), count)
            for own, seed in zip((noise, other), seeds, strict=True)
        )
        return x, y


def seen(coefficient: float, view: Callable[[np.ndarray], np.ndarray]) -> Driven:
    """Show an AR(1) as a sensor does: ``view`` returns what is shown (T,) of its values (T,)."""
    return lambda noise, times, count: view(slow_noise(noise, count, coefficient))


def reported(every: int, coefficient: float, view: Callable[[np.ndarray], np.ndarray]) -> Driven:
    """Show the same of a value that comes once in so many samples, and hold it until the next."""

    def stream(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
        values = view(slow_noise(noise, count // every + 2, coefficient))
        return held(values, every, times.integers(every), count)

    return stream


def beyond(least: float, values: np.ndarray) -> np.ndarray:
    """Return by how much values (T,) pass a dead band of zero on either side, with their signs."""
    return np.sign(values) * np.maximum(np.abs(values) - least, 0.0)


def _irregular(hold: int) -> Driven:
    """Held until the next of irregular messages."""
    return lambda noise, times, count: np.repeat(noise[:count], 1 + times.poisson(hold - 1, count))[:count]


def _steps(hold: int, slight: float = 0.0, left: float = 0.0) -> Driven:
    """Held at regular ticks, with slight noise, behind a filter that leaves so much of each sample to the next."""

    def stream(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
        steps = held(noise[: count // hold + 2], hold, times.integers(hold), count)
        return lfilter([1.0 - left], [1.0, -left], steps) + slight * noise[-count:]

    return stream


def _lost(hold: int, share: float) -> Driven:
    """Held at regular ticks, some of which have no new value."""

    def stream(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
        arrives = np.append(True, times.random(count // hold + 1) > share)
        places = np.maximum.accumulate(np.where(arrives, np.arange(len(arrives)), 0))
        return held(noise[places], hold, times.integers(hold), count)

    return stream


def _lines(step: int) -> Driven:
    """Straight lines between irregular samples."""
    return lambda noise, times, count: np.interp(
        np.arange(count), np.cumsum(1 + times.poisson(step - 1, count)) - step, noise[:count]
    )


def _spline(step: int) -> Driven:
    def stream(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
        knots = np.arange(count // step + 4) * step
        return CubicSpline(knots, noise[: len(knots)])(np.arange(count) + times.integers(step))

    return stream


def _frozen(run: float) -> Driven:
    def stream(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
        places = np.where(switch(times, count, run) > 0.0, 0, np.arange(count))
        return noise[np.maximum.accumulate(places)]

    return stream


def _reports(least: float) -> Driven:
    """Send a value only when it has moved enough."""

    def stream(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
        values = slow_noise(noise, count, 0.8)
        for place in range(1, count):
            if abs(values[place] - values[place - 1]) <= least:
                values[place] = values[place - 1]
        return values

    return stream


def _wave(period: float, noisy: float, jitter: float = 0.0) -> Driven:
    def stream(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
        phase = 2.0 * np.pi * (np.arange(count) / period + times.random())
        return np.sin(phase + jitter * np.cumsum(noise[:count])) + noisy * noise[-count:]

    return stream


def _day(periods: float) -> Driven:
    """Add noise to a wave of a few periods in the window."""
    return lambda noise, times, count: _wave(count / (periods * times.uniform(0.8, 1.2)), 0.7)(noise, times, count)


def _battery(cycles: float) -> Driven:
    """Falls, and is charged in a quarter of that time."""

    def stream(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
        phase = (np.arange(count) / count * cycles * times.uniform(0.8, 1.2) + times.random()) % 1.0
        return np.where(phase < 0.8, -1.25 * phase, 5.0 * (phase - 1.0)) + 0.1 * noise[:count]

    return stream


def _counter(run: float) -> Driven:
    """Grows, and begins again at zero at any time."""

    def stream(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
        total = np.cumsum(np.exp(0.5 * noise[:count]))
        return total - np.maximum.accumulate(np.where(times.random(count) < 1.0 / run, total, 0.0))

    return stream


def _waypoints(dwell: float, speed: float) -> Driven:
    """Go to a place at one speed, and stay there for a random time."""

    def stream(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
        places = noise[:count]
        going, staying = 2.0 + np.abs(np.diff(places)) / speed, 1.0 + times.exponential(dwell, count - 1)
        ends = np.cumsum(np.stack([staying, going], axis=1))
        return np.interp(np.arange(count), np.append(0.0, ends[:-1]), np.repeat(places, 2)[: 2 * count - 2])

    return stream


def _impacts(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    hits = (times.random(count + BEFORE) < 0.05) * np.exp(noise[: count + BEFORE])
    return lfilter([1.0], [1.0, -0.9], hits)[BEFORE:]


def _clipped_walk(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    values = np.zeros(count + BEFORE)
    for place in range(1, len(values)):
        values[place] = np.clip(values[place - 1] + noise[place], -3.0, 3.0)
    return values[BEFORE:]


def _resonance(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    return lfilter([1.0], [1.0, -1.96 * np.cos(0.6), 0.98**2], noise[: count + BEFORE])[BEFORE:]


def _low_passed(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    return sosfilt(butter(4, 0.05, output="sos"), noise[: 5 * count + BEFORE])[BEFORE::5]


def _gaps(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    return np.where(switch(times, count, 40.0) > 0.0, np.nan, slow_noise(noise, count, 0.9))


def _set_points(noisy: float, order: int = 0) -> Driven:
    """Step at irregular times, behind a low-pass filter of that order, in noise."""

    def stream(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
        steps = np.repeat(noise[: count + BEFORE], 1 + times.poisson(19, count + BEFORE))[: count + BEFORE]
        seen = sosfilt(butter(order, 0.1, output="sos"), steps) if order else steps
        return seen[BEFORE:] + noisy * noise[-count:]

    return stream


def _angle(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    return (0.3 * np.cumsum(noise[:count]) + 2.0 * np.pi * times.random()) % (2.0 * np.pi)


def _pulses(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Switch on for a varying part of each period of 10 samples."""
    period, part = np.divmod(np.arange(count) + times.integers(10), 10)
    return (part / 10.0 < ndtr(slow_noise(noise, count // 10 + 2, 0.8))[period]).astype(float)


def _follower(play: float, switches: bool) -> Driven:
    """Follow with so much play, as a gear with backlash; or switch between its ends, as a thermostat."""

    def stream(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
        drive, values = slow_noise(noise, count, 0.95), np.zeros(count)
        for place in range(1, count):
            least, most = drive[place] - play, drive[place] + play
            values[place] = np.clip(values[place - 1], least, most)
            if switches:
                values[place] = float(least > 0.0) if least * most > 0.0 else values[place - 1]
        return values

    return stream


def _blind(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Show nothing for 5 samples after a large value."""
    values, blind = slow_noise(noise, count, 0.9), 0
    for place in range(count):
        blind = blind - 1 if blind else 5 * int(abs(values[place]) > 1.5)
        values[place] = values[place] if blind in (0, 5) else 0.0
    return values


def _several_waves(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    angles = 2.0 * np.pi * (np.arange(count) / np.array([[23.7], [11.85], [61.3]]) + times.random((3, 1)))
    return np.array([1.0, 0.5, 0.3]) @ np.sin(angles) + 0.3 * noise[-count:]


def _warm_up(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    return slow_noise(noise, count, 0.5) + 3.0 * np.exp(-10.0 * np.arange(count) / count)


def _late_trend(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    return noise[:count] + 3.0 * np.maximum(0.0, 10.0 * np.arange(count) / count - 9.0)


KINDS: dict[str, Kind] = {
    "held 4, irregular common ticks": Kind(_irregular(4), together=True),
    "held 10, irregular own ticks": Kind(_irregular(10)),
    "held 10, a fifth lost in both": Kind(_lost(10, 0.2), together=True),
    "rounded, held 4, irregular common ticks": Kind(
        lambda noise, times, count: np.round(_irregular(4)(noise, times, count)), together=True
    ),
    "held 10 in slight noise, common ticks": Kind(_steps(10, slight=0.03), together=True),
    "held 10 behind a filter, common ticks": Kind(_steps(10, left=0.6), together=True),
    "from place to place": Kind(_waypoints(20.0, 0.1)),
    "lines between irregular common samples": Kind(_lines(10), together=True),
    "spline through samples, common ticks": Kind(_spline(10), together=True),
    "spline through samples, own ticks": Kind(_spline(10)),
    "frozen at times": Kind(_frozen(20.0)),
    "sent when it moves": Kind(_reports(0.5)),
    "AR(1) 0.9, 4 levels": Kind(seen(0.9, lambda x: np.floor(4.0 * ndtr(x)))),
    "AR(1) 0.9, rounded to 0.1 sd": Kind(seen(0.9, lambda x: np.round(x, 1))),
    "AR(1) 0.9 that saturates": Kind(seen(0.9, lambda x: np.clip(x, -0.7, 0.7))),
    "AR(1) 0.99, every 10th sample": Kind(lambda noise, times, count: slow_noise(noise, 10 * count, 0.99)[::10]),
    "low-passed, every 5th sample": Kind(_low_passed),
    "AR(1) 0.8 with heavy tails": Kind(seen(0.8, lambda x: student.ppf(ndtr(x), 1.5))),
    "AR(1) 0.9 with gaps": Kind(_gaps),
    "AR(1) 0.9, rests at other times": Kind(
        lambda noise, times, count: slow_noise(noise, count, 0.9) * switch(times, count, 50.0)
    ),
    "AR(1) 0.9, gaps of both": Kind(_gaps, together=True),
    "set points at common times, in noise": Kind(_set_points(0.2), together=True),
    "set points behind a filter of second order, common times": Kind(_set_points(0.0, order=2), together=True),
    "dead band": Kind(seen(0.9, partial(beyond, 0.7))),
    "angle that wraps": Kind(_angle),
    "pulses of varying width": Kind(_pulses),
    "backlash": Kind(_follower(0.4, switches=False)),
    "switch with hysteresis": Kind(_follower(0.6, switches=True)),
    "AR(1) 0.95, rounded to 1 sd with dither": Kind(
        lambda noise, times, count: np.round(slow_noise(noise, count, 0.95) + times.uniform(-0.5, 0.5, count))
    ),
    "AR(1) 0.9, blind after large values": Kind(_blind),
    "AR(1) 0.9 that saturates at one end": Kind(seen(0.9, lambda x: np.minimum(x, -0.5))),
    "AR(1) 0.8 with the tails of Cauchy": Kind(seen(0.8, lambda x: np.tan(3.0 * (ndtr(x) - 0.5)))),
    "AR(1) of any memory": Kind(lambda noise, times, count: slow_noise(noise, count, times.choice([0.0, 0.9, 0.99]))),
    "impacts that ring down": Kind(_impacts),
    "events": Kind(seen(0.8, lambda x: (x > 1.5).astype(float))),
    "counts of a changing rate": Kind(
        lambda noise, times, count: times.poisson(np.exp(0.8 * slow_noise(noise, count, 0.9))).astype(float)
    ),
    "counter that begins again, run 30": Kind(_counter(30.0)),
    "resonance of one frequency": Kind(_resonance),
    "gait: one period, in noise": Kind(_wave(23.7, 0.3)),
    "gait: several periods, in noise": Kind(_several_waves),
    "one period, unsteady phase": Kind(_wave(20.0, 0.1, jitter=0.1)),
    "a day's wave, 2.5 periods": Kind(_day(2.5)),
    "a slow wave, 6 periods": Kind(_day(6.0)),
    "battery, 5 charges": Kind(_battery(5.0)),
    "walk between two ends": Kind(_clipped_walk),
    "warm-up at the start": Kind(_warm_up),
    "trend in the last tenth": Kind(_late_trend),
}
