from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.dependence.comparison import WindowedRecording, adjusted, caveat, compare
from infonet_ros.dependence.window_matrices import channel_matrices
from infonet_ros.errors import RecordingError
from infonet_ros.intake.windows.window import Window
from infonet_ros.settings import Settings

NAMES = ("a", "b", "c")
T = 200


def streams(seed, windows, coupling=1.0, size=1.0, middle=0.0, memory=0.5):
    """a and b share a signal, c is independent: AR(1) streams (T windows, 3)."""
    rng = np.random.default_rng(seed)
    noise = lfilter([1.0], [1.0, -memory], rng.standard_normal((windows * T + 100, 3)), axis=0)[100:]
    noise[:, 1] += coupling * noise[:, 0]
    noise[:, 2] = middle + size * noise[:, 2]
    return noise


def group(net, *recordings):
    windowed = []
    for values in recordings:
        cuts = [values[k : k + T] for k in range(0, len(values), T)]
        windows = [Window(NAMES, cut, 0, (T - 1) * 100_000_000, 10.0) for cut in cuts]
        windowed.append(WindowedRecording.of(list(channel_matrices(net, windows, Settings())), cuts))
    return windowed


def test_what_differs_is_found_with_its_size(net):
    before = group(net, *(streams(seed, 6) for seed in range(4)))
    after = group(net, *(streams(seed, 6, coupling=0.2, size=2.0, middle=3.0) for seed in range(4, 8)))
    real = {(one.what, one.names): one for one in compare(before, after) if one.real}
    pair = real["mi", ("a", "b")]
    assert pair.before == pytest.approx(0.5 * np.log(2.0), abs=0.08)
    assert pair.after == pytest.approx(0.5 * np.log(1.04), abs=0.05)
    assert pair.lower < 0.5 * np.log(1.04 / 2.0) < pair.upper
    assert real["spread", ("c",)].shift == pytest.approx(np.log(2.0), abs=0.1)
    assert real["mean", ("c",)].shift == pytest.approx(3.0 * np.sqrt(0.75), abs=0.3)
    assert ("spread", ("a",)) not in real
    assert "a and b share 0.0" in str(pair)
    assert "c varies 1.94 times as much as before" in str(real["spread", ("c",)])


def driven(seed, windows, sign=1.0, late=0):
    """A gyroscope, ``sign`` times and ``late`` samples after the motion, and a wheel; each window moves as it likes."""
    samples = streams(seed, windows, coupling=2.0)
    samples[:, :2] *= np.repeat(np.exp(np.random.default_rng(seed).normal(size=windows)), T)[:, None]
    samples[:, 0] = sign * np.roll(samples[:, 0], late)
    return samples


@pytest.mark.parametrize(
    ("fault", "what", "words"),
    [
        ({"sign": -1.0}, "correlation", "a and b have a correlation of -0.8"),
        ({"late": 10}, "correlation", "a and b have a correlation of "),
        ({"sign": 0.5}, "gain", "a varies 0.5"),
    ],
)
def test_a_sign_a_delay_and_a_gain_are_found_where_each_window_moves_as_it_likes(net, fault, what, words):
    before, same = (group(net, *(driven(seed, 6) for seed in range(first, first + 4))) for first in (0, 4))
    after = group(net, *(driven(seed, 6, **fault) for seed in range(4, 8)))
    assert not [one for one in compare(before, same) if one.real]
    assert {one.what: str(one)[: len(words)] for one in compare(before, after) if one.real}[what] == words


def test_two_drives_of_one_kind_do_not_differ(net):
    """Streams with a memory of up to a fifth of a window: no more of 20 pairs of recordings differ than by chance."""
    p_values = []
    for seed in range(20):
        memory = (0.0, 0.5, 0.95)[seed % 3]
        before, after = (group(net, streams(100 + 2 * seed + k, 12, memory=memory)) for k in (0, 1))
        differences = compare(before, after)
        counts = Counter(one.what for one in differences)
        assert counts == {"mi": 3, "correlation": 1, "gain": 1, "mean": 3, "spread": 3}
        assert not [one for one in differences if one.real]
        p_values += [one.p_value for one in differences]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.09


def test_two_recordings_whose_windows_remember_keep_the_level():
    """Of AR(1) windows of two recordings of one kind, 5 % are found at 5 %, or not many more."""
    rng = np.random.default_rng(0)

    def recording(count, memory):
        mean = lfilter([1.0], [1.0, -memory], rng.standard_normal(count + 50))[50:, None]
        unknown = np.full((count, 1, 1), np.nan)
        return WindowedRecording(("a",), unknown, mean, np.ones((count, 1)), unknown)

    for count, memory in [(5, 0.3), (6, 0.6), (8, 0.0), (8, 0.3), (12, 0.6), (40, 0.8)]:
        p_values = [
            next(
                one.p_value
                for one in compare([recording(count, memory)], [recording(count, memory)])
                if one.what == "mean"
            )
            for _ in range(600)
        ]
        assert 0.01 <= np.mean(np.array(p_values) <= 0.05) <= 0.08


