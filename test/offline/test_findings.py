import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from analyses import said, with_p_values, with_pairs

from infonet_ros.dependence.changes.lone_changes import LoneChange
from infonet_ros.dependence.changes.relation_changes import RelationChange
from infonet_ros.dependence.changes.verdicts import Outcome
from infonet_ros.intake.recording import Span
from infonet_ros.offline.analysis import Explanation
from infonet_ros.offline.findings.findings_record import findings_record
from infonet_ros.offline.findings.pair_order import ranked_pairs
from infonet_ros.offline.findings.sentences import findings
from infonet_ros.offline.whole_recording.p_values import ONE_PERIOD
from infonet_ros.offline.whole_recording.wrong_clocks import ClockDrift
from infonet_ros.settings import Modality


def test_the_record_is_plain_json(small_analysis):
    record = json.loads(json.dumps(findings_record(small_analysis), allow_nan=False))
    assert record["channels"] == list(small_analysis.names)
    assert record["pairs"][0]["lag"] == pytest.approx(0.4, abs=0.005)
    assert record["pairs"][0]["p_value"] < 1e-3
    assert record["pairs"][0]["delay_lower"] < 0.4 < record["pairs"][0]["delay_upper"]
    first = record["findings"][0]
    assert first["kind"] == "pair"
    assert first["channels"] == ["leg.force", "speed.data"]
    assert first["sentence"] == said(small_analysis)[0]
    assert record["groups"] == []


def test_a_clock_that_drifts_beside_two_others_is_one_line(small_analysis):
    def drifts(*rates):
        pairs = zip((2, 2), (0, 4), rates, strict=True)
        return tuple(ClockDrift(fast, slow, rate, 1e-4, 0.5) for fast, slow, rate in pairs)

    def told(*rates):
        plain = with_pairs(small_analysis, {})
        analysis = replace(plain, whole=replace(plain.whole, drifts=drifts(*rates)))
        return [one.sentence for one in findings(analysis) if one.kind == "drift"]

    (line,) = told(8e-4, 7e-4)
    assert line.startswith("The stamps of /odom run ahead of those of /cmd, /imu, by 800 ppm (700 to 900), 0.50 s over")
    assert len(told(8e-4, 2e-4)) == 2


@pytest.mark.parametrize(("shared", "told"), [(0.3, 1), (0.03, 0)])
def test_a_pair_that_shares_little_needs_no_explanation(small_analysis, shared, told):
    analysis = with_pairs(small_analysis, {(0, 2): 0.4, (0, 4): 0.4, (2, 4): shared})
    found = findings(replace(analysis, explanations={(2, 4): Explanation(0, 0.0, 0.0, 0.1)}))
    assert [one.kind for one in found].count("explained") == told


@pytest.mark.parametrize(("members", "told"), [((0, 2, 4), True), ((0, 2, 3, 4), False)])
def test_a_group_of_three_tells_which_one_is_between_the_others(small_analysis, members, told):
    """Of more channels, each is in the middle."""
    analysis = with_pairs(small_analysis, dict.fromkeys(combinations(members, 2), 1.2))
    group, *others = findings(replace(analysis, explanations={(2, 4): Explanation(0, 0.0, 0.0, 0.1)}))
    assert group.kind == "group" and group.sentence.endswith("; cmd.x explains what the others share.") == told
    assert [one.kind for one in others if one.kind != "pair"] == ["changes"]


def test_what_connects_no_new_channels_comes_last_and_one_topic_after_several(small_analysis):
    mi = {(0, 2): 0.5, (2, 4): 0.45, (0, 4): 0.4, (1, 3): 0.3, (4, 5): 0.48}
    told = [one.channels for one in findings(with_pairs(small_analysis, mi)) if one.kind == "pair"]
    assert told == [
        ("cmd.x", "odom.x", "cmd.y", "odom.y"), ("odom.x", "imu.x"), ("imu.x", "imu.y"), ("cmd.x", "imu.x"),
    ]  # fmt: skip


def test_a_pair_that_shares_little_comes_last(small_analysis):
    analysis = with_pairs(small_analysis, {(0, 2): 0.5, (1, 4): 0.08, (3, 2): 0.3, (1, 5): 0.12})
    matrix = replace(analysis.whole.matrix, lower=0.5 * analysis.whole.matrix.mi)
    told = findings(replace(analysis, whole=replace(analysis.whole, matrix=matrix)))
    assert [one.channels for one in told if one.kind == "pair"] == [
        ("cmd.x", "odom.x"), ("cmd.y", "imu.y"), ("odom.x", "odom.y"), ("cmd.y", "imu.x"),
    ]  # fmt: skip


