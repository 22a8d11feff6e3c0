from dataclasses import replace

import numpy as np
import pytest

from infonet_ros.dependence.baseline import Baseline, log_ratios
from infonet_ros.dependence.diagnosis import Diagnosis
from infonet_ros.dependence.evidence import EvidenceMonitor
from infonet_ros.dependence.fault import Kind
from infonet_ros.dependence.forms import Form
from infonet_ros.dependence.lagged_pair import LaggedPair
from infonet_ros.dependence.learning import learn
from infonet_ros.dependence.lesson import Lesson
from infonet_ros.dependence.quantiles import channel_quantiles, ranks_among
from infonet_ros.errors import ConfigurationError, RecordingError

RATE = 10.0
NAMES = ("gyro", "odom")
INTERVAL = 500.0  # s


def pair(seed, count, coefficient=0.6, lag=3):
    """Gaussian streams (T, 2) of 1.03 nats, the second ``lag`` samples later."""
    rng = np.random.default_rng(seed)
    streams = rng.standard_normal((count + lag, 2))
    for k in range(1, len(streams)):
        streams[k] = coefficient * streams[k - 1] + np.sqrt(1 - coefficient**2) * streams[k]
    x, own = streams.T
    y = 0.934 * x + 0.357 * own
    return np.stack([x[lag:], y[: len(y) - lag]], axis=1)


@pytest.fixture(scope="module")
def baseline(net):
    good = pair(0, 4000)
    learnt, left_out = learn(
        net, Lesson(NAMES, (good[:1500], good[1500:]), RATE), [LaggedPair(0, 1, 3)], parameters="", recordings=("good",)
    )
    assert not left_out
    return learnt


def run(baseline, samples, interval=INTERVAL, step=5):
    """Return the alarms of a recording that begins at 100 s, and the monitor after it."""
    monitor = EvidenceMonitor(baseline, interval)
    stamps = 100_000_000_000 + (np.arange(len(samples)) * 1e9 / RATE).astype(np.int64)
    parts = [slice(k, k + step) for k in range(0, len(samples), step)]
    new = [alarm for part in parts for alarm in monitor.push(stamps[part], samples[part])]
    assert [alarm.time for alarm in new] == [alarm.time for alarm in monitor.history]
    return monitor.history, monitor


def seconds(alarm):
    return alarm.time / 1e9 - 100.0


def test_a_sound_pair_runs_for_at_least_the_interval_without_an_alarm(baseline):
    alarms = sum(len(run(baseline, pair(seed, 20_000))[0]) for seed in (1, 2, 3))
    assert alarms <= 3 * 2000 / INTERVAL


BREAK = 500  # sample


def broken(kind, samples):
    x, count = samples[BREAK:, 0].copy(), len(samples) - BREAK
    rng = np.random.default_rng(9)
    samples = samples.copy()
    samples[BREAK:, 0] = {
        "frozen": np.full(count, x[0]),
        "silent": np.full(count, np.nan),
        "flipped": -x,
        "degrees": 57.2958 * x,
        "thousandth": x / 1000.0,
        "amplified": 3.0 * x,
        "other time": pair(77, count)[:, 0],
        "late": np.r_[np.full(12, x[0]), x[:-12]],
        "far off": x + 9.0,
        "shifted": x + 1.5,
        "drifting": x + 0.02 * np.arange(count),
        "clipped": np.clip(x, -0.5, None),
        "elsewhere": 9.0 + pair(78, count)[:, 0],
        "noisy": x + 2.0 * rng.standard_normal(count),
    }[kind]
    return samples


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
    alarms, _ = run(baseline, broken(fault, pair(4, 1000)))
    assert BREAK / RATE < seconds(alarms[0]) <= BREAK / RATE + 8.0
    assert alarms[0].kind is kind
    assert alarms[0].since / 1e9 - 100.0 == pytest.approx(BREAK / RATE, abs=3.0)
    assert {alarms[0].a, alarms[0].b} == set(NAMES)


