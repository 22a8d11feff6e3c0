"""The executable as a process: how it starts, and how it ends."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from paired_topics import PAIR
from robot_graph import START, Diagnosis, Graph, stamped

from infonet_ros.node.__main__ import spin

BOUND = 120.0  # seconds until a process must have come so far


@pytest.fixture
def launch(graph):
    processes = []

    def launch(*arguments):
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "infonet_ros.node", "--ros-args", *arguments]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield launch
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=BOUND)


def arguments(**changes):
    return [part for name, given in {**PAIR, **changes}.items() for part in ("-p", f"{name}:={given}")]


def waits_for_signals(graph, process):
    """The first line of the program has run: all that follows is loading."""
    status = Path(f"/proc/{process.pid}/status")
    graph.until(lambda: int(status.read_text().split("SigBlk:")[1].split()[0], 16) & 1 << signal.SIGINT - 1)


def configures(graph, process):
    """Torch is being loaded, which happens in the transition."""
    maps = Path(f"/proc/{process.pid}/maps")
    graph.until(lambda: "libtorch" in maps.read_text())


def is_unconfigured(graph, process):
    Diagnosis(graph).until("infonet: estimator", lambda status: "unconfigured" in status.message)


def listens(graph, process):
    Diagnosis(graph).until("infonet: estimator", lambda status: "full" in status.message)


def computes(graph, process):
    """A window is being computed that takes a minute: newer ones replace each other."""
    publishers = [graph.publisher(type(stamped(0.0)), topic, 1000) for topic in ("/a", "/b")]
    for index in range(700):
        for publisher in publishers:
            publisher.publish(stamped(START + index / 50.0, index % 7, index % 5))
    Diagnosis(graph).until("infonet: estimator", lambda status: skipped(status) > 0)


def skipped(status):
    return sum(int(item.value) for item in status.values if item.key == "windows skipped")


LONG_WINDOW = {"window": 8.0, "surrogates": 9999, "max_lag": 1.0}  # of 100 lags and 300 surrogates


def opened_by(process):
    """The files that a process has open: one that it closes meanwhile is none of them."""
    for file in Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            yield str(file.readlink())


def own_memory(process):
    """Files of a process in shared memory: it maps those of its peers, too, and holds the locks of its own."""
    locks = [path for path in opened_by(process) if re.fullmatch(r"/dev/shm/fast(dds|rtps)_[0-9a-f]{16}_el", path)]  # noqa: S108
    return [Path(path) for lock in locks for path in (lock, lock.removesuffix("_el"))]


@pytest.mark.parametrize(
    ("name", "moment", "changes"),
    [
        ("SIGTERM", waits_for_signals, {}),
        ("SIGINT", configures, {}),
        ("SIGINT", is_unconfigured, {"autostart": False}),
        ("SIGINT", listens, {}),
        ("SIGHUP", listens, {}),
        ("SIGINT", computes, LONG_WINDOW),
        ("SIGTERM", computes, LONG_WINDOW),
    ],
)
def test_it_ends_at_any_moment_with_code_zero_and_nothing_of_it_stays(graph: Graph, launch, name, moment, changes):
    process = launch(*arguments(**changes))
    moment(graph, process)
    own = own_memory(process)
    assert own or moment in (waits_for_signals, configures)  # ROS 2 may have started since
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=BOUND)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert [path for path in own if path.exists()] == []


def test_a_value_that_cannot_be_is_one_line_and_code_one(launch):
    process = launch(*arguments(hop=-1.0))
    _, errors = process.communicate(timeout=BOUND)
    assert process.returncode == 1
    assert errors.splitlines()[-1] == "infonet_node: hop must lie between 0.01 and 1000000000.0 s, got -1.0 s."
    assert "Traceback" not in errors


REFUSED = {
    ("--params-file", "/nowhere/robot.yaml"): "/nowhere/robot.yaml",
    ("--params-file", __file__): __file__,
    ("-p", "foo"): "-p foo",
    ("-p", "watches:=[]"): "a parameter is an empty list ([]), which ROS 2 cannot read: leave the parameter out",
    ("--bogus",): "--bogus",
    ("-p", "modalities:=5"): "modalities must be a list of names, got 5: write it as [imu, odom].",
}


def test_arguments_that_cannot_be_used_are_one_line_and_code_one():
    """All in one process: that its end is the code is tested above, and each would load torch again."""
    code = "from infonet_ros.node.__main__ import main\nprint([main(['--ros-args', *one]) for one in %r])" % [*REFUSED]
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=BOUND, check=True)
    assert ended.stdout == f"{[1] * len(REFUSED)}\n"
    said = [line for line in ended.stderr.splitlines() if line.startswith("infonet_node: ")]
    assert [reason in line for reason, line in zip(REFUSED.values(), said, strict=True)] == [True] * len(REFUSED)
    assert "Traceback" not in ended.stderr


def test_a_callback_that_raises_is_reported_and_the_node_continues(graph: Graph):
    node = graph.infonet(**PAIR)
    calls = []

    def callback():
        calls.append(None)
        raise RuntimeError("out of luck")

    timer = node.create_timer(0.01, callback)
    spin(node, graph.executor, Until(lambda: len(calls) >= 3))
    node.destroy_timer(timer)
    status = Diagnosis(graph).until("infonet: estimator", lambda status: "out of luck" in status.message)
    assert status.level == DiagnosticStatus.ERROR


class Until:
    """Stands for the interruption by a signal: true once the condition holds."""

    def __init__(self, condition):
        self._condition = condition

    def __bool__(self):
        return self._condition()


def test_without_a_folder_for_its_log_the_node_says_which_variable_names_one(tmp_path):
    environment = {name: text for name, text in os.environ.items() if name not in ("HOME", "ROS_HOME", "ROS_LOG_DIR")}
    code = "from infonet_ros.node.session import ros_session\nwith ros_session([]): pass"
    for extra in ({}, {"ROS_LOG_DIR": "/dev/null/log"}):
        ended = subprocess.run([sys.executable, "-c", code], env=environment | extra, capture_output=True, text=True)
        assert re.search(
            r"ROS 2 does not start \(.*log.*\): .*set ROS_LOG_DIR to one that can be written", ended.stderr
        )
    works = environment | {"ROS_LOG_DIR": str(tmp_path)}
    assert not subprocess.run([sys.executable, "-c", code], env=works, check=True, capture_output=True).stderr


def test_the_node_does_not_load_the_library_of_plots():
    modules = "infonet_ros.node.infonet_node, infonet_ros.node.outputs.publishers"
    code = f"import sys, {modules}\nsys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_ros_2_says_of_a_bad_file_is_one_line():
    from infonet_ros.node.session import without_place

    error = RuntimeError("Couldn't parse params file. Error at line 1\n, at ./src/parser.c:417")
    assert without_place(error) == "Couldn't parse params file. Error at line 1"
