"""Alignment, compared with a loop over the ticks that finds the neighbours of each, and with numpy.interp."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infonet_ros.intake.windows.alignment import (
    clock_rate,
    clock_ticks,
    gap_limit,
    mean_rates_of_change,
    rates_of_change,
    resample,
    slope_span,
    stream_period,
    unwrapped,
)
from infonet_ros.intake.windows.between_ticks import messages_since

NAN = math.nan


def test_levels_are_kept_each_as_long_as_its_sample_is_the_nearest():
    """Rounded readings of one message that have nothing in common stay so: between levels all are equally far."""
    rng = np.random.default_rng(0)
    stamps = 100 * np.arange(4000) + rng.integers(0, 60, 4000)
    gears = rng.integers(0, 7, (4000, 2)).astype(float)
    ticks = np.arange(stamps[0], stamps[-1], 100)
    read = resample(stamps, gears, ticks, "linear", 1000)
    nearest = np.abs(stamps - ticks[:, None]).argmin(axis=1)
    apart = np.abs(np.diff(np.sort(np.abs(stamps - ticks[:, None]), axis=1)[:, :2], axis=1))[:, 0] > 0
    np.testing.assert_array_equal(read[apart], gears[nearest][apart])
    rates = rates_of_change(stamps, gears, ticks, span=100, max_gap=1000)
    assert len(np.unique(rates[1:-1])) > 1000  # a count that grows evenly has an even rate


def test_channels_keep_apart():
    values = np.array([[0.0, 5.0], [10.0, NAN]])
    result = resample(np.array([0, 10]), values, np.array([0, 5]), "linear", 10)
    np.testing.assert_array_equal(result, [[0.0, 5.0], [5.0, NAN]])


def test_the_rate_is_that_of_the_slowest_whatever_the_jitter():
    jitter = np.random.default_rng(0).integers(-2_000_000, 2_000_000, (2, 400))
    slow = stream_period(np.arange(400) * 100_200_000 + jitter[0])
    fast = stream_period(np.arange(400) * 33_333_333 + jitter[1])
    assert clock_rate([fast, slow, NAN]) == 10.0
    assert clock_rate([fast]) == 30.0
    assert math.isnan(clock_rate([NAN]))


def test_stamps_a_nanosecond_apart_do_not_make_a_clock_that_fills_the_memory():
    assert clock_rate([1.0]) == 1e5


@pytest.mark.parametrize("burst", [2, 3, 20, 50])
def test_in_bursts_the_period_is_that_of_the_mean_rate(burst):
    """Messages without a header over a network: each burst comes within a millisecond. The rate is about right."""
    count = np.arange(400)
    stamps = count // burst * burst * 20_000_000 + count % burst * 10_000
    assert stream_period(stamps) == pytest.approx(20_000_000, rel=0.6)


@pytest.mark.parametrize("missing", [range(100, 300), range(0, 400, 3)])
def test_gaps_do_not_change_the_period(missing):
    stamps = np.delete(np.arange(400) * 20_000_000, missing)
    assert stream_period(stamps) == 20_000_000


def test_gap_limit():
    stamps = np.arange(16) * 50
    assert gap_limit(7, 10, stamps) == 7
    assert gap_limit(0, 10, stamps) == 150
    assert gap_limit(0, 10, stamps[:15]) == 30
    assert gap_limit(0, 100, stamps) == 300
    assert gap_limit(0, 100, stamps[:2]) == 300


# ---- rates of change ------------------------------------------------------------------------------------------------


def rate_of(function, stamps, ticks, span, max_gap=10**9):
    values = np.array([function(stamp / 1e9) for stamp in stamps])[:, None]
    return rates_of_change(np.array(stamps), values, np.array(ticks), span, max_gap)[:, 0]


def test_the_rate_of_a_ramp_is_its_slope_however_uneven_the_stamps():
    stamps = np.cumsum(np.random.default_rng(0).integers(1, 30_000_000, 300)) + 1_750_000_000_000_000_000
    ticks = np.arange(stamps[5], stamps[-5], 7_000_000)
    rates = rate_of(lambda t: -3.0 * (t - 1.75e9), stamps, ticks, 10_000_000)
    np.testing.assert_allclose(rates, -3.0, rtol=1e-4)


@pytest.mark.parametrize("period", [1_000_000, 20_000_000])  # of the samples: faster and slower than the clock
def test_the_rate_of_a_sine_is_neither_early_nor_late(period):
    """The mean slope of sin(w t) over a span h around t is cos(w t) sin(w h / 2) / (h / 2)."""
    omega, clock = 4.0, 10_000_000
    stamps = np.arange(0, 3_000_000_000, period)
    ticks = stamps[5:-5] if period > clock else np.arange(50_000_000, 2_900_000_000, clock)
    span = slope_span(stamps, clock)
    assert span == max(clock, period)
    half = span / 2e9
    expected = omega * np.cos(omega * ticks / 1e9) * np.sin(omega * half) / (omega * half)
    rates = rate_of(lambda t: math.sin(omega * t), stamps, ticks, span)
    # Half way between two samples a straight line lies below the sine, alike on both sides of a tick.
    np.testing.assert_allclose(rates, expected, atol=omega**3 * (period / 1e9) ** 2 / 7)


def test_no_rate_where_a_gap_hides_what_happened():
    stamps = [0, 10, 20, 60, 70, 80]
    rates = rates_of_change(np.array(stamps), np.array(stamps)[:, None] * 1.0, np.arange(5, 80, 10), 10, 20)[:, 0]
    np.testing.assert_allclose(rates, [1e9, 1e9, NAN, NAN, NAN, NAN, 1e9, 1e9])


def test_the_mean_rate_of_a_ramp_is_its_slope_however_uneven_the_stamps_and_across_unknown_values():
    rng = np.random.default_rng(0)
    stamps = np.cumsum(rng.integers(1, 30_000_000, 300)) + 1_750_000_000_000_000_000
    ramp = -3.0 * (stamps - stamps[0])[:, None] / 1e9
    ramp[rng.random(300) < 0.1] = NAN
    ticks = np.arange(stamps[20], stamps[-20], 7_000_000)
    rates = mean_rates_of_change(stamps, ramp, ticks, 200_000_000, 10**9)
    np.testing.assert_allclose(rates, -3.0, rtol=1e-6)


def test_the_mean_rate_has_the_noise_of_means():
    """Of n samples on either side, whose middles are half a span apart."""
    noise, period, n = np.random.default_rng(1).standard_normal((20_000, 1)), 10_000_000, 25
    stamps = np.arange(20_000) * period
    rates = mean_rates_of_change(stamps, noise, stamps[100:-100], 2 * n * period, 10**9)
    assert rates.std() == pytest.approx(math.sqrt(2.0 / n) / (n * period / 1e9), rel=0.1)


def test_no_mean_rate_across_a_gap():
    stamps = np.array([*range(0, 200, 10), *range(300, 500, 10)])
    rates = mean_rates_of_change(stamps, stamps[:, None] * 1.0, np.arange(0, 500, 10), 40, 20)[:, 0]
    known = np.isfinite(rates)
    np.testing.assert_allclose(rates[known], 1e9)
    assert np.flatnonzero(known).tolist() == [*range(2, 18), *range(32, 48)]


def test_the_default_span_of_a_rate_is_the_clock():
    assert slope_span(np.array([0, 5]), 7) == 7


def test_messages_are_counted_from_tick_to_tick_and_not_before_the_first():
    stamps = np.array([5, 11, 19, 20, 21, 50])
    assert messages_since(stamps, np.arange(10, 70, 10), 10).tolist()[1:] == [3.0, 1.0, 0.0, 1.0, 0.0]
    assert np.isnan(messages_since(stamps, np.array([10]), 10)).all()
    assert np.isnan(messages_since(stamps[:0], np.array([10]), 10)).all()


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
