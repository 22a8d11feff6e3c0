import json
import os
import re
import signal
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import numpy as np
import pytest
import yaml
from recordings import leg_and_speed, write_ros2
from table_files import columns_written

from infonet_ros.offline import job
from infonet_ros.offline.results.formats import Format
from infonet_ros.offline.results.matrix_bag import StampError
from infonet_ros.offline.results.outputs import OutputFolder
from infonet_ros.settings import load_settings

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "infonet_ros"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "TERM": "dumb", "COLUMNS": "100"}
QUICK = ("--window", "10", "--hop", "10", "--device", "cpu")
EARLIER = ("report.html", "infonet.csv", "infonet.npz")
ALL = {"params.yaml", "report.html", "infonet.csv", "infonet.parquet", "infonet.npz", "heatmap.png", "matrices"}


def as_a_process(*arguments, cwd, **options):
    """Run the command line as a user does, in a process of its own."""
    command = [*PROGRAM, *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=180, check=False, **options
    )


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def is_as_earlier(folder):
    return {path.name: path.read_text() for path in folder.iterdir()} == dict.fromkeys(EARLIER, "earlier")


def test_a_bag_gives_all_results_and_a_summary(small_bag, tmp_path):
    done = as_a_process("bag", small_bag, *QUICK, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert names_in(tmp_path / "small_infonet") == ALL
    assert "leg.force and speed.data share 1.86 nats (1.64 to 2.04); speed.data follows by 0.40 s" in done.stdout
    assert done.stderr == ""  # no progress bar without a terminal
    settings = load_settings(tmp_path / "small_infonet" / "params.yaml")
    assert settings.channel_names == ("leg.force", "leg.torque[0]", "speed.data")
    assert settings.window == 10.0
    page = (tmp_path / "small_infonet" / "report.html").read_text(encoding="utf-8")
    assert f"infonet bag {small_bag} --window 10" in page


def test_the_proposal_used_as_params_gives_the_same_numbers(small_bag, tmp_path, infonet):
    first = infonet("bag", small_bag, *QUICK, "--json", "--out", "a", "--format", "csv")
    second = infonet("bag", small_bag, "--params", "a/params.yaml", "--json", "--out", "b", "--format", "csv")
    assert second.returncode == 0, second.stderr
    assert names_in(tmp_path / "b") == {"params.yaml", "infonet.csv"}
    before, after = json.loads(first.stdout), json.loads(second.stdout)
    assert before["pairs"] == after["pairs"]
    assert before["duration"] == after["duration"] == 59.95  # without the nanosecond that ends the span
    assert (tmp_path / "a" / "infonet.csv").read_bytes() == (tmp_path / "b" / "infonet.csv").read_bytes()


def test_topics_of_a_params_file_are_chosen_by_globs(small_bag, tmp_path, infonet):
    parameters = {
        "modalities": ["leg", "speed"],
        "leg": {"topic": "/leg", "channels": ["force", "torque[0]"]},
        "speed": {"topic": "/speed", "channels": ["data"]},
    }
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"infonet": {"ros__parameters": parameters}}))
    arguments = ("--params", "params.yaml", "--topics", "/le*", "--json", "--format", "npz")
    done = infonet("bag", small_bag, *QUICK, *arguments)
    assert json.loads(done.stdout)["channels"] == ["leg.force", "leg.torque[0]"]


def test_a_table_is_analysed_as_a_bag_is(tmp_path, infonet):
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    rows = [f"{k / 20},{x[k]},{x[k - 4] + 0.2 * rng.normal()},{rng.normal()}" for k in range(600)]
    (tmp_path / "log.csv").write_text("\n".join(["time,x,late,noise", *rows]))
    done = infonet("csv", "log.csv", *QUICK, "--json", "--format", "npz")
    assert done.returncode == 0, done.stderr
    strongest = json.loads(done.stdout)["pairs"][0]
    assert {strongest["a"], strongest["b"]} == {"table.x", "table.late"}
    assert strongest["lag"] == pytest.approx(0.2, abs=0.001)
    assert strongest["mi"] > 0.8


def test_either_command_reads_either_kind(small_bag, tmp_path, infonet):
    k = np.arange(600)
    columns_written(tmp_path / "log.csv", "time,x,y", k / 20, np.sin(k), np.cos(3 * k))
    for command in ("bag", "csv"):
        for recording in (small_bag, "log.csv"):
            done = infonet(command, recording, *QUICK, "--format", "npz", "--out", "out")
            assert done.returncode == 0, done.stderr
    assert "channels" in done.stdout


