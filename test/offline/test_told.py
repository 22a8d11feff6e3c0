from dataclasses import replace

from infonet_ros.offline.findings.told import ToldPair


def test_what_two_pairs_share_is_told_together_only_if_their_intervals_meet(small_analysis):
    one = replace(ToldPair.of(small_analysis, *small_analysis.strongest(1)[0]), lower=0.3, upper=0.8)
    assert one.agrees(replace(one, lower=0.7, upper=1.5)) and replace(one, lower=0.7, upper=1.5).agrees(one)
    assert not one.agrees(replace(one, lower=0.9, upper=1.5)) and not replace(one, lower=0.9, upper=1.5).agrees(one)
