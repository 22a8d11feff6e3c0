"""More streams as those of `driven`: of buses, counters, switches and programs."""

import numpy as np
from scipy.special import ndtr

from benchmarks.streams.driven import Kind, beyond, reported, seen
from benchmarks.streams.pairs import BEFORE, Rng, held, slow_noise


def _bumper(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Report a contact for 8 samples or longer."""
    touches = slow_noise(noise, count + 7, 0.9) > 1.7
    return np.lib.stride_tricks.sliding_window_view(touches, 8).any(axis=1).astype(float)


def _fixes(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Repeat each position for 10 samples, and now and then for longer."""
    places = np.round(slow_noise(noise, count // 10 + 2, 0.8), 2)
    arrives = np.append(True, times.random(len(places) - 1) > 0.1)
    places = places[np.maximum.accumulate(np.where(arrives, np.arange(len(places)), 0))]
    return held(places, 10, times.integers(10), count)


def _multiplexed(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Alternate between two inputs of one converter, the second of which is another sensor."""
    return np.where(
        (np.arange(count) + times.integers(2)) % 2, slow_noise(noise, count, 0.9), 2.0 + noise[-count:] / 2.0
    )


def _time_triggered(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Take the newest of messages that come every 3.3 samples, each a little late."""
    arrivals = 3.3 * (np.arange(count) + times.random()) + times.uniform(0.0, 1.0, count)
    return slow_noise(noise, count, 0.5)[np.searchsorted(arrivals, 4.0 + np.arange(count)) - 1]


def _heater(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Switch on for the demanded share of each period of about 20 samples."""
    starts = np.cumsum(times.uniform(18.0, 22.0, count // 10)) - 20.0 * times.random()
    period = np.searchsorted(starts, np.arange(count), side="right")
    since = np.arange(count) - np.append(-20.0, starts)[period]
    return (since < 20.0 * ndtr(slow_noise(noise, count // 10 + 2, 0.7)[period])).astype(float)


def _trimmed(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Rest at a trim, give or take a bit, and move at times."""
    moves = beyond(1.0, slow_noise(noise, count, 0.95))
    return np.round(12.0 + 60.0 * moves + 0.4 * noise[-count:])


def _modes(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Tell the state of a machine of 4 states, each of which lasts a while."""
    lasting = 3 + times.exponential(12.0, count).astype(np.int64)
    return np.repeat(np.floor(4.0 * ndtr(noise[:count])), lasting)[:count]


def _program(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Repeat one movement of about 40 samples, each time to another place and at another speed."""
    lengths = times.uniform(30.0, 50.0, count // 25)
    ends = np.cumsum(lengths) - 40.0 * times.random()
    cycle = np.searchsorted(ends, np.arange(count), side="right")
    phase = 1.0 - (ends[cycle] - np.arange(count)) / lengths[cycle]
    return noise[cycle] * np.clip(2.0 - 4.0 * np.abs(phase - 0.5), 0.0, 1.0) + 0.05 * noise[-count:]


def _sonar(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Say the longest range where no echo comes back."""
    values = np.round(2.0 + slow_noise(noise, count, 0.9), 2)
    return np.where((values > 3.0) | (times.random(count) < 0.05), 5.0, values)


def _means(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Report the mean of each 10 samples for the next 10."""
    means = slow_noise(noise, 10 * (count // 10 + 2), 0.9).reshape(-1, 10).mean(axis=1)
    return held(means, 10, times.integers(10), count)


def _queue(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Wait behind others, as a message: longer with each that comes, until the queue is empty."""
    found, waits = np.zeros(count + BEFORE), 0.0
    for place, more in enumerate(np.exp(0.8 * noise[: count + BEFORE] - 0.5)):
        waits = max(0.0, waits + more - 1.1)
        found[place] = waits
    return found[BEFORE:]


def _silent(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Lose a third of all samples, one at a time."""
    return np.where(times.random(count) < 1.0 / 3.0, np.nan, slow_noise(noise, count, 0.9))


def _stale(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Send each 3 samples; half of the messages repeat the value before, since the sensor is slower."""
    fresh = np.cumsum(times.random(count // 3 + 2) < 0.5)
    return held(slow_noise(noise, count, 0.5)[fresh], 3, times.integers(3), count)


_signal = reported(5, 0.8, lambda x: np.round(-60.0 + 4.0 * x))

BUSES: dict[str, Kind] = {
    "bumper, debounced": Kind(_bumper),
    "temperature in steps of half its deviation": Kind(seen(0.98, lambda x: np.round(2.0 * x) / 2.0)),
    "fixes that are repeated": Kind(_fixes),
    "fixes that are repeated, common times": Kind(_fixes, together=True),
    "multiplexed converter": Kind(_multiplexed),
    "messages every 3.3 samples": Kind(_time_triggered),
    "messages every 3.3 samples, common times": Kind(_time_triggered, together=True),
    "stale repeats of messages, common times": Kind(_stale, together=True),
    "heater": Kind(_heater),
    "stick with a trim": Kind(_trimmed),
    "strength of a radio signal": Kind(_signal),
    "strength of a radio signal, common times": Kind(_signal, together=True),
    "states of a machine": Kind(_modes),
    "states of a machine, common times": Kind(_modes, together=True),
    "movement of a program": Kind(_program),
    "sonar": Kind(_sonar),
    "speed by differences of whole numbers": Kind(
        seen(0.97, lambda x: np.diff(np.round(np.cumsum(2.0 * x)), prepend=0.0))
    ),
    "mean of 10, held 10": Kind(_means),
    "time in a queue": Kind(_queue),
    "a third lost": Kind(_silent),
}
