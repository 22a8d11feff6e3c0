import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.dependence.page_rule import PageSums, Rises, block_evidence, mean_wait

RHO = 0.8


def log_ratios(seed, count, memory=0.0):
    """Return the true log ratios of a sound Gaussian pair, AR(1) of that coefficient."""
    noise = np.random.default_rng(seed).standard_normal((2, count))
    x, own = np.sqrt(1 - memory**2) * lfilter([1.0], [1.0, -memory], noise, axis=1)
    y = RHO * x + np.sqrt(1 - RHO**2) * own
    return (2 * RHO * x * y - RHO**2 * (x**2 + y**2)) / (2 * (1 - RHO**2)) - 0.5 * np.log(1 - RHO**2)


def test_the_evidence_of_a_block_is_an_e_value():
    """Without a fault its mean is at most 1: here of one sample a block."""
    assert np.exp(block_evidence(log_ratios(0, 200_000), 1)).mean() == pytest.approx(1.0, abs=0.05)
    assert block_evidence(np.array([np.nan, np.nan, 1.0]), 3) == [0.0]


def test_the_mean_wait_is_that_of_all_starts_and_no_quotient_of_means():
    assert mean_wait(np.full(32, 0.5), 2.0) == 4.0
    slow_and_fast = np.r_[np.zeros(160), np.full(160, 1.0)]  # a start at rest waits for 80 on average
    assert mean_wait(slow_and_fast, 2.0) == pytest.approx(0.5 * 2.0 + 0.5 * (90.0 + 2.0), abs=1.0)
    assert mean_wait(np.full(32, -0.5), 2.0) == np.inf


def test_pages_sum_starts_anew_at_zero_and_is_held_below_its_most():
    total = PageSums(1, most=np.array([3.0, 40.0]))
    assert total.add(np.array([[5.0, 5.0], [5.0, -5.0]]), np.array([0, 1]))[0] == pytest.approx([0.0, 4.3], abs=0.1)
    peaks, since = total.add(np.stack([np.full(20, -5.0), np.full(20, 5.0)]), np.arange(2, 22))
    assert (peaks[0], since[0], total.values[0]) == (3.0, 2, 3.0)
    assert (peaks[1], since[1], total.values[1]) == (pytest.approx(4.3, abs=0.1), 1, 0.0)


def test_independent_samples_count_each_for_itself():
    rises = Rises.of([log_ratios(1, 10_000)])
    assert rises.block == 1
    assert rises.tail > 0.8


@pytest.mark.parametrize("memory", [0.0, 0.9, 0.97])
def test_a_sound_pair_rises_beyond_the_height_as_rarely_as_its_tail_says(memory):
    rises = Rises.of([log_ratios(2, 10_000, memory)])
    interval, count = 3000.0, 300_000
    height = rises.height + np.log(interval / rises.samples) / rises.tail
    total = np.r_[0.0, np.cumsum(block_evidence(log_ratios(3, count, memory)[: count // 64 * 64], rises.block))]
    sums = total - np.minimum.accumulate(total)
    starts = np.flatnonzero((sums[1:] > 0.0) & (sums[:-1] == 0.0)) + 1
    assert 0 < (np.maximum.reduceat(sums, starts) > height).sum() <= count / interval


def test_too_few_samples_tell_nothing():
    assert Rises.of([log_ratios(4, 30)]) is None
