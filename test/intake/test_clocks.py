"""Clocks that do not match are reported, and corrected if the times of recording show how."""

import numpy as np
import pytest
from recordings import EPOCH, SECOND, header, write_ros2

from infonet_ros.errors import RecordingError
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.proposing.proposal import propose
from infonet_ros.intake.recording import chosen_span
from infonet_ros.intake.times_apart import usual_times
from infonet_ros.offline.recorded_windows import RecordedWindows
from infonet_ros.settings import Modality, Settings

KIND = "geometry_msgs/msg/PointStamped"
PERIOD = SECOND // 20
A, B = Modality("a", "/a", ("point.x",)), Modality("b", "/b", ("point.x",))


def bag(folder, store, stamps, received=None, count=1200, fields=1):
    """Write topics whose stamps are given as functions of the number of a message; the first is recorded at EPOCH."""
    rng = np.random.default_rng(0)

    def messages():
        for k in range(count):
            now = EPOCH + k * PERIOD if received is None else received(k)
            for place, (topic, stamp) in enumerate(stamps.items()):
                values = [*rng.normal(size=fields), 0.0, 0.0][:3]
                point = store.types["geometry_msgs/msg/Point"](*map(float, values))
                message = store.types[KIND](header=header(store, stamp(k)), point=point)
                yield topic, KIND, now + place * 1000, message

    return write_ros2(folder / "bag", store, messages())


def at(offset=0.0, jitter=None):
    def stamp(k):
        return EPOCH + k * PERIOD + round(SECOND * (offset + (jitter[k] if jitter is not None else 0.0)))

    return stamp


def read(path, modalities=(A, B)):
    """Stamps by modality, in seconds since the beginning, and the notices."""
    with Bag([path]) as opened:
        samples = list(opened.samples(modalities, opened.start, opened.end + 1))
        notices = list(opened.notices)
    return {m.name: [(s.stamp - EPOCH) / SECOND for s in samples if s.modality == m.name] for m in modalities}, notices


@pytest.mark.parametrize("offset", [0.6, 2.5, 3600.0, 40 * 86400.0])
def test_a_clock_that_is_ahead_of_the_recorder_is_set_back(offset, tmp_path, store):
    stamps, (notice,) = read(bag(tmp_path, store, {"/a": at(), "/b": at(offset)}))
    assert stamps["b"] == pytest.approx(stamps["a"], abs=0.01)
    assert notice.startswith(
        f"the clock of /b is {offset:.6g} s" if offset < 1e6 else "the clock of /b is 3456000 s (40"
    )


def test_a_small_offset_is_a_delay_and_stays(tmp_path, store):
    stamps, notices = read(bag(tmp_path, store, {"/a": at(), "/b": at(0.3)}))
    assert stamps["b"][0] == pytest.approx(0.3)
    assert not notices


def test_where_all_are_ahead_the_recorder_is_behind(tmp_path, store):
    stamps, notices = read(bag(tmp_path, store, {"/a": at(60.0), "/b": at(60.1)}))
    assert (stamps["a"][0], stamps["b"][0]) == pytest.approx((60.0, 60.1))
    assert not notices


def test_a_clock_that_is_behind_is_reported(tmp_path, store):
    stamps, (notice,) = read(bag(tmp_path, store, {"/a": at(), "/b": at(-2.5)}))
    assert stamps["b"][0] == -2.5
    assert notice.startswith("the stamps of /b lie 2.5 s further behind")


def test_stamps_that_were_never_set_are_reported_and_replaced(tmp_path, store):
    path = bag(tmp_path, store, {"/a": at(), "/b": lambda k: 0 if k < 700 else EPOCH + k * PERIOD})
    stamps, (notice,) = read(path)
    assert stamps["b"] == pytest.approx(stamps["a"], abs=0.01)
    assert notice.startswith("700 messages of /b have a stamp that was never set")


def simulated(k):
    return 100 * SECOND + k * PERIOD


def proposal_of(path):
    with Bag([path]) as opened:
        return propose(opened, Settings(), chosen_span(opened, 0.0, None))


def test_clocks_that_do_not_overlap_are_named_with_how_far_they_are_apart(tmp_path, store):
    path = bag(tmp_path, store, {"/a": simulated, "/b": at()})
    with pytest.raises(RecordingError, match=r"/a end at .* and those of /b begin at .* \(54 years\) later"):
        proposal_of(path)


