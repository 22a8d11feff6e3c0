import math

import numpy as np
import pytest

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.windows.window_stream import MATCHED, WindowStream
from infonet_ros.settings import Modality, Settings
from infonet_ros.text import NANOSECONDS

START = 1_750_000_000 * NANOSECONDS + 123_456_789


def settings(**values):
    defaults = {"window": 4.0, "hop": 1.0}
    modalities = (Modality("fast", "/fast", ("a", "b")), Modality("slow", "/slow", ("c",)))
    return Settings(modalities=modalities, **{**defaults, **values})


def messages(name, rate, seconds, signals, start=START, offset=0.0):
    """(name, stamp, values) at a rate, of functions of the seconds since the first message."""
    times = np.arange(round(seconds * rate)) / rate + offset
    return [(name, start + round(t * NANOSECONDS), [signal(t) for signal in signals]) for t in times]


def robot(seconds=10.0, start=START):
    fast = messages("fast", 50.0, seconds, (math.sin, math.cos), start)
    slow = messages("slow", 20.0, seconds, (lambda t: 2.0 * t,), start, offset=0.003)
    return sorted(fast + slow, key=lambda message: message[1])


def windows(stream, stream_of_messages):
    found = []
    for message in stream_of_messages:
        stream.push(*message)
        found += [cut.align() for cut in stream.ready()]
    return found


def assert_same(some, others):
    assert len(some) == len(others) > 0
    for one, other in zip(some, others, strict=True):
        assert (one.start, one.end, one.rate) == (other.start, other.end, other.rate)
        np.testing.assert_allclose(one.samples, other.samples, rtol=0, atol=1e-9)


def test_windows_hold_the_signals_on_a_regular_clock():
    stream = WindowStream(settings())
    found = windows(stream, robot())
    assert stream.rate == 20.0
    assert [window.end // NANOSECONDS for window in found] == [1_750_000_000 + s for s in (5, 6, 7, 8, 9, 10)]
    window = found[2]
    assert window.names == ("fast.a", "fast.b", "slow.c")
    assert window.samples.shape == (80, 3)
    times = (window.end - START) / NANOSECONDS - np.arange(80)[::-1] / window.rate
    assert window.start - START == round(times[0] * NANOSECONDS)
    np.testing.assert_allclose(window.samples, np.c_[np.sin(times), np.cos(times), 2 * times], atol=1e-4)


def test_a_clock_measured_amid_losses_gets_the_rate_of_the_streams_once_they_are_whole():
    lossy = [one for one in robot() if round((one[1] - START) / NANOSECONDS * 20.0) % 3 == 0]
    stream = WindowStream(settings())
    assert {round(window.rate, 3) for window in windows(stream, lossy)} == {6.7}
    whole = robot(seconds=20.0, start=START + 10 * NANOSECONDS)
    assert [window.rate for window in windows(stream, whole)][-1] == 20.0
    assert {window.rate for window in windows(stream, [(n, t + 30 * NANOSECONDS, v) for n, t, v in lossy])} == {20.0}


def test_streams_that_are_faster_than_the_clock_have_samples_between_its_ticks():
    stream, cuts = WindowStream(settings(rate=10.0)), []
    for message in robot():
        stream.push(*message)
        cuts += stream.ready()
    cut = cuts[2]
    assert cut.steps(8).tolist() == [4, 4, 2]
    assert cut.steps(2).tolist() == [2, 2, 2]
    window, finer = cut.align(), cut.finer(slice(5, None), 4)
    np.testing.assert_array_equal(finer[:, -1], window.samples[5:])
    last = (window.end - START) / NANOSECONDS
    times = last - np.arange(4 * len(finer))[::-1] / 40.0
    np.testing.assert_allclose(finer.reshape(-1, 3), np.c_[np.sin(times), np.cos(times), 2 * times], atol=1e-4)


@pytest.mark.parametrize("interpolation", ["linear", "hold"])
@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2, 0.6])
def test_few_messages_are_not_drawn_out_into_lines_that_resemble_any_slow_stream(rate, interpolation):
    """Interpolated on a fast clock, a random value every ten seconds and a sine shared 0.9 nats."""
    values = np.random.default_rng(0).normal(size=100)
    slow = messages("slow", rate, 60.0, (lambda t: values[round(t * rate)],), offset=0.003)
    fast = messages("fast", 50.0, 60.0, (math.sin, math.cos))
    stream = WindowStream(settings(window=20.0, rate=50.0, interpolation=interpolation))
    found = windows(stream, sorted(fast + slow, key=lambda message: message[1]))
    assert len(found) > 30
    assert all(np.isfinite(window.samples[:, 2]).mean() < 0.06 for window in found)
    bridged = WindowStream(settings(window=20.0, rate=50.0, interpolation=interpolation, max_gap=30.0))
    last = windows(bridged, sorted(fast + slow, key=lambda message: message[1]))[-20]
    assert np.isfinite(last.samples).all()


