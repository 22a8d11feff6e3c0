"""Two fields with the same numbers are found, up to scale and delay; others are not."""

import numpy as np
import pytest
from field_columns import START, column

from infonet_ros.intake.proposing.channel_choice import may_be_same, same_numbers
from infonet_ros.intake.proposing.kinds import Column


@pytest.mark.parametrize("change", [lambda x: x, lambda x: -x, lambda x: 57.3 * x + 2.0])
def test_copies_are_found_up_to_scale(change):
    values = np.random.default_rng(0).normal(size=800)
    one, other = column(values), column(change(values), start=START + 3_000_000)
    assert same_numbers(one, other)
    assert may_be_same([one, other]).all()


def test_a_copy_on_a_slower_topic_with_lost_messages_is_found():
    rng = np.random.default_rng(0)
    original = column(rng.normal(size=800))
    kept = rng.random(800) < 0.98
    other = Column.of("y", original.stamps[kept] + 2_000_000, original.values[kept])
    assert same_numbers(original, other)
    assert may_be_same([original, other]).all()


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_a_copy_with_noise_is_none_in_any_unit(unit):
    x, noise = np.random.default_rng(0).normal(size=(2, 2000))
    assert not same_numbers(column(x), column(unit * (x + 1e-2 * noise)))


def test_fields_that_only_look_equal_are_not_duplicates():
    rng = np.random.default_rng(0)
    x = rng.normal(size=2000)
    assert not same_numbers(column(x), column(x**3))
    assert not same_numbers(column(rng.integers(0, 3, 2000)), column(rng.integers(0, 3, 2000)))
    events = [np.isin(np.arange(2000), rng.integers(0, 2000, 8)) for _ in range(2)]
    assert not same_numbers(*map(column, events))
    assert same_numbers(column(events[0]), column(events[0]))


def test_two_wheels_that_drive_straight_ahead_are_two():
    rng = np.random.default_rng(0)
    left, right = np.cumsum(0.1 + 0.005 * rng.normal(size=(2, 6000)), axis=1)
    assert np.abs(left - right).max() < 2e-3 * np.ptp(left)
    assert not same_numbers(column(left), column(right))
    assert same_numbers(column(left), column(2.0 * left))


def test_of_thousands_of_pairs_few_are_compared_as_duplicates():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200, 2000))
    asked = may_be_same([*map(column, noise), column(3.0 - 2.0 * noise[7])])
    assert asked[7, 200]
    assert asked.mean() < 0.02
    assert may_be_same([]).size == 0


def test_few_pairs_of_many_are_asked_if_the_recording_was_read_in_stretches(rng):
    stamps = np.concatenate([np.arange(16) * 0.1 + begin for begin in range(0, 800, 100)])
    asked = may_be_same([Column.of("x", (stamps * 1e9).astype(np.int64), own) for own in rng.normal(size=(60, 128))])

    assert asked.mean() < 0.05
