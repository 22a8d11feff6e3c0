from types import SimpleNamespace

import numpy as np
import pytest

from infonet_ros.intake.windows.window import Window
from infonet_ros.offline.trace import STRETCHES, Trace

PERIOD = 10_000_000


def window(first, count, values=None):
    """Cut a window of ticks ``first`` ... from a stream whose value is its tick."""
    ticks = np.arange(first, first + count)
    samples = np.asarray(ticks if values is None else values, dtype=float)[:, None]
    return Window(("a",), samples, int(ticks[0]) * PERIOD, int(ticks[-1]) * PERIOD, 1e9 / PERIOD)


def trace_of(*windows, angular=False, longest_lag=0.05):
    trace = Trace(np.array([angular]), longest_lag)
    for one in windows:
        trace.add(SimpleNamespace(align=lambda one=one: one))
    return trace


def test_overlapping_windows_give_each_sample_once():
    overview = trace_of(window(0, 20), window(5, 20), window(10, 20)).overview(1000)
    assert overview.window.samples[:, 0].tolist() == list(range(30))
    assert overview.stamps.tolist() == [tick * PERIOD for tick in range(30)]
    assert overview.complete


def test_stamps_of_today_are_exact_to_the_nanosecond():
    first = 1_700_000_000_010_000_000 // PERIOD
    overview = trace_of(window(first, 20), window(first + 10, 20)).overview(1000)
    assert overview.stamps.tolist() == [(first + tick) * PERIOD for tick in range(30)]


def test_samples_between_the_ticks_stay_with_their_rows():
    """Two angles with two samples for each tick, and two holes: one in time, one where samples are left out."""
    trace = Trace(np.array([True, True]), 0.02, most_steps=2)
    for first in (0, 50):
        ticks = np.arange(first, first + 10)
        samples = np.stack([ticks, ticks], axis=1).astype(float)
        half = np.stack([samples - 0.5, samples], axis=1)
        whole = Window(("a", "b"), samples, int(ticks[0]) * PERIOD, int(ticks[-1]) * PERIOD, 1e9 / PERIOD)
        trace.add(
            SimpleNamespace(
                align=lambda whole=whole: whole,
                steps=lambda most: np.array([most, most]),
                finer=lambda rows, steps, half=half: half[rows],
            )
        )
    overview = trace.overview(1000).with_holes(5)
    left_out = np.arange(len(overview.stamps)) == 3
    overview = overview.without(left_out[:, None]).taking(np.arange(1, len(overview.stamps)))
    values = overview.at_steps(2)[:, 0]
    np.testing.assert_array_equal(values[1::2], overview.window.samples[:, 0])
    np.testing.assert_array_equal(overview.at_steps(1), overview.window.samples)
    steps = np.diff(values)
    assert np.isnan(values[4:6]).all() and np.isfinite(values[:4]).all()
    assert steps[np.isfinite(steps)] == pytest.approx(0.5)


def test_a_hole_is_as_long_as_the_longest_delay():
    overview = trace_of(window(0, 10), window(50, 10)).overview(1000)
    values = overview.window.samples[:, 0]
    assert np.isnan(values[10:16]).all()
    assert values[16:].tolist() == list(range(50, 60))


def test_holes_are_widened_for_longer_delays():
    overview = trace_of(window(0, 10), window(50, 10)).overview(1000).with_holes(20)
    values = overview.window.samples[:, 0]
    assert np.isnan(values[10:30]).all() and len(overview.stamps) == len(values)
    assert values[30:].tolist() == list(range(50, 60))
    assert overview.stamps[30:].tolist() == [tick * PERIOD for tick in range(50, 60)]


def test_a_jump_back_in_time_starts_anew():
    values = trace_of(window(100, 10), window(0, 10)).overview(1000).window.samples[:, 0]
    assert values[np.isfinite(values)].tolist() == [*range(100, 110), *range(10)]


def test_angles_of_windows_that_were_unwrapped_apart_are_joined():
    turning = np.linspace(0, 12, 40)
    parts = [turning[:20], turning[10:30] - 2 * np.pi, turning[20:] - 4 * np.pi]
    trace = trace_of(*(window(10 * k, 20, part) for k, part in enumerate(parts)), angular=True)
    np.testing.assert_allclose(trace.overview(1000).window.samples[:, 0], turning, atol=1e-12)


def test_a_long_recording_is_represented_by_stretches_all_over_it():
    overview = trace_of(window(0, 10_000)).overview(800)
    values = overview.window.samples[:, 0]
    assert not overview.complete
    assert np.isfinite(values).sum() == 800
    assert values[0] == 0
    assert values[-1] == 9999
    assert np.isnan(values).sum() == (STRETCHES - 1) * 6
