"""Events in the life of a robot; the node must continue after each of them."""

import math
import shutil
import threading
from pathlib import Path

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import Vector3Stamped
from paired_topics import PAIR, SIGNALS, first_matrix, square, started
from rclpy.context import Context
from rclpy.parameter import Parameter
from rclpy.time import Time
from robot_graph import START, Diagnosis, Feed, stamped, value
from sensor_msgs.msg import Image, LaserScan

from infonet_ros import InfoNet
from infonet_ros.estimator.network.weights import SHIPPED
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.infonet_node import InfonetNode

BOUND = 120.0  # seconds, on a busy machine


def resident_memory():
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def test_nan_now_and_then_is_left_out(graph):
    signals = {**SIGNALS, "/b": lambda t: stamped(t, math.nan) if round(t * 50) % 10 == 0 else SIGNALS["/b"](t)}
    _, matrix = first_matrix(graph, signals)
    assert list(matrix.valid) == [True] * 3
    assert square(matrix)[0, 2] > 0.5


def test_a_constant_has_no_information(graph):
    _, matrix = first_matrix(graph, {**SIGNALS, "/b": lambda t: stamped(t, 3.0)})
    assert list(matrix.valid) == [True, True, False]
    assert square(matrix)[0, 2] == 0.0


def test_a_message_with_a_shorter_array_than_before(graph):
    def scan(t):
        message = LaserScan(ranges=[1.0 + math.sin(t), 2.0] if round(t * 50) % 2 else [1.0 + math.sin(t)])
        message.header.stamp = Time(nanoseconds=round(t * 1e9)).to_msg()
        return message

    changes = {"b.topic": "/scan", "b.channels": ["ranges[0]", "ranges[1]", "ranges[1:]|min"]}
    node, matrix = first_matrix(graph, {"/a": SIGNALS["/a"], "/scan": scan}, **changes)
    assert list(matrix.valid) == [True, True, True, False, False]
    status = node.topics.topics[1].status
    assert (status.unreadable, status.unknown) == (0, 2 * 163)


def test_time_that_goes_backwards(graph, capfd):
    node, matrices = started(graph)
    feed = Feed(graph, node, SIGNALS)
    for lap in range(1, 4):  # a recording that is played in a loop
        feed.run(0.0, 6.5)
        graph.until(lambda lap=lap: len(matrices) >= lap and node.windows.backward_jumps >= lap - 1)
    ends = [Time.from_msg(matrix.window_end).nanoseconds for matrix in matrices]
    assert min(ends) >= (START + 4) * 1e9
    assert max(ends) <= (START + 7) * 1e9
    assert all(square(matrix)[0, 2] > 0.5 for matrix in matrices)
    status = Diagnosis(graph).until("infonet: estimator", lambda status: True)
    assert int(value(status, "backward jumps of time")) >= 2
    assert "sensor time jumped: all windows start again" in capfd.readouterr().err


def test_four_hundred_lives(graph):
    node, matrices = started(graph)
    feed = Feed(graph, node, SIGNALS)
    memory = 0
    for life in range(400):
        node.trigger_deactivate()
        node.trigger_cleanup()
        node.trigger_configure()
        node.trigger_activate()
        graph.executor.spin_once(timeout_sec=0.0)
        if life == 100:
            memory = resident_memory()
    assert node.state == "active"
    assert resident_memory() - memory < 5e6
    graph.until(lambda: all(publisher.get_subscription_count() for publisher in feed.publishers.values()))
    Feed(graph, node, SIGNALS).run(0.0, 6.5)
    graph.until(lambda: matrices)


def test_deactivated_it_is_silent_and_active_again_it_begins_anew(graph):
    node, matrices = started(graph)
    feed = Feed(graph, node, SIGNALS)
    feed.run(0.0, 6.5)
    graph.until(lambda: matrices)
    node.trigger_deactivate()
    status = Diagnosis(graph).until("infonet: estimator", lambda status: status.message == "the node is inactive")
    assert status.level == DiagnosticStatus.WARN
    node.trigger_activate()
    assert node.windows.fill == 0.0


def test_two_nodes_at_once(graph):
    other_matrices = graph.listen(MutualInformationMatrix, "/other/channels")
    node, matrices = started(graph)
    other = graph.infonet(cli_args=["--ros-args", "-r", "__node:=other"], **{**PAIR, "window": 2.0})
    assert other.get_name() == "other"
    feed = Feed(graph, node, SIGNALS)
    feed.wait_for(2)
    feed.run(0.0, 6.5)
    graph.until(lambda: matrices and other_matrices)
    assert matrices[-1].sample_count == 200
    assert other_matrices[-1].sample_count == 100


def test_a_second_node_of_the_same_name_is_a_warning(graph):
    started(graph)
    graph.infonet(**PAIR)
    status = Diagnosis(graph).until("infonet: estimator", lambda status: "another node" in status.message)
    assert status.message == "another node publishes on ~/channels: give each its own name or namespace"


