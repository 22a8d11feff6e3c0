"""Tables whose rows are quoted as a whole, as a spreadsheet leaves them that took each row for one cell.

Such a row is ``"2.5,""the left one"",4"``, which stands for ``2.5,"the left one",4``.
"""

import re

_ROW = re.compile(r'^"((?:[^"\n]|"")*)"[ \t\r]*$', re.MULTILINE)
_DELIMITER = re.compile(r"[,;\t|]")


def rows_are_quoted(head: str) -> bool:
    """Tell from the whole lines at the beginning of a table; the header may be written without quotes."""
    lines = [line for line in head.rpartition("\n")[0].split("\n")[1:] if line.strip()]
    rows = [_ROW.fullmatch(line) for line in lines]
    return bool(rows) and all(row is not None and _DELIMITER.search(row[1]) is not None for row in rows)


def without_row_quotes(lines: str) -> str:
    """Take away the quotes around rows; other lines stay as they are."""
    return _ROW.sub(lambda row: row[1].replace('""', '"'), lines)
