import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.dependence.baselines.diagnosis.fault import Kind
from infonet_ros.dependence.baselines.learning.channel_learning import learn_channel
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.baselines.spikes import BEFORE, REACH, spike_heights
from infonet_ros.dependence.baselines.watching.channel_watch import ChannelWatch

RATE = 10.0
INTERVAL = 3600.0  # s


def _smooth(rng, count):
    return lfilter([0.01], [1.0, -1.8, 0.81], rng.standard_normal(count))


STREAMS = {
    "noise": lambda rng, count: rng.standard_normal(count),
    "smooth motion": _smooth,
    "impacts": lambda rng, count: rng.standard_normal(count) + rng.laplace(size=count) * (rng.random(count) < 0.05),
    "set values": lambda rng, count: np.repeat(rng.standard_normal(count), 20)[:count],
    "coarse readings": lambda rng, count: np.round(_smooth(rng, count) / 0.3),
}
FOUND_FROM = {"noise": 12.0, "smooth motion": 2.5, "impacts": 20.0, "set values": 2.5, "coarse readings": 6.0}
"""Standard deviations."""


def _learnt(values, angles=()):
    return [learn_channel(Lesson(("imu.x",), (values[:, None],), RATE, angles=angles), 0, alone=False)]


def _spikes(channels, values, step=3):
    """Return the rows of spikes, and their troubles."""
    watch, found = ChannelWatch(channels, RATE, INTERVAL), {}
    for row in range(0, len(values), step):
        part = values[row : row + step, None]
        watch.push(part, np.full(part.shape, np.nan))
        (trouble,) = watch.troubles()
        if trouble and trouble.kind is Kind.SPIKE:
            found[row + len(part) - 1 - round(trouble.seconds * RATE)] = trouble
    return found


@pytest.mark.parametrize("name", STREAMS)
def test_good_streams_have_no_more_spikes_than_promised_and_a_clear_one_is_found(name):
    rng = np.random.default_rng(1)
    channels = _learnt(STREAMS[name](rng, 4000))
    good = STREAMS[name](rng, 36_000)  # one interval
    assert not _spikes(channels, good, step=500)
    for size in (FOUND_FROM[name], -FOUND_FROM[name]):
        broken = good[:300].copy()
        broken[205] += size * good.std()
        assert list(_spikes(channels, broken)) == [205]


def test_a_spike_between_two_ticks_of_the_clock_and_a_step():
    rng = np.random.default_rng(2)
    channels, values = _learnt(_smooth(rng, 4000)), _smooth(rng, 400)
    between, step = values.copy(), values.copy()
    between[200:202] += 5.0 * values.std()
    step[200:] += 5.0 * values.std()
    found = _spikes(channels, between)
    assert set(found) <= {200, 201}
    assert found
    assert all(one.words.startswith("imu.x has a spike of ") for one in found.values())
    assert not _spikes(channels, step)


def test_a_spike_of_one_message_that_no_sample_shows():
    """An IMU beside a slow scan has most of its messages between two samples."""
    rng = np.random.default_rng(5)
    good, single = _smooth(rng, 4000)[:, None], 0.01 * rng.exponential(size=(4000, 1))
    channel = learn_channel(Lesson(("imu.x",), (good,), RATE, spikes=(single,)), 0, alone=False)
    assert channel.spikes.highest == pytest.approx(single.max(), rel=0.1)
    watch, unknown = ChannelWatch([channel], RATE, INTERVAL), np.full((300, 1), np.nan)
    watch.push(good[:200], unknown[:200], single[:200])
    assert watch.troubles() == [None]
    single[205] = 5.0 * channel.spikes.threshold(INTERVAL * 4)
    watch.push(good[200:208], unknown[:8], single[200:208])
    (trouble,) = watch.troubles()
    assert (trouble.kind, trouble.seconds) == (Kind.SPIKE, pytest.approx(2 / RATE))


def test_spikes_of_several_fields_of_a_message_are_one_jolt():
    """A rate and the angle that it is computed from are one field: one sensor can spoil both."""
    rng = np.random.default_rng(6)
    for names, together in (
        (("imu.x", "imu.y", "odom.x"), "imu has a spike in 2 fields at once: the robot had a jolt, or a message is"),
        (("imu.x", "imu.x|rate", "odom.x"), None),
    ):
        lesson = Lesson(tuple(names), (rng.standard_normal((4000, 3)),), RATE)
        channels = [learn_channel(lesson, column, alone=False) for column in range(3)]
        new = rng.standard_normal((300, 3))
        new[295, :2] += 20.0
        watch = ChannelWatch(channels, RATE, INTERVAL)
        watch.push(new[:298], np.full((298, 3), np.nan))
        first, second, other = watch.troubles()
        assert (first.kind, second.kind, other) == (Kind.SPIKE, Kind.SPIKE, None)
        assert (first == second) is bool(together)
        assert first.words.startswith(together or "imu.x has a spike of ")


def test_an_angle_that_turns_once_round_has_no_spike():
    turning = np.full(400, np.pi)
    turning[200] = -np.pi
    good = 0.1 * _smooth(np.random.default_rng(3), 4000)
    assert _spikes(_learnt(good), turning)
    assert not _spikes(_learnt(good, angles=["imu.x"]), turning)


def test_unknown_samples_are_no_spikes():
    values = np.array([0.0, np.nan, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 9.0, 9.0, 0.0, 0.0, 0.0])[:, None]
    values = np.concatenate([np.zeros((BEFORE - REACH, 1)), values])
    heights = spike_heights(values, np.array([False]), usual=np.ones(1))
    assert heights[:, 0] == pytest.approx([0, 0, 0, 0, 0, 0, 9, 9, 0])


def test_in_a_burst_a_spike_must_be_higher():
    """Bursts of an hour are higher than those of five minutes, and all in them stands out."""
    rng = np.random.default_rng(4)
    alarms = sum(len(_spikes(_learnt(bursting(rng, 3000)), bursting(rng, 36_000), step=500)) for _ in range(8))
    assert alarms <= 5  # 2 are promised, one of four faults; 1 % of such counts are higher


def bursting(rng, count):
    size = lfilter([np.sqrt(1.0 - 0.98**2)], [1.0, -0.98], rng.standard_normal(count))
    return np.exp(size) * lfilter([0.6], [1.0, -0.8], rng.standard_normal(count))
