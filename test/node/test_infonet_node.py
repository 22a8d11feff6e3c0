import math
import sys

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import Twist
from paired_topics import PAIR, SIGNALS, first_matrix, noise, square, started
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from robot_graph import START, Diagnosis, Feed, stamped, value
from rosgraph_msgs.msg import Clock

from infonet_ros.dependence.window_matrices import channel_matrix
from infonet_ros.msg import MutualInformationMatrix


def test_dependent_channels_stand_out_in_the_matrix(graph):
    node, matrices = started(graph)
    modalities = graph.listen(MutualInformationMatrix, "/infonet/modalities")
    graph.until(lambda: node.count_subscribers("/infonet/modalities"))
    Feed(graph, node, SIGNALS).run(0.0, 7.0)
    graph.until(lambda: matrices and modalities)
    matrix = matrices[-1]
    assert list(matrix.names) == ["a.vector.x", "a.vector.y", "b.vector.x"]
    assert square(matrix)[0, 2] > 0.6  # truth: 1.25 nats
    assert square(matrix)[0, 1] < 0.2 > square(matrix)[1, 2]
    assert list(matrix.valid) == [True] * 3
    assert matrix.sample_count == 200
    assert matrix.sample_rate == 50.0
    assert Time.from_msg(matrix.window_end).nanoseconds % 1_000_000_000 == 0
    assert list(modalities[-1].names) == ["a", "b"]
    assert square(modalities[-1])[0, 1] > 0.1


def test_the_matrix_is_that_of_its_window(graph):
    """Live matrices, compared with the estimator on the same samples."""
    node, matrix = first_matrix(graph)
    from infonet_ros.intake.windows.window import Window

    end = Time.from_msg(matrix.window_end).nanoseconds / 1e9
    times = np.round((end - START - np.arange(200)[::-1] / 50.0) * 50) / 50.0 + START
    samples = np.array(
        [[SIGNALS["/a"](t).vector.x, SIGNALS["/a"](t).vector.y, SIGNALS["/b"](t).vector.x] for t in times]
    )
    window = Window(tuple(matrix.names), samples, round(times[0] * 1e9), round(times[-1] * 1e9), 50.0)
    expected = channel_matrix(node.net, window, node.settings)
    np.testing.assert_allclose(square(matrix), expected.mi, atol=1e-5)
    np.testing.assert_allclose(square(matrix, "upper"), expected.upper, atol=1e-5)


def test_a_delay_and_a_p_value(graph):
    signals = dict(SIGNALS)
    signals["/b"] = lambda t: stamped(t, noise(t - 0.1, 0) + 0.3 * noise(t, 2))
    _, matrix = first_matrix(graph, signals, max_lag=0.2, lag_step=0.1, surrogates=19)
    assert square(matrix, "lag")[0, 2] == pytest.approx(0.1)
    assert square(matrix, "lag")[2, 0] == pytest.approx(-0.1)
    assert square(matrix, "p_value")[0, 2] == pytest.approx(0.05)


def test_a_late_subscriber_gets_the_last_matrix(graph):
    first_matrix(graph)
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    late = graph.listen(MutualInformationMatrix, "/infonet/channels", latched)
    graph.until(lambda: late)


def test_window_and_surrogates_change_while_it_runs(graph):
    node, matrices = started(graph)
    feed = Feed(graph, node, SIGNALS)
    feed.run(0.0, 6.5)
    graph.until(lambda: matrices)
    assert np.isnan(square(matrices[-1], "p_value")).all()
    changes = [Parameter("window", value=2), Parameter("surrogates", value=9)]  # a whole number for a float, too
    assert all(result.successful for result in node.set_parameters(changes))
    feed.run(6.5, 4.0)
    matrix = graph.until(lambda: matrices[-1].sample_count == 100 and matrices[-1])
    assert np.isfinite(square(matrix, "p_value")[0, 1])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"windw": 3.0}, "unknown parameter 'windw'"),
        ({"modalities": []}, "in which '/infonet:' or '/**:' holds them"),
        ({"b.channels": []}, "b.channels is empty"),
        ({"a.channels": ["vector..x"]}, "not a field path"),
        ({"a.type": "geometry_msgs/msg/Vector3Stamped", "a.channels": ["vector.w"]}, "no field 'w': it has x"),
        ({"a.type": "no_msgs/msg/Nothing"}, "'no_msgs/msg/Nothing' is not known"),
        ({"a.topic": "/with space"}, "not a topic name"),
        ({"weights": "/nowhere/weights.safetensors"}, "/nowhere/weights.safetensors"),
        ({"device": "cuda:99"}, "cuda:99"),
    ],
)
def test_what_cannot_be_configured_says_why_and_leaves_the_node_alive(graph, changes, reason):
    if changes.get("modalities") == []:
        node = graph.infonet()
    else:
        node, _ = started(graph, **changes)
    assert node.state == "unconfigured"
    status = Diagnosis(graph).until("infonet: estimator", lambda status: reason in status.message)
    assert status.level == DiagnosticStatus.ERROR


