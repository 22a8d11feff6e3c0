"""Files of MATLAB, NumPy and HDF5: the same numbers as in the arrays that they were written from."""

import json

import numpy as np
import pyarrow as pa
import pytest
from logged_arrays import ROWS, TIME, A, B, assert_channel, read
from pyarrow import parquet
from scipy.io import savemat

from infonet_ros.errors import MissingDependencyError, RecordingError
from infonet_ros.intake.tables.formats import logs
from infonet_ros.intake.tables.tables import Tables


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """A process for each file takes most of a second, and only damaged files need it: `test_logs` has those."""
    monkeypatch.setattr(logs, "read_apart", lambda read, path: read(path))


def test_arrays_of_matlab_share_a_sampling_rate(tmp_path):
    path = tmp_path / "trial.mat"
    savemat(path, {"gyr": np.stack([A, B], axis=1), "moving": B[:, None] > 0, "fs": 50.0, "info": "a trial"})
    found, notices = read(path)
    assert_channel(found, "gyr.column_1", A)
    assert_channel(found, "gyr.column_2", B)
    assert_channel(found, "table.moving", B > 0)
    assert "the times are computed from 'fs': 50 Hz." in notices
    assert not any("time is column" in notice for notice in notices)


def test_structures_of_matlab_have_their_own_times(tmp_path):
    path = tmp_path / "trial.mat"
    imu = {"t": TIME, "gyr": np.stack([A, B])}  # (channels, moments)
    slow = {"time": np.arange(10) * 0.1, "v": np.arange(10.0)}
    savemat(path, {"log": {"imu": imu, "odom": slow}})
    found, _ = read(path)
    assert_channel(found, "log.imu.gyr.column_1", A)
    assert_channel(found, "log.odom.v", np.arange(10), np.arange(10) * 0.1)


def test_an_array_of_structures_is_numbered_and_wide_arrays_are_named(tmp_path):
    path = tmp_path / "trial.mat"
    runs = np.array([(TIME, A), (TIME, B)], dtype=[("time", "O"), ("x", "O")])
    savemat(path, {"robot": runs, "picture": np.ones((300, 300))})
    found, notices = read(path)
    assert list(found) == ["robot_1.x", "robot_2.x"]
    assert any("picture (300 x 300)" in note for note in notices)


def test_trials_in_an_array_of_structures_are_read_one_behind_the_other(tmp_path):
    path = tmp_path / "trials.mat"
    savemat(path, {"trial": np.array([(TIME, A), (TIME[:9], B[:9])], dtype=[("time", "O"), ("x", "O")])})
    found, notices = read(path)
    assert_channel(found, "trial_1.x", np.append(A, B[:9]), np.append(TIME, TIME[:9] + TIME[-1] + 10.0))
    assert any("trial_1, trial_2 are parts of one log" in notice for notice in notices)


