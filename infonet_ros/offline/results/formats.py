"""The kinds of output."""

from enum import Enum


class Format(str, Enum):
    """Kinds of output."""

    html = "html"
    csv = "csv"
    parquet = "parquet"
    npz = "npz"
    png = "png"
    mcap = "mcap"


KINDS = "|".join(kind.value for kind in Format)
"""The kinds of output, as a help text names them."""
