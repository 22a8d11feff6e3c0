"""The look of the pictures: one colour for each estimator, on a white ground that a dark page leaves legible."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.peers.estimators import INFONET, KSG, ORACLE

COLOURS = {
    INFONET: "#0072b2",  # Okabe and Ito's palette, which colour-blind readers can tell apart
    KSG: "#d55e00",
    "KSG (ennemi)": "#d55e00",
    "scikit-learn": "#e69f00",
    "Gaussian copula": "#009e73",
    "MINE": "#cc79a7",
    ORACLE: "#777777",
}


def figure(panels: int, height: float = 3.4) -> tuple[Figure, list[Axes]]:
    """Make a figure with a row of panels."""
    made = Figure(figsize=(4.6 * panels, height), layout="constrained", facecolor="white")
    axes = list(made.subplots(1, panels, squeeze=False)[0])
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
        one.grid(color="#dddddd", linewidth=0.6)
        one.set_axisbelow(True)
    return made, axes


def bars(axes: Axes, groups: list[str], values: dict[str, list[float]]) -> None:
    """Draw horizontal bars: one for each estimator in each group, the first group on top."""
    thickness = 0.8 / len(values)
    for number, (name, lengths) in enumerate(values.items()):
        places = [index + (number + 0.5) * thickness - 0.4 for index in range(len(groups))]
        axes.barh(places, lengths, thickness, color=COLOURS[name], label=name)
    axes.set_yticks(range(len(groups)), groups)
    axes.invert_yaxis()
    axes.grid(False, axis="y")


def sizes_along(axes: Axes, sizes: list[int]) -> None:
    """Give both axes a logarithmic scale, and the horizontal one a tick for each size."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.set_xticks([], minor=True)
