"""Alarms of one cause are one sentence."""

from dataclasses import replace

from infonet_ros.dependence.baselines.diagnosis.fault import Fault, Kind
from infonet_ros.dependence.baselines.watching.alarm_groups import grouped
from infonet_ros.dependence.baselines.watching.evidence import Alarm

SECOND = 1_000_000_000


def alarm(a, b, begin, kind, words="", channel="", end=None):
    return Alarm(a, b, begin * SECOND, (begin - 1) * SECOND, 9.0, kind, words, channel, end and end * SECOND)


def frozen(a, b, begin, end=None):
    return alarm(a, b, begin, Kind.FROZEN, "wheel is frozen", "wheel", end)


def test_a_channel_that_ends_several_pairs_is_one_sentence():
    found = grouped([frozen("wheel", "gyro", 10), frozen("odom", "wheel", 11, 20), frozen("wheel", "yaw", 12)])
    assert [str(one) for one in found] == [
        "10.000 s: wheel is frozen: 3 pairs, with gyro, odom, yaw (since about 9.000 s, still on at the end)"
    ]
    (alone,) = grouped([frozen("wheel", "gyro", 10, 20)])
    assert str(alone) == "10.000 s: wheel is frozen (since about 9.000 s, until 20.000 s)"


def test_a_cause_that_returns_later_is_reported_again():
    found = grouped([frozen("wheel", "gyro", 10, 20), frozen("wheel", "yaw", 10, 20), frozen("wheel", "gyro", 50)])
    assert [len(one.alarms) for one in found] == [2, 1]
    assert "2 pairs, with gyro, yaw (since about 9.000 s, until 20.000 s)" in str(found[0])


def test_the_channel_that_decoupled_pairs_share_is_named():
    def decoupled(a, b, begin):
        return alarm(a, b, begin, Kind.DECOUPLED, f"{a} and {b} no longer depend on each other as before")

    found = grouped([decoupled("a", "slip", 5), decoupled("x", "y", 6), decoupled("slip", "b", 7)])
    assert [one.channel for one in found] == ["slip", ""]
    assert "slip no longer depends on the others of its pairs as before: 2 pairs, with a, b" in str(found[0])
    assert "x and y no longer depend on each other" in str(found[1])


def test_every_alarm_is_in_one_group():
    alarms = [frozen("wheel", "gyro", 1), alarm("a", "b", 2, Kind.DELAY_CHANGED, "late"), frozen("wheel", "c", 3)]
    alarms.append(alarm("a", "c", 2, Kind.DELAY_CHANGED, "late"))
    found = [one for group in grouped(alarms) for one in group.alarms]
    assert sorted(map(id, found)) == sorted(map(id, alarms))


def test_an_alarm_without_a_cause_joins_one_with_a_cause():
    scaled = alarm("a", "gyro", 10, Kind.SCALED, "gyro is about 57.3 times what it was", "gyro", 60)
    noisier = alarm("gyro", "b", 14, Kind.NOISIER, "gyro is noisier than before", "gyro", 50)
    other = alarm("gyro", "b", 14, Kind.NOISIER, "b is noisier than before", "b", 50)
    later = alarm("gyro", "b", 80, Kind.DECOUPLED, "gyro and b no longer depend on each other as before")
    found = grouped([noisier, scaled, later])
    assert [len(one.alarms) for one in found] == [2, 1]
    assert "gyro is about 57.3 times what it was: 2 pairs, with a, b (since about 9.000 s, until 60.000 s)" in str(
        found[0]
    )
    assert [len(one.alarms) for one in grouped([scaled, other])] == [1, 1]


def test_a_topic_that_is_silent_is_one_sentence():
    pairs = [("imu.x", "imu.y"), ("imu.x", "odom"), ("imu.z", "imu.x")]
    silent = [alarm(a, b, 5, Kind.SILENT, "imu sent no value", "imu") for a, b in pairs]
    assert ["imu sent no value: 3 pairs, with odom (since" in str(one) for one in grouped(silent)] == [True]
    assert ["imu sent no value: 2 pairs (since" in str(one) for one in grouped(silent[::2])] == [True]


