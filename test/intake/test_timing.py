import numpy as np
import pytest

from infonet_ros.errors import RecordingError
from infonet_ros.intake.proposing.timing import LEAST_SAMPLES, choose_timing


def test_the_estimator_needs_as_many_samples():
    from infonet_ros.estimator.infonet import InfoNet

    assert InfoNet.MIN_SAMPLES == LEAST_SAMPLES


def test_the_slowest_topic_that_fills_a_window_gives_the_clock():
    timing = choose_timing(395.0, {"/imu": 30.0, "/odom": 10.0, "/fix": 2.5}, [1.0, 1.2, 4.0])
    assert (timing.rate, timing.window, timing.hop) == (10.0, 20.0, 4.0)
    assert timing.reason == (
        "The clock has 10 Hz, the rate of /odom, the slowest topic that fills a window; windows of 20 s every 4 s hold "
        "200 samples and 17 autocorrelation times of the median stream (1.2 s), in 395 s of recording."
    )


def test_a_topic_that_is_fast_enough_for_the_streams_gives_the_clock():
    rates = {"/valve": 200.0, "/pressure": 50.0, "/level": 7.0}
    timing = choose_timing(100.0, rates, swift=30.0)
    assert timing.rate == 50.0
    assert "/pressure, the slowest topic that fills a window, and that is fast enough for the streams;" in timing.reason
    assert choose_timing(100.0, rates, swift=5.0).rate == choose_timing(100.0, rates, swift=1000.0).rate == 7.0


def test_the_fastest_of_topics_that_do_not_fill_a_window_gives_the_clock():
    timing = choose_timing(600.0, {"/fast": 2.0, "/slow": 1.0})
    assert timing.rate == 2.0
    assert timing.reason.startswith("The clock has 2 Hz, the rate of /fast, the fastest topic; windows of 64 s")


def test_streams_that_remember_long_ask_for_long_windows():
    assert choose_timing(600.0, {"/arm": 50.0}, [4.0]).window == 40.0
    slow = choose_timing(6000.0, {"/arm": 50.0}, [1234.0])
    assert slow.window == 60.0
    assert "less than one autocorrelation time of the median stream (1200 s)," in slow.reason


@pytest.mark.parametrize("duration", [1.2, 3.0, 5.0, 17.7, 20.0, 60.0, 395.0, 7200.0])
@pytest.mark.parametrize("rates", [{"/a": 100.0}, {"/a": 100.0, "/b": 60.0}, {"/a": 200.0, "/slow": 1.0}])
def test_a_window_fits_whatever_the_length(duration, rates):
    """And a whole multiple of the hop lies between the first window's end and the end of the recording."""
    timing = choose_timing(duration, rates, [0.3])
    assert timing.window * timing.rate >= LEAST_SAMPLES
    assert timing.window + timing.hop + 2.0 / timing.rate <= duration
    assert timing.hop <= timing.window / 2.0


@pytest.mark.parametrize(("duration", "rate"), [(6.8, 10.0), (0.68, 100.0), (1.0, 70.0)])
def test_a_recording_with_just_enough_samples_is_not_refused(duration, rate):
    timing = choose_timing(duration, {"/a": rate})
    assert np.floor(timing.window * timing.rate) >= LEAST_SAMPLES
    assert timing.window + timing.hop <= duration


def test_a_recording_of_a_blink_gets_a_window_that_the_settings_take():
    timing = choose_timing(0.06, {"/a": 20_000.0})
    assert (timing.window, timing.hop) == (0.02, 0.01)


def test_a_recording_that_is_shorter_than_any_window_is_refused_with_a_way_out():
    """As that of an oscilloscope may be."""
    with pytest.raises(RecordingError, match=r"lasts 0\.001 s, and the shortest window is 0\.01 s: .* multiply all"):
        choose_timing(0.001, {"/a": 1e5})


def test_too_few_samples_are_counted():
    with pytest.raises(
        RecordingError, match=r"5 s at 10 Hz hold 50 samples, and one window and its ends need 67, which take 6.7 s"
    ):
        choose_timing(5.0, {"/a": 10.0})


def test_the_error_of_a_window_that_is_too_short_says_what_works():
    with pytest.raises(RecordingError, match=r"a window of 2 s at 10 Hz holds 20 samples.*choose --window 6.5, or"):
        choose_timing(60.0, {"/a": 10.0}, window=2.0)
    assert choose_timing(60.0, {"/a": 10.0}, window=6.5).window == 6.5


def test_delays_that_no_window_can_hold_are_refused_with_some_that_fit():
    """The error named a window, which nobody had asked for."""
    with pytest.raises(RecordingError, match=r"delays up to 30 s need windows of 60 s, and 40 s .* --max-lag 15, or"):
        choose_timing(40.0, {"/a": 10.0}, max_lag=30.0)
    assert choose_timing(40.0, {"/a": 10.0}, max_lag=15.0).window == 30.0


def test_without_a_rate_that_of_the_first_window_is_taken():
    timing = choose_timing(60.0, {"/a": float("nan")})
    assert (timing.rate, timing.window) == (0.0, 20.0)
    assert timing.reason == "The clock has the rate of the slowest channel."
