"""The cells of the heat map: letters and dots on the colours of the MI, mixed by NumPy for all cells at once."""

import functools
import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from infonet_ros.drawing import palette
from infonet_ros.drawing.pixels import PAGE, SELF, disc, font_of, hatched

if TYPE_CHECKING:
    from infonet_ros.dependence.matrix import DependenceMatrix

MINUS = "\N{MINUS SIGN}"

# The smallest cells, px, in which the smallest legible letters have room for this.
_LETTERS_FROM = 20
_ALL_DIGITS_FROM = 32
_DELAYS_FROM = 64


def cells_of(
    matrix: "DependenceMatrix", cell: int, end: float, marked: np.ndarray, delays: np.ndarray | None
) -> np.ndarray:
    """Draw all cells, ``cell`` pixels each: (N * cell, N * cell, 3) uint8, with a dot where ``marked`` (N, N).

    ``delays`` (N, N) are written where they are not NaN.
    """
    count = len(matrix.names)
    colour = palette.colours(matrix.mi, end)
    ink = np.where(palette.is_light(colour), 0, 255).astype(np.uint16)
    letters = np.maximum(_letters(matrix, cell, delays), _mark(cell) * marked[:, :, None, None]).astype(np.uint16)
    tiles = np.empty((count, cell, count, cell, 3), dtype=np.uint8)
    bare = 255 - letters
    for channel in range(3):
        mixed = bare * colour[:, :, channel, None, None].astype(np.uint16) + letters * ink[:, :, None, None]
        tiles[..., channel] = (mixed // 255).transpose(0, 2, 1, 3)
    hidden = tiles.transpose(0, 2, 1, 3, 4)
    hidden[~matrix.known] = hatched(cell)
    hidden[np.arange(count), np.arange(count)] = SELF
    tiles[:, -1] = PAGE
    tiles[:, :, :, -1] = PAGE
    return tiles.reshape(count * cell, count * cell, 3)


def _letters(matrix: "DependenceMatrix", cell: int, delays: np.ndarray | None) -> np.ndarray:
    """Opacity of the text in each cell, (N, N, cell, cell) uint8."""
    count = len(matrix.names)
    if cell < _LETTERS_FROM:
        return np.zeros((count, count, 1, 1), dtype=np.uint8)
    mi = np.nan_to_num(matrix.mi).ravel().tolist()
    lags = [math.nan] * len(mi) if delays is None else delays.ravel().tolist()
    tiles = [_writing(_number(value, cell), _delay(lag), cell) for value, lag in zip(mi, lags, strict=True)]
    return np.stack(tiles).reshape(count, count, cell, cell)


def shown_delays(told: np.ndarray, cell: int) -> np.ndarray | None:
    """Return the delays if any is not 0, and the cells have room for them; else None."""
    return told if cell >= _DELAYS_FROM and np.any(np.nan_to_num(told)) else None


def _delay(lag: float) -> str | None:
    return None if math.isnan(lag) else f"{lag:+.2f} s".replace("-", MINUS)


def _number(mi: float, cell: int) -> str:
    """Return the MI with as many digits as the cell has room for."""
    if cell >= _ALL_DIGITS_FROM:
        return f"{mi:.2f}"
    if mi < 0.995:
        return f"{mi:.2f}".removeprefix("0")
    return f"{mi:.1f}" if mi < 9.95 else f"{mi:.0f}"


@functools.lru_cache(maxsize=1024)
def _writing(number: str, lag: str | None, cell: int) -> np.ndarray:
    """Opacity of the text in one cell, (cell, cell) uint8."""
    tile = Image.new("L", (cell, cell))
    draw = ImageDraw.Draw(tile)
    size = int(np.clip(0.26 * cell + 4, 9, 22))
    middle = cell / 2 - (0 if lag is None else 0.45 * size)
    draw.text((cell / 2 - 0.5, middle), number, fill=255, font=font_of(size), anchor="mm")
    if lag is not None:
        draw.text((cell / 2 - 0.5, middle + 1.25 * size), lag, fill=210, font=font_of(int(0.7 * size)), anchor="mm")
    return np.asarray(tile)


@functools.lru_cache(maxsize=8)
def _mark(cell: int) -> np.ndarray:
    """Opacity of the dot of a significant cell: in its upper right corner, or in the middle of one without letters."""
    if cell < _LETTERS_FROM:
        return disc(cell, max(1.5, 0.15 * cell), cell / 2 - 0.5, cell / 2 - 0.5)
    radius = float(np.clip(0.06 * cell, 1.6, 4.0))
    return disc(cell, radius, cell - 1.8 * radius - 2, 1.8 * radius)
