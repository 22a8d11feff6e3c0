import math
from dataclasses import replace

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from matrices import dependence_matrix
from robot_graph import value

from infonet_ros.intake.messages.channels import Absent
from infonet_ros.node.diagnostics.clock_advice import (
    NOT_NOW,
    OTHER_SIMULATION,
    SYNCHRONISE,
    SYSTEM_TIME,
    UNSTAMPED,
    StampFit,
    clock_advice,
)
from infonet_ros.node.diagnostics.statuses import (
    DROPPED,
    Growth,
    report_on_topic,
    too_few_samples,
    unknown_channels,
    untested,
)
from infonet_ros.node.inputs.topic_status import TopicStatus

SECOND = 1_000_000_000
PERIOD = SECOND // 10


def note(topic, stamp, arrival):
    topic.note_arrivals([arrival])
    topic.note_stamps([stamp])


def healthy(count=50):
    topic = TopicStatus()
    for index in range(count):
        note(topic, index * PERIOD + 1, arrival=index * PERIOD + 1000)
        if index == 10:
            topic.measure_rate()
    return topic


def test_a_healthy_topic():
    topic = healthy()
    assert topic.measure_rate() == 10.0
    status = report_on_topic("t", topic, {"late": 0}, now=50 * PERIOD, patience=1.0, growth=Growth())
    assert status.level == DiagnosticStatus.OK
    assert status.message == "10.0 Hz"
    assert value(status, "received") == "50"
    assert value(status, "late") == "0"


def test_gaps_disorder_and_repetition_are_counted():
    topic = healthy()
    note(topic, 55 * PERIOD, 0)
    note(topic, 54 * PERIOD, 0)
    note(topic, 55 * PERIOD, 0)
    assert (topic.gaps, topic.out_of_order, topic.repeated) == (1, 1, 1)


def test_a_backward_jump_is_no_disorder():
    topic = healthy()
    note(topic, 1, 0)
    note(topic, 1 + PERIOD, 0)
    assert (topic.gaps, topic.out_of_order, topic.repeated) == (0, 0, 0)
    assert topic.last_stamp == 1 + PERIOD


def test_a_silent_topic_is_an_error():
    status = report_on_topic("t", healthy(), {}, now=50 * PERIOD + 7 * SECOND, patience=1.0, growth=Growth())
    assert status.level == DiagnosticStatus.ERROR
    assert status.message.startswith("silent for 7.1 s")


def test_stamps_of_the_future_are_a_warning():
    topic = TopicStatus()
    topic.note_ages(100 * SECOND, arrival=10 * SECOND, received=0)
    advice = clock_advice(topic, simulated=False, patience=1.0)
    fit = StampFit(advice=advice)
    status = report_on_topic("t", topic, {}, now=10 * SECOND, patience=1.0, growth=Growth(), fit=fit)
    assert status.level == DiagnosticStatus.WARN
    assert status.message.endswith("stamps are 90 s ahead of this node's clock: synchronise the clocks")
    assert value(status, "age on arrival [s]") == "-90"


@pytest.mark.parametrize(
    ("age", "system_age", "simulated", "offset", "advice"),
    [
        (0.02, 0.02, False, math.nan, ""),
        (-0.5, 3600.0, True, math.nan, ""),  # a recording that is played with its own time
        (-2.0, -2.0, False, math.nan, SYNCHRONISE),
        (-1.8e9, 0.02, True, math.nan, SYSTEM_TIME),
        (1.8e9, 0.02, True, math.nan, SYSTEM_TIME),  # /clock of the future
        (-2.0, 3600.0, True, math.nan, OTHER_SIMULATION),
        (300.0, 3600.0, True, math.nan, OTHER_SIMULATION),
        (1.8e9, 1.8e9, False, -1.8e9, NOT_NOW),
        (math.nan, math.nan, False, 1.8e9, UNSTAMPED),
        (math.nan, math.nan, False, 2.0, ""),
    ],
)
def test_the_advice_names_the_clock_that_the_stamps_follow(age, system_age, simulated, offset, advice):
    topic = TopicStatus(age=age, system_age=system_age)
    assert clock_advice(topic, simulated, patience=1.0, offset=offset) == advice


