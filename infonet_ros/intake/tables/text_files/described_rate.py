"""The sampling rate in the lines above a table: programs of laboratories often write it in place of times."""

import re
from collections.abc import Iterator, Sequence

from infonet_ros.intake.tables.sheet import Rate

_LONGEST = 1000  # characters of a line that are searched: the time grows with their square
_NUMBER = r"(?!\d+(?:[-/:]|\.\d+\.)\d)(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)"  # and no date
_BETWEEN = r"[\s\",;(\[]*"  # the unit may have a cell of its own, or brackets
_UNIT = r"[muµ]s|milli|micro|min|h(?=\b|ours?\b|rs?\b)"
_OF_SAMPLES = r"(?:abtast|data|sampl\w*|update|output|camera|frame|capture|log\w*|record\w*|acquisition|scan)[ _-]?"


def _number_of(name: str, unit: str) -> re.Pattern[str]:
    """Return a pattern for a name and a number, with a unit behind the name or behind the number."""
    behind_name = rf"[\s_]*(?:in )?[(\[]?(?P<unit_of_name>{unit})[a-z]*[)\]]?(?=[\s:=,;\"])"
    return re.compile(rf"(?i)(?:{name})(?:{behind_name})?[^\d\n]{{0,30}}?{_NUMBER}{_BETWEEN}(?P<unit>{unit})?")


_RATES = (
    _number_of(rf"\b{_OF_SAMPLES}(?:rate|freq\w*)|^\W*(?:rate|freq\w*|fs|fps)\b|\trate(?=\t)", r"k(?:Hz|S)"),
    re.compile(rf"\bat {_NUMBER} ?(?P<unit>k)?(?:Hz|fps)\b"),
)
_INTERVALS = (
    _number_of(
        rf"\b{_OF_SAMPLES}(?:intervall?|period)(?!s)|\b(?:abtast|sampl\w*)[ _-]?(?:time|zeit)(?!s)"
        r"|^\W*(?:intervall?|period|delta_?x|delta_?t|dt)\b",
        _UNIT,
    ),
    re.compile(rf"(?i){_NUMBER}\s*(?P<unit>[muµ]?s)(?:ec)?\s*(?:/|per)\s*sample"),
    re.compile(rf"(?i)^\W*clock\W+{_NUMBER}\W{{0,2}}(?P<unit>[muµ]?s)"),  # of Hantek
)
_OF_VICON = re.compile(rf"\A\"?[A-Z][\w ]*\"?[,\t ]*\n{_NUMBER}[,\t ]*$", re.MULTILINE)  # a title, and a number alone
_OF_RIGOL = re.compile(rf"^[^\n]*,Increment,*\s*\n[^\n]*,{_NUMBER},?\s*$", re.MULTILINE)  # a name, and its value
_AMONG_NAMES = re.compile(rf"(?i)\btInc\s*=\s*{_NUMBER}")  # of younger ones of Rigol
_COMMA, _THOUSANDS = re.compile(r"(?<![\d.,])\d+(?:,\d+)+(?![\d.,])"), re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")
_SECONDS = {"s": 1.0, "ms": 1e-3, "milli": 1e-3, "us": 1e-6, "µs": 1e-6, "micro": 1e-6, "min": 60.0, "h": 3600.0}


def described_rate(
    lines: Sequence[str], names: Sequence[str], delimiter: str, rows: Sequence[Sequence[str]]
) -> Rate | None:
    """Find the rate of the rows in the lines above a table, or among the names of its columns; None without one.

    Commas in numbers that do not separate columns are decimal ones if they are in the cells of some ``rows``.
    """
    lines = [line[:_LONGEST] for line in lines]
    if delimiter != ",":
        decimal = any(_COMMA.search(cell) for row in rows for cell in row)
        lines = [_COMMA.sub(lambda number: _with_point(number[0], decimal), line) for line in lines]
    return next((rate for rate in _rates(lines, names) if rate.hertz > 0), None)


def _with_point(number: str, decimal: bool) -> str:
    return number.replace(",", "" if _THOUSANDS.fullmatch(number) and not decimal else ".")


def _rates(lines: Sequence[str], names: Sequence[str]) -> Iterator[Rate]:
    for line in lines:
        for match in filter(None, (pattern.search(line) for pattern in _RATES)):
            yield Rate(float(match["number"]) * (1000 if _unit_of(match) else 1), " ".join(match[0].split()))
        for match in filter(None, (pattern.search(line) for pattern in _INTERVALS)):
            yield Rate(_inverse(float(match["number"]) * _SECONDS[_unit_of(match) or "s"]), " ".join(match[0].split()))
    above = "\n".join(lines[:3])
    if title := _OF_VICON.match(above):
        yield Rate(float(title["number"]), title["number"])
    if step := _OF_RIGOL.search(f"{','.join(names)}\n{above}"):
        yield Rate(_inverse(float(step["number"])), f"Increment: {step['number']}")
    for match in filter(None, map(_AMONG_NAMES.search, names)):
        yield Rate(_inverse(float(match["number"])), match[0])


def _unit_of(match: re.Match[str]) -> str:
    units = match.groupdict()
    return (units.get("unit_of_name") or units.get("unit") or "").lower()


def _inverse(seconds: float) -> float:
    return 1 / seconds if seconds else 0.0
