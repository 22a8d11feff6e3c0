"""Painting into arrays of pixels, (H, W, 3) uint8: colours, letters, discs and hatching."""

import functools
import logging
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

PAGE = (24, 26, 31)
INK = (232, 234, 237)
FAINT = (154, 160, 166)
UNKNOWN = (52, 55, 62)
HATCH = (96, 101, 110)
SELF = (36, 39, 45)

_FONTS = "fonts/ttf"


def write(
    picture: np.ndarray,
    words: str,
    at: tuple[int, int],
    size: int,
    colour: tuple[int, int, int],
    *,
    bold: bool = False,
) -> int:
    """Write into the picture with the upper left corner ``at`` (x, y); return the x where the words end."""
    x, y = at
    opacity = letters(words, size, bold=bold)[:, : picture.shape[1] - x]
    blend(picture[y : y + len(opacity), x : x + opacity.shape[1]], opacity, colour)
    return x + opacity.shape[1]


def letters(words: str, size: int, *, bold: bool = False) -> np.ndarray:
    """Opacity of written words, (size + 6, W) uint8."""
    font = font_of(size, bold)
    tile = Image.new("L", (int(font.getlength(words)) + 2, size + 6))
    ImageDraw.Draw(tile).text((0, (size + 3) // 2), words, fill=255, font=font, anchor="lm")
    return np.asarray(tile)


def turned(opacity: np.ndarray, angle: int) -> np.ndarray:
    """Rotate opacity (H, W) to the left by an angle in degrees; the array grows as needed."""
    return np.asarray(Image.fromarray(opacity).rotate(angle, Image.Resampling.BICUBIC, expand=True))


def blend(area: np.ndarray, opacity: np.ndarray, colour: tuple[int, int, int]) -> None:
    """Mix a colour into a part of the picture, in place."""
    share = opacity[:, :, None] / 255.0
    area[:] = (area * (1 - share) + np.array(colour) * share).astype(np.uint8)


@functools.cache
def font_of(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return a font that comes with matplotlib, so that pictures look the same on every machine."""
    return ImageFont.truetype(str(_fonts() / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")), size)


@functools.cache
def _fonts() -> Path:
    """Return the folder of matplotlib's fonts: where pip puts it, or as matplotlib says, which takes long to import."""
    package = find_spec("matplotlib")
    for folder in package.submodule_search_locations or () if package else ():
        if (fonts := Path(folder, "mpl-data", _FONTS)).is_dir():
            return fonts
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it warns of a read-only home, and only its font is used
    import matplotlib  # here: the node must start without a picture, also where no cache folder can be made

    return Path(matplotlib.get_data_path(), _FONTS)


def disc(size: int, radius: float, x: float, y: float) -> np.ndarray:
    """Opacity of a disc in a square, (size, size) uint8, with a soft edge."""
    rows, columns = np.mgrid[:size, :size]
    return (np.clip(radius + 0.5 - np.hypot(rows - y, columns - x), 0, 1) * 255).astype(np.uint8)


@functools.lru_cache(maxsize=8)
def hatched(size: int) -> np.ndarray:
    """Diagonal lines, (size, size, 3) uint8."""
    rows, columns = np.mgrid[:size, :size]
    return np.where(((rows + columns) % 6 < 1)[:, :, None], HATCH, UNKNOWN).astype(np.uint8)
