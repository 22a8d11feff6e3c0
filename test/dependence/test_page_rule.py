from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.dependence.baselines.page_rule import PageSums, Rises, heights_of_rises, log_e_values, mean_wait

RHO = 0.8
RATE = 10.0


def log_ratios(seed, count, memory=0.0):
    """Return the true log ratios of a sound Gaussian pair, AR(1) of that coefficient."""
    noise = np.random.default_rng(seed).standard_normal((2, count))
    x, own = np.sqrt(1 - memory**2) * lfilter([1.0], [1.0, -memory], noise, axis=1)
    y = RHO * x + np.sqrt(1 - RHO**2) * own
    return (2 * RHO * x * y - RHO**2 * (x**2 + y**2)) / (2 * (1 - RHO**2)) - 0.5 * np.log(1 - RHO**2)


def test_the_evidence_of_a_sample_is_an_e_value():
    """Without a fault its mean is 1."""
    assert np.exp(log_e_values(log_ratios(0, 200_000))).mean() == pytest.approx(1.0, abs=0.05)
    assert log_e_values(np.array([np.nan, 0.0, 99.0])) == pytest.approx([0.0, 0.0, np.log(0.02)])


def test_the_mean_wait_is_that_of_all_starts_and_no_quotient_of_means():
    assert mean_wait(np.full(32, 0.5), 2.0) == 4.0
    slow_and_fast = np.r_[np.zeros(160), np.full(160, 1.0)]  # a start at rest waits for 80 on average
    assert mean_wait(slow_and_fast, 2.0) == pytest.approx(0.5 * 2.0 + 0.5 * (90.0 + 2.0), abs=1.0)
    assert mean_wait(np.full(32, -0.5), 2.0) == np.inf


def test_pages_sum_starts_anew_at_zero_and_is_held_below_its_most():
    total = PageSums(most=np.array([3.0, 40.0]))
    assert list(total.add(np.array([[-2.0, -2.0], [-2.0, 4.0]]), np.array([0, 1]))[0]) == [0.0, 4.0]
    peaks, since = total.add(np.stack([np.full(20, 1.0), np.full(20, -1.0)]), np.arange(2, 22))
    assert (peaks[0], since[0], total.values[0]) == (3.0, 2, 3.0)
    assert (peaks[1], since[1], total.values[1]) == (4.0, 1, 0.0)


def learnt(ratios):
    return Rises.of([ratios], len(ratios) / RATE)


def count_above(height, ratios):
    return int((heights_of_rises([ratios]) >= height).sum())


def test_a_height_reaches_the_thresholds_of_intervals_up_to_its_own():
    rises = Rises(height=2.0, spacing=10.0, tail=0.5, steepness=1.0)
    assert rises.interval(np.array([1.9, 2.0, 6.0])) == pytest.approx([0.0, 10.0, 10.0 * np.exp(2.0)])
    assert rises.threshold(10.0 * np.exp(2.0)) == pytest.approx(6.0)


@pytest.mark.parametrize("memory", [0.0, 0.9, 0.97])
def test_a_sound_pair_rises_beyond_the_threshold_as_rarely_as_it_says(memory):
    interval, count = 300.0, 300_000
    threshold = learnt(log_ratios(2, 10_000, memory)).threshold(interval)
    assert 0 < count_above(threshold, log_ratios(3, count, memory)) <= count / RATE / interval


def test_what_comes_seldom_but_lasts_is_seen_in_the_very_highest_rises():
    """Now and then a sound pair fits badly for five seconds: no rise between those and the usual ones shows it."""

    def at_times(seed, count):
        ratios = log_ratios(seed, count)
        ratios[(np.arange(count) % 500 < 50) & (np.arange(count) > 50)] -= 1.0
        return ratios

    interval, count = 500.0, 100_000
    threshold = learnt(at_times(4, 10_000)).threshold(interval)
    assert count_above(threshold, at_times(5, count)) <= count / RATE / interval


def test_a_pair_that_fits_so_well_that_it_never_rises_has_a_threshold():
    """Two encoders on one shaft: each sample fits, so all that is known is that nothing rose for so long."""
    rises = learnt(np.full(10_000, 3.0))
    assert rises.height == 0.0
    assert np.log(3600.0 / 1000.0) <= rises.threshold(3600.0) <= 5.0 * np.log(3600.0 / 100.0)


def test_a_pair_that_rises_once_for_ever_has_no_useful_threshold():
    never_well = np.r_[np.full(5000, 3.0), np.full(5000, -1.0)]
    assert learnt(never_well).threshold(3600.0) > heights_of_rises([never_well]).max()


def test_too_few_samples_give_nothing():
    assert learnt(log_ratios(4, 30)) is None


def test_few_slow_episodes_in_a_short_recording_show_how_high_they_let_evidence_rise():
    """A pair fits less well in fast turns, which last for seconds: the highest rises of 300 s show too few of them."""

    def with_turns(rng, count):
        turns = np.repeat(rng.standard_normal(count), rng.integers(10, 60, count))[:count]
        return 1.3 - 0.4 * turns**2 + 0.5 * rng.standard_normal(count)

    found, by_rises, intervals, interval = 0, 0, 40, 1200.0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        rises = learnt(with_turns(rng, 3000))
        ratios = with_turns(rng, round(intervals / 5 * interval * RATE))
        found += count_above(rises.threshold(interval), ratios)
        by_rises += count_above(replace(rises, tail=rises.steepness).threshold(interval), ratios)
    assert found <= intervals < by_rises