def test_several_tables_are_one_recording(tmp_path, infonet):
    """Two files, two rates, each a topic; the second one follows the first."""
    rng = np.random.default_rng(0)
    x = np.convolve(rng.normal(size=1600), np.ones(8) / 8, "same")
    columns_written(tmp_path / "vel.csv", "time,x", np.arange(1600) / 40, x)
    columns_written(tmp_path / "steering.csv", "t_ms,angle", 25 * np.arange(0, 1600, 2), np.roll(x, 8)[::2])
    done = infonet("csv", "vel.csv", "steering.csv", *QUICK, "--json", "--format", "npz")
    assert done.returncode == 0, done.stderr
    pair = json.loads(done.stdout)["pairs"][0]
    assert (pair["a"], pair["b"]) == ("vel.x", "steering.angle")
    assert pair["lag"] == pytest.approx(0.2, abs=0.02)


def test_rows_that_a_table_loses_are_counted(tmp_path, infonet):
    """The clock has tenths of a second, with forty rows in each: the first of each tenth stays; one row has no time."""
    x = np.random.default_rng(6).normal(size=(2, 24_000))
    rows = [f"{k // 40 / 10 - 5.0},{a:.4f},{b:.4f}" for k, (a, b) in enumerate(x.T)]
    rows[7] = ",1,2"
    (tmp_path / "log.csv").write_text("\n".join(["time,x,y", *rows]))
    done = infonet("csv", "log.csv", *QUICK, "--json", "--format", "html")
    assert done.returncode == 0, done.stderr
    notices = json.loads(done.stdout)["notices"]
    assert done.stderr.splitlines() == [f"Note: {notice}" for notice in notices]
    assert "1 of 24000 rows are left out: their time 'time' is empty or not known." in notices
    assert any("(23399 of 23999 of table)" in notice for notice in notices)
    assert any("all times plus 5 s" in notice for notice in notices)
    assert "23399 of 23999" in (tmp_path / "log_infonet" / "report.html").read_text(encoding="utf-8")


def test_a_matrix_bag_that_cannot_be_is_left_out_unless_asked_for(small_analysis, tmp_path, monkeypatch):
    """A robot whose clock is beyond 2038 gets every other output."""

    def refuse(path, topics):
        raise StampError("a bag of the matrices cannot be written")

    monkeypatch.setattr(job, "write_matrix_bag", refuse)
    with OutputFolder(tmp_path / "out") as folder:
        assert "a bag of the matrices cannot be written" in job.write_results(folder, small_analysis, None, ())
    assert {"report.html", "infonet.csv"} < names_in(tmp_path / "out")
    with pytest.raises(StampError), OutputFolder(tmp_path / "asked") as folder:
        job.write_results(folder, small_analysis, [Format.mcap], ())


