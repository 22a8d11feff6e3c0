"""Which stamps are taken, which are set aside, and when time has jumped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infonet_ros.intake.windows.timeline import Timeline, longest_run
from infonet_ros.text import NANOSECONDS

START = 1_750_000_000 * NANOSECONDS
HOUR = 3600.0


def regular(name, rate, seconds, offset=0.0, begin=0.0):
    """(time of arrival, topic, stamp): seconds after the start, with stamps that are off by so many seconds."""
    return [(begin + t, name, begin + t + offset) for t in np.arange(round(seconds * rate)) / rate]


def taken(messages, timeline=None, clock=False):
    """Stamps that are taken, in seconds after the start, by topic, since the last jump; and the timeline."""
    timeline = timeline or Timeline()
    found = {}
    for at, name, stamp in sorted(messages, key=lambda message: message[0]):
        arrival = START + round(at * NANOSECONDS) if clock else None
        admitted = timeline.admit(name, START + round(stamp * NANOSECONDS), (name, stamp), arrival)
        if admitted.jumped:
            found = {}
        for own, own_stamp in admitted.items:
            found.setdefault(own, []).append(own_stamp)
    return found, timeline


def stamps(messages, name):
    return [stamp for _, own, stamp in messages if own == name]


def jumps(timeline):
    return timeline.backward_jumps, timeline.forward_jumps


def test_what_is_regular_is_taken():
    messages = regular("a", 100, 5) + regular("b", 1, 5, -0.5) + regular("c", 0.2, 60)
    found, timeline = taken(messages)
    assert {name: len(own) for name, own in found.items()} == {"a": 500, "b": 5, "c": 12}
    assert jumps(timeline) == (0, 0)
    assert not any(timeline.outliers.values())


@pytest.mark.parametrize("offset", [-HOUR, -30.0, -2.0, 2.0, 30.0, HOUR])
def test_lone_outliers_are_dropped_and_counted(offset):
    good = regular("a", 50, 20) + regular("b", 20, 20)
    bad = [(t, "a", t + offset) for t in (3.0, 7.5, 7.6, 12.0)]
    found, timeline = taken(good + bad)
    assert found == taken(good)[0]
    assert timeline.outliers["a"] == 4
    assert timeline.offsets["a"] == pytest.approx(offset, abs=0.1)
    assert jumps(timeline) == (0, 0)


@pytest.mark.parametrize("offset", [-HOUR, -5.0, 30.0, HOUR])
def test_a_jump_of_all_topics_loses_no_message(offset):
    before = regular("a", 50, 10) + regular("b", 3, 10)
    after = regular("a", 50, 10, offset, begin=10.0) + regular("b", 3, 10, offset, begin=10.0)
    found, timeline = taken(before + after)
    assert found == {name: stamps(after, name) for name in "ab"}
    assert jumps(timeline) == ((1, 0) if offset < 0 else (0, 1))
    assert not any(timeline.outliers.values())


def test_topics_that_jump_one_after_the_other_jump_once():
    before = regular("a", 50, 10) + regular("b", 50, 10.3)
    after = regular("a", 50, 10, -HOUR, begin=10.0) + regular("b", 50, 10, -HOUR, begin=10.3)
    found, timeline = taken(before + after)
    assert found == {name: stamps(after, name) for name in "ab"}
    assert jumps(timeline) == (1, 0)


def test_a_pause_of_all_topics_is_no_jump():
    messages = [m for m in regular("a", 50, 20) + regular("b", 20, 20) if not 5.0 < m[0] < 12.0]
    found, timeline = taken(messages)
    assert found == {name: stamps(sorted(messages), name) for name in "ab"}
    assert jumps(timeline) == (0, 0)


@pytest.mark.parametrize("offset", [-HOUR, HOUR, -1.7e9])
@pytest.mark.parametrize("begin", [0.0, 5.0])
def test_a_topic_whose_clock_is_wrong_stays_aside(offset, begin):
    good = regular("a", 50, 20) + regular("b", 20, 20)
    bad = regular("c", 100, 20 - begin, offset, begin)
    found, timeline = taken(good + bad)
    assert {name: found[name] for name in "ab"} == taken(good)[0]
    assert "c" not in found
    assert timeline.outliers["c"] == len(bad)
    assert jumps(timeline) == (0, 0)


@pytest.mark.parametrize("offset", [5.0, 15.0, 30.0])
def test_a_clock_that_is_set_on_the_way_stays_aside_when_the_others_reach_its_first_new_stamp(offset):
    good = regular("imu", 50, 60) + regular("fix", 1, 60)
    set_on_the_way = regular("odom", 10, 20) + regular("odom", 10, 40, offset, 20.0)
    found, timeline = taken(good + set_on_the_way)
    assert found["imu"] == stamps(good, "imu")
    assert found["fix"] == stamps(good, "fix")
    assert max(found["odom"]) == pytest.approx(19.9)
    assert timeline.offsets["odom"] == pytest.approx(offset, abs=0.2)
    assert jumps(timeline) == (0, 0)


@pytest.mark.parametrize("offset", [-HOUR, HOUR])
def test_a_topic_whose_clock_is_wrong_may_come_first(offset):
    bad = regular("c", 100, 20, offset)
    good = regular("a", 50, 20, begin=0.005) + regular("b", 20, 20, begin=0.005)
    found, timeline = taken(good + bad)
    assert found == {name: stamps(good, name) for name in "ab"}
    assert timeline.outliers["a"] == timeline.outliers["b"] == 0
    assert timeline.outliers["c"] > 1700


@pytest.mark.parametrize("first", ["good", "bad"])
def test_of_two_topics_that_disagree_the_one_near_the_time_of_arrival_is_believed(first):
    good = regular("good", 50, 20, -0.1, begin=0.005 * (first == "bad"))
    bad = regular("bad", 50, 20, HOUR, begin=0.005 * (first == "good"))
    found, timeline = taken(good + bad, clock=True)
    assert found == {"good": stamps(good, "good")}
    assert timeline.outliers["bad"] > 800


def test_stamps_that_make_no_sense_at_all_stay_aside():
    rng = np.random.default_rng(0)
    bad = [(t, "c", float(rng.uniform(-1e9, 1e9))) for t in np.arange(1, 2000) / 100]
    good = regular("a", 50, 20)
    found, timeline = taken(good + bad)
    assert found == {"a": stamps(good, "a")}
    assert timeline.outliers["c"] == len(bad)


def test_a_first_message_that_is_an_outlier_was_no_time():
    good = regular("a", 50, 5)
    found, timeline = taken([(-0.1, "a", HOUR), *good])
    assert found == {"a": stamps(good, "a")}
    assert timeline.outliers == {"a": 1}
    assert np.isfinite(timeline.offsets["a"])
    assert jumps(timeline) == (0, 0)


def test_a_clock_that_is_set_by_a_little_is_followed():
    good = regular("a", 50, 30)
    step = regular("b", 50, 10) + regular("b", 50, 20, -5.0, begin=10.0)
    found, timeline = taken(good + step)
    assert found == {"a": stamps(good, "a"), "b": stamps(step, "b")}
    assert jumps(timeline) == (0, 0)
    assert timeline.steps == {"b": [pytest.approx(-5.0, abs=0.01)]}


@pytest.mark.parametrize("behind", [0.0, 4.0])
def test_a_topic_that_pauses_is_taken_again(behind):
    """Also if the stamps of the other one always lie behind: those before the pause do so, too."""
    other = regular("b", 20, 30, -behind)
    paused = [message for message in regular("a", 50, 30) if not 10.0 < message[0] < 16.0]
    found, timeline = taken(other + paused)
    assert found == {"a": stamps(paused, "a"), "b": stamps(other, "b")}
    assert not any(timeline.outliers.values())


@pytest.mark.parametrize("name", ["imu", "odom"])
def test_of_two_topics_the_one_whose_clock_is_set_ahead_stays_aside(name):
    rates = {"imu": 100, "odom": 10}
    sound = {own: regular(own, rate, 30) for own, rate in rates.items() if own != name}
    broken = regular(name, rates[name], 10) + regular(name, rates[name], 20, 5.0, begin=10.0)
    found, timeline = taken([*broken, *(m for own in sound.values() for m in own)])
    good = {name: broken[: 10 * rates[name]], **sound}
    assert found == {own: stamps(messages, own) for own, messages in good.items()}
    assert timeline.offsets[name] == pytest.approx(5.0, abs=0.2)
    assert jumps(timeline) == (0, 0)


def test_a_topic_of_one_message_a_minute_is_one_stream():
    messages = regular("a", 1 / 60, 3600) + regular("b", 1 / 60, 3600, begin=20.0)
    found, timeline = taken(messages, Timeline(leap=1000 * NANOSECONDS))
    assert found == {name: stamps(messages, name) for name in "ab"}
    assert jumps(timeline) == (0, 0)


def test_two_publishers_with_different_clocks_on_one_topic():
    good = regular("a", 50, 10)
    found, timeline = taken(good + regular("a", 50, 10, -HOUR, begin=0.01))
    assert found == {"a": stamps(good, "a")}
    assert timeline.outliers == {"a": 500}


@pytest.mark.parametrize(
    ("seconds", "longest"), [([], 0.0), ([3], 0.0), ([0, 1, 2, 3], 4.0), ([0, 1, 2, 3, 100, 101], 4.0)]
)
def test_the_longest_run_ends_at_a_leap(seconds, longest):
    assert longest_run(np.array(seconds, dtype=np.int64) * NANOSECONDS) == longest


def test_what_waits_is_bounded():
    good, bad = regular("a", 50, 300), regular("b", 100, 300, HOUR)
    timeline = taken(good + bad)[1]
    assert sum(len(topic.waiting) for topic in timeline.topics.values()) == 5000


steps = st.lists(st.sampled_from((0, 1, 10, 20, -300, 700, 4000, -40_000, 2_000_000)), min_size=1, max_size=60)


@given(steps, st.integers(1, 9))
def test_a_batch_is_judged_as_its_messages_are(steps, size):
    """`follow` takes a batch only where each of its messages would be taken, and leaves the same behind."""
    times = START + np.cumsum(steps) * 1_000_000
    single, batches = Timeline(), Timeline()
    for first in range(0, len(times), size):
        part = times[first : first + size]
        one_by_one = [single.admit("a", stamp, stamp) for stamp in part.tolist()]
        if batches.follow("a", part):
            assert [admitted.items for admitted in one_by_one] == [[stamp] for stamp in part.tolist()]
        else:
            for stamp in part.tolist():
                batches.admit("a", stamp, stamp)
        assert single.newest == batches.newest
        assert single.outliers == batches.outliers
