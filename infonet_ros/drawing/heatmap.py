"""The heat map of a matrix: the frame is drawn once, and NumPy fills the cells with letters that were drawn before.

matplotlib is more than a hundred times slower for 32 channels, too slow for a live image, and takes a second to import.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from infonet_ros.drawing import palette
from infonet_ros.drawing.heatmap_cells import cells_of, shown_delays
from infonet_ros.drawing.labels import fitted_names
from infonet_ros.drawing.pixels import FAINT, INK, PAGE, blend, disc, font_of, hatched, letters, turned, write
from infonet_ros.errors import OutputError
from infonet_ros.text import NANOSECONDS, moment, shorten

if TYPE_CHECKING:
    from infonet_ros.dependence.matrix import DependenceMatrix

_SIDE = 768  # px, of all cells together
_LEAST_SIDE = 480  # px, of the picture, so that the title and the line below it fit
_CELL_SIDES = (10, 200)  # px: smallest, beside which a name can be read, and largest
_TITLE_SIZE = 17  # px
_LABEL_SIZE = 13
_LONGEST_LABEL = 40  # characters
_HEADER = 62  # px above the cells
_LEGEND = 40  # px below the names
_BAR = (24, 16, 74)  # px: gap before the colour bar, its width, room for its numbers
_TICK = 4  # px, and as much before its number
_TICK_GAP = 70  # px: least between two of them


@dataclass(frozen=True)
class HeatMapLayout:
    """The places of all parts of the picture, in pixels from the upper left corner.

    ``cell`` is the distance from one cell to the next, ``angle`` that of the names of the columns, in degrees.
    """

    names: tuple[str, ...]
    cell: int
    left: int
    top: int
    angle: int
    label_size: int
    width: int
    height: int

    @classmethod
    def of(cls, names: Sequence[str]) -> "HeatMapLayout":
        """Choose the size of the cells by their number, and the room for the names by their length."""
        cell = int(np.clip(_SIDE // len(names), *_CELL_SIDES))
        label_size = min(_LABEL_SIZE, cell - 1)
        font = font_of(label_size)
        longest = int(max(map(font.getlength, fitted_names(names, _LONGEST_LABEL).values()))) + 12
        angle = 0 if longest <= cell else 45 if cell > 1.5 * label_size else 90
        below = {0: 2 * label_size, 45: int(0.75 * (longest + label_size)), 90: longest}[angle]
        left = max(longest + 12, below if angle == 45 else 0)
        side = cell * len(names)
        width = max(left + side + sum(_BAR), _LEAST_SIDE)
        return cls(
            names=tuple(names),
            cell=cell,
            left=left,
            top=_HEADER,
            angle=angle,
            label_size=label_size,
            width=width,
            height=max(_HEADER + side + below + _LEGEND, _LEAST_SIDE),
        )

    @property
    def side(self) -> int:
        """Width and height of all cells together."""
        return self.cell * len(self.names)

    def box(self, row: int, column: int) -> tuple[slice, slice]:
        """Rows and columns of the pixels of one cell, without the gap between two cells."""
        y, x = self.top + row * self.cell, self.left + column * self.cell
        return slice(y, y + self.cell - 1), slice(x, x + self.cell - 1)


class HeatMap:
    """Draws matrices, one after the other, as pictures of the same kind.

    Use it in one thread only.

    Parameters
    ----------
    maximum : float, optional
        MI at the end of the colour scale, nats; without it, as `palette.Scale` says.
    significance : float
        A pair whose p-value is at most this is marked with a dot.
    adjusted : bool
        Whether p-values are first corrected for the number of pairs.

    Examples
    --------
    The results of `analyse_bag` hold such matrices: ``analysis.whole.matrix``, and ``analysis.matrices`` of windows.

    >>> from infonet_ros import InfoNet, Settings
    >>> from infonet_ros.dependence.window_matrices import channel_matrix
    >>> from infonet_ros.intake.windows.window import Window
    >>> samples = np.random.default_rng(0).standard_normal((500, 2))
    >>> window = Window(("imu.z", "odom.z"), samples, start=0, end=4_990_000_000, rate=100.0)
    >>> picture = HeatMap(maximum=1.0).render(channel_matrix(InfoNet.from_pretrained(), window, Settings()))
    >>> picture.shape[2], picture.dtype
    (3, dtype('uint8'))
    """

    def __init__(self, *, maximum: float | None = None, significance: float = 0.05, adjusted: bool = False) -> None:
        self._scale = palette.Scale(maximum)
        self._significance = significance
        self._adjusted = adjusted

    def render(self, matrix: "DependenceMatrix") -> np.ndarray:
        """Draw a matrix.

        Returns
        -------
        (H, W, 3) uint8
            Red, green, blue; at least 480 pixels in both directions. `HeatMapLayout.of` gives the place of each cell.
        """
        layout = _layout(matrix.names)
        end = self._scale.end(matrix.mi)
        told = matrix.told_lag(self._significance, adjusted=self._adjusted)
        delays = shown_delays(told, layout.cell)
        picture = _frame(layout, end, matrix.method, self._dot_label(matrix), delays is not None).copy()
        marked = matrix.significant(self._significance, adjusted=self._adjusted)
        rows, columns = (slice(edge, edge + layout.side) for edge in (layout.top, layout.left))
        picture[rows, columns] = cells_of(matrix, layout.cell, end, marked, delays)
        write(picture, _subtitle(matrix), (16, 36), _LABEL_SIZE, FAINT)
        return picture

    def save(self, matrix: "DependenceMatrix", path: Path | str) -> None:
        """Draw a matrix into a PNG file.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        try:
            Image.fromarray(self.render(matrix)).save(path, format="PNG", optimize=True)
        except OSError as error:
            raise OutputError(f"cannot write the picture {path} ({error.strerror}): choose another path.") from error

    def _dot_label(self, matrix: "DependenceMatrix") -> str:
        """Return the meaning of the dot, for the legend; empty without p-values."""
        if np.isnan(matrix.p_value).all():
            return ""
        return f"p ≤ {self._significance:g}" + (", adjusted" if self._adjusted else "")