def test_of_several_alarms_one_is_explained_again_at_a_time(baseline, monkeypatch):
    """The node judges on the thread that takes messages in."""
    several = replace(
        baseline,
        pairs=baseline.pairs * 4,
        views=tuple(replace(view, pair=pair) for pair in range(4) for view in baseline.views),
        tables=np.concatenate([baseline.tables] * 4),
        expectations=baseline.expectations * 4,
    )
    looks, explain = [], Diagnosis.explain
    monkeypatch.setattr(Diagnosis, "explain", lambda self: looks.append(self.pair) or explain(self))
    monitor, samples = EvidenceMonitor(several, INTERVAL), broken("other time", pair(4, 700))
    stamps = (np.arange(len(samples)) * 1e9 / RATE).astype(np.int64)
    for k in range(0, len(samples), 5):
        before = len(looks)
        began = len(monitor.push(stamps[k : k + 5], samples[k : k + 5]))
        assert len(looks) - before <= began + 1
    assert set(looks[4:]) == {0, 1, 2, 3}


def test_the_unit_and_the_offset_are_reported(baseline):
    _, monitor = run(baseline, broken("degrees", pair(4, 1000)))
    assert monitor.history[0].words == "gyro is about 57.3 times what it was, as degrees for radians"
    _, monitor = run(baseline, broken("amplified", pair(4, 1000)))
    assert monitor.history[0].words == "gyro is about 3 times what it was"
    _, monitor = run(baseline, broken("shifted", pair(4, 1000)))
    assert monitor.history[0].words == "gyro is shifted by about 1.5"
    assert monitor.history[0].channel == "gyro"
    _, monitor = run(baseline, broken("drifting", pair(4, 1000)))
    assert monitor.history[0].words.startswith("gyro drifts: it is shifted by about ")
    assert float(monitor.history[0].words.split()[-4]) == pytest.approx(0.2, abs=0.1)
    _, monitor = run(baseline, broken("clipped", pair(4, 1000)))
    assert monitor.history[0].words.startswith("gyro does not go below -0.5, in the good recordings to -")
    _, monitor = run(baseline, broken("flipped", pair(4, 1000)))
    assert monitor.history[0].words == "gyro or odom has an inverted sign"


def test_coarse_readings_do_not_saturate(baseline):
    samples = pair(4, 1000)
    samples[BREAK:, 0] = np.round(samples[BREAK:, 0] / 0.9) * 0.9
    assert Diagnosis(baseline, 0, samples, BREAK).saturated() is None
    samples[BREAK:, 0] = np.clip(samples[BREAK:, 0], -0.9, 0.9)
    assert Diagnosis(baseline, 0, samples, BREAK).saturated() is None
    clipped = pair(4, 1000)
    clipped[BREAK:, 0] = np.clip(clipped[BREAK:, 0], None, 0.9)
    assert Diagnosis(baseline, 0, clipped, BREAK).saturated().kind is Kind.SATURATED


def two_axes(seed, count):
    """Two axes of a gyroscope and of the odometry, (T, 4): each pair as `pair`."""
    return np.concatenate([pair(seed, count), pair(seed + 50, count)], axis=1)


@pytest.mark.parametrize("names", [("gyro.x", "odom.x", "gyro.y", "odom.y"), ("front.w", "odom.x", "rear.w", "odom.y")])
def test_swapped_channels_are_reported(net, names):
    lesson = Lesson(names, (two_axes(0, 4000),), RATE)
    pairs = [LaggedPair(0, 1, 3), LaggedPair(2, 3, 3)]
    learnt, _ = learn(net, lesson, pairs, parameters="", recordings=("good",))
    samples = two_axes(4, 1000)
    samples[BREAK:, [0, 2]] = samples[BREAK:, [2, 0]]
    samples = samples[:, [names.index(name) for name in learnt.names]]
    _, monitor = run(learnt, samples)
    assert {alarm.kind for alarm in monitor.history} == {Kind.SWAPPED}
    assert monitor.history[0].words == f"{names[0]} and {names[2]} are swapped, or odom.x and odom.y are swapped"


def test_of_one_pair_either_channel_may_be_shifted(baseline):
    """A small shift of the one looks as that of the other, the other way round."""
    samples = pair(4, 1000)
    samples[BREAK:, 0] += 0.8
    _, monitor = run(baseline, samples)
    first = monitor.history[0]
    assert (first.kind, first.channel) == (Kind.OFFSET, "")
    assert {fault.channel for fault in first.either} == set(NAMES)
    assert "gyro is shifted by about 0." in first.words and "odom is shifted by about -0." in first.words


