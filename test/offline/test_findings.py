import json
from dataclasses import replace

import numpy as np
import pytest
from recordings import slow_noise, with_p_values, write_ros2

from infonet_ros.dependence.relation_changes import RelationChange
from infonet_ros.dependence.verdicts import Outcome
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.recording import Span, chosen_span
from infonet_ros.offline.analysis import Explanation, analyse
from infonet_ros.offline.clock_drift import ClockDrift
from infonet_ros.offline.findings import findings
from infonet_ros.offline.findings_record import findings_record
from infonet_ros.offline.groups import groups, similar_order
from infonet_ros.offline.kinship import Kinship
from infonet_ros.offline.pair_order import ranked_pairs
from infonet_ros.offline.told_delays import Delay
from infonet_ros.settings import Modality, Settings


def analysed(path, net, *channels):
    """Test channels of the gyro against those of the laser, without and with a delay of one sample."""
    modalities = tuple(Modality(name, f"/{name}", channels) for name in ("gyro", "laser"))
    settings = Settings(modalities, window=30.0, hop=10.0, max_lag=0.05, surrogates=99, projections=1)
    with Bag([path]) as bag:
        return analyse(bag, settings, chosen_span(bag, 0.0, None), net)


@pytest.fixture(scope="module")
def unrelated(tmp_path_factory, store, net):
    bag = write_ros2(tmp_path_factory.mktemp("null") / "bag", store, slow_noise(store))
    return analysed(bag, net, "vector.x", "vector.y")


@pytest.fixture(scope="module")
def related(tmp_path_factory, store, net):
    bag = write_ros2(tmp_path_factory.mktemp("pair") / "bag", store, slow_noise(store, coupled=True))
    return analysed(bag, net, "vector.x")


def said(analysis):
    return [str(one) for one in findings(analysis)]


def test_of_unrelated_slow_streams_no_pair_is_significant(unrelated):
    assert unrelated.whole.matrix.mi[np.triu_indices(4, k=1)].max() > 0.0
    assert unrelated.significance.found == 0
    assert "0 of 6 pairs are significant: p ≤ 0.01 against 99 surrogates" in str(unrelated.significance)
    assert said(unrelated)[0] == "Nothing depends on anything here: none of 6 pairs is significant."
    assert [pair["significant"] for pair in findings_record(unrelated)["pairs"]] == [False] * 6


def test_of_related_slow_streams_the_pair_is_significant(related):
    assert "1 of 1 pair is significant" in str(related.significance)
    assert said(related)[0].startswith("gyro.vector.x and laser.vector.x share ")
    (pair,) = findings_record(related)["pairs"]
    assert (pair["p_value"], pair["p_adjusted"], pair["significant"]) == (0.01, 0.01, True)


def test_significance_is_corrected_and_the_uncorrected_number_is_given_too(small_analysis):
    judged = with_p_values(small_analysis, [0.01, 0.01, 0.4])
    significance = judged.significance
    assert (significance.found, significance.alone, significance.tested) == (0, 2, 3)
    assert "0 of 3 pairs are significant" in str(significance)
    assert "Unadjusted, 2 would pass" in str(significance)
    assert "a single pair needs 299 or more" in str(significance)
    assert "0 of 1 pair is significant" in str(with_p_values(small_analysis, [0.4, np.nan, np.nan]).significance)
    all_three = with_p_values(small_analysis, [0.01, 0.01, 0.01]).significance
    assert all_three.found == 3


def test_without_surrogates_all_circular_shifts_decide_what_is_significant(small_analysis):
    assert "1 of 3 pairs is significant: p ≤ 0.01 against all circular shifts" in str(small_analysis.significance)
    assert [pair["significant"] for pair in findings_record(small_analysis)["pairs"]] == [True, False, False]


