from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from matrices import matrix_of
from scipy.signal import lfilter

from infonet_ros.dependence.changes.matrix_changes import Motion, find_changes
from infonet_ros.dependence.window_matrices import channel_matrices
from infonet_ros.intake.windows.window import Window
from infonet_ros.settings import Settings

SECOND = 1_000_000_000


def matrices(values, half_width=0.05, window=20, hop=2, valid=True):
    """One matrix of two channels for each value of the MI."""
    made = []
    for k, value in enumerate(values):
        mi, end = np.full((2, 2), value, dtype=np.float32), (window + k * hop) * SECOND
        made.append(
            matrix_of(
                mi,
                names=("a", "b"),
                lower=mi - half_width,
                upper=mi + half_width,
                valid=np.array([True, valid]),
                start=end - window * SECOND,
                end=end,
            )
        )
    return made


def moving(spreads, drifting):
    """The motion of every window, whichever are asked for."""
    return lambda windows: Motion(spreads, drifting)


def ramp(before, after, count=40, change=20, window=20, hop=2):
    """MI of windows if the dependence jumps at the end of window ``change``; windows with both parts lie between."""
    between = np.clip((np.arange(count) - change) * hop / window, 0.0, 1.0)
    return before + (after - before) * between


def test_a_jump_is_found_once_at_its_time():
    (change,) = find_changes(matrices(ramp(0.2, 1.2)))
    assert (change.a, change.b) == ("a", "b")
    assert abs(change.time - (20 + 20 * 2) * SECOND) <= 2 * SECOND
    assert abs(change.before - 0.2) < 0.01
    assert abs(change.after - 1.2) < 0.01


def test_noise_within_the_intervals_is_no_change():
    rng = np.random.default_rng(0)
    assert find_changes(matrices(0.5 + 0.05 / 1.645 * rng.normal(size=200))) == []


def test_a_jump_within_wide_intervals_is_no_change():
    assert find_changes(matrices(ramp(0.2, 1.2), half_width=1.0)) == []


def test_a_certain_but_tiny_jump_is_no_change():
    assert find_changes(matrices(ramp(0.20, 0.25), half_width=0.001)) == []


def test_a_jump_of_a_pair_that_is_independent_over_the_whole_recording_is_no_change():
    jump = matrices(ramp(0.4, 0.0))
    for p_value, changes in ((0.3, 0), (0.001, 1), (np.nan, 1)):
        whole = matrix_of(np.zeros((2, 2)), names=("a", "b"), p_value=np.full((2, 2), p_value))
        assert len(find_changes(jump, whole=whole)) == changes


def test_two_jumps_are_found_the_larger_first():
    mi = np.concatenate([ramp(0.0, 0.6), ramp(0.6, 2.0)])
    sizes = [change.after - change.before for change in find_changes(matrices(mi))]
    np.testing.assert_allclose(sizes, [1.4, 0.6], atol=0.05)


def test_windows_without_use_are_no_evidence():
    assert find_changes(matrices(ramp(0.2, 1.2), valid=False)) == []


def test_a_recording_of_few_windows_has_no_changes():
    assert find_changes(matrices([0.1, 1.0])) == []


def test_a_change_beside_another_motion_is_none():
    """The robot stops where the dependence ends: then nothing has changed but its motion."""
    jump = matrices(ramp(1.2, 0.2))
    steady, calm = np.ones((40, 2)), np.zeros((40, 2), dtype=bool)
    assert len(find_changes(jump, moving(steady, calm))) == 1
    for after in (0.1, 0.0, 3.0):
        stopped = steady * ramp(1.0, after)[:, None]
        assert find_changes(jump, moving(stopped, calm)) == []
    assert find_changes(jump, moving(steady, ~calm)) == []
    one_drifts = np.array([[True, False]]).repeat(40, axis=0)
    assert len(find_changes(jump, moving(steady, one_drifts))) == 1
    later = np.arange(40)[:, None].repeat(2, axis=1) >= 25
    assert find_changes(jump, moving(steady, ~later)) == []
    assert len(find_changes(jump, moving(steady, later))) == 1  # drift adds dependence, and takes none away
    noisy = matrices(ramp(3.2, 0.4))  # one of two altimeters that wander: drift adds no 3 nats
    assert len(find_changes(noisy, moving(steady, ~calm))) == 1


def test_less_motion_explains_what_a_weaker_signal_loses():
    """Half the motion leaves 0.66 of 1.2 nats. That nothing is left has another cause, such as swapped axes."""
    calm, half = np.zeros((40, 2), dtype=bool), ramp(1.0, 0.5)[:, None] * np.ones((1, 2))
    expected = 0.5 * np.log1p(0.25 * np.expm1(2.4))
    assert find_changes(matrices(ramp(1.2, expected)), moving(half, calm)) == []
    assert len(find_changes(matrices(ramp(1.2, 0.0)), moving(half, calm))) == 1
    assert len(find_changes(matrices(ramp(0.0, 1.2)), moving(half[::-1], calm))) == 1


def test_one_channel_with_less_motion_alone_is_a_change():
    """The gyroscope gives weak noise while the wheels turn as before. What was weak to begin with may be that small."""
    calm, blind = np.zeros((40, 2), dtype=bool), np.column_stack([ramp(1.0, 0.05), np.ones(40)])
    assert len(find_changes(matrices(ramp(1.2, 0.0)), moving(blind, calm))) == 1
    assert find_changes(matrices(ramp(0.4, 0.0)), moving(blind, calm)) == []


@pytest.mark.parametrize(("others", "found"), [(0.05, 0), (1.0, 1)])
def test_what_depends_on_a_still_channel_tells_a_parked_car_from_a_dead_gyro(others, found):
    """The steering wheel turns all the time. With the yaw rate, acceleration and speed end, or they do not."""
    four = np.where(np.arange(4) < 2, 1.0, 0.0)
    jump = []
    for plain in matrices(ramp(1.2, 0.0)):
        mi = np.outer(four, four).astype(np.float32) * plain.mi[0, 1]
        known = {"lower": mi - 0.05, "upper": mi + 0.05, "valid": np.ones(4, dtype=bool)}
        jump.append(matrix_of(mi, names=tuple("abcd"), start=plain.start, end=plain.end, **known))
    whole = replace(jump[0], mi=np.ones((4, 4), dtype=np.float32), p_value=np.zeros((4, 4)))
    motion = np.column_stack([np.ones(40), ramp(1.0, 0.05), ramp(1.0, others), ramp(1.0, others)])
    assert len(find_changes(jump, moving(motion, np.zeros((40, 4), dtype=bool)), whole)) == found


def test_streams_that_stay_what_they_are_have_no_change(net):
    """AR streams, coupled or not, and random walks: none in twenty runs."""
    for seed in range(20):
        noise = np.random.default_rng(seed).standard_normal((1500, 3))
        streams = np.cumsum(noise, axis=0) if seed % 2 else lfilter([1.0], [1.0, -0.9], noise, axis=0)
        streams[:, 1] += streams[:, 0] * (seed % 3 == 0)
        cuts = [streams[k : k + 200] for k in range(0, 1301, 20)]
        windows = [
            Window(("a", "b", "c"), cut, 2 * k * SECOND, (2 * k + 20) * SECOND - SECOND // 10, 10.0)
            for k, cut in enumerate(cuts)
        ]
        found = find_changes(list(channel_matrices(net, windows, Settings())), partial(Motion.of, cuts))
        assert found == []
