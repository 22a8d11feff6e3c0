"""The output of `infonet bag` for a real drive, without options."""

import re

import numpy as np
import pytest
from recordings import HUSKY
from scipy.signal import lfilter
from table_files import columns_written

from infonet_ros.offline.findings.findings_record import findings_record
from infonet_ros.offline.findings.sentences import findings
from infonet_ros.offline.job import analyse_bag


@pytest.fixture(scope="module")
def husky(tmp_path_factory):
    return analyse_bag(HUSKY, tmp_path_factory.mktemp("husky"), formats=[], cores=2).analysis


def test_the_first_five_lines_of_the_husky(husky):
    """The odometry is 0.40 s behind the gyroscope's y axis; covariances and positions share nothing."""
    first = [str(one) for one in findings(husky)[:5]]
    (turn,) = [line for line in first if "twist.angular.z and imu_data.angular_velocity.y share" in line]
    assert 0.7 < float(re.search(r"share (\d\.\d+) nats", turn)[1]) < 1.1
    assert abs(float(re.search(r"twist.angular.z follows by (\d\.\d+) s", turn)[1]) - 0.4) < 0.06
    assert "no shift of stamps suits all channels" in turn  # the pose is not late, its speeds are filtered
    assert not re.search(r"covariance|latitude(?!\|rate)|position\.[xyz](?!\|rate)|seq|stamp\b", " ".join(first))


def test_scripts_get_the_same(husky):
    record = findings_record(husky)
    assert [one["sentence"] for one in record["findings"]] == [str(one) for one in findings(husky)]
    assert all(set(one["channels"]) <= set(record["channels"]) for one in record["findings"])
    gyro, odometry = "imu_data.angular_velocity.y", "husky_velocity_controller_odom.twist.twist.angular.z"
    (pair,) = [one for one in record["pairs"] if {one["a"], one["b"]} == {gyro, odometry}]
    assert pair["mi"] == pytest.approx(0.92, abs=0.1)  # by nearest neighbours
    assert abs(pair["lag"]) == pytest.approx(0.4, abs=0.05)
    assert pair["p_adjusted"] < 0.001
    assert pair["delay_clear"]


def test_the_gyroscope_explains_what_other_streams_know_of_the_turn(husky):
    names, gyro = husky.names, "imu_data.angular_velocity.y"
    turns = ("imu_data.orientation|yaw|rate", "husky_velocity_controller_odom.pose.pose.orientation|yaw|rate")
    a, b = sorted(names.index(name) for name in turns)
    one = husky.explanations[a, b]
    assert names[one.third] == gyro and one.left < 0.15 < 0.8 < husky.whole.matrix.mi[a, b]


def numbers_of(value):
    """All numbers of a record at any depth, except those in its sentences."""
    if isinstance(value, dict):
        return [number for one in value.values() for number in numbers_of(one)]
    if isinstance(value, list):
        return [number for one in value for number in numbers_of(one)]
    return [abs(float(value))] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def test_every_number_in_the_sentences_is_in_the_record(husky):
    record = findings_record(husky)
    there = [scaled for number in numbers_of(record) for scaled in (number, 100.0 * number)]
    sentences = [one["sentence"] for one in record["findings"]] + [str(husky.significance), *husky.whole.notices()]
    for sentence in sentences:
        for name in (*husky.names, *(f"/{modality.topic}" for modality in husky.settings.modalities)):
            sentence = sentence.replace(name, "")
        for text in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*\w)", sentence):
            half = 0.5 * 10.0 ** -len(text.partition(".")[2])
            assert any(abs(float(text) - one) <= 1.001 * half for one in there), (text, sentence)


def test_a_command_and_the_joint_that_follows_it_are_found_in_one_table(tmp_path):
    """With its measured position beside it, and without; and a battery that empties, under the load of both."""
    rng, rate, count, late = np.random.default_rng(3), 50.0, 3000, 3
    speed = lfilter([1.0], [1.0, -0.95], rng.standard_normal((count, 2)), axis=0)
    moved = np.roll(speed, late, axis=0)
    load = np.abs(moved).sum(axis=1)
    columns = {
        "time": np.arange(count) / rate,
        "cmd_a": np.cumsum(speed[:, 0]) / rate,
        "cmd_b": np.cumsum(speed[:, 1]) / rate,
        "pos_a": np.cumsum(moved[:, 0]) / rate + 0.002 * rng.standard_normal(count),
        "vel_a": moved[:, 0] + 0.3 * rng.standard_normal(count),
        "vel_b": moved[:, 1] + 0.3 * rng.standard_normal(count),
        "battery": 25.2 - 0.001 * np.arange(count) - 0.05 * load + 0.1 * rng.standard_normal(count),
        "current": load + 0.3 * rng.standard_normal(count),
    }
    table = columns_written(tmp_path / "arm.csv", ",".join(columns), *columns.values())
    lines = [str(one) for one in findings(analyse_bag(table, tmp_path / "out", formats=[], cores=2).analysis)]
    joints = re.search(
        r"table\.cmd_\*\|rate and table\.vel_\* share .* for \* = a, b; .* follows by (\d\.\d+) s", lines[0]
    )
    assert float(joints[1]) == pytest.approx((late + 0.5) / rate, abs=0.006)  # sums are half a sample late
    battery = re.compile(r"table\.current and table\.battery\|rate\(\d\.\d+\) share")  # more than its level
    assert any(map(battery.match, lines))