def test_what_is_too_short_to_be_shifted_is_not_tested(small_analysis):
    whole = small_analysis.whole
    matrix = replace(whole.matrix, p_value=np.full_like(whole.matrix.p_value, np.nan))
    untested = replace(small_analysis, whole=replace(whole, matrix=matrix, shifts=0))
    assert "Nothing was tested" in str(untested.significance)
    assert {pair["significant"] for pair in findings_record(untested)["pairs"]} == {None}


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


def test_a_pair_that_drifts_is_called_so(small_analysis):
    tested = with_p_values(small_analysis, [0.3, 0.3, 0.3])
    matrix = tested.whole.matrix
    a, b = tested.strongest(1)[0]
    drifting = np.isin(np.arange(len(matrix.names)), (a, b))
    p_value = np.where(drifting[:, None] & drifting, np.nan, matrix.p_value)
    matrix = replace(matrix, drifting=drifting, p_value=p_value)
    drifts = replace(tested, whole=replace(tested.whole, matrix=matrix))
    everything = replace(matrix, drifting=np.ones(3, dtype=bool), p_value=np.full((3, 3), np.nan))
    drift = replace(tested, whole=replace(tested.whole, matrix=everything))
    assert said(drift)[0] == "No pair could be tested: 3 pairs drift: compare their rates of change."
    assert "1 pair cannot be tested: both drift" in str(drifts.significance)
    uncertain = "No dependence is certain: none of 2 pairs is significant, 1 pair cannot be tested."
    assert said(drifts)[0] == uncertain
    assert [pair["both_drift"] for pair in findings_record(drifts)["pairs"]] == [False, False, True]


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


THREE_TOPICS = tuple(Modality(topic, f"/{topic}", ("x", "y")) for topic in ("cmd", "odom", "imu"))


def with_matrix(analysis, mi, lag=None, modalities=THREE_TOPICS):
    """Give six channels of some topics these MI (6, 6), all of them significant, and these clear lags."""
    settings = replace(analysis.settings, modalities=modalities)
    names = settings.channel_names
    off = ~np.eye(6, dtype=bool)
    square = np.where(off, mi, np.nan).astype(np.float32)
    lag = np.zeros((6, 6), dtype=np.float32) if lag is None else lag
    matrix = replace(
        analysis.whole.matrix,
        names=names, mi=square, lower=square - 0.1, upper=square + 0.1, lag=lag, valid=np.ones(6, dtype=bool),
        p_value=np.where(off, np.where(mi > 0.0, 1e-5, 0.5), np.nan), drifting=np.zeros(6, dtype=bool),
    )  # fmt: skip
    lower, upper = (np.where(lag != 0.0, lag + way, np.nan) for way in (-0.05, 0.05))
    undelayed = replace(matrix, mi=np.where(lag != 0.0, square - 0.5, square).astype(np.float32))
    whole = replace(
        analysis.whole,
        matrix=matrix,
        undelayed=undelayed,
        delay_lower=lower,
        delay_upper=upper,
        longest_lag=1.0,
        kinship=Kinship.of(np.zeros((1, 6)), 1.0, settings),
    )
    return replace(analysis, whole=whole, settings=settings, changes=())


def test_redundant_channels_are_one_line_that_names_the_leader(small_analysis):
    mi, lag = np.zeros((6, 6)), np.zeros((6, 6), dtype=np.float32)
    for a in (0, 2, 4):  # command, odometry 0.2 s later, IMU 0.3 s later
        for b in (0, 2, 4):
            mi[a, b] = 1.2
            lag[a, b] = {0: 0.0, 2: 0.2, 4: 0.3}[b] - {0: 0.0, 2: 0.2, 4: 0.3}[a]
    mi[0, 3] = mi[3, 0] = 0.3
    mi[2, 3] = mi[3, 2] = 0.35
    analysis = with_matrix(small_analysis, mi, lag)
    (group,) = groups(analysis)
    assert group.members == (0, 2, 4)
    assert group.delays == pytest.approx((0.0, 0.2, 0.3), abs=1e-6)
    sentences = said(analysis)
    assert sentences[0] == (
        "These 3 move together (1.20 to 1.20 nats each pair): cmd.x leads odom.x by 0.20 s, imu.x by 0.30 s."
    )
    assert sentences[1].startswith("cmd.x and odom.x share 1.20 nats (1.10 to 1.30); odom.x follows by 0.20 s (")
    # Of the group's two pairs with the seventh channel only the one between topics is listed.
    assert [sentence for sentence in sentences if "odom.y" in sentence] == [
        "cmd.x and odom.y share 0.30 nats (0.20 to 0.40)."
    ]
    order = similar_order(analysis).tolist()
    assert max(order.index(k) for k in (0, 2, 4)) - min(order.index(k) for k in (0, 2, 4)) == 2


