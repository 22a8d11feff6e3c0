"""Chooses the candidates that become channels: with one clock, without duplicates, and equally from all topics."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np

from infonet_ros.intake.messages.paths import parse_channel
from infonet_ros.intake.proposing.candidates import Candidate
from infonet_ros.intake.proposing.kinds import Column, Treatment
from infonet_ros.intake.proposing.timing import LEAST_SAMPLES
from infonet_ros.intake.recording import Recording
from infonet_ros.series import average_ranks

_AGREEMENT = 0.9  # of the changes of two fields that are the same
_COMPARED = 400  # of those changes
_LEAST_SHARE = 1.0 / 3.0  # of the changes of one that the other has, when it is published less often
_TOLERANCE = 1e-3  # of the range: two fields that are closer have the same numbers
_ALIKE_RANKS = 0.3  # correlation; of streams that share nothing it is 0.05
_FEW_CHANGES = 40  # at those times, too few to compare
_ELEMENT = re.compile(r"_?(\d+|[WXYZwxyz])$")  # at the end of the name of a column
_APART = 3  # messages that the same number may be earlier or later in the other field


def may_be_same(columns: Sequence[Column]) -> np.ndarray:
    """Return which pairs of fields may have the same numbers, (N, N) bool: `same_numbers` is too slow for thousands.

    At some hundred times, the same numbers have similar ranks, in the same message or in one a little earlier or later.
    Fields that hardly change at those times may be the same as any other.
    """
    if not columns:
        return np.empty((0, 0), dtype=np.bool_)
    # Not evenly in time: between two stretches that were read, the same message would count again and again.
    moments = _spread(np.unique(np.concatenate([_spread(column.stamps) for column in columns])))
    places = [np.searchsorted(column.stamps, moments) for column in columns]

    def ranks(shift: int) -> np.ndarray:
        values = [c.values[np.clip(own + shift, 0, len(c.values) - 1)] for c, own in zip(columns, places, strict=True)]
        ranked = np.stack([average_ranks(own) for own in values]).astype(np.float32)
        ranked -= ranked.mean(axis=1, keepdims=True)
        return ranked / np.maximum(np.linalg.norm(ranked, axis=1, keepdims=True), 1e-9)

    here = ranks(0)
    alike = np.zeros((len(columns), len(columns)), dtype=np.bool_)
    for shift in range(-_APART, _APART + 1):
        alike |= np.abs(here @ ranks(shift).T) > _ALIKE_RANKS
    quiet = (np.diff(here, axis=1) != 0.0).sum(axis=1) < _FEW_CHANGES
    return alike | alike.T | quiet[:, None] | quiet


def _spread(stamps: np.ndarray) -> np.ndarray:
    """Return as many stamps as are compared, evenly by their numbers."""
    return stamps[np.linspace(0, len(stamps) - 1, _COMPARED).astype(np.intp)]


def same_numbers(one: Column, other: Column) -> bool:
    """Return whether two fields have the same numbers at about the same times, up to a scale, a sign and an offset.

    The same message of another topic may come a little earlier or later, and some may be missing there.
    """
    fewer, more = sorted((one, other), key=lambda column: len(column.changes))
    if not len(fewer.changes) or len(fewer.changes) < _LEAST_SHARE * len(more.changes):
        return False
    places = fewer.changes[:: max(1, len(fewer.changes) // _COMPARED)]
    places = places[(fewer.stamps[places] > more.stamps[0]) & (fewer.stamps[places] <= more.stamps[-1])]
    if not len(places):
        return False
    left = fewer.values[places]
    near = np.searchsorted(more.stamps, fewer.stamps[places])[:, None] + np.arange(-_APART, _APART + 1)
    right = more.values[np.clip(near, 0, len(more.values) - 1)]
    lines = _lines(left, right)
    nearest = np.abs(right - lines[:, :, None]).min(axis=2)
    return any(_follows(line, right) for line, off in zip(lines, nearest, strict=True) if _is_close(off, line))


def _lines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the values (P,) as they are, and on the line through most pairs with each column of (P, S): (L, P)."""
    steps = np.diff(left)
    moving = steps != 0.0
    if not moving.any():
        return left[None]
    slopes = np.median(np.diff(right, axis=0)[moving] / steps[moving, None], axis=0)
    lines = slopes * left[:, None]
    lines += np.median(right - lines, axis=0)
    return np.vstack([left, lines.T[slopes != 0.0]])


