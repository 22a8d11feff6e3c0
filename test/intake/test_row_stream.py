"""Rows as they arrive: slow topics are bridged as in the recordings from which they are known."""

import numpy as np
import pytest

from infonet_ros.intake.windows.row_stream import RowStream
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
