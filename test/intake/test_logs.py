"""Binary logs: the same numbers as in the arrays that they were written from."""

import gzip
import struct
import sys

import numpy as np
import pyarrow as pa
import pytest
from logged_arrays import ROWS, TIME, A, B, assert_channel, read
from pyarrow import feather, ipc, parquet
from table_files import written

from infonet_ros.errors import MissingDependencyError, RecordingError
from infonet_ros.intake.opener import open_recording
from infonet_ros.intake.proposing.proposal import propose
from infonet_ros.intake.recording import chosen_span
from infonet_ros.intake.tables.formats import logs
from infonet_ros.settings import Settings


def save_parquet(table, path):
    parquet.write_table(table, path, row_group_size=7)


def save_feather(table, path):
    feather.write_feather(table, path, compression="zstd")


def save_stream(table, path):
    with pa.OSFile(str(path), "wb") as file, ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)


ARROW_TIMES = {
    "seconds": TIME,
    "nanoseconds": pa.array(np.int64(17 * 10**17) + np.arange(ROWS) * 20_000_000),
    "stamps": pa.array((np.int64(17 * 10**17) + np.arange(ROWS) * 20_000_000).astype("M8[ns]")),
    "stamps in milliseconds with a zone": pa.array(
        (17 * 10**11 + np.arange(ROWS) * 20), pa.timestamp("ms", "Europe/Berlin")
    ),
    "lengths of time": pa.array((np.arange(ROWS) * 20_000).astype("m8[us]")),
    "text": pa.array([f"2024-05-01 12:00:0{t:.2f}" for t in TIME]),
    "nanoseconds as text": pa.array([str(17 * 10**17 + k * 20_000_000) for k in range(ROWS)]),
    "unsigned nanoseconds": pa.array(np.uint64(17 * 10**17 + 1) + np.arange(ROWS, dtype=np.uint64) * 20_000_000),
}


