"""The good samples from which a baseline is learnt, and faults put into them, to tell how soon these give an alarm."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.dependence.baselines.forms import RANKED, Form, in_form, lag_one_autocorrelations
from infonet_ros.dependence.matrix import LaggedPair
from infonet_ros.series import paired_at_lag

PLANTED: dict[str, Callable[[np.ndarray, float, int], np.ndarray]] = {
    "sign": lambda values, spread, second: -values,
    "late": lambda values, spread, second: np.concatenate([np.full(second, np.nan), values])[: len(values)],
    "offset": lambda values, spread, second: values + spread,
    "gain": lambda values, spread, second: 0.3 * values,
}
"""From good values (T,), their standard deviation and the samples of a second, at least one, to faulty ones."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """Good samples of all recordings."""

    names: tuple[str, ...]
    pieces: tuple[np.ndarray, ...]  # tuple of (T, N) float64: each on one regular clock; NaN where unknown
    rate: float
    messages: tuple[np.ndarray, ...] = ()
    """tuple of (T, N) float64: number of messages of each channel since the sample before (see `messages_since`), for
    each piece; empty if they were not counted."""
    spikes: tuple[np.ndarray, ...] = ()
    """tuple of (T, N) float64: by how much one of these stands out, see `spikes_since`; empty if that is not known."""
    angles: tuple[str, ...] = ()  # names of the channels whose whole turns do not count

    @property
    def seconds(self) -> float:
        """Length of all pieces together."""
        return sum(map(len, self.pieces)) / self.rate

    @cached_property
    def memory(self) -> np.ndarray:
        """Share (N,) of a sample of each channel that the next one keeps."""
        return lag_one_autocorrelations(self.pieces)

    @cached_property
    def middle(self) -> np.ndarray:
        """Median (N,) of each channel; 0 of one without samples."""
        return np.array([np.median(known) if len(known) else 0.0 for known in self._known])

    @cached_property
    def spread(self) -> np.ndarray:
        """Standard deviation (N,) of each channel; 0 of one without samples."""
        return np.array([np.std(known) if len(known) else 0.0 for known in self._known])

    @cached_property
    def _known(self) -> list[np.ndarray]:
        return [channel[np.isfinite(channel)] for channel in np.concatenate(self.pieces).T]

    @cached_property
    def forms(self) -> dict[Form, "Lesson"]:
        """These samples in each form in which they can be judged."""
        return {
            form: replace(self, pieces=tuple(in_form(piece, form, self.memory, self.middle) for piece in self.pieces))
            for form in RANKED
        }

    def halves(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return the pieces of the first and of the second half of the time."""
        left, first, second = sum(map(len, self.pieces)) // 2, [], []
        for piece in self.pieces:
            first.append(piece[: max(0, left)])
            second.append(piece[max(0, left) :])
            left -= len(piece)
        return [piece for piece in first if len(piece)], [piece for piece in second if len(piece)]


def planted(lesson: Lesson, candidate: LaggedPair, form: Form, fault: str) -> Iterator[Sequence[np.ndarray]]:
    """Yield the good samples of a pair (2, T) in a form, first with a fault of the one channel, then of the other."""
    columns = [candidate.a, candidate.b]
    memory, middle = lesson.memory[columns], lesson.middle[columns]
    second = max(1, round(lesson.rate))
    for side, spread in enumerate(lesson.spread[columns]):
        pieces = []
        for piece in lesson.pieces:
            samples = piece[:, columns]
            samples[:, side] = PLANTED[fault](samples[:, side], spread, second)
            x, y = in_form(samples, form.ranked, memory, middle).T
            pieces.append(np.stack(paired_at_lag(x, y, candidate.lag)))
        yield pieces