def test_the_channel_that_is_frozen_is_named_and_not_the_one_that_may_rest(net):
    """The odometry sometimes rests, the gyroscope never. The odometry is at rest when the gyroscope freezes."""
    good, samples = pair(0, 4000), pair(4, 1000)
    good[2000:2040, 1] = good[2000, 1]
    samples[BREAK - 8 : BREAK + 20, 1] = samples[BREAK, 1]
    samples[BREAK:, 0] = samples[BREAK, 0]
    learnt, _ = learn(net, Lesson(NAMES, (good,), RATE), [LaggedPair(0, 1, 3)], parameters="", recordings=("g",))
    first = next(alarm for alarm in run(learnt, samples)[0] if seconds(alarm) >= BREAK / RATE)
    assert first.words == "gyro is frozen"


def test_a_channel_that_may_rest_is_not_called_frozen_for_it(net):
    """The odometry rests, which is normal, when the gyroscope becomes noisy: the odometry is not at fault."""
    good, samples = pair(0, 4000), pair(4, 1000)
    good[2000:2200, 0] = good[2003:2203, 1] = samples[BREAK - 20 :, 0] = samples[BREAK - 17 :, 1] = 0.0
    good += (0.01, 0.0) * np.random.default_rng(1).standard_normal(good.shape)
    samples += (0.01, 0.0) * np.random.default_rng(2).standard_normal(samples.shape)
    noise = np.random.default_rng(3).standard_normal(len(samples) - BREAK)
    learnt, _ = learn(net, Lesson(NAMES, (good,), RATE), [LaggedPair(0, 1, 3)], parameters="", recordings=("g",))
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


def test_the_new_delay_is_reported(baseline):
    """The gyroscope is 1.2 s late, the odometry was 0.3 s late: now the odometry is 0.9 s early."""
    alarms, _ = run(baseline, broken("late", pair(4, 1000)))
    assert "the delay of odom after gyro is -0.90 s, no longer 0.30 s" in alarms[0].words


def test_new_values_of_both_are_not_called_a_fault(baseline):
    samples = pair(4, 1000)
    samples[BREAK:] += (9.0, -9.0)  # both up would fit
    alarms, _ = run(baseline, samples)
    assert alarms[0].kind is Kind.NOT_SEEN_BEFORE


def test_a_pair_that_shares_less_is_not_called_decoupled(baseline):
    """The odometry has noise of its own that the good recording did not have: 0.7 nats are left of 1.03."""
    samples = pair(5, 1500)
    own = pair(6, 1500)[:, 0]
    samples[BREAK:, 1] = 0.93 * samples[BREAK:, 1] + 0.36 * own[BREAK:]
    fault = Diagnosis(baseline, 0, samples, BREAK).explain()
    assert (fault.kind, fault.words.partition(",")[0]) == (
        Kind.NOT_SEEN_BEFORE,
        "gyro and odom still depend on each other",
    )
    samples[BREAK:, 1] = own[BREAK:]
    assert Diagnosis(baseline, 0, samples, BREAK).explain().kind is Kind.DECOUPLED


def test_a_pair_that_moves_less_is_not_called_decoupled(baseline):
    """A slower robot: both move a fifth as much as ever, so that their ranks among the good samples tell little."""
    samples, other = 0.2 * pair(5, 1500), 0.2 * pair(6, 1500)
    for broken, kind in [(samples, Kind.NOT_SEEN_BEFORE), (np.c_[samples[:, 0], other[:, 1]], Kind.DECOUPLED)]:
        assert Diagnosis(baseline, 0, broken, BREAK).explain().kind is kind


def test_an_alarm_goes_off_when_the_pair_is_well_again(baseline):
    samples = pair(4, 3000)
    samples[BREAK : BREAK + 300, 0] *= -1.0
    alarms, monitor = run(baseline, samples)
    assert len(alarms) == 1
    assert BREAK / RATE + 30.0 < alarms[0].end / 1e9 - 100.0 < BREAK / RATE + 60.0
    assert not monitor.on


