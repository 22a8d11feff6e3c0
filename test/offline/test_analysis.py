import numpy as np
import pytest
from recordings import HUSKY, leg_and_speed, write_ros2
from table_files import written

from infonet_ros.dependence.window_matrices import channel_matrix
from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.recording import Span, chosen_span
from infonet_ros.intake.tables.tables import Tables
from infonet_ros.intake.windows.window_stream import WindowStream
from infonet_ros.offline.analysis import analyse
from infonet_ros.offline.progress import silent
from infonet_ros.offline.recorded_windows import RecordedWindows
from infonet_ros.offline.whole_recording.whole_recording import clear_delays
from infonet_ros.settings import Modality, Settings


def analysed(path, settings, net, start=0.0, duration=None, progress=lambda what, share: None):
    with Bag([path]) as bag:
        return analyse(bag, settings, chosen_span(bag, start, duration), net, progress)


def test_the_matrices_are_those_of_the_stream_of_windows(small_bag, small_settings, small_analysis, net):
    stream, matrices = WindowStream(small_settings), []
    with Bag([small_bag]) as bag:
        for sample in bag.samples(small_settings.modalities, bag.start, bag.end + 1):
            stream.push(sample.modality, sample.stamp, sample.values)
            matrices += [channel_matrix(net, cut.align(), small_settings) for cut in stream.ready()]
    assert [m.end for m in small_analysis.matrices] == [m.end for m in matrices]
    for ours, theirs in zip(small_analysis.matrices, matrices, strict=True):
        # Where the network runs in bfloat16, its rounding depends on how many pairs it takes at a time.
        np.testing.assert_allclose(ours.mi, theirs.mi, atol=1e-3)
        np.testing.assert_allclose(ours.upper, theirs.upper, atol=1e-2)


def test_the_delay_and_the_independent_channel_are_found(small_analysis):
    force, torque, speed = (small_analysis.names.index(n) for n in ("leg.force", "leg.torque[0]", "speed.data"))
    assert small_analysis.strongest(1) == [(force, speed)]
    assert small_analysis.whole.matrix.mi[force, speed] > 0.7
    assert small_analysis.whole.matrix.lag[force, speed] == pytest.approx(0.4, abs=0.005)
    assert small_analysis.whole.matrix.mi[force, torque] < 0.1
    curve = small_analysis.whole.curves[0]
    assert [small_analysis.names[channel] for channel in curve.pair] == ["leg.force", "speed.data"]
    assert curve.lags[np.argmax(curve.mi)] == pytest.approx(0.4)


def test_a_delay_is_clear_if_it_raises_the_mi_and_lies_within_the_search(small_analysis):
    whole = small_analysis.whole
    force, torque, speed = (small_analysis.names.index(n) for n in ("leg.force", "leg.torque[0]", "speed.data"))
    assert whole.undelayed.lag[force, speed] == 0.0
    assert whole.undelayed.mi[force, speed] < 0.2
    assert whole.longest_lag == pytest.approx(1.0)
    assert whole.clear_delays[force, speed]
    assert whole.clear_delays[speed, force]
    assert not whole.clear_delays[force, torque]
    assert not clear_delays(whole.matrix, whole.undelayed, longest_lag=0.399).any()


def test_the_discriminant_is_large_where_the_ranks_at_the_delay_are(small_analysis):
    """Its mean over the samples is the bound; over independent ranks the mean of its exponential is 1."""
    a, b = small_analysis.strongest(1)[0]
    table = small_analysis.whole.discriminants[a, b]
    ranks, lag = small_analysis.whole.ranks, round(0.4 * 20)
    u, v = ranks[:-lag, a], ranks[lag:, b]
    good = np.isfinite(u) & np.isfinite(v)
    cells = np.minimum((np.stack([u[good], v[good]]) * len(table)).astype(int), len(table) - 1)
    assert table[cells[0], cells[1]].mean() > 0.5
    assert table[cells[0], cells[1][::-1]].mean() < 0.0


def test_husky_odometry_follows_the_gyro(net, small_settings):
    modalities = (
        Modality("odom", "/husky_velocity_controller/odom", ("twist.twist.angular.z",)),
        Modality("imu", "/imu/data", ("angular_velocity.x", "angular_velocity.y", "angular_velocity.z")),
    )
    settings = small_settings.with_values(modalities=modalities, window=20.0, hop=10.0)
    result = analysed(HUSKY, settings, net)
    odom, x, y, z = range(4)
    assert result.whole.matrix.lag[odom, y] == pytest.approx(-0.37, abs=0.04)  # the gyro is the earlier one
    assert result.whole.matrix.mi[odom, y] > 0.5
    assert max(result.whole.matrix.mi[odom, x], result.whole.matrix.mi[odom, z]) < 0.2
    counts = {topic.name: topic.stamps.count for topic in result.topics}
    assert counts == {"/imu/data": 11865, "/husky_velocity_controller/odom": 3952, "/fix": 0}


