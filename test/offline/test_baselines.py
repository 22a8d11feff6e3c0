import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from recordings import EPOCH, SECOND, header, write_ros2
from table_files import columns_written, written

from infonet_ros.dependence.baselines.baseline import DECOUPLED, Baseline
from infonet_ros.errors import RecordingError, WeightsError
from infonet_ros.offline.baselines.checking import check_recording
from infonet_ros.offline.baselines.comparing import compare_recordings
from infonet_ros.offline.baselines.learning import learn_baseline
from infonet_ros.settings import load_settings

PARAMS = """
infonet:
  ros__parameters:
    modalities: [gyro, odom]
    gyro: {topic: /gyro, channels: [vector.x, vector.y]}
    odom: {topic: /odom, channels: [vector.x, vector.y]}
    max_lag: 1.0
"""


def drive(store, seed, seconds=150.0, fault=None):
    """Gyroscope and odometry, 0.2 s later, at 20 Hz; from 75 s on the odometry may slip or fall silent."""
    rng = np.random.default_rng(seed)
    count = round(seconds * 20)
    turn = np.convolve(rng.standard_normal(count + 20), np.ones(3), mode="same")
    kind = "geometry_msgs/msg/Vector3Stamped"
    vector = store.types["geometry_msgs/msg/Vector3"]
    for k in range(count):
        now = EPOCH + round(k * SECOND / 20)
        gyro = vector(x=float(turn[k + 10]), y=float(rng.standard_normal()), z=0.0)
        seen = turn[k + 6] + 0.5 * rng.standard_normal()
        if fault == "worn" and k % 2:
            seen = turn[k + 6] + 3.0 * rng.standard_normal()
        if fault == "slip" and k >= 1500:
            seen = rng.standard_normal() * 1.7
        odom = vector(x=float(seen), y=float(rng.standard_normal()), z=0.0)
        yield "/gyro", kind, now, store.types[kind](header=header(store, now), vector=gyro)
        lost = k >= 1500 and (fault == "silent" or (fault == "halved" and k % 2))
        if not lost:
            yield "/odom", kind, now, store.types[kind](header=header(store, now), vector=odom)


@pytest.fixture(scope="module")
def drives(tmp_path_factory, store):
    """Two good recordings and those to be checked, with a parameter file."""
    folder = tmp_path_factory.mktemp("drives")
    (folder / "params.yaml").write_text(PARAMS)
    for name, seed, fault in [
        ("good_1", 0, None), ("good_2", 1, None), ("sound", 2, None), ("slip", 3, "slip"), ("silent", 4, "silent"),
        ("halved", 6, "halved"),
    ]:  # fmt: skip
        write_ros2(folder / name, store, drive(store, seed, fault=fault))
    for seed in (7, 8, 9):
        write_ros2(folder / f"worn_{seed}", store, drive(store, seed, 60.0, "worn"))
    return folder


@pytest.fixture(scope="module")
def baseline(drives):
    learnt, _ = learn_baseline([drives / "good_1", drives / "good_2"], load_settings(drives / "params.yaml"))
    learnt.save(drives / "robot.baseline")
    return drives / "robot.baseline"


def test_a_baseline_is_learnt_and_says_what_it_promises(drives, infonet):
    good = [drives / "good_1", drives / "good_2"]
    done = infonet("learn", *good, "--params", drives / "params.yaml", "--out", "robot.baseline")
    assert done.returncode == 0, done.stderr
    assert "1 pair and 2 single channels learnt from" in done.stdout
    columns, times = done.stdout.splitlines()[1:3]
    assert columns.split() == ["decoupled", "sign", "late", "offset", "gain"]
    assert re.match(r"(  +(\d+\.\d|-)){5}  gyro.vector.x - odom.vector.x \(", times)
    assert "odom.vector.x 0.20 s later" in done.stdout
    assert Path("robot.baseline").exists()
    assert "One false alarm in 3600 s is an extrapolation: 298 s of good recordings support one in" in done.stdout
    assert "Channels in no pair are watched alone, for silence, another rate, freezing, spikes" in done.stdout
    assert "values far out of range: gyro.vector.y, odom.vector.y." in done.stdout
    kept = Baseline.load(Path("robot.baseline"))
    assert 20.0 < kept.coverage.supported <= 100.0
    assert [kept.names[column] for column in kept.alone] == ["gyro.vector.y", "odom.vector.y"]


