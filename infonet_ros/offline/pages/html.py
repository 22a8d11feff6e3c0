"""HTML pages that work without a network: templates, the scripts inside them, and tables that sort and filter.

Names come from recordings and are not trusted: every value is escaped, control characters are written out, and a
content security policy lets no script run but those that come with this package.
"""

import base64
import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from infonet_ros.text import printable

_ROOM = "infonet_ros.offline.pages"
_SEPARATORS = re.compile(r"(?<=[^\W_][_./|])(?=[^\W\d_])")


@dataclass(frozen=True)
class Cell:
    """The content of a cell of a table."""

    text: str
    value: float | None = None  # sort key, if that is not the text
    whole: str = ""  # text on hover
    link: str = ""  # address of another page

    @classmethod
    def figure(cls, value: float, form: str = "") -> "Cell":
        """Make a cell of a count, or of a number in four digits; a dash if it is not known, always sorted last."""
        form = form or ("d" if isinstance(value, int) else ".4g")
        return cls(f"{value:{form}}", float(value)) if math.isfinite(value) else cls("–", math.nan)  # noqa: RUF001


@dataclass(frozen=True)
class Row:
    """Cells, and the pair of channels (and the window) that the row opens."""

    cells: tuple[Cell, ...]
    pair: tuple[int, int] | None = None
    window: int | None = None


@dataclass(frozen=True)
class Table:
    """A table; titles with ``#`` before them are of numbers."""

    titles: tuple[str, ...]
    rows: Sequence[Row] = field(default_factory=tuple)

    @property
    def columns(self) -> list[tuple[str, bool]]:
        """Title of each column, and whether it is of numbers."""
        return [(title.lstrip("#"), title.startswith("#")) for title in self.titles]


@dataclass(frozen=True)
class Script:
    """A script of this package as it stands in a page, and the hash by which the page's policy knows it."""

    text: Markup
    digest: str

    @classmethod
    def named(cls, name: str) -> "Script":
        """Read a script by its file name."""
        text = _asset(name)
        return cls(text, base64.b64encode(hashlib.sha256(text.encode()).digest()).decode())


def render(
    name: str, *, package: str = _ROOM, styles: Sequence[str] = (), scripts: Sequence[str] = (), **values: Any
) -> str:
    """Render a template, which extends ``base.html``, from the folder ``templates`` of a package, with values.

    ``styles`` and ``scripts`` are the files of style sheets, and of scripts at the end of the page, beside those that
    every page has.
    """
    return (
        _environment(package)
        .get_template(name)
        .render(
            styles=[_asset(one) for one in ("page.css", *styles)],
            head_scripts=[Script.named("page.js")],
            scripts=[Script.named(one) for one in scripts],
            **values,
        )
    )


@cache
def _asset(name: str) -> Markup:
    return Markup((files(_ROOM) / "templates" / name).read_text(encoding="utf-8"))  # noqa: S704 - our own file


@cache
def _environment(package: str) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(one) for one in dict.fromkeys((package, _ROOM))]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_without_control_characters,
    )
    environment.filters["breakable"] = _breakable
    return environment


def _breakable(text: str) -> Markup:
    """Let long names break behind their separators: a browser that finds no such place breaks within a word."""
    return Markup("<wbr>").join(_SEPARATORS.split(_without_control_characters(text)))


def _without_control_characters(value: Any) -> Any:
    """Write control characters out, as the terminal does; lines stay lines, and markup stays as it is."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "\n".join(printable(line) for line in value.split("\n"))
