"""Channels that are in no pair: the faults that they show alone, and how rarely a good one gives an alarm."""

from collections import Counter

import numpy as np
import pytest
from gaussian_pairs import learnt_from, pair, run
from scipy.signal import lfilter

from infonet_ros.dependence.baselines.diagnosis.fault import Kind
from infonet_ros.dependence.baselines.learning.channel_learning import learn_channel
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.baselines.watching.channel_watch import ChannelWatch

RATE = 10.0
INTERVAL = 3600.0  # s
LEARNT = 3000  # samples
FAULT = 300  # row


def remembering(seconds):
    kept = np.exp(-1.0 / (seconds * RATE))
    return lambda rng, count: lfilter([np.sqrt(1.0 - kept**2)], [1.0, -kept], rng.standard_normal(count))


def bursting(rng, count):
    return np.exp(remembering(5.0)(rng, count)) * remembering(0.5)(rng, count)


def moving_and_resting(rng, count):
    return remembering(0.5)(rng, count) * (np.arange(count) // 150 % 2)


def voltage(rng, count):
    """Return a battery's: it falls slowly, and is read in fine steps."""
    return np.round(25.0 - 1e-5 * np.arange(count) + 0.1 * remembering(2.0)(rng, count), 2)


STREAMS = {
    "noise": lambda rng, count: rng.standard_normal(count),
    "memory of 1 s": remembering(1.0),
    "memory of 10 s": remembering(10.0),
    "memory of 100 s": remembering(100.0),
    "random walk": lambda rng, count: np.cumsum(rng.standard_normal(count)),
    "held": lambda rng, count: np.repeat(rng.standard_normal(count // 5 + 1), 5)[:count],
    "bursting": bursting,
    "moving and resting": moving_and_resting,
    "voltage": voltage,
}


def alarms(channels, samples, step=5):
    """Return the troubles that begin, and their rows: a false alarm in INTERVAL is allowed to each channel."""
    watch, found, before = ChannelWatch(channels, RATE, INTERVAL / len(channels)), [], [None] * len(channels)
    for row in range(0, len(samples), step):
        part = samples[row : row + step]
        watch.push(part, np.full(part.shape, np.nan))
        troubles = watch.troubles()
        pairs = zip(troubles, before, strict=True)
        found += [(row + len(part), now) for now, old in pairs if now and (old is None or now.kind is not old.kind)]
        before = troubles
    return found


def learnt(samples):
    return [learn_channel(Lesson(("a.x",), (samples[:, None],), RATE), 0, alone=True)]


def test_good_channels_give_no_more_alarms_than_promised():
    """In 8 intervals of an hour, 8 are promised of each channel; 1 % of such counts are higher than 15."""
    rng = np.random.default_rng(1)
    names, counts = [f"{name}.x" for name in STREAMS], Counter()
    for _ in range(8):
        good, new = (
            np.column_stack([draw(rng, count) for draw in STREAMS.values()])
            for count in (LEARNT, round(INTERVAL * RATE))
        )
        lesson = Lesson(tuple(names), (good,), RATE)
        channels = [learn_channel(lesson, column, alone=True) for column in range(len(names))]
        counts.update(trouble.name for _, trouble in alarms(channels, new, step=20))
    assert counts.keys() <= {*names}
    assert max(counts.values()) <= 15


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (lambda x: np.full_like(x, np.nan), Kind.SILENT, "a.x sent no value"),
        (lambda x: x - 3.0, Kind.OUT_OF_RANGE, "a.x is 22.1, in the good recordings within 24.6 to 25.3"),
        (lambda x: np.r_[x[0] + 3.0, x[1:]], Kind.SPIKE, "a.x has a spike of "),
    ],
)
def test_a_fault_of_a_battery_that_is_in_no_pair_is_found(fault, kind, words):
    rng = np.random.default_rng(2)
    channels, samples = learnt(voltage(rng, LEARNT)), voltage(rng, 900)
    samples[FAULT:] = fault(samples[FAULT:])
    row, trouble = alarms(channels, samples[:, None], step=1)[0]
    assert trouble.kind is kind
    assert trouble.words.startswith(words)
    assert FAULT < row < FAULT + 300
    assert row - trouble.seconds * RATE == pytest.approx(FAULT, abs=15)


def test_a_sensor_with_noise_that_is_in_no_pair_is_frozen_but_a_speed_may_rest():
    """The odometry's speed may be exactly 0 for the first time in the recording that is checked."""
    rng = np.random.default_rng(4)
    speed = np.convolve(rng.standard_normal(LEARNT + 99), np.hanning(100), mode="valid") + 1e-3 * np.arange(LEARNT) % 50
    for good, frozen in ((remembering(1.0)(rng, LEARNT), True), (speed * (np.arange(LEARNT) // 300 % 2 + 1e-3), False)):
        channels, samples = learnt(good), good[:600].copy()
        samples[FAULT:] = samples[FAULT]
        assert [trouble.kind for _, trouble in alarms(channels, samples[:, None])] == [Kind.FROZEN] * frozen
        assert channels[0].judged["freezing"] is frozen


def test_a_speed_in_no_pair_that_slows_down_to_0_for_the_first_time_is_not_called_frozen(net):
    """A sensor that fails jumps to 0."""
    rng = np.random.default_rng(7)
    names = ("gyro", "odom", "belt.speed")
    good, new = (np.c_[pair(seed, count), 2.0 + remembering(2.0)(rng, count)] for seed, count in ((0, 4000), (4, 600)))
    baseline = learnt_from(net, good, names)
    for end, kind in ((FAULT + 50, Kind.NOT_SEEN_BEFORE), (FAULT + 1, Kind.FROZEN)):
        new[FAULT:, 2] = new[FAULT, 2] * np.clip((end - 1 - np.arange(FAULT, 600)) / (end - FAULT), 0.0, 1.0)
        alarms, _ = run(baseline, new)
        assert [(alarm.a, alarm.kind) for alarm in alarms] == [("belt.speed", kind)]


def wheel(rng, count):
    """Return the speed of one with the noise of its sensor, that moves and rests in turn."""
    return (2.0 + remembering(2.0)(rng, count)) * (np.arange(count) // 150 % 2)


@pytest.mark.parametrize("alone", [True, False])
def test_a_speed_that_rests_at_0_alone_is_frozen_at_any_other_value(alone):
    good, new = (wheel(np.random.default_rng(seed), LEARNT) for seed in (5, 6))
    channel = learn_channel(Lesson(("a.x",), (good[:, None],), RATE), 0, alone=alone)
    frozen, resting = new[:900].copy(), new[:900].copy()
    frozen[FAULT + 200 :], resting[FAULT:] = new[FAULT + 200], 0.0
    ((row, trouble),) = alarms([channel], frozen[:, None], step=1)
    assert trouble.words == f"a.x is frozen at {new[FAULT + 200]:.3g}, but rests at 0"
    assert 0.0 < row - FAULT - 200 <= 1.5 * RATE
    assert not alarms([channel], resting[:, None])


@pytest.mark.parametrize("draw", [lambda rng: np.round(wheel(rng, LEARNT)), lambda rng: np.zeros(LEARNT)])
def test_what_rests_at_several_values_or_never_moves_may_rest_at_any(draw):
    pieces = [draw(np.random.default_rng(seed))[:, None] for seed in range(6)]
    channel = learn_channel(Lesson(("a.x",), tuple(pieces), RATE), 0, alone=True)
    assert channel.home is None
    assert not channel.judged["freezing"]


def test_what_the_recordings_are_too_short_to_tell_is_not_judged():
    rng = np.random.default_rng(3)
    (slow,) = learnt(STREAMS["memory of 100 s"](rng, LEARNT))
    assert slow.judged == {"silence": True, "freezing": True, "values far out of range": False}
    lesson = Lesson(("a.x",), (rng.standard_normal((LEARNT, 1)),), RATE, (np.eye(LEARNT, 1),))
    seldom = learn_channel(lesson, 0, alone=True)
    assert not seldom.judged["silence"]
