"""Rows as they arrive: slow topics are bridged as in the recordings from which they are known."""

import numpy as np
import pytest

from infonet_ros.intake.windows.between_ticks import spikes_since
from infonet_ros.intake.windows.row_stream import RowStream
from infonet_ros.intake.windows.window_stream import WindowStream
from infonet_ros.settings import Modality, Settings
from infonet_ros.text import NANOSECONDS

SETTINGS = Settings(
    modalities=(Modality("imu", "/imu", ("x",)), Modality("battery", "/battery", ("voltage",))), rate=10.0, patience=3.0
)
START = 1_700_000_000 * NANOSECONDS


def rows(stream, period):
    """Return the samples and message counts of 20 s, of which the battery's value is the time in seconds."""
    events = [("imu", round(k * 1e8)) for k in range(200)]
    events += [("battery", round(k * period * 1e9)) for k in range(round(20.0 / period))]
    parts = []
    for name, time in sorted(events, key=lambda event: event[1]):
        stream.windows.push(name, START + time, [time / NANOSECONDS])
        parts += stream.ready()
    return np.concatenate([part.samples for part in parts]), np.concatenate([part.messages for part in parts])


@pytest.mark.parametrize("period", [0.4, 1.0, 2.0])
def test_a_slow_topic_is_known_between_its_messages_if_its_period_is_known(period):
    samples, messages = rows(RowStream(SETTINGS, {"battery.voltage": period}), period)
    imu, battery = samples.T
    known = np.isfinite(battery)
    assert known.mean() > 0.9
    assert battery[known] == pytest.approx(imu[known], abs=1e-6)
    assert np.nansum(messages[:, 1]) == pytest.approx(len(samples) / 10.0 / period, abs=1.0)
    unknown, _ = rows(RowStream(SETTINGS), period)
    assert np.isfinite(unknown[:, 1]).mean() < 0.5


FAST = Settings(
    modalities=(Modality("imu", "/imu", ("x", "y|rate", "z|radians", "w")), Modality("gps", "/gps", ("height",))),
    rate=10.0,
    patience=3.0,
)


def test_a_message_between_two_rows_shows_by_how_much_it_stands_out():
    rng = np.random.default_rng(1)
    stamps, values = np.arange(0, 20_000, 7), rng.standard_normal((2858, 4))  # ms
    values[:, 2] = np.remainder(3.0 + 0.1 * values[:, 2] + np.pi, 2.0 * np.pi) - np.pi  # about half a turn
    values[1::2, 3] = values[::2, 3]  # each is sent twice
    stream, parts = RowStream(FAST, {"gps.height": 1.0}), []
    for stamp, value in zip(stamps.tolist(), values.tolist(), strict=True):
        stream.windows.push("imu", START + stamp * 1_000_000, value)
        if stamp % 1000 == 0:
            stream.windows.push("gps", START + stamp * 1_000_000, [float(rng.standard_normal())])
        parts += stream.ready()
    spikes = np.concatenate([part.spikes for part in parts])
    assert np.isnan(spikes[:, [1, 4]]).all()  # a rate of change, and a slow topic
    for row, stamp in enumerate(np.concatenate([part.stamps for part in parts])):
        tick = (stamp - START) // 1_000_000
        last = [k for k in np.flatnonzero((stamps > tick - 100) & (stamps <= tick)) if k > 7]
        assert spikes[row, 0] == max(height(values[k - 4 : k + 1, 0], False) for k in last)
        assert spikes[row, 2] == pytest.approx(max(height(values[k - 4 : k + 1, 2], True) for k in last))
        assert spikes[row, 3] == max(height(values[k - 8 : k + 1 : 2, 3], False) for k in last if k % 2 == 0)


def height(five, turns):
    """Return by how much the middle one of five values stands out."""
    steps = np.diff(five)
    if turns:
        steps = np.angle(np.exp(1j * steps))
    sizes = np.abs(steps)
    alone = min(sizes[1] - sizes[0], sizes[2] - sizes[3])
    return max(0.0, alone) if steps[1] * steps[2] < 0.0 else 0.0


def test_a_jolt_of_the_robot_does_not_stand_out_as_a_bit_error_does():
    stamps, ticks = np.arange(100) * 10, np.array([990])
    for middle, found in (
        ((0.0, 5.0, 0.0), 5.0),
        ((2.6, 5.0, 2.7), 0.0),
        ((5.0, 5.0, 0.0), 5.0),
        ((5.0, 5.0, 5.0), 0.0),
    ):
        values = 0.001 * (np.arange(100) % 2)
        values[50:53] = middle
        heights = spikes_since([(stamps, values[:, None])], ticks, 980, angular=np.array([False]))
        assert heights == pytest.approx(found, abs=0.01)


def test_new_rows_have_the_values_that_they_have_in_the_whole_window():
    """Rounded readings of which the newest ones alone would be no levels, an angle, a rate and a gap."""
    rng, windows = np.random.default_rng(2), WindowStream(FAST.with_values(window=2.0, hop=0.5))
    values = np.cumsum(rng.standard_normal((300, 4)), axis=0)
    values[:, 3] = rng.integers(0, 4, 300)
    values[40:60, 0] = np.nan
    for number, value in enumerate(values.tolist()):
        windows.push("imu", START + 13_000_000 * number, value)
        windows.push("gps", START + 13_000_000 * number, value[:1])
    for cut in windows.ready():
        assert np.array_equal(cut.align(slice(17, None)).samples, cut.align().samples[17:], equal_nan=True)


def test_messages_of_several_topics_stand_out_as_those_of_each_alone():
    rng, ticks, angular = np.random.default_rng(3), np.arange(900, 1000, 10), np.array([False, True, False])
    stamps, both = np.cumsum(rng.integers(1, 9, (2, 300)), axis=1), rng.integers(0, 4, (2, 300, 2)).astype(float)
    streams = [(stamps[0], both[0]), (stamps[1], both[1, :, :1])]
    apart = [spikes_since(streams[:1], ticks, 10, angular[:2]), spikes_since(streams[1:], ticks, 10, angular[2:])]
    assert np.count_nonzero(apart[0]) and np.count_nonzero(apart[1])
    assert np.array_equal(spikes_since(streams, ticks, 10, angular), np.hstack(apart))