@functools.lru_cache(maxsize=8)
def _layout(names: tuple[str, ...]) -> HeatMapLayout:
    return HeatMapLayout.of(names)


@functools.lru_cache(maxsize=16)
def _frame(layout: HeatMapLayout, end: float, method: str, dot_label: str, lags: bool) -> np.ndarray:
    """Draw names, colour bar, title and legend."""
    picture = np.full((layout.height, layout.width, 3), PAGE, dtype=np.uint8)
    of = "modalities (sliced)" if method == "sliced" else "channels"
    what = "Conditional mutual information" if method == "conditional" else "Mutual information"
    write(picture, f"{what} between {of}", (16, 11), _TITLE_SIZE, INK, bold=True)
    labels = fitted_names(layout.names, _LONGEST_LABEL)
    for index, name in enumerate(layout.names):
        _draw_name(picture, layout, index, labels[name])
    _draw_colour_bar(picture, layout, end)
    _draw_legend(picture, dot_label, lags)
    return picture


def _draw_name(picture: np.ndarray, layout: HeatMapLayout, index: int, label: str) -> None:
    """Write a name left of its row and below its column, there at the angle of the layout."""
    opacity = letters(label, layout.label_size)
    height, width = opacity.shape
    middle = index * layout.cell + layout.cell // 2
    _paint(picture, opacity, layout.left - 8 - width, layout.top + middle - height // 2)
    below = turned(opacity, layout.angle)
    left_half = below.shape[1] // 2
    if layout.angle == 45:  # a slanted name ends below the middle of its column
        left_half = round((width - height / 2) * np.sqrt(0.5))
    _paint(picture, below, layout.left + middle - left_half, layout.top + layout.side + 4)


def _draw_colour_bar(picture: np.ndarray, layout: HeatMapLayout, end: float) -> None:
    gap, width, _ = _BAR
    height = max(layout.side - 1, 200)
    x, y = layout.left + layout.side + gap, layout.top
    shades = palette.TABLE[np.linspace(len(palette.TABLE) - 1, 0, height).round().astype(int)]
    picture[y : y + height, x : x + width] = shades[:, None]
    edge = x + width + 2 * _TICK
    for tick in _ticks(end, height // _TICK_GAP):
        row = y + round((1.0 - tick / end) * (height - 1))
        picture[row, x + width : x + width + _TICK] = INK
        number = letters(f"{tick:g}", _LABEL_SIZE - 1)
        _paint(picture, number, x + width + 2 * _TICK, row - len(number) // 2)
        edge = max(edge, x + width + 2 * _TICK + number.shape[1])
    unit = turned(letters("nats", _LABEL_SIZE), 90)
    _paint(picture, unit, edge, y + (height - len(unit)) // 2)


def _ticks(end: float, most: int) -> np.ndarray:
    """Return round numbers from 0 to ``end``, at most about ``most`` of them."""
    power = 10.0 ** np.floor(np.log10(end / most))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if step * most >= end)
    return np.arange(0.0, end + 1e-9, step)


def _paint(picture: np.ndarray, opacity: np.ndarray, x: int, y: int) -> None:
    """Draw in ink, with the upper left corner at x, y."""
    height, width = opacity.shape
    blend(picture[y : y + height, x : x + width], opacity, INK)


def _draw_legend(picture: np.ndarray, dot_label: str, lags: bool) -> None:
    """Explain the hatching, the dot if there are p-values, and the sign of the lags if there are lags."""
    y, x = len(picture) - 27, 16
    picture[y : y + 16, x : x + 16] = hatched(16)
    x = write(picture, "not known", (x + 24, y), _LABEL_SIZE, INK) + 24
    if dot_label:
        blend(picture[y : y + 16, x : x + 16], disc(16, 4, 8, 8), INK)
        x = write(picture, dot_label, (x + 20, y), _LABEL_SIZE, INK) + 24
    if lags:
        write(picture, "+ s: the column follows the row", (x, y), _LABEL_SIZE, INK)


def _subtitle(matrix: "DependenceMatrix") -> str:
    """Return a description of the window: its length, its end, its samples, what is given."""
    rate = f" at {matrix.sample_rate:.4g} Hz" if np.isfinite(matrix.sample_rate) else ""
    span = (matrix.end - matrix.start) / NANOSECONDS
    given = f"  ·  given {shorten(', '.join(matrix.given), _LONGEST_LABEL)}" if matrix.given else ""
    return f"{span:.3g} s up to {moment(matrix.end, decimals=1)}  ·  {matrix.sample_count} samples{rate}{given}"
