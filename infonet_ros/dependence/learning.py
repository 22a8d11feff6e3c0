"""From good recordings to a baseline: which pairs are worth watching, and what each of them can promise.

A table must not judge the samples that it was learnt from: each half of the samples is judged by the table of the
other. On those log ratios the block is chosen, the shortest with which evidence stays as rare as theory asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from infonet_ros.dependence.baseline import (
    Baseline,
    PairBaseline,
    channel_baselines,
    channel_quantiles,
    log_ratios,
    ranks_among,
)
from infonet_ros.dependence.evidence import block_evidence
from infonet_ros.errors import RecordingError
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.memory import autocorrelations, effective_samples
from infonet_ros.intake.alignment import lagged_pair
from infonet_ros.text import counted

LEAST_MI = 0.1
"""Nats. The time to an alarm goes as one by the MI: weaker pairs tell too late."""

LEAST_INDEPENDENT = 40
"""Independent samples. Streams that move less often, such as positions, happen to go together."""

SLOWEST = 60.0
"""Seconds. A pair that would tell later than this, with one false alarm in an hour, is not worth watching."""

_TAIL = 0.8  # of log(count): the largest of that many excursions with an exponential tail is about log(count) high
_LEAST_EXCURSIONS = 10
_SHIFTS = 8  # circular shifts that show what evidence is like once a pair no longer belongs together


@dataclass(frozen=True)
class Candidate:
    """A pair that may be worth watching: channel numbers, and the samples by which ``b`` follows ``a``."""

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
        Each on one clock without a hole; NaN where unknown.
    rate : float
    """

    names: tuple[str, ...]
    pieces: tuple[np.ndarray, ...]
    rate: float

    @property
    def seconds(self) -> float:
        """Length of all pieces together."""
        return sum(map(len, self.pieces)) / self.rate

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
    """Learn a baseline, of at most ``most`` pairs, the first that hold; also say which pairs were left out, and why.

    Pairs that were left out for the same reason are one sentence.

    Raises
    ------
    RecordingError
        No pair is strong and stable enough.
    """
    pairs: list[PairBaseline] = []
    tables: list[np.ndarray] = []
    left_out: dict[str, list[str]] = {}
    for candidate in candidates:
        if len(pairs) == most:
            break
        learnt = _learn_pair(net, lesson, candidate)
        if isinstance(learnt, str):
            both = f"{lesson.names[candidate.a]} and {lesson.names[candidate.b]}"
            left_out.setdefault(learnt, []).append(both)
        else:
            pairs.append(learnt[0])
            tables.append(learnt[1])
    if not pairs:
        raise RecordingError(
            f"no pair of {', '.join(recordings)} is strong and stable enough for a baseline "
            f"({'; '.join(_reasons(left_out)) or 'none depends on another'}): give longer or more recordings, which "
            "show all that the robot does when it is well, or name pairs as watches in the params file."
        )
    names = tuple(name for name in lesson.names if any(name in (pair.a, pair.b) for pair in pairs))
    columns = [lesson.names.index(name) for name in names]
    pieces = [piece[:, columns] for piece in lesson.pieces]
    baseline = Baseline(
        channels=channel_baselines(names, pieces, lesson.rate),
        pairs=tuple(pairs),
        quantiles=channel_quantiles(np.concatenate(pieces)),
        tables=np.stack(tables),
        rate=lesson.rate,
        parameters=parameters,
        recordings=recordings,
        seconds=lesson.seconds,
    )
    return baseline, _reasons(left_out)


def _reasons(left_out: Mapping[str, Sequence[str]]) -> list[str]:
    """Write out why pairs were left out: {reason: pairs}."""
    texts = []
    for reason, pairs in left_out.items():
        more = f", and {counted(len(pairs) - 1, 'more pair')}" if len(pairs) > 1 else ""
        texts.append(f"{pairs[0]}{more}: {reason}")
    return texts


def _learn_pair(net: InfoNet, lesson: Lesson, candidate: Candidate) -> tuple[PairBaseline, np.ndarray] | str:
    """Learn one pair: its figures and its table (G, G), or say why it cannot be."""
    first, second, whole = (_Part.of(net, pieces, candidate) for pieces in (*lesson.halves(), lesson.pieces))
    if first is None or second is None or whole is None:
        return "too few samples in one half of the recordings"
    if whole.independent_samples < LEAST_INDEPENDENT:
        return f"so slow that the recordings are worth fewer than {LEAST_INDEPENDENT} independent samples"
    if whole.mi < LEAST_MI:
        return f"less than {LEAST_MI:g} nats"
    crosswise = [first.judge(second.pieces), second.judge(first.pieces)]
    held_out = [ratios for half in crosswise for ratios in half]
    if min(np.nanmean(np.concatenate(half)) for half in crosswise) < whole.mi / 4.0:
        return "one half of the recordings does not show what the other does"
    block = _shortest_block(held_out)
    if block is None:
        return "what one half of the recordings shows does not cover the other"
    count = _Excursions.of(held_out, block).count
    parting = _evidence_when_parted(whole, block) * lesson.rate / block
    pair = PairBaseline(
        a=lesson.names[candidate.a],
        b=lesson.names[candidate.b],
        lag=candidate.lag,
        mi=whole.mi,
        block=block,
        excursion=lesson.seconds / max(1, count),
        parting=parting,
    )
    wait = pair.detection_time(3600.0, 1, lesson.rate) if parting > 0.0 else np.inf
    if wait > SLOWEST:
        return f"an alarm would take more than {SLOWEST:g} s, so little do the two share, or so slowly do they change"
    return pair, whole.table


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


@dataclass(frozen=True)
class _Excursions:
    """How often, and how high, the evidence of a well pair rose from nothing; and of how many blocks it was made."""

    count: int
    highest: float
    blocks: int

    @classmethod
    def of(cls, pieces: Sequence[np.ndarray], block: int) -> "_Excursions":
        count, highest, blocks = 0, 0.0, 0
        for ratios in pieces:
            news = block_evidence(ratios[: len(ratios) // block * block], block)
            total = np.r_[0.0, np.cumsum(news)]
            sums = total - np.minimum.accumulate(total)
            count += int(((sums[1:] > 0.0) & (sums[:-1] == 0.0)).sum())
            highest = max(highest, float(sums.max()))
            blocks += len(news)
        return cls(count, highest, blocks)


def _shortest_block(held_out: Sequence[np.ndarray]) -> int | None:
    """Return the shortest power of two that leaves excursions no higher than those of independent samples are."""
    block = 1
    while True:
        found = _Excursions.of(held_out, block)
        if found.blocks < 2 * _LEAST_EXCURSIONS:
            return None
        if found.highest <= _TAIL * np.log(max(found.count, _LEAST_EXCURSIONS)):
            return block
        block *= 2


def _evidence_when_parted(pair: _Part, block: int) -> float:
    """Return the mean evidence of a block once the two go each by itself: one of them is shifted circularly."""
    means = []
    x, y = np.concatenate(pair.pieces, axis=1)
    for shift in np.linspace(0, len(x), _SHIFTS + 2)[1:-1].astype(int):
        (ratios,) = pair.judge([np.stack([x, np.roll(y, shift)])])
        means.append(block_evidence(ratios[: len(ratios) // block * block], block).mean())
    return float(np.mean(means))
