"""Motion capture in the BVH format: a skeleton and the angles of its joints, frame by frame."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation


@dataclass(frozen=True, eq=False)
class Motion:
    """Trajectories of the joints of one body.

    Attributes
    ----------
    joints : tuple of str
        J names; the first is the root.
    parents : tuple of int
        Index of the joint that each hangs on; -1 for the root.
    positions : (F, J, 3) float64
        Seen from the root and turning with it, in the units of the file.
    rate : float
        Frames per second.
    """

    joints: tuple[str, ...]
    parents: tuple[int, ...]
    positions: np.ndarray
    rate: float


def read_bvh(path: Path) -> Motion:
    """Read a BVH file, gzipped or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        skeleton, motion = file.read().split("MOTION")
    joints, parents, offsets, channels = _skeleton(skeleton.split("\n"))
    rows = motion.strip().splitlines()
    frame_time = float(rows[1].split(":")[1])
    frames = np.array([row.split() for row in rows[2:]], dtype=float)
    return Motion(tuple(joints), tuple(parents), _positions(parents, offsets, channels, frames), 1.0 / frame_time)


def _skeleton(lines: list[str]) -> tuple[list[str], list[int], list[np.ndarray], list[list[str]]]:
    joints: list[str] = []
    parents: list[int] = []
    offsets: list[np.ndarray] = []
    channels: list[list[str]] = []
    open_blocks: list[int] = []  # joint of each block that is open; -1 for an end site, which is no joint
    for line in lines:
        words = line.split()
        if not words:
            continue
        if words[0] in ("ROOT", "JOINT"):
            parents.append(open_blocks[-1] if open_blocks else -1)
            open_blocks.append(len(joints))
            joints.append(words[1])
        elif words[0] == "End":
            open_blocks.append(-1)
        elif words[0] == "OFFSET" and open_blocks[-1] >= 0:
            offsets.append(np.array(words[1:4], dtype=float))
        elif words[0] == "CHANNELS":
            channels.append(words[2:])
        elif words[0] == "}":
            open_blocks.pop()
    return joints, parents, offsets, channels


def _positions(
    parents: list[int], offsets: list[np.ndarray], channels: list[list[str]], frames: np.ndarray
) -> np.ndarray:
    """Return the positions of the joints relative to the root (forward kinematics)."""
    positions = np.zeros((len(frames), len(parents), 3))
    turned = [Rotation.identity(len(frames))]
    column = len(channels[0])
    for joint in range(1, len(parents)):
        parent = parents[joint]
        positions[:, joint] = positions[:, parent] + turned[parent].apply(offsets[joint])
        width = len(channels[joint])
        axes = "".join(name[0] for name in channels[joint])  # capital letters: each about the axes already turned
        turned.append(turned[parent] * Rotation.from_euler(axes, frames[:, column : column + width], degrees=True))
        column += width
    return positions
