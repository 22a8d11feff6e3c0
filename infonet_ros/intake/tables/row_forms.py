"""Other forms of rows: the signs that programs write around rows and cells are removed, so that a plain table remains.

- Rows quoted as a whole, by a spreadsheet that read each row as one cell: ``"2.5,""the left one"",4"``.
- Cells in single quotes: ``'2.5','4'``; cells that a spreadsheet must not change: ``="2.5"``.
- Rows in brackets, as Python and NumPy print them: ``[0.5 1.2 3.4]``, ``(0.5, 1.2, 3.4)``.
- Cells with their names, as for the serial plotter of Arduino: ``a:1.2,b:3.4``, ``t=0.5 a=1.2``.
- A time before an arrow, as the serial monitor of Arduino writes it: ``12:00:00.500 -> 1.2,3.4``.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_QUOTED_ROW = re.compile(r'^"((?:[^"\n]|"")*)"[ \t\r]*$', re.MULTILINE)
_SINGLE_QUOTED_ROW = re.compile(r"^'((?:[^'\n]|'')*[,;\t|](?:[^'\n]|'')*)'[ \t\r]*$", re.MULTILINE)
_SINGLE_QUOTED = re.compile(r"(?:^|(?<=[,;\t|]))[ \t]*'([^'\n]*)'[ \t]*(?=[,;\t|\r\n]|$)", re.MULTILINE)
_FORMULA = re.compile(r'(?:^|(?<=[,;\t|]))[ \t]*=("[^"\n]*")(?=[ \t]*(?:[,;\t|\r\n]|$))', re.MULTILINE)
_BRACKETED = re.compile(r"^[ \t]*[\[(]+[ \t]*([^\[\]()\n]*?)[ \t]*[\])]+[,;]?[ \t\r]*$", re.MULTILINE)
_MONITORED = re.compile(r"^(\[?\d{1,2}:\d{2}:\d{2}[.,]\d+\]?)[ \t]+->[ \t]*([^,;\t\n]*([,;\t])?)", re.MULTILINE)
_NAMED = re.compile(
    r"(?:^|(?<=[,;\t ]))([A-Za-z_][\w.\[\]/()%]*)[ \t]*[:=][ \t]*(?=[+-]?[\d.]|[nN]a[nN]|[+-]?inf)", re.MULTILINE
)
_DELIMITER = re.compile(r"[,;\t|]")
_SOME = 50  # lines to look at
_MOST = 0.9  # of the lines must have a form


@dataclass(frozen=True)
class RowForm:
    """How rows are written; ``names`` are the names before the cells, if there are any."""

    plain: Callable[[str], str] = str
    names: Sequence[str] = ()

    @property
    def header(self) -> str:
        """A header line of the names in the rows; empty without names."""
        return ",".join(self.names) + "\n" if self.names else ""


def row_form(head: str) -> RowForm:
    """Find the form of the rows, from the whole lines at the beginning of a table; the first may be a header."""
    form = RowForm()
    for find in (_whole_rows, _monitored, _named, _cells):
        found = find(form.plain(head))
        if found:
            form = RowForm(_both(form.plain, found.plain), found.names or form.names)
    return form


def _both(first: Callable[[str], str], then: Callable[[str], str]) -> Callable[[str], str]:
    return lambda lines: then(first(lines))


def _lines(head: str) -> list[str]:
    whole = head.rpartition("\n")[0] or head
    return [line for line in whole.split("\n") if line.strip()][:_SOME]


def _most_have(pattern: re.Pattern[str], lines: Sequence[str]) -> bool:
    return len(lines) > 1 and sum(bool(pattern.search(line)) for line in lines) >= _MOST * len(lines)


def _whole_rows(head: str) -> RowForm | None:
    lines = _lines(head)[1:]
    quoted = [_QUOTED_ROW.fullmatch(line) for line in lines]
    if lines and all(row is not None and _DELIMITER.search(row[1]) is not None for row in quoted):
        return RowForm(lambda text: _QUOTED_ROW.sub(lambda row: row[1].replace('""', '"'), text))
    for pattern in (_SINGLE_QUOTED_ROW, _BRACKETED):
        if _most_have(pattern, lines):
            return RowForm(lambda text, pattern=pattern: pattern.sub(r"\1", text))  # type: ignore[misc]
    return None


def _monitored(head: str) -> RowForm | None:
    if not _most_have(_MONITORED, _lines(head)):
        return None
    return RowForm(lambda text: _MONITORED.sub(lambda line: f"{line[1]}{line[3] or ','}{line[2]}", text))


def _cells(head: str) -> RowForm | None:
    """Find cells in single quotes, or as formulas."""
    for pattern, quoted in ((_SINGLE_QUOTED, r'"\1"'), (_FORMULA, r"\1")):
        if _most_have(pattern, _lines(head)[1:]):
            return RowForm(lambda text, pattern=pattern, quoted=quoted: pattern.sub(quoted, text))  # type: ignore[misc]
    return None


def _named(head: str) -> RowForm | None:
    """Find cells with names, which are the same in all lines."""
    lines = _lines(head)[1:]
    names = [tuple(name[1] for name in _NAMED.finditer(line)) for line in lines]
    usual = max(set(names), key=names.count, default=())
    if not usual or len(set(usual)) < len(usual) or names.count(usual) < _MOST * len(names):
        return None
    line = lines[names.index(usual)]
    cells = re.split(r"[,;\t]\s*|\s+", _NAMED.sub("", line.strip()))
    before = ["time"] if len(cells) == len(usual) + 1 else []
    if len(cells) != len(usual) + len(before):
        return None
    return RowForm(lambda text: re.sub(r"[;\t ]+|,[ \t]*", ",", _NAMED.sub("", text).strip(" ")), [*before, *usual])
