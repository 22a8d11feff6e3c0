"""The matrix, rows and order that the monitor shows, and the keys that change them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from infonet_ros.dependence.matrix import DependenceMatrix

CHANNELS, MODALITIES = "channels", "modalities"
KINDS = (CHANNELS, MODALITIES)

BY_MI, BY_NAME, BY_DELAY = "mi", "name", "delay"
ORDERS = (BY_MI, BY_NAME, BY_DELAY)

ESCAPE, ENTER, BACKSPACE, TAB = "\x1b", "\r", "\x7f", "\t"

KEYS = {
    "q": "quit",
    "Tab": "channels, or modalities (one row for each topic)",
    "s": "sort the pairs by MI, by name, or by delay",
    "/": "find: type part of a name, then Enter",
    "Esc": "show all names again",
    "?": "show or hide this list",
}
"""The effect of each key of the live view."""


class Pair(NamedTuple):
    """A pair of rows with its numbers, as in MutualInformationPair, and whether its p-value is at most 0.05.

    ``delay`` is the lag if that may be shown, see `DependenceMatrix.told_lag`, else NaN.
    """

    a: str
    b: str
    mi: float
    lower: float
    upper: float
    p_value: float
    lag: float
    significant: bool
    delay: float


@dataclass(frozen=True)
class ViewOptions:
    """The chosen matrix, its rows, and their order.

    ``pattern`` is a part of a name, in any case; several parts are separated by blanks. ``typing`` is true while it is
    being typed, ``showing_keys`` while the list of keys stands in place of the matrix.
    """

    kind: str = CHANNELS
    order: str = BY_MI
    pattern: str = ""
    typing: bool = False
    showing_keys: bool = False

    def pressed(self, key: str) -> "ViewOptions":
        """Return the options after a key of `KEYS` or, while typing, a letter of the name."""
        if self.typing:
            return self._typed(key)
        if key == "?" or self.showing_keys:
            return replace(self, showing_keys=not self.showing_keys)
        if key == TAB:
            return replace(self, kind=_next(KINDS, self.kind))
        if key == "s":
            return replace(self, order=_next(ORDERS, self.order))
        if key == "/":
            return replace(self, typing=True)
        if key == ESCAPE:
            return replace(self, pattern="")
        return self

    def _typed(self, key: str) -> "ViewOptions":
        if key in (ENTER, "\n"):
            return replace(self, typing=False)
        if key == ESCAPE:
            return replace(self, typing=False, pattern="")
        if key in (BACKSPACE, "\b"):
            return replace(self, pattern=self.pattern[:-1])
        return replace(self, pattern=self.pattern + key) if key.isprintable() else self

    def includes(self, name: str) -> bool:
        """Return whether a row matches the pattern."""
        parts = self.pattern.lower().split()
        return not parts or any(part in name.lower() for part in parts)

    def pairs(self, matrix: "DependenceMatrix") -> list[Pair]:
        """Return the known pairs with a row that matches the pattern, sorted; equal ones in the order of the rows."""
        found = [pair for pair in known_pairs(matrix) if self.includes(pair.a) or self.includes(pair.b)]
        if self.order == BY_MI:
            found.sort(key=lambda pair: -pair.mi)
        elif self.order == BY_NAME:
            found.sort(key=lambda pair: (pair.a, pair.b))
        else:
            found.sort(key=lambda pair: -np.nan_to_num(abs(pair.delay), nan=-1.0))
        return found

    def rows(self, matrix: "DependenceMatrix", most: int) -> list[int]:
        """Return the rows that match the pattern; of more than ``most``, those with the largest MI."""
        rows = [index for index, name in enumerate(matrix.names) if self.includes(name)]
        if len(rows) > most:
            strongest = np.where(matrix.known, matrix.mi, -1.0).max(axis=1)
            rows = sorted(sorted(rows, key=lambda row: -strongest[row])[: max(most, 0)])
        return rows


def known_pairs(matrix: "DependenceMatrix") -> Iterator[Pair]:
    """Pairs of the upper triangle that have an estimate."""
    numbers = (matrix.mi, matrix.lower, matrix.upper, matrix.p_value, matrix.lag)
    values = (*numbers, matrix.significant(), matrix.told_lag())
    for row, column in np.argwhere(np.triu(matrix.known, k=1)).tolist():
        yield Pair(matrix.names[row], matrix.names[column], *(value[row, column].item() for value in values))


def _next(values: tuple[str, ...], value: str) -> str:
    return values[(values.index(value) + 1) % len(values)]
