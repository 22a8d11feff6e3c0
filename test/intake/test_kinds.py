"""The kind of simulated streams is found."""

import numpy as np
import pytest
from field_columns import column
from scipy.signal import lfilter

from infonet_ros.intake.proposing.kinds import Column, as_angle, kind_of

RUNS = 20


def kinds(make, count=2000, **options):
    """Kinds of as many runs of a simulated stream."""
    found = []
    for seed in range(RUNS):
        found.append(kind_of(as_angle(column(make(np.random.default_rng(seed), count), **options))).name)
    return found


def autoregressive(rng, count, past):
    return lfilter([1.0], [1.0, -past], rng.normal(size=count + 500))[500:]


def clock(rng, count):
    return 17.0 + np.arange(count) / 100.0 + rng.normal(0.0, 0.0005, count)


def battery(rng, count):
    """Volts at 100 Hz, that fall; under a load that changes within 0.6 s; read to hundredths, with noise."""
    load = 0.06 * autoregressive(rng, count, 0.983) * np.sqrt(1.0 - 0.983**2)
    return np.round(16.8 - 0.5 * np.arange(count) / count - load + 0.03 * rng.normal(size=count), 2)


STREAMS = {
    "constant": ("constant", lambda rng, n: np.full(n, 3.5)),
    "empty": ("empty", lambda rng, n: np.full(n, np.nan)),
    "event": ("event", lambda rng, n: np.isin(np.arange(n), rng.integers(0, n, 6))),
    "two samples of an event": ("event", lambda rng, n: 7.0 * np.isin(np.arange(n), (n // 3, n // 2))),
    "sequence number": ("counter", lambda rng, n: np.arange(n) + 1e6),
    "sequence number of 8 bits": ("counter", lambda rng, n: np.arange(n) % 256),
    "sequence number, some lost": ("counter", lambda rng, n: np.flatnonzero(rng.random(2 * n) < 0.97)[:n]),
    "countdown": ("counter", lambda rng, n: 1e4 - np.arange(n)),
    "slow counter, restarted": ("counter", lambda rng, n: np.arange(n) // 10 % 70),
    "clock": ("counter", clock),
    "nanoseconds of a stamp": ("counter", lambda rng, n: np.floor(1e9 * (np.arange(n) / 100.0 % 1.0))),
    "white noise": ("measurement", lambda rng, n: rng.normal(size=n)),
    "noise of 0.95": ("measurement", lambda rng, n: autoregressive(rng, n, 0.95)),
    "oscillation": ("measurement", lambda rng, n: np.sin(np.arange(n) * 20.0 / n + rng.random())),
    "random walk": ("wandering", lambda rng, n: np.cumsum(rng.normal(size=n))),
    "pose": ("wandering", lambda rng, n: np.cumsum(autoregressive(rng, n, 0.98))),
    "ramp in noise": ("noisy", lambda rng, n: np.arange(n) / 300.0 + rng.normal(size=n)),
    "battery": ("noisy", lambda rng, n: battery(rng, n)),
    "encoder": ("wandering", lambda rng, n: np.cumsum(rng.poisson(3.0, n))),
    "encoder, restarted": ("wandering", lambda rng, n: np.cumsum(rng.poisson(3.0, n)) % 4000),
    "wheel": ("wandering", lambda rng, n: np.cumsum(np.abs(autoregressive(rng, n, 0.9)))),
    "held": ("held", lambda rng, n: np.repeat(rng.normal(size=n // 10), 10)),
    "turning heading": ("wandering", lambda rng, n: np.degrees(0.05 * np.cumsum(1.0 + rng.normal(size=n))) % 360.0),
}


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_of_each_kind_is_recognised(stream):
    expected, make = STREAMS[stream]
    found = kinds(make)
    # One random walk in twenty returns so often that it looks stationary.
    assert found.count(expected) >= (0.85 if expected == "wandering" else 0.95) * RUNS, found


def test_a_speed_that_rests_at_zero_now_and_then_does_not_wander():
    """A joystick: few commands, each held for long."""
    speeds = np.repeat([0.0, 0.1, 0.0, -0.05, 0.0, 0.12, 0.0], 400)
    ramps = lfilter([0.05], [1.0, -0.95], speeds)
    assert kind_of(column(np.round(ramps, 6))).name != "wandering"


def half_way(rng, count):
    """A speed of 0.6 m/s of a robot that starts after half of the recording, and drives to its end."""
    speed = 0.6 + 0.2 * np.sqrt(1.0 - 0.95**2) * autoregressive(rng, count, 0.95)
    return np.where(np.arange(count) < count // 2, 0.001 * rng.normal(size=count), speed)


def test_a_robot_that_starts_half_way_has_a_speed_that_does_not_wander():
    assert kinds(half_way).count("measurement") >= 0.95 * RUNS
    assert kinds(lambda rng, count: np.cumsum(half_way(rng, count))).count("wandering") >= 0.95 * RUNS


def test_a_field_moves_from_its_first_value_to_its_last(rng):
    motion = 10.0 + rng.random(200)
    np.testing.assert_array_equal(column(np.r_[np.zeros(30), motion, np.full(40, 3.0)]).moving, motion)


def test_states_do_not_wander():
    assert kind_of(column(np.repeat([0, 1, 2, 3], 500))).name == "measurement"


def test_a_stream_of_noise_with_a_small_drift_is_not_differentiated():
    rng = np.random.default_rng(0)
    drift = np.cumsum(rng.normal(size=6000))
    assert kind_of(column(rng.normal(size=6000) + 0.3 * drift / drift.std())).name == "measurement"


def test_covariances_are_recognised_by_their_names():
    noise = np.random.default_rng(0).normal(size=500)
    assert kind_of(column(noise, path="pose.covariance[0]")).name == "covariance"
    assert kind_of(column(noise, path="accelerometer_timestamp_relative")).name == "counter"


@pytest.mark.parametrize(("unit", "turn"), [("degrees", 360.0), ("radians", 2 * np.pi)])
@pytest.mark.parametrize("low", [0.0, -0.5])
def test_a_number_that_jumps_by_whole_turns_is_an_angle(unit, turn, low):
    turns = np.cumsum(np.random.default_rng(1).normal(0.005, 0.01, 3000))
    angle = as_angle(column(turn * ((turns - low) % 1.0 + low), path="heading"))
    assert angle.path == f"heading|{unit}"
    np.testing.assert_allclose(np.diff(angle.values), 2 * np.pi * np.diff(turns), atol=1e-6)
    assert kind_of(angle).channel(angle) == f"heading|{unit}|rate"


def test_a_fault_that_makes_a_number_jump_by_nearly_a_turn_is_no_angle():
    """The axes of an arm are swapped at a moment at which one is at 2.4, and the other at -2.4."""
    own, other = 2.5 * np.sin(np.arange(2000) / 100.0 + np.array([[0.0], [np.pi]]))
    swap = 1000 + int(np.argmax(own[1000:] - other[1000:]))
    assert as_angle(column(np.r_[own[:swap], other[swap:]])).path == "x"


def test_noise_over_a_range_of_two_pi_is_no_angle():
    noise = np.random.default_rng(0).uniform(-np.pi, np.pi, 2000)
    assert as_angle(column(noise)).path == "x"


def test_an_angle_about_a_level_stays_an_angle():
    rng = np.random.default_rng(0)
    assert kind_of(column(0.1 * rng.normal(size=2000), path="q|roll")).name == "angle"


def test_the_period_is_neither_that_of_bursts_nor_of_rounded_stamps():
    sixty = np.floor(np.arange(600) * 1000.0 / 60.0).astype(np.int64) * 1_000_000  # milliseconds
    assert Column("x", sixty, np.zeros(600)).period == pytest.approx(1 / 60.0, rel=1e-3)
    bursts = (np.arange(600) // 5 * 5 * 10_000_000 + np.arange(600) % 5 * 1000).astype(np.int64)
    assert Column("x", bursts, np.zeros(600)).period == pytest.approx(0.01, rel=0.1)
    assert np.isnan(Column("x", sixty[:1], np.zeros(1)).period)


@pytest.mark.parametrize(
    ("rate", "jitter", "gap", "expected"),
    [
        (100.0, 0.0, 0, 100.0),
        (100.002, 0.0, 0, 100.002),
        (100.002, 1e-6, 0, 100.002),  # stamps in microseconds
        (100.002, 0.0, 20_000, 100.002),
        (100.002, 2e-3, 0, 100.0),  # the jitter mixes the fractions of the way between two samples
        (1 / 86400, 0.0, 0, 1.1574074e-05),
    ],
)
def test_a_clock_does_not_slip_against_even_stamps(rate, jitter, gap, expected, rng):
    ticks = np.arange(60_000)
    ticks[30_000:] += gap
    stamps = np.round((ticks / rate + jitter * (rng.random(60_000) - 0.5)) * 1e9).astype(np.int64)
    assert Column.of("x", stamps, rng.normal(size=60_000)).clock == pytest.approx(expected, rel=1e-7)
