"""CAN frames that cantools has decoded: each frame with its time, the name of its message and its signals.

::

    (1714564800.000000)  can0  123   [8]  00 11 22 33 44 55 66 77 :: Motion(Speed: 1.2 km/h, Gear: 'Drive')

With a line for each signal, the message continues up to its bracket.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from infonet_ros.intake.tables.sheet import Sheet
from infonet_ros.intake.tables.text_files.text_columns import TextColumns
from infonet_ros.intake.tables.text_files.text_source import Text
from infonet_ros.text import counted, unique_names

_FRAME = re.compile(r"\s*\((\d+\.\d+)\)\s+\S+\s+[0-9A-F]+(?:#|\s+\[\d+\])[\s0-9A-FR#]*::[ \t]*(.*)")
_MESSAGE = re.compile(r"\s*(\w+)\((.*)\)\s*", re.DOTALL)
_SIGNAL = re.compile(r"\s*([\w.]+):\s*(?:([+-]?\d[\d.]*(?:[eE][+-]?\d+)?)(?:\s[^,]*)?|'?([^,']*)'?)\s*(?:,|$)")


def read_decoded_can(text: Text) -> list[Sheet] | None:
    """Read the frames: a sheet for each kind of message; None for another file."""
    if not _FRAME.match(text.head):
        return None
    kinds: dict[str, list[tuple[str, dict[str, str]]]] = {}
    lost = 0
    for time, message in _frames(text):
        found = _MESSAGE.fullmatch(message)
        signals = {name: number or word for name, number, word in _SIGNAL.findall(found[2])} if found else {}
        if found and signals:
            kinds.setdefault(found[1], []).append((time, signals))
        else:
            lost += 1
    sheets = [_sheet(name, rows, text) for name, rows in kinds.items()]
    if not sheets:
        return None
    lost_ones = [f"{counted(lost, 'frame')} left out, without a message or its signals"] if lost else []
    sheets[0].notes += [*text.notes, *lost_ones]
    return sheets


def _sheet(name: str, frames: Sequence[tuple[str, Mapping[str, str]]], text: Text) -> Sheet:
    times, rows = zip(*frames, strict=True)
    signals = dict.fromkeys(signal for row in rows for signal in row)
    values = [times, *([row.get(signal) for row in rows] for signal in signals)]
    names = unique_names(["time", *signals])  # a signal may be called time, too
    columns = TextColumns(text.path)
    columns.add(dict(zip(names, (pa.array(own, pa.string()) for own in values), strict=True)), len(rows))
    sheet = Sheet(name, {}, units={"time": "s"}, is_message=True)
    columns.into(sheet)
    return sheet


def _frames(text: Text) -> Iterator[tuple[str, str]]:
    """Go through the frames: their times, and what follows the colons."""
    time, parts = "", [""]
    for lines in text.lines():
        for line in lines:
            if begin := _FRAME.match(line):
                if time:
                    yield time, "\n".join(parts)
                time, parts = begin[1], [begin[2]]
            else:
                parts.append(line.strip())
    yield time, "\n".join(parts)
