"""Records of text: JSON objects, in lines or in a list, and YAML as ``ros2 topic echo`` prints it.

Each record is a row. A field inside other fields is a column with its path as name, such as ``pose.position.x``. So is
each element of a short list: ``covariance_0``.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.numbers import EMPTY
from infonet_ros.intake.tables.cells.time_units import is_named_time
from infonet_ros.intake.tables.sheet import MOST_ELEMENTS, Sheet, stem
from infonet_ros.intake.tables.text_files.text_columns import TextColumns
from infonet_ros.intake.tables.text_files.text_source import Text
from infonet_ros.text import are, counted, listed

_ROWS, _FEWEST_PAIRS = 2000, 3
_JSON = re.compile(r"\s*(?:\[\s*)?\{\s*[\"}]|\s*\[\s*\[[^\[\]\n]*\]\s*,[ \t]*\[")  # lists in lines are rows in brackets
_NUMBERS = re.compile(r"[+-]?[\d.]+(?:[eE][+-]?\d+)?(?:[,;] ?[+-]?[\d.]+(?:[eE][+-]?\d+)?)+")
_SEVERAL_VALUES = re.compile(rf"\(*[+-]?[\d.eE+-]+ ?[+-] ?[\d.eE+-]+[ij]\)*$|[{{\[(]|array\(|{_NUMBERS.pattern}$")
_COMPLEX = re.compile(r"\(?([+-]?[\d.]+(?:[eE][+-]?\d+)?|nan)? ?([+-] ?(?:[\d.]+(?:[eE][+-]?\d+)?|nan))\*?[ij]\)?")
_LIST = re.compile(r"(?:array\(\s*(?:'\w',\s*)?)?[\[(]\s*([^\[\](){}\"']*?)[\s,;]*[\])](?:,\s*dtype=\w+)?\)?")
_BETWEEN = re.compile(r"[\s,\]]*")
_YAML = re.compile(r"(?:\s*(?:#.*|---)?\n)*[A-Za-z_]\w*:(?: [^\n]*)?\n")
_DOCUMENT_END = re.compile(r"^---[ \t]*$", re.MULTILINE)
_MILLISECONDS = re.compile(r"^\\?/Date\((-?\d+)(?:[+-]\d{4})?\)\\?/$")  # since 1970, as .NET writes them
_YAML_WORDS = {".nan": "nan", ".inf": "inf", "-.inf": "-inf", "~": ""}
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # base: all scalars stay text


def read_records(text: Text) -> list[Sheet] | None:
    """Read a file of records; None for another file.

    Raises RecordingError if it does not exist, is empty, or its records are not a table.
    """
    if _JSON.match(text.head):
        kind, remedy = "JSON", 'one object for each time, in lines or in a list, such as {"time": 0.5, "x": 1.2}'
        records = _unwrapped(_with_series(_of_json(text.pieces(), text.notes)), text.notes)
    elif _YAML.match(text.head) and _DOCUMENT_END.search(text.head):
        kind, remedy = "YAML", "messages with a stamp; record topics without one by `ros2 bag record`"
        records = _of_yaml(text.pieces(), text.notes)
    else:
        return None
    sheet = sheet_of(text.path, records)
    if len(sheet.names) < 2:
        raise RecordingError(
            f"{text.path} is not a readable table: its {kind} holds no records of a time and a number; expected "
            f"{remedy}."
        )
    sheet.notes += text.notes
    return [sheet]


def split_cells(sheet: Sheet, path: Path) -> None:
    """Make several columns of one whose cells hold objects of JSON, such as payloads of MQTT, lists or complex numbers.

    Lists may be written by Python and NumPy: ``(0.1, 0.2)``, ``[0.1 0.2]``, ``array('d', [0.1, 0.2])``; or without
    brackets, ``0.1,0.2``, as OpenSim does.
    """
    for name, text in list(sheet.texts.items()):
        if not _SEVERAL_VALUES.match(text) or name not in sheet.cells:
            continue
        cells = (cell.as_py() or "" for chunk in sheet.cells[name].chunks for cell in chunk)
        inner = sheet_of(path, ({name: value} if (value := _values_in(cell)) else {} for cell in cells))
        if inner.columns or len(inner.texts) > 1:
            sheet.drop(name)
            sheet.add_columns_of(inner)


def _values_in(cell: str) -> dict[str, Any] | list[Any] | None:
    """Read a cell that holds several values; None for any other cell."""
    if parts := _COMPLEX.fullmatch(cell):
        return {"real": parts[1] or "0", "imag": parts[2].replace(" ", "")}
    if elements := _LIST.fullmatch(cell) or _NUMBERS.fullmatch(cell):
        return re.split(r"[\s,;]+", elements[elements.re.groups])
    try:
        value = json.loads(cell)
    except ValueError:
        return None
    return value if isinstance(value, (dict, list)) else None


def sheet_of(path: Path, records: Iterator[Any]) -> Sheet:
    """Make a row of each record; fields may hold other fields."""
    columns = TextColumns(path)
    try:
        while rows := [dict(_cells(record)) for record in islice(records, _ROWS)]:
            names = dict.fromkeys(name for row in rows for name in row)
            cells = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
            columns.add(cells, len(rows))
    except RecursionError as error:
        raise RecordingError(f"{path} is not a readable table: its records are nested too deep.") from error
    sheet = Sheet(stem(path), {})
    columns.into(sheet)
    return sheet


def _of_json(pieces: Iterator[str], notes: list[str]) -> Iterator[Any]:
    """Go through the values of a text: the elements of a list, or values one after the other."""
    decoder = json.JSONDecoder()
    text, enough, lost = "", 0, 0
    in_list = None
    for piece in chain(pieces, ("",)):
        text += piece
        if piece and len(text) < enough:  # a value is longer than a piece: try again with twice as much text
            continue
        if in_list is None:
            in_list = re.match(r"\s*\[\s*[{\[]", text)
            text = text.lstrip()[1:] if in_list else text
        place = _BETWEEN.match(text).end()  # type: ignore[union-attr]
        while place < len(text):
            try:
                record, place = decoder.raw_decode(text, place)
                yield record
            except json.JSONDecodeError as error:
                following = text.find("\n{", place + 1)
                if following < 0 or error.pos >= len(text) or error.msg.startswith("Unterminated"):
                    break
                place, lost = following, lost + 1
            place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]
        text = text[place:]
        enough = 2 * len(text)
    _note_lost(notes, "JSON", lost, text)


def _with_series(values: Iterator[Any]) -> Iterator[Any]:
    """Make a row of each pair of a time and a value, if objects hold such pairs, as of Prometheus and Grafana."""
    first = next(values, None)
    if not any(_series_in(first)):
        yield from (value for value in (first,) if value is not None)
        yield from values
        return
    for value in chain((first,), values):
        for name, pairs in _series_in(value):
            times, numbers = zip(*pairs, strict=True)
            if not _never_falls(times):
                times, numbers = numbers, times
            yield from ({"time": t, "name": name, "value": v} for t, v in zip(times, numbers, strict=True))


def _series_in(value: Any) -> Iterator[tuple[str, list[Any]]]:
    """Go through the lists of pairs within objects, and their names; one number of the pairs never falls."""
    if isinstance(value, list):
        for inner in value:
            yield from _series_in(inner) if isinstance(inner, dict) else ()
    elif isinstance(value, dict):
        pairs = next((inner for inner in value.values() if _are_pairs(inner)), None)
        others = [inner for inner in value.values() if inner is not pairs]
        if pairs is None:
            for inner in others:
                yield from _series_in(inner)
        elif others and all(isinstance(inner, (str, dict)) for inner in others):
            yield _name_of_series(others), pairs


def _are_pairs(value: Any) -> bool:
    if not isinstance(value, list) or len(value) < _FEWEST_PAIRS:
        return False
    return all(isinstance(pair, list) and len(pair) == 2 for pair in value) and any(
        map(_never_falls, zip(*value, strict=True))
    )


def _never_falls(numbers: Sequence[Any]) -> bool:
    return all(isinstance(n, (int, float)) for n in numbers) and all(a <= b for a, b in pairwise(numbers))


def _name_of_series(labels: list[Any]) -> str:
    """Return the name of a series: the first text beside it, or labels as Prometheus writes them: ``up{job="a"}``."""
    for label in labels:
        if isinstance(label, str):
            return label
        if isinstance(label, dict) and label:
            inner = ", ".join(f'{key}="{text}"' for key, text in label.items() if key != "__name__")
            return label.get("__name__", "") + (f"{{{inner}}}" if inner else "")
    return ""


def _unwrapped(values: Iterator[Any], notes: list[str]) -> Iterator[Any]:
    """Return the records of a single object that holds all of them, as rows or as columns."""
    first = next(values, None)
    second = next(values, None)
    if second is None and isinstance(first, dict):
        yield from _rows_within(first, notes)
    else:
        yield from chain((value for value in (first, second) if value is not None), values)


def _rows_within(record: Mapping[str, Any], notes: list[str]) -> Sequence[Any]:
    """Return the rows of an object: its lists of objects, its columns, or itself."""
    columns = dict(_columns_within(record))
    lists = {name: rows for name, rows in columns.items() if isinstance(rows, list) and len(rows) > 1}
    if tables := {name: rows for name, rows in lists.items() if all(isinstance(row, dict) for row in rows)}:
        return _with_topics(tables)
    if isinstance(names := record.get("columns"), list) and isinstance(record.get("data"), list):  # as pandas splits
        split = [dict(zip(names, row, strict=False)) for row in record["data"] if isinstance(row, list)]
        return _with_index(record.get("index", ()), split)
    rows = [row for row in record.values() if isinstance(row, dict)]
    if len({*chain.from_iterable(rows)}) < len(rows) == len(record):  # rows by their index: they have fewer columns
        return _with_index(record, rows)
    index = next((v for v in record.values() if isinstance(v, dict)), {})
    longest = max(map(len, lists.values()), default=0)
    columns = {name: column for name, column in lists.items() if len(column) == longest}
    if others := [name for name in lists if name not in columns]:
        notes.append(f"lists of other lengths than {longest} are left out: {listed(others, 80)}")
    cells = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return _with_index(index, cells) if cells else [record]


def _with_topics(tables: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the rows of the longest table with a time, and of those with the same time, each with its name."""
    timed = {name: rows for name, rows in tables.items() if any(map(is_named_time, rows[0]))} or tables
    longest = max(timed.values(), key=len)
    times = {*filter(is_named_time, longest[0])}
    alike = {name: rows for name, rows in timed.items() if times & rows[0].keys()}
    return [{"topic": name, **row} for name, rows in alike.items() for row in rows] if len(alike) > 1 else longest


