"""Learns a baseline from good recordings: selects the pairs, and measures their evidence without faults.

Each pair can be judged by its samples and by their innovations (see `forms`). A table must not judge the samples that
it was learnt from, so each half of the samples is judged by the table of the other half. These log ratios show how high
evidence rises without faults.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter

import numpy as np
import torch

from infonet_ros.dependence.baseline import (
    Baseline,
    PairBaseline,
    View,
    channel_quantiles,
    log_ratios,
    ranks_among,
)
from infonet_ros.dependence.channel_baseline import channel_baselines
from infonet_ros.dependence.coverage import Coverage, longest_vouched, new_values
from infonet_ros.dependence.forms import Form, in_form, memory_of
from infonet_ros.dependence.page_rule import Rises, heights_of_rises, log_e_values, mean_wait
from infonet_ros.errors import RecordingError
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.samples.effective_samples import autocorrelations, effective_samples
from infonet_ros.intake.windows.alignment import lagged_pair
from infonet_ros.text import counted

LEAST_MI = 0.1
"""Nats. The time to an alarm is proportional to 1 / MI: weaker pairs give an alarm too late."""

LEAST_INDEPENDENT = 40
"""Independent samples. Streams with fewer of them, such as positions, look dependent by chance."""

SLOWEST = 60.0
"""Seconds. A pair with a later alarm, at one false alarm per hour, is left out."""

_USUAL = 3600.0  # seconds between false alarms, for which views are compared
_LATER = 1.2  # times the wait of the samples: innovations with a longer wait are not used
_SHIFTS = 8  # circular shifts, for the evidence of a pair that is independent


@dataclass(frozen=True)
class Candidate:
    """A possible pair of a baseline: channel numbers, and the samples by which ``b`` follows ``a``."""

    a: int
    b: int
    lag: int


@dataclass(frozen=True, eq=False)
class Lesson:
    """Good samples of all recordings.

    Attributes
    ----------
    names : tuple of str
    pieces : tuple of (T, N) float64
        Each on one regular clock; NaN where unknown.
    rate : float
    messages : tuple of (T, N) float64
        How many each channel had since the sample before (see `messages_since`), for each piece; empty where nobody
        counted.
    """

    names: tuple[str, ...]
    pieces: tuple[np.ndarray, ...]
    rate: float
    messages: tuple[np.ndarray, ...] = ()

    @property
    def seconds(self) -> float:
        """Length of all pieces together."""
        return sum(map(len, self.pieces)) / self.rate

    @cached_property
    def forms(self) -> dict[Form, "Lesson"]:
        """The same in each form in which samples can be judged."""
        memory, everything = memory_of(self.pieces), np.concatenate(self.pieces)
        middle = np.array([np.median(known) if len(known := x[np.isfinite(x)]) else 0.0 for x in everything.T])
        return {
            form: replace(self, pieces=tuple(in_form(piece, form, memory, middle) for piece in self.pieces))
            for form in Form
        }

    def halves(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return the pieces of the first and of the second half of the time."""
        left, first, second = sum(map(len, self.pieces)) // 2, [], []
        for piece in self.pieces:
            first.append(piece[: max(0, left)])
            second.append(piece[max(0, left) :])
            left -= len(piece)
        return [piece for piece in first if len(piece)], [piece for piece in second if len(piece)]