def cells(*values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


def test_signals_of_simulink_share_the_time_above_them(tmp_path):
    path = tmp_path / "scope.mat"
    signals = np.array([(A, 1.0), (B, 1.0)], dtype=[("values", "O"), ("dimensions", "O")])
    savemat(path, {"scope": {"time": TIME, "signals": signals}})
    found, _ = read(path)
    assert_channel(found, "scope.signals_1.values", A)
    assert_channel(found, "scope.signals_2.values", B)
    for labels, name in ((("speed", "current"), "signals.current"), (([], []), "signals_2")):
        signals = [{"values": values, "label": label} for values, label in zip((A, B), labels, strict=True)]
        savemat(path, {"scope": {"time": TIME, "signals": signals}})
        assert_channel(read(path)[0], f"scope.{name}.values", B)


def test_a_row_of_names_above_cells_and_names_beside_a_matrix_name_its_columns(tmp_path):
    path = tmp_path / "names.mat"
    sheet = np.empty((len(A) + 1, 3), object)
    sheet[0], sheet[1:] = ["time", "a", "b"], np.stack([TIME, A, B], axis=1)
    sheet[5, 1] = np.zeros((0, 0))
    savemat(path, {"raw": sheet, "log": {"data": np.stack([TIME, A, B], axis=1), "names": cells("t", "x", "y")}})
    found, _ = read(path)
    assert_channel(found, "raw.b", B)
    assert np.isnan(found["raw.a"][1][4])
    assert_channel(found, "log.data.x", A)


def test_lists_that_are_no_columns_are_named(tmp_path):
    path = tmp_path / "lists.mat"
    savemat(path, {"t": TIME, "a": A, "hits": cells(*(np.ones(2 + k % 3) for k in range(80)))})
    found, notices = read(path)
    assert_channel(found, "table.a", A)
    assert any("elements are left out: hits" in notice for notice in notices)


def test_fields_of_structures_that_are_no_columns_are_named_in_the_order_of_the_file(tmp_path):
    path = tmp_path / "events.mat"
    names = [f"word{k}" for k in range(6)]
    rows = [(t, a, *["stop"] * len(names)) for t, a in zip(TIME, A, strict=True)]
    savemat(path, {"event": np.array(rows, dtype=[(name, "O") for name in ("time", "a", *names)])})
    found, notices = read(path)
    assert_channel(found, "event.a", A)
    assert any(f"are left out: {', '.join(f'event.{name}' for name in names)}" in notice for notice in notices)


def test_an_oscilloscope_stores_its_interval(tmp_path):
    path = tmp_path / "pico.mat"
    savemat(path, {"Tstart": -1.0, "Tinterval": 0.02, "Length": float(len(A)), "A": A})
    assert_channel(read(path)[0], "table.A", A)


def test_times_of_another_length_are_named(tmp_path):
    path = tmp_path / "trial.mat"
    savemat(path, {"time": TIME[:-1], "a": A, "b": B})
    with pytest.raises(RecordingError, match=rf"as long as its time time: time \({len(A) - 1}\), a \({len(A)}\)"):
        read(path)


def test_cells_and_structures_of_newer_matlab_are_numbered(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "newer.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, arrays in {"time": (TIME, TIME[:9]), "x": (A, B[:9])}.items():
            references = file.create_dataset(f"arm/{name}", (2, 1), h5py.ref_dtype)
            for place, array in enumerate(arrays):
                file[f"#refs#/{name}{place}"] = array[None]
                references[place, 0] = file[f"#refs#/{name}{place}"].ref
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file")
    found, _ = read(path)
    assert_channel(found, "arm_1.x", A)
    assert_channel(found, "arm_2.x", B[:9], TIME[:9])


def test_lists_of_one_length_are_columns(tmp_path):
    """As data sets of robot learning hold their states and actions."""
    path = tmp_path / "episode.parquet"
    state = pa.FixedSizeListArray.from_arrays(pa.array(np.stack([A, B], axis=1).ravel()), 2)
    ragged = pa.array([[0.0] * (k % 3) for k in range(len(A))])
    parquet.write_table(pa.table({"timestamp": TIME, "state": state, "odd": ragged}), path)
    found, notices = read(path)
    assert list(found) == ["table.state_0", "table.state_1"]
    assert any("column 'odd' holds list" in note for note in notices)
    joints = [[{"p": a, "v": [b, 0.0]}, {"p": b, "v": [a, 1.0]}] for a, b in zip(A, B, strict=True)]
    parquet.write_table(pa.table({"timestamp": TIME, "joints": joints}), path)
    found, _ = read(path)
    assert_channel(found, "joints_1.p", B)
    assert_channel(found, "joints_0.v_0", B)


def test_maps_are_columns_by_their_keys(tmp_path):
    path = tmp_path / "maps.parquet"
    maps = pa.array(
        [[("a", a), *([("b", b)] if b > 0 else [])] for a, b in zip(A, B, strict=True)],
        pa.map_(pa.string(), pa.float64()),
    )
    parquet.write_table(pa.table({"time": TIME, "load": maps}), path)
    found, _ = read(path)
    assert_channel(found, "load.a", A)
    assert_channel(found, "load.b", B[B > 0], TIME[B > 0])


def test_hdf5_is_read_as_matlab_and_others_write_it(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "newer.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["t"], file["run/pos"] = TIME[None], np.stack([A, B])
        file["table"] = np.array([*zip(A, B, strict=True)], dtype=[("a", "f8"), ("b", "i4")])
        file["vectors"] = np.array(
            [*zip(zip(A, B, strict=True), B, strict=True)], dtype=[("v", "f8", (2,)), ("b", "f8")]
        )
        file["z"] = np.array([*zip(A, B, strict=True)], dtype=[("real", "f8"), ("imag", "f8")])
        file.create_dataset("pictures", (1 << 20, 1 << 10, 1 << 10), np.uint8)  # a terabyte that was never written
        file["name"] = np.arange(7, dtype=np.uint16)
        file["name"].attrs["MATLAB_class"] = np.bytes_("char")
        file["#refs#/a"] = TIME
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512))
    found, notices = read(path)
    assert any("left out: pictures (1048576 x 1024 x 1024)" in notice for notice in notices)
    for name, values in {"run.pos.column_1": A, "table.b": B, "z.imag": B, "vectors.v.column_2": B}.items():
        assert_channel(found, next(channel for channel in found if channel.endswith(name)), values)
    assert not any("refs" in name or "name" in name for name in found)


@pytest.mark.parametrize("form", ["units", "rate", "texts", "records"])
def test_attributes_and_texts_of_hdf5_count(tmp_path, form):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "log.h5", "w") as file:
        file["a"] = A
        if form == "units":  # as of NetCDF
            file["time"] = 60_000 + TIME * 1e3
            file["time"].attrs["units"] = "milliseconds since 2026-05-20 23:59:00"
        elif form == "rate":
            file["a"].attrs["sampling_rate"] = 50.0
        elif form == "texts":
            file["time"] = [f"2026-05-21 00:00:0{t:.2f}" for t in TIME]
        else:
            kinds = [("t", float), ("x", float), ("s", "S2")]
            file["log"] = np.array([*zip(TIME, A, [b"on"] * ROWS, strict=True)], kinds)
    found, _ = read(tmp_path / "log.h5")
    assert_channel(found, "log.x" if form == "records" else "table.a", A)
    with Tables([tmp_path / "log.h5"]) as tables:
        date = np.datetime64("2026-05-21T00:00:00", "ns")
        assert form not in ("units", "texts") or tables.start == date.astype(int)