def test_the_channel_that_several_pairs_share_is_the_one_that_is_shifted():
    """One pair alone cannot tell which of the two is shifted; of several pairs it is what they share."""

    def shifted(a, b, begin):
        either = tuple(Fault(Kind.OFFSET, f"{name} is shifted", name) for name in (a, b))
        return replace(alarm(a, b, begin, Kind.OFFSET, f"{a} is shifted, or {b} is shifted"), either=either)

    alone = shifted("a", "gyro", 10)
    (one,) = grouped([alone])
    assert (one.channel, str(one)) == ("", str(alone))
    (both,) = grouped([alone, shifted("gyro", "b", 12)])
    assert both.channel == "gyro"
    assert "gyro is shifted: 2 pairs, with a, b" in str(both)


def late(a, b, later):
    either = (
        Fault(Kind.DELAY_CHANGED, f"{a} is {later} s earlier", a),
        Fault(Kind.DELAY_CHANGED, f"{b} is {later} s later", b),
    )
    return replace(alarm(a, b, 10, Kind.DELAY_CHANGED, f"the delay of {b} after {a} is {later} s"), either=either)


def test_a_topic_that_is_late_is_one_sentence():
    pairs = [("odom.x", "imu.x"), ("wheel.y", "imu.y"), ("wheel.z", "imu.y"), ("wheel.z", "odom.z")]
    (topic, other) = grouped([late(a, b, 0.3) for a, b in pairs])
    assert (topic.channel, len(topic.alarms), len(other.alarms)) == ("imu", 3, 1)
    assert "imu is 0.3 s later: 3 pairs, with odom.x, wheel.y, wheel.z" in str(topic)


def test_a_topic_that_is_late_after_a_silence_is_told_beside_it():
    silent = alarm("odom.y", "", 10, Kind.SILENT, "odom sent no value", "odom", 12)
    assert [one.kind for one in grouped([silent, late("imu.x", "odom.x", 0.3)])] == [Kind.SILENT, Kind.DELAY_CHANGED]


def test_two_topics_that_are_apart_in_time_are_one_sentence_that_blames_none():
    (one,) = grouped([late("odom.x", "imu.x", 0.3), late("odom.y", "imu.y", 0.3)])
    assert one.channel == ""
    assert "the delay of imu.x after odom.x is 0.3 s: 2 pairs, with odom.x, imu.x, odom.y, imu.y" in str(one)


def test_a_channel_that_is_late_in_its_topic_is_named():
    (one,) = grouped([late("wheel.x", "wheel.y", 0.3), late("odom.x", "wheel.y", 0.3)])
    assert (one.channel, "wheel.y is 0.3 s later: 2 pairs, with wheel.x, odom.x" in str(one)) == ("wheel.y", True)


def test_a_channel_and_its_rate_have_one_cause():
    scaled = alarm("v", "w", 10, Kind.SCALED, "v is 57 times", "v")
    rate = alarm("v|rate", "w|rate", 10, Kind.SCALED, "v|rate is 94 times", "v|rate")
    parted = alarm("v|rate", "u", 14, Kind.DECOUPLED, "v|rate and u no longer depend on each other as before")
    (one,) = grouped([scaled, rate, parted])
    assert "v is 57 times: 3 pairs, with w, w|rate, u" in str(one)


def test_a_field_that_is_shared_by_level_and_rate_is_as_suspect_as_the_other_channel():
    (one,) = grouped([inverted("pitch", "speed", 10), inverted("pitch", "speed|rate", 11)])
    assert (one.channel, str(one).split(": ")[1]) == ("", "pitch or speed has an inverted sign")


def test_two_channels_that_are_swapped_are_one_sentence():
    one = alarm("x", "u", 10, Kind.SWAPPED, "x and y are swapped", "x")
    other = alarm("y", "v", 10, Kind.SWAPPED, "x and y are swapped", "y")
    (found,) = grouped([one, other])
    assert "x and y are swapped: 2 pairs, with u, y, v" in str(found)


