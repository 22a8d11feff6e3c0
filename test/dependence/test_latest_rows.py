import numpy as np

from infonet_ros.dependence.baselines.watching.latest_rows import LatestRows


def test_the_latest_rows_are_those_of_an_array_that_grows():
    rng = np.random.default_rng(0)
    latest, all_rows = LatestRows(10, (2,)), np.empty((0, 2))
    for count in (3, 0, 9, 1, 25, 4, 60, 1, 1, 12):
        new = rng.standard_normal((count, 2))
        latest.extend(new)
        all_rows = np.concatenate([all_rows[-10:], new])
        assert np.array_equal(latest.rows, all_rows)
        latest.forget()
        assert np.array_equal(latest.rows, all_rows[-10:])
        assert len(latest) == len(all_rows[-10:])