def test_quiet_says_nothing(small_bag, tmp_path, infonet):
    done = infonet("bag", small_bag, *QUICK, "--quiet", "--format", "npz", "--max-channels", "2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_fields_that_a_proposal_leaves_out_are_reported(small_bag, tmp_path, infonet):
    done = infonet("bag", small_bag, *QUICK, "--format", "npz", "--max-channels", "2")
    assert "Note: 1 channel beyond the limit of 2" in done.stderr


def test_the_clock_and_every_field_that_is_left_out_are_reported(small_bag, tmp_path, infonet):
    done = infonet("bag", small_bag, *QUICK, "--format", "html")
    assert "\nThe clock has 20 Hz, the rate of /leg, the slowest topic that fills a window.\n" in done.stdout
    assert "\nLeft out: 2 constant.\n" in done.stdout
    page = (tmp_path / "small_infonet" / "report.html").read_text(encoding="utf-8")
    assert "Left out as constant: /leg torque (2 elements)." in page
    record = json.loads(infonet("bag", small_bag, *QUICK, "--format", "npz", "--json").stdout)
    assert "Left out as constant: /leg torque (2 elements)." in record["notices"]
    fields = {(field["topic"], field["path"]): field for field in record["fields"]}
    assert fields["/leg", "torque[1]"]["kind"] == "constant"
    assert fields["/leg", "torque[1]"]["channel"] is None
    assert fields["/speed", "data"]["channel"] == "speed.data"


@pytest.mark.parametrize(("rows", "rate"), [(120, 100.0), (70, 100.0), (90, 5.0)])
def test_short_recordings_need_no_option(rows, rate, tmp_path, infonet):
    x, noise = np.random.default_rng(0).normal(size=(2, rows))
    columns_written(tmp_path / "short.csv", "time,x,y", np.arange(rows) / rate, x, x + 0.3 * noise, form="%.5f")
    done = infonet("csv", "short.csv", "--json", "--format", "npz", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["rate"] == rate
    assert record["windows"] >= 1
    assert record["pairs"][0]["mi"] > 0.8  # 1.25 nats, of few samples


def test_noise_does_not_drift_because_its_clock_is_a_little_fast(tmp_path, infonet):
    x, noise = np.random.default_rng(0).normal(size=(2, 6000))
    columns_written(tmp_path / "fast.csv", "time,x,y", np.arange(6000) / 100.01, x, x + 0.5 * noise, form="%.6f")
    done = infonet("csv", "fast.csv", "--format", "npz", "--device", "cpu")
    assert "table.x and table.y share 0.8" in done.stdout


def test_a_table_with_a_row_a_day_needs_no_option(tmp_path, infonet):
    x, noise = np.random.default_rng(0).normal(size=(2, 700))
    days = np.datetime64("2024-01-01") + np.arange(700)
    lines = [f"{day},{a:.5f},{b:.5f}" for day, a, b in zip(days, x, np.roll(x, 2) + 0.3 * noise, strict=True)]
    (tmp_path / "daily.csv").write_text("\n".join(["date,x,y", *lines]))
    done = infonet("csv", "daily.csv", "--format", "npz", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    days_late = float(re.search(r"table.y follows by (\d+) s", done.stdout)[1]) / 86400
    assert days_late == pytest.approx(2.0, abs=0.1)


def test_a_refusal_gives_numbers_that_work(small_bag, tmp_path, infonet):
    refused = infonet("bag", small_bag, "--window", "90", "--format", "npz")
    advice = re.search(r"choose (--window \S+ --hop \S+),", refused.stderr)[1].split()
    assert infonet("bag", small_bag, *advice, "--format", "npz", "--device", "cpu").returncode == 0
    too_short = infonet("bag", small_bag, "--duration", "2")
    assert "2 s at 20 Hz hold 40 samples, and one window and its ends need 68" in too_short.stderr


def test_names_do_not_steer_the_terminal(tmp_path, infonet):
    x = np.random.default_rng(5).normal(size=400)
    rows = "".join(f"{0.1 * i:.1f},{v:.4f},{v:.4f},high\n" for i, v in enumerate(x))
    (tmp_path / "log\x1b[2J.csv").write_text("time,odd\x1b[2J.x,odd\x1b[2J.y,odd\x1b[2J.note\n" + rows)
    done = infonet("csv", "log\x1b[2J.csv", *QUICK, "--out", "out", "--format", "npz")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(r"log\x1b[2J.csv: 2 channels")
    assert r"Note: odd\x1b[2J: column" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert len(load_settings(tmp_path / "out" / "params.yaml").channel_names) == 2


# ---- errors: one line, an exit code, and nothing touched ------------------------------------------------------------


@pytest.fixture
def earlier(tmp_path):
    """Results of an earlier run."""
    folder = tmp_path / "out"
    folder.mkdir()
    for name in EARLIER:
        (folder / name).write_text("earlier")
    return folder


def assert_one_line(done, words, code=1):
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert words in done.stderr


def test_errors_are_one_line(small_bag, tmp_path, earlier, infonet):
    cases = [
        (("bag", "absent.mcap"), "absent.mcap is not there"),
        (("bag", small_bag, "--window", "90"), "the window is 90 s, longer than the 60.0 s"),
        (("bag", small_bag, "--topics", "/arm"), "no topic of small matches '/arm'"),
        (("bag", small_bag, "--device", "tpu", "--window", "10"), "device is 'tpu'"),
        (("bag", small_bag, "--duration", "inf"), "--duration is inf: expected a number of seconds"),
        (("csv", "absent.csv"), "absent.csv is not there"),
    ]
    for arguments, words in cases:
        assert_one_line(infonet(*arguments, "--out", earlier), words)
    assert is_as_earlier(earlier)


def test_a_usage_error_has_exit_code_2(small_bag, tmp_path, infonet):
    done = infonet("bag", small_bag, "--window", "long")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_full_disk_leaves_earlier_results_untouched(small_bag, tmp_path, earlier):
    """Files may grow to 50 kB only: the report does not fit, though the tables before it did."""
    import resource

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    formats = ("--format", "npz", "--format", "csv", "--format", "html")
    done = as_a_process("bag", small_bag, *QUICK, *formats, "--out", earlier, cwd=tmp_path, preexec_fn=limit)
    assert_one_line(done, "report.html (File too large): choose another folder with --out")
    assert is_as_earlier(earlier)


def test_a_full_disk_behind_standard_output_is_one_line(small_bag, tmp_path):
    command = [*PROGRAM, "bag", small_bag, *QUICK, "--json", "--format", "npz"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, cwd=tmp_path, env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert_one_line(done, "cannot write to standard output (No space left on device)")
    assert (tmp_path / "small_infonet" / "infonet.npz").exists()


def test_a_terminal_that_lacks_a_sign_gets_a_similar_one(small_bag, infonet, monkeypatch):
    terminal = TextIOWrapper(BytesIO(), "latin-1")
    monkeypatch.setattr(sys, "stdout", terminal)
    done = infonet("bag", small_bag, *QUICK, "--format", "npz")
    assert done.returncode == 0, done.stderr
    assert "p <= 0.01" in terminal.buffer.getvalue().decode("latin-1")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [("--help",), ("bag", "--help"), ("--version",)])
def test_help_that_cannot_be_written_is_one_line(arguments, unbuffered):
    environment = {**ENVIRONMENT, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        command = [*PROGRAM, *arguments]
        done = subprocess.run(command, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert_one_line(done, "cannot write to standard output (No space left on device)")


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(small_bag, tmp_path, infonet):
    assert_one_line(infonet("bag", small_bag, *QUICK, "--out", "/proc/out"), "cannot write /proc/out (No such file")
    if os.geteuid() != 0:  # root may write anywhere
        (tmp_path / "locked").mkdir(mode=0o500)
        assert_one_line(infonet("bag", small_bag, *QUICK, "--out", "locked"), "Permission denied")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_analysis_and_leaves_nothing(tmp_path, store, number):
    bag = write_ros2(tmp_path / "long", store, leg_and_speed(store, 600.0))
    command = [*PROGRAM, "bag", bag, "--window", "60", "--hop", "0.05", "--device", "cpu"]
    process = subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    out = tmp_path / "long_infonet"
    for _ in range(600):
        if out.exists():
            break
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.1)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    # Sometimes CPython ends by the signal itself; a shell shows the same for both.
    assert process.returncode in (128 + number, -number)
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["long"]


def test_help_and_checks_start_without_torch_and_the_analysis_without_ros(tmp_path):
    code = (
        "import sys, infonet_ros.cli, infonet_ros.offline.job;"
        "import infonet_ros.intake.bags, infonet_ros.intake.tables.tables;"
        "sys.exit('rclpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, cwd=tmp_path, check=False).returncode == 0
    light = (
        "import sys, infonet_ros.cli; loaded = {'torch', 'rosbags', 'rclpy'} & set(sys.modules);"
        "import infonet_ros.offline.baselines.checking; sys.exit(bool(loaded) or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", light], env=ENVIRONMENT, cwd=tmp_path, check=False).returncode == 0


def test_a_params_file_without_modalities_is_completed_by_a_proposal(small_bag, tmp_path, infonet):
    (tmp_path / "mine.yaml").write_text("infonet:\n  ros__parameters:\n    window: 10.0\n")
    done = infonet("bag", small_bag, "--params", "mine.yaml", "--out", "out", "--format", "npz", "--device", "cpu")
    assert done.returncode == 0
    settings = load_settings(tmp_path / "out" / "params.yaml")
    assert settings.window == 10.0
    assert len(settings.channel_names) > 1


@pytest.mark.parametrize("command", ["bag", "csv"])
def test_a_path_is_refused_before_the_heavy_libraries_are_loaded(command, tmp_path):
    (tmp_path / "torch.py").write_text("raise RuntimeError('torch was loaded')")
    done = as_a_process(command, "nothing_here", cwd=tmp_path)
    assert done.returncode == 1
    assert "nothing_here is not there" in done.stderr
