"""Real Dask workers, in processes of their own."""

import csv
import io
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from urllib.parse import quote

import numpy as np
import pytest

pytest.importorskip("distributed", reason="needs the extra 'dask': pip install distributed")

from html_pages import Page
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from infonet_ros.dependence.comparison import WindowedRecording
from infonet_ros.errors import ConfigurationError, MissingDependencyError, OutputError, RecordingError
from infonet_ros.fleet import commands
from infonet_ros.fleet.job import Outcome, analyse_fleet, connected, folder_names, folder_of_attempts
from infonet_ros.fleet.summary import Differences, difference_table, differences, page, table
from infonet_ros.offline.findings.findings_record import findings_record
from infonet_ros.offline.job import analyse_bag
from infonet_ros.offline.results.formats import Format
from infonet_ros.settings import Modality, Settings

SECONDS = 1_000_000_000
SETTINGS = Settings(
    modalities=(Modality("gyro", "/gyro", ("vector.x", "vector.y")), Modality("wheel", "/wheel", ("data",))),
    window=10.0,
    hop=5.0,
    device="cpu",
)


@pytest.fixture(scope="module")
def bags(tmp_path_factory):
    """Three short recordings, and a file that is not a recording."""
    folder, store = tmp_path_factory.mktemp("bags"), get_typestore(Stores.ROS2_JAZZY)
    types = store.types
    for seed in range(3):
        rng = np.random.default_rng(seed)
        with Writer(folder / f"robot{seed}", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
            gyro = writer.add_connection("/gyro", "geometry_msgs/msg/Vector3Stamped", typestore=store)
            wheel = writer.add_connection("/wheel", "std_msgs/msg/Float64", typestore=store)
            for tick in range(20 * 30):
                now = 1_700_000_000 * SECONDS + tick * SECONDS // 20
                x, y, noise = rng.normal(size=3)
                stamp = types["builtin_interfaces/msg/Time"](sec=now // SECONDS, nanosec=now % SECONDS)
                message = types["geometry_msgs/msg/Vector3Stamped"](
                    header=types["std_msgs/msg/Header"](stamp=stamp, frame_id=""),
                    vector=types["geometry_msgs/msg/Vector3"](x=x, y=y, z=0.0),
                )
                writer.write(gyro, now, store.serialize_cdr(message, message.__msgtype__))
                data = types["std_msgs/msg/Float64"](data=x + 0.3 * noise)
                writer.write(wheel, now, store.serialize_cdr(data, data.__msgtype__))
    (folder / "broken.mcap").write_bytes(b"no bag")
    return [folder / f"robot{seed}" for seed in range(3)] + [folder / "broken.mcap"]


def until(condition, bound=120.0):
    deadline = time.monotonic() + bound
    while not (result := condition()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)
    return result


def dies_at_its_first_bag(died):
    """Return a function for all workers: the first of them that analyses a bag dies, and leaves a file half written."""

    def plant():
        from infonet_ros.fleet import job

        analyse = job.analyse_bag

        def analyse_or_die(bag, attempt, *arguments, **options):
            try:
                with died.open("x") as file:
                    file.write(str(os.getpid()))
            except FileExistsError:
                return analyse(bag, attempt, *arguments, **options)
            attempt.mkdir(parents=True)
            (attempt / "infonet.npz").write_bytes(b"half")
            return os.kill(os.getpid(), signal.SIGKILL)

        job.analyse_bag = analyse_or_die

    return plant


def test_a_worker_that_dies_changes_nothing(bags, tmp_path):
    out, died = tmp_path / "out", tmp_path / "died"
    with folder_of_attempts(out), connected(None, workers=2) as client:
        client.run(dies_at_its_first_bag(died))
        outcomes = analyse_fleet(client, bags, out, SETTINGS, [Format.npz])
        assert int(died.read_text()) not in client.run(os.getpid).values()
    assert [outcome.name for outcome in outcomes] == ["robot0", "robot1", "robot2", "broken"]
    assert "is not a readable bag" in outcomes[3].problem
    assert sorted(path.name for path in out.iterdir()) == ["robot0", "robot1", "robot2"]
    for bag, outcome in zip(bags[:3], outcomes[:3], strict=True):
        alone = analyse_bag(bag, tmp_path / "alone" / bag.name, SETTINGS, formats=[Format.npz], cores=1)
        assert outcome.findings == findings_record(alone.analysis)
        here, there = (np.load(folder / bag.name / "infonet.npz") for folder in (tmp_path / "alone", out))
        assert here.files == there.files
        for name in here.files:
            if name != "duration":
                np.testing.assert_array_equal(here[name], there[name])


LATE = """
import logging
from infonet_ros.fleet.job import connected

if __name__ == "__main__":
    with connected(None, workers=1):
        pass
    logging.getLogger("distributed.batched").info("a connection closed late")
"""


def test_nothing_of_dask_is_printed():
    """Neither what it logs after its workers have ended, nor that another cluster has its usual port."""
    with socket.socket() as other:
        with suppress(OSError):  # another cluster does have it
            other.bind(("127.0.0.1", 8787))
            other.listen()
        done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize(
    ("number", "sign"),
    [(signal.SIGINT, "out/.attempts/*"), (signal.SIGTERM, "scratch/infonet-*")],
    ids=["at work", "while workers start"],
)
def test_ctrl_c_reaches_all_processes_and_nothing_is_left(bags, tmp_path, number, sign):
    out, scratch = tmp_path / "out", tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "infonet_ros", "fleet", *bags[:2], "--out", out, "--workers", "2"]
    environment = {**os.environ, "TMPDIR": str(scratch)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        until(lambda: any(tmp_path.glob(sign)))
        os.killpg(process.pid, number)  # as the terminal does
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()

    assert process.returncode == 128 + number
    assert "Traceback" not in errors
    left = [*scratch.iterdir(), *(out.iterdir() if out.exists() else ())]
    assert [path.name for path in left if not path.name.startswith("robot")] == []


def test_no_scheduler_is_one_sentence(monkeypatch):
    monkeypatch.setattr("infonet_ros.fleet.job._CONNECT", 0.2)
    with pytest.raises(ConfigurationError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:1'"):
        connected("tcp://127.0.0.1:1", None).__enter__()


def test_a_file_in_the_place_of_the_folder_is_said_to_be_one(tmp_path):
    (tmp_path / "out").write_text("here")
    with pytest.raises(OutputError, match="out is a file: expected a folder"), folder_of_attempts(tmp_path / "out"):
        pass
    assert (tmp_path / "out").read_text() == "here"


def test_bags_of_one_name_keep_their_folders_apart(tmp_path):
    bags = [tmp_path / "a" / "run", tmp_path / "b" / "run", tmp_path / "c.mcap"]
    assert folder_names(bags) == ["a_run", "b_run", "c.mcap"]
    assert folder_names(bags[1:]) == ["run", "c"]
    with pytest.raises(RecordingError, match="was given twice"):
        folder_names([bags[0], bags[0]])


def test_no_folder_has_the_name_of_another_or_of_a_file_of_the_fleet(tmp_path):
    bags = [tmp_path / "a_b" / "c", tmp_path / "a" / "b_c", tmp_path / "x" / "c"]
    assert folder_names(bags) == ["a_b_c", "a_b_c_2", "x_c"]
    assert folder_names([tmp_path / "fleet.csv.mcap", tmp_path / ".attempts"]) == ["fleet.csv_2", ".attempts_2"]


def test_long_and_odd_names_of_bags_are_names_of_folders(tmp_path):
    bags = [tmp_path / ("ö" * 90) / "run\n1", tmp_path / ("ö" * 90) / "run\n2", tmp_path / "deep" / "run\n2"]
    names = folder_names(bags)
    assert len(set(names)) == 3
    for name in names:
        (tmp_path / name).mkdir()  # which no file system refuses
        assert name.isprintable()


def pair(mi, a="x", b="<b>"):
    return {"a": a, "b": b, "mi": mi, "lower": 0.1, "upper": 0.5, "p_value": None, "p_adjusted": None, "lag": 0.0}


def windowed(name, seed, mi=1.0, count=12):
    """Return the outcome of a robot with a gyroscope and a wheel, by its windows alone."""
    rng = np.random.default_rng(seed)
    shared = np.full((count, 2, 2), np.nan)
    shared[:, 0, 1] = shared[:, 1, 0] = mi + 0.1 * rng.standard_normal(count)
    mean, spread = rng.standard_normal((count, 2)), np.exp(0.1 * rng.standard_normal((count, 2)))
    unknown = np.full(shared.shape, np.nan)
    return Outcome(name, windows=WindowedRecording(("gyro", "wheel"), shared, mean, spread, unknown))


def test_the_robot_that_slips_differs_from_all_others(tmp_path):
    fleet = [windowed("r0", 0), windowed("r1", 1), windowed("<r2>", 2, mi=0.3), windowed("r3", 3)]
    found = differences([*fleet, windowed("short", 4, count=2), Outcome("broken", problem="is no bag")])
    assert next((whom, one.what, one.names) for whom, one in found.real) == ("<r2>", "mi", ("gyro", "wheel"))
    assert {whom for whom, one in found.real if one.what != "mi"} == set()
    assert "short: the second group has 2 windows" in found.notices[0]
    (rows,) = [line for line in difference_table(found).splitlines() if line.startswith("<r2>,mi")]
    assert float(rows.split(",")[5]) == pytest.approx(0.3, abs=0.1)
    text = page(tmp_path, [], found)
    assert "&lt;r2&gt;" in text
    assert "gyro - wheel" in text
    assert "No difference is significant." not in text


def test_a_second_group_is_compared_with_the_first():
    before, after = ([windowed(f"r{seed + k}", seed + k, mi=mi) for k in range(4)] for seed, mi in ((0, 1.0), (4, 0.3)))
    found = differences(before, after)
    assert {whom for whom, _ in found.found} == {"4 bags"}
    assert not found.notices
    assert [one.names for _, one in found.real if one.what == "mi"] == [("gyro", "wheel")]
    assert not differences(before, before).real


def test_the_summary_shows_who_stands_out_and_escapes(tmp_path):
    outcomes = [
        Outcome(name, {"pairs": [pair(mi)], "channels": ["x", "<b>"], "windows": 3, "duration": 30.0})
        for name, mi in (("r1", 0.5), ("r2", 0.04), ("r3", 0.6))
    ]
    outcomes.append(Outcome("r4", problem="is <not> a bag"))
    text = page(tmp_path, outcomes, Differences(()))
    bags, pairs = Page(text).tables
    assert "No difference is significant." in text
    assert pairs[1] == ["x - <b>", "3", "0.04", "r2", "0.50", "0.60", "r3"]
    assert bags[4] == ["r4", "–", "–", "is <not> a bag"]  # noqa: RUF001
    assert "<b>" not in text
    assert table(outcomes).splitlines()[:2] == [
        "bag,a,b,mi,lower,upper,p_value,p_adjusted,lag",
        "r1,x,<b>,0.5,0.1,0.5,,,0.0",
    ]


def test_a_bag_links_to_its_report_whatever_it_is_called(tmp_path):
    name = "javascript:a \x1b[31m'\"<"
    (tmp_path / name).mkdir()
    (tmp_path / name / "report.html").touch()
    found = {"pairs": [], "channels": [], "windows": 3, "duration": 30.0}
    parsed = Page(page(tmp_path, [Outcome(name, found)], Differences(())))
    assert [attributes["href"] for tag, attributes in parsed.tags if tag == "a"] == [f"{quote(name)}/report.html"]
    assert parsed.tables[0][1][0] == "javascript:a \\x1b[31m'\"<"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@sum", "'@sum"), ("\r=1", r"\r=1"), ("a\n=1", r"a\n=1")],
)
def test_a_bag_that_is_called_like_a_formula_is_none_in_a_spreadsheet(name, shown):
    rows = list(csv.reader(io.StringIO(table([Outcome(name, {"pairs": [pair(0.5)]})]), newline="")))
    assert [row[0] for row in rows] == ["bag", shown]


def test_without_dask_the_command_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(commands, "find_spec", lambda name: None)
    with pytest.raises(
        MissingDependencyError, match="distributed, which is not installed: run `pip install distributed`"
    ):
        commands.fleet([tmp_path / "bag"], tmp_path)
