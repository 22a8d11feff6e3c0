"""Columns of two words, such as ``open`` and ``closed``, read as the numbers 0 and 1."""

import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.intake.tables.cells.numbers import trimmed

_FEWEST_CELLS = 3  # of each word: fewer are not a state
_LONGEST_WORD = 40


def as_truth(cells: pa.ChunkedArray) -> tuple[pa.ChunkedArray, tuple[str, str]] | None:
    """Return a column of two words as 0 for the first word and 1 for the other, and both words; None for others."""
    texts = trimmed(pc.cast(cells, pa.string()))
    counts = pc.value_counts(pc.drop_null(texts)).to_pylist()
    words = [count["values"] for count in counts]
    if (
        len(words) != 2
        or min(count["counts"] for count in counts) < _FEWEST_CELLS
        or max(map(len, words)) > _LONGEST_WORD
    ):
        return None
    places = pc.index_in(texts, value_set=pa.array(words))
    return pc.cast(places, pa.float64()), (words[0], words[1])
