"""`infonet monitor` in a real terminal, listening to a real topic."""

import fcntl
import itertools
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
import time

import pytest
import rclpy

pyte = pytest.importorskip("pyte", reason="pyte is not installed: pip install pyte")
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.qos import DurabilityPolicy, QoSProfile

from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.outputs.messages import matrix_message
from infonet_ros.node.tools.matrix_listener import MatrixListener

CHANNELS = ["imu.angular_velocity.y", "imu.angular_velocity.z", "odom.twist.twist.angular.z", "fix.altitude"]
MODALITIES = ["imu", "odom", "fix"]
NAN = float("nan")


@pytest.fixture
def topics(graph, make_matrix):
    """The topics of a node, with one matrix of each kind that is kept for late listeners, and its diagnostics."""
    node = graph.add(rclpy.create_node("infonet", context=graph.context))
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    pairs = {(CHANNELS[0], CHANNELS[2]): (0.92, 0.4, 0.01), (CHANNELS[1], CHANNELS[3]): (NAN, 0.0, NAN)}
    matrices = {
        "channels": make_matrix(CHANNELS, pairs, end=1_386_612_000 * 10**9),
        "modalities": make_matrix(MODALITIES, {("imu", "odom"): (0.37, 0.0, 0.01)}, method="sliced"),
    }
    for kind, matrix in matrices.items():
        publisher = node.create_publisher(MutualInformationMatrix, f"/infonet/{kind}", latched)
        publisher.publish(matrix_message(matrix))
    diagnostics = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
    status = DiagnosticStatus(level=DiagnosticStatus.ERROR, name="infonet: watch slip", message="MI is 0.02 nats")
    other = DiagnosticStatus(level=DiagnosticStatus.ERROR, name="battery: cells", message="low")
    node.create_timer(0.2, lambda: diagnostics.publish(DiagnosticArray(status=[status, other])))
    thread = threading.Thread(target=graph.executor.spin, daemon=True)
    thread.start()
    yield
    graph.executor.shutdown()
    thread.join(timeout=60.0)
    node.destroy_node()


def command(*options):
    return [sys.executable, "-m", "infonet_ros", "monitor", *options]


def environment():
    without = ("COLUMNS", "LINES")  # then the program uses the size of its terminal
    inherited = {name: value for name, value in os.environ.items() if name not in without}
    return {**inherited, "TERM": "xterm-256color", "COLORTERM": "truecolor"}


def run(*options):
    return subprocess.run(
        command(*options), env=environment(), capture_output=True, text=True, timeout=120, check=False
    )


# Makes the terminal the program's own, so that Ctrl-C in it is a signal.
IN_ITS_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """A pseudo-terminal with a program in it, and what its user sees."""

    def __init__(self, arguments, columns, lines=30):
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [sys.executable, "-c", IN_ITS_TERMINAL, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(),
            start_new_session=True,
        )
        self._slave = slave

    def press(self, keys):
        os.write(self._master, keys.encode())

    def until(self, condition, timeout=120.0):
        """Read what the program writes until a condition on the lines of the screen holds, and return the lines."""
        deadline = time.monotonic() + timeout
        while not condition(self.screen.display):
            assert time.monotonic() < deadline, "\n".join(self.screen.display)
            if select.select([self._master], [], [], 0.2)[0]:
                self._stream.feed(os.read(self._master, 65536))
        return self.screen.display

    def ended(self):
        """Read on until the program ends; return its exit status."""
        self.until(lambda _: self.process.poll() is not None)
        return self.process.returncode

    def attributes(self):
        return termios.tcgetattr(self._slave)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)
        os.close(self._slave)


@pytest.fixture
def terminal():
    opened = []

    def start(columns, *options):
        opened.append(Terminal(command(*options), columns))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def shows(*words):
    return lambda lines: all(any(word in line for line in lines) for word in words)


@pytest.mark.parametrize("columns", [80, 160])
def test_the_live_view_shows_matrix_pairs_and_alerts_and_obeys_keys(topics, terminal, columns):
    view = terminal(columns)

    def beside_each_other(lines):
        return any("1 imu.angular_velocity.y" in line and "a→b" in line for line in lines)

    def drawn(lines):  # the screen is drawn again each second, and read in pieces
        all_there = shows("1 imu.angular_velocity.y", "0.92•", "a→b 0.4 s", "watch slip: MI is 0.02 nats")(lines)
        return all_there and beside_each_other(lines) == (columns == 160)

    lines = view.until(drawn)
    assert any("/infonet channels" in line and "20 s up to 18:00:00 UTC" in line for line in lines)
    assert not any("battery" in line for line in lines)
    view.press("\t")
    view.until(shows("/infonet modalities", "0.37•"))
    view.press("\t")
    view.until(shows("/infonet channels", "0.92•"))
    view.press("s")
    view.until(shows("sorted by name"))
    view.press("/altitude\r")
    lines = view.until(lambda lines: shows("/altitude")(lines) and not shows("0.92•")(lines))
    assert any("fix.altitude" in line for line in lines)
    view.press("q")
    assert view.ended() == 0
    assert view.attributes() == view.before


def test_cells_have_the_colours_of_the_palette(topics, terminal):
    from infonet_ros.drawing import palette

    view = terminal(80)
    lines = view.until(shows("0.92•"))
    row = next(index for index, line in enumerate(lines) if "1 imu.angular_velocity.y" in line)
    column = lines[row].index("0.92")
    expected = bytes(palette.colours(0.92, 1.0).tolist()).hex()
    assert view.screen.buffer[row][column].bg == expected


