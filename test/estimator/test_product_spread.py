"""The spread of sums of products, against that of many simulated sums."""

import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.estimator.samples.product_spread import product_spread

COUNT = 4000


def filtered(rng, shape):
    return lfilter([np.sqrt(1.0 - 0.8**2)], [1.0, -0.8], rng.standard_normal((*shape, COUNT + 200)))[..., 200:]


def steps_at_common_times(rng):
    lasting = rng.geometric(0.05, size=COUNT)
    return np.repeat(rng.standard_normal((2, COUNT)), lasting, axis=1)[:, :COUNT]


def test_it_is_nearly_the_variance_of_the_sum(rng):
    """Of products of AR(1) streams of 0.8 it is T (1 + 0.64) / (1 - 0.64), for each of the 2 x 3 products.

    Their mean is known from the blocks only, so a tenth is missing, and the end of each block a little.
    """
    found = [product_spread(filtered(rng, (2,)), filtered(rng, (3,)), np.array([0, 700])) for _ in range(100)]
    assert np.mean(found) == pytest.approx(0.9 * 6 * COUNT * 1.64 / 0.36, rel=0.05)


def test_at_common_times_it_is_larger_than_after_a_shift(rng):
    """A step lasts on at both sides by 0.95, or after a shift by 0.95 squared: the sums of their powers."""
    streams = (steps_at_common_times(rng) for _ in range(300))
    at_once, later = np.mean([product_spread(x[None], y[None], np.array([0, 1777])) for x, y in streams], axis=0)
    assert at_once / later == pytest.approx((1.95 / 0.05) / ((1.0 + 0.95**2) / (1.0 - 0.95**2)), rel=0.12)


def test_a_shift_takes_later_samples_of_the_right_side(rng):
    left, right = rng.standard_normal((2, 2, COUNT))
    there = product_spread(left, right, np.array([-3, 900]))
    rolled = [product_spread(left, np.roll(right, -shift, axis=1), np.zeros(1, dtype=int))[0] for shift in (-3, 900)]
    np.testing.assert_allclose(there, rolled)