def learn(
    net: InfoNet,
    lesson: Lesson,
    candidates: Sequence[Candidate],
    *,
    parameters: str,
    recordings: tuple[str, ...],
    most: int = 12,
) -> tuple[Baseline, list[str]]:
    """Learn a baseline of at most ``most`` pairs; also return which pairs were left out, and why.

    Pairs that were left out for the same reason are one sentence.

    Raises
    ------
    RecordingError
        No pair is strong and stable enough.
    """
    learnt, left_out = _learn_pairs(net, lesson, candidates, most)
    if not learnt:
        raise RecordingError(
            f"no pair of {', '.join(recordings)} is strong and stable enough for a baseline "
            f"({'; '.join(left_out) or 'none depends on another'}): give longer or more recordings, which "
            "show all that the robot does when it is well, or name pairs as watches in the params file."
        )
    columns = sorted({channel for one in learnt for channel in (one.candidate.a, one.candidate.b)})
    names = tuple(lesson.names[column] for column in columns)
    pieces = {form: [piece[:, columns] for piece in one.pieces] for form, one in lesson.forms.items()}
    messages = [counts[:, columns] for counts in lesson.messages]
    baseline = Baseline(
        channels=channel_baselines(names, pieces[Form.VALUES], messages, lesson.rate),
        pairs=tuple(one.baseline(lesson.names) for one in learnt),
        views=tuple(replace(view.view, pair=number) for number, one in enumerate(learnt) for view in one.views),
        quantiles=np.stack([channel_quantiles(np.concatenate(pieces[form])) for form in Form]),
        tables=np.stack([view.table for one in learnt for view in one.views]),
        rate=lesson.rate,
        parameters=parameters,
        recordings=recordings,
        seconds=lesson.seconds,
        coverage=_coverage(lesson, learnt, names, recordings),
    )
    return baseline, left_out


def _coverage(
    lesson: Lesson, learnt: Sequence["_LearntPair"], names: tuple[str, ...], recordings: tuple[str, ...]
) -> Coverage:
    """Say what the good recordings vouch for with some pairs, which have channels of these names."""
    views = [view for one in learnt for view in one.views]
    if len(lesson.pieces) == len(recordings) > 1:
        parts = dict(zip(recordings, lesson.pieces, strict=True))
    else:
        parts = dict(zip(("the first half", "the second half"), map(np.concatenate, lesson.halves()), strict=True))
    columns = [lesson.names.index(name) for name in names]
    return Coverage(
        vouched=longest_vouched(np.concatenate([view.reached for view in views]) / len(views), lesson.seconds),
        unwatched=tuple(name for name in lesson.names if name not in names),
        new_values=new_values(names, {part: samples[:, columns] for part, samples in parts.items()}),
    )


def _learn_pairs(
    net: InfoNet, lesson: Lesson, candidates: Sequence[Candidate], most: int
) -> tuple[list["_LearntPair"], list[str]]:
    """Learn the first ``most`` candidates that can be; also return which were left out, and why."""
    learnt: list[_LearntPair] = []
    left_out: dict[str, list[str]] = {}
    for candidate in candidates:
        if len(learnt) == most:
            break
        views = _learn_pair(net, lesson, candidate)
        if isinstance(views, str):
            left_out.setdefault(views, []).append(f"{lesson.names[candidate.a]} and {lesson.names[candidate.b]}")
        else:
            learnt.append(_LearntPair(candidate, views))
    return learnt, _reasons(left_out)


def _reasons(left_out: Mapping[str, Sequence[str]]) -> list[str]:
    """Write out why pairs were left out: {reason: pairs}."""
    texts = []
    for reason, pairs in left_out.items():
        more = f", and {counted(len(pairs) - 1, 'more pair')}" if len(pairs) > 1 else ""
        texts.append(f"{pairs[0]}{more}: {reason}")
    return texts


@dataclass(frozen=True, eq=False)
class _LearntView:
    """A view with its table (G, G), and what the two share in it, nats.

    ``wait`` is the time to an alarm, ``reached`` for each rise of the evidence of one half by the table of the other
    the false-alarm interval whose threshold it reaches, all in seconds.
    """

    view: View
    table: np.ndarray
    mi: float
    wait: float
    reached: np.ndarray


@dataclass(frozen=True, eq=False)
class _LearntPair:
    """A candidate with its views, the first of which tells what the two share."""

    candidate: Candidate
    views: list[_LearntView]

    def baseline(self, names: Sequence[str]) -> PairBaseline:
        """Return it with the names of its channels."""
        return PairBaseline(names[self.candidate.a], names[self.candidate.b], self.candidate.lag, self.views[0].mi)


def _learn_pair(net: InfoNet, lesson: Lesson, candidate: Candidate) -> list[_LearntView] | str:
    """Learn the views of a pair, or say why it has none.

    Innovations are a view if they give an alarm about as soon as the samples, or sooner: slow streams. They are
    standardized where that gives an alarm sooner: bursts.
    """
    values, *others = (_learn_view(net, lesson.forms[form], candidate, form) for form in Form)
    found = [view for view in others if not isinstance(view, str)]
    if isinstance(values, str):
        return [min(found, key=attrgetter("wait"))] if found else values
    return [values, *sorted((view for view in found if view.wait <= _LATER * values.wait), key=attrgetter("wait"))[:1]]


