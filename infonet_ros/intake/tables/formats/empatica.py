"""Recordings of Empatica's wristbands: the time of the first row, the rows per second, then rows without names."""

import re
from itertools import chain, islice

import numpy as np

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.formats.arrays import as_column
from infonet_ros.intake.tables.sheet import Sheet, stem
from infonet_ros.intake.tables.text_files.text_source import Text
from infonet_ros.text import NANOSECONDS, counted, unique_names

_BEGIN = re.compile(r"(1\d{9}\.\d+)(?:, *\1)*\n(\d{1,3}\.0+)(?:, *\2)*\n[-\d]")  # each number once for each column
_AXES = "xyz"


def read_empatica(text: Text) -> list[Sheet] | None:
    """Read the file of a sensor, such as ``ACC.csv`` or ``EDA.csv``; None for another file.

    Raises RecordingError if a cell is no number.
    """
    begin = _BEGIN.match(text.head)
    if not begin or not float(begin[2]):
        return None
    first, rate = round(float(begin[1]) * NANOSECONDS), float(begin[2])
    rows = [line.split(",") for line in islice(chain.from_iterable(text.lines()), 2, None)]
    width = begin[0].partition("\n")[0].count(",") + 1
    while rows and not (len(rows[-1]) == width and rows[-1][-1]):  # the last may be cut
        rows.pop()
    if odd := sum(len(row) != width for row in rows):
        text.notes.append(f"{counted(odd, 'row')} without {counted(width, 'cell')} read as unknown, in its time")
    unknown = ["nan"] * width
    try:
        numbers = np.array([row if len(row) == width else unknown for row in rows], np.float64)
    except ValueError as error:
        raise RecordingError(
            f"{text.path} is not a readable table: {error}; expected numbers below the rate."
        ) from error
    names = _AXES if width == len(_AXES) else unique_names(["value"] * width)
    stamps = (first + np.round(np.arange(len(numbers)) * (NANOSECONDS / rate)).astype(np.int64)).astype("M8[ns]")
    columns = {name: as_column(column) for name, column in zip(names, numbers.T, strict=True)}
    text.notes.append(f"its first line is the time of its first row, and its second the rate: {rate:g} Hz")
    return [Sheet(stem(text.path), {"time": as_column(stamps), **columns}, notes=text.notes)]
