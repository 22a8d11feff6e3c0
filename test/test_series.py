from itertools import groupby

import numpy as np
from scipy.stats import rankdata

from infonet_ros.series import average_ranks, mean_of_known, runs


def test_ranks_are_those_of_scipy(rng):
    for values in (rng.standard_normal(100), rng.integers(5, size=100), np.ones(7), np.empty(0)):
        np.testing.assert_array_equal(average_ranks(values), rankdata(values))


def test_the_mean_of_known_values_is_that_of_numpy_and_0_without_any(rng):
    values = rng.standard_normal((50, 4))
    values[rng.random(values.shape) < 0.3] = np.nan
    values[:, 3] = np.nan
    np.testing.assert_allclose(mean_of_known(values)[:3], np.nanmean(values[:, :3], axis=0))
    assert mean_of_known(values)[3] == 0.0


def test_runs_are_those_of_itertools(rng):
    mask = rng.random(200) < 0.5
    lengths = [sum(1 for _ in run) for value, run in groupby(mask) if value]
    begins, ends = runs(mask).T
    np.testing.assert_array_equal(ends - begins, lengths)
    assert all(mask[begin:end].all() for begin, end in zip(begins, ends, strict=True))
    assert len(runs(np.zeros(3, dtype=bool))) == 0
