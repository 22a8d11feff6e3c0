"""Events in the life of a robot; the node must continue after each of them."""

import math
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import Point, Point32, TwistStamped, Vector3Stamped
from paired_topics import PAIR, SIGNALS, first_matrix, square, started
from rclpy.context import Context
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from robot_graph import START, Diagnosis, Feed, stamped, value
from sensor_msgs.msg import Image, LaserScan

from infonet_ros import InfoNet
from infonet_ros.estimator.network.weights import SHIPPED
from infonet_ros.intake.windows.timeline import SEVERAL
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.infonet_node import InfonetNode


def resident_memory():
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def test_a_topic_that_never_comes(graph):
    node, matrices = started(graph)
    Feed(graph, node, {"/a": SIGNALS["/a"]}).run(0.0, 7.5)
    matrix = graph.until(lambda: matrices and matrices[-1])
    assert list(matrix.valid) == [True, True, False]
    assert np.isfinite(square(matrix)[0, 1])
    assert np.isnan(square(matrix)[0, 2])
    status = Diagnosis(graph).until("infonet: /b", lambda status: True)
    assert status.level == DiagnosticStatus.ERROR
    assert status.message == "it has no publisher yet"


def test_the_log_says_once_that_a_topic_has_no_publisher_and_when_it_has_one(graph, capfd):
    node, _ = started(graph)
    topic, said = node.topics.topics[1], ""

    def logged(text):
        nonlocal said
        topic.look()
        topic.log_problems()  # as a timer does every five seconds
        said += capfd.readouterr().err
        return text in said

    assert logged("topic /b: it has no publisher yet")
    publisher = graph.robot.create_publisher(Vector3Stamped, "/b", 10)
    graph.until(lambda: logged("listening to /b") and publisher.get_subscription_count())
    publisher.publish(stamped(START))
    graph.until(lambda: topic.status.received)
    graph.robot.destroy_publisher(publisher)
    graph.until(lambda: logged("topic /b: it has no publisher\n"))
    graph.robot.create_publisher(Vector3Stamped, "/b", 10)
    graph.until(lambda: logged("topic /b: messages can arrive now"))
    assert [said.count(text) for text in ("topic /b: it has no publisher", "can arrive now")] == [2, 1]


def test_the_topic_that_was_meant_is_named(graph):
    graph.robot.create_publisher(Vector3Stamped, "/wheels/odometry", 1)
    graph.infonet(**{**PAIR, "b.topic": "/wheels/odometri"})
    Diagnosis(graph).until("infonet: /wheels/odometri", lambda s: "did you mean '/wheels/odometry'?" in s.message)


def test_no_topic_of_ros_itself_is_proposed(graph):
    graph.infonet(**{**PAIR, "b.topic": "/rosou"})
    graph.until(lambda: "/rosout" in dict(graph.robot.get_topic_names_and_types()))

    assert Diagnosis(graph).until("infonet: /rosou", lambda s: True).message == "it has no publisher yet"


def test_a_topic_that_stops_and_returns(graph):
    node, matrices = started(graph)
    feed = Feed(graph, node, SIGNALS)
    feed.run(0.0, 6.0)
    node.topics.topics[1].status.measure_rate()  # as the diagnostics do once a second
    feed.run(6.0, 6.0, only=["/a"])
    graph.until(lambda: matrices and not matrices[-1].valid[2])
    feed.run(12.0, 8.0)
    matrix = graph.until(lambda: matrices[-1].valid[2] and matrices[-1])
    assert square(matrix)[0, 2] > 0.5
    assert node.topics.topics[1].status.gaps == 1
    assert node.windows.forward_jumps == 0


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


def test_two_publishers_whose_clocks_differ_on_one_topic_are_warned_of_until_the_next_life(graph):
    node, _ = started(graph)
    publisher = graph.publisher(type(stamped(0.0)), "/a", 100)
    diagnosis = Diagnosis(graph)
    for index in range(20):
        publisher.publish(stamped(START + index / 50.0 - 3600.0 * (index % 2)))
    status = diagnosis.until("infonet: /a", lambda status: "set aside" in status.message)
    assert status.level != DiagnosticStatus.OK
    assert "look for a second publisher of this topic" in status.message
    diagnosis.until("infonet: /a", lambda status: value(status, "set aside") == "10")
    node.trigger_deactivate()
    node.trigger_cleanup()
    diagnosis.until("infonet: estimator", lambda status: "unconfigured" in status.message)
    node.start()
    graph.until(publisher.get_subscription_count)
    publisher.publish(stamped(START))
    said = []

    def received(status):
        said.append(status.message)
        return value(status, "received") == "1"

    diagnosis.until("infonet: /a", received)
    assert not any("set aside" in message for message in said), said


