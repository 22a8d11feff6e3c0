"""Fractions that count parts of a second without leading zeros: 7 s and 5 ms are written 7.5, and 7 s and 40 ms 7.40.

``printf("%ld.%ld", seconds, microseconds)`` writes such times.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_PARTS = r"^(?P<whole>\d+)\.(?P<count>\d{1,9})$"
_DIGITS = (3, 6, 9)  # of milliseconds, microseconds, nanoseconds


def fractions_count(cells: pa.Array, numbers: np.ndarray) -> bool:
    """Return whether the fractions of cells count: so they grow, but the ``numbers`` (rows,) of the cells fall."""
    seconds = np.floor(numbers)
    if (seconds[1:] < seconds[:-1]).any() or seconds[0] == seconds[-1] or (numbers[1:] >= numbers[:-1]).all():
        return False
    parts = pc.extract_regex(cells, _PARTS)
    if parts.null_count or _digits(parts) not in _DIGITS:
        return False
    return bool((np.diff(pc.cast(with_zeros(cells), pa.float64()).to_numpy()) >= 0).all())


def with_zeros(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write the leading zeros of fractions."""
    parts = pc.extract_regex(cells, _PARTS)
    whole, count = (pc.struct_field(parts, name) for name in ("whole", "count"))
    return pc.coalesce(pc.binary_join_element_wise(whole, pc.utf8_lpad(count, _digits(parts), "0"), "."), cells)


def _digits(parts: pa.ChunkedArray) -> int:
    return pc.max(pc.utf8_length(pc.struct_field(parts, "count"))).as_py() or 0
