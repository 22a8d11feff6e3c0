"""Common factors between two units, and words for a channel whose values were multiplied by a factor."""

import numpy as np

_UNITS = (3.6, 9.81, 10.0, 100.0, 1000.0)
_GAINS = (2.0, 3.0)  # without a unit: an amplifier, a load
_CLOSE = 0.03  # relative distance within which a factor counts as one of these

FACTORS = {
    np.degrees(1.0): "is about 57.3 times what it was, as degrees for radians",
    np.radians(1.0): "is about 1/57.3 of what it was, as radians for degrees",
    **{k: f"is about {k:g} times what it was, as in another unit" for k in _UNITS},
    **{1.0 / k: f"is about 1/{k:g} of what it was, as in another unit" for k in _UNITS},
    **{k: f"is about {k:g} times what it was" for k in _GAINS},
    **{1.0 / k: f"is about 1/{k:g} of what it was" for k in _GAINS},
}
"""The most frequent factors, with words."""


def factor_words(factor: float) -> str:
    """Return words for a factor above 0.

    Examples
    --------
    >>> factor_words(57.1)
    'is about 57.3 times what it was, as degrees for radians'
    >>> factor_words(1.62)
    'is about 1.6 times what it was'
    """
    nearest = min(FACTORS, key=lambda known: abs(np.log(factor / known)))
    close = abs(np.log(factor / nearest)) < _CLOSE
    return FACTORS[nearest] if close else f"is about {factor:.2g} times what it was"