@pytest.mark.timeout(1800)  # a busy machine
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


def test_a_publisher_with_incompatible_quality_of_service(graph):
    started(graph, **{"qos_overrides./b.subscription.reliability": "reliable"})
    qos = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
    publisher = graph.robot.create_publisher(type(stamped(0.0)), "/b", qos)
    diagnosis = Diagnosis(graph)
    status = diagnosis.until("infonet: /b", lambda status: "incompatible" in status.message)
    assert status.level == DiagnosticStatus.ERROR
    assert "robot offers" in status.message
    assert "Best effort publisher and reliable subscription" in status.message
    graph.robot.destroy_publisher(publisher)
    graph.robot.create_publisher(type(stamped(0.0)), "/b", 10)
    diagnosis.until("infonet: /b", lambda status: "incompatible" not in status.message)


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


@contextmanager
def driver_of(message_type, topic):
    """A publisher in its own context: within one, the middleware allows only one type for a topic."""
    context = Context()
    rclpy.init(context=context)
    driver = rclpy.create_node("driver", context=context)
    yield driver.create_publisher(message_type, topic, 10)
    driver.destroy_node()
    context.shutdown()


def test_a_publisher_of_another_type(graph):
    started(graph)
    diagnosis = Diagnosis(graph)
    fine, wrong = (Vector3Stamped, "no message"), (TwistStamped, "no field")
    for message_type, expected in (fine, wrong, fine):
        with driver_of(message_type, "/b"):
            status = diagnosis.until("infonet: /b", lambda status, expected=expected: expected in status.message)
            assert status.level == (DiagnosticStatus.ERROR if expected == "no field" else DiagnosticStatus.WARN)
        diagnosis.until("infonet: /b", lambda status: "it has no publisher" in status.message)


def test_a_topic_that_comes_back_with_another_type_is_read_by_that_type(graph):
    node = graph.infonet(**{"modalities": ["spot"], "spot.topic": "/spot", "spot.channels": ["x"], "rate": 50.0})
    topic, sent = node.topics.topics[0], []
    for kind, count in ((Point, SEVERAL), (Point32, SEVERAL), (TwistStamped, 0), (Point, SEVERAL)):
        expected = "" if count else "TwistStamped has no field 'x'"
        with driver_of(kind, "/spot") as publisher:
            graph.until(lambda expected=expected: topic.status.problem.count(expected) and topic.subscription)
            for _ in range(count):
                graph.until(publisher.get_subscription_count)
                sent.append(0.5 + len(sent))
                publisher.publish(kind(x=sent[-1]))
            graph.until(lambda: topic.status.received == len(sent))
        graph.until(lambda: topic.status.problem == "it has no publisher")
    assert node.windows.buffers["spot"].values[:, 0].tolist() == sent
    assert topic.status.unreadable == 0


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


def test_all_topics_that_stop_raise_the_alert_of_a_watched_pair(graph):
    """No window comes any more, so no matrix could tell."""
    watch = {"watches": ["slip"], "slip.pair": ["a.vector.x", "b.vector.x"], "slip.threshold": 0.1}
    alerts = graph.listen(DiagnosticStatus, "/infonet/alerts")
    node, matrices = started(graph, **watch, **{"slip.duration": 1.0, "hop": 0.5, "window": 2.0, "patience": 0.1})
    feed = Feed(graph, node, SIGNALS)
    feed.run(0.0, 4.5)
    graph.until(lambda: matrices)
    alert = graph.until(lambda: alerts and alerts[-1])
    assert alert.level == DiagnosticStatus.ERROR
    assert "MI is not known" in alert.message
    status = Diagnosis(graph).until("infonet: estimator", lambda status: "no matrix for" in status.message)
    assert status.level == DiagnosticStatus.ERROR


@pytest.mark.parametrize(("policy", "value"), [("reliability", "quick"), ("reliability", 1), ("depth", "deep")])
def test_an_unknown_quality_of_service_is_refused_with_its_reason(graph, policy, value):
    started(graph, **{f"qos_overrides./b.subscription.{policy}": value})
    graph.robot.create_publisher(type(stamped(0.0)), "/b", 10)
    status = Diagnosis(graph).until("infonet: /b", lambda status: "cannot be subscribed to" in status.message)
    assert f"correct qos_overrides./b.subscription.{policy} {value!r}" in status.message


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
        assert go_on.wait(30.0)
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
