"""The words for a fault of a pair: what has changed, and of which channel."""

from dataclasses import replace

import numpy as np
import pytest
from gaussian_pairs import BREAK, NAMES, RATE, learnt_from, pair, run, seconds, with_fault

from infonet_ros.dependence.baselines.diagnosis.fault import Fault, Kind
from infonet_ros.dependence.baselines.diagnosis.pair_diagnosis import Diagnosis
from infonet_ros.dependence.baselines.diagnosis.value_changes import value_changes
from infonet_ros.dependence.baselines.watching.alarm_groups import grouped
from infonet_ros.dependence.baselines.watching.evidence import EvidenceMonitor
from infonet_ros.series import paired_at_lag


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("frozen", Kind.FROZEN),
        ("silent", Kind.SILENT),
        ("flipped", Kind.SCALED),
        ("degrees", Kind.SCALED),
        ("thousandth", Kind.SCALED),
        ("other time", Kind.DECOUPLED),
        ("late", Kind.DELAY_CHANGED),
        ("far off", Kind.OFFSET),
        ("shifted", Kind.OFFSET),
        ("drifting", Kind.DRIFTING),
        ("clipped", Kind.SATURATED),
        ("elsewhere", Kind.OUT_OF_RANGE),
        ("noisy", Kind.NOISIER),
    ],
)
def test_a_fault_is_found_within_seconds_and_named(baseline, fault, kind):
    alarms, _ = run(baseline, with_fault(fault, pair(4, 1000)))
    assert BREAK / RATE < seconds(alarms[0]) <= BREAK / RATE + 8.0
    assert alarms[0].kind is kind
    assert alarms[0].since / 1e9 - 100.0 == pytest.approx(BREAK / RATE, abs=3.0)
    assert {alarms[0].a, alarms[0].b} == set(NAMES)


@pytest.mark.parametrize(("spike", "kind"), [(0.0, Kind.DECOUPLED), (12.0, Kind.SPIKE)])
def test_a_cause_that_shows_late_is_still_named(baseline, monkeypatch, spike, kind):
    """A robot that drives straight on does not show yet which sensor is mounted the wrong way round."""

    def explain(self):
        late = len(self.samples) - self.start > 30.0 * RATE
        return Fault(Kind.SCALED, "gyro has an inverted sign", "gyro") if late else Fault(Kind.DECOUPLED, "decoupled")

    monkeypatch.setattr(Diagnosis, "explain", explain)
    samples = with_fault("other time", pair(4, 1000))
    samples[BREAK, 0] += spike
    assert run(baseline, samples[: BREAK + 280])[0][0].kind is kind
    assert run(baseline, samples)[0][0].kind is Kind.SCALED


def test_a_topic_of_half_the_rate_that_ends_later_is_silent(net):
    """A channel in no pair has the messages of its own topic: all, from `BREAK` on every second one, then none."""
    rng = np.random.default_rng(0)
    names = (*NAMES, "battery.voltage")
    good, new = (np.c_[pair(seed, count), rng.standard_normal(count)] for seed, count in ((0, 4000), (4, 1200)))
    learnt = learnt_from(net, good, names, messages=(np.ones(good.shape),))
    messages = np.ones(new.shape)
    messages[BREAK::2, 2] = 0.0
    messages[BREAK + 300 :, 2] = 0.0
    monitor, kinds = EvidenceMonitor(learnt, 500.0), []
    stamps = (np.arange(len(new)) * 1e9 / RATE).astype(np.int64)
    for k in range(0, len(new), 5):
        monitor.push(stamps[k : k + 5], new[k : k + 5], messages[k : k + 5])
        kinds += [alarm.kind for alarm in monitor.on.values() if alarm.a == names[2]]
    assert list(dict.fromkeys(kinds)) == [Kind.OTHER_RATE, Kind.SILENT]
    assert len(monitor.history) == 1


def test_a_topic_that_falls_silent_during_an_alarm_is_an_alarm_of_its_own(baseline):
    samples = with_fault("noisy", pair(4, 1000))
    samples[BREAK + 300 :, 1] = np.nan
    noise, silence = run(baseline, samples)[0]
    assert (noise.kind, silence.kind, silence.channel) == (Kind.NOISIER, Kind.SILENT, "odom")
    assert noise.end == silence.since == pytest.approx((130.0 + BREAK / RATE) * 1e9, abs=2e8)


