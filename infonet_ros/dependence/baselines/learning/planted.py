"""Faults that are put into the good samples: how soon they give an alarm is known before one happens."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from infonet_ros.dependence.baselines.forms import Form, in_form
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.matrix import LaggedPair
from infonet_ros.series import paired_at_lag

PLANTED: dict[str, Callable[[np.ndarray, float, int], np.ndarray]] = {
    "sign": lambda values, spread, second: -values,
    "late": lambda values, spread, second: np.concatenate([np.full(second, np.nan), values])[: len(values)],
    "offset": lambda values, spread, second: values + spread,
    "gain": lambda values, spread, second: 0.3 * values,
}
"""From good values (T,), their standard deviation and the samples of a second, at least one, to faulty ones."""


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
