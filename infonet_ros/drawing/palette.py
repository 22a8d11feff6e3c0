"""The colours of MI, which are the same in the image, the markers and the terminal."""

import bisect
from collections import deque

import numpy as np

# Every 15th colour of viridis (Smith and van der Walt, 2015): perceptually uniform, legible with every kind of colour
# blindness and in grey. Copied here, so that the terminal and the node need no matplotlib for a colour.
_VIRIDIS = (
    "440154 481769 472a7a 433d84 3d4e8a 355e8d 2e6d8e 297b8e 23898e "
    "1f978b 21a585 2eb37c 46c06f 65cb5e 89d548 b0dd2f d8e219 fde725"
)
_ANCHORS = np.array([list(bytes.fromhex(code)) for code in _VIRIDIS.split()], dtype=float)
_REMEMBERED = 10  # matrices that decide where a scale ends
_STEPS = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)

TABLE = np.stack(
    [np.interp(np.linspace(0, 1, 256), np.linspace(0, 1, len(_ANCHORS)), channel) for channel in _ANCHORS.T], axis=1
)
TABLE = TABLE.round().astype(np.uint8)
"""(256, 3) uint8, red, green, blue: from no information to the end of the scale."""


class Scale:
    """The end of the colour scale: a round value above the largest MI of the last ten matrices.

    So the scale grows at once and shrinks late, and a colour means the same in one picture and the next. With a
    ``maximum``, nats, it always ends there.
    """

    def __init__(self, maximum: float | None = None) -> None:
        self._maximum = maximum
        self._largest: deque[float] = deque(maxlen=_REMEMBERED)

    def end(self, mi: np.ndarray) -> float:
        """Add the MI of one more matrix, of any shape and NaN where not known; return the end of the scale, nats."""
        if self._maximum is not None:
            return self._maximum
        self._largest.append(float(np.max(mi, initial=0.0, where=np.isfinite(mi))))
        return scale_end(max(self._largest))


def scale_end(largest: float) -> float:
    """Round the largest MI up to a value that a colour scale may end at."""
    return _STEPS[min(bisect.bisect_left(_STEPS, largest), len(_STEPS) - 1)]


def colours(mi: np.ndarray, end: float) -> np.ndarray:
    """Return the colour of each MI on a scale from 0 to ``end`` nats: ``mi.shape + (3,)`` uint8, red, green, blue.

    Beyond the end it is the last colour. NaN gets the first: the caller draws unknown values in its own way.
    """
    share = np.clip(np.nan_to_num(np.asarray(mi, dtype=float)) / end, 0.0, 1.0)
    return TABLE[(share * 255.0).round().astype(int)]


def is_light(colour: np.ndarray) -> np.ndarray:
    """Whether black is easier to read than white on colours (..., 3), by their luminance (ITU-R BT.709)."""
    return colour @ (0.2126, 0.7152, 0.0722) > 115
