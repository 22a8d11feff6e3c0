"""Columns of a table that share their stamps, read as channels in the order of time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from infonet_ros.intake.messages.paths import parse_channel
from infonet_ros.intake.messages.reductions import ANGLES
from infonet_ros.intake.pieces import TopicPart
from infonet_ros.intake.tables.columns.quaternions import angle_of
from infonet_ros.intake.tables.sheet import as_floats
from infonet_ros.intake.tables.times.runs import APART
from infonet_ros.settings import Modality

_CHUNK = 1 << 14  # rows at a time
_LARGEST = float(np.finfo(np.float32).max)  # of what is measured; more is memory that a logger never set


def _behind_each_other(first: pa.ChunkedArray, second: pa.ChunkedArray) -> pa.ChunkedArray:
    if first.type != second.type:
        first, second = (column.cast(pa.float64(), safe=False) for column in (first, second))
    return pa.chunked_array([*first.chunks, *second.chunks], first.type)


@dataclass
class Stream:
    """Columns of a file that share their stamps (rows,), sorted; ``order`` is the place of each row in a column."""

    path: Path
    stamps: np.ndarray
    order: np.ndarray
    columns: dict[str, pa.ChunkedArray] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    quaternions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def paths(self) -> list[str]:
        """The channels of the columns; the angles of a quaternion replace its four columns."""
        parts = {part for parts in self.quaternions.values() for part in parts}
        angles = [f"{name}|{angle}" for name in self.quaternions for angle in ANGLES]
        return [name for name in self.columns if name not in parts] + angles

    def continues_in(self, other: "Stream") -> bool:
        """Return whether another stream is the next part: it has the same columns, and begins soon after."""
        if self.columns.keys() != other.columns.keys():
            return False
        gap = other.stamps[0] - self.stamps[-1]
        longest = max(np.ptp(self.stamps), np.ptp(other.stamps), APART)
        return bool(0 <= gap <= longest)

    def joined(self, other: "Stream") -> "Stream":
        """Return this stream with its next part."""
        rows = max(map(len, self.columns.values()))
        columns = {name: _behind_each_other(column, other.columns[name]) for name, column in self.columns.items()}
        stamps, order = np.append(self.stamps, other.stamps), np.append(self.order, other.order + rows)
        return Stream(self.path, stamps, order, columns, self.texts | other.texts, self.quaternions)

    def read(self, path: str, topic: str) -> tuple[np.ndarray, np.ndarray | None]:
        """Read a channel, in the order of the file: values (rows,), and a mask (rows,) of empty cells, if any."""
        name, parsed = column_of(path), parse_channel(path)
        if name in self.columns:
            columns = [self.columns[name]]
            numbers, convert = as_floats(columns[0]), parsed.of_number(topic)
            if convert is not float:
                numbers = np.array([convert(number) for number in numbers.tolist()], dtype=np.float64)
        else:
            columns = [self.columns[part] for part in self.quaternions[name]]
            numbers = angle_of(columns, parsed.reduction or "")
        gaps = [column.is_null().to_numpy() for column in columns if column.null_count]
        return np.where(np.abs(numbers) <= _LARGEST, numbers, np.nan), np.logical_or.reduce(gaps) if gaps else None


def topic_part(modality: Modality, stream: Stream, part: slice) -> TopicPart:
    """Take the channels of some rows of a stream as messages, without rows in which all of them are empty."""
    order = stream.order[part]
    read = [stream.read(path, modality.topic) for path in modality.channels]
    values = np.stack([numbers[order] for numbers, _ in read], axis=1)
    present = np.stack([np.ones(len(order), bool) if gaps is None else ~gaps[order] for _, gaps in read], axis=1)
    whole = TopicPart(np.arange(len(order)), stream.stamps[part], values, present, {modality.name: slice(None)})
    return whole.only(np.flatnonzero(present.any(axis=1)))


def in_order(parts: Sequence[TopicPart]) -> Iterator[tuple[list[TopicPart], np.ndarray]]:
    """Go through the rows of several parts in the order of time, some thousand at once: the parts, and all stamps."""
    stamps = np.concatenate([part.stamps for part in parts])
    owner = np.repeat(np.arange(len(parts)), [len(part.stamps) for part in parts])
    row = np.concatenate([np.arange(len(part.stamps)) for part in parts])
    order = np.argsort(stamps, kind="stable")
    for begin in range(0, len(order), _CHUNK):
        chunk = order[begin : begin + _CHUNK]
        places = [np.flatnonzero(owner[chunk] == number) for number in range(len(parts))]
        own = [part.only(row[chunk[place]], place) for part, place in zip(parts, places, strict=True)]
        yield own, stamps[chunk]


def column_of(path: str) -> str:
    """Return the column of a channel, without what follows a ``|``."""
    return path.partition("|")[0].strip()
