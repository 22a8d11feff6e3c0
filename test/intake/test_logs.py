"""Binary logs: the same numbers as in the arrays that they were written from."""

import gzip
import struct
import sys

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, ipc, parquet
from scipy.io import savemat

from infonet_ros.errors import MissingDependencyError, RecordingError
from infonet_ros.intake.opener import open_recording
from infonet_ros.intake.tables import logs
from infonet_ros.intake.tables.tables import Tables
from infonet_ros.settings import Modality

ROWS = 50
TIME = np.arange(ROWS) * 0.02
A = np.random.default_rng(1).normal(size=ROWS)
B = np.random.default_rng(2).integers(-5, 5, size=ROWS)


def read(path, **options):
    """Stamps from the first and values of every channel, and notices."""
    with Tables([path], **options) as table:
        found = {}
        for topic in table.topics:
            for field in table.fields(topic)[0]:
                samples = list(table.samples([Modality("m", topic, (field.path,))], table.start, table.end + 1))
                stamps = np.array([sample.stamp for sample in samples])
                found[f"{topic}.{field.path}"] = (stamps - table.start) / 1e9, [sample.values[0] for sample in samples]
        return found, table.notices


def assert_channel(found, name, values, times=TIME):
    stamps, numbers = found[name]
    np.testing.assert_allclose(stamps, times, atol=1e-9)
    np.testing.assert_allclose(np.array(numbers, dtype=float), values)


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
    path = tmp_path / "flight.ulg"
    path.write_bytes(flight())
    found, notices = read(path)
    assert_channel(found, "gyro.x", A.astype(np.float32))
    assert_channel(found, "gps_0.lat", [7, 8, 9], [0, 0.5, 0.9])
    assert_channel(found, "gps_1.lat", [4, 5], [0.1, 0.6])
    assert any("in us" in notice for notice in notices)


def test_a_flight_log_that_ends_early_is_read_as_far_as_it_is_whole(tmp_path):
    pytest.importorskip("pyulog")
    path = tmp_path / "flight.ulg"
    path.write_bytes(flight(cut=5))
    found, _ = read(path)
    assert_channel(found, "gyro.x", A.astype(np.float32))


def test_without_pyulog_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "find_spec", lambda name: None)
    path = tmp_path / "flight.ulg"
    path.write_bytes(flight())
    with pytest.raises(MissingDependencyError, match=r"pip install pyulog"):
        read(path)


def test_arrays_of_matlab_share_a_sampling_rate(tmp_path):
    path = tmp_path / "trial.mat"
    savemat(path, {"gyr": np.stack([A, B], axis=1), "moving": B[:, None] > 0, "fs": 50.0, "info": "a trial"})
    found, notices = read(path)
    assert_channel(found, "gyr.column_1", A)
    assert_channel(found, "gyr.column_2", B)
    assert_channel(found, "table.moving", B > 0)
    assert "the times are computed from 'fs': 50 Hz." in notices


def test_structures_of_matlab_have_their_own_times(tmp_path):
    path = tmp_path / "trial.mat"
    imu = {"t": TIME, "gyr": np.stack([A, B])}  # (channels, moments)
    slow = {"time": np.arange(10) * 0.1, "v": np.arange(10.0)}
    savemat(path, {"log": {"imu": imu, "odom": slow}})
    found, _ = read(path)
    assert_channel(found, "log.imu.log.imu.gyr.column_1", A)
    assert_channel(found, "log.odom.log.odom.v", np.arange(10), np.arange(10) * 0.1)


def test_an_array_of_structures_is_numbered_and_wide_arrays_are_named(tmp_path):
    path = tmp_path / "trial.mat"
    runs = np.array([(TIME, A), (TIME, B)], dtype=[("time", "O"), ("x", "O")])
    savemat(path, {"run": runs, "picture": np.ones((300, 300))})
    with Tables([path]) as tables:
        assert list(tables.topics) == ["run_1", "run_2"]
        assert any("picture (300 x 300)" in note for note in tables.notices)


