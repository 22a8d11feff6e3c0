"""What is learnt of good recordings, and its file."""

from dataclasses import replace

import numpy as np
import pytest
from gaussian_pairs import RATE, pair

from infonet_ros.dependence.baselines.baseline import Baseline, log_ratios
from infonet_ros.dependence.baselines.forms import QUANTILES, channel_quantiles, ranks_among
from infonet_ros.dependence.baselines.learning import pair_learning
from infonet_ros.dependence.baselines.learning.baseline_learning import learn
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.matrix import LaggedPair
from infonet_ros.errors import RecordingError


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


@pytest.mark.parametrize("count", [1, 2, 700, 3001])
def test_quantiles_are_those_of_numpy_over_known_samples(rng, count):
    samples = np.stack([rng.standard_normal(count), rng.integers(0, 3, count)], axis=1)
    samples[1::5] = np.nan
    expected = np.nanquantile(samples, np.linspace(0.0, 1.0, QUANTILES), axis=0).T
    np.testing.assert_allclose(channel_quantiles(samples), expected, rtol=1e-12, atol=1e-12)


def test_ranks_of_values_that_come_often_stand_in_their_middle():
    quantiles = channel_quantiles(np.r_[np.zeros(500), np.linspace(1.0, 2.0, 500)][:, None])
    ranks = ranks_among(quantiles, np.array([[0.0], [1.5], [np.nan], [99.0]]))[:, 0]
    assert ranks[:2] == pytest.approx([0.25, 0.75], abs=0.01)
    assert np.isnan(ranks[2])
    assert ranks[3] == 1.0


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


@pytest.mark.parametrize("stretches", [4, 300])
def test_a_pair_is_left_out_if_its_alarm_takes_too_large_a_part_of_the_good_recordings(net, monkeypatch, stretches):
    """An alarm takes about 3 s; a fourth of the recording is 75 s, a 300th 1 s."""
    x, own = np.random.default_rng(1).standard_normal((2, 3000))
    lesson = Lesson(("a.x", "b.x"), (np.stack([x, 0.6 * x + 0.8 * own], axis=1),), 10.0)
    monkeypatch.setattr(pair_learning, "_STRETCHES", stretches)
    refused = "an alarm would take more than 1 s: the two share too little, or change too slowly"
    assert (pair_learning.learn_pair(net, lesson, LaggedPair(0, 1, 0)) == refused) == (stretches == 300)
