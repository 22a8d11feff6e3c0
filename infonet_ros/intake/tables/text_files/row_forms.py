r"""Other forms of rows: the signs that programs write around rows and cells are removed, so that a plain table remains.

- Rows quoted as a whole, by a spreadsheet that read each row as one cell: ``"2.5,""the left one"",4"``.
- Quotes behind backslashes in quoted cells, as MySQL writes them: ``2.5,"the \"left\" one",4``.
- Cells in single quotes: ``'2.5','4'``; cells that a spreadsheet must not change: ``="2.5"``, ``'2.5``.
- Degrees, minutes and seconds between blanks, below a name that says so: ``48 07 02.28``.
- Rows that end in a semicolon, which is no delimiter: ``0.5, 1.2, 3.4;``.
- Rows in brackets, as Python and NumPy print them: ``[0.5 1.2 3.4]``, ``(0.5, 1.2, 3.4)``.
- Words around numbers, as for people or the serial plotter of Arduino: ``temp: 21.5 C, hum=40 %``, ``a:1.2,b:3.4``.
- A time before an arrow, as the serial monitor of Arduino writes it, or before a blank, as terminals do:
  ``12:00:00.500 -> 1.2,3.4``, ``[2024-05-01 12:00:00.500] 1.2,3.4``, ``2024-05-01 12:00:00.500 - 1.2,3.4``.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

_QUOTED_ROW = re.compile(r'^"((?:[^"\n]|"")*)"[ \t\r]*$', re.MULTILINE)
_ESCAPED_CELL = re.compile(r'(?:^|(?<=[,;\t|]))"(?:[^"\\\n]|\\.|"")*"(?=[,;\t|\r\n]|$)', re.MULTILINE)
_ESCAPED_QUOTE = re.compile(r'\\"(?![,;\t|\r\n]|$)', re.MULTILINE)  # before a delimiter it may be the end of a folder
_SINGLE_QUOTED_ROW = re.compile(r"^'((?:[^'\n]|'')*[,;\t|](?:[^'\n]|'')*)'[ \t\r]*$", re.MULTILINE)
_SINGLE_QUOTED = re.compile(r"(?:^|(?<=[,;\t|]))[ \t]*'([^'\n]*)'[ \t]*(?=[,;\t|\r\n]|$)", re.MULTILINE)
_FORMULA = re.compile(r'(?:^|(?<=[,;\t|]))[ \t]*=("[^"\n]*")(?=[ \t]*(?:[,;\t|\r\n]|$))', re.MULTILINE)
_MARKED = re.compile(r"(?:^|(?<=[,;\t|\"]))'(?=[\d+-])", re.MULTILINE)
_BRACKETED = re.compile(r"^[ \t]*[\[(]+[ \t]*([^\[\]()\n]*?)[ \t]*[\])]+[,;]?[ \t\r]*$", re.MULTILINE)
_ENDED = re.compile(r"^(?=[^;\n,\t| ]*[,\t| ])([^;\n]*);[ \t\r]*$", re.MULTILINE)
_OF_CELLS = r"(?:(?=[^;\t\n]*([;\t]))|(?=[^,\n]*(,))|)"  # the delimiter in the rest of the row; a comma may be decimal
_MONITORED = re.compile(rf"^(\[?\d{{1,2}}:\d{{2}}:\d{{2}}[.,]\d+\]?)[ \t]+->[ \t]*{_OF_CELLS}", re.MULTILINE)
_STAMPED = re.compile(  # not before a zone, such as +0200, nor before a tab that delimits all cells
    r"^[\[(]?((?:\d{4}[-/]\d{2}[-/]\d{2}[T ])?\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?|(?<=[\[(])\d+\.\d+(?=[\])]))[\])]?"
    r"(?: +(?:- +)?|\t(?=[^\t\n]*[,;][^\t\n]*(?:[,;][^\t\n]*|\.\d[^\t\n]*)$))"
    rf"(?![+-]\d{{2}}:?\d{{2}}\b)(?=[+-]?\.?\d){_OF_CELLS}",
    re.MULTILINE,
)
_DEGREES = re.compile(r"(?<=\s)(-?\d{1,3}) +(\d{2}) +(\d{2}\.\d{3,})(?=\s)")
_OF_DEGREES = "(d'\")"  # behind the names of their columns, as RTKLIB writes it
_DELIMITER = re.compile(r"[,;\t|]")
_SOME, _FEWEST, _ENOUGH_TEXT = 50, 3, 1 << 18  # lines to look at; of long ones, fewer
_MOST = 0.9  # of the lines must have a form

# Of rows of words.
_STAMP = r"(?:\d{4}[-/.]\d{2}[-/.]\d{2}[T ])?\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?Z?"
_NUMBER = r"[+-]?(?:\d+(?:[.,]\d+)?\.?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|NaN|NAN|inf|Inf|INF)\b"
_WORD = r"(?:(?<=[:=])|(?<=[:=][ \t]))(?:[Tt]rue|[Ff]alse|None|null)\b"
_VALUE = re.compile(rf"(?<![\w.])(?:{_STAMP}|{_NUMBER}|{_WORD})")
_NAME = re.compile(r"([A-Za-z_][\w.\[\]/()%]*)[\"']?[ \t]*[:=][ \t]*[\[({]?[ \t]*$")
_LAST_WORD = re.compile(r"([A-Za-z_]\w*)\W*$")
_BETWEEN = (",",)  # the elements of a list
_FEWEST_NAMES = 2


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
    for find in (_degrees, _escaped, _whole_rows, _monitored, _worded, _cells):
        found = find(_lines(form.plain(head)))
        if found:
            form = RowForm(_both(form.plain, found.plain), found.names or form.names)
    return form


def _both(first: Callable[[str], str], then: Callable[[str], str]) -> Callable[[str], str]:
    return lambda lines: then(first(lines))


def _lines(head: str) -> list[str]:
    """Return the first whole lines that are not blank."""
    whole = head.rpartition("\n")[0] or head
    lines = [*islice(filter(str.strip, whole.split("\n")), _SOME)]
    return lines[: max(_FEWEST, _ENOUGH_TEXT // max(map(len, lines), default=1))]


def _most_have(pattern: re.Pattern[str], lines: Sequence[str]) -> bool:
    return len(lines) > 1 and sum(bool(pattern.search(line)) for line in lines) >= _MOST * len(lines)


def _degrees(lines: Sequence[str]) -> RowForm | None:
    """Find degrees, minutes and seconds with blanks between them, which are one cell."""
    named = any(_OF_DEGREES in line for line in lines)
    return RowForm(partial(_DEGREES.sub, r"\1°\2'\3" + '"')) if named else None


def _escaped(lines: Sequence[str]) -> RowForm | None:
    """Find quotes behind backslashes within cells, and double them."""
    if not any(_ESCAPED_QUOTE.search(cell[0]) for line in lines for cell in _ESCAPED_CELL.finditer(line)):
        return None
    return RowForm(partial(_ESCAPED_CELL.sub, lambda cell: cell[0].replace(r"\"", '""')))


def _whole_rows(lines: Sequence[str]) -> RowForm | None:
    rows = lines[1:]
    quoted = [_QUOTED_ROW.fullmatch(row) for row in rows]
    if rows and all(row is not None and _DELIMITER.search(row[1]) is not None for row in quoted):
        return RowForm(partial(_QUOTED_ROW.sub, lambda row: row[1].replace('""', '"')))
    for pattern in (_SINGLE_QUOTED_ROW, _BRACKETED, _ENDED):
        if _most_have(pattern, rows):
            return RowForm(partial(pattern.sub, r"\1"))
    return None


def _monitored(lines: Sequence[str]) -> RowForm | None:
    """Find a time before the cells that no delimiter separates from them."""
    for pattern, otherwise in ((_MONITORED, ","), (_STAMPED, " ")):
        if _most_have(pattern, lines):
            return RowForm(partial(pattern.sub, partial(_delimited, otherwise)))
    return None


def _delimited(otherwise: str, row: re.Match[str]) -> str:
    """Put the delimiter of the cells, or another one for a single cell, between the time and the cells."""
    delimiter = row[2] or row[3] or otherwise
    return (row[1].replace(",", ".") if delimiter == "," else row[1]) + delimiter


def _cells(lines: Sequence[str]) -> RowForm | None:
    """Find cells in single quotes, as formulas, or behind the mark of texts."""
    for pattern, quoted in ((_SINGLE_QUOTED, r'"\1"'), (_FORMULA, r"\1"), (_MARKED, "")):
        if _most_have(pattern, lines[1:]):
            return RowForm(partial(pattern.sub, quoted))
    return None


def _worded(lines: Sequence[str]) -> RowForm | None:
    """Find rows that share their words, of which each number is a cell.

    The word before a number is its name; a first or last number without a word is the time. How many blanks are between
    the words makes no difference.
    """
    rows = lines[1:]
    found = [tuple(tuple(words.split()) for words in _VALUE.split(row)) for row in rows]
    usual = max(set(found), key=found.count, default=())
    if len(usual) < 2 or found.count(usual) < _MOST * len(found):
        return None
    row = rows[found.index(usual)]
    names = [_NAME.search(words) for words in _VALUE.split(row)[:-1]]
    if sum(map(bool, names)) < max(min(_FEWEST_NAMES, len(names)), len(names) // 3):
        return None
    if _BETWEEN in usual and any("," in number for number in _VALUE.findall(row)):  # or is it a decimal comma?
        return None
    words = (r"[ \t]+".join(map(re.escape, words)) for words in usual)
    pattern = re.compile(r"^[ \t]*" + rf"[ \t]*({_VALUE.pattern})[ \t]*".join(words) + r"[ \t\r]*$", re.MULTILINE)
    cells = ",".join(rf'"\g<{place}>"' for place in range(1, len(usual)))
    return RowForm(partial(pattern.sub, cells), _names(names, usual))


def _names(found: Sequence[re.Match[str] | None], words: Sequence[Sequence[str]]) -> list[str]:
    names: list[str] = []
    for place, name in enumerate(found):
        match = name or _LAST_WORD.search(" ".join(words[place]))
        element = names and words[place] == _BETWEEN  # of a list; later names that are equal get numbers
        names.append(match[1] if match else names[-1] if element else f"column_{place + 1}")
    time = next((place for place in (0, len(names) - 1) if not words[place]), None)
    if time is not None:
        names[time] = "time"
    return names
