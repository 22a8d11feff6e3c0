from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from analyses import said, with_pairs

from infonet_ros.offline.findings.sentences import findings
from infonet_ros.offline.whole_recording.groups import similar_order
from infonet_ros.settings import Modality


def test_redundant_channels_are_one_line_that_names_the_leader(small_analysis):
    mi = {(0, 2): 1.2, (0, 4): 1.2, (2, 4): 1.2, (0, 3): 0.3, (2, 3): 0.35}
    lag = {(0, 2): 0.2, (0, 4): 0.3, (2, 4): 0.1}  # command, odometry, IMU
    analysis = with_pairs(small_analysis, mi, lag)
    (group,) = analysis.groups
    assert group.members == (0, 2, 4)
    assert group.delays == pytest.approx((0.0, 0.2, 0.3), abs=1e-6)
    sentences = said(analysis)
    assert sentences[0] == (
        "These 3 move together (1.20 nats each pair): cmd.x leads odom.x by 0.20 s, imu.x by 0.30 s."
    )
    # Of the group's two pairs with the seventh channel only the one between topics is listed.
    assert sentences[1] == "cmd.x and odom.y share 0.30 nats (0.20 to 0.40)."
    # The interval of a delay is news at last, unless it is about stamps.
    assert sentences[2].startswith("cmd.x and odom.x share 1.20 nats (1.10 to 1.30); odom.x follows by 0.20 s (")
    assert len(sentences) == 4
    order = similar_order(analysis.whole, analysis.significance).tolist()
    assert max(order.index(k) for k in (0, 2, 4)) - min(order.index(k) for k in (0, 2, 4)) == 2


def test_channels_of_one_delay_are_told_together(small_analysis):
    analysis = with_pairs(small_analysis, {(0, 2): 1.2, (0, 4): 1.1, (2, 4): 1.2}, {(0, 2): 0.2, (0, 4): 0.2})
    assert said(analysis)[0].endswith("(1.10 to 1.20 nats each pair): cmd.x leads odom.x and imu.x by 0.20 s.")


def test_the_delays_of_a_group_are_those_of_its_strongest_pairs(small_analysis):
    """A third channel moves with the late one; its MI with the first channel is too small to show a delay."""
    analysis = with_pairs(small_analysis, {(2, 4): 1.2, (2, 3): 1.5, (3, 4): 0.7}, {(2, 4): 0.2})
    (group,) = analysis.groups
    assert group.members == (2, 3, 4)
    assert group.delays == pytest.approx((0.0, 0.0, 0.2), abs=1e-6)
    (first, *_) = said(analysis)
    assert first.endswith("odom.x, odom.y; odom.x leads imu.x by 0.20 s.")


def test_what_follows_the_first_by_a_clear_delay_is_not_with_it(small_analysis):
    """Through wheels that share most without a delay, a wheel is three uncertain steps behind its command."""
    mi = dict.fromkeys(combinations(range(5), 2), 1.0)
    mi |= {(0, 1): 1.2, (1, 2): 3.0, (2, 3): 3.0, (3, 4): 3.0, (0, 4): 1.1}
    (group,) = with_pairs(small_analysis, mi, {(0, late): 0.08 for late in (1, 2, 3, 4)}).groups
    assert group.delays == pytest.approx((0.0, 0.08, 0.08, 0.08, 0.08), abs=1e-6)


def test_two_channels_that_a_third_follows_are_not_one_before_the_other(small_analysis):
    """Both wheels lead the GPS, by 0.300 and by 0.298 s: the errors of these delays are larger than the difference."""
    lag = {(0, 4): 0.300, (2, 4): 0.298}
    (group,) = with_pairs(small_analysis, {(0, 4): 1.5, (2, 4): 1.4, (0, 2): 1.2}, lag).groups
    assert dict(zip(group.members, group.delays, strict=True)) == pytest.approx({0: 0.0, 2: 0.0, 4: 0.3}, abs=1e-6)


