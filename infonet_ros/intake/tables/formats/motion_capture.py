"""Motion capture in the BVH format: a skeleton whose joints name their channels, then a row for each frame."""

import re
from pathlib import Path

import numpy as np

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.formats.arrays import as_column, counted_times
from infonet_ros.intake.tables.sheet import Sheet, stem
from infonet_ros.intake.tables.text_files.text_source import Text
from infonet_ros.text import counted

_JOINT = re.compile(r"^\s*(?:ROOT|JOINT)\s+(?P<joint>.*\S)|^\s*CHANNELS\s+\d+\s+(?P<channels>.*\S)", re.MULTILINE)
_MOTION = re.compile(r"^\s*MOTION\s+Frames:\s*\d+\s+Frame Time:\s*(?P<period>\S+)\s*$", re.MULTILINE)
_TIME = "time"


def read_motion_capture(text: Text) -> list[Sheet] | None:
    """Read a BVH file: a column for each channel, such as ``LeftKnee.Xrotation`` in degrees; None for another file.

    Raises RecordingError if it does not exist, is empty, or has no skeleton with channels or no frames.
    """
    if not text.head.lstrip().startswith("HIERARCHY"):
        return None
    whole = "".join(text.pieces())
    motion = _MOTION.search(whole)
    names = _channels(whole[: motion.start()]) if motion else []
    period = _positive(motion["period"]) if motion else None
    if motion is None or period is None or not names:
        raise RecordingError(
            f"{text.path} is not a readable BVH file: expected joints with CHANNELS, then MOTION, Frames, and a Frame "
            "Time in seconds; it may be cut or damaged."
        )
    frames = _frames(text.path, whole[motion.end() :], len(names), text.notes)
    text.notes.append(f"the times are computed from the frame time of the file: {1.0 / period:.6g} Hz")
    columns = {name: as_column(column) for name, column in zip(names, frames.T, strict=True)}
    return [
        Sheet(
            stem(text.path),
            {_TIME: counted_times(len(frames), period), **columns},
            notes=text.notes,
            is_message=True,
        )
    ]


def _channels(skeleton: str) -> list[str]:
    """Return the channels in the order of their numbers."""
    joint, names = "", []
    for found in _JOINT.finditer(skeleton):
        joint = found["joint"] or joint
        names += [f"{joint}.{channel}" for channel in (found["channels"] or "").split()]
    return names


def _positive(number: str) -> float | None:
    try:
        return value if 0.0 < (value := float(number)) < np.inf else None
    except ValueError:
        return None


def _frames(path: Path, text: str, width: int, notes: list[str]) -> np.ndarray:
    """Return the numbers of all whole frames (frames, width)."""
    rows = [row for row in map(str.split, text.splitlines()) if row]
    whole = [row for row in rows if len(row) == width]
    if not whole:
        raise RecordingError(f"{path} has no frames: expected lines of {counted(width, 'number')} after Frame Time.")
    if wrong := len(rows) - len(whole):
        notes.append(f"{counted(wrong, 'frame')} of {len(rows)} left out: not {counted(width, 'number')} each")
    try:
        return np.array(whole, np.float64)
    except ValueError as error:
        raise RecordingError(f"{path} is not a readable BVH file: {error}; expected numbers in its frames.") from error
