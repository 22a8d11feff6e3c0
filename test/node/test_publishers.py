"""Publishers that come late, stop, come back or do not fit; the node must follow them and say what is wrong."""

from contextlib import contextmanager

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import Point, Point32, TwistStamped, Vector3Stamped
from paired_topics import PAIR, SIGNALS, square, started
from rclpy.context import Context
from rclpy.qos import QoSProfile, ReliabilityPolicy
from robot_graph import START, Diagnosis, Feed, stamped, value

from infonet_ros.intake.windows.timeline import SEVERAL


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

    graph.until(lambda: logged("topic /b: it has no publisher yet"))
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


@pytest.fixture
def published(ros_domain):
    """Publish a topic for the length of a block, in a context of its own: within one, a topic has only one type.

    The context stays: of several that begin and end in one process, Fast DDS 3.2 at times never finds one.
    """
    context = Context()
    rclpy.init(context=context)
    driver = rclpy.create_node("driver", context=context)

    @contextmanager
    def published(message_type, topic):
        publisher = driver.create_publisher(message_type, topic, 10)
        yield publisher
        driver.destroy_publisher(publisher)

    yield published
    driver.destroy_node()
    context.shutdown()


def test_a_publisher_of_another_type(graph, published):
    started(graph)
    diagnosis = Diagnosis(graph)
    fine, wrong = (Vector3Stamped, "no message"), (TwistStamped, "no field")
    for message_type, expected in (fine, wrong, fine):
        with published(message_type, "/b"):
            status = diagnosis.until("infonet: /b", lambda status, expected=expected: expected in status.message)
            assert status.level == (DiagnosticStatus.ERROR if expected == "no field" else DiagnosticStatus.WARN)
        diagnosis.until("infonet: /b", lambda status: "it has no publisher" in status.message)


def test_a_topic_that_comes_back_with_another_type_is_read_by_that_type(graph, published):
    node = graph.infonet(**{"modalities": ["spot"], "spot.topic": "/spot", "spot.channels": ["x"], "rate": 50.0})
    topic, sent = node.topics.topics[0], []
    for kind, count in ((Point, SEVERAL), (Point32, SEVERAL), (TwistStamped, 0), (Point, SEVERAL)):
        expected = "" if count else "TwistStamped has no field 'x'"
        with published(kind, "/spot") as publisher:
            graph.until(lambda expected=expected: expected in topic.status.problem and topic.subscription)
            for _ in range(count):
                graph.until(publisher.get_subscription_count)
                sent.append(0.5 + len(sent))
                publisher.publish(kind(x=sent[-1]))
            graph.until(lambda: topic.status.received == len(sent))
        graph.until(lambda: topic.status.problem == "it has no publisher")
    assert node.windows.buffers["spot"].values[:, 0].tolist() == sent
    assert topic.status.unreadable == 0


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
