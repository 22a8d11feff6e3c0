import numpy as np
from scipy.stats import rankdata

from infonet_ros.average_ranks import average_ranks


def test_ranks_are_those_of_scipy(rng):
    for values in (rng.standard_normal(100), rng.integers(5, size=100), np.ones(7), np.empty(0)):
        np.testing.assert_array_equal(average_ranks(values), rankdata(values))