def test_an_unknown_field_is_found_when_the_topic_comes(graph):
    started(graph, **{"b.channels": ["vector.w"]})
    graph.robot.create_publisher(type(stamped(0.0)), "/b", 10)
    status = Diagnosis(graph).until("infonet: /b", lambda status: "no field 'w'" in status.message)
    assert status.level == DiagnosticStatus.ERROR
    assert status.message.startswith("topic /b, channel 'vector.w': geometry_msgs/msg/Vector3 has no field 'w'")


def test_messages_of_best_effort_publishers_are_received(graph):
    node, matrices = started(graph)
    Feed(graph, node, SIGNALS, qos=QoSProfile(depth=200, reliability=ReliabilityPolicy.BEST_EFFORT)).run(0.0, 6.5)
    graph.until(lambda: matrices)


def test_earlier_messages_of_a_latched_publisher_are_received(graph):
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    graph.robot.create_publisher(type(stamped(0.0)), "/b", latched).publish(stamped(START))
    node, _ = started(graph)
    graph.until(lambda: node.topics.topics[1].status.received == 1)


def test_nodes_that_take_turns_make_together_the_matrices_of_one(graph):
    everything = graph.listen(MutualInformationMatrix, "/infonet/channels")
    shared = graph.listen(MutualInformationMatrix, "/shared/channels")
    remapped = ["--ros-args", "-r", "~/channels:=/shared/channels", "-r"]
    node, _ = started(graph, rate=50.0)
    turns = [
        graph.infonet(
            cli_args=[*remapped, f"__ns:=/share_{share}"], **{**PAIR, "rate": 50.0, "shares": 2, "share": share}
        )
        for share in range(2)
    ]
    feed = Feed(graph, node, SIGNALS)
    feed.wait_for(3)

    def all_read():  # each node on its own thread; one that is late would skip windows
        counts = {tuple(topic.status.received for topic in one.topics.topics) for one in (node, *turns)}
        return len(counts) == 1 and all(one.estimation.worker.idle for one in (node, *turns))

    for second in range(9):
        feed.run(float(second), 1.0)
        graph.until(all_read)
    graph.until(lambda: len(everything) >= 4 and len(shared) == len(everything))

    def by_end(matrices):
        return {Time.from_msg(m.window_end).nanoseconds: (list(m.mi), list(m.samples)) for m in matrices}

    np.testing.assert_equal(by_end(shared), by_end(everything))
    assert all(one.estimation.worker.done >= 2 for one in turns)


def test_the_subscription_follows_its_publishers(graph):
    started(graph)
    first = graph.robot.create_publisher(type(stamped(0.0)), "/a", 10)
    graph.until(first.get_subscription_count)
    second = graph.robot.create_publisher(
        type(stamped(0.0)), "/a", QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
    )
    graph.until(second.get_subscription_count)


def test_simulated_time_stamps_what_has_no_header_and_may_stand_still(graph):
    matrices = graph.listen(MutualInformationMatrix, "/infonet/channels")
    node = graph.infonet(
        **{"use_sim_time": True, "modalities": ["cmd"], "cmd.topic": "/cmd", "window": 2.0, "hop": 1.0, "rate": 50.0},
        **{"cmd.channels": ["linear.x", "angular.z"]},
    )
    clock = graph.publisher(Clock, "/clock")
    command = graph.publisher(Twist, "/cmd")
    for index in range(200):
        now = Time(nanoseconds=round((1000.0 + index / 50.0) * 1e9))
        clock.publish(Clock(clock=now.to_msg()))
        graph.until(lambda now=now: node.get_clock().now().nanoseconds == now.nanoseconds)
        sent = Twist()
        sent.linear.x, sent.angular.z = noise(index, 0), noise(index, 0)
        command.publish(sent)
        graph.until(lambda index=index: node.topics.topics[0].status.received == index + 1)
    worker = node.estimation.worker
    graph.until(lambda: matrices and worker.idle and len(matrices) == worker.done)
    count = len(matrices)
    for _ in range(5):  # the clock stands still: nothing changes
        command.publish(Twist())
    graph.until(lambda: node.topics.topics[0].status.received == 205)
    assert node.topics.topics[0].status.repeated == 5
    assert len(matrices) == count
    assert Time.from_msg(matrices[-1].window_end).nanoseconds <= 1_004_000_000_000


def test_diagnostics_of_a_healthy_node(graph):
    first_matrix(graph, hop=5.0)  # long, so that no missing window is reported during the test
    diagnosis = Diagnosis(graph)
    own = diagnosis.until("infonet: estimator", lambda status: status.message == "computing")
    assert own.level == DiagnosticStatus.OK
    assert value(own, "samples a window") == "200"
    assert value(own, "device") == "cpu" or value(own, "device").startswith("cuda")
    assert float(value(own, "computing time [s]")) > 0
    topic = diagnosis.until("infonet: /a", lambda status: True)
    assert value(topic, "rate [Hz]") == "50"
    assert value(topic, "received") == "325"
    silent = diagnosis.until("infonet: /a", lambda status: status.level == DiagnosticStatus.ERROR)
    assert silent.message.startswith("silent for")