def test_a_rest_is_no_alarm_where_the_good_recording_rests(net):
    def moving_and_resting(seed, count):
        rest = (np.arange(count) // 200) % 2 == 1
        samples = pair(seed, count)
        samples[rest] = 0.0
        return samples

    learnt, _ = learn(
        net,
        Lesson(NAMES, (moving_and_resting(0, 4000),), RATE),
        [LaggedPair(0, 1, 3)],
        parameters="",
        recordings=("r",),
    )
    samples = moving_and_resting(5, 2000)
    assert not run(learnt, samples)[0]
    samples[1000:, 0] = 0.0  # one at rest alone, from a rest on
    assert 100.0 < seconds(run(learnt, samples)[0][0]) < 126.0


def test_how_the_samples_come_in_makes_no_difference(baseline):
    samples = broken("flipped", pair(4, 1000))
    (whole, one), (other, two) = run(baseline, samples, step=1), run(baseline, samples, step=1000)
    assert other[0].since == whole[0].since
    assert one.evidence == pytest.approx(two.evidence)


def test_a_shorter_interval_finds_sooner(baseline):
    samples = broken("flipped", pair(4, 1000))
    times = [seconds(run(baseline, samples, interval, step=1)[0][0]) for interval in (60.0, 1e8)]
    assert times[0] < times[1]
    assert (np.diff([baseline.detection_times(interval) for interval in (60.0, 1e8)], axis=0) > 0).all()
    with pytest.raises(ConfigurationError, match="interval is 0 s"):
        EvidenceMonitor(baseline, 0.0)


def test_log_ratios_are_those_of_the_distribution(baseline):
    """Of Gaussian streams the log ratio is known: log density less those of the two."""
    samples = pair(8, 4000)
    x, y = samples[:-3, 0], samples[3:, 1]
    u, v = ranks_among(baseline.quantiles[0], np.stack([x, y], axis=1)).T
    rho = 0.934
    truth = (2 * rho * x * y - rho**2 * (x**2 + y**2)) / (2 * (1 - rho**2)) - 0.5 * np.log(1 - rho**2)
    found = log_ratios(baseline.tables[0], u, v)
    middle = (np.abs(x) < 2) & (np.abs(y) < 2)
    assert np.corrcoef(found[middle], truth[middle])[0, 1] > 0.97
    assert found[middle].mean() == pytest.approx(truth[middle].mean(), abs=0.05)
    assert baseline.pairs[0].mi == pytest.approx(-0.5 * np.log(1 - rho**2), abs=0.08)


def test_ranks_of_values_that_come_often_stand_in_their_middle():
    quantiles = channel_quantiles(np.r_[np.zeros(500), np.linspace(1.0, 2.0, 500)][:, None])
    ranks = ranks_among(quantiles, np.array([[0.0], [1.5], [np.nan], [99.0]]))[:, 0]
    assert ranks[:2] == pytest.approx([0.25, 0.75], abs=0.01)
    assert np.isnan(ranks[2])
    assert ranks[3] == 1.0


def test_slow_streams_are_found_decoupled_by_their_innovations(net):
    """Of memory 0.98 the samples as they are need hundreds; the bound is log(5000) / 1.03 nats, 8 samples."""
    learnt, _ = learn(
        net, Lesson(NAMES, (pair(0, 4000, 0.98),), RATE), [LaggedPair(0, 1, 3)], parameters="", recordings=("slow",)
    )
    assert any(view.form is not Form.VALUES for view in learnt.views)
    assert len(run(learnt, pair(1, 20_000, 0.98))[0]) <= 2000 / INTERVAL
    for seed in (2, 3, 4):
        samples = pair(seed, 1000, 0.98)
        samples[BREAK:, 0] = pair(seed + 10, 500, 0.98)[:, 0]
        assert BREAK / RATE <= seconds(run(learnt, samples, step=1)[0][0]) < BREAK / RATE + 2.5


def bursting(seed, count):
    """Two pairs (T, 4) that move little and much in turn, by one factor that wanders for 20 samples."""
    rng = np.random.default_rng(seed)
    size = np.exp(pair(seed + 1000, count, 0.95)[:, 0])
    return size[:, None] * np.concatenate([pair(rng.integers(1 << 30), count) for _ in range(2)], axis=1)


def test_streams_that_burst_are_judged_by_their_size_of_the_moment(net):
    """The second pair still has bursts with the first, but no longer shares anything else."""
    learnt, _ = learn(
        net, Lesson(NAMES, (bursting(0, 4000)[:, :2],), RATE), [LaggedPair(0, 1, 3)], parameters="", recordings=("b",)
    )
    assert Form.STANDARDIZED in {view.form for view in learnt.views}
    assert len(run(learnt, bursting(1, 20_000)[:, :2])[0]) <= 2000 / INTERVAL
    waits = []
    for seed in (2, 3, 4, 5):
        streams = bursting(seed, 1000)
        samples = streams[:, :2].copy()
        samples[BREAK:, 1] = streams[BREAK:, 3]
        waits.append(seconds(next(one for one in run(learnt, samples, step=1)[0] if seconds(one) >= BREAK / RATE)))
    assert np.mean(waits) - BREAK / RATE < 3.0


def test_a_baseline_is_kept_in_a_file(baseline, tmp_path):
    baseline.save(tmp_path / "robot.baseline")
    loaded = Baseline.load(tmp_path / "robot.baseline")
    assert (loaded.channels, loaded.pairs, loaded.views, loaded.rate, loaded.recordings) == (
        baseline.channels, baseline.pairs, baseline.views, baseline.rate, baseline.recordings
    )  # fmt: skip
    assert np.array_equal(loaded.tables, baseline.tables)
    assert np.array_equal(loaded.quantiles, baseline.quantiles)


def test_what_is_no_baseline_is_refused_in_one_sentence(baseline, tmp_path):
    from safetensors.numpy import save_file

    path = tmp_path / "robot.baseline"
    with pytest.raises(RecordingError, match="is not there: expected a file that `infonet learn` wrote"):
        Baseline.load(path)
    for content in (b"", b"time,x\n0,1\n", b"\xff" * 4000):
        path.write_bytes(content)
        with pytest.raises(RecordingError, match="damaged, or of another kind"):
            Baseline.load(path)
    save_file({"tables": baseline.tables}, path)
    with pytest.raises(RecordingError, match="damaged, or of another kind"):
        Baseline.load(path)
    replace(baseline, quantiles=baseline.quantiles[:, :1]).save(path)
    with pytest.raises(RecordingError, match="damaged, or of another kind"):
        Baseline.load(path)


def test_a_pair_that_cannot_be_guaranteed_is_left_out_and_reported(net):
    rng = np.random.default_rng(0)
    independent, sound = rng.standard_normal((4000, 2)), pair(0, 4000)
    changing = sound.copy()
    changing[2000:, 0] *= -1.0
    everything = np.concatenate([sound, independent, changing], axis=1)
    names = ("a", "b", "c", "d", "e", "f")
    candidates = [LaggedPair(2, 3, 0), LaggedPair(4, 5, 3), LaggedPair(0, 1, 3)]
    learnt, left_out = learn(net, Lesson(names, (everything,), RATE), candidates, parameters="", recordings=("mixed",))
    assert [(one.a, one.b) for one in learnt.pairs] == [("a", "b")]
    assert (learnt.names[:2], learnt.alone) == (("a", "b"), (2, 3, 4, 5))
    assert left_out[0] == "c and d: less than 0.1 nats"
    assert left_out[1] == "e and f: the two halves of the recordings differ in how the two depend on each other"
    with pytest.raises(RecordingError, match="no pair of mixed is strong and stable enough"):
        learn(net, Lesson(names, (everything,), RATE), candidates[:2], parameters="", recordings=("mixed",))


def test_a_fast_channel_with_a_slow_partner_is_left_out(net):
    """In another recording the slow one has other values, of which the table tells nothing."""
    rng = np.random.default_rng(3)
    slow = np.repeat(rng.standard_normal(20), 200)
    partner = rng.standard_normal(4000) * np.exp(slow) + 2.0 * slow
    samples = np.c_[pair(0, 4000), slow + 0.01 * rng.standard_normal(4000), partner]
    candidates = [LaggedPair(2, 3, 0), LaggedPair(0, 1, 3)]
    names = ("gyro", "odom", "load", "current")
    learnt, left_out = learn(net, Lesson(names, (samples,), RATE), candidates, parameters="", recordings=("g",))
    assert learnt.names == names
    assert [learnt.names[column] for column in learnt.alone] == ["load", "current"]
    assert left_out == ["load and current: so slow that the recordings contain fewer than 35 independent samples"]
