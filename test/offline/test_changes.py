import numpy as np

from infonet_ros.matrices import DependenceMatrix
from infonet_ros.offline.changes import find_changes

SECOND = 1_000_000_000


def matrices(mi, half_width=0.05, window=20, hop=2, valid=True):
    """One matrix of two channels for each value of ``mi``."""
    made = []
    for k, value in enumerate(mi):
        square = np.full((2, 2), value, dtype=np.float32)
        none = np.zeros((2, 2), dtype=np.float32)
        end = (window + k * hop) * SECOND
        made.append(
            DependenceMatrix(
                names=("a", "b"),
                mi=square,
                lower=square - half_width,
                upper=square + half_width,
                p_value=none,
                lag=none,
                samples=none.astype(int),
                valid=np.array([True, valid]),
                start=end - window * SECOND,
                end=end,
                sample_count=200,
                sample_rate=10.0,
                method="pairwise",
                estimator="infonet",
                version="1",
                duration=0.0,
            )
        )
    return made


def ramp(before, after, count=40, change=20, window=20, hop=2):
    """MI of windows when the dependence jumps at the end of window ``change``: windows that hold both lie between."""
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


def test_two_jumps_are_found_the_larger_first():
    mi = np.concatenate([ramp(0.0, 0.6), ramp(0.6, 2.0)])
    sizes = [change.after - change.before for change in find_changes(matrices(mi))]
    np.testing.assert_allclose(sizes, [1.4, 0.6], atol=0.05)


def test_windows_without_use_are_no_evidence():
    assert find_changes(matrices(ramp(0.2, 1.2), valid=False)) == []


def test_a_recording_of_few_windows_has_no_changes():
    assert find_changes(matrices([0.1, 1.0])) == []
