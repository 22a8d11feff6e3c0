"""Two Gaussian streams whose dependence is known, the faults that break it, and what the monitor of evidence says."""

import numpy as np

from infonet_ros.dependence.baselines.learning.baseline_learning import learn
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.baselines.watching.evidence import EvidenceMonitor
from infonet_ros.dependence.matrix import LaggedPair

RATE = 10.0
NAMES = ("gyro", "odom")
INTERVAL = 500.0  # s
BREAK = 500  # sample


def pair(seed, count, coefficient=0.6, lag=3):
    """Gaussian streams (T, 2) of 1.03 nats, the second ``lag`` samples later."""
    rng = np.random.default_rng(seed)
    streams = rng.standard_normal((count + lag, 2))
    for k in range(1, len(streams)):
        streams[k] = coefficient * streams[k - 1] + np.sqrt(1 - coefficient**2) * streams[k]
    x, own = streams.T
    y = 0.934 * x + 0.357 * own
    return np.stack([x[lag:], y[: len(y) - lag]], axis=1)


def learnt_from(net, samples, names=NAMES, pairs=((0, 1, 3),), **messages):
    """Return the baseline of one good recording (T, N), of pairs (a, b, lag)."""
    lesson = Lesson(names, (samples,), RATE, **messages)
    learnt, _ = learn(net, lesson, [LaggedPair(*each) for each in pairs], parameters="", recordings=("good",))
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


def with_fault(kind, samples):
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