def test_a_stream_that_was_joined_later_gives_the_same_windows():
    full = windows(WindowStream(settings()), robot())
    late = windows(WindowStream(settings()), robot()[130:])
    assert_same(full[-len(late) :], late)


def test_without_a_reading_of_one_topic_the_others_continue():
    only_fast = [message for message in robot() if message[0] == "fast"]
    found = windows(WindowStream(settings(patience=0.5)), only_fast)
    assert [window.end // NANOSECONDS for window in found] == [1_750_000_000 + s for s in (5, 6, 7, 8, 9)]
    assert np.isfinite(found[0].samples[:, :2]).all()
    assert np.isnan(found[0].samples[:, 2]).all()


def test_a_topic_that_stops_and_returns():
    def alive(message):
        return message[0] == "fast" or not 2.0 < (message[1] - START) / NANOSECONDS < 4.5

    stream = WindowStream(settings())
    found = windows(stream, filter(alive, robot(14.0)))
    assert len(found) == 10
    unknown = [int(np.isnan(window.samples[:, 2]).sum()) for window in found]
    assert 40 < unknown[0] < 55
    assert unknown[-1] == 0
    assert np.isfinite(found[0].samples[:, :2]).all()
    assert stream.backward_jumps == stream.forward_jumps == 0


def test_interleaved_publishers_each_keep_their_own_stamps():
    robots = Settings(modalities=(Modality("joints", "/joints", ("p[wheel]", "p[tilt]")),), window=4.0, hop=1.0)
    wheel = messages("joints", 20.0, 8, (lambda t: t, lambda t: None), offset=0.012)
    tilt = messages("joints", 50.0, 8, (lambda t: None, lambda t: -t))
    arrival = sorted(wheel + tilt, key=lambda message: message[1] + (30_000_000 if message[2][0] is None else 0))
    stream = WindowStream(robots)
    found = windows(stream, arrival)
    assert stream.rate == 20.0
    assert stream.buffers["joints"].out_of_order > 50
    times = (found[0].end - START) / NANOSECONDS - np.arange(80)[::-1] / 20.0
    np.testing.assert_allclose(found[0].samples, np.c_[times, -times], atol=1e-6)


def test_angles_turn_on_across_the_seam():
    robots = Settings(modalities=(Modality("odom", "/odom", ("q|yaw",)),), window=4.0, hop=1.0, rate=17.0)
    turning = messages("odom", 20.0, 8, (lambda t: math.remainder(3 * t, math.tau),))
    window = windows(WindowStream(robots), turning)[-1]
    np.testing.assert_allclose(np.diff(window.samples[:, 0]), 3 / 17, atol=1e-6)


def rates(*channels, **values):
    return Settings(modalities=(Modality("odom", "/odom", channels),), window=4.0, hop=1.0, **values)


def test_rates_are_per_second_beside_what_they_are_rates_of():
    moving = messages("odom", 20.0, 8, (lambda t: t * t, lambda t: t * t))
    window = windows(WindowStream(rates("x|rate", "x", rate=10.0)), moving)[-1]
    times = (window.end - START) / NANOSECONDS - np.arange(40)[::-1] / 10.0
    np.testing.assert_allclose(window.samples[:, 0], 2 * times, atol=1e-6)
    np.testing.assert_allclose(window.samples[:, 1], times**2, atol=1e-3)


def test_the_rate_of_an_angle_knows_no_seam():
    turning = messages("odom", 20.0, 8, (lambda t: math.remainder(3 * t, math.tau),) * 2)
    window = windows(WindowStream(rates("q|yaw|rate", "heading|degrees|rate", rate=17.0)), turning)[-1]
    np.testing.assert_allclose(window.samples, 3.0, atol=1e-6)


def test_stamps_that_repeat_or_come_late_do_not_disturb_a_rate():
    """The first of two messages with one stamp counts, as for every channel; one that is late is put in its place."""
    ramp = messages("odom", 20.0, 8, (lambda t: 5.0 * t,))
    repeated = [again for name, stamp, values in ramp for again in ((name, stamp, values), (name, stamp, [1e9]))]
    swapped = [message for pair in zip(ramp[1::2], ramp[::2], strict=True) for message in pair]
    for stream_of_messages in (repeated, swapped):
        for window in windows(WindowStream(rates("x|rate", rate=20.0)), stream_of_messages):
            np.testing.assert_allclose(window.samples[1:], 5.0, atol=1e-6)


def test_a_rate_does_not_reach_across_a_jump_of_time():
    ramp = messages("odom", 20.0, 8, (lambda t: 5.0 * t,))
    stream = WindowStream(rates("x|rate", rate=20.0))
    for window in windows(stream, [*ramp, *ramp]):
        np.testing.assert_allclose(window.samples[1:], 5.0, atol=1e-6)
    assert stream.backward_jumps == 1


def test_a_rate_over_a_value_that_is_not_known_is_not_known():
    ramp = messages("odom", 20.0, 8, (lambda t: math.nan if 4.99 < t < 5.01 else 5.0 * t,))
    window = windows(WindowStream(rates("x|rate", rate=20.0)), ramp)[-1]
    unknown = np.isnan(window.samples[:, 0])
    assert 1 <= unknown.sum() <= 3
    np.testing.assert_allclose(window.samples[~unknown], 5.0, atol=1e-6)


def test_a_window_waits_for_all_that_a_rate_over_a_longer_time_is_made_of():
    ramp = messages("odom", 20.0, 12, (lambda t: 5.0 * t, lambda t: 5.0 * t))
    *_, last = windows(WindowStream(rates("x|rate(1.5)", "x|rate", rate=20.0, patience=0.1)), ramp)
    np.testing.assert_allclose(last.samples, 5.0, atol=1e-6)


def test_a_rate_needs_the_regular_clock():
    with pytest.raises(ConfigurationError, match=r"'x\|rate' is a rate of change with synchronization 'exact'"):
        WindowStream(rates("x", "x|rate", synchronization="exact"))


def test_a_backward_jump_empties_the_buffers_and_the_stream_continues():
    stream = WindowStream(settings())
    first = windows(stream, robot())
    second = windows(stream, robot())
    assert stream.backward_jumps == sum(stream.jumps.values()) >= 1
    assert_same(first, second)


def test_a_forward_jump_makes_no_flood_of_empty_windows():
    stream = WindowStream(settings())
    year = 365 * 86400 * NANOSECONDS
    first = windows(stream, robot())
    second = windows(stream, robot(start=START + year))
    assert stream.forward_jumps == 1
    assert len(second) == len(first)


def test_a_topic_that_goes_far_ahead_and_falls_silent_holds_up_nothing():
    hour = 3600 * NANOSECONDS
    whole = robot(40.0)
    stream = WindowStream(settings(patience=0.5, rate=20.0))
    windows(stream, whole[:400])
    stream.push("slow", whole[400][1] + hour, [0.0])
    found = windows(stream, [message for message in whole[400:] if message[0] == "fast"])
    assert (stream.forward_jumps, stream.backward_jumps, stream.jumps) == (0, 0, {"fast": 0, "slow": 0})
    assert (stream.outliers("slow"), stream.outliers("fast")) == (1, 0)
    assert stream.offset("slow") == pytest.approx(3600.0, abs=0.1)
    expected = windows(WindowStream(settings(patience=0.5, rate=20.0)), [m for m in whole if m[0] == "fast"])
    assert len(found) > 12
    for one, other in zip(found, expected[-len(found) :], strict=True):
        assert one.end == other.end
        np.testing.assert_allclose(one.samples[:, :2], other.samples[:, :2], atol=1e-4)


def test_a_topic_that_stays_far_behind_a_running_one_is_no_jump():
    late = [
        (name, stamp - (3600 * NANOSECONDS if name == "slow" else 0), values) for name, stamp, values in robot(40.0)
    ]
    stream = WindowStream(settings())
    assert len(windows(stream, late)) > 30
    assert sum(stream.jumps.values()) == 0
    assert stream.outliers("slow") == 800
    assert stream.offset("slow") == pytest.approx(-3600.0, abs=0.1)


@pytest.mark.parametrize("ahead", [1000.0, 5.0, -1000.0, -5.0, 1e9])
@pytest.mark.parametrize("everything", [False, True])
def test_one_bad_stamp_now_and_then_changes_no_window(ahead, everything):
    def stamped(index, name, stamp, values):
        bad = index % 120 == 60 and (everything or name == "fast")
        return name, stamp + bad * round(ahead * NANOSECONDS), values

    whole = robot(20.0)
    stream = WindowStream(settings())
    found = windows(stream, [stamped(index, *message) for index, message in enumerate(whole)])
    bad = [message for index, message in enumerate(whole) if index % 120 == 60]
    left = [message for message in whole if message not in bad or not (everything or message[0] == "fast")]
    assert_same(found, windows(WindowStream(settings()), left))
    assert stream.outliers("fast") == sum(name == "fast" for name, _, _ in bad)
    assert sum(stream.jumps.values()) == 0


def test_a_batch_gives_what_its_messages_give_one_by_one():
    jump, outlier = -100 * NANOSECONDS, 50 * NANOSECONDS
    fast = [message for message in robot(12.0) if message[0] == "fast"]
    stamps = np.array([stamp for _, stamp, _ in fast])
    stamps[350:] += jump
    stamps[[40, 41, 200, 500]] += outlier
    stamps[100:110] = stamps[109:99:-1]
    values = np.array([row for _, _, row in fast])
    single, batches = WindowStream(settings()), WindowStream(settings())
    one_by_one = windows(single, zip(["fast"] * len(stamps), stamps.tolist(), values.tolist(), strict=True))
    found = []
    for first in range(0, len(stamps), 37):
        part = slice(first, first + 37)
        batches.extend(stamps[part], {"fast": (values[part], np.ones_like(values[part], dtype=bool))})
        found += [cut.align() for cut in batches.ready()]
    assert_same(found, one_by_one)
    assert batches.outliers("fast") == single.outliers("fast") == 4
    assert batches.jumps == single.jumps == {"fast": 1, "slow": 0}


def test_disorder_within_a_topic_is_no_jump():
    stream = WindowStream(settings())
    shuffled = sorted(robot(), key=lambda message: message[1] + hash(message[1]) % 300_000_000)
    assert windows(stream, shuffled)
    assert stream.backward_jumps == 0
    assert stream.buffers["fast"].out_of_order > 10


def test_samples_that_come_after_their_window_are_counted():
    stream = WindowStream(settings(patience=0.1))
    straggler = [message for message in robot() if message[0] == "slow"]
    windows(stream, [message for message in robot() if message[0] == "fast"])
    windows(stream, straggler)
    assert stream.late["slow"] > 100
    assert stream.late["fast"] == 0


def test_window_and_hop_change_while_streams_run():
    stream = WindowStream(settings())
    windows(stream, robot(6.0))
    stream.change(settings(window=2.0, hop=0.5))
    found = windows(stream, robot(8.0)[-140:])
    assert {len(window.samples) for window in found} == {40}
    assert set(np.diff([window.end for window in found])) == {NANOSECONDS // 2}


def test_a_longer_window_waits_until_it_is_full():
    stream = WindowStream(settings())
    windows(stream, robot(20.0))
    stream.change(settings(window=16.0))
    assert stream.fill < 1.0
    found = windows(stream, [message for message in robot(40.0) if message[1] > START + 20 * NANOSECONDS])
    assert len(found[0].samples) == 320
    assert np.isfinite(found[0].samples).all()


def test_memory_stays_bounded_when_a_topic_dies():
    stream = WindowStream(settings())
    for index in range(50 * 300):
        stamp = START + index * 20_000_000
        stream.push("fast", stamp, (0.0, 1.0))
        if index < 500:
            stream.push("slow", stamp, (2.0,))
        stream.ready()
    assert len(stream.buffers["fast"]) < 50 * 12
    assert len(stream.buffers["slow"]) == 0


def test_matched_sets_stay_where_they_are():
    stream = WindowStream(settings(synchronization="approximate", window=1.0, hop=1.0))
    sets = messages(MATCHED, 10.0, 5.0, (math.sin, math.cos, lambda t: None))
    found = windows(stream, sets)
    assert [window.samples.shape for window in found] == [(10, 3)] * 3
    assert math.isnan(found[0].rate)
    assert found[0].start > found[0].end - NANOSECONDS
    assert np.isnan(found[0].samples[:, 2]).all()
    expected = [values[0] for _, stamp, values in sets if found[0].start <= stamp <= found[0].end]
    np.testing.assert_array_equal(found[0].samples[:, 0], expected)


def test_a_channel_that_is_no_path_is_refused():
    with pytest.raises(ValueError, match="not a field path"):
        WindowStream(Settings(modalities=(Modality("m", "/m", ("a..b",)),)))


def test_streams_that_take_turns_cut_together_what_one_alone_would():
    whole = windows(WindowStream(settings()), robot())
    turns = [windows(WindowStream(settings(shares=3, share=share)), robot()) for share in range(3)]
    assert [len(found) for found in turns] == [2, 2, 2]
    assert_same(sorted((window for found in turns for window in found), key=lambda window: window.end), whole)


def test_a_share_must_be_one_of_the_shares():
    with pytest.raises(ConfigurationError, match="share is 2 of 2 shares: expected a number from 0 to 1;"):
        settings(shares=2, share=2)


def test_delays_must_leave_half_of_the_window():
    with pytest.raises(ConfigurationError, match=r"max_lag is 2\.1 s with a window of 4 s: expected at most half"):
        settings(max_lag=2.1)