def test_a_lasting_alarm_costs_few_looks_and_does_not_waver(baseline, monkeypatch):
    looks, kinds = [], (Kind.DECOUPLED, Kind.NOISIER)
    monkeypatch.setattr(
        Diagnosis, "explain", lambda self: looks.append(len(self.samples)) or Fault(kinds[len(looks) % 2], "unclear")
    )
    monitor = EvidenceMonitor(baseline, 500.0)
    samples, words = with_fault("other time", pair(4, 4000)), set()
    stamps = (np.arange(len(samples)) * 1e9 / RATE).astype(np.int64)
    for k in range(0, len(samples), 2):
        monitor.push(stamps[k : k + 2], samples[k : k + 2])
        if k > BREAK + 250:
            words |= {alarm.kind for alarm in monitor.on.values()}
    assert len(words) == 1
    assert len(looks) < 80


def test_the_unit_and_the_offset_are_reported(baseline):
    def first(fault):
        return run(baseline, with_fault(fault, pair(4, 1000)))[1].history[0]

    assert first("degrees").words == "gyro is about 57.3 times what it was, as degrees for radians"
    assert first("amplified").words.startswith("gyro is about 3 times what it was, or odom is about ")
    shifted, drifting = first("far off"), first("drifting")
    assert (shifted.words, shifted.channel) == ("gyro is shifted by about 9", "gyro")
    assert drifting.words.startswith("gyro drifts: it is shifted by about ")
    assert float(drifting.words.partition(", or ")[0].split()[-4]) == pytest.approx(0.2, abs=0.1)
    assert first("clipped").words.startswith("gyro does not go below -0.5, in the good recordings to -")
    assert first("flipped").words == "gyro or odom has an inverted sign"


def test_the_rate_of_a_position_that_freezes_does_not_saturate_at_zero(baseline):
    """Before, the position happened to keep its value between samples while it sank."""
    samples = pair(4, 560)
    samples[BREAK - 20 : BREAK, 0] = np.where(np.arange(20) % 5, -0.5, 0.0)
    samples[BREAK:, 0] = 0.0
    assert Diagnosis(baseline, 0, samples, BREAK).saturated() is None
    samples[-1, 0] = -0.5
    assert Diagnosis(baseline, 0, samples, BREAK).saturated().words.startswith("gyro does not go above 0")


def test_coarse_readings_do_not_saturate(baseline):
    samples = pair(4, 1000)
    samples[BREAK:, 0] = np.round(samples[BREAK:, 0] / 0.9) * 0.9
    assert Diagnosis(baseline, 0, samples, BREAK).saturated() is None
    samples[BREAK:, 0] = np.clip(samples[BREAK:, 0], -0.9, 0.9)
    assert Diagnosis(baseline, 0, samples, BREAK).saturated() is None
    clipped = pair(4, 1000)
    clipped[BREAK:, 0] = np.clip(clipped[BREAK:, 0], None, 0.9)
    assert Diagnosis(baseline, 0, clipped, BREAK).saturated().kind is Kind.SATURATED


def test_a_robot_that_stands_still_for_the_first_time_is_not_called_frozen(baseline):
    """The odometry is then 0, and the gyroscope has its noise alone. If it turns on, the odometry is frozen."""
    samples = pair(4, 1000)
    samples[BREAK:] *= 0.02, 0.0
    resting, _ = run(baseline, samples)
    assert {alarm.kind for alarm in resting} == {Kind.NOT_SEEN_BEFORE}
    assert resting[0].words == "odom is 0 for longer than in the good recordings, and gyro hardly moves"
    samples[BREAK + 100 :, 0] = pair(4, 1000)[BREAK + 100 :, 0]
    _, monitor = run(baseline, samples)
    assert [(alarm.kind, alarm.words) for alarm in monitor.history] == [(Kind.FROZEN, "odom is frozen")]


def test_a_speed_that_slows_down_to_0_while_the_robot_turns_is_not_called_frozen(baseline):
    """A filter halves the speed, and ends at the rounding error of numbers. A sensor that fails jumps to 0."""
    samples = pair(4, 1000)
    speed = np.full(1000 - BREAK, 1e-15)
    speed[:49] = 0.5 ** np.arange(1, 50)
    for odom, kind, words in (
        (speed, Kind.NOT_SEEN_BEFORE, "odom is 0 for longer than in the good recordings, while gyro moves"),
        (np.zeros(1000 - BREAK), Kind.FROZEN, "odom is frozen"),
    ):
        samples[BREAK:, 1] = odom
        alarms, _ = run(baseline, samples)
        assert [(alarm.kind, alarm.words) for alarm in alarms] == [(kind, words)]


