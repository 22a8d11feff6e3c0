import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

from infonet_ros.estimator.measures.delay_spread import T_90, DelaySpread
from infonet_ros.series import average_ranks

LONGEST = 25


def ranks_of(*streams):
    return np.column_stack([(average_ranks(one) - 0.5) / len(one) for one in streams])


def slow(rng, count, memory):
    """An AR(1) stream with a memory of so many samples."""
    past = np.exp(-1.0 / memory)
    return lfilter([1.0], [1.0, -past], rng.standard_normal(count))


@pytest.mark.parametrize("coupling", [lambda x: x, np.square], ids=["linear", "even"])
@pytest.mark.parametrize("delay", [-7, 0, 3])
def test_the_interval_holds_the_delay_and_only_what_is_late_is_delayed(delay, coupling):
    judged = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        source = slow(rng, 3100, memory=40.0)
        late = coupling(np.roll(source, delay))[50:-50]
        found = DelaySpread.of(
            ranks_of(source[50:-50], late + 0.5 * late.std() * rng.standard_normal(3000)), LONGEST, delay
        )
        judged.append((abs(found.delay - delay) < T_90 * found.error, found.delayed))
    held, delayed = np.array(judged).T
    assert held.sum() >= 8
    assert delayed.all() if delay else not delayed.any()


@pytest.mark.parametrize("delay", [2.25, 2.5, 7.1])
def test_a_delay_between_two_samples_is_found_where_the_peak_is_narrow(rng, delay):
    """Two sensors of one motion of up to an eighth of the sampling rate."""
    frequencies, phases, times = rng.uniform(0.0, 1.0 / 8.0, 200), rng.uniform(0.0, 2 * np.pi, 200), np.arange(3000.0)
    motion = (np.cos(2 * np.pi * np.outer(at, frequencies) + phases).sum(axis=1) for at in (times, times - delay))
    found = DelaySpread.of(ranks_of(*motion), LONGEST, round(delay))
    assert found.delay == pytest.approx(delay, abs=0.05)


def test_a_delay_that_changes_slowly_wanders_and_one_that_stays_does_not(rng):
    """A camera whose exposure follows the light: it is 6 samples late, or 2 to 10."""
    motion, times = gaussian_filter1d(rng.standard_normal(8000), 8.0), np.arange(100, 7900)
    for change, wanders in ((0.0, False), (4.0, True)):
        late = np.interp(times - 6.0 - change * np.sin(times / 600.0), np.arange(8000), motion)
        noise = 0.05 * motion.std() * rng.standard_normal((2, len(times)))
        found = DelaySpread.of(ranks_of(motion[times] + noise[0], late + noise[1]), LONGEST, 6)
        assert found.delayed and found.delay == pytest.approx(6.0, abs=1.0)
        assert found.wanders == wanders


def test_of_two_delays_as_good_neither_is_sure(rng):
    """An oscillation follows another by a part of its period, and leads by the rest."""
    times = np.arange(3000)
    one, other = (np.sin(2 * np.pi * (times - delay) / 20) + 0.3 * rng.standard_normal(3000) for delay in (0, 6))
    found = DelaySpread.of(ranks_of(one, other), LONGEST, 6)
    assert found.rivalled and not found.delayed


def test_of_two_peaks_that_overlap_neither_is_sure(rng):
    """The knee of a walking robot and its body, which goes up and down with every step: half as much lies between."""
    body = gaussian_filter1d(rng.standard_normal(6200), 8.0)
    knee = np.roll(body, 17) + 0.97 * np.roll(body, -13)
    found = DelaySpread.of(ranks_of(body[100:-100], knee[100:-100]), 60, 17)
    assert found.delay == pytest.approx(16, abs=1.5) and found.gain > 3.0 * found.gain_error
    assert found.rivalled and not found.delayed


def test_where_nothing_is_known_or_nothing_peaks_there_is_no_delay(rng):
    unknown = np.full(1000, np.nan)
    found = DelaySpread.of(np.column_stack([ranks_of(rng.standard_normal(1000)), unknown]), LONGEST, 3)
    assert np.isnan(found.delay) and not found.delayed
    assert not DelaySpread.of(ranks_of(*rng.standard_normal((2, 1000))), LONGEST, LONGEST).delayed
