"""CAN frames that cantools has decoded: each frame with its time, the name of its message and its signals.

::

    (1714564800.000000)  can0  123   [8]  00 11 22 33 44 55 66 77 :: Motion(Speed: 1.2 km/h, Gear: 'Drive')

With a line for each signal, the message continues up to its bracket.
"""

import re
from collections.abc import Iterator

from infonet_ros.intake.tables.formats.records import sheet_of
from infonet_ros.intake.tables.sheet import Sheet
from infonet_ros.intake.tables.text_files.text_source import Text
from infonet_ros.text import counted, unique_names

_TIME = "time"
_FRAME = re.compile(r"\s*\((\d+\.\d+)\)\s+\S+\s+[0-9A-F]+(?:#|\s+\[\d+\])[\s0-9A-FR#]*::[ \t]*(.*)")
_MESSAGE = re.compile(r"\s*(\w+)\((.*)\)\s*", re.DOTALL)
_SIGNAL = re.compile(r"\s*([\w.]+):\s*(?:([+-]?\d[\d.]*(?:[eE][+-]?\d+)?)(?:\s[^,]*)?|'?([^,']*)'?)\s*(?:,|$)")


def read_decoded_can(text: Text) -> list[Sheet] | None:
    """Read the frames: a sheet for each kind of message; None for another file."""
    if not _FRAME.match(text.head):
        return None
    kinds: dict[str, list[dict[str, str]]] = {}
    lost = 0
    for time, message in _frames(text):
        found = _MESSAGE.fullmatch(message)
        signals = _SIGNAL.findall(found[2]) if found else []
        if found and signals:
            names = unique_names([_TIME, *(name for name, _, _ in signals)])  # a signal may be called time, too
            cells = [time, *(number or word for _, number, word in signals)]
            kinds.setdefault(found[1], []).append(dict(zip(names, cells, strict=True)))
        else:
            lost += 1
    sheets = [sheet_of(text.path, iter(rows)) for rows in kinds.values()]
    for sheet, name in zip(sheets, kinds, strict=True):
        sheet.name, sheet.units, sheet.is_message = name, {_TIME: "s"}, True
    if sheets:
        lost_ones = [f"{counted(lost, 'frame')} left out, without a message or its signals"] if lost else []
        sheets[0].notes += [*text.notes, *lost_ones]
    return sheets or None


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