def test_scripts_get_what_was_learnt(drives, infonet):
    done = infonet("learn", drives / "good_1", "--params", drives / "params.yaml", "--interval", "10", "--json")
    found = json.loads(done.stdout)
    assert (found["false_alarm_interval"], found["recordings"]) == (10.0, ["good_1"])
    assert 10.0 < found["supported_interval"] <= 50.0
    assert [(one["a"], one["b"], one["lag"]) for one in found["pairs"]] == [("gyro.vector.x", "odom.vector.x", 0.2)]
    assert 0.0 < found["pairs"][0]["time_to_alarm"] < 5.0
    others = found["pairs"][0]["time_to_alarm_of"]
    assert list(others) == ["sign", "late", "offset", "gain"]
    assert 0.0 < others["late"] < 5.0
    assert found["single_channels"] == [{"name": f"{one}.vector.y", "not_found": []} for one in ("gyro", "odom")]
    within = infonet("check", drives / "sound", "--interval", "10", "--json")
    assert not within.stderr


def check(infonet, recording: Path, baseline: Path, *options):
    done = infonet("check", recording, "--baseline", baseline, "--json", *options)
    assert done.stderr.startswith("Note: one false alarm in 3600 s is an extrapolation: ")
    return done.returncode, json.loads(done.stdout)


def test_a_sound_recording_gives_no_alarm(drives, baseline, infonet):
    status, found = check(infonet, drives / "sound", baseline)
    assert (status, found["alarms"]) == (0, [])
    assert found["start"] == pytest.approx(EPOCH / SECOND, abs=0.5)


@pytest.mark.parametrize(
    ("fault", "kind", "within"), [("slip", "decoupled", 6.0), ("silent", "silent", 4.0), ("halved", "other rate", 3.0)]
)
def test_a_fault_is_an_alarm_and_exit_status_3(drives, baseline, infonet, fault, kind, within):
    status, found = check(infonet, drives / fault, baseline)
    assert status == 3
    alarm = found["alarms"][0]
    assert (alarm["a"], alarm["b"], alarm["kind"]) == ("gyro.vector.x", "odom.vector.x", kind)
    began = EPOCH / SECOND + 75.0
    assert began - 0.5 < alarm["time"] < began + within
    assert alarm["evidence"] >= 0.0
    assert alarm["end"] is None
    assert found["end"] == pytest.approx(EPOCH / SECOND + 150.0, abs=3.0)


def test_scripts_get_the_causes_that_the_words_tell(drives, baseline, infonet):
    _, found = check(infonet, drives / "silent", baseline)
    (cause,) = found["causes"]
    assert cause["alarms"] == [0, 1]
    assert (cause["kind"], cause["channel"], cause["end"]) == ("silent", "odom", None)
    assert cause["words"] == "odom sent no value: 1 pair and 1 single channel, with gyro.vector.x"
    assert cause["words"] in infonet("check", drives / "silent", "--baseline", baseline).stdout


def test_a_recording_that_is_shorter_than_the_time_to_an_alarm_is_told(drives, baseline):
    known = Baseline.load(baseline)
    views = (replace(view, growth={DECOUPLED: view.growth[DECOUPLED] / 40.0}) for view in known.views)
    slow = replace(known, views=tuple(views))
    (seconds,) = slow.detection_times(3600.0)
    assert seconds > 6.0
    for duration, told in ((seconds + 4.0, False), (seconds - 2.0, True)):
        notices = check_recording(drives / "sound", slow, 3600.0, duration=duration).notices
        assert any("an alarm of 1 of 1 pair takes longer" in one for one in notices) is told


