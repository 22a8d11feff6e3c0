"""Given streams as other channels follow them: some samples later, or slowly, as a wheel follows a held command.

A copy of the command at one delay says little about a wheel that approaches each new set point for many samples. What
the wheel does is then a sum of low-pass filters of the command's past, fitted by least squares. The filter of the past
is a function of the given stream alone, so it can be given in its place.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.linalg.blas import dtbsv

from infonet_ros.series import moved

CLOSER = 0.5
"""A response is used if it leaves at most this share of what the delayed copy leaves of a channel's variance.

Otherwise two channels that respond alike share at most -ln(1 - 0.5^2) / 2 = 0.14 nats beside the copy.
"""

_LONGEST = 16  # times the longest time constant are in a recording, or its few moves could be fitted by chance
_POWERS = (1, 2, 3)  # of the copy: it explains a curved characteristic too
_LEAST_LEFT = 1e-6  # share of the variance


class Place(NamedTuple):
    """Where a given stream is found: its number, the channel that it is filtered for or -1, and samples ahead."""

    driver: int
    listener: int
    offset: int


@dataclass(frozen=True, eq=False)
class Drivers:
    """Streams that are to be given, and the channels that follow them."""

    streams: np.ndarray  # (D, T) float64: NaN where unknown
    channels: np.ndarray  # (N, T) float64
    delays: np.ndarray  # (D, N) int: samples by which each channel follows each stream
    _responses: dict[tuple[int, int], "Response | None"] = field(default_factory=dict, init=False)

    def place(self, driver: int, channel: int, later: int = 0) -> Place:
        """Return where a stream shows most about a channel that is taken so many samples later."""
        if self.response(driver, channel) is not None:
            return Place(driver, channel, later)
        return Place(driver, -1, later - int(self.delays[driver, channel]))

    def at(self, places: Iterable[Place]) -> np.ndarray:
        """Return the streams (P, T) at places, sorted by these; NaN where that is outside."""
        return np.stack([self._at(*place) for place in sorted(places)])

    def response(self, driver: int, channel: int) -> np.ndarray | None:
        """Return a stream as a channel responds to it, (T,); None if a delayed copy is nearly as good."""
        found = self._response(driver, channel)
        return None if found is None else found.values

    def information(self, driver: int, channel: int) -> float:
        """Return what the response says about its channel, nats, if both were Gaussian; 0 without a response."""
        found = self._response(driver, channel)
        return 0.0 if found is None else -0.5 * np.log(max(found.unexplained, _LEAST_LEFT))

    def _response(self, driver: int, channel: int) -> "Response | None":
        if (driver, channel) not in self._responses:
            delay = int(self.delays[driver, channel])
            found = Response.of(self.streams[driver], self.channels[channel], delay) if delay >= 0 else None
            self._responses[driver, channel] = found
        return self._responses[driver, channel]

    def _at(self, driver: int, listener: int, offset: int) -> np.ndarray:
        response = self.response(driver, listener) if listener >= 0 else None
        return moved(self.streams[driver] if response is None else response, -offset)


@dataclass(frozen=True, eq=False)
class Response:
    """The best fit (T,) of a channel by low-pass filters of a stream, and the share of its variance that remains."""

    values: np.ndarray
    unexplained: float

    @classmethod
    def of(cls, stream: np.ndarray, channel: np.ndarray, delay: int) -> "Response | None":
        """Fit a channel (T,) that follows a stream by about ``delay`` samples; None if that is no use, see `CLOSER`."""
        copy = moved(stream, delay)
        rows = np.isfinite(copy) & np.isfinite(channel)
        if not rows.any() or not np.ptp(copy[rows]) or not np.ptp(channel[rows]):
            return None
        unit = (copy - copy[rows].mean()) / copy[rows].std()
        _, limit = linear_fit(np.stack([unit**power for power in _POWERS]), channel, rows)
        fits = [linear_fit(_filtered(stream, early), channel, rows) for early in {0, delay // 2, delay}]
        found, left = min(fits, key=lambda fit: fit[1])
        variance = float(channel[rows].var())
        if left > CLOSER * limit or limit < _LEAST_LEFT * variance:
            return None
        return cls(np.where(np.isfinite(copy), found, np.nan), left / variance)


def linear_fit(inputs: np.ndarray, channel: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, float]:
    """Fit a channel (T,) at some rows (T,) bool by inputs (K, T) and a constant.

    Returns the fit (T,), NaN where an input is not known, and the mean square that remains at the rows.
    """
    design = np.concatenate([inputs, np.ones((1, len(channel)))]).T
    weights = np.linalg.lstsq(design[rows], channel[rows], rcond=None)[0]
    found = design @ weights
    return found, float(np.square(channel - found)[rows].mean())


def _filtered(stream: np.ndarray, delay: int) -> np.ndarray:
    """Return a stream (T,) so many samples later, as it is and through low-pass filters of 1, 2, 4, ... samples."""
    known = np.isfinite(stream)
    last = np.maximum.accumulate(np.where(known, np.arange(len(stream)), np.argmax(known)))
    held = stream[last][np.maximum(np.arange(len(stream)) - delay, 0)]
    constants = 2.0 ** np.arange(max(1, int(np.log2(len(stream) / _LONGEST))))
    return np.stack([held, *(_low_pass(held, keep) for keep in np.exp(-1.0 / constants))])


def _low_pass(values: np.ndarray, keep: float) -> np.ndarray:
    """Return y (T,) with y[t] = keep y[t - 1] + (1 - keep) values[t], which begins at the first value.

    As `scipy.signal.lfilter`, whose module takes more than a second to import: the equations have two diagonals.
    """
    own = np.r_[values[0], (1.0 - keep) * values[1:]]
    return dtbsv(1, np.stack([np.ones(len(own)), np.full(len(own), -keep)]), own, lower=1, diag=1)