def test_the_delays_of_a_group_are_those_of_its_strongest_pairs(small_analysis):
    """A third channel moves with the late one; its MI with the first channel is too small to show a delay."""
    mi, lag = np.zeros((6, 6)), np.zeros((6, 6), dtype=np.float32)
    for a, b, value in [(0, 2, 1.2), (2, 4, 1.5), (0, 4, 0.7)]:
        mi[a, b] = mi[b, a] = value
    lag[2, 0], lag[0, 2] = 0.2, -0.2
    (group,) = groups(with_matrix(small_analysis, mi, lag))
    assert group.members == (2, 4, 0)
    assert group.delays == pytest.approx((0.0, 0.0, 0.2), abs=1e-6)
    (first, *_) = said(with_matrix(small_analysis, mi, lag))
    assert first.endswith("odom.x, imu.x; odom.x leads cmd.x by 0.20 s.")


def test_two_channels_that_a_third_follows_are_not_one_before_the_other(small_analysis):
    """Both wheels lead the GPS, by 0.300 and by 0.298 s: the errors of these delays are larger than the difference."""
    mi, lag = np.zeros((6, 6)), np.zeros((6, 6), dtype=np.float32)
    for a, b, value in [(0, 4, 1.5), (2, 4, 1.4), (0, 2, 1.2)]:
        mi[a, b] = mi[b, a] = value
    for early, by in [(0, 0.300), (2, 0.298)]:
        lag[early, 4], lag[4, early] = by, -by
    (group,) = groups(with_matrix(small_analysis, mi, lag))
    assert dict(zip(group.members, group.delays, strict=True)) == pytest.approx({0: 0.0, 2: 0.0, 4: 0.3}, abs=1e-6)


def test_a_pair_without_a_clear_delay_does_not_pass_one_on(small_analysis):
    """A door follows a brake; the car is strongest beside the door, at a delay that is not clear."""
    mi, lag = np.zeros((6, 6)), np.zeros((6, 6), dtype=np.float32)
    for a, b, value in [(0, 2, 1.2), (2, 4, 1.5), (0, 4, 0.7)]:
        mi[a, b] = mi[b, a] = value
    for late, early, by in [(2, 0, 0.2), (2, 4, 0.2)]:
        lag[early, late], lag[late, early] = by, -by
    analysis = with_matrix(small_analysis, mi, lag)
    unclear = analysis.whole.delay_lower.copy()
    unclear[2, 4] = unclear[4, 2] = np.nan
    analysis = replace(analysis, whole=replace(analysis.whole, delay_lower=unclear))
    (group,) = groups(analysis)
    assert dict(zip(group.members, group.delays, strict=True)) == pytest.approx({0: 0.0, 4: 0.0, 2: 0.2})