def test_a_watched_pair_that_loses_its_dependence_raises_an_alert(graph):
    watch = {"watches": ["slip"], "slip.pair": ["a.vector.x", "b.vector.x"], "slip.threshold": 0.4}
    alerts = graph.listen(DiagnosticStatus, "/infonet/alerts")
    node, _ = started(graph, **watch, **{"slip.duration": 2.0, "window": 2.0})
    frozen = []
    signals = dict(SIGNALS)
    signals["/b"] = lambda t: stamped(t, 0.0) if frozen else SIGNALS["/b"](t)
    feed = Feed(graph, node, signals)
    feed.run(0.0, 4.5)
    graph.until(lambda: node.estimation.watched["slip"].mi > 0.4)
    assert not alerts
    frozen.append(True)
    for start in range(5, 11):  # second by second, so that no window is skipped
        feed.run(start - 0.5, 1.0)
        graph.until(lambda start=start: node.estimation.watched["slip"].stamp >= (START + start) * 1e9)
    alert = graph.until(lambda: alerts and alerts[-1])
    assert alert.level == DiagnosticStatus.ERROR
    assert "must stay dependent" in alert.message
    status = Diagnosis(graph).until("infonet: watch slip", lambda status: status.level == DiagnosticStatus.ERROR)
    assert value(status, "state") == "alert"
    frozen.clear()
    feed.run(10.5, 4.0)
    graph.until(lambda: alerts[-1].level == DiagnosticStatus.OK)
    assert len(alerts) == 2


def test_a_late_subscriber_gets_active_alerts_and_they_end_with_the_node(graph):
    watches = {
        "watches": ["never", "slip"],
        "never.pair": ["a.vector.x", "a.vector.y"],
        "never.threshold": 5.0,
        "slip.pair": ["a.vector.x", "b.vector.x"],
        "slip.threshold": 0.4,
    }
    node, _ = started(graph, **watches, **{"never.duration": 0.0, "slip.duration": 0.0, "window": 2.0})
    frozen = []
    signals = {**SIGNALS, "/b": lambda t: stamped(t, 0.0) if frozen else SIGNALS["/b"](t)}
    feed = Feed(graph, node, signals)

    def until(never, slip):
        def states():
            return {name: pair.state.value for name, pair in node.estimation.watched.items()}

        graph.until(lambda: states() == {"never": never, "slip": slip})

    def newest(alerts):
        return {alert.name: value(alert, "state") for alert in alerts}

    feed.run(0.0, 4.5)
    until("alert", "kept")
    frozen.append(True)
    feed.run(4.5, 4.0)
    until("alert", "alert")
    frozen.clear()
    feed.run(8.5, 4.0)
    until("alert", "kept")
    latched = QoSProfile(depth=2, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    late = graph.listen(DiagnosticStatus, "/infonet/alerts", latched)
    graph.until(lambda: newest(late) == {"never": "alert", "slip": "kept"})
    node.trigger_deactivate()
    graph.until(lambda: newest(late) == {"never": "unknown", "slip": "kept"})
    later = graph.listen(DiagnosticStatus, "/infonet/alerts", latched)
    graph.until(lambda: newest(later).get("never") == "unknown")
    assert "alert" not in newest(later).values()


def test_nan_for_a_topic_is_not_known_to_the_end(graph):
    signals = {**SIGNALS, "/b": lambda t: stamped(t, math.nan)}
    node, matrix = first_matrix(graph, signals)
    assert list(matrix.valid) == [True, True, False]
    assert np.isnan(square(matrix)[0, 2])
    assert np.isfinite(square(matrix)[0, 1])
    assert node.topics.topics[1].status.unknown == 325


def test_messages_are_matched_by_message_filters(graph):
    pytest.importorskip("message_filters", reason="needs message_filters")
    signals = {**SIGNALS, "/b": lambda t: stamped(t + 0.004, SIGNALS["/b"](t).vector.x)}
    _, matrix = first_matrix(graph, signals, synchronization="approximate", slop=0.01, hop=5.0)  # long: as above
    assert square(matrix)[0, 2] > 0.5
    assert math.isnan(matrix.sample_rate)
    status = Diagnosis(graph).until("infonet: estimator", lambda status: status.message == "computing")
    assert int(value(status, "matched sets")) >= 320


def test_without_message_filters_the_node_says_what_to_install(graph, monkeypatch):
    monkeypatch.setitem(sys.modules, "message_filters", None)
    node, _ = started(graph, synchronization="exact")
    assert node.state == "unconfigured"
    assert "ros-$ROS_DISTRO-message-filters" in node.problem
