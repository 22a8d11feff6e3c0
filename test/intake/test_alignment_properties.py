"""Alignment, compared with a loop over the ticks that finds the neighbours of each, and with numpy.interp."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from infonet_ros.intake.windows.alignment import clock_ticks, resample, unwrapped

TODAY = 1_750_000_000_000_000_000  # nanoseconds, of which a float cannot tell one from the next

values = st.floats(-1e6, 1e6) | st.just(math.nan)
streams = st.dictionaries(st.integers(0, 200), values, max_size=25).map(lambda d: sorted(d.items()))
clocks = st.lists(st.integers(-20, 220), unique=True, max_size=40).map(sorted)
gaps = st.integers(0, 60)
interpolations = st.sampled_from(("linear", "hold"))


def resampled(stream, ticks, interpolation, max_gap, shift=0):
    stamps = np.array([stamp for stamp, _ in stream], dtype=np.int64) + shift
    samples = np.array([value for _, value in stream], dtype=float)[:, None]
    return resample(stamps, samples, np.array(ticks, dtype=np.int64) + shift, interpolation, max_gap)[:, 0]


def expected_at(tick, stream, interpolation, max_gap):
    before = [sample for sample in stream if sample[0] <= tick]
    after = [sample for sample in stream if sample[0] > tick]
    if not before:
        return math.nan
    stamp, value = before[-1]
    if tick == stamp:
        return value
    if interpolation == "hold":
        return value if tick - stamp <= max_gap else math.nan
    if not after or after[0][0] - stamp > max_gap:
        return math.nan
    return np.interp(tick, [stamp, after[0][0]], [value, after[0][1]])


@given(streams, clocks, interpolations, gaps)
def test_each_tick_is_read_off_between_its_neighbours(stream, ticks, interpolation, max_gap):
    expected = [expected_at(tick, stream, interpolation, max_gap) for tick in ticks]
    np.testing.assert_allclose(resampled(stream, ticks, interpolation, max_gap), expected, rtol=1e-9, atol=1e-6)


@given(streams, clocks, interpolations, gaps)
def test_it_is_the_same_at_every_time_to_the_nanosecond(stream, ticks, interpolation, max_gap):
    then = resampled(stream, ticks, interpolation, max_gap)
    np.testing.assert_array_equal(resampled(stream, ticks, interpolation, max_gap, shift=TODAY), then)


@given(streams, clocks, interpolations, gaps)
def test_nothing_lies_outside_of_what_was_measured(stream, ticks, interpolation, max_gap):
    known = [value for _, value in stream if not math.isnan(value)]
    found = resampled(stream, ticks, interpolation, max_gap)
    found = found[np.isfinite(found)]
    assert not len(found) or min(known) - 1e-6 <= found.min() <= found.max() <= max(known) + 1e-6


@given(st.integers(-TODAY, TODAY), st.integers(1, 100), st.integers(1, 10**10))
def test_ticks_are_the_last_multiples_of_the_period(end, count, period):
    ticks = clock_ticks(end, count, period).tolist()
    assert ticks[-1] <= end < ticks[-1] + period
    assert ticks == [ticks[-1] - k * period for k in reversed(range(count))]
    assert all(tick % period == 0 for tick in ticks)


@given(st.lists(st.floats(-math.pi, math.pi) | st.just(math.nan), max_size=30))
def test_unwrapped_angles_differ_by_whole_turns_and_never_jump(angles):
    angles = np.array(angles)
    result = unwrapped(angles)
    turns = (result - angles) / math.tau
    known = np.isfinite(angles)
    np.testing.assert_array_equal(np.isfinite(result), known)
    np.testing.assert_allclose(turns[known], np.round(turns[known]), atol=1e-9)
    assert np.all(np.abs(np.diff(result[known])) <= math.pi + 1e-9)