def test_what_the_leader_moves_at_once_does_not_follow_by_the_delay_of_another(small_analysis):
    """A heater takes its power from the set point at once; the temperature is strong beside both, and late."""
    mi, lag = np.zeros((6, 6)), np.zeros((6, 6), dtype=np.float32)
    for a, b, value in [(0, 2, 1.5), (2, 4, 1.1), (0, 4, 0.9)]:
        mi[a, b] = mi[b, a] = value
    lag[0, 2], lag[2, 0] = 0.9, -0.9
    analysis = with_matrix(small_analysis, mi, lag)
    (group,) = groups(analysis)
    assert group.members == (0, 2, 4)
    np.testing.assert_allclose(group.delays, [0.0, 0.9, np.nan], rtol=1e-6)
    assert said(analysis)[0].endswith("cmd.x leads odom.x by 0.90 s; without a clear delay: imu.x.")


def test_channels_of_which_little_is_known_are_neither_a_group_nor_a_pair(small_analysis):
    """Set points of an arm: so few moves share 1 nat by chance, and the interval begins near 0."""
    mi = np.zeros((6, 6))
    mi[np.ix_((0, 2, 4), (0, 2, 4))] = 1.0
    analysis = with_matrix(small_analysis, mi)
    assert len(groups(analysis)) == 1
    wide = replace(analysis.whole.matrix, lower=analysis.whole.matrix.mi * 0.1)
    unknown = replace(analysis, whole=replace(analysis.whole, matrix=wide))
    assert groups(unknown) == []
    assert [one.kind for one in findings(unknown)] == ["nothing", "changes"]


def test_a_clock_that_drifts_beside_two_others_is_one_line(small_analysis):
    def drifts(*rates):
        pairs = zip((2, 2), (0, 4), rates, strict=True)
        return tuple(ClockDrift(fast, slow, rate, 1e-4, 0.5) for fast, slow, rate in pairs)

    def told(*rates):
        plain = with_matrix(small_analysis, np.zeros((6, 6)))
        analysis = replace(plain, whole=replace(plain.whole, drifts=drifts(*rates)))
        return [one.sentence for one in findings(analysis) if one.kind == "drift"]

    (line,) = told(8e-4, 7e-4)
    assert line.startswith("The stamps of /odom run ahead of those of /cmd, /imu, by 800 ppm (700 to 900), 0.50 s over")
    assert len(told(8e-4, 2e-4)) == 2


def test_a_group_has_a_field_by_level_or_by_rate(small_analysis):
    mi = np.zeros((6, 6))
    mi[np.ix_((0, 1, 2), (0, 1, 2))] = 1.2
    mi[1, 2] = mi[2, 1] = 1.0
    both = (Modality("arm", "/arm", ("x", "x|rate", "y")), Modality("imu", "/imu", ("x", "y", "z")))
    assert groups(with_matrix(small_analysis, mi, modalities=both)) == []
    mi[3, :3] = mi[:3, 3] = 1.1
    (group,) = groups(with_matrix(small_analysis, mi, modalities=both))
    assert group.members == (0, 2, 3)


@pytest.mark.parametrize(("shared", "told"), [(0.3, 1), (0.03, 0)])
def test_a_pair_that_shares_little_needs_no_explanation(small_analysis, shared, told):
    mi = np.zeros((6, 6))
    mi[0, 2] = mi[2, 0] = mi[0, 4] = mi[4, 0] = 0.4
    mi[2, 4] = mi[4, 2] = shared
    explanations = {(2, 4): Explanation(0, 0.0, 0.0, 0.1)}
    found = findings(replace(with_matrix(small_analysis, mi), explanations=explanations))
    assert [one.kind for one in found].count("explained") == told


@pytest.mark.parametrize(("members", "told"), [((0, 2, 4), 1), ((0, 2, 3, 4), 0)])
def test_a_large_group_is_no_explanation(small_analysis, members, told):
    """Of three channels the middle one is worth a sentence; of more, each is in the middle."""
    mi = np.zeros((6, 6))
    mi[np.ix_(members, members)] = 1.2
    analysis = replace(with_matrix(small_analysis, mi), explanations={(2, 4): Explanation(0, 0.0, 0.0, 0.1)})
    explained = [one.channels for one in findings(analysis) if one.kind == "explained"]
    assert explained == [("odom.x", "imu.x", "cmd.x")] * told