def test_both_forms_of_a_field_are_connected(small_analysis):
    """The humidity and its rate of change are one: beside the temperature, its rate tells nothing new."""
    fields = {
        "oven": ("temperature",),
        "air": ("humidity", "humidity|rate"),
        "imu": ("bias", "bias|rate"),
        "fan": ("rpm",),
    }
    modalities = tuple(Modality(name, f"/{name}", channels) for name, channels in fields.items())
    mi = {(0, 3): 1.2, (0, 1): 1.0, (2, 4): 0.4, (0, 5): 0.3}
    told = findings(with_pairs(small_analysis, mi, modalities=modalities))
    assert [one.channels for one in told if one.kind == "pair"] == [
        ("oven.temperature", "imu.bias"), ("oven.temperature", "air.humidity"), ("oven.temperature", "fan.rpm"),
        ("air.humidity|rate", "imu.bias|rate"),
    ]  # fmt: skip


def test_a_group_of_one_topic_comes_after_pairs_of_several(small_analysis):
    mi = dict.fromkeys(combinations(range(3), 2), 1.2) | {(4, 5): 0.3}
    topics = {"base": ("x", "y", "z"), "arm": ("a", "b"), "gripper": ("width",)}
    modalities = tuple(Modality(name, f"/{name}", channels) for name, channels in topics.items())
    told = findings(with_pairs(small_analysis, mi, modalities=modalities))
    assert [one.channels for one in told[:2]] == [("arm.b", "gripper.width"), ("base.x", "base.y", "base.z")]


def test_kin_are_no_finding_and_their_pairs_come_after_others(small_analysis):
    analysis = with_pairs(small_analysis, {(2, 3): 2.0, (0, 4): 0.3})
    measured = np.zeros((6, 6), dtype=bool)
    measured[2, 3] = True
    kinship = replace(analysis.whole.kinship, measured=measured)
    analysis = replace(analysis, whole=replace(analysis.whole, kinship=kinship))
    assert [one.channels for one in findings(analysis) if one.kind == "pair"] == [("cmd.x", "imu.x")]
    assert ranked_pairs(analysis)[:2] == [(0, 4), (2, 3)]
    matrix = with_pairs(small_analysis, {(2, 3): 2.0}).whole.matrix
    alone = replace(analysis, whole=replace(analysis.whole, matrix=matrix))
    assert said(alone)[0] == (
        "Nothing depends on anything here, except channels that depend on each other by definition: none of 14 other "
        "pairs is significant."
    )


def test_the_rate_of_another_has_no_delay_and_is_in_no_group(small_analysis):
    analysis = with_pairs(small_analysis, {(0, 1): 0.6, (0, 4): 0.6, (1, 4): 0.6})
    sums = np.zeros((6, 6))
    sums[4, 0] = 0.95
    whole = replace(analysis.whole, kinship=replace(analysis.whole.kinship, sums=sums))
    told = said(replace(analysis, whole=whole))
    assert not any("move together" in one for one in told)
    assert any(one.endswith("; imu.x moves as the rate of change of cmd.x.") for one in told)


def of_one_period(analysis, *pairs):
    """Let no shift test these pairs, because of their period."""
    untested = np.full((6, 6), "", dtype=object)
    for a, b in pairs:
        untested[a, b] = untested[b, a] = ONE_PERIOD
    p_value = np.where(untested == "", 0.5, np.nan)
    matrix = replace(analysis.whole.matrix, p_value=p_value, untested=untested.astype(str))
    waves = np.sin(2.0 * np.pi * np.arange(1000)[:, None] / 33.0 + np.arange(6))
    overview = analysis.whole.overview
    overview = replace(overview, window=replace(overview.window, samples=waves, rate=10.0))
    return replace(analysis, whole=replace(analysis.whole, matrix=matrix, overview=overview))


def test_a_pair_of_one_period_that_surely_shares_much_is_told(small_analysis):
    """A thermostat and its oven: no shift can test them, and "nothing depends" would be wrong."""
    told = findings(of_one_period(with_pairs(small_analysis, {(0, 4): 0.6}), (0, 4)))
    assert [one.kind for one in told] == ["untested", "period", "changes"]
    assert told[0].channels == ("cmd.x", "imu.x")
    assert told[0].sentence.endswith("and no test can tell whether that is more than their common period.")
    assert str(told[1]) == "These 2 repeat every 3.30 s: cmd.x, imu.x."


