"""Painting into arrays of pixels, (H, W, 3) uint8: colours, letters, discs and hatching."""

import functools
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

PAGE = (24, 26, 31)
INK = (232, 234, 237)
FAINT = (154, 160, 166)
UNKNOWN = (52, 55, 62)
HATCH = (96, 101, 110)
SELF = (36, 39, 45)


def write(picture: np.ndarray, words: str, at: tuple[int, int], size: int, colour: tuple[int, int, int]) -> int:
    """Write into the picture with the upper left corner ``at`` (x, y); return the x where the words end."""
    font, (x, y) = font_of(size), at
    width = min(int(font.getlength(words)) + 2, picture.shape[1] - x)
    tile = Image.new("L", (width, size + 6))
    ImageDraw.Draw(tile).text((0, (size + 3) // 2), words, fill=255, font=font, anchor="lm")
    blend(picture[y : y + size + 6, x : x + width], np.asarray(tile), colour)
    return x + width


def blend(area: np.ndarray, opacity: np.ndarray, colour: tuple[int, int, int]) -> None:
    """Lay a colour over a part of the picture, in place."""
    share = opacity[:, :, None] / 255.0
    area[:] = (area * (1 - share) + np.array(colour) * share).astype(np.uint8)


@functools.cache
def font_of(size: int) -> ImageFont.FreeTypeFont:
    """Return a font that comes with matplotlib, so that pictures look the same on every machine."""
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"), size)


def as_fractions(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    """Return red, green and blue from 0 to 1, as matplotlib takes them."""
    red, green, blue = colour
    return red / 255, green / 255, blue / 255


def disc(size: int, radius: float, x: float, y: float) -> np.ndarray:
    """Opacity of a disc in a square, (size, size) uint8, with a soft edge."""
    rows, columns = np.mgrid[:size, :size]
    return (np.clip(radius + 0.5 - np.hypot(rows - y, columns - x), 0, 1) * 255).astype(np.uint8)


@functools.lru_cache(maxsize=8)
def hatched(size: int) -> np.ndarray:
    """Diagonal lines, (size, size, 3) uint8."""
    rows, columns = np.mgrid[:size, :size]
    return np.where(((rows + columns) % 6 < 1)[:, :, None], HATCH, UNKNOWN).astype(np.uint8)
