"""Alarms of pairs: how soon they come, how rarely without a fault, and when they end."""

from dataclasses import replace

import numpy as np
import pytest
from gaussian_pairs import BREAK, INTERVAL, NAMES, RATE, learnt_from, pair, run, seconds, with_fault

from infonet_ros.dependence.baselines.diagnosis.fault import Kind
from infonet_ros.dependence.baselines.diagnosis.pair_diagnosis import Diagnosis
from infonet_ros.dependence.baselines.forms import Form
from infonet_ros.dependence.baselines.watching.evidence import EvidenceMonitor
from infonet_ros.errors import ConfigurationError


def test_a_sound_pair_runs_for_at_least_the_interval_without_an_alarm(baseline):
    alarms = sum(len(run(baseline, pair(seed, 20_000), step=20)[0]) for seed in (1, 2, 3))
    assert alarms <= 3 * 2000 / INTERVAL


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
    monitor, samples = EvidenceMonitor(several, INTERVAL), with_fault("other time", pair(4, 700))
    stamps = (np.arange(len(samples)) * 1e9 / RATE).astype(np.int64)
    for k in range(0, len(samples), 5):
        before = len(looks)
        began = len(monitor.push(stamps[k : k + 5], samples[k : k + 5]))
        assert len(looks) - before <= began + 1
    assert set(looks[4:]) == {0, 1, 2, 3}


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

    learnt = learnt_from(net, moving_and_resting(0, 4000))
    samples = moving_and_resting(5, 2000)
    assert not run(learnt, samples)[0]
    samples[1000:, 0] = 0.0  # one at rest alone, from a rest on
    assert 100.0 < seconds(run(learnt, samples)[0][0]) < 126.0


def test_a_channel_in_no_pair_that_freezes_gives_an_alarm_of_its_own(net, rng):
    good, new = (np.column_stack([pair(seed, 2000), rng.standard_normal(2000)]) for seed in (0, 5))
    learnt = learnt_from(net, good, (*NAMES, "load"))
    new[BREAK:, 2] = new[BREAK, 2]
    (alarm,), _ = run(learnt, new)
    assert (alarm.a, alarm.b, alarm.kind, alarm.words) == ("load", "", Kind.FROZEN, "load is frozen")


def test_how_the_samples_come_in_makes_no_difference(baseline):
    samples = with_fault("flipped", pair(4, 1000))
    (whole, one), (other, two) = run(baseline, samples, step=1), run(baseline, samples, step=1000)
    assert other[0].since == whole[0].since
    assert one.evidence == pytest.approx(two.evidence)


def test_a_shorter_interval_finds_sooner(baseline):
    samples = with_fault("flipped", pair(4, 1000))
    times = [seconds(run(baseline, samples, interval, step=1)[0][0]) for interval in (60.0, 1e8)]
    assert times[0] < times[1]
    assert (np.diff([baseline.detection_times(interval) for interval in (60.0, 1e8)], axis=0) > 0).all()
    with pytest.raises(ConfigurationError, match="interval is 0 s"):
        EvidenceMonitor(baseline, 0.0)


def test_slow_streams_are_found_decoupled_by_their_innovations(net):
    """Of memory 0.98 the samples as they are need hundreds; the bound is log(5000) / 1.03 nats, 8 samples."""
    learnt = learnt_from(net, pair(0, 4000, 0.98))
    assert any(view.form is not Form.VALUES for view in learnt.views)
    assert len(run(learnt, pair(1, 20_000, 0.98), step=20)[0]) <= 2000 / INTERVAL
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
    learnt = learnt_from(net, bursting(0, 4000)[:, :2])
    assert Form.STANDARDIZED in {view.form for view in learnt.views}
    assert len(run(learnt, bursting(1, 20_000)[:, :2], step=20)[0]) <= 2000 / INTERVAL
    waits = []
    for seed in (2, 3, 4, 5):
        streams = bursting(seed, 1000)
        samples = streams[:, :2].copy()
        samples[BREAK:, 1] = streams[BREAK:, 3]
        waits.append(seconds(next(one for one in run(learnt, samples, step=1)[0] if seconds(one) >= BREAK / RATE)))
    assert np.mean(waits) - BREAK / RATE < 3.0
