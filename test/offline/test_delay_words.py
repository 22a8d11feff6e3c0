from dataclasses import replace

import numpy as np
import pytest
from analyses import said, with_p_values, with_pairs

from infonet_ros.offline.findings.delay_words import Delay
from infonet_ros.settings import Modality


def test_a_clear_delay_is_distinguished_from_an_unclear_one(small_analysis):
    a, b = small_analysis.strongest(1)[0]
    clear = Delay.of(small_analysis, a, b)
    assert clear.clear
    assert clear.words.startswith("speed.data follows by 0.40 s (0.")
    assert clear.words.endswith(" s); to align them, add -0.40 s to the stamps of /speed")
    unrelated = Delay.of(small_analysis, *small_analysis.strongest()[-1])
    assert not unrelated.clear


def test_what_follows_much_later_has_no_late_stamps(small_analysis):
    a, b = small_analysis.strongest(1)[0]
    whole = small_analysis.whole
    matrix = replace(whole.matrix, lag=5.0 * whole.matrix.lag)
    slow = replace(whole, matrix=matrix, longest_lag=5.0)
    later = Delay.of(replace(small_analysis, whole=slow), a, b)
    assert later.clear and later.words.startswith("speed.data follows by 2.0") and "stamps" not in later.words


def test_within_one_topic_no_stamps_can_be_moved(small_analysis):
    a, b = small_analysis.strongest(1)[0]
    modalities = tuple(replace(one, topic="/base") for one in small_analysis.settings.modalities)
    one_topic = replace(small_analysis, settings=replace(small_analysis.settings, modalities=modalities))
    words = Delay.of(one_topic, a, b).words
    assert words.startswith("speed.data follows by 0.40 s (0.") and words.endswith(" s)")


def test_a_delay_of_a_pair_that_is_not_significant_is_no_finding(small_analysis):
    a, b = small_analysis.strongest(1)[0]
    assert "; speed.data follows by 0.40 s" in said(small_analysis)[0]
    unsure = with_p_values(small_analysis, [0.3, 0.3, 0.3])
    assert said(unsure)[0] == "Nothing depends on anything here: none of 3 pairs is significant."
    assert not Delay.of(unsure, a, b).clear


def test_stamps_are_to_be_moved_only_where_that_suits_all_channels_of_a_topic(small_analysis):
    """A filter delays one speed of an odometry, its stamps delay all of it."""

    def told(mi, late):
        return Delay.of(with_pairs(small_analysis, mi, {(2, 4): 0.37, (3, 5): late}), 2, 4)

    mi = {(2, 4): 1.4, (3, 5): 1.4}
    assert told(mi, 0.36).words.endswith("s); to align them, add -0.37 s to the stamps of /imu")
    assert told(mi, 0.36).stamps == {"topic": "/imu", "add": pytest.approx(-0.37)}
    assert told(mi, 0.25).stamps is not None  # of many pairs some intervals do not meet by chance
    mi[3, 4] = 1.45  # without a delay, and not surely more
    assert told(mi, 0.25).stamps is not None
    unlike = told(mi, -0.1)
    assert unlike.clear and unlike.stamps is None
    assert unlike.words.endswith("s); no shift of stamps suits all channels of the two topics")
    less = {pair: nats - 0.8 for pair, nats in mi.items()}  # a speed after its acceleration
    assert told(less, -0.1).words.endswith("s)")


def test_channels_of_two_topics_that_are_late_by_one_sample_agree(small_analysis):
    analysis = with_pairs(small_analysis, {(2, 4): 1.4, (3, 5): 1.6}, {(2, 4): 0.06, (3, 5): 0.06})
    delay = Delay.of(analysis, 2, 4)
    assert delay.clear and not delay.contradicted
    assert delay.stamps is None  # 0.01 to 0.11 s is too vague to move stamps by it
    sure = replace(analysis.whole, delay_lower=analysis.whole.matrix.lag - 0.01)
    assert Delay.of(replace(analysis, whole=sure), 2, 4).stamps == {"topic": "/imu", "add": pytest.approx(-0.06)}


def test_a_command_follows_nothing(small_analysis):
    """A current that follows the changes of its target moves before it, as a speed moves before its position."""
    analysis = with_pairs(
        small_analysis, {(0, 2): 1.4, (0, 4): 1.4, (2, 4): 1.4}, {(2, 0): 0.2, (2, 4): 0.4, (0, 4): 0.2}
    )
    assert not Delay.of(analysis, 0, 2).clear and Delay.of(analysis, 0, 4).clear
    assert said(analysis)[0].endswith("cmd.x leads imu.x by 0.20 s; without a clear delay: odom.x.")


def test_a_command_is_known_by_a_whole_word_of_its_name_or_topic(small_analysis):
    told = (Modality("cmd", "/wheel", ("x",)), Modality("arm", "/arm/set_point", ("x",)), Modality("a", "/joy", ("x",)))
    not_told = (Modality("SpO2", "/reflectance", ("x",)), Modality("b", "/commander", ("x", "goalkeeper")))
    analysis = with_pairs(small_analysis, {}, modalities=(*told, *not_told))
    assert analysis.commands.tolist() == [True, True, True, False, False, False]


def test_words_of_a_command_may_be_written_without_gaps(small_analysis):
    told = Modality("motor", "/motor", ("targetSpeed", "velCmd", "GPSRef"))
    analysis = with_pairs(small_analysis, {}, modalities=(told, Modality("a", "/a", ("x", "offTargetted", "SpO2"))))
    assert analysis.commands.tolist() == [True, True, True, False, False, False]


def test_what_a_sensor_measures_is_no_command_though_it_is_called_a_target(small_analysis):
    measured = (Modality("a", "/radar/targets", ("x",)), Modality("b", "/ground_truth/reference", ("x",)))
    other = Modality("c", "/arm", ("x", "joint_targets", "target_actual", "cmd"))
    analysis = with_pairs(small_analysis, {}, modalities=(*measured, other))
    assert analysis.commands.tolist() == [False, False, False, True, False, True]


def test_a_delay_whose_interval_holds_none_is_not_clear(small_analysis):
    whole = small_analysis.whole
    assert whole.clear_delays[0, 2]
    wide = replace(whole, delay_lower=-np.abs(whole.delay_lower), delay_upper=np.abs(whole.delay_upper))
    assert not wide.clear_delays.any()


@pytest.mark.parametrize("name", ["cmd.x", "base/setpoint_yaw", "arm.q_desired[2]", "joint.target", "attitude_sp.roll"])
def test_what_follows_a_command_has_no_late_stamps(small_analysis, name):
    a, b = small_analysis.strongest(1)[0]
    early = a if small_analysis.whole.matrix.lag[a, b] > 0 else b
    matrix = small_analysis.whole.matrix
    names = tuple(name if number == early else one for number, one in enumerate(matrix.names))
    whole = replace(small_analysis.whole, matrix=replace(matrix, names=names))
    delay = Delay.of(replace(small_analysis, whole=whole), a, b)
    assert delay.clear and delay.stamps is None and delay.words.endswith(" s)")