@pytest.mark.parametrize(
    ("age", "leader", "remedy"),
    [
        (0.1, "", "raise patience"),
        (3.0, "", "raise patience, or synchronise the clocks"),
        (0.1, "/imu", "the stamps of /imu are ahead"),
    ],
)
def test_late_messages_are_the_fault_of_the_topic_that_is_ahead(age, leader, remedy):
    topic = TopicStatus(age=age)
    note(topic, SECOND, SECOND)
    fit = StampFit(leader=leader)
    status = report_on_topic("t", topic, {"late": 2}, SECOND, patience=1.0, growth=Growth(), fit=fit)
    assert status.message == f"2 messages too late for the window: {remedy}"


def test_stamps_that_were_never_set_are_a_warning_as_long_as_they_come():
    topic, growth, messages = healthy(), Growth(), []
    for unset in (3, 0, 1):
        topic.unset += unset
        status = report_on_topic("t", topic, {}, now=50 * PERIOD, patience=1.0, growth=growth)
        messages.append(status.message)
    assert value(status, "stamps never set") == "4"
    assert messages[0].startswith("3 messages with a stamp that was never set: the time of arrival is used")
    assert messages[1] == "10.0 Hz"
    assert messages[2].startswith("1 message with")


def test_a_topic_whose_messages_are_all_set_aside_can_be_silent():
    topic = TopicStatus()
    topic.note_arrivals([10 * SECOND])
    status = report_on_topic("t", topic, {}, now=17 * SECOND, patience=1.0, growth=Growth())
    assert (status.level, status.message) == (DiagnosticStatus.WARN, "silent for 7.0 s, and its rate is not known")


def test_the_worst_problem_sets_the_level_and_comes_first():
    topic = healthy()
    topic.lost = 3
    topic.problem = "it has no publisher"
    status = report_on_topic("t", topic, {DROPPED: 2}, now=50 * PERIOD, patience=1.0, growth=Growth())
    assert status.level == DiagnosticStatus.ERROR
    assert status.message.startswith("it has no publisher; 3 messages lost")
    assert status.message.endswith("; 2 samples dropped for lack of memory: raise buffer_memory")


def test_what_is_over_warns_no_more():
    topic, growth = healthy(), Growth()
    topic.lost = 3
    levels = []
    for late in (2, 2, 3):
        status = report_on_topic("t", topic, {"late": late}, now=50 * PERIOD, patience=1.0, growth=growth)
        levels.append(status.level)
    assert levels == [DiagnosticStatus.WARN, DiagnosticStatus.OK, DiagnosticStatus.WARN]
    assert status.message == "1 message too late for the window: raise patience"


def test_messages_that_cannot_be_read_are_counted_with_the_reason_of_the_last():
    topic, growth, found = healthy(), Growth(), []
    for problems in (["odd", "short"], [], ["long"]):
        for problem in problems:
            topic.note_arrivals([50 * PERIOD])
            topic.note_unreadable(1, problem)
        found.append(report_on_topic("t", topic, {}, now=50 * PERIOD, patience=1.0, growth=growth))
    assert [status.level for status in found] == [DiagnosticStatus.ERROR, DiagnosticStatus.OK, DiagnosticStatus.ERROR]
    assert found[0].message == "2 messages cannot be read, the last because short"
    assert found[2].message == "1 message cannot be read, the last because long"


def test_messages_that_are_set_aside_are_a_warning_and_an_error_when_there_are_no_others():
    topic, growth = healthy(), Growth()

    def report(aside):
        return report_on_topic("t", topic, {"set aside": aside}, 50 * PERIOD, 1.0, growth, StampFit(offset=-1000.0))

    some = report(2)
    assert some.level == DiagnosticStatus.WARN
    assert some.message.startswith(
        "2 messages set aside, the last stamped 1000 s behind the other messages: if this continues"
    )
    note(topic, 51 * PERIOD, 50 * PERIOD)
    assert report(3).level == DiagnosticStatus.WARN  # the only message, of a slow topic say, may be the outlier
    for _ in range(2):
        note(topic, 51 * PERIOD, 50 * PERIOD)
    assert report(5).level == DiagnosticStatus.ERROR
    assert report(1).level == DiagnosticStatus.OK  # time had jumped: they were taken after all


def test_a_driver_that_repeats_its_stamp_is_named():
    topic, growth = healthy(), Growth()

    def report(duplicates):
        note(topic, 49 * PERIOD + 1, 50 * PERIOD)
        topic.note_ages(49 * PERIOD + 1, arrival=50 * PERIOD, received=0)
        return report_on_topic("t", topic, {"duplicates": duplicates}, 50 * PERIOD, 1.0, growth)

    assert report(2).message == "10.0 Hz"  # two of fifty
    status = report(3)
    assert status.level == DiagnosticStatus.ERROR
    assert status.message == (
        "1 sample not used, because an earlier message has the same stamp: its driver must stamp each message"
    )


