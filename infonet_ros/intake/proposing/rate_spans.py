"""The time over which the rate of a noisy field is taken: the shortest at which little of the rate is noise.

Take a position with a noise of 1 cm, read 50 times a second. Its rate between two samples has a noise of 0.7 m/s. From
the mean over half a second to that over the next it has a noise of 1 cm/s.
"""

import numpy as np

_NOISE = 0.1  # of the variance of a rate, at most
_LEAST_SPANS = 64  # in the recording
_OUTLIERS = 0.005  # of the steps, on either side


def rate_span(values: np.ndarray, hold: int = 1) -> int | None:
    """Return over how many samples evenly spaced values (M,) have a rate: 0 for two, None where no number is enough.

    Steps of a field without noise differ little from the next, or not at all like it, as those of a random walk. Noise
    makes each step go back on the one before, and not on the one before that.

    A field that keeps its value for ``hold`` samples has a rate from one value to the next: between two samples it
    would be 0, or a peak.
    """
    values = values[::hold]
    steps = np.diff(values)
    if len(steps) < _LEAST_SPANS:
        return None
    steps = np.clip(steps, *np.quantile(steps, (_OUTLIERS, 1.0 - _OUTLIERS)))
    steps -= steps.mean()
    next_but_one, following = (float(steps[lag:] @ steps[:-lag]) / len(steps) for lag in (2, 1))
    noise = max(0.0, next_but_one - following)  # variance of one sample
    half = 1
    sums = np.concatenate([[0.0], np.cumsum(values - values[0])])
    while 2 * half * _LEAST_SPANS <= len(values) or half == 1:
        means = (sums[half:] - sums[:-half]) / half
        if 2.0 * noise / half <= _NOISE * np.var(means[half:] - means[:-half]):
            return 2 * half * hold if half * hold > 1 else 0
        half *= 2
    return None
