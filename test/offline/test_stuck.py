"""A sensor that is unplugged half-way, and streams that only look like it."""

import numpy as np
import pytest
from scipy.signal import lfilter
from table_files import columns_written

from infonet_ros.intake.windows.window import Window
from infonet_ros.offline.findings.sentences import findings
from infonet_ros.offline.job import analyse_bag
from infonet_ros.offline.trace import Overview
from infonet_ros.offline.whole_recording.stuck import find_stuck, without_stuck

RATE, COUNT = 50.0, 3000
NAMES, TOPICS = ("front.a", "front.b", "rear.a", "rear.b"), ("/front", "/front", "/rear", "/rear")


def slow(rng, channels):
    return lfilter([1.0], [1.0, -0.9], rng.standard_normal((COUNT, channels)), axis=0)


def overview(samples, names=NAMES):
    stamps = (np.arange(COUNT) / RATE * 1e9).astype(np.int64)
    return Overview(Window(names, samples, 0, int(stamps[-1]), RATE), stamps, True)


@pytest.mark.parametrize(("begin", "end"), [(1500, COUNT), (1000, 1400), (1000, 1040)])
def test_a_topic_that_keeps_its_values_is_found_and_left_out(begin, end, rng):
    samples = slow(rng, 4)
    samples[begin:end, 2:] = samples[begin, 2:]
    (one,) = find_stuck(overview(samples), TOPICS)
    assert (one.topic, one.channels, one.first, one.last) == ("/rear", (2, 3), begin, end - 1)
    assert one.to_the_end == (end == COUNT)
    left = without_stuck(overview(samples), [one]).window.samples
    assert np.isnan(left[begin + 1 : end, 2:]).all() and np.isnan(left).sum() == 2 * (end - begin - 1)


def test_a_noisy_channel_that_keeps_its_value_alone_is_found(rng):
    samples = slow(rng, 4)
    samples[1000:, 3] = samples[1000, 3]
    (one,) = find_stuck(overview(samples), TOPICS)
    assert (one.channels, one.whole, one.first, one.to_the_end) == ((3,), False, 1000, True)


def test_a_coarse_vane_is_found_also_where_it_has_been_before(rng):
    samples = slow(rng, 4)
    samples[:, 3] = np.round(5.0 * samples[:, 3])
    samples[1000:1400, 3] = 2.0
    (one,) = find_stuck(overview(samples), TOPICS)
    assert (one.channels, one.first, one.last) == ((3,), 1000, 1399)


def test_a_field_is_told_once_by_its_level_and_by_its_rate(rng):
    """A level with a float that is stuck: the computed rate of 0 tells nothing by itself."""
    samples = slow(rng, 4)
    samples[1000:1400, 2] = samples[1000, 2]
    samples[:, 3] = np.gradient(samples[:, 2]) * RATE
    (one,) = find_stuck(overview(samples, ("front.a", "front.b", "rear.a", "rear.a|rate")), TOPICS)
    assert (one.channels, one.whole, one.last) == ((2, 3), True, 1398)


def one_joint_rests(samples):
    samples[:, 2] = np.cumsum(samples[:, 2]) / RATE
    samples[1500:, 2] = samples[1500, 2]


def at_its_limit(samples):
    samples[:, 2] = np.clip(samples[:, 2], -1.0, 1.0)
    samples[1500:1800, 2] = 1.0


def platform_rests(samples):
    """The second sensor has noise only while it moves, the first ones always."""
    samples[1500:1800, :2] *= 0.05
    samples[:, 2] = np.round(5.0 * samples[:, 2])
    samples[1500:1800, 2] = 2.0


def robot_stands(samples):
    """At the start its pose, a topic without noise, is where it will never be again; its IMU has noise."""
    samples[100:300, :2] *= 0.05
    samples[100:300, 2:] = 0.0
    samples[:, 2:] = 3.0 + np.cumsum(np.abs(samples[:, 2:]), axis=0) / RATE


LOOK_ALIKE = {
    "all rest": lambda samples: samples[1500:].fill(0.7),
    "a speed of 0": lambda samples: samples[1500:, 2:].fill(0.0),
    "one joint alone, which has no noise": lambda samples: one_joint_rests(samples),
    "a filtered speed at rest": lambda samples: samples[1500:, 2].fill(2e-16),
    "it does so often": lambda samples: [samples[k : k + 200, 2:].fill(k) for k in range(200, COUNT, 500)],
    "slow updates": lambda samples: np.copyto(samples[:, 2:], np.repeat(samples[::100, 2:], 100, axis=0)),
    "where joints were before": lambda samples: [
        np.copyto(samples, np.cumsum(samples, axis=0)),
        np.copyto(samples[1500:, 2:], samples[700, 2:]),
    ],
    "at its limit": at_its_limit,
    "the platform rests": platform_rests,
    "the robot stands": robot_stands,
    "a temperature in steps": lambda samples: np.copyto(samples[:, 2:], 20.0 + (np.arange(COUNT) > 1500)[:, None]),
    "no messages": lambda samples: samples[1500:, 2:].fill(np.nan),
}


@pytest.mark.parametrize("kind", LOOK_ALIKE)
def test_what_only_looks_stuck_is_not(kind, rng):
    samples = slow(rng, 4)
    LOOK_ALIKE[kind](samples)
    assert find_stuck(overview(samples), TOPICS) == ()


@pytest.mark.filterwarnings("error")
def test_without_other_channels_that_move_nothing_is_stuck(rng):
    samples = slow(rng, 2)
    samples[1000:1400] = samples[1000]
    assert find_stuck(overview(samples, NAMES[:2]), TOPICS[:2]) == ()


def test_a_recording_with_an_unplugged_sensor_says_so_first(tmp_path, rng):
    motion = slow(rng, 2)
    rear = motion + 0.2 * rng.standard_normal((COUNT, 2))
    rear[COUNT // 2 :] = rear[COUNT // 2]
    paths = [
        columns_written(tmp_path / f"{name}.csv", "time,a,b", np.arange(COUNT) / RATE, values, form="%.6f")
        for name, values in (("front", motion), ("rear", rear))
    ]
    analysis = analyse_bag(paths, tmp_path / "out", formats=[], cores=2).analysis
    first = str(findings(analysis)[0])
    assert first.startswith("rear keeps its values from 30 s on, while other topics change: rear.a")
    a, b = (analysis.names.index(name) for name in ("front.b", "rear.b"))
    assert not analysis.changes  # though the windows lose what the two share
    assert analysis.whole.matrix.mi[a, b] > 2.0  # over all of the recording it is half of that