def test_a_swap_of_either_two_channels_is_one_sentence():
    either = [Fault(Kind.SWAPPED, f"{a} and {b} are swapped", a) for a, b in (("x", "y"), ("u", "v"))]
    one = replace(alarm("x", "u", 10, Kind.SWAPPED, "x and y are swapped, or u and v are swapped"), either=(*either,))
    other = replace(one, a="y", b="v", words="u and v are swapped, or x and y are swapped", either=(*either[::-1],))
    (found,) = grouped([one, other])
    assert "x and y are swapped, or u and v are swapped: 2 pairs, with x, u, y, v" in str(found)


def inverted(a, b, begin):
    either = tuple(Fault(Kind.SCALED, f"{name} has an inverted sign", name) for name in (a, b))
    return replace(alarm(a, b, begin, Kind.SCALED, f"{a} or {b} has an inverted sign"), either=either)


def test_a_pair_that_decoupled_tells_which_of_two_channels_is_inverted():
    sign = inverted("left", "odom", 5)
    for kind, a, b, channel in [
        (Kind.DECOUPLED, "left", "right", "left"),
        (Kind.DECOUPLED, "right", "odom|rate", "odom"),
        (Kind.DECOUPLED, "odom|rate", "left|rate", ""),
    ]:
        (one,) = grouped([sign, alarm(a, b, 6, kind, "no longer depend")])
        assert one.channel == channel
        assert f"{channel or 'left or odom'} has an inverted sign: 2 pairs" in str(one)
    both, left = (alarm(a, b, 6, Kind.DECOUPLED, "") for a, b in (("left|rate", "odom|rate"), ("left", "right")))
    assert [(one.channel, len(one.alarms)) for one in grouped([sign, both, left])] == [("left", 3)]
    assert len(grouped([sign, alarm("right", "gyro", 6, Kind.DECOUPLED, "no longer depend")])) == 2


def test_a_channel_that_rests_while_others_move_is_said_to_rest():
    def resting(a, b, begin):
        either = (Fault(Kind.DECOUPLED, f"{a} rests", a), Fault(Kind.DECOUPLED, f"{b} moves", b))
        return replace(alarm(a, b, begin, Kind.DECOUPLED, f"{a} rests while {b} moves"), either=either)

    lost = alarm("wheel", "yaw", 4, Kind.DECOUPLED, "wheel and yaw no longer depend")
    (one,) = grouped([lost, resting("wheel", "gyro", 5), resting("wheel", "odom", 5)])
    assert (one.channel, str(one).split(": ")[1]) == ("wheel", "wheel rests")


def test_spikes_of_a_channel_that_is_noisier_are_called_noise():
    spikes = [alarm("wheel", name, 5, Kind.SPIKE, "wheel has a spike", "wheel", end=9) for name in ("yaw", "odom")]
    noise = alarm("wheel", "gyro", 6, Kind.NOISIER, "wheel is noisier than before", "wheel")
    (one,) = grouped([*spikes, noise])
    assert (one.kind, one.whole.time) == (Kind.NOISIER, 5 * SECOND)
    assert str(one).split(": ")[1] == "wheel is noisier than before"


def test_a_spike_and_what_lasts_after_it_are_one_cause():
    """A position whose sign is inverted jumps; afterwards its rate, too, has the wrong sign."""
    spike = alarm("wheel", "yaw", 5, Kind.SPIKE, "wheel has a spike", "wheel", end=6)
    either = tuple(Fault(Kind.SCALED, f"{name} has an inverted sign", name) for name in ("wheel", "gyro"))
    sign = replace(alarm("wheel", "gyro", 5, Kind.SCALED, "wheel or gyro has an inverted sign"), either=either)
    (one,) = grouped([spike, sign])
    assert (one.kind, one.channel) == (Kind.SCALED, "wheel")
    assert str(one).split(": ")[1] == "wheel has an inverted sign"