def _follows(expected: np.ndarray, right: np.ndarray) -> bool:
    """Return whether neighbouring columns of ``right`` (P, S) contain the expected values (P,) and move alike.

    Of two messages only one can be the same; which one changes where stamps jitter.
    """
    off = np.abs(right - expected[:, None])
    for shift in range(right.shape[1] - 1):
        nearer = off[:, shift : shift + 2].argmin(axis=1) + shift
        found = right[np.arange(len(right)), nearer]
        # Two wheels that drive straight ahead go the same way, but with different steps.
        if _alike(expected, found) and (len(found) < 2 or _alike(np.diff(expected), np.diff(found))):
            return True
    return False


def _alike(expected: np.ndarray, found: np.ndarray) -> bool:
    return _is_close(np.abs(found - expected), expected)


def _is_close(off: np.ndarray, expected: np.ndarray) -> bool:
    """Return whether most numbers are so little off the expected ones that they are the same."""
    return bool((off <= _TOLERANCE * np.ptp(expected)).mean() >= _AGREEMENT)


def on_one_clock(recording: Recording, candidates: Sequence[Candidate], notices: list[str]) -> list[Candidate]:
    """Leave out the topics whose clocks do not match the others, with notices."""
    worth = Counter(candidate.topic for candidate in candidates if candidate.channel is not None)
    fitting, apart = recording.fitting({topic: count > 1 for topic, count in worth.items()})
    notices += apart
    return [candidate for candidate in candidates if candidate.topic in fitting or candidate.topic not in worth]


def find_doubles(candidates: Sequence[Candidate]) -> None:
    """Keep one of several fields with the same numbers: the one with the most samples."""
    there = sorted(
        (candidate for candidate in candidates if candidate.channel is not None),
        key=lambda c: (c.field.rank, -len(c.column.values)),
    )
    worth_asking = may_be_same([candidate.column for candidate in there])
    first: list[int] = []
    for place, candidate in enumerate(there):
        alike = (there[other] for other in first if worth_asking[place, other])
        candidate.same_as = next((c for c in alike if same_numbers(c.column, candidate.column)), None)
        if candidate.same_as is None:
            first.append(place)


def worth_comparing(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the fields that become channels; if they are fewer than two, also spare fields and duplicates."""
    there = [c for c in candidates if c.channel is not None]
    chosen = [c for c in there if c.kind.treatment is not Treatment.SPARE]
    if len(chosen) > 1 or len(there) > 1:
        return chosen if len(chosen) > 1 else there
    for candidate in candidates:
        candidate.same_as = None
    return [c for c in candidates if c.channel is not None]


def fair_share(candidates: Sequence[Candidate], limit: int) -> list[Candidate]:
    """Take fields from every topic in turn, the most important first, up to the limit; mark the others.

    The most important of a topic counts as much as that of any other: the elements of an array are all that some have.
    Of a topic, every vector, array and message inside the message has its turn. What has too few samples for any
    estimate comes last.
    """
    best: dict[str, int] = {}
    for candidate in candidates:
        best[candidate.topic] = min(candidate.field.rank, best.get(candidate.topic, candidate.field.rank))
    by_vector = _in_turns(candidates, best, lambda c: (c.topic, _vector(c.field.path)))
    queue = _in_turns(by_vector, best, lambda c: c.topic)
    queue.sort(key=lambda c: len(c.column.values) < LEAST_SAMPLES)
    for candidate in queue[limit:]:
        candidate.beyond = True
    return [candidate for candidate in candidates if not candidate.beyond]


def _vector(path: str) -> Hashable:
    """Return the vector or array that a field is in; tables have them as columns, such as rpy_x or gauge7."""
    *outer, last = parse_channel(path).steps
    return tuple(outer) or _ELEMENT.sub("", last.field)


def _in_turns(
    candidates: Sequence[Candidate], best: Mapping[str, int], source: Callable[[Candidate], Hashable]
) -> list[Candidate]:
    """Sort fields by importance beside the ``best`` of their topics; of equal ones, every source has its turn."""
    counts: Counter[Hashable] = Counter()
    turns = []
    for candidate in candidates:
        rank = candidate.field.rank - best[candidate.topic]
        place = (rank, source(candidate))
        turns.append((rank, counts[place]))
        counts[place] += 1
    order = sorted(range(len(candidates)), key=turns.__getitem__)
    return [candidates[number] for number in order]
