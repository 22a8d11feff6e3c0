"""The sampling rate in the lines above a table: programs of laboratories often write it in place of times."""

import re
from collections.abc import Sequence

from infonet_ros.intake.tables.sheet import Rate

_NUMBER = r"(\d+\.?\d*(?:[eE][+-]?\d+)?)"
_BETWEEN = r"[\s\",;]*"  # the unit may have a cell of its own
_UNIT = r"[muµ]s|milli|micro|min|h(?=\b|ours?\b|rs?\b)"
_OF_SAMPLES = r"(?:data|sampl\w*|update|output|camera|frame|capture|log\w*|record\w*|acquisition|scan)[ _-]?"
_RATE = re.compile(
    rf"(?i)(?:\b{_OF_SAMPLES}(?:rate|freq\w*)|^\W*(?:rate|freq\w*|fs)\b)[^\d\n]{{0,30}}?{_NUMBER}{_BETWEEN}(?P<kilo>k(?:Hz|S))?"
)
_HERTZ = re.compile(rf"\bat {_NUMBER} ?(?P<kilo>k)?Hz\b")
_INTERVAL = re.compile(
    rf"(?i)(?:\b{_OF_SAMPLES}(?:interval|period|time)|^\W*(?:interval|period|delta_?x|delta_?t|dt)\b)[^\d\n]{{0,30}}?"
    rf"{_NUMBER}{_BETWEEN}(?P<unit>{_UNIT})?"
)
_PER_SAMPLE = re.compile(rf"(?i){_NUMBER}\s*(?P<unit>[muµ]?s)(?:ec)?\s*(?:/|per)\s*sample")
_OF_VICON = re.compile(rf"\A\"?[A-Z][\w ]*\"?[,\t ]*\n{_NUMBER}[,\t ]*$", re.MULTILINE)  # a title, and a number alone
_OF_RIGOL = re.compile(rf"\A[^\n]*,Increment,?\s*\n[^\n]*,{_NUMBER},?\s*$", re.MULTILINE)  # a name, and its value
_SECONDS = {"s": 1.0, "ms": 1e-3, "milli": 1e-3, "us": 1e-6, "µs": 1e-6, "micro": 1e-6, "min": 60.0, "h": 3600.0}


def described_rate(lines: Sequence[str]) -> Rate | None:
    """Find the rate of the rows in the lines above a table; None if they do not give it."""
    for line in lines:
        for pattern in (_RATE, _HERTZ):
            if (match := pattern.search(line)) and (hertz := float(match[1])) > 0:
                return Rate(1000 * hertz if match["kilo"] else hertz, " ".join(match[0].split()))
        for pattern in (_INTERVAL, _PER_SAMPLE):
            if (match := pattern.search(line)) and (interval := float(match[1])) > 0:
                seconds = interval * _SECONDS[(match["unit"] or "s").lower()]
                return Rate(1 / seconds, " ".join(match[0].split()))
    above = "\n".join(lines[:3])
    if (title := _OF_VICON.match(above)) and float(title[1]) > 0:
        return Rate(float(title[1]), title[1])
    step = _OF_RIGOL.match(above)
    return Rate(1 / float(step[1]), f"Increment: {step[1]}") if step and float(step[1]) > 0 else None