def test_links_of_hdf5_lead_nowhere_else(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "log.h5", "w") as file:
        file["imu/time"], file["imu/a"] = TIME, A
        file["imu/up"], file["imu/again"], file["lost"] = map(h5py.SoftLink, ("/", "/imu/a", "/nowhere"))
        file["imu/top"] = file["/"]
        file["imu/itself"], file["gone"] = h5py.ExternalLink("log.h5", "/"), h5py.ExternalLink("none.h5", "/x")
    found, _ = read(tmp_path / "log.h5")
    assert_channel(found, "imu.a", A)
    assert len(found) == 1


@pytest.mark.parametrize("lengths", [(ROWS, ROWS), (ROWS, 9)])
def test_demonstrations_with_a_rate_in_their_settings_are_read_one_behind_the_other(tmp_path, lengths):
    """As robomimic writes them: without times, and all of one group."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "lift.hdf5", "w") as file:
        settings = {"control_freq": 50, "robots": [{"gain": 1.0, "limit": 2.0}, {"gain": 2.0, "limit": 3.0}]}
        file.create_group("data").attrs["env_args"] = json.dumps({"env_name": "Lift", "env_kwargs": settings})
        for number, rows in enumerate(lengths):
            file[f"data/demo_{number}/actions"] = np.stack([A, B], axis=1)[:rows]
            file[f"data/demo_{number}/obs/joint"] = B[:rows]
    found, notices = read(tmp_path / "lift.hdf5")
    times = np.append(TIME, TIME[: lengths[1]] + TIME[-1] + 10.0)
    assert_channel(found, "data.demo_0.actions.column_1", np.append(A, A[: lengths[1]]), times)
    assert_channel(found, "data.demo_0.obs.joint", np.append(B, B[: lengths[1]]), times)
    assert any("from 'data.env_args.env_kwargs.control_freq': 50 Hz" in notice for notice in notices)


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
    "a cell for each number": ({"time": TIME, "c": np.stack([A, B], axis=1).astype(object)}, "c.column_2", B),
    "dates as text": ({"time": [f"2024-05-01 12:00:0{t:.2f}" for t in TIME], "x": A}, "table.x", A),
    "a rate for each structure": (
        {"emg": {"fs": 9.0, "x": B}, "imu": {"fs": 50.0, "x": A}, "slow": {"fs": 7.0, "x": B[:9]}},
        "imu.x",
        A,
    ),
    "of Simulink": ({"tout": TIME, "yout": np.stack([A, B], axis=1)}, "yout.column_2", B),
}


@pytest.mark.parametrize("form", MATLAB_FORMS)
def test_arrays_of_matlab_of_many_forms(tmp_path, form):
    contents, name, values = MATLAB_FORMS[form]
    savemat(tmp_path / "log.mat", contents)
    found, _ = read(tmp_path / "log.mat")
    assert_channel(found, name, values, TIME[: len(values)])


@pytest.mark.parametrize("contents", [{"a": 1.0}, {"names": np.array(["left", "right"], dtype=object)}])
def test_a_number_and_texts_alone_are_no_table(tmp_path, contents):
    savemat(tmp_path / "log.mat", contents)
    with pytest.raises(RecordingError, match=r"log\.mat holds no arrays of numbers: expected variables of one row"):
        read(tmp_path / "log.mat")


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
    np.savez(tmp_path / "log.npz", time=TIME, imu=np.array({"x": A}, dtype=object))
    with pytest.raises(RecordingError, match=r"for each row\. array 'imu' is left out: Object arrays cannot be loaded"):
        read(tmp_path / "log.npz")