def test_delays_of_a_slow_recording_are_searched_in_its_samples(tmp_path):
    """A valve of a plant, read once a second; the flow follows by four seconds."""
    rng, count = np.random.default_rng(5), 1800
    valve = np.repeat(rng.integers(0, 100, count // 12), 12).astype(float)
    flow = 0.1 * np.roll(valve, 4) + rng.standard_normal(count)
    table = columns_written(tmp_path / "plant.csv", "time_s,valve,flow", np.arange(count), valve, flow)
    line, *_ = (str(one) for one in findings(analyse_bag(table, tmp_path / "out", formats=[], cores=2).analysis))
    assert abs(float(re.search(r"table.flow follows by (\d\.\d+) s", line)[1]) - 4.0) <= 0.2


def test_a_gyro_whose_sign_turns_over_is_the_first_finding(tmp_path):
    """It follows the command by 0.2 s, and shares as much with it before and after."""
    rng, count, rate = np.random.default_rng(6), 2400, 20
    command = lfilter([0.3], [1.0, -0.95], rng.standard_normal(count))
    turned = np.roll(command, 4)
    gyro, odometry = (turned + 0.15 * rng.standard_normal(count) for _ in range(2))
    gyro[count // 2 :] *= -1.0
    columns = [np.arange(count) / rate, command, gyro, odometry]
    table = columns_written(tmp_path / "drive.csv", "time,command,gyro,odometry", *columns)
    first, *_, last = findings(analyse_bag(table, tmp_path / "out", formats=[], cores=2).analysis)
    assert re.fullmatch(r"The sign of table\.gyro changed after (59|60|61) s, relative to .*\.", str(first))
    assert {*first.channels} == {"table.command", "table.gyro", "table.odometry"}
    assert str(last) == "No other dependence changed."


def test_one_of_two_sensors_of_a_quantity_that_drifts_reads_0_for_a_while(tmp_path):
    """Both distances to a wall drift for all that the recording shows, and they share nearly all that they do."""
    rng, keep = np.random.default_rng(1), np.exp(-1.0 / 80.0)
    slow = lfilter([1.0], np.convolve([1.0, -keep], [1.0, -keep]), rng.standard_normal(4600))[1600:]
    distance, times = 4.0 + slow / slow.std(), np.arange(3000) / 20.0
    sonar, laser = distance + 0.01 * rng.standard_normal((2, 3000))
    sonar[1800:2000] = 0.0
    np.savetxt(tmp_path / "walls.csv", np.stack([times, sonar, laser], axis=1), "%.4f", ",", "\n", "time,sonar,laser")
    first = str(findings(analyse_bag(tmp_path / "walls.csv", formats=[], cores=1).analysis)[0])
    assert re.fullmatch(r"table.sonar keeps its value from 90 s .*, while .*", first)


def test_a_noisy_height_and_a_climb_rate_are_found_by_the_rate_over_a_time_that_suits_the_noise(tmp_path):
    """A barometer: from sample to sample, two thirds of its steps and more are noise."""
    rng, rate, count = np.random.default_rng(7), 20.0, 3000
    climb = lfilter([0.3], [1.0, -0.97], rng.standard_normal(count))
    height = np.cumsum(climb) / rate + 0.3 * rng.standard_normal(count)
    columns = [np.arange(count) / rate, height, climb + 0.1 * rng.standard_normal(count)]
    table = columns_written(tmp_path / "drone.csv", "time,baro/height,ekf/climb", *columns)
    results = analyse_bag(table, tmp_path / "out", formats=[], cores=2)
    line, *_ = results.findings
    assert re.match(r"baro\.height\|rate\(\d\.\d\) and ekf\.climb share (0\.[5-9]|1\.)\d+ nats", line), line
    (span,) = [notice for notice in results.notices if "because of noise" in notice]
    assert re.fullmatch(r"Rate of change over \d\.\d s, because of noise or repeated values: baro height\.", span)
    level, by_rate = (field.channel for field in results.fields if field.path == "height")
    assert (level, by_rate) == ("baro.height", line.split()[0])


def test_a_late_speed_and_the_rate_of_its_position_are_compared_over_time(tmp_path):
    rng, rate, count, late = np.random.default_rng(8), 50.0, 4000, 9
    speed = lfilter([0.3], [1.0, -0.98], rng.standard_normal(count + late))
    position, told = np.cumsum(speed)[late:] / rate, speed[:-late] + 0.05 * rng.standard_normal(count)
    table = columns_written(tmp_path / "joint.csv", "time,position,velocity", np.arange(count) / rate, position, told)
    line, *_ = analyse_bag(table, tmp_path / "out", formats=[], cores=2).findings
    assert line.startswith("table.position|rate and table.velocity share ")
    assert float(re.search(r"table.velocity follows by (\d\.\d+) s", line)[1]) == pytest.approx(late / rate, abs=0.02)


def test_a_clock_that_runs_away_is_no_change_of_dependence(tmp_path):
    """In windows without delays the MI falls as the stamps drift apart."""
    rng, rate, count = np.random.default_rng(9), 50.0, 3000
    turn = lfilter([0.3], [1.0, -0.8], rng.standard_normal(10 * count))
    times, tables = np.arange(count) / rate, []
    for name, stamps in (("base", times), ("head", 1.002 * times)):
        measured = turn[:count] + 0.2 * rng.standard_normal(count)
        tables.append(columns_written(tmp_path / f"{name}.csv", "time,gyro", stamps, measured))
    first, pair, last = analyse_bag(tables, tmp_path / "out", formats=[], cores=2).findings
    assert first.startswith("The stamps of head run ahead of those of base, by 2")
    assert "follows by" not in pair  # it follows by another time in every minute
    assert last == "No dependence changed."
