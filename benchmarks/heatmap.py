"""How long one picture of the matrix takes, beside a full redraw by matplotlib, for 8, 16 and 32 channels.

Run it as ``python -m benchmarks.heatmap``. Absolute times depend on the machine; the ratio hardly does.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.drawing.heatmap import HeatMap, HeatMapLayout

ROUNDS = 9


def random_matrix(count: int, seed: int) -> DependenceMatrix:
    """Build a matrix of random numbers, so that no two pictures are alike."""
    generator = np.random.default_rng(seed)
    upper = np.triu(generator.gamma(0.5, 0.4, (count, count)).clip(max=1.9), 1)
    mi = (upper + upper.T).astype(np.float32)
    np.fill_diagonal(mi, np.nan)
    return DependenceMatrix(
        names=tuple(f"joint{index}.velocity" for index in range(count)),
        mi=mi,
        lower=mi,
        upper=mi,
        p_value=np.where(mi > 0.5, 0.01, 1.0).astype(np.float32),
        lag=np.zeros_like(mi),
        samples=np.full((count, count), 2000, dtype=np.int32),
        valid=np.ones(count, dtype=bool),
        start=0,
        end=20_000_000_000,
        sample_count=2000,
        sample_rate=100.0,
        method="pairwise",
        estimator="infonet",
        version="",
        duration=0.0,
    )


def full_redraw(matrix: DependenceMatrix) -> np.ndarray:
    """Draw the same content in the ordinary way: a new matplotlib figure for every matrix."""
    layout = HeatMapLayout.of(matrix.names)
    figure = Figure(figsize=(layout.width / 72, layout.height / 72), dpi=72)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    figure.colorbar(axes.imshow(matrix.mi, cmap="viridis", vmin=0.0, vmax=2.0))
    axes.set_xticks(range(len(matrix.names)), matrix.names, rotation=45, ha="right")
    axes.set_yticks(range(len(matrix.names)), matrix.names)
    for (row, column), mi in np.ndenumerate(matrix.mi):
        axes.text(column, row, f"{mi:.2f}", ha="center", va="center", fontsize=8)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def milliseconds(draw: Callable[[DependenceMatrix], np.ndarray], count: int, rounds: int) -> float:
    """Median time of one picture after the first."""
    draw(random_matrix(count, seed=0))
    times = []
    for seed in range(1, rounds + 1):
        matrix = random_matrix(count, seed)
        started = time.perf_counter()
        draw(matrix)
        times.append(time.perf_counter() - started)
    return 1e3 * statistics.median(times)


def main() -> None:
    """Print one row for each number of channels."""
    print(f"{'channels':>8} {'HeatMap':>12} {'full redraw':>12} {'ratio':>8}")
    for count in (8, 16, 32):
        own = milliseconds(HeatMap(maximum=2.0).render, count, ROUNDS)
        full = milliseconds(full_redraw, count, 3)
        print(f"{count:8d} {own:9.1f} ms {full:9.1f} ms {full / own:7.0f}x")


if __name__ == "__main__":
    main()
