"""Motion capture in the BVH format: a skeleton whose joints name their channels, then a row for each frame."""

import re

import numpy as np

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.formats.arrays import as_column, counted_times
from infonet_ros.intake.tables.sheet import Sheet, stem
from infonet_ros.intake.tables.text_files.text_source import Text
from infonet_ros.text import counted

_JOINT = re.compile(r"^\s*(?:ROOT|JOINT)\s+(?P<joint>.*\S)|^\s*CHANNELS\s+\d+\s+(?P<channels>.*\S)", re.MULTILINE)
_MOTION = re.compile(r"\n\s*MOTION\s+Frames:\s*\d+\s+Frame Time:\s*(?P<period>\d*\.?\d+(?:[eE][+-]?\d+)?)[ \t]*\n")


def read_motion_capture(text: Text) -> list[Sheet] | None:
    """Read a BVH file: a column for each channel, such as ``LeftKnee.Xrotation`` in degrees; None for another file.

    Raises RecordingError if it does not exist, is empty, or has no skeleton with channels or no frames.
    """
    if not text.head.lstrip().startswith("HIERARCHY"):
        return None
    whole = "".join(text.pieces())
    motion = _MOTION.search(whole)
    names = _channels(whole[: motion.start()]) if motion else []
    rows = [row for row in map(str.split, whole[motion.end() :].splitlines()) if row] if motion else []
    frames = [row for row in rows if len(row) == len(names)]
    try:
        numbers = np.array(frames, np.float64)
    except ValueError:
        frames = []
    if motion is None or not names or not frames or not float(motion["period"]):
        raise RecordingError(
            f"{text.path} is not a readable BVH file: expected joints with CHANNELS, then MOTION, Frames, a Frame Time "
            f"in seconds, and frames of {counted(len(names), 'number')}; it may be cut or damaged."
        )
    if wrong := len(rows) - len(frames):
        text.notes.append(
            f"{counted(wrong, 'frame')} of {len(rows)} left out: not {counted(len(names), 'number')} each"
        )
    period = float(motion["period"])
    text.notes.append(f"the times are computed from the frame time of the file: {1.0 / period:.6g} Hz")
    columns = {name: as_column(column) for name, column in zip(names, numbers.T, strict=True)}
    times = {"time": counted_times(len(frames), period)}
    return [Sheet(stem(text.path), times | columns, notes=text.notes, is_message=True)]


def _channels(skeleton: str) -> list[str]:
    """Return the channels in the order of their numbers."""
    joint, names = "", []
    for found in _JOINT.finditer(skeleton):
        joint = found["joint"] or joint
        names += [f"{joint}.{channel}" for channel in (found["channels"] or "").split()]
    return names
