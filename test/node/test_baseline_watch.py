"""A baseline in the node: evidence for planners, alerts within seconds of the fault."""

import math
import re

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from paired_topics import SIGNALS, noise, started
from rclpy.qos import DurabilityPolicy, QoSProfile
from robot_graph import START, Diagnosis, Feed, stamped, value

from infonet_ros.dependence.baselines.learning.baseline_learning import learn
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.matrix import LaggedPair
from infonet_ros.msg import PairEvidence

NAMES = ("a.vector.x", "b.vector.x")


@pytest.fixture(scope="module")
def baseline(net, tmp_path_factory):
    """The shared signal of both topics, at 50 Hz, as in SIGNALS."""
    times = 5000.0 + np.arange(4000) / 50.0
    a, own = (np.array([noise(time, channel) for time in times]) for channel in (0, 2))
    good = np.stack([a, a + 0.3 * own], axis=1)
    lesson = Lesson(NAMES, (good,), 50.0, messages=(np.ones(good.shape),))
    learnt, _ = learn(net, lesson, [LaggedPair(0, 1, 0)], parameters="", recordings=("good",))
    path = tmp_path_factory.mktemp("baseline") / "robot.baseline"
    learnt.save(path)
    return str(path)


def seconds(status):
    return float(value(status, "stamp [s]")) - START


def test_a_fault_is_an_alert_within_a_second_and_ends_with_it(graph, baseline):
    alerts = graph.listen(DiagnosticStatus, "/infonet/alerts")
    evidence = graph.listen(PairEvidence, "/infonet/evidence", 100)
    node, _ = started(graph, baseline=baseline)
    broken = []
    signals = dict(SIGNALS)
    signals["/b"] = lambda t: stamped(t, noise(t, 5)) if broken else SIGNALS["/b"](t)
    feed = Feed(graph, node, signals)
    feed.run(0.0, 10.0)
    sound = graph.until(lambda: evidence and evidence[-1])
    assert (sound.a, sound.b, list(sound.alarm)) == ([NAMES[0]], [NAMES[1]], [False])
    assert 0.0 <= sound.evidence[0] < sound.threshold[0]
    assert not alerts
    broken.append(True)
    feed.run(10.0, 4.0)
    alert = graph.until(lambda: alerts and alerts[-1])
    assert alert.level == DiagnosticStatus.ERROR
    assert (value(alert, "a"), value(alert, "b"), value(alert, "kind")) == (*NAMES, "decoupled")
    assert 10.0 < seconds(alert) <= 11.5
    assert float(value(alert, "since [s]")) - START == pytest.approx(10.0, abs=0.5)
    graph.until(lambda: evidence[-1].alarm[0])
    named = f"infonet: baseline {NAMES[0]} {NAMES[1]}"
    Diagnosis(graph).until(named, lambda status: status.level == DiagnosticStatus.ERROR)
    broken.clear()
    feed.run(14.0, 8.0)
    graph.until(lambda: alerts[-1].level == DiagnosticStatus.OK)
    assert len(alerts) == 2


def test_a_topic_that_dies_is_an_alert_of_its_own_kind(graph, baseline):
    alerts = graph.listen(DiagnosticStatus, "/infonet/alerts")
    node, _ = started(graph, baseline=baseline)
    feed = Feed(graph, node, SIGNALS)
    feed.run(0.0, 4.0)
    feed.run(4.0, 4.0, only=["/a"])
    alert = graph.until(lambda: alerts and alerts[-1])
    assert value(alert, "kind") == "silent"
    assert alert.message == "b.vector.x sent no value"
    assert seconds(alert) <= 6.5


def test_a_topic_that_loses_every_second_message_is_an_alert_of_its_own_kind(graph, baseline):
    alerts = graph.listen(DiagnosticStatus, "/infonet/alerts")
    node, _ = started(graph, baseline=baseline)
    feed = Feed(graph, node, SIGNALS)
    feed.run(0.0, 8.0)
    for k in range(100):
        feed.run(8.0 + k / 25.0, 0.02)
        feed.run(8.02 + k / 25.0, 0.02, only=["/a"])
    alert = graph.until(lambda: alerts and value(alerts[-1], "kind") == "other rate" and alerts[-1])
    assert alerts[0].name == alert.name  # the first diagnosis was: decoupled
    assert re.fullmatch(r"b\.vector\.x has 2[456]\S* messages a second, in the good recordings 50", alert.message)
    assert 8.0 < seconds(alert) <= 11.0


def test_a_late_subscriber_gets_alerts_of_baseline_and_watches(graph, baseline):
    watch = {"watches": ["never"], "never.pair": ["a.vector.x", "a.vector.y"], "never.threshold": 5.0}
    node, _ = started(graph, baseline=baseline, **watch, **{"never.duration": 0.0, "window": 2.0})
    feed = Feed(graph, node, {**SIGNALS, "/b": lambda t: stamped(t, noise(t, 5))})
    feed.run(0.0, 8.0)
    name = f"baseline {NAMES[0]} {NAMES[1]}"
    latched = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    late = graph.listen(DiagnosticStatus, "/infonet/alerts", latched)
    graph.until(lambda: {one.name for one in late if one.level == DiagnosticStatus.ERROR} == {"never", name})
    node.trigger_deactivate()

    def newest():
        return {one.name: one.level for one in late}

    unknown = DiagnosticStatus.WARN
    graph.until(lambda: newest() == {"never": unknown, name: unknown}, last=newest)


def test_when_time_jumps_back_evidence_begins_anew(graph, baseline):
    evidence = graph.listen(PairEvidence, "/infonet/evidence", 100)
    node, _ = started(graph, baseline=baseline)
    feed = Feed(graph, node, SIGNALS)
    feed.run(100.0, 4.0)
    feed.run(0.0, 6.0)
    last = graph.until(lambda: evidence and evidence[-1].header.stamp.sec < START + 50 and evidence[-1])
    assert not last.alarm[0]
    assert math.isfinite(last.evidence[0])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"b.channels": ["vector.y"]}, "watches b.vector.x, which the node does not listen to (did you mean"),
        ({"baseline": "nowhere.baseline"}, "nowhere.baseline is not there: expected a file that"),
    ],
)  # fmt: skip
def test_a_baseline_that_does_not_fit_is_reported_at_configuration(graph, baseline, changes, words):
    node, _ = started(graph, **{"baseline": baseline, **changes})
    assert node.state == "unconfigured"
    assert words in node.problem
