"""Numbers that stand for unknown values, such as -9999."""

import re
from collections.abc import Container

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.intake.tables.sheet import Sheet, as_floats, is_number
from infonet_ros.text import counted, shorten

_NINES = re.compile(r"-?9{3,}(?:\.9+)?|-?9{2}\.9{2,}")
_LIMITS = {f"{number}" for number in (-(2**15), 2**15 - 1, 2**16 - 1, -(2**31), 2**31 - 1, 2**32 - 1, -999.25)}
_LARGE = 1e20  # of what robots measure: more is 9.9e37 of an instrument, or the largest number of a type
_APART = 3.0  # times the range of all other numbers, from them
_FEWEST = 3  # different other numbers: fewer may be states, with one of this value


def without_fills(sheet: Sheet, times: Container[str]) -> list[str]:
    """Make numbers that stand for an unknown value unknown, but in columns of ``times``; return sentences about them.

    They are all nines, the limit of a type of numbers, or huge, and far from all other numbers of the column.
    """
    found: dict[str, dict[str, int]] = {}
    for name, column in sheet.columns.items():
        if name in times or not is_number(column):
            continue
        for fill in pc.min_max(column).as_py().values():
            if fill is not None and _may_fill(fill) and _is_apart(numbers := as_floats(column), fill):
                there = numbers == fill
                unknown = pa.scalar(float("nan"))
                sheet.columns[name] = pc.if_else(pa.array(there), unknown, column.cast(pa.float64(), safe=False))
                found.setdefault(f"{fill:.12g}", {})[name] = int(there.sum())
    return [
        f"{fill} stands for unknown values, far from all others: {counted(sum(cells.values()), 'cell')} of "
        f"{shorten(', '.join(cells), 80)}"
        for fill, cells in found.items()
    ]


def _may_fill(number: float) -> bool:
    text = f"{number:.12g}"
    return abs(number) >= _LARGE or _NINES.fullmatch(text) is not None or text in _LIMITS


@np.errstate(over="ignore")  # of numbers next to the largest of their type
def _is_apart(numbers: np.ndarray, fill: float) -> bool:
    others = np.unique(numbers[np.isfinite(numbers) & (numbers != fill)])
    return len(others) >= _FEWEST and bool(np.abs(others - fill).min() > _APART * np.ptp(others))