def test_what_comes_a_few_times_is_no_period(small_analysis):
    analysis = of_one_period(with_pairs(small_analysis, {}), (0, 4))
    overview = analysis.whole.overview
    short = replace(overview, window=replace(overview.window, samples=overview.window.samples[:130]))
    told = findings(replace(analysis, whole=replace(analysis.whole, overview=short)))
    assert "period" not in [one.kind for one in told]


@pytest.mark.parametrize(("p_value", "told"), [(0.012, True), (0.3, False)])
def test_the_pair_that_is_nearly_significant_is_named(small_analysis, p_value, told):
    (sentence, *_) = said(with_p_values(small_analysis, [0.3, p_value, 0.3], surrogates=999))
    assert sentence.startswith("Nothing depends on anything here: none of 3 pairs is significant")
    assert sentence.endswith("(p = 0.036 after correction).") == told


def test_a_pair_whose_interval_begins_at_zero_is_not_listed(small_analysis):
    analysis = with_pairs(small_analysis, {(0, 3): 0.1, (2, 5): 0.3})  # the first has 0.00 to 0.20
    told = [one.channels for one in findings(analysis) if one.kind == "pair"]
    assert told == [("odom.x", "imu.y")]


def test_pairs_come_in_the_order_of_use(small_analysis):
    """Significant before not, between topics before within one, clear delay before none, strong before weak."""
    analysis = with_pairs(small_analysis, {(0, 1): 2.0, (0, 3): 0.4, (1, 4): 0.5, (2, 5): 0.2}, {(2, 5): 0.1})
    assert ranked_pairs(analysis)[:4] == [(2, 5), (1, 4), (0, 3), (0, 1)]


def test_pairs_of_one_structure_come_after_those_of_several(small_analysis):
    pose = Modality("pose", "/pose", ("position.x", "position.y", "speed.x", "heading|degrees"))
    other = Modality("imu", "/imu", ("gyro.x", "gyro.y"))
    mi = {(0, 1): 2.0, (0, 2): 0.4, (2, 3): 0.5, (4, 5): 1.0, (3, 4): 0.2}
    analysis = with_pairs(small_analysis, mi, modalities=(pose, other))
    assert ranked_pairs(analysis)[:5] == [(3, 4), (2, 3), (0, 2), (0, 1), (4, 5)]


def test_times_are_told_from_the_start_of_the_recording(small_analysis):
    """The first window begins later, at a multiple of the hop; stamps of another clock begin with it."""
    first = small_analysis.matrices[0].start
    later = replace(small_analysis, span=Span(first - 3_000_000_000, first + 60_000_000_000))
    change = RelationChange("speed.data", ("leg.force",), True, first + 9_000_000_000, None, Outcome.SIGN, -1.0, 20.0)
    sentence, *_ = said(replace(later, relation_changes=(change,)))
    assert sentence == "The sign of speed.data changed after 12 s, relative to leg.force."
    (record,) = findings_record(replace(later, relation_changes=(change,)))["relation_changes"]
    assert (record["since_start"], record["since_first_window"]) == (12.0, 9.0)
    assert replace(small_analysis, span=Span(0, 60_000_000_000)).zero == first


def test_jumps_at_the_same_times_are_one_line(small_analysis):
    times = (small_analysis.matrices[0].start + 10_000_000_000,)
    jumps = [LoneChange(f"{name}|rate", times, None, size, True) for name, size in (("p", 21.3), ("z", -2130.0))]
    spike = LoneChange("range.data", times, None, 3.0, True)
    told = findings(replace(small_analysis, lone_changes=(*jumps, spike)))
    assert str(told[0]).endswith(", by 21 or more; so does z (by 2100 or more).")
    assert told[0].channels == ("p|rate", "z|rate") and told[1].channels == ("range.data",)


def test_an_offset_is_not_told_as_a_jump_too(small_analysis):
    time = small_analysis.matrices[0].start + 10_000_000_000
    alone = replace(small_analysis, lone_changes=(LoneChange("speed.data|rate", (time,), None, 0.3, True),))
    assert said(alone)[0].startswith("speed.data jumps at ")
    offset = RelationChange("speed.data", ("leg.force",), True, time, None, Outcome.OFFSET, 0.3, 20.0)
    kinds = [one.kind for one in findings(replace(alone, relation_changes=(offset,)))]
    assert kinds[0] == "relation" and "alone" not in kinds
    later = replace(offset, time=time + 20_000_000_000)
    assert "alone" in [one.kind for one in findings(replace(alone, relation_changes=(later,)))]
