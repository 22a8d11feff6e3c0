"""DataFrames in and out: the names of columns, and results as tables."""

from collections.abc import Hashable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from infonet_ros.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    import pandas

Names = tuple[Hashable, ...]

_ENDS = 5  # rows of a long table that are shown as text, at its start and at its end


def column_names(samples: Any) -> Names:
    """Return the column names of a DataFrame (pandas or polars) or pyarrow Table, or the column numbers of an array."""
    of_pyarrow = hasattr(type(samples), "column_names")  # of the type: a DataFrame has its columns as attributes
    columns = getattr(samples, "column_names" if of_pyarrow else "columns", None)
    return tuple(range(np.shape(samples)[1])) if columns is None else tuple(columns)


def numbers_of(name: str, samples: Any) -> Any:
    """Return a pandas DataFrame or Series as an array, with NaN where it holds `pandas.NA`; anything else as it is.

    Raises InputError if a DataFrame has columns that are not numbers.
    """
    if not hasattr(samples, "convert_dtypes"):
        return samples
    types = samples.dtypes.to_dict() if hasattr(samples, "columns") else {name: samples.dtype}
    others = [f"{column!r} ({kind})" for column, kind in types.items() if kind.kind not in "biuf"]
    if others:
        raise InputError(f"{name} has columns that are not numbers: {', '.join(others)}. Leave them out.")
    if all(isinstance(kind, np.dtype) for kind in types.values()):
        return samples.to_numpy()
    return samples.to_numpy(dtype=np.float64, na_value=np.nan)  # types of pandas' own, such as Float64


def to_dataframe(table: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> "pandas.DataFrame":
    """Make a pandas DataFrame of columns, or of rows. Raises MissingDependencyError without pandas."""
    try:
        import pandas
    except ImportError as error:
        raise MissingDependencyError("A DataFrame of results", "pandas", "run `pip install pandas`") from error
    return pandas.DataFrame(table)


class Tabular:
    """A result that can be a table, and that a shell and a notebook show as one."""

    def columns(self) -> dict[str, Any]:
        """Return the columns of the table by name, each with one value for each row."""
        raise NotImplementedError

    def to_dataframe(self) -> "pandas.DataFrame":
        """Return the `columns` as a DataFrame. Raises MissingDependencyError without pandas."""
        return to_dataframe(self.columns())

    def __repr__(self) -> str:
        """Show the table as text, of a long one its ends."""
        columns = self.columns()
        count = len(next(iter(columns.values())))
        return f"{type(self).__name__}, rows: {count}\n{text_table(columns)}"

    def _repr_html_(self) -> str | None:
        """Show the table in a notebook; None, without pandas, lets the notebook show plain text."""
        try:
            return self.to_dataframe().to_html(max_rows=60, notebook=True, border=0)
        except MissingDependencyError:
            return None


def text_table(columns: Mapping[str, Sequence[Any]]) -> str:
    """Return columns of equal length as lines of text, with three decimals; dots stand for the middle of long ones."""
    rows = list(zip(*columns.values(), strict=True))
    if len(rows) > 2 * _ENDS:
        rows[_ENDS:-_ENDS] = [("...",) * len(columns)]
    numbers = (float, np.floating)
    texts = [[f"{cell:.3f}" if isinstance(cell, numbers) else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *texts, strict=True)]
    lines = [[cell.rjust(width) for cell, width in zip(row, widths, strict=True)] for row in [list(columns), *texts]]
    return "\n".join("  ".join(line) for line in lines)


def html_table(title: str, names: Sequence[Hashable], values: np.ndarray) -> str:
    """Return a matrix (N, N) as an HTML table for a notebook, with two decimals."""
    labels = [escape(str(name)) for name in names]
    head = "".join(f"<th>{label}</th>" for label in labels)
    rows = (
        f"<tr><th>{label}</th>{''.join(f'<td>{value:.2f}</td>' for value in row)}</tr>"
        for label, row in zip(labels, values, strict=True)
    )
    return f"<table><tr><th>{escape(title)}</th>{head}</tr>{''.join(rows)}</table>"


def chosen(names: Sequence[Hashable], indices: np.ndarray) -> np.ndarray:
    """Return the names at some indices (K,); None where an index is -1."""
    found = np.empty(len(indices), dtype=object)
    found[:] = [None if index < 0 else names[index] for index in indices]
    return found
