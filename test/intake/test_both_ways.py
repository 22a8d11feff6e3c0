"""Fields that are compared by their levels and by their rates of change."""

from dataclasses import replace

import numpy as np
import pytest
from field_columns import column
from scipy.signal import lfilter
from table_files import columns_written

from infonet_ros.intake.proposing.both_ways import both_ways
from infonet_ros.intake.proposing.candidates import Candidate
from infonet_ros.intake.proposing.kinds import KINDS, kind_of
from infonet_ros.intake.proposing.proposal import propose
from infonet_ros.intake.recording import NumericField, chosen_span
from infonet_ros.intake.tables.tables import Tables
from infonet_ros.settings import Settings

COUNT, RATE = 4000, 20.0
WANDERING, MEASUREMENT = (next(kind for kind in KINDS if kind.name == name) for name in ("wandering", "measurement"))


def candidate(values, topic, kind=None):
    one = column(values, rate=RATE, path=topic)
    return Candidate(topic, NumericField(topic, 0), one, kind or kind_of(one))


def autoregressive(rng, past, count=COUNT):
    return lfilter([np.sqrt(1.0 - past**2)], [1.0, -past], rng.standard_normal(count))


def channels(*candidates):
    return [one.channel for one in both_ways(candidates)]


@pytest.mark.parametrize("seed", range(5))
def test_a_height_is_also_compared_by_its_rate_if_another_topic_measures_that(seed):
    rng = np.random.default_rng(seed)
    climb = autoregressive(rng, 0.95)
    height = np.cumsum(climb) / RATE + 0.05 * rng.standard_normal(COUNT)
    told, other = candidate(climb, "climb"), candidate(autoregressive(rng, 0.95), "other")
    (again,) = channels(candidate(height, "height", MEASUREMENT), told, other)
    assert again.startswith("height|rate(")
    assert channels(candidate(height, "climb", MEASUREMENT), told) == []  # of one topic


@pytest.mark.parametrize("seed", range(5))
def test_a_temperature_is_also_compared_by_its_rate_if_a_heater_tells_that(seed):
    """Of any topic: the five levels of a heater are no measured rate."""
    rng = np.random.default_rng(seed)
    heater = np.repeat(rng.choice([0.0, 25.0, 50.0, 75.0, 100.0], COUNT // 200), 200)
    warmth = lfilter([1.0 / 300.0], [1.0, -1.0 + 1.0 / 300.0], np.roll(heater, 20)) + 0.02 * rng.standard_normal(COUNT)
    fan = candidate(autoregressive(rng, 0.95), "fan")
    for topic in ("oven", "heater"):
        oven = replace(candidate(warmth, "oven", MEASUREMENT), topic=topic)
        (again,) = channels(candidate(heater, "heater"), oven, fan)
        assert again.startswith("oven|rate")


@pytest.mark.parametrize("seed", range(5))
def test_a_speed_that_seems_to_wander_and_what_it_follows_are_both_compared_by_level_and_by_rate(seed):
    rng = np.random.default_rng(seed)
    engine = autoregressive(rng, 0.97)
    speed = np.tanh(engine) + 0.1 * rng.standard_normal(COUNT)
    walk = np.cumsum(rng.standard_normal(COUNT))
    engine, speed = candidate(engine, "engine", MEASUREMENT), candidate(speed, "speed", WANDERING)
    assert {*channels(engine, speed, candidate(walk, "walk", WANDERING))} == {"speed", engine.channel + "|rate"}


@pytest.mark.parametrize("seed", range(5))
def test_a_sensor_that_reads_0_for_a_while_is_compared_by_its_rate_beside_one_that_wanders(seed):
    """At 0 it comes back to a level; the other one is known by its rate only."""
    rng = np.random.default_rng(seed)
    distance = 20.0 + np.cumsum(0.02 * rng.standard_normal(COUNT))
    sonar, laser = distance + 0.01 * rng.standard_normal((2, COUNT))
    sonar[2000:2300] = 0.0
    again = channels(candidate(sonar, "sonar", MEASUREMENT), candidate(laser, "laser", WANDERING))
    assert any(channel.startswith("sonar|rate") for channel in again)


def test_what_has_nothing_to_do_with_anything_is_compared_in_one_way():
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        walks = [candidate(np.cumsum(rng.standard_normal(COUNT)), f"walk{k}") for k in range(3)]
        found += channels(*walks, *(candidate(autoregressive(rng, 0.99), f"noise{k}") for k in range(3)))
    assert found == []


def test_the_summary_says_how_many_fields_are_used_both_ways(tmp_path):
    rng = np.random.default_rng(0)
    height = lfilter([0.1], [1.0, -0.9], autoregressive(rng, 0.95))
    columns = [np.arange(COUNT) / RATE, height, np.gradient(height) * RATE]
    with Tables([columns_written(tmp_path / "drone.csv", "time,baro/height,ekf/climb", *columns)]) as recording:
        proposal = propose(recording, Settings(), chosen_span(recording, 0.0, None))
    assert "1 field used both as it is and by rate." in proposal.brief