def test_before_simulated_time_begins_no_stamp_is_of_the_future():
    topic = TopicStatus()
    note(topic, 100 * SECOND, arrival=0)
    topic.note_ages(100 * SECOND, arrival=0, received=0)
    status = report_on_topic("t", topic, {}, now=0, patience=1.0, growth=Growth())
    assert status.level == DiagnosticStatus.OK
    assert status.message == "no rate yet, because there are fewer than three stamps"


def test_a_channel_without_a_value_for_some_time_is_named_with_the_reason():
    topic, growth = TopicStatus(channels=["position[lef]", "position[right]", "effort[right]"]), Growth()
    absences = {0: Absent("lef", ["left", "right"])}

    def report(seconds, effort):
        for index in range(seconds * 10):
            note(topic, topic.received * PERIOD, topic.received * PERIOD)
            values = np.array([[math.nan, 1.0, effort if index == 9 else math.nan]])
            topic.note_values(values, np.array([[False, True, True]]), absences)
        return report_on_topic("t", topic, {}, now=topic.received * PERIOD, patience=1.0, growth=growth)

    assert report(4, effort=math.nan).level == DiagnosticStatus.OK
    status = report(2, effort=math.nan)
    assert status.level == DiagnosticStatus.WARN
    assert status.message == (
        "no message has position[lef]: 'lef' is not among left, right (did you mean 'left'?); "
        "every value of effort[right] is NaN, infinite, or outside its array"
    )
    assert report(1, effort=0.5).message.count("effort") == 0
    assert value(status, "values not known") == "60"


def test_messages_without_a_stamp_need_a_clock_as_fast_as_they_are():
    status = report_on_topic("t", healthy(), {"duplicates": 30}, 50 * PERIOD, 1.0, Growth())
    assert status.level == DiagnosticStatus.WARN
    assert status.message == (
        "30 samples not used, because an earlier message arrived at the same time of /clock: publish /clock more often"
    )


def test_before_the_first_message():
    status = report_on_topic("t", TopicStatus(), {}, now=0, patience=1.0, growth=Growth())
    assert status.level == DiagnosticStatus.WARN
    assert status.message == "no message yet"


def test_channels_with_too_few_samples_are_named_with_what_to_look_for():
    matrix = dependence_matrix(["imu.x", "cmd.x"], {})
    few = replace(matrix, samples=np.array([[200, 1], [1, 1]]))
    ((level, text),) = unknown_channels(few, least=64)
    assert level == DiagnosticStatus.WARN
    assert text.startswith("too few good samples of cmd.x (1), where 64 are needed: look for gaps, bursts and unknown")
    assert not unknown_channels(few, least=1)


def test_a_window_with_too_few_samples_names_the_slow_clock_unless_the_user_chose_it():
    matrix = replace(dependence_matrix(["imu.x", "fix.x"], {}), sample_count=10, sample_rate=0.5)
    own = "10 samples a window, 64 are needed: lengthen the window"
    assert too_few_samples(matrix, 64, rate=0.5) == own
    slowest = f"{own}, or set rate, because the clock has that of the slowest channel, 0.5 Hz"
    assert too_few_samples(matrix, 64, rate=0.0) == slowest
    assert too_few_samples(replace(matrix, sample_rate=math.nan), 64, rate=0.0) == own  # no clock: sets of messages


def test_pairs_without_a_p_value_are_named_with_the_reason():
    names = [f"joint{index}" for index in range(5)]
    matrix = dependence_matrix(names, {})
    assert untested(matrix) == ""
    reasons = np.full((5, 5), "", dtype=object)
    reasons[0, 2] = reasons[2, 0] = "both drift: compare"
    reasons[1, 3] = reasons[3, 1] = "both have one period: remove it"
    assert untested(replace(matrix, untested=reasons)) == (
        "both drift: compare (joint0 and joint2); both have one period: remove it (joint1 and joint3)"
    )
    assert "one reason (joint0 and joint1, " in untested(replace(matrix, untested=np.full((5, 5), "one reason")))
    assert ", 5 more pairs)" in untested(replace(matrix, untested=np.full((5, 5), "one reason")))
