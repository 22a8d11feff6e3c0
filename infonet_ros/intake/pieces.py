"""A recording in short consecutive pieces: arrays of samples instead of single samples.

    for piece in recording.pieces(modalities, start, stop):
        for batch in piece.batches:
            stream.extend(batch.stamps, batch.columns)
        for cut in stream.ready():
            ...

Messages that were recorded within half a second are one piece, as in the node, which takes messages a few times a
second. If a clock jumped, the order of the messages shows which clock it was: then each piece is one message.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from infonet_ros.settings import Modality
from infonet_ros.text import NANOSECONDS

_PIECE = NANOSECONDS // 2  # of recording time; windows wait longer than that for a topic
_JUMP = NANOSECONDS // 2  # between the clock of the stamps and that of the recording


class Sample(NamedTuple):
    """The values of the channels of one modality in one message.

    ``stamp`` is sensor time, ``received`` the time of recording, both in nanoseconds. ``values`` holds one number for
    each channel, NaN where it is not known and None where the message says nothing about it.
    """

    modality: str
    stamp: int
    values: Sequence[float | None]
    received: int


class Batch(NamedTuple):
    """Messages of one topic in the order of recording.

    ``stamps`` (M,) int64 are sensor time in nanoseconds. ``columns`` hold two arrays for each modality, by its name.
    The first are values (M, K) float64, NaN where not known; the other (M, K) bool is False where a message names none.
    """

    stamps: np.ndarray
    columns: Mapping[str, tuple[np.ndarray, np.ndarray]]


class Piece(NamedTuple):
    """Batches that were recorded together, in the order of their first messages, and when the last one was."""

    batches: Sequence[Batch]
    received: int


def columns_of(modalities: Sequence[Modality]) -> dict[str, slice]:
    """Return where the channels of each modality are among those of all, by its name."""
    ends = accumulate(len(modality.channels) for modality in modalities)
    return {m.name: slice(end - len(m.channels), end) for m, end in zip(modalities, ends, strict=True)}


def values_there(values: np.ndarray, present: np.ndarray) -> list[float | None]:
    """Return the values (K,) of the channels of one message, None where it says nothing about one."""
    found: list[float | None] = values.tolist()
    return found if present.all() else [v if there else None for v, there in zip(found, present, strict=True)]


class TopicPart(NamedTuple):
    """Messages of one topic among those of a recording.

    ``places`` (M,) are the indices of the messages among those of all topics. ``stamps`` (M,), ``values`` (M, C) and
    ``present`` (M, C) are their contents. ``columns`` are the channels of each modality, by its name.
    """

    places: np.ndarray
    stamps: np.ndarray
    values: np.ndarray
    present: np.ndarray
    columns: Mapping[str, slice]

    def only(self, rows: np.ndarray, places: np.ndarray | None = None) -> "TopicPart":
        """Return some of the messages, by a mask (M,) or by their numbers, at other ``places`` if those are given."""
        places = self.places[rows] if places is None else places
        return TopicPart(places, self.stamps[rows], self.values[rows], self.present[rows], self.columns)

    def batch(self, rows: slice) -> Batch:
        """Return some of the messages."""
        columns = {name: (self.values[rows, own], self.present[rows, own]) for name, own in self.columns.items()}
        return Batch(self.stamps[rows], columns)


def samples_of(parts: Sequence[TopicPart], received: np.ndarray) -> Iterator[Sample]:
    """Go through messages, recorded at the times ``received`` (M,), one by one and modality by modality."""
    order = sorted((place, number, row) for number, part in enumerate(parts) for row, place in enumerate(part.places))
    for place, number, row in order:
        part = parts[number]
        for name, own in part.columns.items():
            values = values_there(part.values[row, own], part.present[row, own])
            yield Sample(name, int(part.stamps[row]), values, int(received[place]))


def pieces_of(parts: Sequence[TopicPart], received: np.ndarray) -> Iterator[Piece]:
    """Cut messages, recorded at the times ``received`` (M,), into pieces."""
    if not len(received):
        return
    if any(len(part.places) and np.ptp(part.stamps - received[part.places]) > _JUMP for part in parts):
        ends = np.arange(1, len(received) + 1)
    else:
        ends = np.append(np.flatnonzero(np.diff(np.maximum.accumulate(received) // _PIECE)) + 1, len(received))
    edges = [np.searchsorted(part.places, np.append(0, ends)).tolist() for part in parts]
    for piece, end in enumerate(ends.tolist()):
        rows = [(part, slice(own[piece], own[piece + 1])) for part, own in zip(parts, edges, strict=True)]
        there = [(part, some) for part, some in rows if some.start < some.stop]
        there.sort(key=lambda pair: pair[0].places[pair[1].start])
        yield Piece([part.batch(some) for part, some in there], int(received[end - 1]))
