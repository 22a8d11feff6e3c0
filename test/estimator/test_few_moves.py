"""Pairs that move too seldom in common have no p-value, and a reason; slow noise has one."""

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

from infonet_ros.estimator.measures.untestable import FEW_MOVES
from infonet_ros.estimator.samples.common_times import few_joint_moves
from infonet_ros.estimator.samples.stationarity import drifting

SHORT, LONG = 256, 1000


def set_points(rng, count):
    """Draw independent steps of two streams at common times, behind a filter."""
    before = 200
    lasting = np.repeat(rng.standard_normal((2, count + before)), rng.poisson(19, count + before) + 1, axis=1)
    return sosfilt(butter(2, 0.1, output="sos"), lasting[:, : count + before])[:, before:]


def slow(rng, count, coefficient=0.95):
    return lfilter([1.0], [1.0, -coefficient], rng.standard_normal((2, count + 500)))[:, 500:]


def few(streams, lag=0, drifts=(False, False)):
    return few_joint_moves(streams, np.array([[0, lag], [-lag, 0]]), np.array(drifts))[0, 1]


def test_a_dozen_common_moves_are_too_few_and_fifty_are_enough(rng):
    assert np.mean([few(set_points(rng, SHORT)) for _ in range(30)]) > 0.9
    assert np.mean([few(set_points(rng, LONG)) for _ in range(30)]) < 0.05
    assert np.mean([few(slow(rng, SHORT)) for _ in range(30)]) < 0.1
    assert not any(few(slow(rng, LONG)) for _ in range(30))


def test_only_pairs_that_do_not_both_drift_are_asked(rng):
    streams = np.array([[0.0], [1.0]]) + np.arange(SHORT) // 32
    assert few(streams) and few(streams, drifts=(True, False)) and not few(streams, drifts=(True, True))


def test_moves_in_common_are_counted_at_the_lag_over_what_both_know(rng):
    x, y = set_points(rng, SHORT + 10)
    late = np.stack([x[10:], y[:-10]])
    assert few(late, lag=10)
    late[0, 100:120] = np.nan
    assert few(late, lag=10)
    assert not few(np.full((2, SHORT), np.nan)) and not few(np.ones((2, SHORT)))


def test_such_a_pair_has_a_reason_instead_of_a_p_value(net, rng):
    steady = next(pair for _ in range(50) if not drifting(pair := set_points(rng, SHORT)).all())
    samples = np.column_stack([*steady, rng.standard_normal(SHORT)])
    found = net.pairwise(samples, surrogates=5)
    where = found.untested == FEW_MOVES
    assert where[0, 1] and where[1, 0] and where.sum() == 2
    assert (np.isnan(found.p_value) == (where | np.eye(3, dtype=bool))).all()
    assert net.estimate(samples[:, 0], samples[:, 1], surrogates=5).untested == FEW_MOVES
    assert not net.pairwise(samples).untested.any()
