"""Whatever the order in which topics arrive, the same messages give the same windows."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from infonet_ros.intake.windows.window_stream import WindowStream
from infonet_ros.settings import Modality, Settings
from infonet_ros.text import NANOSECONDS

START = 1_750_000_000 * NANOSECONDS
MILLISECOND = 1_000_000
TOPICS = {"imu": 20, "odom": 50, "joints": 35}  # usual period, milliseconds
SECONDS = 4

settings = st.builds(
    Settings,
    modalities=st.just(tuple(Modality(name, f"/{name}", ("x", "y|yaw", "x|rate", "y|yaw|rate")) for name in TOPICS)),
    window=st.sampled_from((0.5, 1.0)),
    hop=st.sampled_from((0.25, 0.4)),
    rate=st.sampled_from((0.0, 30.0)),
    interpolation=st.sampled_from(("linear", "hold")),
    patience=st.just(3600.0),
)


seeds = st.integers(0, 2**32)
delays = st.fixed_dictionaries({name: st.sampled_from((0.0, 0.02, 0.3, 3.0)) for name in TOPICS})  # seconds


def recording(seed, lost, jitter):
    """Messages of all topics: stamps that jitter by so many milliseconds, a share of messages lost, fields absent."""
    rng = np.random.default_rng(seed)
    messages = []
    for name, period in TOPICS.items():
        regular = np.arange(0, SECONDS * 1000, period)
        stamps = np.unique(regular + rng.integers(0, jitter + 1, len(regular)))
        for stamp in stamps[rng.random(len(stamps)) >= lost].tolist():
            x, yaw = rng.normal(size=2).tolist()
            x = None if rng.random() < 0.05 else x
            messages.append((name, START + stamp * MILLISECOND, (x, yaw, x, yaw)))
    return sorted(messages, key=lambda message: message[1])


def arrivals(messages, delays):
    """Order of arrival when each topic takes its time; the first message stays the first, since windows begin there."""
    first, *others = messages
    return [first, *sorted(others, key=lambda message: message[1] + delays[message[0]] * NANOSECONDS)]


def windows(settings, messages):
    stream, found = WindowStream(settings), []
    for message in messages:
        stream.push(*message)
        found += [cut.align() for cut in stream.ready()]
    return found


@given(settings, seeds, st.sampled_from((0.0, 0.1, 0.4)), st.sampled_from((0, 5, 15)), delays)
def test_any_interleaving_gives_the_same_windows(settings, seed, lost, jitter, delays):
    messages = recording(seed, lost, jitter)
    some, others = windows(settings, messages), windows(settings, arrivals(messages, delays))
    assert len(some) == len(others) > 0
    for one, other in zip(some, others, strict=True):
        assert (one.start, one.end, one.rate) == (other.start, other.end, other.rate)
        np.testing.assert_array_equal(one.samples, other.samples)
