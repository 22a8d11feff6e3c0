"""Independent streams that move at common times are not called dependent for it."""

import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.estimator.samples.common_times import GROWTH, coincidence, common_time_factors, moving_together
from infonet_ros.estimator.samples.ranks import normalised, rank

COUNT = 1000


def ranks(*streams):
    return normalised(rank(np.stack(streams)))


def set_points(rng, run=20.0, noise=0.2, correlation=0.0, count=COUNT):
    """Steps of two streams at common times, in noise."""
    own, common = rng.standard_normal((2, count)), rng.standard_normal(count)
    heights = np.sqrt(correlation) * common + np.sqrt(1.0 - correlation) * own
    lasting = np.repeat(heights, rng.geometric(1.0 / run, size=count), axis=1)[:, :count]
    return lasting + noise * rng.standard_normal((2, count))


def coupled(rng, correlation):
    x, own = lfilter([1.0], [1.0, -0.9], rng.standard_normal((2, COUNT)))
    return x, correlation * x + np.sqrt(1.0 - correlation**2) * own


def test_common_times_are_told_from_a_dependence(rng):
    steps = [moving_together(ranks(*set_points(rng)))[0, 1] for _ in range(50)]
    steps_of_one = [moving_together(ranks(set_points(rng)[0], set_points(rng)[1]))[0, 1] for _ in range(50)]
    dependent = [moving_together(ranks(*coupled(rng, 0.7)))[0, 1] for _ in range(50)]
    assert np.mean(steps) > 0.95 and np.mean(steps_of_one) < 0.2 and np.mean(dependent) < 0.2


def test_moves_coincide_less_in_more_noise(rng):
    steps = (set_points(rng, noise=noise, count=10 * COUNT) for noise in (0.1, 0.4, 1.0, 4.0))
    found = [coincidence(ranks(*one))[0, 1] for one in steps]
    assert found == sorted(found, reverse=True) and found[0] > 0.4 and found[-1] < 0.1
    assert coincidence(ranks(*coupled(rng, 0.7)))[0, 1] < 0.15
    assert (coincidence(ranks(*rng.standard_normal((2, 4)))) == 0.0).all()


def test_the_memory_at_common_times_is_that_of_one_stream(rng):
    """Products at lag k correlate by a^k of one stream; after a shift, both must have kept their step: a^2k."""
    steps = set_points(rng, noise=0.0, count=20 * COUNT)
    kept = 1.0 - 1.0 / 20.0
    found = common_time_factors(*ranks(*steps), np.array([4000, 8000, 12000]))
    assert (found ** (1.0 / GROWTH)).mean() == pytest.approx((1.0 + kept) ** 2 / (1.0 + kept**2), rel=0.1)


@pytest.mark.parametrize("correlation, least, most", [(0.0, 0.0, 0.14), (0.95, 0.9, 1.0)])
def test_set_points_at_common_times(net, correlation, least, most):
    rng = np.random.default_rng(9)
    windows = (set_points(rng, correlation=correlation).T for _ in range(100 if most < 1.0 else 20))
    p = np.array([pairs.p_value[0, 1] for pairs in net.pairwise_windows(windows, surrogates=19)])
    assert least <= np.mean(p[np.isfinite(p)] < 0.051) <= most  # 0.7 for independent ones by shifts alone