def test_ctrl_c_ends_it_and_restores_the_terminal(topics, terminal):
    view = terminal(80)
    view.until(shows("0.92•"))
    view.press("\x03")
    assert view.ended() == 130
    assert view.attributes() == view.before


def test_once_prints_one_matrix_and_ends(topics):
    done = run("--once")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("/infonet channels") == 1
    assert "0.92•" in done.stdout


def test_json_is_one_line_of_strict_json(topics):
    done = run("--once", "--json", "--find", "odom")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    record = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert record["names"] == CHANNELS
    assert record["window_end"] == 1_386_612_000
    assert len(record["pairs"]) == 3
    strongest = record["pairs"][0]
    assert (strongest["a"], strongest["b"], strongest["significant"]) == (CHANNELS[0], CHANNELS[2], True)
    assert strongest["mi"] == pytest.approx(0.92)
    assert strongest["lag"] == pytest.approx(0.4)


@pytest.fixture
def diagnostics(graph):
    """Publishes the reports of nodes."""
    return graph.robot.create_publisher(DiagnosticArray, "/diagnostics", 10)


def test_reports_are_those_of_the_node_of_this_full_name_and_of_its_shares(graph, diagnostics):
    listener = MatrixListener(graph.robot, "robot1/infonet")
    both = ("estimator", "/imu")
    others = dict.fromkeys(("infonet", "robot2/infonet", "robot1/other", "robot1/share_1/infonet"), both)

    def until(own, expected):
        """Let the nodes report again and again, as they do, until this is known of them."""
        nodes = itertools.cycle((others | {"robot1/infonet": own}).items())

        def known():
            name, parts = next(nodes)
            statuses = [DiagnosticStatus(name=f"{name}: {part}", message=name) for part in parts]
            diagnostics.publish(DiagnosticArray(status=statuses))
            return {report.name: report.message for report in listener.snapshot().reports} == expected

        graph.until(known)

    share = {"share_1 estimator": "robot1/share_1/infonet", "share_1 /imu": "robot1/share_1/infonet"}
    until(both, {"estimator": "robot1/infonet", "/imu": "robot1/infonet"} | share)
    until(("estimator",), {"estimator": "robot1/infonet"} | share)


@pytest.mark.parametrize(
    ("kind", "method", "key"),
    [("channels", "channels", "without a p-value"), ("modalities", "sliced", "without a p-value, sliced")],
)
def test_pairs_without_a_p_value_are_told_for_the_matrices_that_are_shown(
    graph, diagnostics, make_matrix, kind, method, key
):
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    matrices = graph.robot.create_publisher(MutualInformationMatrix, f"/infonet/{kind}", latched)
    listener = MatrixListener(graph.robot, "/infonet")
    listener.listen(kind)
    graph.until(lambda: diagnostics.get_subscription_count() and matrices.get_subscription_count())
    told = {key: "both drift (a and b)", "without a p-value, transfer": "of others"}
    values = [KeyValue(key=name, value=text) for name, text in told.items()]
    status = DiagnosticStatus(name="infonet: estimator", message="computing", values=values)
    diagnostics.publish(DiagnosticArray(status=[status]))
    graph.until(lambda: listener.snapshot().reports)
    assert listener.snapshot().untested == ""  # there is no matrix that it could be about
    matrices.publish(matrix_message(make_matrix(["a", "b"], {}, method=method)))
    graph.until(lambda: listener.matrix is not None)
    assert listener.snapshot().untested == "both drift (a and b)"


def test_a_node_that_reports_no_more_does_not_stay_fine(graph, diagnostics):
    listener = MatrixListener(graph.robot, "/infonet")
    array = DiagnosticArray(status=[DiagnosticStatus(name="infonet: estimator", message="computing")])

    def levels():
        return [report.level for report in listener.snapshot().reports]

    graph.until(lambda: diagnostics.publish(array) or levels() == [0])
    graph.until(lambda: levels() == [3])
    (report,) = listener.snapshot().reports
    assert report.message.startswith("no diagnostics for")


def test_a_node_without_a_matrix_says_why(graph, diagnostics):
    listener = MatrixListener(graph.robot, "/infonet")
    messages = {"infonet: estimator": "the first window is 0% full", "infonet: /imu": "it has no publisher yet"}
    statuses = [
        DiagnosticStatus(name=name, message=message, level=bytes([2 * (name == "infonet: /imu")]))
        for name, message in messages.items()
    ]
    said = "/infonet runs, and reports for its /imu 'it has no publisher yet'"
    graph.until(lambda: diagnostics.publish(DiagnosticArray(status=statuses)) or listener.reason() == said)


@pytest.mark.parametrize("name", ["", "a b", "/robot1//infonet", "7up"])
def test_what_is_no_name_of_a_node_is_one_sentence(name):
    done = run("--once", "--node", name)
    assert done.returncode == 1
    assert f"{name!r} is not a node name: expected letters" in done.stderr
    assert "Traceback" not in done.stderr


def test_of_other_nodes_the_names_are_shown(graph):
    graph.robot.create_publisher(MutualInformationMatrix, "/infonet/channels", 1)
    listener = MatrixListener(graph.robot, "/robot7/infonet")
    graph.until(lambda: "found /infonet; choose with --node" in listener.reason())


@pytest.mark.parametrize("once", [("--once",), ()], ids=["once", "in a pipe"])
def test_without_a_node_it_ends_with_one_sentence(once):
    done = run(*once, "--timeout", "1", "--node", "/robot7/infonet")
    assert done.returncode == 1
    assert "no matrix came from /robot7/infonet/channels within 1 s: start the node" in done.stderr
    assert "Traceback" not in done.stderr