def _columns_within(record: Mapping[str, Any], name: str = "") -> Iterator[tuple[str, Any]]:
    """Go through the fields of an object and of objects in it; the values of an innermost one are a column."""
    for key, value in record.items():
        path = f"{name}.{key}" if name else key
        if isinstance(value, dict) and any(isinstance(inner, (dict, list)) for inner in value.values()):
            yield from _columns_within(value, path)
        else:
            yield path, [*value.values()] if isinstance(value, dict) else value


def _with_index(index: Iterable[Any], rows: Iterable[Any]) -> list[Any]:
    """Put the index of a DataFrame, which may be the time, before its columns, except if it counts the rows."""
    index, rows = list(index), list(rows)
    if len(index) != len(rows) or [*map(str, index)] == [*map(str, range(len(rows)))]:
        return rows
    return [{"index": value, **row} for value, row in zip(index, rows, strict=True)]


def _of_yaml(pieces: Iterator[str], notes: list[str]) -> Iterator[Any]:
    """Go through the documents of a text."""
    text, lost = "", 0
    for piece in pieces:
        *documents, text = _DOCUMENT_END.split(text + piece)
        for document in documents:
            try:
                record = yaml.load(document, _Loader)  # noqa: S506 (it makes nothing but texts)
            except yaml.YAMLError:
                lost += 1
                continue
            if isinstance(record, dict):
                yield record
    _note_lost(notes, "YAML", lost, text)


def _note_lost(notes: list[str], kind: str, lost: int, rest: str) -> None:
    """Note how many records cannot be read, and that the ``rest`` of the text is not a whole one."""
    if lost:
        notes.append(f"{counted(lost, 'record')} of {kind} cannot be read and {are(lost)} left out")
    if rest.strip():
        notes.append("the last record is cut and is left out")


def _cells(value: Any, name: str = "") -> Iterator[tuple[str, str | None]]:
    """Go through the columns of a record, and their cells."""
    if isinstance(value, dict):
        inner = ((f"{name}.{key}" if name else str(key), element) for key, element in value.items())
    elif isinstance(value, list):
        few = value if len(value) <= MOST_ELEMENTS else []
        inner = ((f"{name or 'column'}_{place}", element) for place, element in enumerate(few))
    else:
        yield name or "value", _as_cell(value)
        return
    for path, element in inner:
        yield from _cells(element, path)


def _as_cell(value: Any) -> str | None:
    text = _MILLISECONDS.sub(r"\1", value) if isinstance(value, str) else repr(value)
    text = _YAML_WORDS.get(text.lower(), text)
    return None if text in EMPTY else text