def test_lists_of_one_length_are_columns(tmp_path):
    """As data sets of robot learning hold their states and actions."""
    path = tmp_path / "episode.parquet"
    state = pa.FixedSizeListArray.from_arrays(pa.array(np.stack([A, B], axis=1).ravel()), 2)
    ragged = pa.array([[0.0] * (k % 3) for k in range(len(A))])
    parquet.write_table(pa.table({"timestamp": TIME, "state": state, "odd": ragged}), path)
    with Tables([path]) as tables:
        assert [field.path for field in tables.fields("table")[0]] == ["state_0", "state_1"]
        assert any("column 'odd' holds list" in note for note in tables.notices)


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
    path = tmp_path / "damaged"
    path.write_bytes(begin.ljust(200))
    with pytest.raises(RecordingError, match=r"the library that reads it crashes on it\): it may be cut or damaged"):
        read(path)


def test_hdf5_is_read_as_matlab_and_others_write_it(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "newer.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["t"], file["run/pos"] = TIME[None], np.stack([A, B])
        file["table"] = np.array([*zip(A, B, strict=True)], dtype=[("a", "f8"), ("b", "i4")])
        file["z"] = np.array([*zip(A, B, strict=True)], dtype=[("real", "f8"), ("imag", "f8")])
        file["name"] = np.arange(7, dtype=np.uint16)
        file["name"].attrs["MATLAB_class"] = np.bytes_("char")
        file["#refs#/a"] = TIME
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512))
    found, _ = read(path)
    for name, values in {"run.pos.column_1": A, "table.b": B, "z.imag": B}.items():
        assert_channel(found, next(channel for channel in found if channel.endswith(name)), values)
    assert not any("refs" in name or "name" in name for name in found)


@pytest.mark.parametrize(
    ("name", "remedy"), [("newer.mat", "pip install h5py`, or save it .*-v7"), ("x.h5", "pip install h5py")]
)
def test_without_h5py_a_sentence_says_what_to_do(tmp_path, monkeypatch, name, remedy):
    monkeypatch.setattr(logs, "find_spec", lambda name: None)
    path = tmp_path / name
    path.write_bytes(b"\x89HDF\r\n\x1a\n".ljust(600))
    with pytest.raises(MissingDependencyError, match=remedy):
        read(path)


MATLAB_FORMS = {
    "three axes": ({"time": TIME, "pos": np.stack([[A, B], [B, A]]).transpose(2, 0, 1)}, "pos.column_1_2", B),
    "rows behind each other": ({"t": TIME, "pos": np.stack([A, B])}, "pos.column_2", B),
    "fewer rows than columns": ({"time": TIME[:3], "x": np.arange(30.0).reshape(3, 10)}, "x.column_2", [1, 11, 21]),
    "complex numbers": ({"time": TIME, "z": A + 1j * B}, "z.imag", B),
    "a cell array": ({"data": np.array([TIME, A, B, None], dtype=object)[:3]}, "table.data_2", A),
    "of Simulink": ({"tout": TIME, "yout": np.stack([A, B], axis=1)}, "yout.column_2", B),
}


@pytest.mark.parametrize("form", MATLAB_FORMS)
def test_arrays_of_matlab_of_many_forms(tmp_path, form):
    contents, name, values = MATLAB_FORMS[form]
    savemat(tmp_path / "log.mat", contents)
    found, _ = read(tmp_path / "log.mat")
    assert_channel(found, name, values, TIME[: len(values)])


def test_an_array_of_many_structures_has_a_row_for_each(tmp_path):
    samples = np.array([*zip(TIME, A, strict=True)], dtype=[("time", "O"), ("x", "O")])
    savemat(tmp_path / "log.mat", {"s": samples})
    assert_channel(read(tmp_path / "log.mat")[0], "s.x", A)


def test_arrays_of_numpy_are_read_in_the_same_way(tmp_path):
    np.savez(tmp_path / "log.npz", time=TIME, x=A)
    assert_channel(read(tmp_path / "log.npz")[0], "table.x", A)
    np.save(tmp_path / "log.npy", np.stack([TIME, A], axis=1))
    assert_channel(read(tmp_path / "log.npy")[0], "data.column_2", A)


def test_records_of_numpy_are_columns_and_objects_beside_them_are_left_out(tmp_path):
    records = np.zeros(ROWS, dtype=[("time", float), ("x", float)])
    records["time"], records["x"] = TIME, A
    np.savez(tmp_path / "log.npz", imu=records, notes=np.array([{"a": 1}], dtype=object))
    table, notices = read(tmp_path / "log.npz")[:2]
    assert_channel(table, "imu.x", A)
    assert any("array 'notes' is left out" in notice for notice in notices)