def _learn_view(net: InfoNet, lesson: Lesson, candidate: Candidate, form: Form) -> _LearntView | str:
    """Learn one view of a pair, or say why it cannot be."""
    first, second, whole = (_Part.of(net, pieces, candidate) for pieces in (*lesson.halves(), lesson.pieces))
    if first is None or second is None or whole is None:
        return "too few samples in one half of the recordings"
    if whole.independent_samples < LEAST_INDEPENDENT:
        return f"so slow that the recordings contain fewer than {LEAST_INDEPENDENT} independent samples"
    if whole.mi < LEAST_MI:
        return f"less than {LEAST_MI:g} nats"
    crosswise = [first.judge(second.pieces), second.judge(first.pieces)]
    held_out = [ratios for half in crosswise for ratios in half]
    if min(np.nanmean(np.concatenate(half)) for half in crosswise) < whole.mi / 4.0:
        return "one half of the recordings does not show what the other does"
    # The table of the whole may be worse than those of the halves; then its own samples show it.
    heights = [heights_of_rises(ratios) for ratios in (held_out, whole.judge(whole.pieces))]
    found = [Rises.of(one, lesson.seconds) for one in heights]
    if None in found:
        return "what one half of the recordings shows does not cover the other"
    rises = max((one for one in found if one is not None), key=lambda one: one.threshold(_USUAL))
    threshold = rises.threshold(_USUAL)
    wait = float(np.mean([mean_wait(log_e_values(ratios), threshold) for ratios in _decoupled(whole)])) / lesson.rate
    if wait > SLOWEST:
        return f"an alarm would take more than {SLOWEST:g} s, so little do the two share, or so slowly do they change"
    view = View(pair=0, form=form, rises=rises, decoupling=threshold / wait)
    return _LearntView(view, whole.table, whole.mi, wait, rises.interval(heights[0]))


@dataclass(frozen=True, eq=False)
class _Part:
    """A pair as some pieces show it.

    Its samples (2, T) of each piece, quantiles (2, Q), table (G, G), MI in nats; and the number of independent samples
    that all of them are worth.
    """

    pieces: list[np.ndarray]
    quantiles: np.ndarray
    table: np.ndarray
    mi: float
    independent_samples: float

    @classmethod
    def of(cls, net: InfoNet, pieces: Sequence[np.ndarray], candidate: Candidate) -> "_Part | None":
        pairs = [np.stack(lagged_pair(p[:, candidate.a], p[:, candidate.b], candidate.lag)) for p in pieces]
        x, y = np.concatenate(pairs, axis=1)
        known = np.isfinite(x) & np.isfinite(y)
        if known.sum() < InfoNet.MIN_SAMPLES or np.ptp(x[known]) == 0.0 or np.ptp(y[known]) == 0.0:
            return None
        quantiles = channel_quantiles(np.stack([x, y], axis=1))
        memory = torch.from_numpy(autocorrelations(ranks_among(quantiles, np.stack([x, y], axis=1)[known]).T))
        independent = float(effective_samples(memory[:1], memory[1:], int(known.sum())))
        return cls(pairs, quantiles, net.discriminant(x, y), net.estimate(x, y).mi, independent)

    def judge(self, pieces: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the log ratio of each sample of some pieces (2, T)."""
        ranks = [ranks_among(self.quantiles, piece.T) for piece in pieces]
        return [log_ratios(self.table, *rank.T) for rank in ranks]


def _decoupled(pair: _Part) -> Iterator[np.ndarray]:
    """Yield the log ratios (T,) of a pair that is independent: one of the two is shifted circularly."""
    x, y = np.concatenate(pair.pieces, axis=1)
    for shift in np.linspace(0, len(x), _SHIFTS + 2)[1:-1].astype(int):
        yield from pair.judge([np.stack([x, np.roll(y, shift)])])