def test_the_words_name_the_pair(drives, baseline, infonet):
    done = infonet("check", drives / "slip", "--baseline", baseline)
    assert done.returncode == 3
    assert "slip: 1 pair and 2 single channels over 1" in done.stdout
    assert "gyro.vector.x and odom.vector.x no longer depend on each other as before" in done.stdout


@pytest.fixture(scope="module")
def damaged(drives, store):
    """The sound recording, with one stamp an hour ahead."""
    path = drives / "damaged"

    def messages():
        for k, (topic, kind, now, message) in enumerate(drive(store, 2)):
            if k == 100:
                message.header.stamp.sec += 3600
            yield topic, kind, now, message

    write_ros2(path, store, messages())
    return path


def test_what_is_left_out_is_reported_as_by_infonet_bag(drives, baseline, damaged, infonet, tmp_path):
    done = infonet("check", damaged, "--baseline", baseline, "--report", tmp_path / "check.html", "--json")
    sentence = "1 message of /gyro left out: its stamp does not fit"
    assert sentence in " ".join(done.stderr.split())
    assert sentence in json.loads(done.stdout)["notices"][0]
    assert sentence in (tmp_path / "check.html").read_text()
    params = drives / "params.yaml"
    done = infonet("compare", damaged, drives / "good_1", "--params", params, "--json")
    assert [note for note in json.loads(done.stdout)["notices"] if f"damaged: {sentence}" in note]
    done = infonet("learn", drives / "good_1", damaged, "--params", params, "--out", tmp_path / "robot.baseline")
    assert f"Note: damaged: {sentence}" in " ".join(done.stderr.split())


def test_the_page_says_the_same(drives, baseline, infonet, tmp_path):
    done = infonet("check", drives / "slip", "--baseline", baseline, "--report", tmp_path / "check.html")
    assert done.returncode == 3
    page = (tmp_path / "check.html").read_text()
    assert "gyro.vector.x and odom.vector.x no longer depend on each other as before" in page
    assert "<polyline" in page


def test_what_cannot_be_done_is_one_sentence(drives, baseline, infonet, tmp_path, store):
    write_ros2(tmp_path / "other", store, (row for row in drive(store, 5, 20.0) if row[0] == "/gyro"))
    for words, *command in [
        ("topic /odom of modality 'odom' is not in other", "check", tmp_path / "other", "--baseline", baseline),
        ("is not a baseline", "check", drives / "sound", "--baseline", drives / "params.yaml"),
        ("give recordings that have it, or name the", "learn", drives / "good_1", tmp_path / "other", "--out", "b"),
        ("no pair of other is strong and stable enough", "learn", tmp_path / "other", "--out", tmp_path / "b"),
    ]:
        done = infonet(*command)
        assert done.returncode == 1
        assert words in done.stderr
        assert len([line for line in done.stderr.splitlines() if line.startswith("infonet:")]) == 1
    assert not (tmp_path / "b").exists()


