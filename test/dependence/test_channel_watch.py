import numpy as np
import pytest

from infonet_ros.dependence.baselines.diagnosis.fault import Kind
from infonet_ros.dependence.baselines.learning.channel_learning import learn_channel
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.baselines.watching.channel_watch import ChannelWatch
from infonet_ros.intake.windows.between_ticks import messages_since

RATE = 10.0
INTERVAL = 3600.0  # s
FAULT = 200  # row


def counts(stamps, rows):
    """Messages (T, 1) since the row before."""
    ticks = np.arange(1, rows + 1) / RATE
    return messages_since(np.sort(stamps), ticks, 1.0 / RATE)[:, None]


def steady(rng, rate, seconds):
    """Stamps of a steady topic, with jitter and now and then a message lost."""
    stamps = np.arange(0.0, seconds, 1.0 / rate) + rng.uniform(-0.2, 0.2, round(seconds * rate)) / rate
    return stamps[rng.random(len(stamps)) > 0.02]


def watched(rate, faulty):
    """Return the first trouble of a topic whose stamps a fault changes from row FAULT on, and the row."""
    rng, rows = np.random.default_rng(0), 2 * FAULT
    values = rng.standard_normal((3000, 1))
    lesson = Lesson(("a",), (values,), RATE, (counts(steady(rng, rate, 300.0), 3000),))
    channels = [learn_channel(lesson, 0, alone=False)]
    stamps = steady(rng, rate, rows / RATE)
    late = stamps >= FAULT / RATE
    messages = counts(np.concatenate([stamps[~late], faulty(stamps[late], rng)]), rows)
    watch = ChannelWatch(channels, RATE, INTERVAL)
    for row in range(rows):
        watch.push(values[row : row + 1], messages[row : row + 1])
        if trouble := watch.troubles()[0]:
            return trouble, row
    return None, rows


@pytest.mark.parametrize("rate", [5.0, 10.0, 50.0, 333.0])
@pytest.mark.parametrize(
    ("share", "faulty"),
    [
        (0.5, lambda stamps, rng: stamps[::2]),
        (2.0, lambda stamps, rng: np.repeat(stamps, 2) + np.tile([0.0, 1e-3], len(stamps))),
        (1.0 / 3.0, lambda stamps, rng: stamps[::3]),
    ],
)
def test_a_topic_that_comes_at_another_rate_is_found_within_a_span(rate, share, faulty):
    trouble, row = watched(rate, faulty)
    assert trouble.kind is Kind.OTHER_RATE
    assert 0 < row - FAULT <= max(4.0, 20.0 / rate) * RATE
    assert row - trouble.seconds * RATE == pytest.approx(FAULT, abs=10)
    now, before = (float(word) for word in trouble.words.replace(",", "").split() if word[0].isdigit())
    assert before == pytest.approx(rate, rel=0.1)
    assert now == pytest.approx(share * rate, rel=0.3)


@pytest.mark.parametrize("rate", [5.0, 10.0, 30.0, 333.0])
@pytest.mark.parametrize("more", [0.0, 0.03, 0.05, 0.07, 0.09])  # s, part of a row
def test_a_topic_that_ends_within_a_row_is_silent_and_not_at_another_rate(rate, more):
    trouble, row = watched(rate, lambda stamps, rng: stamps[stamps < FAULT / RATE + more])
    assert (trouble.kind, trouble.words) == (Kind.SILENT, "a sent no value")
    assert row - trouble.seconds * RATE == pytest.approx(FAULT, abs=3)


@pytest.mark.parametrize("rate", [5.0, 10.0, 50.0, 333.0])
def test_a_message_lost_now_and_then_is_no_trouble(rate):
    assert watched(rate, lambda stamps, rng: stamps) == (None, 2 * FAULT)


def test_a_topic_that_comes_when_it_likes_has_no_rate():
    rng = np.random.default_rng(0)
    stamps = rng.uniform(0.0, 300.0, 600)
    lesson = Lesson(("a",), (rng.standard_normal((3000, 1)),), RATE, (counts(stamps, 3000),))
    channel = learn_channel(lesson, 0, alone=False)
    assert channel.span == 0.0
    watch = ChannelWatch([channel], RATE, INTERVAL)
    hours = counts(rng.uniform(0.0, 7200.0, 14_400), 72_000)
    for begin in range(0, len(hours), 20):
        watch.push(rng.standard_normal((20, 1)), hours[begin : begin + 20])
        assert watch.troubles() == [None]
    watch.push(rng.standard_normal((200, 1)), np.zeros((200, 1)))
    assert watch.troubles()[0].kind is Kind.SILENT


def test_without_counts_there_is_no_rate():
    values = np.random.default_rng(0).standard_normal((3000, 1))
    channel = learn_channel(Lesson(("a",), (values,), RATE), 0, alone=False)
    watch = ChannelWatch([channel], RATE, INTERVAL)
    watch.push(values, np.full((3000, 1), np.nan))
    assert watch.troubles() == [None]


def test_a_topic_whose_channels_are_all_silent_is_named_once():
    values = np.random.default_rng(0).standard_normal((3000, 3))
    lesson = Lesson(("imu.x", "imu.y", "odom.x"), (values,), RATE)
    channels = [learn_channel(lesson, column, alone=False) for column in range(3)]
    watch = ChannelWatch(channels, RATE, INTERVAL)
    watch.push(np.where([True, True, False], np.nan, values[:50]), np.full((50, 3), np.nan))
    assert [trouble and trouble.words for trouble in watch.troubles()] == ["imu sent no value"] * 2 + [None]