@pytest.mark.parametrize("save", [save_parquet, save_feather, save_stream])
@pytest.mark.parametrize("kind", ARROW_TIMES)
def test_arrow_tables_of_any_types(tmp_path, save, kind):
    with_gaps = pa.array([None if k % 5 == 0 else float(a) for k, a in enumerate(A)])
    columns = {
        "time": ARROW_TIMES[kind],
        "small": pa.array(A.astype(np.float32)),
        "whole": pa.array(B.astype(np.int16)),
        "unsigned": pa.array(np.full(ROWS, 2**64 - 1, dtype=np.uint64)),
        "truth": pa.array(B > 0),
        "gaps": with_gaps,
        "texts": pa.array([str(b) for b in B]),
        "commas": pa.array([f"{a:.3f}".replace(".", ",") for a in A]),
        "names": pa.array(["idle", "drive", "turn", "dock", "off"] * (ROWS // 5)).dictionary_encode(),
        "lists": pa.array([[1.0, 2.0]] * ROWS),
        "pose": pa.array([{"x": a, "y": {"z": b}} for a, b in zip(A.tolist(), B.tolist(), strict=True)]),
    }
    path = tmp_path / "log.bin"  # the content decides, not the name
    save(pa.table(columns), path)
    found, _ = read(path)
    assert_channel(found, "table.small", A.astype(np.float32))
    assert_channel(found, "table.whole", B)
    assert_channel(found, "table.truth", B > 0)
    assert_channel(found, "table.texts", B)
    assert_channel(found, "table.commas", A.round(3))
    assert_channel(found, "pose.x", A)
    assert_channel(found, "pose.y.z", B)
    stamps, values = found["table.gaps"]
    assert len(stamps) == ROWS * 4 // 5
    assert None not in values
    assert_channel(found, "table.lists_1", np.full(ROWS, 2.0))
    assert not any("names" in name for name in found)


def ulog(*topics, cut=0):
    """A flight log with topics (name, instance, fields, rows): fields as in ``float x;uint8_t n``, rows of numbers."""
    kinds = {"uint64_t": "Q", "float": "f", "uint8_t": "B", "int32_t": "i", "bool": "?"}
    messages = []
    for number, (name, instance, fields, rows) in enumerate(topics):
        form = "<H" + "".join(kinds[field.split()[0]] for field in fields.split(";"))
        if instance == 0:
            messages.append((b"F", f"{name}:{fields};".encode()))
        messages.append((b"A", struct.pack("<BH", instance, number) + name.encode()))
        messages += [(b"D", struct.pack(form, number, *row)) for row in rows]
    messages.sort(key=lambda message: b"FAD".index(message[0]))
    body = b"".join(struct.pack("<H", len(data)) + kind + data for kind, data in messages)
    contents = b"ULog\x01\x12\x35\x01" + struct.pack("<Q", 0) + body
    return contents[: len(contents) - cut]


def flight(**options):
    micros = (5_000_000 + np.arange(ROWS) * 20_000).tolist()
    values = A.astype(np.float32).tolist()
    return ulog(
        ("gyro", 0, "uint64_t timestamp;float x", list(zip(micros, values, strict=True))),
        ("gps", 0, "uint64_t timestamp;int32_t lat", [(5_000_000, 7), (5_500_000, 8), (5_900_000, 9)]),
        ("gps", 1, "uint64_t timestamp;int32_t lat", [(5_100_000, 4), (5_600_000, 5)]),
        ("once", 0, "uint64_t timestamp;bool armed", []),
        **options,
    )


def test_a_flight_log_has_a_topic_for_each_instance(tmp_path):
    pytest.importorskip("pyulog")
    found, notices = read(written(tmp_path, flight(), "flight.ulg"))
    assert_channel(found, "gyro.x", A.astype(np.float32))
    assert_channel(found, "gps_0.lat", [7, 8, 9], [0, 0.5, 0.9])
    assert_channel(found, "gps_1.lat", [4, 5], [0.1, 0.6])
    assert any("in us" in notice for notice in notices)


def test_rows_whose_time_was_never_set_are_left_out_beside_dates(tmp_path):
    pytest.importorskip("pyulog")
    micros = (1_710_773_350_000_000 + np.arange(ROWS) * 20_000).tolist()
    values = A.astype(np.float32).tolist()
    log = ulog(
        ("gyro", 0, "uint64_t timestamp;float x", list(zip(micros, values, strict=True))),
        ("accel", 0, "uint64_t timestamp;float x", list(zip(micros, values, strict=True))),
        ("time_left", 0, "uint64_t timestamp;float x", [(0, 5.0), (0, 4.0), (micros[0], 3.0), (micros[20], 2.0)]),
    )
    with open_recording([written(tmp_path, log, "flight.ulg")]) as recording:
        assert recording.start == micros[0] * 1000
        assert recording.topics["time_left"].count == 2
        assert any("2 rows of time_left left out, whose time is 0" in notice for notice in recording.notices)


def test_a_topic_that_was_told_long_before_does_not_make_the_clock_of_a_log_slow(tmp_path):
    pytest.importorskip("pyulog")
    times, values = 60_000_000 + 20_000 * np.arange(500), np.random.default_rng(0).standard_normal((2, 500))
    gyro, accel = ([*zip(times.tolist(), own.tolist(), strict=True)] for own in values)
    log = ulog(
        ("gyro", 0, "uint64_t timestamp;float x", gyro),
        ("accel", 0, "uint64_t timestamp;float x", accel),
        ("home", 0, "uint64_t timestamp;float x", [(1_000_000, 5.0), (1_500_000, 5.0)]),
    )
    with open_recording([written(tmp_path, log, "flight.ulg")]) as recording:
        proposal = propose(recording, Settings(), chosen_span(recording, 0.0, None))
    assert not any("slow" in notice for notice in proposal.notices)


def test_a_flight_log_that_ends_early_is_read_as_far_as_it_is_whole(tmp_path):
    pytest.importorskip("pyulog")
    found, notices = read(written(tmp_path, flight(cut=5), "flight.ulg"))
    assert_channel(found, "gyro.x", A.astype(np.float32))
    assert any("9 bytes behind its last whole message are left out" in notice for notice in notices)


@pytest.mark.parametrize("after", [0, 200])
def test_what_a_logger_lost_is_told_and_the_times_stay(tmp_path, after):
    """A dropout of half a second, and later a damaged place whose length reaches beyond the end of the file."""
    pytest.importorskip("pyulog")
    log = flight() + struct.pack("<HcH", 2, b"O", 500) + (struct.pack("<Hc", 60_000, b"D") + bytes(after)) * (after > 0)
    found, notices = read(written(tmp_path, log, "flight.ulg"))
    assert_channel(found, "gyro.x", A.astype(np.float32))
    assert any("could not keep up 1 time, 0.5 s in all" in notice for notice in notices)
    assert any(f"{after} bytes behind its last whole message" in notice for notice in notices) == (after > 0)


def test_without_pyulog_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "find_spec", lambda name: None)
    path = written(tmp_path, flight(), "flight.ulg")
    with pytest.raises(MissingDependencyError, match=r"pip install pyulog"):
        read(path)


def test_damaged_files_end_in_one_sentence(tmp_path):
    for name, contents in {
        "cut.parquet": b"PAR1" + bytes(50),
        "cut.feather": b"ARROW1\0\0" + bytes(50),
        "cut.mat": b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + bytes(20),
        "cut.ulg": b"ULog\x01\x12\x35\x01" + bytes(8),
        "cut.arrow": b"\xff\xff\xff\xff" + bytes(3),
        "array.h5": b"\x89HDF\r\n\x1a\n" + bytes(50),
    }.items():
        path = tmp_path / name
        path.write_bytes(contents)
        with pytest.raises((RecordingError, MissingDependencyError)) as caught:
            read(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "begin"), [("_load_matlab", b"MATLAB 5.0"), ("_load_feather", b"FEA1")])