def test_where_dependence_begins_is_found(tmp_path, store, small_settings, net):
    related = list(leg_and_speed(store, 120.0, delay=0.0))
    foreign = list(leg_and_speed(store, 120.0, delay=0.0, seed=9))
    messages = [
        (foreign if topic == "/speed" and k < len(related) // 2 else related)[k]
        for k, (topic, *_) in enumerate(related)
    ]  # speed follows the leg in the second minute only
    bag = write_ros2(tmp_path / "bag", store, messages)
    result = analysed(bag, small_settings.with_values(window=15.0), net)
    change = next(c for c in result.changes if {c.a, c.b} == {"leg.force", "speed.data"})
    assert change.after - change.before > 0.3
    assert (change.time - result.matrices[0].start) / 1e9 == pytest.approx(60.0, abs=8.0)


def test_progress_ends_at_one(small_bag, small_settings, net):
    seen = []
    analysed(small_bag, small_settings.with_values(hop=10.0), net, progress=lambda *step: seen.append(step))
    shares = [share for what, share in seen if what == "windows"]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert seen[-1] == ("whole recording", 1.0)


def test_only_the_part_that_was_asked_for_is_analysed(small_bag, small_settings, small_analysis, net):
    part = analysed(small_bag, small_settings, net, start=20.0, duration=20.0)
    ends = [m.end for m in part.matrices]
    whole = {m.end: m for m in small_analysis.matrices}
    assert ends == [m.end for m in small_analysis.matrices if ends[0] <= m.end <= ends[-1]]
    assert (ends[-1] - ends[0]) / 1e9 == pytest.approx(8.0)
    np.testing.assert_allclose(part.matrices[-1].mi, whole[ends[-1]].mi, atol=0.02)


REFUSED = {
    "window longer than the bag": (
        {"window": 90.0},
        RecordingError,
        r"90 s, longer than the 60.0 s of small.*--window 20",
    ),
    "too few samples": ({"window": 2.0}, RecordingError, r"holds 40 samples, fewer than the 64.*--window 3.3"),
    "messages in sets": ({"synchronization": "exact"}, ConfigurationError, "needs the node"),
    "absent topic": (
        {"modalities": (Modality("a", "/arm", ("x", "y")),)},
        RecordingError,
        r"topic /arm of modality 'a' is not in small: topics with messages are /leg, /speed",
    ),
    "one channel": ({"modalities": (Modality("a", "/speed", ("data",)),)}, ConfigurationError, "got a.data: name more"),
    "unknown field": ({"modalities": (Modality("a", "/leg", ("force", "x")),)}, ConfigurationError, "no field 'x'"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_analysed_is_refused_in_one_sentence(what, small_bag, small_settings, net):
    values, kind, words = REFUSED[what]
    with pytest.raises(kind, match=words):
        analysed(small_bag, small_settings.with_values(**values), net)


def test_a_start_after_the_end_is_refused(small_bag, small_settings, net):
    with pytest.raises(RecordingError, match=r"--start is 100 s, but small lasts 60\.0 s"):
        analysed(small_bag, small_settings, net, start=100.0)


@pytest.mark.parametrize("seconds", [float("inf"), float("nan")])
@pytest.mark.parametrize("name", ["start", "duration"])
def test_a_part_that_is_no_number_of_seconds_is_refused(small_bag, name, seconds):
    with Bag([small_bag]) as bag, pytest.raises(ConfigurationError, match=f"--{name} is {seconds}: .* leave it out"):
        chosen_span(bag, **{"start": 0.0, "duration": 1.0, name: seconds})


def test_a_window_that_does_not_fit_a_table_points_to_its_unit(tmp_path, net):
    """Milliseconds taken for seconds make slow samples, seconds taken for milliseconds a short recording."""
    modalities = (Modality("m", "table", ("x", "y")),)
    path = written(tmp_path, "time,x,y\n" + "".join(f"{10 * k},{k % 7},{k % 5}\n" for k in range(300)), "log.csv")
    with Tables([path], unit="s") as table:
        settings = Settings(modalities=modalities, window=50.0, hop=50.0)
        recorded = RecordedWindows(table, settings, Span(table.start, table.end + 1), longest_lag=1.0)
        with pytest.raises(RecordingError, match=r"choose --window 650, or .*--time-unit\.$"):
            list(recorded.windows(silent))
        with pytest.raises(RecordingError, match=r"no window of 5000 s .*choose --window 1300 .*--time-unit\.$"):
            analyse(table, settings.with_values(window=5000.0, hop=5000.0), Span(table.start, 6000 * 10**9), net)
    with (
        Tables([path], unit="ms") as table,
        pytest.raises(RecordingError, match=r"choose --window 1.3 --hop 0.3, or leave both out; .*--time-unit\.$"),
    ):
        analyse(table, settings, chosen_span(table, 0.0, None), net)


def test_a_channel_that_no_message_has_is_named(small_bag, small_settings, net):
    leg = Modality("leg", "/leg", ("force", "torque[0]", "torque[9]"))
    (notice,) = analysed(small_bag, small_settings.with_values(modalities=(leg,)), net).notices
    assert notice.startswith("leg.torque[9] has no value: all are NaN or infinite, or no message has this element")