def test_the_topic_whose_clock_does_not_fit_is_left_out(tmp_path, store):
    proposal = proposal_of(bag(tmp_path, store, {"/a": simulated, "/b": at(), "/c": at()}))
    assert {modality.topic for modality in proposal.settings.modalities} == {"/b", "/c"}
    assert "do not overlap" in proposal.notices[0]
    assert "/a" in proposal.notices[0]


def test_a_topic_of_several_channels_stays_alone(tmp_path, store):
    proposal = proposal_of(bag(tmp_path, store, {"/a": simulated, "/b": at()}, fields=2))
    assert len(proposal.settings.modalities) == 1


# ---- stamps that do not fit ---------------------------------------------------------------------------------------


def notices_of_windows(path):
    settings = Settings(modalities=(A, B), window=10.0, hop=5.0, rate=20.0)
    with Bag([path]) as opened:
        recorded = RecordedWindows(opened, settings, chosen_span(opened, 0.0, None), 0.0)
        windows = [np.isfinite(window.samples).all(axis=0) for window in recorded.windows(lambda *_: None)]
    return np.array(windows), recorded.notices()


def test_a_stamp_that_is_years_off_is_left_out_and_counted(tmp_path, store):
    def stamp(k):
        return EPOCH + k * PERIOD + (94_608_000 * SECOND if k == 600 else 0)

    known, (notice,) = notices_of_windows(bag(tmp_path, store, {"/a": at(), "/b": stamp}))
    assert len(known) >= 10
    assert known.all()
    assert notice.startswith("1 message of /b left out")
    assert "94608000 s (3 years) ahead" in notice


def test_a_topic_of_nonsense_stamps_is_left_out_and_counted(tmp_path, store):
    wild = np.random.default_rng(1).uniform(-1e9, 1e8, size=1200)
    known, (notice,) = notices_of_windows(bag(tmp_path, store, {"/a": at(), "/b": at(0.0, wild)}))
    assert known[:, 0].all()
    assert not known[:, 1].any()
    assert " messages of /b left out" in notice


def test_time_that_jumps_back_is_reported(tmp_path, store):
    def stamp(k):
        return EPOCH + (k if k < 600 else k - 590) * PERIOD

    _, notices = notices_of_windows(bag(tmp_path, store, {"/a": stamp, "/b": stamp}))
    assert any(notice.startswith("time jumped back 1 time") for notice in notices)


@pytest.mark.parametrize("offset", [-54 * 365 * 86_400, -3600, 3600])
def test_a_clock_that_is_set_late_costs_only_what_came_before(offset, tmp_path, store):
    """As by a GPS that finds its satellites after a third of the drive."""
    path = bag(tmp_path, store, {"/a": at(), "/b": lambda k: EPOCH + k * PERIOD + (offset * SECOND if k < 400 else 0)})
    assert {modality.topic for modality in proposal_of(path).settings.modalities} == {"/a", "/b"}
    known, notices = notices_of_windows(path)
    assert known[:, 0].all()
    assert known[-6:, 1].all()
    assert any(notice.startswith("400 messages of /b left out") for notice in notices)
    assert read(path)[1] == []


def test_a_clock_that_is_set_during_the_recording_is_reported(tmp_path, store):
    path = bag(tmp_path, store, {"/a": at(), "/b": lambda k: EPOCH + (k if k < 600 else k - 160) * PERIOD})
    _, notices = notices_of_windows(path)
    assert notices[0].startswith("the clock of /b was set 1 time during the recording, by 8 s back"), notices


# ---- times of recording ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stray", [86_400 * 365 * SECOND, EPOCH + 86_400 * 365 * SECOND])
def test_messages_that_were_recorded_years_apart_do_not_stretch_the_recording(stray, tmp_path, store):
    path = bag(tmp_path, store, {"/a": at(), "/b": at()}, lambda k: stray + k if k < 3 else EPOCH + k * PERIOD)
    with Bag([path]) as opened:
        assert (opened.end - opened.start) / SECOND == pytest.approx(59.8, abs=0.2)
        (notice,) = opened.notices
    assert notice.startswith("6 messages left out: the time of recording is ")


def test_two_drives_in_one_bag_are_both_there():
    times = np.sort(np.concatenate([np.arange(100), 10**6 + np.arange(50)])) * SECOND
    assert usual_times(times, "message", "the time")[0] is times