def odd(store, kind):
    """Return 30 s of a drive with one oddity from 10 s on, or all over it."""
    point = "geometry_msgs/msg/Vector3"
    for topic, name, now, message in drive(store, 11, 1.0 if kind == "short" else 30.0):
        odom, row = topic == "/odom", round((now - EPOCH) * 20 / SECOND)
        if kind == "empty" or (kind == "missing" and odom) or (kind == "one message" and odom and row):
            continue
        if (kind == "slower" and row % 2) or (kind == "paused" and 200 < row < 300):
            continue
        if kind == "of another day":
            now += 86_400 * SECOND
            message.header.stamp.sec += 86_400
        if kind == "one stamp" or (kind == "one stamp of a topic" and odom):
            message.header = header(store, EPOCH)
        if kind == "other frame" and odom:
            message.header.frame_id = "base_link"
        if kind == "other type" and odom:
            name, message = point, message.vector
        namespace = "/robot2" if kind == "in a namespace" else ""
        yield "/odometry" if kind == "renamed" and odom else namespace + topic, name, now, message


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("empty", 1, "holds no messages"),
        ("short", 1, "is too short to be checked: expected at least 2 s of all channels."),
        ("missing", 1, "is not in odd: topics with messages are /gyro; check recordings with all topics of"),
        ("renamed", 1, "is not in odd (did you mean '/odometry'? Then add --remap /odom:=/odometry)"),
        ("in a namespace", 1, "is not in odd (did you mean '/robot2/gyro'? Then add --remap /:=/robot2)"),
        ("other type", 1, "geometry_msgs/msg/Vector3 has no field 'vector'"),
        ("one stamp", 1, "too short to be checked (messages with the stamp of an earlier one are left out"),
        ("one stamp of a topic", 3, "odom sent no value"),
        ("one message", 3, "odom sent no value"),
        ("slower", 3, "odom has 10 messages a second, in the good recordings 20"),
        ("paused", 3, "3 alarms of 2 causes: 2023-11-14 22:13:31 UTC: gyro sent no value: 1 pair and 1 single"),
        ("other frame", 0, "no alarm"),
        ("of another day", 0, "no alarm"),
    ],
)
def test_an_odd_recording_is_one_sentence_and_the_right_status(baseline, infonet, store, tmp_path, kind, status, words):
    write_ros2(tmp_path / "odd", store, odd(store, kind))
    done = infonet("check", tmp_path / "odd", "--baseline", baseline)
    assert done.returncode == status
    assert words in " ".join((done.stdout + done.stderr).split())
    assert len([line for line in done.stderr.splitlines() if line.startswith("infonet:")]) == (status == 1)


def test_topics_in_another_namespace_are_remapped(drives, baseline, infonet, store, tmp_path):
    write_ros2(tmp_path / "odd", store, odd(store, "in a namespace"))
    status, found = check(infonet, tmp_path / "odd", baseline, "--remap", "/:=/robot2")
    assert (status, found["alarms"]) == (0, [])
    done = infonet("check", tmp_path / "odd", "--baseline", baseline, "--remap", "/robot2")
    assert done.returncode == 1
    assert "--remap is '/robot2': expected OLD:=NEW" in done.stderr
    done = infonet("check", tmp_path / "odd", "--baseline", baseline, "--remap", "/odm:=/robot2/odom")
    said = " ".join(done.stderr.split())
    assert "no topic is /odm or begins with /odm/ (did you mean '/odom'?): the topics are " in said
    options = ("--params", drives / "params.yaml", "--window", "5")
    done = infonet("compare", drives / "good_1", tmp_path / "odd", *options)
    assert "Then add --remap /:=/robot2)" in " ".join(done.stderr.split())
    assert infonet("compare", drives / "good_1", tmp_path / "odd", *options, "--remap", "/:=/robot2").returncode == 0


def test_every_command_takes_the_weights_of_the_settings(drives, tmp_path):
    settings = load_settings(drives / "params.yaml").with_values(weights=str(tmp_path / "own.safetensors"))
    with pytest.raises(WeightsError, match=r"own\.safetensors is not there"):
        learn_baseline([drives / "good_1"], settings)
    with pytest.raises(WeightsError, match=r"own\.safetensors is not there"):
        compare_recordings([drives / "good_1"], [drives / "good_2"], settings)


def test_a_damaged_baseline_is_one_sentence(drives, baseline, tmp_path):
    known, path = Baseline.load(baseline), tmp_path / "damaged.baseline"
    replace(known, rate=0.0).save(path)
    with pytest.raises(RecordingError, match="is not a baseline"):
        Baseline.load(path)
    other = replace(known, parameters=known.parameters.replace("vector.", "vectors."))
    with pytest.raises(RecordingError, match="lack its channel"):
        check_recording(drives / "sound", other, 3600.0)


