"""Spikes: single samples that stand out from those before and after them, as after a bit error or at a loose contact.

A pair can hardly show them: one sample is little evidence. So they are compared with those of the good recordings. In
a burst everything stands out, so a spike must stand out from the steps before it as well.
"""

import numpy as np

from infonet_ros.series import mean_of_known

REACH = 2
"""Samples from a spike to those it is compared with. One wrong message changes two samples of the clock at most."""

STEPS = 8
"""Steps from sample to sample, before those, that show how busy the channel is."""

BEFORE = REACH + STEPS
"""Samples that are needed before a spike."""

RANGE = 0.25
"""Of the range of the good values: lower spikes are not searched."""

_MEDIAN = 0.6745  # of the sizes of Gaussian steps, in root mean squares


def spike_heights(
    values: np.ndarray,
    angles: np.ndarray,
    usual: np.ndarray,
    single: np.ndarray | None = None,
    least: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Return by how much samples stand out from those before and after them.

    If the steps before are larger than usual, the height is less in proportion. Unknown samples do not stand out.

    Parameters
    ----------
    values : (T, N) float64
        NaN where unknown.
    angles : (N,) bool
        Channels of which whole turns do not count.
    usual : (N,) float64
        Their `usual_steps`.
    single : (T, N) float64, optional
        By how much single messages since the sample before stand out; NaN where only the samples show it.
    least : (N,) float64 or float, optional
        Lower heights do not matter, and are 0: if all are, nothing else is computed.

    Returns
    -------
    (T - BEFORE - REACH, N) float64
        Without the first and the last samples.
    """
    if len(values) <= BEFORE + REACH:
        return np.zeros((0, values.shape[1]))
    middle, earlier, later = values[BEFORE:-REACH], values[STEPS : -2 * REACH], values[BEFORE + REACH :]
    before, after = (_differences(middle, other, angles) for other in (earlier, later))
    heights = np.where(before * after > 0.0, np.minimum(np.abs(before), np.abs(after)), 0.0)
    if single is not None:
        of_messages = single[BEFORE:-REACH]
        heights = np.where(np.isnan(of_messages), heights, of_messages)
    heights[~(heights > least)] = 0.0
    if not heights.any():
        return heights
    busiest = np.maximum(usual, _recent_steps(values, angles))
    return heights * np.divide(usual, busiest, out=np.zeros_like(heights), where=busiest > 0.0)


def usual_steps(values: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Return the root mean square (N,) of the steps of channels (T, N) from sample to sample; 0 if none is known."""
    steps = _differences(values[1:], values[:-1], angles)
    return np.sqrt(mean_of_known(np.square(steps)))


def _recent_steps(values: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Return the size of the steps before the middle samples, (T - BEFORE - REACH, N), not that of a single jump."""
    steps = np.nan_to_num(np.abs(_differences(values[1:], values[:-1], angles)))[: -2 * REACH]
    windows = np.lib.stride_tricks.sliding_window_view(steps, STEPS, axis=0)
    middle = np.sort(windows, axis=-1)[..., STEPS // 2 - 1 : STEPS // 2 + 1]  # np.median takes several times as long
    return middle.mean(axis=-1) / _MEDIAN


def _differences(values: np.ndarray, other: np.ndarray, angles: np.ndarray) -> np.ndarray:
    differences = values - other
    return np.where(angles, np.remainder(differences + np.pi, 2.0 * np.pi) - np.pi, differences)
