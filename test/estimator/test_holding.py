"""Only updates count in held and repeated streams: independent ones have MI 0, coupled ones the true MI."""

import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros import InfoNet
from infonet_ros.estimator.samples.holding import Repetition, both_new, first_of_each, repeats
from infonet_ros.estimator.samples.updates import LEAST_UPDATES, updates


def held(rng, count, hold, phase=0):
    return np.repeat(rng.standard_normal(count // hold + 3), hold)[phase : phase + count]


def irregular(rng, count, hold):
    """Pieces of any length, constant."""
    lengths = rng.geometric(1.0 / hold, size=count)
    return np.repeat(rng.standard_normal(count), lengths)[:count]


def interpolated(rng, count, hold, phase=0):
    values = rng.standard_normal(count // hold + 4)
    return np.interp(np.arange(count) + phase, np.arange(len(values)) * hold, values)


def filtered(samples):
    return lfilter([0.4], [1.0, -0.6], samples)


def set_points(rng, count, hold):
    ticks = 1 + rng.poisson(hold - 1, count)
    return tuple(filtered(np.repeat(rng.standard_normal(count), ticks)[:count]) for _ in "xy")


def lost(rng, count, hold, arrives):
    """Held, and some updates did not arrive: ``arrives`` says which."""
    places = np.maximum.accumulate(np.where(arrives, np.arange(len(arrives)), 0))
    return np.repeat(rng.standard_normal(len(arrives))[places], hold)[:count]


def rounded_messages(rng, count, steps):
    """Two rounded readings of one message, which comes after 3 to 7 samples."""
    ticks = rng.integers(3, 8, count)
    return tuple(np.repeat(np.round(steps * rng.standard_normal(count)), ticks)[:count] for _ in "xy")


def both_lost(rng, count, hold):
    arrives = rng.random(count // hold + 2) < 0.8
    return lost(rng, count, hold, arrives), lost(rng, count, hold, arrives)


def frozen(rng, count, run):
    """Noise, and at times the last value."""
    stands = np.cumsum(rng.random(count) < 1.0 / run) % 2 == 1
    places = np.maximum.accumulate(np.where(stands, 0, np.arange(count)))
    return rng.standard_normal(count)[places]


PAIRS = {
    "held 3, common ticks": lambda rng, count: (held(rng, count, 3), held(rng, count, 3)),
    "held 5, own ticks": lambda rng, count: (held(rng, count, 5), held(rng, count, 5, 2)),
    "held 20, common ticks": lambda rng, count: (held(rng, count, 20), held(rng, count, 20)),
    "held 5 and 20": lambda rng, count: (held(rng, count, 5), held(rng, count, 20, 7)),
    "rounded, then held": lambda rng, count: tuple(held(rng, count, 10).round(1) for _ in "xy"),
    "piecewise constant": lambda rng, count: (irregular(rng, count, 8), irregular(rng, count, 8)),
    "interpolated": lambda rng, count: (interpolated(rng, count, 10), interpolated(rng, count, 10)),
    "interpolated, own ticks": lambda rng, count: (interpolated(rng, count, 10), interpolated(rng, count, 10, 4)),
    "rounded, irregular messages": lambda rng, count: rounded_messages(rng, count, 2.0),
    "rounded coarsely, irregular messages": lambda rng, count: rounded_messages(rng, count, 1.0),
    "held in slight noise": lambda rng, count: tuple(
        held(rng, count, 8) + 0.03 * rng.standard_normal(count) for _ in "xy"
    ),
    "held, behind a filter": lambda rng, count: tuple(lfilter([0.4], [1.0, -0.6], held(rng, count, 10)) for _ in "xy"),
    "updates lost in both": lambda rng, count: both_lost(rng, count, 8),
    "frozen at times": lambda rng, count: (frozen(rng, count, 20), frozen(rng, count, 20)),
    "a recording twice": lambda rng, count: tuple(np.tile(rng.standard_normal(count // 4), 4) for _ in "xy"),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("count", [1000, 3000])
def test_independent_streams_share_nothing(net, pair, count):
    rng = np.random.default_rng(4)
    windows = [np.stack(pair(rng, count), axis=1) for _ in range(8)]
    estimates = list(net.pairwise_windows(windows))
    assert max(estimate.lower[0, 1] for estimate in estimates) < 0.1
    assert max(estimate.samples[0, 1] for estimate in estimates) < count / 2


@pytest.mark.parametrize("hold", [3, 10, 25])
def test_held_streams_share_what_their_updates_do(net, rng, hold):
    x = rng.standard_normal(200)
    y = 0.9 * x + np.sqrt(1.0 - 0.81) * rng.standard_normal(200)
    fresh, kept = net.estimate(x, y), net.estimate(np.repeat(x, hold), np.repeat(y, hold))
    assert kept.samples in (200, 201) and kept.mi == pytest.approx(fresh.mi, abs=0.05)


def test_rows_that_were_written_twice_count_once_in_any_order(net, rng):
    rows = rng.standard_normal((500, 3))
    rows[:, 2] += rows[:, 0]
    twice = rows[rng.permutation(np.repeat(np.arange(500), 2))]
    once, both = net.pairwise(rows), net.pairwise(twice, surrogates=19)
    np.testing.assert_array_equal(both.samples[np.triu_indices(3, 1)], 500)
    np.testing.assert_allclose(both.mi, once.mi, atol=0.02)
    assert both.p_value[0, 1] > 0.05 and both.p_value[0, 2] == 0.05


@pytest.mark.parametrize("hold, count", [(50, 1000), (50, 256), (20, 256), (100, 600)])
def test_of_few_updates_nothing_is_known(net, rng, hold, count):
    windows = [np.stack([held(rng, count, hold), held(rng, count, hold)], axis=1) for _ in range(20)]
    assert all(np.isnan(estimate.mi[0, 1]) for estimate in net.pairwise_windows(windows))


def test_events_and_levels_are_not_held(rng):
    event = (np.arange(1000) > 400).astype(float)
    switch = np.cumsum(rng.random(1000) < 0.05) % 2
    gear = rng.integers(0, 5, 1000).astype(float)
    slow = np.cumsum(rng.standard_normal(5000))
    noise = 0.03 * rng.standard_normal(1000)
    bursts = rng.standard_t(1.5, 1000)
    smooth = lfilter([1.0], [1.0, -0.95], bursts)
    impacts = lfilter([1.0], [1.0, -0.9], (rng.random(1000) < 0.05) * rng.standard_normal(1000))
    discharged = np.exp(-np.arange(1000) / 100.0)
    analog = switch + noise, np.repeat(gear, rng.integers(10, 40, 1000))[:1000] + noise
    arrives = np.cumsum(rng.integers([5, 12], [9, 20], (100, 2)))  # at a place, and leaves it
    arm = np.interp(np.arange(1000), arrives, np.repeat(rng.standard_normal(100), 2))
    levels = event, switch, gear, slow.round(), arm
    for stream in (*levels, *analog, rng.standard_normal(1000), bursts, smooth, impacts, discharged, np.arange(1000.0)):
        assert updates(stream) is None


def test_forces_that_are_0_at_times_share_these_times(net, rng):
    """Two feet of a trot: which of them is in the air is known from the other."""
    stance = np.sin(np.arange(2000) / 5.0) > -0.02
    feet = [np.where(stance, 60.0 + 6.0 * rng.standard_normal(2000), 0.0) for _ in range(2)]
    found = net.estimate(*feet)
    assert found.samples == 2000 and found.mi == pytest.approx(np.log(2.0), abs=0.05)


@pytest.mark.parametrize("steps", [1.0, 2.0])
def test_readings_of_one_message_are_tested_by_message(net, rng, steps):
    windows = [np.stack(rounded_messages(rng, 1000, steps), axis=1) for _ in range(60)]
    p_values = [estimate.p_value[0, 1] for estimate in net.pairwise_windows(windows, surrogates=19)]
    assert np.mean(np.array(p_values) <= 0.05) < 0.15  # shifts of samples: 0.8


@pytest.mark.parametrize("step", [0.5, 1.0])
def test_dependent_streams_that_were_rounded_keep_all_samples(net, rng, step):
    """They change at the same sample now and then, and as often one after the other."""
    common, own = lfilter([1.0], [1.0, -0.95], rng.standard_normal((2, 1000)))
    x, y = np.round(common / step), np.round((common + 0.3 * own) / step)
    assert net.estimate(x, y).samples == 1000


def test_two_switches_may_change_together_at_events(rng):
    """A third stream with more values that changes at the same times comes in the same messages."""
    message = np.cumsum(rng.random(4000) < 0.2)
    switch, gear, dial = (rng.integers(0, levels, message[-1] + 1)[message].astype(float) for levels in (3, 4, 40))
    switch, gear, dial = map(Repetition.of, (switch, gear, dial))
    assert switch.clock(gear) is None
    assert switch.clock(dial) is not None and gear.clock(dial) is not None


def test_an_update_between_two_samples_counts_once(rng):
    ticks = np.cumsum(rng.uniform(9.0, 11.0, 110))
    for values in (rng.standard_normal(110), np.round(3.0 * rng.standard_normal(110))):  # also with level lines
        counted = updates(np.interp(np.arange(1000), ticks, values))[-1]
        assert counted == pytest.approx(100, abs=12)  # two equal updates in a row are none


def test_a_counter_that_wraps_and_loses_counts_is_not_held(rng):
    """Its lines have one slope: the corners are no updates, and at these it has the same values again and again."""
    assert updates(np.cumsum(1.0 + (rng.random(1000) < 0.05)) % 16.0) is None


def test_an_unknown_sample_neither_is_an_update_nor_hides_one(rng):
    stream = held(rng, 1000, 10)
    stream[5::50] = np.nan
    assert updates(stream)[-1] == 100


def test_updates_meet_the_nearest_in_time():
    slow, fast = np.arange(60) // 20, np.arange(60) // 5
    rows = both_new(slow, fast)
    np.testing.assert_array_equal(rows, [2, 22, 42])


def test_values_that_come_back_often_do_not_count_as_repeats(rng):
    def first_of(values):
        return repeats(values, np.lexsort((rng.random(len(values)), values)))  # equal ones in any order

    assert first_of(rng.standard_normal(1000)) is None
    assert first_of(rng.integers(0, 40, 1000).astype(float)) is None
    assert first_of(rng.integers(0, 100, 1000).astype(float)) is None
    first = first_of(np.tile(rng.standard_normal(LEAST_UPDATES), 3))
    np.testing.assert_array_equal(first, np.tile(np.arange(LEAST_UPDATES), 3))
    np.testing.assert_array_equal(first_of_each(first, first), np.arange(LEAST_UPDATES))


@pytest.mark.parametrize(("known", "finite"), [(62, False), (70, True)])
def test_two_held_streams_with_fewer_known_samples_than_any_pair_needs_have_no_estimate(net, rng, known, finite):
    lengths = np.where(np.arange(known) % 5, 1, 2)
    samples = np.full((100, 2), np.nan)
    samples[:known] = np.repeat(rng.standard_normal((known, 2)), lengths, axis=0)[:known]
    found = net.pairwise(samples)
    assert LEAST_UPDATES <= found.samples[0, 1] < InfoNet.MIN_SAMPLES
    assert np.isfinite(found.mi[0, 1]) == finite


def test_all_ways_to_the_number_of_two_held_streams_agree(net, rng):
    x, y = held(rng, 2000, 20), held(rng, 2000, 20)
    alone, scan = net.estimate(x, y), net.lagged(x, y, [0, 20])
    assert scan.samples[0] == alone.samples < 120
    assert scan.mi[0] == pytest.approx(alone.mi, abs=1e-6) and (scan.mi < 0.1).all()
    assert np.abs(net.discriminant(x, y)).max() < 1.0


def test_the_delay_of_streams_held_at_unequal_rates_is_finer_than_a_hold(net, rng):
    signal = np.convolve(rng.standard_normal(6100), np.hanning(40), mode="valid")
    first, second = np.arange(6000) // 10 * 10, np.arange(6000) // 8 * 8
    x, y = signal[first + 30], signal[second + 12]  # y is 18 samples late
    scan = net.lagged(x, y, range(0, 40))
    assert scan.delay == pytest.approx(18.0, abs=2.0) and scan.delay_lower < 18.0 < scan.delay_upper