def test_recordings_of_one_name_are_several_and_one_given_twice_is_refused(drives, infonet, tmp_path):
    params = ("--params", drives / "params.yaml", "--out", tmp_path / "a.baseline")
    days = [tmp_path / day / "drive" for day in ("monday", "tuesday")]
    for day, name in zip(days, ("good_1", "good_2"), strict=True):
        shutil.copytree(drives / name, day)
    assert infonet("learn", *days, *params).returncode == 0
    assert Baseline.load(tmp_path / "a.baseline").recordings == ("drive", "drive_2")

    refused = infonet("learn", days[0], days[0], *params)
    assert refused.returncode == 1
    assert refused.stderr == f"infonet: {days[0]} was given twice: give each recording once.\n"


def test_recordings_are_compared(drives, infonet, tmp_path):
    """Where every second value of the odometry is noise, the pair shares less."""
    options = ("--params", drives / "params.yaml", "--window", "10", "--json")
    good, worn = ["good_1", "good_2", "sound"], ["worn_7", "worn_8", "worn_9"]
    against = [part for name in worn for part in ("--against", drives / name)]
    done = infonet("compare", *(drives / name for name in good), *against, *options)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["before"], found["after"]) == (good, worn)
    assert not found["notices"]
    (pair,) = [one for one in found["differences"] if one["names"] == ["gyro.vector.x", "odom.vector.x"]]
    assert pair["what"] == "mi"
    assert pair["shift"] < -0.2
    assert pair["upper"] < 0.0
    assert pair["real"]

    same = infonet("compare", drives / "good_1", drives / "good_2", "--params", drives / "params.yaml")
    assert same.returncode == 0
    assert "good_2 compared with good_1: no difference among" in same.stdout
    assert "how much two recordings of the same group differ" in " ".join(same.stderr.split())

    short = written(tmp_path, "time,x,y\n" + "".join(f"{k / 20:.2f},{k % 7},{k % 5}\n" for k in range(20)), "short.csv")
    long = tmp_path / "long.csv"
    rows = np.random.default_rng(0).standard_normal((2400, 2))
    long.write_text("time,x,y\n" + "".join(f"{k / 20:.2f},{x:.3f},{y:.3f}\n" for k, (x, y) in enumerate(rows)))
    refused = infonet("compare", long, short, "--window", "10")
    assert refused.returncode == 1
    assert "the second group has 0 windows without overlap: expected at least 4" in " ".join(refused.stderr.split())
    beside = infonet("compare", long, "--against", short, "--against", long, "--window", "10")
    assert beside.returncode == 0
    assert "long.csv compared with long.csv: no difference among 5 comparisons" in beside.stdout.replace(
        "short.csv, ", ""
    )
    assert "it has no window of 10 s, and is left out" in " ".join(beside.stderr.split())

    alone = infonet("compare", drives / "good_1")
    assert alone.returncode == 1
    assert "1 recording without --against: expected two recordings" in alone.stderr


def test_a_table_whose_time_is_named_by_the_user_is_learnt_checked_and_compared(infonet, tmp_path):
    rng = np.random.default_rng(0)
    drawn = np.convolve(rng.standard_normal(2009), np.ones(10), mode="valid")
    columns = [np.arange(2000) * 50.0, drawn, drawn + rng.standard_normal(2000)]
    columns_written(tmp_path / "log.csv", "tick,x,y", *columns, form="%.4f")
    clock = ("--time", "tick", "--time-unit", "ms")
    learnt = infonet("learn", tmp_path / "log.csv", "--out", tmp_path / "b", *clock, "--json")
    assert json.loads(learnt.stdout)["seconds"] == pytest.approx(100.0, abs=2.0)
    checked = infonet("check", tmp_path / "log.csv", "--baseline", tmp_path / "b", *clock, "--json")
    assert checked.returncode == 0
    assert json.loads(checked.stdout)["end"] - json.loads(checked.stdout)["start"] == pytest.approx(100.0, abs=2.0)
    compared = infonet("compare", tmp_path / "log.csv", tmp_path / "log.csv", "--window", "10", *clock)
    assert "no difference" in compared.stdout, compared.stderr