def test_what_moves_in_one_direction_and_rests_does_not_saturate(baseline):
    samples = pair(4, 1000)
    samples[BREAK:, 0] = np.abs(samples[BREAK:, 0]) * (np.arange(1000 - BREAK) // 20 % 2)
    assert Diagnosis(baseline, 0, samples, BREAK).saturated().words.startswith("gyro does not go below 0")
    quantiles = baseline.quantiles.copy()
    quantiles[:, 0, np.abs(quantiles[0, 0]) < 0.05] = 0.0  # in the good recording it rested as well, but seldom
    assert Diagnosis(replace(baseline, quantiles=quantiles), 0, samples, BREAK).saturated() is None


def test_of_a_channel_that_does_not_move_about_0_the_sign_is_its_own(net):
    """Of a vertical acceleration and a climb, an inverted sign of the one is not one of the other."""
    names, level = ("climb", "acceleration"), (0.0, 9.81)
    learnt = learnt_from(net, pair(0, 4000) + level, names)
    for side in (0, 1):
        samples = pair(4, 1000) + level
        samples[BREAK:, side] *= -1.0
        fault = Diagnosis(learnt, 0, samples[:, [names.index(name) for name in learnt.names]], BREAK).explain()
        assert fault[:3] == (Kind.SCALED, f"{names[side]} has an inverted sign", names[side])


def two_axes(seed, count):
    """Two axes of a gyroscope and of the odometry, (T, 4): each pair as `pair`."""
    return np.concatenate([pair(seed, count), pair(seed + 50, count)], axis=1)


@pytest.mark.parametrize("names", [("gyro.x", "odom.x", "gyro.y", "odom.y"), ("front.w", "odom.x", "rear.w", "odom.y")])
def test_swapped_channels_are_reported(net, names):
    learnt = learnt_from(net, two_axes(0, 4000), names, [(0, 1, 3), (2, 3, 3)])
    samples = two_axes(4, 1000)
    samples[BREAK:, [0, 2]] = samples[BREAK:, [2, 0]]
    samples = samples[:, [names.index(name) for name in learnt.names]]
    _, monitor = run(learnt, samples)
    assert {alarm.kind for alarm in monitor.history} == {Kind.SWAPPED}
    assert monitor.history[0].words == f"{names[0]} and {names[2]} are swapped, or odom.x and odom.y are swapped"


def test_a_late_topic_is_not_called_swapped_where_another_one_measures_the_same(net):
    """Then channels of the sound topic fit in the place of its own ones."""
    names, noise = ("imu.yaw", "imu.gyro", "odom.yaw", "odom.gyro"), 0.3

    def one_turn(seed, count):
        turn = pair(seed, count)[:, :1]
        return turn + noise * np.random.default_rng(seed).standard_normal((count, 4))

    learnt = learnt_from(net, one_turn(0, 4000), names, [(0, 2, 0), (0, 3, 0), (1, 2, 0), (1, 3, 0)])
    samples = one_turn(4, 700)
    samples[BREAK:, 2:] = samples[BREAK - 8 : -8, 2:]
    _, monitor = run(learnt, samples[:, [names.index(name) for name in learnt.names]])
    assert {alarm.kind for alarm in monitor.history} == {Kind.DELAY_CHANGED}
    assert len(monitor.history) == 4


@pytest.mark.parametrize(("apart", "kind"), [(0, Kind.NOT_SEEN_BEFORE), (300, Kind.SCALED)])
def test_pairs_without_a_common_channel_that_change_at_one_time_are_not_called_broken(net, apart, kind):
    """No single fault inverts the signs of both pairs; but two faults, 30 s apart, do."""
    names = ("front.w", "odom.x", "rear.w", "arm.y")
    learnt = learnt_from(net, two_axes(0, 4000), names, [(0, 1, 3), (2, 3, 3)])
    samples = two_axes(4, 1200)
    samples[BREAK:, 1] *= -1.0
    samples[BREAK + apart :, 3] *= -1.0
    _, monitor = run(learnt, samples[:, [names.index(name) for name in learnt.names]])
    assert [alarm.kind for alarm in monitor.history] == [kind, kind]
    assert len(grouped(monitor.history)) == 1 + (kind is Kind.SCALED)


def test_of_one_pair_either_channel_may_be_shifted(baseline):
    """A small shift of the one looks as that of the other, the other way round."""
    samples = pair(4, 1000)
    samples[BREAK:, 0] += 0.8
    _, monitor = run(baseline, samples)
    first = monitor.history[0]
    assert (first.kind, first.channel) == (Kind.OFFSET, "")
    assert {fault.channel for fault in first.either} == set(NAMES)
    assert "gyro is shifted by about 0." in first.words and "odom is shifted by about -0." in first.words


@pytest.mark.parametrize(("factor", "told"), [(1.05, 0), (1.3, 2)])
def test_a_factor_next_to_1_explains_nothing(baseline, factor, told):
    samples = pair(4, 1000) * (factor, 1.0)
    both = np.stack(paired_at_lag(*samples.T, 3))
    changes = value_changes(baseline.expectations[0], NAMES, both, RATE)
    assert sum("times what it was" in change.fault.words for change in changes) == told


@pytest.mark.parametrize("side", [0, 1])
def test_a_robot_that_turns_faster_does_not_tell_which_channel_has_another_gain(baseline, side):
    """The smaller values are within the good range, those of the sound channel are not: that blames neither."""
    samples = 1.8 * pair(4, 1000)
    samples[BREAK:, side] *= 0.3
    fault = Diagnosis(baseline, 0, samples, BREAK).explain()
    assert (fault.kind, fault.channel) == (Kind.SCALED, "")
    assert {one.channel for one in fault.either} == set(NAMES)


def test_the_channel_that_is_frozen_is_named_and_not_the_one_that_may_rest(net):
    """The odometry sometimes rests, the gyroscope never. The odometry is at rest when the gyroscope freezes."""
    good, samples = pair(0, 4000), pair(4, 1000)
    good[2000:2040, 1] = good[2000, 1]
    samples[BREAK - 8 : BREAK + 20, 1] = samples[BREAK, 1]
    samples[BREAK:, 0] = samples[BREAK, 0]
    learnt = learnt_from(net, good)
    first = next(alarm for alarm in run(learnt, samples)[0] if seconds(alarm) >= BREAK / RATE)
    assert first.words == "gyro is frozen"


def test_a_robot_that_rests_in_a_new_place_is_not_called_broken(net):
    """Sensors have noise at rest, too, and the values of one place tell nothing about what the two share."""
    good, samples = pair(0, 4000), pair(4, 1000)
    samples[BREAK:] = (1.2, -1.2) + 0.02 * np.random.default_rng(1).standard_normal((len(samples) - BREAK, 2))
    first = run(learnt_from(net, good), samples)[0][0]
    assert (first.kind, first.channel) == (Kind.NOT_SEEN_BEFORE, "")
    assert first.words == "gyro and odom rest, at values that no good recording has together"


def test_a_channel_that_may_rest_is_not_called_frozen_for_it(net):
    """The odometry rests, which is normal, when the gyroscope becomes noisy: the odometry is not at fault."""
    good, samples = pair(0, 4000), pair(4, 1000)
    good[2000:2200, 0] = good[2003:2203, 1] = samples[BREAK - 20 :, 0] = samples[BREAK - 17 :, 1] = 0.0
    good += (0.01, 0.0) * np.random.default_rng(1).standard_normal(good.shape)
    samples += (0.01, 0.0) * np.random.default_rng(2).standard_normal(samples.shape)
    noise = np.random.default_rng(3).standard_normal(len(samples) - BREAK)
    learnt = learnt_from(net, good)
    for size, kind, words in [
        (2.0, Kind.NOISIER, "gyro is noisier than before"),
        (0.2, Kind.DECOUPLED, "odom rests while gyro moves"),
    ]:
        broken = samples.copy()
        broken[BREAK:, 0] += size * noise
        first = next(alarm for alarm in run(learnt, broken)[0] if seconds(alarm) >= BREAK / RATE)
        assert (first.kind, first.words) == (kind, words)


def test_a_spike_is_an_alarm_of_its_own_and_noise_is_called_noise(baseline):
    samples = pair(4, 1000)
    samples[BREAK, 0] += 12.0
    (alarm,), monitor = run(baseline, samples)
    assert (alarm.kind, alarm.channel) == (Kind.SPIKE, "gyro")
    assert "gyro has a spike of 1" in alarm.words
    assert alarm.since / 1e9 - 100.0 == pytest.approx(BREAK / RATE)
    assert BREAK / RATE < seconds(alarm) < BREAK / RATE + 1.0
    assert not monitor.on
    samples[BREAK:, 0] += 12.0 * np.random.default_rng(1).standard_normal(len(samples) - BREAK)
    assert run(baseline, samples)[0][0].kind is Kind.NOISIER


def test_samples_that_fit_again_do_not_change_what_an_alarm_says(baseline):
    """A channel is outside its range for 0.5 s: the sound seconds before the alarm ends tell nothing of that."""
    samples = with_fault("elsewhere", pair(4, 1000))
    samples[BREAK + 5 :] = pair(4, 1000)[BREAK + 5 :]
    _, monitor = run(baseline, samples)
    (alarm,) = monitor.history
    assert (alarm.kind, alarm.words) == (Kind.OUT_OF_RANGE, "gyro is outside its known range")
    assert alarm.end is not None


def test_a_topic_whose_clock_was_set_ahead_is_late_and_not_silent(baseline):
    """Its next stamp is 1.8 s later, which looks like silence; then all its samples are that much late."""
    sound = pair(4, 1000)
    late, silent = sound.copy(), sound.copy()
    late[BREAK + 18 :, 0] = sound[BREAK:-18, 0]
    late[BREAK : BREAK + 18, 0] = silent[BREAK : BREAK + 18, 0] = np.nan
    until = BREAK + 20
    assert [alarm.kind for alarm in run(baseline, late[:until])[0]] == [Kind.SILENT]
    assert "the delay of odom after gyro is -1.50 s, no longer 0.30 s" in run(baseline, late)[0][0].words
    assert [alarm.kind for alarm in run(baseline, silent)[0]] == [Kind.SILENT]


def test_the_new_delay_is_reported(baseline):
    """The gyroscope is 1.2 s late, the odometry was 0.3 s late: now the odometry is 0.9 s early."""
    alarms, _ = run(baseline, with_fault("late", pair(4, 1000)))
    assert "the delay of odom after gyro is -0.90 s, no longer 0.30 s" in alarms[0].words


def test_of_two_delays_that_fit_alike_none_is_reported(baseline):
    samples = pair(4, 1000)
    earlier = samples.copy()
    samples[BREAK:, 1] = (earlier[BREAK - 6 : -6, 1] + earlier[BREAK - 14 : -14, 1]) / np.sqrt(2.0)
    alarms, monitor = run(baseline, samples)
    assert alarms and Kind.DELAY_CHANGED not in {alarm.kind for alarm in monitor.history}
    samples[BREAK:, 1] = earlier[BREAK - 6 : -6, 1]
    assert run(baseline, samples)[1].history[0].kind is Kind.DELAY_CHANGED


def test_a_command_that_is_not_at_its_highest_value_for_a_while_is_not_saturated(baseline):
    """Two of five commands are as high as this one, or higher, and each lasts for seconds."""
    quantiles = baseline.quantiles.copy()
    quantiles[0, 0] = np.repeat([-1.0, 0.0, 0.5, 1.0, 2.0], [200, 200, 225, 200, 200])
    held = replace(baseline.channels[0], memory=0.95)
    learnt = replace(baseline, quantiles=quantiles, channels=(held, baseline.channels[1]))
    samples = np.repeat(np.tile([0.5, 1.0], 200), 20)[:, None] * (1.0, np.nan)
    assert Diagnosis(learnt, 0, samples[:120], 0).saturated() is None
    assert Diagnosis(learnt, 0, samples, 0).saturated().kind is Kind.SATURATED


def test_a_command_that_rests_at_another_value_is_not_saturated(baseline):
    quantiles = baseline.quantiles.copy()
    quantiles[0, 0, np.abs(quantiles[0, 0]) < 0.3] = 0.0
    resting = replace(baseline, quantiles=quantiles)
    samples = pair(4, 1000)
    samples[:, 0] = np.where(samples[:, 0] < -0.3, samples[:, 0], 0.0)
    samples = samples[BREAK:] + np.array([0.7, 0.0])
    assert Diagnosis(resting, 0, samples, 0).saturated() is None
    samples[::50, 0] = 0.0  # it still comes to its usual value
    assert Diagnosis(resting, 0, samples, 0).saturated().kind is Kind.SATURATED
