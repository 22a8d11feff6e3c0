"""Find which joints of a moving body depend on each other, and group them into parts of the body.

    python examples/motion_study/motion_study.py            # writes body_parts.png beside itself

No anatomy goes in: only the trajectories of the joints. Sliced mutual information of every two trajectories, then
hierarchical clustering of the matrix.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from bvh import Motion, read_bvh
from scipy.cluster.hierarchy import dendrogram, fcluster, linkage
from scipy.spatial.distance import squareform

from infonet_ros import InfoNet

HERE = Path(__file__).parent
CLIPS = ("131_01.bvh.gz", "131_02.bvh.gz")
FRAME_STEP = 2  # 60 frames a second
PROJECTIONS = 32
PARTS = 6  # two arms, two legs, the upper and the lower trunk

COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
)  # Okabe and Ito: for every kind of colour blindness


@dataclass(frozen=True, eq=False)
class Study:
    """What was found: ``mi`` (J, J) in nats, ``tree`` (linkage matrix), ``parts`` (J,) from 1 to `PARTS`."""

    joints: tuple[str, ...]
    mi: np.ndarray
    tree: np.ndarray
    parts: np.ndarray


def moving_joints(motion: Motion) -> list[int]:
    """Joints that move, seen from the root, and not rigidly with one that was listed before."""
    kept: list[int] = []
    for joint in range(1, len(motion.joints)):
        track = motion.positions[:, joint]
        still = np.ptp(track, axis=0).max() < 1e-3
        if not still and not any(np.abs(track - motion.positions[:, other]).max() < 1e-3 for other in kept):
            kept.append(joint)
    return kept


def study(motions: list[Motion], net: InfoNet) -> Study:
    """Estimate the dependence of all pairs of joints, and cluster them by it."""
    joints = moving_joints(motions[0])
    tracks = np.concatenate([motion.positions[::FRAME_STEP, joints] for motion in motions])
    samples = tracks.reshape(len(tracks), -1)
    groups = [[3 * k, 3 * k + 1, 3 * k + 2] for k in range(len(joints))]
    mi = net.pairwise_sliced(samples, groups=groups, projections=PROJECTIONS).mi
    # For Gaussian streams of correlation r, I = -log(1 - r^2) / 2: this is 1 - r, a distance from 0 to 1.
    distance = 1.0 - np.sqrt(1.0 - np.exp(-2.0 * mi))
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), method="average")
    names = tuple(motions[0].joints[joint] for joint in joints)
    return Study(names, mi, tree, fcluster(tree, PARTS, criterion="maxclust"))


def draw(found: Study, motion: Motion, path: Path) -> None:
    """Draw the matrix in the order of the tree, and the body with its parts in colour."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 7), width_ratios=(3, 2), layout="constrained")
    order = dendrogram(found.tree, no_plot=True)["leaves"]
    names = [found.joints[k] for k in order]
    picture = left.imshow(found.mi[np.ix_(order, order)], cmap="viridis", vmin=0)
    left.set_xticks(range(len(names)), names, rotation=90)
    left.set_yticks(range(len(names)), names)
    for labels in (left.get_xticklabels(), left.get_yticklabels()):
        for label, k in zip(labels, order, strict=True):
            label.set_color(COLOURS[found.parts[k] - 1])
    left.set_title("Sliced mutual information of joint trajectories, in the order of the tree")
    figure.colorbar(picture, ax=left, label="nats", shrink=0.8)
    _draw_body(right, found, motion)
    figure.suptitle(f"Body parts from {len(found.joints)} trajectories: CMU subject 131, two clips")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_body(axes: "matplotlib.axes.Axes", found: Study, motion: Motion) -> None:
    part = dict(zip(found.joints, found.parts, strict=True))
    pose = motion.positions[len(motion.positions) // 3]
    for joint, parent in enumerate(motion.parents):
        if parent >= 0:
            axes.plot(*pose[[joint, parent]][:, :2].T, color="#b0b7be", linewidth=2, zorder=1)
    for joint, name in enumerate(motion.joints):
        if name in part:
            axes.scatter(*pose[joint, :2], s=70, color=COLOURS[part[name] - 1], zorder=2)
    axes.set_aspect("equal")
    axes.axis("off")
    axes.set_title("The parts that the clustering finds")


def main() -> None:
    """Run the study on both clips and print the result."""
    motions = [read_bvh(HERE / clip) for clip in CLIPS]
    found = study(motions, InfoNet.from_pretrained())
    for part in range(1, PARTS + 1):
        print(f"part {part}:", ", ".join(name for name, k in zip(found.joints, found.parts, strict=True) if k == part))
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "body_parts.png"
    draw(found, motions[0], path)
    print(f"drawn to {path}")


if __name__ == "__main__":
    main()
