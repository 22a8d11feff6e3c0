"""Make the pictures of README.md and docs/ from the recording that comes with the package: `make pictures`.

A Clearpath Husky drove outdoors for 395 s. Its gyroscope's y axis and the yaw rate of its odometry measure the same
turn, and the odometry is 0.4 s late.
"""

import io
import shutil
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from playwright.sync_api import sync_playwright
from rich.console import Console

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.drawing import palette
from infonet_ros.drawing.heatmap import HeatMap
from infonet_ros.drawing.pixels import FAINT, INK, PAGE
from infonet_ros.drawing.screen import Snapshot, screen
from infonet_ros.drawing.view_options import ViewOptions
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.recording import chosen_span
from infonet_ros.offline.analysis import Analysis, analyse
from infonet_ros.offline.job import analyse_bag
from infonet_ros.offline.pages.report import render_report
from infonet_ros.offline.results.provenance import Provenance
from infonet_ros.settings import load_settings, params_document

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
GYRO, YAW = "imu.angular_velocity.y", "odom.twist.twist.angular.z"
CURVE = "#5ec962"
CHANGES = {"surrogates": 19, "hop": 8.0}


def main() -> None:
    """Analyse the recording and draw everything."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with Bag([ROOT / "share" / "husky"]) as bag:
        settings = load_settings(ROOT / "config" / "husky.yaml").with_values(**CHANGES)
        span, net = chosen_span(bag, 0.0, None), InfoNet.from_pretrained(device="cpu")
        analysis = analyse(bag, settings, span, net)
    # As `infonet bag` does it, with all circular shifts: so few surrogates find no single pair significant.
    tested = analyse_bag(ROOT / "share" / "husky", settings=settings.with_values(surrogates=0)).analysis
    photograph_report(tested, PICTURES / "report.png")
    HeatMap().save(tested.whole.matrix, PICTURES / "channels.png")
    draw_delay(analysis, PICTURES / "delay.png")
    draw_monitor(analysis.matrices[-1], PICTURES / "monitor.svg")
    for picture in sorted(PICTURES.iterdir()):
        print(picture.relative_to(ROOT))


def photograph_report(analysis: Analysis, path: Path) -> None:
    """Take the first screen of the report, by Chromium: from the system, or by `playwright install chromium`."""
    page = render_report(analysis, Provenance.of_this_process(params_document(analysis.settings), ()))
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with (
        sync_playwright() as started,
        started.chromium.launch(executable_path=program, args=["--no-sandbox"]) as browser,
    ):
        screen = browser.new_page(viewport={"width": 1200, "height": 760})
        screen.set_content(page)
        screen.screenshot(path=path)


def draw_delay(analysis: Analysis, path: Path) -> None:
    """MI of gyroscope and odometry over the delay."""
    pair = analysis.names.index(GYRO), analysis.names.index(YAW)
    curve = next(curve for curve in analysis.whole.curves if set(curve.pair) == set(pair))
    figure, axes = dark_figure("How much the gyroscope tells about the odometry, by the delay between them")
    lags = curve.lags if curve.pair == pair else -curve.lags
    best = int(np.nanargmax(curve.mi))
    axes.fill_between(lags, curve.lower, curve.upper, color=CURVE, alpha=0.25, linewidth=0)
    axes.plot(lags, curve.mi, color=CURVE, linewidth=2, label=f"{GYRO}  and  {YAW}")
    axes.plot(lags[best], curve.mi[best], "o", color=as_fractions(INK), markersize=7)
    axes.annotate(
        f"{curve.mi[best]:.2f} nats, odometry {lags[best]:.1f} s later",
        (lags[best], curve.mi[best]),
        xytext=(12, 2),
        textcoords="offset points",
        color=as_fractions(INK),
    )
    finish(figure, axes, "delay of the odometry (s)", path)


def draw_monitor(matrix: DependenceMatrix, path: Path) -> None:
    """`infonet monitor` in a terminal of 100 columns."""
    console = Console(width=100, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    end = palette.scale_end(float(np.nanmax(matrix.mi)))
    console.print(screen(Snapshot("/infonet", matrix, end), ViewOptions(), 100, 24, keys=True))
    console.save_svg(str(path), title="infonet monitor", unique_id="infonet-monitor")


def as_fractions(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    """Return red, green and blue from 0 to 1, as matplotlib takes them."""
    red, green, blue = colour
    return red / 255, green / 255, blue / 255


def dark_figure(title: str) -> tuple[Figure, Axes]:
    """Make a figure in the colours of the heat map."""
    figure = Figure(figsize=(9, 3.6), dpi=120, facecolor=as_fractions(PAGE), layout="constrained")
    axes = figure.add_subplot(facecolor=as_fractions(PAGE))
    axes.set_title(title, color=as_fractions(INK), loc="left", fontsize=12, weight="bold")
    return figure, axes


def finish(figure: Figure, axes: Axes, x_label: str, path: Path) -> None:
    """Label the axes and save the figure."""
    axes.set_xlabel(x_label, color=as_fractions(FAINT))
    axes.set_ylabel("MI (nats), 90 % interval", color=as_fractions(FAINT))
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    axes.tick_params(colors=as_fractions(FAINT))
    axes.grid(color=as_fractions(FAINT), alpha=0.2)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.legend(facecolor=as_fractions(PAGE), labelcolor=as_fractions(INK), edgecolor=as_fractions(PAGE), fontsize=9)
    figure.savefig(path, facecolor=figure.get_facecolor())


if __name__ == "__main__":
    main()
