"""A platform that rests and moves: its streams are compared while it moves."""

import numpy as np
import pytest
from scipy.signal import lfilter
from table_files import columns_written

from infonet_ros.intake.windows.window import Window
from infonet_ros.offline.job import analyse_bag
from infonet_ros.offline.trace import Overview
from infonet_ros.offline.whole_recording.moves import Moves
from infonet_ros.offline.whole_recording.p_values import p_values_by_shifts
from infonet_ros.offline.whole_recording.rest import resting, without_rest

RATE = 50.0
SECONDS = {"once": [(30, False), (60, True), (30, False)], "often": [(3 + k * 7 % 11, k % 2 == 1) for k in range(21)]}
PAIRS = np.triu_indices(6, k=1)


def moves(plan):
    return np.concatenate([np.full(int(seconds * RATE), moving) for seconds, moving in plan])


def streams(rng, moving, channels=6):
    """Independent while they move, and noise of a sensor all the time."""
    noise = rng.standard_normal((2, len(moving), channels))
    return 0.4 * lfilter([1.0], [1.0, -0.9], noise[0], axis=0) * moving[:, None] + 0.02 * noise[1]


def while_it_moves(samples):
    window = Window(tuple("abcdef"), samples, 0, 1, RATE)
    overview = Overview(window, np.arange(len(samples)), True)
    return without_rest(overview, resting(samples, RATE), 21).window.samples


@pytest.mark.parametrize("plan", SECONDS)
def test_rest_is_found_where_it_is(plan, rng):
    moving = moves(SECONDS[plan])
    rests = resting(streams(rng, moving), RATE)
    assert rests[moving].mean() < 0.15  # a block at each end
    assert rests[~moving].all()


def test_a_platform_that_is_touched_once_is_compared_at_rest(rng):
    assert not resting(streams(rng, moves([(40, False), (5, True), (41, False)])), RATE).any()


def test_a_platform_that_trembles_for_some_seconds_rests_on(rng):
    moving = moves(SECONDS["once"])
    samples = streams(rng, moving)
    trembling = slice(int(105 * RATE), int(108 * RATE))  # half of the channels, such as those of a phone in a hand
    samples[trembling, :3] += streams(rng, np.ones(150, dtype=bool), 3)
    rests = resting(samples, RATE)
    assert rests[~moving].all()
    assert rests[moving].mean() < 0.15


@pytest.mark.parametrize("plan", SECONDS)
def test_streams_that_share_rest_and_motion_alone_are_not_significant(plan):
    rng, by_rest, found = np.random.default_rng(4), [], []
    for _ in range(5):
        samples = streams(rng, moves(SECONDS[plan]))
        by_rest += p_values_by_shifts(Moves.of(samples, 20), 20)[0][PAIRS].tolist()
        found += p_values_by_shifts(Moves.of(while_it_moves(samples), 20), 20)[0][PAIRS].tolist()
    alarms = np.mean(np.array(by_rest) < 0.01)
    assert alarms <= 0.04 if plan == "once" else alarms > 0.9  # rest at the ends drifts
    assert np.isfinite(found).mean() > 0.9
    assert np.mean(np.array(found) < 0.01) <= 0.04


def test_streams_that_share_more_are_significant(rng):
    samples = streams(rng, moves(SECONDS["once"]))
    samples[:, 1] = 0.7 * samples[:, 0] + 0.7 * samples[:, 1]
    p_values, drifting, *_ = p_values_by_shifts(Moves.of(while_it_moves(samples), 20), 20)
    assert p_values[0, 1] < 0.001
    assert not drifting.any()


def test_what_drifts_while_it_moves_still_drifts(rng):
    moving = moves(SECONDS["once"])
    samples = streams(rng, moving) + np.cumsum(moving)[:, None] / 1000.0 * rng.choice([-1.0, 1.0], 6)
    assert p_values_by_shifts(Moves.of(while_it_moves(samples), 20), 20)[1].all()


def plant(rng):
    """Flows, pressures and heats that follow a set point, which stays for four times as long as they need."""
    target = np.repeat(rng.uniform(20.0, 80.0, 20), 300)
    level = lfilter([0.02], [1.0, -0.98], target - target[0]) + target[0]
    return level[:, None] * rng.uniform(0.5, 2.0, 6) + 0.1 * rng.standard_normal((len(level), 6))


def cruise(rng):
    """A car that keeps its speed for most of the time: its brake and its acceleration are 0 then, and it moves."""
    target = np.repeat(rng.uniform(0.0, 25.0, 20), 300)
    speed = lfilter([0.04], [1.0, -0.96], target - target[0]) + target[0]
    change = np.gradient(speed) * RATE
    together = [speed, speed, 150.0 * speed, change, np.maximum(-change, 0.0), np.maximum(change, 0.0)]
    return np.column_stack(together) + 0.02 * rng.standard_normal((len(speed), 6))


def belt(rng):
    """A current under the boxes of a belt that runs on, beside what counts them."""
    boxes = np.zeros((6000, 6))
    for begin in np.cumsum(rng.integers(150, 400, 16)):
        boxes[begin : begin + 60, 0] = boxes[begin + 20 : begin + 80, 1] = boxes[begin : begin + 80, 2] = 1.0
        boxes[begin : begin + 90, 3:] += 1.0
    boxes[:, 3:] = 2.0 + 0.5 * boxes[:, 3:] + 0.05 * rng.standard_normal((6000, 3))
    return boxes


KINDS = {
    "slow": lambda rng: lfilter([1.0], [1.0, -0.95], rng.standard_normal((6000, 6)), axis=0),
    "walk": lambda rng: np.cumsum(rng.standard_normal((6000, 6)), axis=0),
    "louder and louder": lambda rng: rng.standard_normal((6000, 6)) * np.linspace(1.0, 3.0, 6000)[:, None],
    "held together": lambda rng: np.repeat(rng.standard_normal((40, 6)), 150, axis=0),
    "two machines": lambda rng: np.hstack([
        streams(rng, np.roll(moves([(20, False), (20, True)] * 3), shift), 3) for shift in (0, 450)
    ]),
    "set points": plant,
    "cruise": cruise,
    "belt": belt,
    "still": lambda rng: np.ones((6000, 6)),
    "unknown": lambda rng: np.full((6000, 6), np.nan),
    "shorter than a block": lambda rng: rng.standard_normal((20, 6)),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_rest_together_is_no_rest(kind, rng):
    assert not resting(KINDS[kind](rng), RATE).any()


def test_a_recording_of_rest_and_motion_says_so(tmp_path, rng):
    moving = moves(SECONDS["once"])
    samples = streams(rng, moving)
    samples[:, 1] = samples[:, 0] + 0.3 * samples[:, 1]
    columns = [np.arange(len(moving)) / RATE, samples, moving]
    table = columns_written(tmp_path / "arm.csv", "time,a,b,c,d,e,f,enabled", *columns, form="%.5f")
    results = analyse_bag(table, tmp_path / "out", formats=[], cores=2)
    (notice,) = [notice for notice in results.notices if "rests" in notice]
    assert notice == (
        "the platform rests for 49% of the recording: its channels are compared while it moves; table.enabled does "
        "not vary then."
    )
    names, significant = results.analysis.names, results.analysis.significance.significant
    assert [(names[a], names[b]) for a, b in np.argwhere(np.triu(significant))] == [("table.a", "table.b")]
