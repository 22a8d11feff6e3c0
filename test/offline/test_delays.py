import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.intake.windows.window import Window
from infonet_ros.offline.progress import silent
from infonet_ros.offline.trace import Finer, Overview
from infonet_ros.offline.whole_recording.delays import Spreads
from infonet_ros.offline.whole_recording.moves import Moves
from infonet_ros.offline.whole_recording.whole_estimate import estimate_whole
from infonet_ros.offline.workers import Workers
from infonet_ros.settings import Modality, Settings

RATE = 100.0
SECONDS = 30.0


def motion(rng, times, delays, band=20.0):
    """Gaussian noise below ``band`` Hz, each time so much later."""
    frequencies, phases = rng.uniform(0.05, band, 200), rng.uniform(0.0, 2 * np.pi, 200)
    return [np.cos(2 * np.pi * np.outer(times - d, frequencies) + phases).sum(axis=1) / 10 for d in delays]


def whole_of(net, samples, names=(), steps=None, **settings):
    """Estimate samples (T, N) at 100 Hz; with ``steps`` (N,), on a clock that is slower by the largest of them."""
    names = names or tuple(f"c{k}" for k in range(samples.shape[1]))
    chosen = Settings(modalities=(Modality("m", "/m", names),), window=10.0, hop=5.0, **settings)
    every = 1 if steps is None else max(steps)
    finer = samples[: len(samples) // every * every].reshape(-1, every, samples.shape[1])
    stamps = (np.arange(len(finer)) * 1e9 * every / RATE).astype(np.int64)
    window = Window(tuple(f"m.{name}" for name in names), finer[:, -1], int(stamps[0]), int(stamps[-1]), RATE / every)
    overview = Overview(window, stamps, True, None if steps is None else Finer(finer, np.array(steps)))
    with Workers(net.device, 1) as workers:
        return estimate_whole(net, overview, chosen, workers, silent)


def test_delays_between_the_samples_are_found_of_linear_and_even_couplings(net, rng):
    delays = np.array([0.0137, 0.050, 0.180])
    source, *late = motion(rng, np.arange(0.0, SECONDS, 1 / RATE), [0.0, *delays])
    followers = np.concatenate([late, np.square(late), -np.abs(late)]).T
    noise = 0.3 * rng.standard_normal(followers.shape)
    whole = whole_of(net, np.column_stack([source, followers + noise]))
    truth = np.tile(delays, 3)
    assert whole.clear_delays[0, 1:].all()
    assert whole.matrix.lag[0, 1:] == pytest.approx(truth, abs=0.002)
    assert (whole.delay_lower[0, 1:] < truth).all() and (truth < whole.delay_upper[0, 1:]).all()
    np.testing.assert_array_equal(whole.matrix.lag, -whole.matrix.lag.T)
    np.testing.assert_array_equal(whole.delay_lower, -whole.delay_upper.T)
    undelayed = 0.5 * np.log(1 + 1 / 0.09)
    assert whole.matrix.mi[0, 2] == pytest.approx(undelayed, abs=0.15)


def test_a_slow_channel_does_not_make_the_delays_of_fast_ones_coarse(net, rng):
    """Two streams at 100 Hz, one at 50 Hz and one at 12.5 Hz, whose clock is that of the slowest."""
    times = np.arange(0.0, 60.0, 1 / RATE)
    source, *late = motion(rng, times, [0.0, 0.0137, 0.05, 0.18], band=2.0)
    samples = np.column_stack([source, *late]) + 0.1 * rng.standard_normal((len(times), 4))
    whole = whole_of(net, samples, steps=(8, 8, 4, 1))
    assert whole.clear_delays[0, 1:].all()
    assert whole.matrix.lag[0, 1:] == pytest.approx([0.0137, 0.05, 0.18], abs=0.004)
    off = whole.delay_error[0, 1:] * np.array([RATE, RATE / 2, RATE / 8])
    assert (off < 0.4).all(), "samples of the slower of the two"
    assert (np.abs(whole.matrix.lag[0, 1:] - [0.0137, 0.05, 0.18]) < whole.delay_error[0, 1:]).all()


@pytest.mark.parametrize("delay", [0.005, 0.0137])
@pytest.mark.parametrize("steps", [(1, 1, 1), (8, 8, 1)], ids=["alone", "beside a slow channel"])
def test_a_small_delay_is_found_also_if_the_dependence_is_as_strong_without(net, rng, steps, delay):
    """They share 1.4 nats."""
    source, late = motion(rng, np.arange(0.0, 120.0, 1 / RATE), [0.0, delay], band=1.0)
    samples = np.column_stack([source, late, rng.permutation(source)])
    samples[:, :2] += 0.2 * rng.standard_normal((len(source), 2))
    whole = whole_of(net, samples, steps=steps)
    assert whole.matrix.mi[0, 1] - whole.undelayed.mi[0, 1] < 0.05
    assert whole.clear_delays[0, 1]
    assert whole.matrix.lag[0, 1] == pytest.approx(delay, abs=0.002)


def test_sensors_of_one_motion_at_the_same_time_have_no_delay(net, rng):
    (source,) = motion(rng, np.arange(0.0, 60.0, 1 / RATE), [0.0], band=1.0)
    whole = whole_of(net, source[:, None] + 0.2 * rng.standard_normal((len(source), 6)))
    assert not whole.clear_delays.any()


def test_what_is_independent_beyond_the_search_or_not_known_has_no_clear_delay(net, rng):
    source, far = motion(rng, np.arange(0.0, SECONDS, 1 / RATE), [0.0, 1.5], band=2.0)
    (other,) = motion(rng, np.arange(0.0, SECONDS, 1 / RATE), [0.0], band=2.0)
    unknown, still = np.full(len(source), np.nan), np.ones(len(source))
    whole = whole_of(net, np.column_stack([source, far, other, unknown, still]))
    assert not whole.clear_delays.any()
    assert np.isnan(whole.matrix.mi[3]).all()


def test_the_step_of_the_settings_is_no_limit(net, rng):
    source, late = motion(rng, np.arange(0.0, SECONDS, 1 / RATE), [0.0, 0.173])
    whole = whole_of(net, np.column_stack([source, late]), max_lag=0.4, lag_step=0.2)
    assert whole.longest_lag == pytest.approx(0.4)
    assert whole.matrix.lag[0, 1] == pytest.approx(0.173, abs=0.002)


def test_the_interval_of_a_delay_knows_the_time_over_which_a_rate_is_taken(net):
    """The accelerometer is 0.06 s late. The noise hides where the acceleration ends, and not where it begins."""
    rng, span = np.random.default_rng(1), 0.16
    times, half = np.arange(0.0, 120.0, 1 / RATE), round(span * RATE / 2)
    command = np.repeat(rng.choice([0.0, 0.3, 0.6, 0.9], 100), len(times) // 100)
    speed = lfilter([1 / 15], [1.0, -14 / 15], command)
    acceleration = np.roll(np.gradient(speed, times), 6) + 0.1 * rng.standard_normal(len(times))
    sums = np.cumsum(speed + 0.01 * rng.standard_normal(len(times))) / RATE
    rate = (np.roll(sums, -half) - 2.0 * sums + np.roll(sums, half)) / (span / 2) ** 2
    whole = whole_of(net, np.column_stack([rate, acceleration]), ("speed|rate(0.16)", "acceleration"))
    assert whole.delay_lower[0, 1] < 0.06 < whole.delay_upper[0, 1]


def test_a_position_and_its_speed_have_no_delay(net, rng):
    """Each follows the other a quarter of a period later, and earlier as well."""
    times = np.arange(0.0, SECONDS, 1 / RATE)
    frequencies, phases = rng.uniform(0.9, 1.2, 40), rng.uniform(0.0, 2 * np.pi, 40)
    turns = 2 * np.pi * np.outer(times, frequencies) + phases
    position, speed = np.cos(turns).sum(axis=1), -(frequencies * np.sin(turns)).sum(axis=1)
    whole = whole_of(net, np.column_stack([position, speed + 0.3 * rng.standard_normal(len(times))]))
    assert 0.1 < abs(whole.matrix.lag[0, 1]) < 0.4
    assert whole.matrix.mi[0, 1] - whole.undelayed.mi[0, 1] > 0.2
    assert not whole.clear_delays.any()


def test_a_delay_shows_where_the_mi_is_the_same_at_many_lags(net, rng):
    """A slow command without noise, and the position that follows it: 3 nats or more at each of these lags."""
    command, position = motion(rng, np.arange(0.0, SECONDS, 1 / RATE), [0.0, 0.04], band=1.0)
    whole = whole_of(net, np.column_stack([command, position + 0.001 * rng.standard_normal(len(position))]))
    assert whole.undelayed.mi[0, 1] > 2.0
    assert whole.clear_delays[0, 1]
    assert whole.matrix.lag[0, 1] == pytest.approx(0.04, abs=0.005)


def test_the_peak_of_slow_streams_may_be_broader_than_the_search(rng):
    """A visual odometry half a second behind the wheels; the speed changes in ten seconds."""
    rate, count = 20, 6000
    speed = lfilter([0.05], [1.0, -0.95], lfilter([1.0], [1.0, -0.995], rng.standard_normal(count)))
    seen = np.column_stack([speed, np.roll(speed, rate // 2), speed]) + 0.01 * rng.standard_normal((count, 3))
    moves = Moves.of(seen, rate)
    spreads = Spreads(moves, rate)
    late = spreads.of((0, 1), 10)
    assert late.delayed and late.delay == pytest.approx(10.0, abs=0.5)
    assert not spreads.of((0, 1), 2).delayed  # the MI does not have its peak there
    assert not spreads.of((0, 2), 0).delayed


def test_a_filter_delays_slow_motions_more_and_late_stamps_all_alike(rng):
    source = lfilter([1.0], np.convolve([1.0, -0.95], [1.0, -0.9]), rng.standard_normal(6000))
    late, filtered = np.roll(source, 20), lfilter([1.0 / 40.0], [1.0, 1.0 / 40.0 - 1.0], source)
    samples = np.column_stack([source, late, filtered])
    samples += 0.05 * samples.std(axis=0) * rng.standard_normal(samples.shape)
    spreads = Spreads(Moves.of(samples, 100), 100)
    late, behind = spreads.of((0, 1), 20), spreads.of((0, 2), 20)
    assert not late.physical and not late.smoothed
    assert behind.physical and behind.smoothed
    assert spreads.of((2, 0), -20).smoothed


@pytest.mark.parametrize("unit", [1.0, 1e-8])
def test_noise_that_hides_when_a_motion_ends_does_not_move_its_delay(unit):
    """A robot turns now and then, and comes to rest slowly; the second sensor is late, by less in its ranks."""
    rng = np.random.default_rng(2)
    turns = np.repeat(rng.choice([-1.0, 0.0, 0.0, 1.0], 200) * rng.uniform(0.0, 1.0, 200), 30)
    speed = lfilter([0.1], [1.0, -0.9], turns)
    samples = np.column_stack([speed, np.roll(speed, 5)]) + [0.01, 0.1] * rng.standard_normal((6000, 2))
    samples[:, 0] *= unit
    found = Spreads(Moves.of(samples, 20), 20).of((0, 1), 5)
    assert found.delayed and found.delay == pytest.approx(5.0, abs=0.1)


def test_a_command_that_jumps_between_two_samples_has_no_late_stamps_and_a_delay_that_is_known_to_half_a_sample(rng):
    """Its jumps fall on the ticks of the clock; those of a joint that is 2.6 samples late are seen after 3."""
    command = np.repeat(rng.standard_normal(120), 10)
    samples = np.column_stack([command, np.roll(command, 3)]) + [0.0, 0.01] * rng.standard_normal((1200, 2))
    spread = Spreads(Moves.of(samples, 20), 20).of((0, 1), 3)
    assert spread.physical and spread.delayed
    assert spread.delay - 1.73 * spread.error < 2.6 < 3.0 <= spread.delay + 1.73 * spread.error
