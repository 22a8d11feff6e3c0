"""More streams as those of `driven`: an encoder, a thermostat, a robot that drives and rests."""

import numpy as np
from scipy.signal import lfilter, medfilt

from benchmarks.streams.driven import Driven, Kind, beyond, reported, seen
from benchmarks.streams.pairs import BEFORE, Rng, slow_noise, switch


def _encoder(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Count the pulses in each sample at a low speed."""
    speed = 0.3 * np.exp(0.7 * slow_noise(noise, count, 0.97))
    return np.diff(np.floor(np.cumsum(speed) + times.random()), prepend=0.0)


def _period_of_pulses(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Tell the speed by the time from pulse to pulse, and hold it until the next one."""
    pulses = np.floor(np.cumsum(0.2 * np.exp(0.5 * slow_noise(noise, count, 0.97))) + times.random())
    places = np.flatnonzero(np.diff(pulses, prepend=pulses[0] - 1.0))
    return (1.0 / np.diff(places, prepend=-5))[np.searchsorted(places, np.arange(count), side="right") - 1]


def _thermostat(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Keep a temperature between two limits, in weather that varies."""
    found, temperature, heats = np.zeros(count), times.uniform(19.0, 21.0), times.random() < 0.5
    for place, weather in enumerate(14.0 + 3.0 * slow_noise(noise, count, 0.95)):
        heats = temperature < 19.0 or (heats and temperature <= 21.0)
        temperature += 0.25 * heats - 0.02 * (temperature - weather)
        found[place] = temperature
    return found


def _zeros(run: float) -> Driven:
    """Send 0 where no message came: in single samples, or in runs of them."""

    def stream(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
        lost = switch(times, count, run) > 0.0 if run else times.random(count) < 0.1
        return np.where(lost, 0.0, 3.0 + slow_noise(noise, count, 0.9))

    return stream


def _drives(noisy: float) -> Driven:
    """Accelerate to a speed, keep it, brake and rest, again and again."""

    def stream(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
        ramp, legs = np.linspace(0.2, 1.0, 5), []
        for speed in noise[: count // 10]:
            cruise, rest = 5 + times.exponential(15.0, 2).astype(np.int64)
            legs.append(speed * np.concatenate([ramp, np.ones(cruise), ramp[::-1], np.zeros(rest)]))
        return np.concatenate(legs)[times.integers(50) :][:count] + noisy * noise[-count:]

    return stream


def _shots(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Ring down after events of either sign."""
    hits = (times.random(count + BEFORE) < 0.1) * noise[: count + BEFORE]
    return lfilter([1.0], [1.0, -0.9], hits)[BEFORE:]


def _load_steps(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Step at times, as the current of a motor with its load, in noise."""
    return np.repeat(np.exp(noise[:count]), 1 + times.poisson(9, count))[:count] + 0.1 * noise[-count:]


def _gain(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Take a step when the signal has moved enough."""
    found, gain = np.zeros(count), 0.0
    for place, drive in enumerate(slow_noise(noise, count, 0.97)):
        gain += 0.4 * np.sign(drive - gain) * (abs(drive - gain) > 0.5)
        found[place] = gain
    return found


def _occluded(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    near = 1.0 + 0.1 * slow_noise(noise[-count - BEFORE :], count, 0.8)
    return np.where(switch(times, count, 25.0) > 0.0, near, 4.0 + slow_noise(noise, count, 0.95))


def _message_counter(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Count messages in 8 bits, which wrap."""
    return np.floor(np.cumsum(4.0 * np.exp(0.7 * slow_noise(noise, count, 0.9))) + 256.0 * times.random()) % 256.0


def _foot(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Press a foot on the ground, in half waves of a gait that is not steady."""
    phase = np.cumsum(2.0 * np.pi / 25.0 * np.exp(0.2 * slow_noise(noise, count, 0.9)))
    return np.maximum(np.sin(phase + 2.0 * np.pi * times.random()), 0.0) * (1.0 + 0.1 * noise[-count:])


def _limited(noise: np.ndarray, times: Rng, count: int) -> np.ndarray:
    """Follow set points at one speed."""
    found, wanted = np.zeros(count), np.repeat(noise[:count], 1 + times.poisson(19, count))[:count]
    for place in range(1, count):
        found[place] = found[place - 1] + np.clip(wanted[place] - found[place - 1], -0.2, 0.2)
    return found


SENSORS: dict[str, Kind] = {
    "encoder at low speed": Kind(_encoder),
    "speed by the period of pulses": Kind(_period_of_pulses),
    "thermostat": Kind(_thermostat),
    "a tenth lost, sent as 0": Kind(_zeros(0.0)),
    "lost at times, sent as 0": Kind(_zeros(20.0)),
    "heading that wraps": Kind(seen(0.95, lambda x: (3.0 * x) % (2.0 * np.pi))),
    "events of either sign that ring down": Kind(_shots),
    "log-normal bursts": Kind(
        lambda noise, times, count: np.exp(1.5 * slow_noise(noise, count, 0.95)) * noise[-count:]
    ),
    "drives and rests": Kind(_drives(0.0)),
    "drives and rests, in noise": Kind(_drives(0.05)),
    "gyroscope with a slow bias": Kind(
        lambda noise, times, count: noise[:count] + 0.3 * slow_noise(noise[-count - BEFORE :], count, 0.99)
    ),
    "moving mean of 20": Kind(lambda noise, times, count: np.convolve(noise[: count + 19], np.ones(20), "valid")),
    "moving median of 11": Kind(lambda noise, times, count: medfilt(noise[:count], 11)),
    "spikes": Kind(
        lambda noise, times, count: (
            slow_noise(noise, count, 0.95) + 20.0 * (times.random(count) < 0.03) * times.standard_normal(count)
        )
    ),
    "automatic gain": Kind(_gain),
    "occluded at times": Kind(_occluded),
    "steps of a load, in noise": Kind(_load_steps),
    "steps of a load at common times, in noise": Kind(_load_steps, together=True),
    "load of a processor": Kind(reported(10, 0.5, lambda x: np.round(10.0 * np.exp(0.5 * x)))),
    "joystick": Kind(seen(0.95, lambda x: np.round(127.0 * np.clip(beyond(0.8, x), -1.0, 1.0)))),
    "counter of 8 bits": Kind(_message_counter),
    "foot of an unsteady gait": Kind(_foot),
    "set points at one speed, common times": Kind(_limited, together=True),
}
