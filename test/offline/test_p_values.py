"""The test of a whole recording on streams that drift: drift alone is no dependence."""

import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.offline.whole_recording.moves import Moves
from infonet_ros.offline.whole_recording.p_values import CHANGES_DRIFT, LEVELS_DRIFT, ONE_PERIOD, p_values_by_shifts

PAIRS = np.triu_indices(6, k=1)
DRIFTS = {
    "random walks": lambda rng: np.cumsum(rng.standard_normal((2000, 6)), axis=0),
    "counters": lambda rng: np.cumsum(rng.poisson(3.0, (2000, 6)), axis=0).astype(float),
    "ramps in noise": lambda rng: np.arange(2000)[:, None] / 200.0 + rng.standard_normal((2000, 6)),
    "noise that grows": lambda rng: rng.standard_normal((2000, 6)) * np.linspace(0.2, 3.0, 2000)[:, None],
    "slow commands": lambda rng: np.repeat(rng.standard_normal((8, 6)), 250, axis=0),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_independent_streams_that_drift_are_not_called_dependent(drift, rng):
    found = []
    for _ in range(4):
        p_values, drifting, *_ = p_values_by_shifts(Moves.of(DRIFTS[drift](rng), 20), 20)
        assert drifting.mean() > 0.6
        found += p_values[PAIRS].tolist()
    judged = np.array(found)[np.isfinite(found)]
    assert (judged < 0.001).mean() <= 0.02 if len(judged) else drift in ("noise that grows", "slow commands")


def test_streams_that_drift_and_share_their_moves_are_dependent(rng):
    """Walks and ramps whose moves correlate by 0.5, and noise that grows."""
    moves = lfilter([1.0], [1.0, -0.9], rng.standard_normal((3000, 6)) + rng.standard_normal((3000, 1)), axis=0)
    ramp = np.linspace(0.0, 1.0, 3000)[:, None]
    for samples in (np.cumsum(moves, axis=0), moves + 8.0 * ramp * rng.choice([-1.0, 1.0], 6), moves * (0.2 + ramp)):
        p_values, drifting, *_ = p_values_by_shifts(Moves.of(samples, 20), 20)
        assert drifting.mean() > 0.6
        assert np.mean(p_values[PAIRS] < 0.001) > 0.9


def test_ranks_within_stretches_have_no_level_and_no_spread_of_their_own(rng):
    moves = Moves.of(np.exp(np.linspace(0.0, 20.0, 1050))[:, None] * rng.standard_normal((1050, 2)), 20)
    stretches = moves.ranks_within.reshape(-1, moves.stretch, 2)
    assert len(stretches) == 1050 // moves.stretch
    assert np.ptp(stretches.mean(axis=1)) < 1e-6 and np.ptp(stretches.std(axis=1)) < 1e-6
    assert len(Moves.of(np.zeros((9, 2)), 20).ranks_within) == 0


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_poses_that_pause_together_are_not_called_dependent_for_that(noise):
    rng, found = np.random.default_rng(5), []
    for _ in range(8):
        moving = np.repeat(rng.random(50) < 0.6, 80)[:, None]
        poses = np.cumsum(lfilter([1.0], [1.0, -0.95], rng.standard_normal((4000, 6)), axis=0) * moving, axis=0)
        poses += noise * rng.standard_normal((4000, 6))
        found += p_values_by_shifts(Moves.of(poses, 30), 30)[0][PAIRS].tolist()
    assert np.isfinite(found).mean() > 0.9 and np.mean(np.array(found) < 0.05) < 0.1


def test_curves_that_are_smooth_over_stretches_are_not_tested_and_why_is_said():
    curves = np.column_stack([np.linspace(0.0, 1.0, 4000) ** power for power in (1.0, 2.0, 3.0)])
    p_values, _, _, untested = p_values_by_shifts(Moves.of(curves, 20), 20)
    assert np.isnan(p_values).all()
    assert (untested[np.triu_indices(3, k=1)] == CHANGES_DRIFT).all()


def of_one_message(rng, values):
    """Values (K, N) held until the next message, which comes after 1 to 8 samples."""
    return np.repeat(values, rng.integers(1, 9, len(values)), axis=0)


def test_held_curves_are_told_that_only_their_levels_can_be_tested(rng):
    held = of_one_message(rng, np.column_stack([np.linspace(0.0, 1.0, 900) ** power for power in (1.0, 2.0)]))
    p_values, _, _, untested = p_values_by_shifts(Moves.of(held, 20), 20)
    assert np.isnan(p_values[0, 1])
    assert untested[0, 1] == untested[1, 0] == LEVELS_DRIFT


def test_values_of_one_message_are_not_called_dependent_for_their_common_ticks():
    rng = np.random.default_rng(8)
    found = []
    for _ in range(8):
        held = of_one_message(rng, rng.standard_normal((600, 6)))
        found += p_values_by_shifts(Moves.of(held, 30), 30)[0][PAIRS].tolist()
    assert np.isfinite(found).all() and np.mean(np.array(found) < 0.05) < 0.07


@pytest.mark.parametrize("memory", [0.0, 0.9])
def test_rounded_values_of_one_message_are_not_called_dependent_either(memory):
    rng = np.random.default_rng(8)
    found = []
    for _ in range(8):
        values = lfilter([1.0], [1.0, -memory], rng.standard_normal((600, 6)), axis=0)
        found += p_values_by_shifts(Moves.of(of_one_message(rng, np.round(values)), 30), 30)[0][PAIRS].tolist()
    assert np.mean(np.array(found) < 0.05) < 0.1


def from_place_to_place(rng):
    """Positions of an arm that goes to a place at one speed, and stays there for a while."""
    places = rng.standard_normal(300)
    times = np.stack([rng.exponential(30.0, 299), 2.0 + 20.0 * np.abs(np.diff(places))], axis=1)
    return np.interp(np.arange(3000), np.append(0.0, np.cumsum(times)[:-1]), np.repeat(places, 2)[:598])


ONE_WAY = {
    "from place to place": from_place_to_place,
    "encoders": lambda rng: np.round(np.cumsum(2.0 + lfilter([0.4], [1.0, -0.9], rng.standard_normal(3000)))),
}


@pytest.mark.parametrize("stream", ONE_WAY)
def test_positions_that_are_known_at_uneven_times_are_not_called_dependent_for_these_times(stream):
    rng, found = np.random.default_rng(3), []
    for _ in range(5):
        positions = np.column_stack([ONE_WAY[stream](rng) for _ in range(6)])
        found += p_values_by_shifts(Moves.of(positions, 50), 50)[0][PAIRS].tolist()
    judged = np.array(found)[np.isfinite(found)]
    assert not len(judged) or (judged < 0.05).mean() < 0.12


def test_held_streams_of_one_rate_are_not_called_dependent_for_their_own_ticks():
    rng = np.random.default_rng(9)
    found = []
    for walks in np.cumsum(rng.standard_normal((10, 160, 6)), axis=1):
        held = np.column_stack([np.repeat(walk, 20)[phase : phase + 3000] for phase, walk in enumerate(walks.T)])
        found += p_values_by_shifts(Moves.of(held, 50), 50)[0][PAIRS].tolist()
    assert np.isfinite(found).all() and np.mean(np.array(found) < 0.05) < 0.1


def test_slow_streams_between_rounded_values_are_not_called_dependent_for_their_common_ticks():
    """A tank and a wind sensor of 1 Hz whose ticks lie between those of the clock of 10 Hz."""
    at, found = np.arange(5000) / 10.0, []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        ticks = np.cumsum(rng.uniform(0.9, 1.1, 520))
        level = np.round(2000.0 - 0.5 * ticks + 1.5 * rng.standard_normal(520))
        streams = [np.interp(at, ticks, level), np.interp(at, ticks + 0.1, rng.standard_normal(520))]
        found.append(p_values_by_shifts(Moves.of(np.stack(streams, axis=1), 10), 10)[0][0, 1])
    assert np.mean(np.array(found) <= 0.05) <= 0.15


def set_points(rng, correlation):
    """Steps of two channels (3000, 2) at common times."""
    heights = rng.multivariate_normal([0.0, 0.0], [[1.0, correlation], [correlation, 1.0]], 3000)
    return np.repeat(heights, rng.geometric(0.05, 3000), axis=0)[:3000]


SEEN = {
    "in noise": lambda rng, steps: steps + 0.2 * rng.standard_normal(steps.shape),
    "behind a filter of second order": lambda rng, steps: lfilter([0.04], [1.0, -1.6, 0.64], steps, axis=0),
    "that overshoots": lambda rng, steps: lfilter([0.21], [1.0, -1.6, 0.81], steps, axis=0),
}


@pytest.mark.parametrize("correlation, least, most", [(0.0, 0.0, 0.2), (0.7, 1.0, 1.0)])
@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
def test_set_points_are_not_called_dependent_because_they_change_at_common_times(seen, correlation, least, most):
    rng = np.random.default_rng(9)
    streams = [seen(rng, set_points(rng, correlation)) for _ in range(50 if most < 1.0 else 5)]
    found = [p_values_by_shifts(Moves.of(both, 50), 50)[0][0, 1] for both in streams]
    assert least <= np.mean(np.array(found) < 0.05) <= most  # 0.5 to 0.8 of independent ones by shifts alone


def test_values_of_one_message_that_depend_are_found(rng):
    values = rng.standard_normal((600, 2))
    values[2:, 1] += 0.5 * values[:-2, 0]  # two messages later
    assert p_values_by_shifts(Moves.of(of_one_message(rng, values), 30), 30)[0][0, 1] < 0.001


def test_streams_that_drift_and_depend_are_found_by_how_they_change(rng):
    """A command that is held for long, and a speed that follows it."""
    command = np.repeat(rng.standard_normal(8), 300)
    speed = lfilter([0.1], [1.0, -0.9], np.roll(command, 5)) + 0.01 * rng.standard_normal(2400)
    p_values, drifting, shifts, _ = p_values_by_shifts(Moves.of(np.column_stack([command, speed]), 20), 20)
    assert drifting.all()
    assert shifts > 1000
    assert p_values[0, 1] < 0.01


def gaits(rng, noise):
    """Draw waves of 211 samples in six phases."""
    phases = np.arange(3000)[:, None] / 211.0 + rng.random(6)
    return np.sin(2.0 * np.pi * phases) + noise * rng.standard_normal((3000, 6))


def test_streams_of_one_period_are_tested_by_their_deviations_from_it(rng):
    found = [p_values_by_shifts(Moves.of(gaits(rng, 0.5), 50), 50) for _ in range(6)]
    p_values = np.concatenate([one.p_value[PAIRS] for one in found])
    assert np.isfinite(p_values).all() and np.mean(p_values < 0.05) < 0.15
    common = 0.5 * rng.standard_normal((3000, 1))
    assert (p_values_by_shifts(Moves.of(gaits(rng, 0.5) + common, 50), 50).p_value[PAIRS] < 0.001).all()


def test_pure_waves_of_one_period_have_a_reason_instead_of_a_p_value(rng):
    found = p_values_by_shifts(Moves.of(gaits(rng, 0.01), 50), 50)
    assert np.isnan(found.p_value).all() and set(found.untested[PAIRS]) == {ONE_PERIOD}


def test_rows_that_come_again_count_once(rng):
    found = []
    for _ in range(6):
        rows = rng.permutation(np.repeat(np.arange(400), 5))
        found += p_values_by_shifts(Moves.of(rng.standard_normal((400, 6))[rows], 30), 30).p_value[PAIRS].tolist()
    assert np.isfinite(found).all() and np.mean(np.array(found) < 0.05) < 0.15
