"""Impossible stamps and missing matrices: the node continues, and reports them."""

import itertools
import re
import sys
import time
from types import ModuleType

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import Vector3Stamped
from paired_topics import SIGNALS, square, started
from rclpy.serialization import serialize_message
from rclpy.time import Time
from robot_graph import START, Diagnosis, Feed, stamped, value
from rosgraph_msgs.msg import Clock

from infonet_ros.node.diagnostics.clock_advice import SYSTEM_TIME
from infonet_ros.node.inputs.polling import Message

WATCH = {"watches": ["slip"], "slip.pair": ["a.vector.x", "b.vector.x"], "slip.threshold": 0.1}


@pytest.mark.parametrize("ahead", [1000.0, -1000.0, 3.0])
def test_one_bad_stamp_in_120_silences_nothing(graph, ahead):
    def sometimes_wrong(t):
        wrong = round((t - START) * 50) % 120 == 60
        return stamped(t + ahead * wrong, SIGNALS["/b"](t).vector.x)

    node, matrices = started(graph, **WATCH)
    diagnosis = Diagnosis(graph)
    feed = Feed(graph, node, {**SIGNALS, "/b": sometimes_wrong})
    for second in range(12):
        feed.run(float(second), 1.0)
        graph.until(lambda: node.estimation.worker.idle)
    graph.until(lambda: len(matrices) >= 7)
    assert all(square(matrix)[0, 2] > 0.5 for matrix in matrices)
    windows = node.windows
    assert (windows.outliers("b"), windows.backward_jumps, windows.forward_jumps) == (5, 0, 0)
    topic = node.topics.topics[1].status
    assert (topic.received, topic.out_of_order) == (600, 0)

    def aside(status):
        return "set aside" in status.message and "silent" not in status.message

    status = feed.until(12.0, lambda: diagnosis.found("infonet: /b", aside))
    assert status.level == DiagnosticStatus.WARN
    side = "ahead of" if ahead > 0 else "behind"
    said = re.search(rf"\d messages? set aside, the last stamped ([\d.]+) s {side} the other messages", status.message)
    assert float(said[1]) == pytest.approx(abs(ahead), abs=0.6)


def test_a_topic_of_nonsense_stamps_is_set_aside_and_the_others_continue(graph):
    rng = np.random.default_rng(0)

    def nonsense(t):
        return stamped(float(rng.uniform(0.0, 4e9)), SIGNALS["/b"](t).vector.x)

    node, matrices = started(graph)
    feed = Feed(graph, node, {"/b": nonsense, "/a": SIGNALS["/a"]})
    diagnosis = Diagnosis(graph)
    for second in range(8):
        feed.run(float(second), 1.0)
        graph.until(lambda: node.estimation.worker.idle)
    graph.until(lambda: len(matrices) >= 3)
    assert list(matrices[-1].valid) == [True, True, False]
    assert node.windows.outliers("b") >= 399
    feed.run(8.0, 0.5)
    error = DiagnosticStatus.ERROR
    diagnosis.until("infonet: /b", lambda status: "set aside" in status.message and status.level == error)


def test_without_a_matrix_for_some_hops_the_node_is_in_error_and_watches_are_unknown(graph):
    """Whatever the reason: here every stamp contradicts the one before."""
    node, _ = started(graph, **WATCH, **{"hop": 0.5, "window": 2.0, "patience": 0.1, "slip.duration": 3600.0})
    rng, wild = np.random.default_rng(0), []

    def odd(signal):
        return lambda t: stamped(t + (float(rng.uniform(-1e9, 1e9)) if wild else 0.0), signal(t).vector.x)

    feed = Feed(graph, node, {topic: odd(signal) for topic, signal in SIGNALS.items()})
    diagnosis = Diagnosis(graph)

    def kept():
        return diagnosis.found("infonet: watch slip", lambda status: status.level == DiagnosticStatus.OK)

    def silent():
        return diagnosis.found("infonet: estimator", lambda status: status.message.startswith("no matrix for"))

    assert "are dependent" in feed.until(0.0, kept).message
    wild.append(True)
    own = feed.until(1000.0, silent)
    assert own.level == DiagnosticStatus.ERROR
    assert "because every stamp contradicts those before" in own.message
    slip = diagnosis.until("infonet: watch slip", lambda status: value(status, "state") == "unknown")
    assert slip.level == DiagnosticStatus.WARN
    assert "are dependent" not in slip.message
    assert "MI is not known" in slip.message
    wild.clear()
    feed.until(2000.0, lambda: not silent() and kept())


def test_the_first_error_after_the_last_message_names_the_reason(graph, capfd):
    node, matrices = started(graph, hop=0.5, window=2.0, patience=0.1)
    Feed(graph, node, {topic: lambda t: stamped(t, t % 0.7) for topic in SIGNALS}).run(0.0, 4.5)
    graph.until(lambda: matrices)
    Diagnosis(graph).until("infonet: estimator", lambda status: "no matrix" in status.message)
    assert "because no topic has new messages" in capfd.readouterr().err  # logged once


def test_stamps_that_were_never_set_are_logged_once(graph, capfd):
    node, _ = started(graph)
    publisher = graph.publisher(Vector3Stamped, "/b")
    diagnosis, said = Diagnosis(graph), ""

    def logged():
        nonlocal said
        publisher.publish(Vector3Stamped())
        said += capfd.readouterr().err
        return said.count("topic /b: messages with a stamp that was never set") == 1

    graph.until(logged)

    def warned():
        publisher.publish(Vector3Stamped())  # or a busy machine would call the topic silent, which is an error
        status = diagnosis.found("infonet: /b", lambda status: "never set" in status.message)
        return status and status.level == DiagnosticStatus.WARN

    graph.until(warned)
    graph.until(lambda: node.topics.topics[1].status.unset == node.windows.buffers["b"].received > 1)
    node.topics.topics[1].log_problems()
    assert "never set" not in capfd.readouterr().err