def test_a_node_that_is_destroyed_leaves_no_thread(graph):
    before = set(threading.enumerate())
    node, _ = started(graph)
    own = {thread.name: thread for thread in set(threading.enumerate()) - before}
    node.destroy_node()
    for name in ("reader", "estimator"):
        own[name].join(timeout=60.0)
        assert not own[name].is_alive(), name


def test_what_fails_because_ros_has_ended_is_not_logged(ros_domain, capfd):
    context = Context()
    rclpy.init(context=context)
    node = InfonetNode(context=context)
    node.report(ValueError("before the end"))
    context.shutdown()
    node.report(ValueError("behind the end"))
    assert node.end(timeout=60.0)
    said = capfd.readouterr().err
    assert "before the end" in said
    assert "behind the end" not in said


def test_a_message_that_cannot_be_read_is_an_error_until_one_can_be(graph):
    node, _ = started(graph, **{"b.topic": "/image", "b.channels": ["pixels|mean"]})
    publisher = graph.publisher(Image, "/image")
    diagnosis = Diagnosis(graph)
    publisher.publish(Image(encoding="jpeg"))
    status = diagnosis.until("infonet: /image", lambda status: "encoding 'jpeg'" in status.message)
    assert status.level == DiagnosticStatus.ERROR
    assert node.topics.topics[1].status.unreadable == 1
    publisher.publish(Image(encoding="mono8", height=1, width=1, step=1, data=[7]))
    diagnosis.until("infonet: /image", lambda status: "encoding" not in status.message)


def test_a_corrupted_weights_file_and_then_a_good_one(graph, tmp_path):
    weights = tmp_path / "weights.safetensors"
    shutil.copy(SHIPPED.with_suffix(".json"), weights.with_suffix(".json"))
    content = bytearray(SHIPPED.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    node, _ = started(graph, weights=str(weights))
    assert node.state == "unconfigured"
    status = Diagnosis(graph).until("infonet: estimator", lambda status: status.level == DiagnosticStatus.ERROR)
    assert str(weights) in status.message
    assert node.set_parameters([Parameter("weights", value="")])[0].successful
    node.start()
    assert node.state == "active"


@pytest.fixture
def net():
    return InfoNet.from_pretrained("cpu")


def test_an_estimator_that_raises(graph, net, monkeypatch):
    def broken(*arguments, **options):
        raise RuntimeError("out of luck")

    node, matrices = started(graph, load=lambda device, weights: net)
    diagnosis = Diagnosis(graph)
    feed = Feed(graph, node, SIGNALS)
    with monkeypatch.context() as patch:
        patch.setattr(net, "pairwise_windows", broken)
        feed.run(0.0, 6.5)
        status = diagnosis.until("infonet: estimator", lambda status: "out of luck" in status.message)
    assert status.level == DiagnosticStatus.ERROR
    assert int(value(status, "windows failed")) > 0
    assert not matrices
    feed.run(6.5, 2.0)
    graph.until(lambda: matrices)
    diagnosis.until("infonet: estimator", lambda status: status.message == "computing")


def test_a_transition_that_raises_leaves_the_node_to_be_configured_again(graph, net):
    attempts = []

    def load(device, weights):
        attempts.append(device)
        if len(attempts) == 1:
            raise RuntimeError("out of luck")
        return net

    node, _ = started(graph, load=load)
    assert node.state == "unconfigured"
    status = Diagnosis(graph).until("infonet: estimator", lambda status: status.level == DiagnosticStatus.ERROR)
    assert status.message == "RuntimeError: out of luck"
    node.start()
    assert node.state == "active"


def test_windows_that_come_at_once_after_a_pause_are_not_called_slow(graph):
    node, _ = started(graph)
    publishers = [graph.publisher(Vector3Stamped, topic, 500) for topic in SIGNALS]
    diagnosis = Diagnosis(graph)
    graph.until(lambda: diagnosis.statuses)  # what is skipped is told once
    with node.topics.reader.lock:  # so that all are read at once
        for index in range(400):
            for publisher, signal in zip(publishers, SIGNALS.values(), strict=True):
                publisher.publish(signal(START + index / 50.0))
    status = diagnosis.until("infonet: estimator", lambda status: "skipped" in status.message)
    assert "skipped: they came faster than in real time" in status.message
    assert "lengthen the hop" not in status.message
    assert node.estimation.crowded == node.estimation.worker.skipped >= 2


def test_a_slow_estimator_skips_windows_and_counts_them(graph, net, monkeypatch):
    entered, go_on = threading.Event(), threading.Event()
    pairwise_windows = net.pairwise_windows

    def slow(*arguments, **options):
        entered.set()
        assert go_on.wait(BOUND)
        return pairwise_windows(*arguments, **options)

    node, matrices = started(graph, load=lambda device, weights: net)
    feed = Feed(graph, node, SIGNALS)
    monkeypatch.setattr(net, "pairwise_windows", slow)
    feed.run(0.0, 5.5)
    graph.until(entered.is_set)
    feed.run(5.5, 4.0)
    go_on.set()
    graph.until(lambda: len(matrices) == 2)
    assert node.estimation.worker.skipped >= 2
    first, last = (Time.from_msg(matrix.window_end).nanoseconds for matrix in matrices)
    assert last - first > 2e9  # the newest, not the next