def test_a_library_that_crashes_ends_in_one_sentence(tmp_path, monkeypatch, name, begin):
    monkeypatch.setattr(logs, name, sys.exit)  # ends its process as a crash does
    path = written(tmp_path, begin.ljust(200), "damaged")
    with pytest.raises(RecordingError, match=r"the library that reads it crashes on it\): it may be cut or damaged"):
        read(path)


def test_columns_of_one_name_are_all_read(tmp_path):
    """Also if another column already has the name that a number behind it would give."""
    texts = pa.array([["a"]] * ROWS)
    save_feather(pa.table([TIME, A, B, A, texts, texts], ["time", "a", "a", "a_2", "names", "names"]), tmp_path / "log")
    found, notices = read(tmp_path / "log")
    for channel, values in (("table.a", A), ("table.a_2", B), ("table.a_2_2", A)):
        assert_channel(found, channel, values)
    assert any("'names_2' holds list" in notice for notice in notices)


def test_an_index_without_a_name_may_be_the_time(tmp_path):
    frame = pytest.importorskip("pandas").DataFrame({"a": A, "b": B}, index=TIME)
    frame.to_parquet(tmp_path / "log.parquet")
    assert_channel(read(tmp_path / "log.parquet")[0], "table.a", A)


def test_a_whole_stamp_goes_before_a_date_and_a_length_of_time(tmp_path):
    stamps = pa.array((np.int64(17 * 10**17) + np.arange(ROWS) * 20_000_000).astype("M8[ns]"))
    columns = {"date": stamps.cast(pa.date32(), safe=False), "run": pa.array((np.arange(ROWS) * 7).astype("m8[s]"))}
    save_parquet(pa.table({**columns, "timestamp": stamps, "x": A}), tmp_path / "log.parquet")
    assert_channel(read(tmp_path / "log.parquet")[0], "table.x", A)


@pytest.mark.parametrize("name", ["log.parquet", "log.mat", "log.json", "log.xlsx", "log.bag", "log.mcap"])
def test_what_a_file_holds_counts_not_what_it_is_called(tmp_path, name):
    (tmp_path / name).write_text("time,x\n" + "".join(f"{t},{a}\n" for t, a in zip(TIME, A, strict=True)))
    with open_recording([tmp_path / name]) as recording:
        assert recording.topics["table"].count == ROWS


def test_a_binary_log_that_was_packed_ends_in_one_sentence(tmp_path):
    save_parquet(pa.table({"time": TIME, "x": A}), tmp_path / "log.parquet")
    (tmp_path / "log.parquet.gz").write_bytes(gzip.compress((tmp_path / "log.parquet").read_bytes()))
    with pytest.raises(RecordingError, match="unpack it"):
        read(tmp_path / "log.parquet.gz")


@pytest.mark.parametrize("kind", [pa.timestamp("us"), pa.timestamp("s", "UTC"), pa.duration("ms"), pa.date32()])
def test_times_that_nanoseconds_do_not_hold_are_left_out(tmp_path, kind):
    per_second = {"us": 10**6, "s": 1, "ms": 1000}.get(getattr(kind, "unit", "s"), 1)
    counts = [-62_135_596_800 * per_second // (86_400 if kind == pa.date32() else 1)]  # the first day of year 1
    counts += [(1_700_000_000 + k) * per_second if kind != pa.date32() else 19_000 + k for k in range(ROWS - 1)]
    whole = pa.int32() if kind == pa.date32() else pa.int64()
    save_parquet(pa.table({"time": pa.array(counts, whole).cast(kind), "x": A}), tmp_path / "log.parquet")
    found, notices = read(tmp_path / "log.parquet")
    step = 86_400.0 if kind == pa.date32() else 1.0
    assert_channel(found, "table.x", A[1:], np.arange(ROWS - 1) * step)
    assert any("1 of 50 rows are left out" in notice for notice in notices)


@pytest.mark.parametrize("end", [" ", "\n"], ids=["one line", "a line for each signal"])
def test_frames_that_cantools_has_decoded_are_a_topic_for_each_message(tmp_path, end):
    lines = []
    for k, (t, a) in enumerate(zip(TIME, A, strict=True)):
        multiplexed = f"time: {k % 5} s" if k % 2 else f"Gear: '{('Drive', 'Park')[k // 2 % 2]}'"
        lines.append(
            f" ({1.7e9 + t:.6f})  can0  1A4   [2]  00 1F ::{end}Motion({end}Speed: {a} km/h,{end}{multiplexed}{end})"
        )
        lines.append(f"({1.7e9 + t:.6f}) can0 0C8#F00F ::{end}Unknown frame id 200 (0xc8)")
    found, notices = read(written(tmp_path, "\n".join(lines).encode(), "decoded.log"))
    assert_channel(found, "Motion.Speed", A, TIME)
    assert_channel(found, "Motion.time_2", [k % 5 for k in range(1, ROWS, 2)], TIME[1::2])
    assert_channel(found, "Motion.Gear", [k // 2 % 2 for k in range(0, ROWS, 2)], TIME[::2])
    assert f"{ROWS} frames left out, without a message or its signals." in notices
