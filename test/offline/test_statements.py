from dataclasses import replace

import numpy as np
from analyses import said, with_pairs

from infonet_ros.offline.findings.statements import ToldPair


def test_what_two_pairs_share_is_told_together_only_if_their_intervals_meet(small_analysis):
    one = replace(ToldPair.of(small_analysis, *small_analysis.strongest(1)[0]), lower=0.3, upper=0.8)
    assert one.agrees(replace(one, lower=0.7, upper=1.5)) and replace(one, lower=0.7, upper=1.5).agrees(one)
    assert not one.agrees(replace(one, lower=0.9, upper=1.5)) and not replace(one, lower=0.9, upper=1.5).agrees(one)


def test_the_sign_of_a_relation_is_told(small_analysis):
    a, b = small_analysis.strongest(1)[0]
    assert "opposite" not in ToldPair.of(small_analysis, a, b).sentence()
    ranks = small_analysis.whole.ranks.copy()
    ranks[:, b] = 1.0 - ranks[:, b]
    turned = replace(small_analysis, whole=replace(small_analysis.whole, ranks=ranks.copy()))
    assert "), with opposite signs; speed.data follows" in ToldPair.of(turned, a, b).sentence()
    ranks[:, b] = np.abs(ranks[:, b] - 0.5)  # an absolute value has no sign
    folded = replace(small_analysis, whole=replace(small_analysis.whole, ranks=ranks))
    assert "opposite" not in ToldPair.of(folded, a, b).sentence()


def test_the_members_of_a_group_with_another_sign_are_named(small_analysis, rng):
    pairs = dict.fromkeys(((0, 2), (0, 4), (2, 4)), 1.0)
    analysis = with_pairs(small_analysis, pairs)
    motion = rng.uniform(size=(100, 1))
    ranks = np.abs(np.array([0, 0, 1, 0, 0, 0]) - motion)
    turned = replace(analysis, whole=replace(analysis.whole, ranks=ranks))
    assert said(turned)[0].endswith("cmd.x, odom.x, imu.x; with the opposite sign of cmd.x: odom.x.")


def test_what_is_said_of_several_pairs_tells_whether_all_are_judged_by_their_changes(small_analysis):
    one = ToldPair.of(small_analysis, *small_analysis.strongest(1)[0])
    other = replace(one, judged="judged without their drift")
    assert "judged" not in one.joined(one.names, [one]).sentence()
    assert "), some judged without their drift" in one.joined(one.names, [other]).sentence()
    assert "), judged without their drift" in other.joined(one.names, [other]).sentence()


def test_a_follower_with_smaller_fast_motions_is_told_as_a_filter(small_analysis):
    whole = small_analysis.whole
    smoothed = replace(small_analysis, whole=replace(whole, smoothed=np.ones_like(whole.physical)))
    assert "s), as behind a filter" in ToldPair.of(smoothed, *small_analysis.strongest(1)[0]).sentence()