def test_what_connects_no_new_channels_comes_last_and_one_topic_after_several(small_analysis):
    mi = np.zeros((6, 6))
    for a, b, value in [(0, 2, 0.5), (2, 4, 0.45), (0, 4, 0.4), (1, 3, 0.3), (4, 5, 0.48)]:
        mi[a, b] = mi[b, a] = value
    told = [one.channels for one in findings(with_matrix(small_analysis, mi)) if one.kind == "pair"]
    assert told == [
        ("cmd.x", "odom.x"), ("odom.x", "imu.x"), ("cmd.y", "odom.y"), ("imu.x", "imu.y"), ("cmd.x", "imu.x"),
    ]  # fmt: skip


def test_a_group_of_one_topic_comes_after_pairs_of_several(small_analysis):
    mi = np.zeros((6, 6))
    mi[:3, :3] = 1.2
    mi[4, 5] = mi[5, 4] = 0.3
    topics = {"base": ("x", "y", "z"), "arm": ("a", "b"), "gripper": ("width",)}
    modalities = tuple(Modality(name, f"/{name}", channels) for name, channels in topics.items())
    told = findings(with_matrix(small_analysis, mi, modalities=modalities))
    assert [one.channels for one in told[:2]] == [("arm.b", "gripper.width"), ("base.x", "base.y", "base.z")]


def test_what_moves_together_by_level_and_by_rate_is_one_group(small_analysis):
    both = tuple(Modality(name, f"/{name}", ("x", "x|rate")) for name in ("front", "rear", "side"))
    mi = np.zeros((6, 6))
    mi[::2, ::2], mi[1::2, 1::2] = 1.2, 1.1
    analysis = with_matrix(small_analysis, mi, modalities=both)
    (group,) = groups(analysis)
    assert group.members == (0, 2, 4)
    assert [one.kind for one in findings(analysis)] == ["group", "changes"]


def test_stamps_are_to_be_moved_only_where_that_suits_all_channels_of_a_topic(small_analysis):
    """A filter delays one speed of an odometry, its stamps delay all of it."""
    mi, lag = np.zeros((6, 6)), np.zeros((6, 6), dtype=np.float32)
    for a, b, late in [(2, 4, 0.37), (3, 5, 0.36)]:
        mi[a, b] = mi[b, a] = 1.4
        lag[a, b], lag[b, a] = late, -late
    alike = with_matrix(small_analysis, mi, lag)
    assert Delay.of(alike, 2, 4).words.endswith("s); to align them, add -0.37 s to the stamps of /imu")
    assert Delay.of(alike, 2, 4).stamps == {"topic": "/imu", "add": pytest.approx(-0.37)}
    lag[3, 5], lag[5, 3] = 0.25, -0.25  # of many pairs some intervals do not meet by chance
    assert Delay.of(with_matrix(small_analysis, mi, lag), 2, 4).stamps is not None
    mi[3, 4] = mi[4, 3] = 1.45  # without a delay, and not surely more
    assert Delay.of(with_matrix(small_analysis, mi, lag), 2, 4).stamps is not None
    lag[3, 5], lag[5, 3] = -0.1, 0.1
    unlike = Delay.of(with_matrix(small_analysis, mi, lag), 2, 4)
    assert unlike.clear and unlike.stamps is None
    assert unlike.words.endswith("s); no shift of stamps suits all channels of the two topics")
    mi[mi > 0.0] -= 0.8  # a speed after its acceleration
    assert Delay.of(with_matrix(small_analysis, mi, lag), 2, 4).words.endswith("s)")