def test_objects_of_numpy_are_not_opened(tmp_path):
    np.save(tmp_path / "log.npy", np.array([{"time": 1}], dtype=object))
    with pytest.raises(RecordingError, match="not a readable NumPy file"):
        read(tmp_path / "log.npy")


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


def dataflash(cut=0):
    """A DataFlash log of ArduPilot as text, with two sensors of one kind and a parameter."""
    lines = ["FMT, 128, 89, FMT, BBnNZ, Type,Length,Name,Format,Columns", "FMT, 64, 32, PARM, QNf, TimeUS,Name,Value"]
    lines += ["FMT, 130, 45, IMU, QBff, TimeUS,I,GyrX,AccX", "FMT, 131, 21, ATT, Qc, TimeUS,Roll"]
    lines += ["PARM, 1000, SCHED_RATE, 400"]
    for t, a, b in zip(TIME.tolist(), A.tolist(), B.tolist(), strict=True):
        now = round(1e6 * t) + 5_000_000
        lines += [f"IMU, {now}, 0, {a}, {b}", f"IMU, {now}, 1, {-a}, {b}", f"ATT, {now}, {b}"]
    return "\n".join(lines)[: -cut or None]


def test_a_log_of_ardupilot_has_a_topic_for_each_kind_of_message(tmp_path):
    path = tmp_path / "flight.log"
    path.write_text(dataflash())
    found, _ = read(path)
    assert sorted(found) == ["ATT.Roll", "IMU_0.AccX", "IMU_0.GyrX", "IMU_0.I", "IMU_1.AccX", "IMU_1.GyrX", "IMU_1.I"]
    assert_channel(found, "IMU_1.GyrX", -A)
    assert_channel(found, "ATT.Roll", B)


def test_a_log_of_ardupilot_that_was_cut_is_read_as_far_as_it_is_whole(tmp_path):
    path = tmp_path / "flight.log"
    path.write_text(dataflash(cut=len(f", {B[-1]}")))
    found, said = read(path)
    assert_channel(found, "ATT.Roll", B[:-1], TIME[:-1])
    assert any("1 line left out" in sentence for sentence in said)


def skeleton(frames):
    """Motion capture of a hip and a knee as BVH."""
    joints = """HIERARCHY
ROOT Hips
{
\tOFFSET 0.0 0.0 0.0
\tCHANNELS 2 Xposition Zrotation
\tJOINT Left Knee
\t{
\t\tOFFSET 0.0 -7.0 0.0
\t\tCHANNELS 1 Xrotation
\t\tEnd Site
\t\t{
\t\t\tOFFSET 0.0 -6.0 0.0
\t\t}
\t}
}
MOTION
Frames: 50
Frame Time: 0.02
"""
    return joints + "\n".join(" ".join(map(repr, frame)) for frame in np.transpose(frames).tolist())


def test_motion_capture_is_one_topic_with_a_field_for_each_joint(tmp_path):
    path = tmp_path / "walk.bvh.gz"
    path.write_bytes(gzip.compress(skeleton([A, 2.0 * A, B]).encode()))
    found, said = read(path)
    assert sorted(found) == ["walk.Hips.Xposition", "walk.Hips.Zrotation", "walk.Left_Knee.Xrotation"]
    assert_channel(found, "walk.Hips.Zrotation", 2.0 * A)
    assert_channel(found, "walk.Left_Knee.Xrotation", B)
    assert any("the times are computed from the frame time of the file: 50 Hz" in sentence for sentence in said)


def test_motion_capture_that_was_cut_is_read_as_far_as_it_is_whole(tmp_path):
    path = tmp_path / "walk.bvh"
    text = skeleton([A, 2.0 * A, B])
    path.write_text(text.rpartition(" ")[0])
    found, said = read(path)
    assert_channel(found, "walk.Hips.Xposition", A[:-1], TIME[:-1])
    assert any("1 frame of 50 left out: not 3 numbers each" in sentence for sentence in said)
    for end in (30, text.index("MOTION") + 20, len(text.partition("0.02\n")[0]) + 5):
        path.write_text(text[:end])
        with pytest.raises(RecordingError, match=r"not a readable BVH file|has no frames"), Tables([path]):
            pass
