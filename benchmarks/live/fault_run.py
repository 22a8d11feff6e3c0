"""One run with faults: the node in a process of its own, the robot here, episode after episode."""

import math
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rclpy.signals import SignalHandlerOptions

from benchmarks.live.faults import FAULTS, STORMS, Episode, FaultyRobot, Message, episodes, load_messages
from benchmarks.live.invariants import MatrixInspector, ProcessState, Tally
from benchmarks.live.node_process import as_arguments, interrupt, node_process
from benchmarks.live.robot import Robot
from infonet_ros.intake.bags import Bag
from infonet_ros.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
RECORDING, PARAMETERS = ROOT / "test" / "data" / "guardian", ROOT / "config" / "guardian.yaml"

WINDOW, HOP = 10.0, 2.0  # seconds of sensor time
OVERRIDES = {"window": WINDOW, "hop": HOP, "max_lag": 0.0, "projections": 4, "use_sim_time": "true"}
EPISODE = 2.5  # seconds of wall time at least: /diagnostics come once a second

END_BOUND = 2.0  # seconds from SIGINT to the end
WARM_UP = len(FAULTS) + STORMS  # episodes: every fault once
GROWTH_BOUND = 8 * 2**20  # bytes, after the warm-up
RETURNED = 2**17  # bytes of a buffer that goes back to the system when it is freed: what the C library keeps is no leak


@dataclass(frozen=True)
class Plan:
    """Hours of sensor time, seconds of it per second of wall time, and the seed of the order of faults.

    With ``storm`` every episode has just these faults, all at once.
    """

    hours: float
    rate: float = 10.0
    seed: int = 0
    storm: Sequence[str] = ()


def play_faults(plan: Plan) -> dict[str, Any]:
    """Play a plan, and return what was injected, checked and violated."""
    settings, tally = load_settings(PARAMETERS), Tally()
    with Bag([RECORDING]) as bag:
        messages = load_messages(bag, [modality.topic for modality in settings.modalities])
    source = FaultyRobot(messages, plan.seed)
    arguments = ["--ros-args", "--params-file", str(PARAMETERS), *as_arguments(OVERRIDES)]  # the last value holds
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    robot = Robot(source, {m.topic: m.type for m in messages}, plan.rate, _inspectors(settings, tally))
    with (
        tempfile.TemporaryFile("w+") as log,
        node_process(arguments, log, MALLOC_MMAP_THRESHOLD_=str(RETURNED)) as process,
    ):
        try:
            run = Run(robot, process.pid, tally)
            run.play(messages, plan)
        finally:
            robot.close()
            rclpy.shutdown()
        _interrupt(process, tally)
        log.seek(0)
        tally.check("no traceback in the node's log", "Traceback" not in log.read(), "see what it prints")
    return {
        **vars(plan),
        **run.figures(),
        "faults": FAULTS,
        "injected": dict(source.injected),
        "sent": source.sent,
        "checked": tally.checked,
        "violated": tally.violated,
        "examples": tally.examples,
    }


class Run:
    """The episodes one after the other, and the state of the node's process after each."""

    def __init__(self, robot: Robot, pid: int, tally: Tally) -> None:
        self._robot, self._pid, self._tally = robot, pid, tally
        self._episodes: Counter[str] = Counter()
        self._storms = 0
        self._states: list[ProcessState] = []
        self._ends: list[float] = []  # seconds of sensor time
        self._recoveries: list[float] = []  # seconds of sensor time
        self._duration = math.nan  # seconds of wall time

    def play(self, messages: Sequence[Message], plan: Plan) -> None:
        """Play episode after episode until the hours are over."""
        self._robot.wait_for_node()
        begun = time.monotonic()
        self._robot.recover()
        for episode in episodes(messages, plan.seed, EPISODE * plan.rate, plan.storm):
            if self._robot.elapsed >= plan.hours * 3600.0 and self._states:
                break
            self._play(episode)
        self._duration = time.monotonic() - begun
        self._check_process()

    def figures(self) -> dict[str, Any]:
        """Return the figures for the tables."""
        return {
            "played": self._robot.elapsed / 3600.0,
            "minutes": self._duration / 60.0,
            "matrices": self._robot.matrices,
            "episodes": dict(self._episodes),
            "storms": self._storms,
            "recovery": {"median": float(np.median(self._recoveries)), "worst": max(self._recoveries)},
            "time": self._ends,
            "memory": [state.memory / 2**20 for state in self._states],
            "threads": self._states[-1].threads,
            "files": self._states[-1].files,
        }

    def _play(self, episode: Episode) -> None:
        robot, name = self._robot, " + ".join(episode.faults)
        robot.begin(episode)
        robot.play(episode.duration, reports=2)
        robot.end(episode)
        ended = robot.elapsed
        self._tally.check("every row known again after the fault", robot.recover(), f"after {name} at {ended:.0f} s")
        self._recoveries.append(robot.elapsed - ended)
        self._episodes.update(episode.faults)
        if len(episode.faults) == 1:
            named = robot.diagnosis.names(name)
            self._tally.check("fault named by the node", named, f"{name} of {episode.topic} at {ended:.0f} s")
        else:
            self._storms += 1  # in which one fault can hide another
        self._states.append(ProcessState.of(self._pid))
        self._ends.append(robot.elapsed)

    def _check_process(self) -> None:
        """Compare the process with its state after every fault had happened once, or after the first fault."""
        settled = self._states[WARM_UP:] or self._states
        for what in ("threads", "files"):
            counts = [getattr(state, what) for state in settled]
            self._tally.check(f"number of {what} constant", len(set(counts)) == 1, f"{min(counts)} to {max(counts)}")
        growth = settled[-1].memory - settled[0].memory
        if len(self._states) > WARM_UP:
            self._tally.check("memory flat", growth <= GROWTH_BOUND, f"it grew by {growth / 2**20:.1f} MiB")


def _inspectors(settings: Settings, tally: Tally) -> dict[str, MatrixInspector]:
    return {
        "channels": MatrixInspector(tally, settings.channel_names, WINDOW),
        "modalities": MatrixInspector(tally, [modality.name for modality in settings.modalities], WINDOW),
    }


def _interrupt(process: "subprocess.Popen[bytes]", tally: Tally) -> None:
    seconds, code = interrupt(process)
    tally.check("exit code 0 after SIGINT", code == 0, f"code {code}")
    tally.check(f"end within {END_BOUND:g} s of SIGINT", seconds <= END_BOUND, f"{seconds:.2f} s")