def test_channels_of_two_topics_that_are_late_by_one_sample_agree(small_analysis):
    mi, lag = np.zeros((6, 6)), np.zeros((6, 6), dtype=np.float32)
    for a, b, value in [(2, 4, 1.4), (3, 5, 1.6)]:
        mi[a, b] = mi[b, a] = value
        lag[a, b], lag[b, a] = 0.06, -0.06
    assert Delay.of(with_matrix(small_analysis, mi, lag), 2, 4).stamps == {"topic": "/imu", "add": pytest.approx(-0.06)}


def test_kin_are_no_finding_and_their_pairs_come_after_others(small_analysis):
    mi = np.zeros((6, 6))
    for a, b, value in [(2, 3, 2.0), (0, 4, 0.3)]:
        mi[a, b] = mi[b, a] = value
    analysis = with_matrix(small_analysis, mi)
    measured = np.zeros((6, 6), dtype=bool)
    measured[2, 3] = True
    kinship = replace(analysis.whole.kinship, measured=measured)
    analysis = replace(analysis, whole=replace(analysis.whole, kinship=kinship))
    assert [one.channels for one in findings(analysis) if one.kind == "pair"] == [("cmd.x", "imu.x")]
    assert ranked_pairs(analysis)[:2] == [(0, 4), (2, 3)]
    mi[0, 4] = mi[4, 0] = 0.0
    matrix = with_matrix(small_analysis, mi).whole.matrix
    alone = replace(analysis, whole=replace(analysis.whole, matrix=matrix))
    assert said(alone)[0] == (
        "Nothing depends on anything here, except channels that depend on each other by definition: none of 14 other "
        "pairs is significant."
    )


def test_a_pair_whose_interval_begins_at_zero_is_not_listed(small_analysis):
    mi = np.zeros((6, 6))
    mi[0, 3] = mi[3, 0] = 0.1  # with an interval of 0.00 to 0.20
    mi[2, 5] = mi[5, 2] = 0.3
    told = [one.channels for one in findings(with_matrix(small_analysis, mi)) if one.kind == "pair"]
    assert told == [("odom.x", "imu.y")]


def test_pairs_come_in_the_order_of_use(small_analysis):
    """Significant before not, between topics before within one, clear delay before none, strong before weak."""
    mi = np.zeros((6, 6))
    lag = np.zeros((6, 6), dtype=np.float32)
    for a, b, value in [(0, 1, 2.0), (0, 3, 0.4), (1, 4, 0.5), (2, 5, 0.2)]:
        mi[a, b] = mi[b, a] = value
    lag[2, 5], lag[5, 2] = 0.1, -0.1
    assert ranked_pairs(with_matrix(small_analysis, mi, lag))[:4] == [(2, 5), (1, 4), (0, 3), (0, 1)]


def test_pairs_of_one_structure_come_after_those_of_several(small_analysis):
    pose = Modality("pose", "/pose", ("position.x", "position.y", "speed.x", "heading|degrees"))
    other = Modality("imu", "/imu", ("gyro.x", "gyro.y"))
    mi = np.zeros((6, 6))
    for a, b, value in [(0, 1, 2.0), (0, 2, 0.4), (2, 3, 0.5), (4, 5, 1.0), (3, 4, 0.2)]:
        mi[a, b] = mi[b, a] = value
    analysis = with_matrix(small_analysis, mi, modalities=(pose, other))
    assert ranked_pairs(analysis)[:5] == [(3, 4), (2, 3), (0, 2), (0, 1), (4, 5)]


def test_too_few_surrogates_are_reported_instead_of_no_dependence(small_analysis):
    few = with_p_values(small_analysis, [0.05, 0.05, 0.05], surrogates=19)
    assert said(few)[0].startswith("No pair passes with 19 surrogates: a single pair needs 299 or more")


def test_a_delay_whose_interval_holds_none_is_not_clear(small_analysis):
    whole = small_analysis.whole
    assert whole.clear_delays[0, 2]
    wide = replace(whole, delay_lower=-np.abs(whole.delay_lower), delay_upper=np.abs(whole.delay_upper))
    assert not wide.clear_delays.any()


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
