"""The demonstration: play a recording of a real robot into the node, and show the matrices in the terminal."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import rclpy
from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from rclpy.executors import SingleThreadedExecutor
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.drawing.heatmap import HeatMap
from infonet_ros.drawing.screen import can_redraw, matrix_view, pairs_view, screen
from infonet_ros.drawing.summary import median_matrix, sentence, strongest_between
from infonet_ros.drawing.view_options import CHANNELS, ViewOptions
from infonet_ros.errors import InfonetError, OutputError
from infonet_ros.intake.bags import Bag
from infonet_ros.interruptions import cleared_afterwards
from infonet_ros.node.session import ros_session
from infonet_ros.node.tools.matrix_listener import MatrixListener
from infonet_ros.settings import load_settings
from infonet_ros.signals import signals_waiting
from infonet_ros.text import NANOSECONDS, counted

WORDS = {
    "imu.angular_velocity.x": "gyro x",
    "imu.angular_velocity.y": "gyro y",
    "imu.angular_velocity.z": "gyro z",
    "imu.linear_acceleration.x": "acceleration x",
    "odom.twist.twist.linear.x": "odometry speed",
    "odom.twist.twist.angular.z": "odometry yaw rate",
}
"""Short names of the channels of the recording."""

OVERRIDES = {"surrogates": 19, "lag_step": 0.1}
"""Parameters of the node in addition to the file: p-values, and delays coarse enough for the speed of the replay."""

_START = 60.0  # seconds until the node subscribes, on a busy machine
_FIRST_MATRIX = 120.0  # seconds after the end of the recording until the first matrix, on a very busy machine
_LAST_MATRIX = 10.0  # seconds until the last matrix; more, if the windows took longer
_SHUTDOWN = 10.0  # seconds that a process has to end before it is killed
_ENOUGH = 0.25  # share of the windows that shows what is usual
_STRONGEST = 5
_POLL = 0.1


class Demonstration:
    """One run of the demonstration, replayed at a ``rate``; its picture and logs go to a folder, which is made."""

    def __init__(self, console: Console, folder: Path, rate: float) -> None:
        share = _share_folder()
        self._console = console
        self._folder = folder
        self._rate = rate
        self._recording = share / "husky"
        self._params = share / "config" / "husky.yaml"
        self._settings = load_settings(self._params)
        self._matrices: list[DependenceMatrix] = []
        self._finished: float | None = None  # when the player ended
        with Bag([self._recording]) as bag:
            self._span = (bag.start, bag.end)

    def run(self) -> None:
        """Start all processes, show each matrix, and print the result at the end."""
        domain = _use_own_domain()
        seconds = (self._span[1] - self._span[0]) / NANOSECONDS
        self._console.print(
            f"Replaying {seconds:.0f} s of a Clearpath Husky's IMU and odometry at {self._rate:g} times its speed.\n"
            f"The node runs on ROS_DOMAIN_ID={domain}; `infonet monitor` with the same value also shows it.",
            highlight=False,
            soft_wrap=True,
        )
        commands = {"node": self._node_command(), "player": self._player_command()}
        with _processes(commands, self._folder) as processes, ros_session():
            self._watch(processes)
        self._conclude()

    def _node_command(self) -> list[str]:
        overrides = [word for name, value in OVERRIDES.items() for word in ("-p", f"{name}:={value}")]
        return [*_python("infonet_ros.node"), "--ros-args", "--params-file", str(self._params), *overrides]

    def _player_command(self) -> list[str]:
        topics = [word for modality in self._settings.modalities for word in ("--topics", modality.topic)]
        pace = ["--rate", str(self._rate), "--wait", str(_START)]
        return [*_python("infonet_ros"), "play", str(self._recording), *topics, *pace]

    def _watch(self, processes: "Mapping[str, subprocess.Popen[bytes]]") -> None:
        """Receive matrices until the recording has ended and its last matrix has arrived."""
        executor = SingleThreadedExecutor()
        listening = rclpy.create_node("infonet_demo", start_parameter_services=False, enable_rosout=False)
        executor.add_node(listening)
        listener = MatrixListener(listening, "infonet")
        listener.listen(CHANNELS)
        try:
            with self._display() as show:
                while self._continues(processes):
                    executor.spin_once(timeout_sec=_POLL)
                    if listener.received > len(self._matrices) and listener.matrix is not None:
                        self._matrices.append(listener.matrix)
                    show(listener)
        finally:
            executor.shutdown()
            listening.destroy_node()

    def _continues(self, processes: "Mapping[str, subprocess.Popen[bytes]]") -> bool:
        """Return whether more matrices may come; InfonetError if a process has failed."""
        for name, process in processes.items():
            if process.poll():
                raise InfonetError(
                    f"the {name} ended with status {process.returncode}: {_last_line(self._folder, name)}"
                )
        if processes["player"].poll() is None:
            return True
        self._finished = self._finished or time.monotonic()
        waited = time.monotonic() - self._finished
        if not self._matrices:
            return waited < _FIRST_MATRIX
        last = self._matrices[-1]
        complete = last.end > self._span[1] - NANOSECONDS * self._settings.hop
        return not complete and waited < max(_LAST_MATRIX, 3 * last.duration)

    @contextmanager
    def _display(self) -> Iterator[Callable[[MatrixListener], None]]:
        """Return a function that shows the state: in place on a terminal, otherwise one line for each matrix."""
        if can_redraw(self._console):
            with Live(console=self._console, screen=True, auto_refresh=False) as live:
                yield lambda listener: live.update(self._screen(listener), refresh=True)
            return
        shown = 0

        def print_new(listener: MatrixListener) -> None:
            nonlocal shown
            if len(self._matrices) > shown:
                shown = len(self._matrices)
                self._console.print(self._progress(), highlight=False, soft_wrap=True)

        yield print_new

    def _screen(self, listener: MatrixListener) -> RenderableType:
        room = self._console.height - 2
        return Group(
            Text(self._progress(), "bold", no_wrap=True),
            screen(listener.snapshot(), ViewOptions(), self._console.width, room),
        )

    def _progress(self) -> str:
        """Return where in the recording the last window ended, and its strongest pair."""
        if not self._matrices:
            return f"the node starts; the first window is full {self._settings.window:g} s into the recording"
        matrix = self._matrices[-1]
        passed, whole = ((end - self._span[0]) / NANOSECONDS for end in (matrix.end, self._span[1]))
        pairs = ViewOptions().pairs(matrix)
        strongest = f", strongest {pairs[0].a} - {pairs[0].b} {pairs[0].mi:.2f} nats" if pairs else ""
        return f"{passed:4.0f} of {whole:.0f} s{strongest}"

    def _conclude(self) -> None:
        """Print the median of all windows, and save the picture."""
        if not self._matrices:
            raise InfonetError(
                f"the node published no matrix: see {self._folder / 'node.log'}; a busy machine needs --rate 4."
            )
        matrix = median_matrix(self._matrices)
        options, width = ViewOptions(), min(self._console.width, 110)
        pairs = options.pairs(matrix)[:_STRONGEST]
        end = max(1.0, *(pair.mi for pair in pairs))
        picture = self._folder / "husky.png"
        HeatMap().save(matrix, picture)
        print_line = self._console.print
        print_line(
            f"\nMedian of {counted(len(self._matrices), 'window')} of {self._settings.window:g} s, in nats:\n",
            highlight=False,
        )
        print_line(Group(*matrix_view(matrix, end, options, width, len(matrix.names) + 2)))
        print_line("\nThe strongest pairs, their 90 % intervals and delays:\n", highlight=False)
        print_line(pairs_view(pairs, matrix.names, end, width, _STRONGEST + 1))
        print_line(f"\n{self._finding(matrix)}\n\nThe picture is {picture}.", highlight=False, soft_wrap=True)

    def _finding(self, matrix: DependenceMatrix) -> str:
        modality = {name: m.name for m in self._settings.modalities for name in m.channel_names}
        pair = strongest_between(matrix, modality)
        if pair is None:
            found = "No two sensors were found to depend on each other in most of the windows"
            return f"{found}.{self._skipped_windows()}"
        return sentence(pair, WORDS)[0].upper() + sentence(pair, WORDS)[1:]

    def _skipped_windows(self) -> str:
        """Say that few windows were computed, and what to do; empty if enough were."""
        length = (self._span[1] - self._span[0]) / NANOSECONDS - self._settings.window
        usual = int(length / self._settings.hop) + 1
        if len(self._matrices) > usual * _ENOUGH:
            return ""
        return (
            f" This machine computed only {len(self._matrices)} of {usual} windows at this speed: try "
            f"--rate {max(1.0, self._rate / 4):.2g}."
        )


def _share_folder() -> Path:
    try:
        return Path(get_package_share_directory("infonet_ros"))
    except PackageNotFoundError as error:
        raise InfonetError("infonet_ros is not in this shell's workspace: `. install/setup.bash` first.") from error


def _use_own_domain() -> str:
    """Use this machine only, on the given ROS domain or on a rarely used one."""
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    return os.environ.setdefault("ROS_DOMAIN_ID", str(90 + os.getpid() % 12))


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]


@contextmanager
def _processes(
    commands: Mapping[str, Sequence[str]], folder: Path
) -> "Iterator[Mapping[str, subprocess.Popen[bytes]]]":
    """Run processes, each with its output in a file of its name, and end them afterwards."""
    processes: dict[str, subprocess.Popen[bytes]] = {}
    with cleared_afterwards(lambda: _end(processes.values())):
        for name, command in commands.items():
            with _log_file(folder, name) as log, signals_waiting():  # a signal would lose it
                processes[name] = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        yield processes


def _log_file(folder: Path, name: str) -> IO[bytes]:
    """Open the log of a process, in a folder that is made. Raises OutputError if it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / f"{name}.log").open("wb")
    except OSError as error:
        raise OutputError(f"cannot write to the folder {folder} ({error.strerror}): choose another one.") from error


def _end(processes: "Collection[subprocess.Popen[bytes]]") -> None:
    """End processes together, because each needs a moment."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(_SHUTDOWN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _last_line(folder: Path, name: str) -> str:
    lines = (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else f"it wrote nothing to {folder}; make room there if the disk is full."