def test_system_time_beside_simulated_time_is_called_so(graph, capfd):
    started(graph, use_sim_time=True)
    clock = graph.publisher(Clock, "/clock")
    publisher = graph.publisher(Vector3Stamped, "/b")
    diagnosis, seconds, log = Diagnosis(graph), itertools.count(1), ""

    def said():
        nonlocal log
        clock.publish(Clock(clock=Time(seconds=next(seconds)).to_msg()))
        publisher.publish(stamped(graph.robot.get_clock().now().nanoseconds / 1e9))
        log += capfd.readouterr().err
        status = diagnosis.found("infonet: /b", lambda status: status.message.endswith(SYSTEM_TIME))
        return re.search(f"topic /b: .*{SYSTEM_TIME}", log) and status

    assert "ahead of this node's clock" in graph.until(said).message


def test_topics_that_never_come_are_an_error_of_the_whole(graph):
    started(graph, window=0.5, hop=0.1, patience=0.1)
    status = Diagnosis(graph).until("infonet: estimator", lambda status: "no matrix" in status.message)
    assert status.level == DiagnosticStatus.ERROR
    assert "because no topic has new messages" in status.message


def test_simulated_time_that_never_begins_is_an_error(graph):
    started(graph, use_sim_time=True)
    status = Diagnosis(graph).until("infonet: estimator", lambda status: status.level == DiagnosticStatus.ERROR)
    assert status.message.startswith("use_sim_time is true, but no message on /clock has arrived")


class ExactTime:
    """As much of message_filters as exact matching needs: sets of readings whose stamps are equal."""

    class SimpleFilter:
        def __init__(self):
            self.signalMessage = None

    class TimeSynchronizer:
        def __init__(self, fs, queue_size):
            self._queues = [{} for _ in fs]
            self._size = queue_size
            for index, one in enumerate(fs):
                one.signalMessage = lambda message, index=index: self._add(index, message)

        def registerCallback(self, callback):
            self._callback = callback

        def _add(self, index, message):
            key = message.header.stamp.sec, message.header.stamp.nanosec
            self._queues[index][key] = message
            while len(self._queues[index]) > self._size:
                del self._queues[index][min(self._queues[index])]
            if all(key in queue for queue in self._queues):
                self._callback(*(queue.pop(key) for queue in self._queues))


@pytest.fixture
def exact_time(monkeypatch):
    module = ModuleType("message_filters")
    module.SimpleFilter, module.TimeSynchronizer = ExactTime.SimpleFilter, ExactTime.TimeSynchronizer
    monkeypatch.setitem(sys.modules, "message_filters", module)


def test_exact_that_matches_nothing_says_so_in_diagnostics_and_in_the_log(graph, exact_time, capfd):
    node, matrices = started(graph, synchronization="exact", window=2.0, hop=0.2, patience=0.2)
    feed = Feed(graph, node, {**SIGNALS, "/b": lambda t: stamped(t + 0.003, SIGNALS["/b"](t).vector.x)})
    diagnosis = Diagnosis(graph)

    def error(status):
        return status.level == DiagnosticStatus.ERROR

    message = feed.until(0.0, lambda: diagnosis.found("infonet: estimator", error)).message
    assert message.startswith("no messages match: none of all topics have the same stamp")
    assert "the nearest are 0.003 s apart" in message
    assert "set synchronization to 'approximate'" in message
    assert "no messages match" in capfd.readouterr().err
    assert not matrices


def test_a_bad_stamp_holds_up_no_set(graph, exact_time):
    """A stamp far ahead would stay in the queue for ever, and ten of them would fill it."""
    node, matrices = started(graph, synchronization="exact", queue_size=3)
    signals = {
        topic: lambda t, signal=signal: stamped(t + 1000.0 * (round((t - START) * 50) % 20 == 7), signal(t).vector.x)
        for topic, signal in SIGNALS.items()
    }
    Feed(graph, node, signals).run(0.0, 8.0)
    graph.until(lambda: matrices)
    assert node.synchronizer.sets == 380
    assert node.synchronizer.outliers("a") == node.synchronizer.outliers("b") == 20


def test_messages_that_come_while_others_are_read_lose_no_set(graph, exact_time, monkeypatch):
    """Those of a topic that is read later would fill its short queue, without those of a topic that was read before."""
    node, _ = started(graph, synchronization="exact", queue_size=3)
    Feed(graph, node, SIGNALS)  # for the subscriptions
    node.topics.reader.stop()
    queues, sent = {"/a": [], "/b": []}, itertools.count()

    def waiting(subscription):
        messages, queues[subscription.topic_name] = queues[subscription.topic_name], []
        for seconds in itertools.islice(sent, 10):
            for topic, queue in queues.items():
                raw = serialize_message(SIGNALS[topic](START + seconds / Feed.RATE))
                queue.append(Message(raw, time.time_ns() + 1))
        return messages

    monkeypatch.setattr("infonet_ros.node.inputs.topic_input.waiting", waiting)
    for _ in range(10):
        node.topics.read()
    assert node.synchronizer.entered == {"a": 180, "b": 180}  # the last 20 wait for the next read
    assert node.synchronizer.sets == 180
