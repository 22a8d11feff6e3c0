"""The sampling rate in the lines above a table: programs of laboratories often write it in place of times."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_NUMBER = r"(\d+\.?\d*(?:[eE][+-]?\d+)?)"
_OF_SAMPLES = r"(?:data|sampl\w*|update|output|camera|frame|capture|log\w*|record\w*|acquisition|scan)[ _-]?"
_RATE = re.compile(
    rf"(?i)(?:\b{_OF_SAMPLES}(?:rate|freq\w*)|^\W*(?:rate|freq\w*|fs)\b)[^\d\n]{{0,30}}?{_NUMBER}\s*(?P<kilo>k(?:Hz|S))?"
)
_HERTZ = re.compile(rf"\bat {_NUMBER} ?(?P<kilo>k)?Hz\b")
_INTERVAL = re.compile(
    rf"(?i)(?:\b{_OF_SAMPLES}(?:interval|period|time)|^\W*(?:interval|period|delta_?x|delta_?t|dt)\b)[^\d\n]{{0,30}}?"
    rf"{_NUMBER}\s*(?P<unit>m|u|µ)?s?"
)
_PER_SAMPLE = re.compile(rf"(?i){_NUMBER}\s*(?P<unit>m|u|µ)?s(?:ec)?\s*(?:/|per)\s*sample")
_OF_VICON = re.compile(rf"\A\"?[A-Z][\w ]*\"?[,\t ]*\n{_NUMBER}[,\t ]*$", re.MULTILINE)  # a title, and a number alone
_PARTS = {"m": 1e3, "u": 1e6, "µ": 1e6}


class Rate(NamedTuple):
    """Rows per second, and the text that says so."""

    hertz: float
    text: str


def described_rate(lines: Sequence[str]) -> Rate | None:
    """Find the rate of the rows in the lines above a table; None if they do not give it."""
    for line in lines:
        for pattern in (_RATE, _HERTZ):
            if (match := pattern.search(line)) and (hertz := float(match[1])) > 0:
                return Rate(1000 * hertz if match["kilo"] else hertz, " ".join(match[0].split()))
        for pattern in (_INTERVAL, _PER_SAMPLE):
            if (match := pattern.search(line)) and (interval := float(match[1])) > 0:
                return Rate(_PARTS.get((match["unit"] or "").lower(), 1.0) / interval, " ".join(match[0].split()))
    title = _OF_VICON.match("\n".join(lines[:3]))
    return Rate(float(title[1]), title[1]) if title and float(title[1]) > 0 else None