def pairs(rng, count, memory, names=tuple("abcdef")):
    """A recording whose windows know the MI of 15 pairs, each an AR(1) of unit variance; a gone channel has none."""
    windows = lfilter([np.sqrt(1.0 - memory**2)], [1.0, -memory], rng.standard_normal((count + 50, 6, 6)), axis=0)[50:]
    unknown = np.full((count, 6), np.nan)
    return WindowedRecording(names, windows, unknown, unknown, np.full(windows.shape, np.nan))


def test_all_pairs_together_tell_how_much_their_windows_remember():
    """At 5 %, 2 to 6 % of pairs that are the same are found, and of few windows much more than one pair would find."""
    rng = np.random.default_rng(0)
    for count, memory in [(5, 0.0), (5, 0.2), (10, 0.0), (10, 0.2), (30, 0.5)]:
        p_values = [
            one.p_value for _ in range(60) for one in compare([pairs(rng, count, memory)], [pairs(rng, count, memory)])
        ]
        assert 0.02 <= np.mean(np.array(p_values) <= 0.05) <= 0.06
    found = 0
    for _ in range(40):
        after = pairs(rng, 10, 0.0)
        after.mi[:, 0, 1] += 3.0
        found += compare([pairs(rng, 10, 0.0)], [after])[0].real
    assert found >= 36


def test_a_pair_that_never_varies_tells_nothing_about_memory():
    """Without variation there is no memory, and the others do not count as surer for it."""
    rng = np.random.default_rng(0)
    before, after = pairs(rng, 10, 0.6), pairs(rng, 10, 0.6)
    for one in (before, after):
        one.mi[:, 2:, 2:] = 0.25
    constant = {one.names: one.p_value for one in compare([before], [after])}
    for one in (before, after):
        one.mi[:, 2:, 2:] = np.nan
    left_out = {one.names: one.p_value for one in compare([before], [after])}
    assert constant["c", "d"] == 1.0
    assert left_out == {names: constant[names] for names in left_out}


def test_what_differs_from_day_to_day_is_no_difference_of_groups():
    """Each recording has its own offset, as from a warm or cold sensor: the test at 5 % finds 5 %."""
    rng = np.random.default_rng(0)

    def day(size):
        count = int(rng.integers(4, 40))
        mean, shared = size * rng.standard_normal() + rng.standard_normal((count, 1)), np.full((count, 1, 1), np.nan)
        return WindowedRecording(("a",), shared, mean, np.ones((count, 1)), shared)

    for size, before, after in [(0.0, 3, 3), (3.0, 2, 2), (3.0, 5, 1), (3.0, 8, 4)]:
        p_values = [
            next(
                one.p_value
                for one in compare(*([day(size) for _ in range(n)] for n in (before, after)))
                if one.what == "mean"
            )
            for _ in range(800)
        ]
        assert 0.03 <= np.mean(np.array(p_values) <= 0.05) <= 0.08


def test_too_few_recordings_are_reported():
    assert "not known" in caveat(1, 1)
    assert "2 and 1 recording: with so few" in caveat(2, 1)
    assert caveat(3, 3) is None


def test_three_times_the_size_is_found_in_six_windows(net):
    before, after = group(net, streams(0, 6)), group(net, streams(1, 6, size=3.0))
    assert ("spread", ("c",)) in {(one.what, one.names) for one in compare(before, after) if one.real}


def test_windows_that_remember_the_one_before_count_for_fewer(net):
    """A slow drift of the mean within both groups: two stretches of the same walk are not called different."""
    rng = np.random.default_rng(0)
    called = 0
    for seed in range(10):
        walk = np.repeat(lfilter([1.0], [1.0, -0.9], rng.standard_normal(40)), T)
        values = streams(seed, 40)
        values[:, 2] += walk
        called += any(one.p_value <= 0.01 and one.what == "mean" for one in compare(
            group(net, values[: 20 * T]), group(net, values[20 * T :])
        ))  # fmt: skip
    assert called <= 3


def test_too_few_windows_are_reported(net):
    with pytest.raises(RecordingError, match="the second group has 2 windows without overlap: expected at least 4"):
        compare(group(net, streams(0, 5)), group(net, streams(1, 2)))


def test_what_is_not_known_is_left_out(net):
    before, after = streams(0, 6), streams(1, 6)
    after[:, 2] = np.nan
    found = compare(group(net, before), group(net, after))
    assert {one.names for one in found} == {("a", "b"), ("a",), ("b",)}
    assert {one.what for one in found} == {"mi", "correlation", "gain", "mean", "spread"}


def test_channels_that_one_recording_lacks_are_left_out(net):
    (whole,), (other,) = group(net, streams(0, 6)), group(net, streams(1, 6))
    kept = (other.mi[:, 1:, 1:], other.mean[:, 1:], other.spread[:, 1:], other.correlation[:, 1:, 1:])
    fewer = WindowedRecording(NAMES[1:], *kept)
    assert {one.names for one in compare([whole], [fewer])} == {("b", "c"), ("b",), ("c",)}


def test_more_comparisons_ask_for_more(net):
    found = compare(group(net, streams(0, 6)), group(net, streams(1, 6)))
    twice = adjusted([*found, *(replace(one, p_value=1.0) for one in found)])
    assert twice[0].p_adjusted == pytest.approx(min(1.0, 2.0 * found[0].p_adjusted))
    assert [one.names for one in twice[: len(found)]] == [one.names for one in found]