def test_a_pair_without_a_clear_delay_does_not_pass_one_on(small_analysis):
    """A door follows a brake; the car is strongest beside the door, at a delay that is not clear."""
    mi, lag = {(0, 2): 1.2, (2, 4): 1.5, (0, 4): 0.7}, {(0, 2): 0.2, (4, 2): 0.2}
    analysis = with_pairs(small_analysis, mi, lag)
    unclear = analysis.whole.delay_lower.copy()
    unclear[2, 4] = unclear[4, 2] = np.nan
    analysis = replace(analysis, whole=replace(analysis.whole, delay_lower=unclear))
    (group,) = analysis.groups
    assert dict(zip(group.members, group.delays, strict=True)) == pytest.approx({0: 0.0, 4: 0.0, 2: 0.2})


def test_a_delay_of_less_than_a_sample_is_not_passed_on_by_a_pair_without_a_clear_delay(small_analysis):
    """A gyroscope depends most on a current at once; that this is late by 0.8 samples says nothing of the gyroscope."""
    rate = small_analysis.whole.matrix.sample_rate
    analysis = with_pairs(small_analysis, {(0, 2): 1.5, (2, 4): 1.1, (0, 4): 0.9}, {(0, 2): 0.8 / rate})
    lag = analysis.whole.matrix.lag
    near = [np.where(lag != 0.0, lag + way / rate, np.nan) for way in (-0.2, 0.2)]
    (group,) = replace(analysis, whole=replace(analysis.whole, delay_lower=near[0], delay_upper=near[1])).groups
    assert dict(zip(group.members, group.delays, strict=True)) == pytest.approx({0: 0.0, 4: 0.0, 2: 0.8 / rate})


def test_what_the_leader_moves_at_once_does_not_follow_by_the_delay_of_another(small_analysis):
    """A heater takes its power from the set point at once; the temperature is strong beside both, and late."""
    analysis = with_pairs(small_analysis, {(0, 2): 1.5, (2, 4): 1.1, (0, 4): 0.9}, {(0, 2): 0.9})
    (group,) = analysis.groups
    assert group.members == (0, 2, 4)
    np.testing.assert_allclose(group.delays, [0.0, 0.9, np.nan], rtol=1e-6)
    assert said(analysis)[0].endswith("cmd.x leads odom.x by 0.90 s; without a clear delay: imu.x.")


def test_channels_of_which_little_is_known_are_neither_a_group_nor_a_pair(small_analysis):
    """Set points of an arm: so few moves share 1 nat by chance, and the interval begins near 0."""
    analysis = with_pairs(small_analysis, dict.fromkeys(combinations((0, 2, 4), 2), 1.0))
    assert len(analysis.groups) == 1
    wide = replace(analysis.whole.matrix, lower=analysis.whole.matrix.mi * 0.1)
    unknown = replace(analysis, whole=replace(analysis.whole, matrix=wide))
    assert unknown.groups == []
    assert [one.kind for one in findings(unknown)] == ["nothing", "changes"]


def test_a_group_has_a_field_by_level_or_by_rate(small_analysis):
    both = (Modality("arm", "/arm", ("x", "x|rate", "y")), Modality("imu", "/imu", ("x", "y", "z")))
    mi = {(0, 1): 1.2, (0, 2): 1.2, (1, 2): 1.0}
    assert with_pairs(small_analysis, mi, modalities=both).groups == []
    (group,) = with_pairs(small_analysis, mi | {(0, 3): 1.1, (1, 3): 1.1, (2, 3): 1.1}, modalities=both).groups
    assert group.members == (0, 2, 3)


def test_what_moves_together_by_level_and_by_rate_is_one_group(small_analysis):
    both = tuple(Modality(name, f"/{name}", ("x", "x|rate")) for name in ("front", "rear", "side"))
    mi = dict.fromkeys(combinations((0, 2, 4), 2), 1.2) | dict.fromkeys(combinations((1, 3, 5), 2), 1.1)
    analysis = with_pairs(small_analysis, mi, modalities=both)
    (group,) = analysis.groups
    assert group.members == (0, 2, 4)
    assert [one.kind for one in findings(analysis)] == ["group", "changes"]
