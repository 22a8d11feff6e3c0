import math

from diagnostic_msgs.msg import DiagnosticStatus
from robot_graph import value

from infonet_ros.node.diagnostics import Growth, topic_status
from infonet_ros.node.topic_status import TopicStatus

SECOND = 1_000_000_000
PERIOD = SECOND // 10


def healthy(count=50):
    topic = TopicStatus()
    for index in range(count):
        topic.note(index * PERIOD + 1, arrival=index * PERIOD + 1000)
        if index == 10:
            topic.measure_rate()
    return topic


def test_a_healthy_topic():
    topic = healthy()
    assert topic.measure_rate() == 10.0
    status = topic_status("t", topic, {"late": 0}, now=50 * PERIOD, patience=1.0, growth=Growth())
    assert status.level == DiagnosticStatus.OK
    assert status.message == "10.0 Hz"
    assert value(status, "received") == "50"
    assert value(status, "late") == "0"


def test_gaps_disorder_and_repetition_are_counted():
    topic = healthy()
    topic.note(55 * PERIOD, 0)
    topic.note(54 * PERIOD, 0)
    topic.note(55 * PERIOD, 0)
    assert (topic.gaps, topic.out_of_order, topic.repeated) == (1, 1, 1)


def test_a_backward_jump_is_no_disorder():
    topic = healthy()
    topic.note(1, 0)
    topic.note(1 + PERIOD, 0)
    assert (topic.gaps, topic.out_of_order, topic.repeated) == (0, 0, 0)
    assert topic.last_stamp == 1 + PERIOD


def test_a_silent_topic_is_an_error():
    status = topic_status("t", healthy(), {}, now=50 * PERIOD + 7 * SECOND, patience=1.0, growth=Growth())
    assert status.level == DiagnosticStatus.ERROR
    assert status.message.startswith("silent for 7.1 s")


def test_stamps_of_the_future_are_a_warning():
    topic = TopicStatus()
    topic.note(100 * SECOND, arrival=10 * SECOND)
    status = topic_status("t", topic, {}, now=10 * SECOND, patience=1.0, growth=Growth())
    assert status.level == DiagnosticStatus.WARN
    assert "90.0 s ahead" in status.message


def test_the_worst_problem_sets_the_level_and_comes_first():
    topic = healthy()
    topic.lost = 3
    topic.problem = "nobody publishes it"
    status = topic_status("t", topic, {"given up for memory": 2}, now=50 * PERIOD, patience=1.0, growth=Growth())
    assert status.level == DiagnosticStatus.ERROR
    assert status.message.startswith("nobody publishes it; 3 messages lost")


def test_what_is_over_warns_no_more():
    topic, growth = healthy(), Growth()
    topic.lost = 3
    levels = []
    for late in (2, 2, 3):
        status = topic_status("t", topic, {"late": late}, now=50 * PERIOD, patience=1.0, growth=growth)
        levels.append(status.level)
    assert levels == [DiagnosticStatus.WARN, DiagnosticStatus.OK, DiagnosticStatus.WARN]
    assert status.message == "1 messages too late for their window: raise patience"


def test_before_the_first_message():
    status = topic_status("t", TopicStatus(), {}, now=0, patience=1.0, growth=Growth())
    assert status.level == DiagnosticStatus.WARN
    assert status.message == "no message yet"


def test_values_that_are_not_known_are_counted():
    topic = TopicStatus()
    topic.note_values([1.0, math.nan, None, math.nan])
    assert topic.unknown == 2
