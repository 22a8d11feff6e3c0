"""Messages are taken as bytes, in batches; none is lost or mixed up."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
from geometry_msgs.msg import Twist
from paired_topics import SIGNALS, first_matrix, started
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from rclpy.time import Time
from robot_graph import START, Diagnosis, Feed, stamped, value
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from infonet_ros.errors import ConfigurationError
from infonet_ros.node.inputs import type_support
from infonet_ros.node.inputs.polling import (
    LONGEST_PERIOD,
    SHORTEST_PERIOD,
    USUAL_PERIOD,
    Pace,
    Polled,
    fitting_period,
    happened,
)


@pytest.mark.parametrize(
    ("size", "rate", "period"),
    [
        (1000, 500.0, 1.0),
        (1000, 0.0, 500.0),
        (5, 500.0, 0.005),
        (1, 100.0, 0.005),
        (1, 1e6, SHORTEST_PERIOD),
    ],
)
def test_the_period_is_what_half_a_queue_holds(size, rate, period):
    assert fitting_period([1000, size], [1.0, rate]) == pytest.approx(period)
    assert fitting_period([], []) == LONGEST_PERIOD


@pytest.mark.parametrize(
    ("speed", "due", "pause"),
    [
        (1.0, 0.10, 0.125),
        (1.0, 0.01, 0.050),
        (1.0, 60.0, 0.250),
        (4.0, 0.40, 0.125),
        (4.0, 60.0, 0.250),
        (-50.0, 0.40, 0.050),  # the time of the sensors jumped back
        (0.0, 0.40, 0.050),
    ],
)
def test_the_next_read_is_when_a_window_is_due_by_the_speed_of_sensor_time(speed, due, pause):
    pace, start, steady = Pace(), round(START * 1e9), 5000.0
    pace.note(start + 10**9, start, steady)
    newest = start + round(0.2 * speed * 1e9)
    pace.note(newest + round(due * 1e9), newest, steady + 0.2)
    assert pace.pause(steady + 0.2) == pytest.approx(pause)


@pytest.mark.parametrize(("rate", "hop"), [(100.0, 0.5), (30.0, 1.0), (10.0, 0.5)])
def test_windows_are_read_soon_after_they_are_complete_by_few_reads(rate, hop):
    stamps = np.arange(100.0 * rate) / rate
    arrivals = stamps + 0.002
    pace, now, due, reads, delays = Pace(), 0.013, hop, 0, []
    while now < 99.0:
        newest = stamps[np.searchsorted(arrivals, now) - 1]
        while newest >= due:
            delays.append(now - arrivals[np.searchsorted(stamps, due)])
            due += hop
        pace.note(round(due * 1e9), round(newest * 1e9), now)
        now, reads = now + pace.pause(now), reads + 1
    assert len(delays) >= int(99.0 / hop) - 2
    assert np.quantile(delays, 0.99) < 0.06
    assert reads < 500


def test_a_window_that_is_overdue_is_looked_for_often():
    pace = Pace()
    pace.note(200, 0, 1.0)
    assert pace.pause(1.0) == pace.pause(500.0) == pytest.approx(0.05)


def test_the_executor_waits_neither_for_the_subscriptions_nor_for_their_events(graph):
    node, _ = started(graph)
    Feed(graph, node, SIGNALS).run(0.0, 0.5)
    own = [subscription for subscription in node.subscriptions if subscription.topic_name in ("/a", "/b")]
    entities = [*own, *(handler for subscription in own for handler in subscription.event_handlers)]
    assert len(entities) == 4
    assert not any(graph.executor.can_execute(entity) for entity in entities)


def test_events_are_taken_without_the_executor(graph):
    said = []
    events = SubscriptionEventCallbacks(
        incompatible_qos=said.append, message_lost=lambda event: None, use_default_callbacks=False
    )
    quality = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
    subscription = graph.robot.create_subscription(
        Twist, "/cmd", print, quality, raw=True, callback_group=Polled(), event_callbacks=events
    )
    graph.robot.create_publisher(Twist, "/cmd", QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT))

    def happens():
        for callback, event in happened(subscription):
            callback(event)
        return said and said[-1].total_count == 1

    graph.until(happens)


def test_what_a_latched_publisher_gave_up_before_is_not_lost(graph):
    """The middleware reports it as lost when a node subscribes, and then nothing is too slow."""
    latched = QoSProfile(depth=3, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publisher = graph.robot.create_publisher(type(stamped(0.0)), "/b", latched)
    node, _ = started(graph)
    topic = node.topics.topics[1]
    graph.until(lambda: topic.subscription)
    topic.note_lost(SimpleNamespace(total_count_change=7))
    assert topic.status.lost == 0
    publisher.publish(stamped(START))
    graph.until(lambda: topic.status.received)
    with node.topics.reader.lock:
        topic.note_events()
    topic.note_lost(SimpleNamespace(total_count_change=3))
    assert topic.status.lost == 3


def test_messages_that_the_middleware_lost_are_counted(graph, monkeypatch):
    node, _ = started(graph)
    Feed(graph, node, SIGNALS)
    lost = [(node.topics.topics[1].note_lost, SimpleNamespace(total_count_change=3))]
    monkeypatch.setattr("infonet_ros.node.inputs.topic_input.happened", lambda one: [lost.pop()] if lost else [])
    graph.until(lambda: node.topics.topics[1].status.lost == 3)


def test_a_burst_of_two_seconds_at_500_hz_waits_in_the_queue(graph):
    node, _ = started(graph)
    publisher = graph.publisher(type(stamped(0.0)), "/a", QoSProfile(depth=1000))
    for index in range(1000):
        publisher.publish(stamped(START + index / 500.0))
    status = node.topics.topics[0].status
    graph.until(lambda: status.received == 1000)
    assert (status.lost, status.out_of_order, status.repeated) == (0, 0, 0)
    assert len(node.windows.buffers["a"]) == 1000


def test_a_short_queue_is_read_more_often(graph):
    node, _ = started(graph, **{"qos_overrides./a.subscription.depth": 1})
    graph.publisher(type(stamped(0.0)), "/a")

    def read_more_often():
        node.topics.topics[0].taken += 1_000_000  # as if so many had come since the last look
        return node.topics.read() < USUAL_PERIOD

    graph.until(read_more_often)


def test_what_waits_when_the_subscription_changes_is_not_lost(graph):
    node, _ = started(graph)
    first = graph.publisher(type(stamped(0.0)), "/a", 100)
    topic = node.topics.topics[0]
    before, read, topic.read = topic.subscription, topic.read, lambda _: None  # until it has changed
    for index in range(30):
        first.publish(stamped(START + index / 50.0))
    quality = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
    graph.robot.create_publisher(type(stamped(0.0)), "/a", quality)
    graph.until(lambda: topic.subscription is not before)
    topic.read = read
    graph.until(lambda: topic.status.received == 30)


def test_a_queue_that_keeps_all_is_read_as_others_are(graph):
    node, _ = started(graph, **{"qos_overrides./a.subscription.history": "keep_all"})
    publisher = graph.publisher(type(stamped(0.0)), "/a", QoSProfile(history=HistoryPolicy.KEEP_ALL))
    for index in range(300):
        publisher.publish(stamped(START + index / 500.0))
    graph.until(lambda: node.topics.topics[0].status.received == 300)
    assert node.topics.topics[0].queue_size == 5000


def test_messages_that_an_executor_delivers_by_itself_are_used(graph):
    """The EventsExecutor asks no callback group: it calls back with the bytes."""
    node, _ = started(graph)
    publisher = graph.publisher(type(stamped(0.0)), "/a", 100)
    (subscription,) = [one for one in node.subscriptions if one.topic_name == "/a"]
    subscription.callback(serialize_message(stamped(START, 3.0)))
    publisher.publish(stamped(START + 0.1, 4.0))
    graph.until(lambda: node.topics.topics[0].status.received == 2)
    assert node.windows.buffers["a"].values[:, 0].tolist() == [3.0, 4.0]


def headerless(graph, **changes):
    node = graph.infonet(
        **{"modalities": ["cmd"], "cmd.topic": "/cmd", "cmd.channels": ["linear.x"], "rate": 50.0, **changes}
    )
    return node, graph.publisher(Twist, "/cmd", 100)


def test_messages_of_one_batch_have_each_the_time_of_its_own_arrival(graph):
    node, publisher = headerless(graph)
    before = graph.robot.get_clock().now().nanoseconds
    for _ in range(30):
        publisher.publish(Twist())
    buffer = node.windows.buffers["cmd"]
    graph.until(lambda: buffer.received == 30)
    assert len(buffer) == 30  # none has the stamp of another
    assert before < buffer.stamps[0] <= buffer.stamps[-1] < graph.robot.get_clock().now().nanoseconds


def test_messages_of_one_batch_have_each_their_own_simulated_time(graph):
    node, publisher = headerless(graph, use_sim_time=True)
    clock = graph.publisher(Clock, "/clock", 100)
    topic = node.topics.topics[0]
    read, topic.read = topic.read, lambda _: None  # as if the queues were read late
    times = [1000.0 + index / 50.0 for index in range(20)]
    for at in times:
        now = Time(nanoseconds=round(at * 1e9))
        clock.publish(Clock(clock=now.to_msg()))
        graph.until(lambda now=now: node.get_clock().now().nanoseconds == now.nanoseconds)
        publisher.publish(Twist())
    topic.read = read
    buffer = node.windows.buffers["cmd"]
    graph.until(lambda: buffer.received == 20)
    np.testing.assert_array_equal(buffer.stamps, np.round(np.array(times) * 1e9).astype(np.int64))


def test_what_waits_in_a_queue_is_no_silence(graph):
    """At twelve times its speed, a recording goes on by a second while the queues are not read."""
    node, publisher = headerless(graph, use_sim_time=True)
    clock = graph.publisher(Clock, "/clock", 100)
    diagnosis = Diagnosis(graph)
    node.topics.reader.stop()
    for sent in (1, 2, 3):
        now = Time(seconds=1000 + 10 * sent)
        clock.publish(Clock(clock=now.to_msg()))
        graph.until(lambda now=now: node.get_clock().now().nanoseconds == now.nanoseconds)
        publisher.publish(Twist())
        status = diagnosis.until("infonet: /cmd", lambda status, sent=sent: value(status, "received") == str(sent))
        assert "silent" not in status.message


def test_a_subscriber_with_incompatible_quality_of_service_is_logged_once(graph, capfd):
    started(graph)
    quality = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    graph.robot.create_subscription(Image, "/infonet/image", print, quality)
    said = ""

    def logged():
        nonlocal said
        said += capfd.readouterr().err
        return "a subscriber of ~/image requests incompatible quality of service (DURABILITY" in said

    graph.until(logged)
    deadline = time.monotonic() + 2.5
    graph.until(lambda: time.monotonic() > deadline)
    assert "incompatible" not in capfd.readouterr().err


def test_a_type_that_is_not_built_for_python_is_received(graph, monkeypatch):
    """Its definition and its library are installed, and nothing else is needed to take bytes and to read them."""

    def not_built(name):
        raise ConfigurationError(f"{name} is not built")

    monkeypatch.setattr(type_support, "message_class", not_built)
    node, _ = first_matrix(graph)
    assert node.topics.topics[0].subscription.msg_type.__class__.__name__ == "RawType"


def test_a_type_that_is_not_installed_at_all_is_refused(graph, monkeypatch):
    with pytest.raises(ConfigurationError, match="'no_msgs/msg/Nothing' is not known here"):
        type_support.subscription_class("no_msgs/msg/Nothing")
