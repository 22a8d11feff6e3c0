"""Stamps that lie behind the times of recording: a clock that is behind, or messages that took long."""

import numpy as np
import pytest
from recordings import EPOCH, SECOND, header, write_ros2
from scipy.signal import lfilter

from infonet_ros.intake.bags import Bag
from infonet_ros.intake.recording import chosen_span
from infonet_ros.offline.whole_recording.wrong_clocks import set_late_clocks_ahead
from infonet_ros.settings import Modality, Settings

KIND = "geometry_msgs/msg/PointStamped"
PERIOD = SECOND // 20
BEHIND = 3 * SECOND
SETTINGS = Settings(
    modalities=(Modality("gyro", "/gyro", ("point.x",)), Modality("odom", "/odom", ("point.x",))),
    window=10.0,
    hop=5.0,
    rate=20.0,
)


def bag(folder, store, *, late, shared=True):
    """Two topics whose x is the same turn, or another one; that of /gyro is stamped BEHIND too early, or comes late."""
    rng = np.random.default_rng(1)
    turn, other = lfilter([0.3], [1.0, -0.8], rng.standard_normal((2, 1200)))

    def messages():
        for k in range(1200):
            now = EPOCH + k * PERIOD
            gyro = (turn if shared else other)[k - BEHIND // PERIOD if late else k]
            for topic, value, stamp in (("/odom", turn[k], now), ("/gyro", gyro, now - BEHIND)):
                point = store.types["geometry_msgs/msg/Point"](float(value + 0.1 * rng.standard_normal()), 0.0, 0.0)
                yield topic, KIND, now + 1000, store.types[KIND](header=header(store, stamp), point=point)

    return write_ros2(folder / "bag", store, messages())


def first_stamp_and_notices(path):
    with Bag([path]) as opened:
        set_late_clocks_ahead(opened, SETTINGS, chosen_span(opened, 0.0, None), 1.0)
        samples = list(opened.samples(SETTINGS.modalities, opened.start, opened.end + 1))
        return next(one.stamp for one in samples if one.modality == "gyro") - EPOCH, list(opened.notices)


def test_a_clock_that_is_behind_is_set_ahead(tmp_path, store):
    stamp, (notice,) = first_stamp_and_notices(bag(tmp_path, store, late=False))
    assert abs(stamp) < SECOND // 100
    assert notice == (
        "the stamps of /gyro lie 3 s further behind the times of recording than those of others: its clock is behind, "
        "as its channels show, and they are set ahead by that."
    )


@pytest.mark.parametrize("bag_of", [{"late": True}, {"late": False, "shared": False}], ids=["late", "nothing shared"])
def test_stamps_stay_where_nothing_shows_that_the_clock_is_behind(bag_of, tmp_path, store):
    stamp, (notice,) = first_stamp_and_notices(bag(tmp_path, store, **bag_of))
    assert stamp == -BEHIND
    assert notice.endswith("its clock is behind, or its messages took so long.")
