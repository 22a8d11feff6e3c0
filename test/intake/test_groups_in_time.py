"""Tables with several columns of times: each series has the stamps of its own."""

import numpy as np
import pytest
from table_files import together, written

from infonet_ros.intake.tables.tables import Tables

ROWS = 60
FAST, SLOW = np.arange(ROWS) * 0.1, np.arange(ROWS // 2) * 0.2 + 0.05


def table(header, form="{:.3f},{},{:.3f},{}"):
    rows = [form.format(t, k, s, -k) for k, (t, s) in enumerate(zip(FAST, SLOW, strict=False))]
    rows += [f"{t:.3f},{k},," for k, t in enumerate(FAST[len(SLOW) :], len(SLOW))]
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.parametrize(
    "header",
    [
        "Time,Speed,Time,Torque",
        "t1,Speed,t2,Torque",
        "Time 1 [s],Speed,Time 2 [s],Torque",
        "X[s],Speed,X[s],Torque",
        "Name,Speed,Name,Torque",
        "Speed Time Series (s),Speed,Torque Time Series (s),Torque",
    ],
)
def test_each_time_is_that_of_the_columns_behind_it(tmp_path, header):
    found, said = together([written(tmp_path, table(header))])
    assert sorted(found) == ["Speed.Speed", "Torque.Torque"]
    np.testing.assert_allclose([stamp / 1e9 for stamp, _ in found["Speed.Speed"]], FAST)
    np.testing.assert_allclose([stamp / 1e9 for stamp, _ in found["Torque.Torque"]], SLOW)
    assert [value for _, value in found["Torque.Torque"]] == [-k for k in range(len(SLOW))]
    assert any("2 columns of times" in sentence for sentence in said)


def test_times_that_are_called_as_what_follows_them(tmp_path):
    found, _ = together([written(tmp_path, table("/imu/header/stamp,/imu/ax,/odom/header/stamp,/odom/vx"))])
    assert [len(series) for series in found.values()] == [len(FAST), len(SLOW)]


@pytest.mark.parametrize("header", ["time,x,up_time,y", "time,timestamp,x,y", "time,x,lap_time,y"])
def test_another_time_among_the_columns_is_a_column(tmp_path, header):
    found, said = together([written(tmp_path, table(header))])
    assert len(found["table.y"]) == len(SLOW)
    assert not any("columns of times" in sentence for sentence in said)


def test_the_same_time_before_each_column_is_one_time(tmp_path):
    rows = "".join(f"{t:.1f},{k},{t:.1f},{-k}\n" for k, t in enumerate(FAST))
    found, said = together([written(tmp_path, "Time,a,Time,b\n" + rows)])
    assert sorted(found) == ["table.a", "table.b"]
    assert [value for _, value in found["table.b"]] == [-k for k in range(ROWS)]
    assert any("repeat the time 'Time' are left out: 'Time_2'" in sentence for sentence in said)


def test_numbers_of_devices_before_their_columns_are_no_times(tmp_path):
    rows = "".join(f"1,{k},2,{-k}\n" for k in range(ROWS))
    found, _ = together([written(tmp_path, "Sampling rate: 10 Hz\ndevice_1,a,device_2,b\n" + rows)])
    assert [stamp / 1e9 for stamp, _ in found["table.b"]] == pytest.approx(FAST)


def test_the_unit_of_times_with_one_name_is_that_of_the_name(tmp_path):
    found, _ = together([written(tmp_path, table("X[min],Speed,X[min],Torque"))])
    np.testing.assert_allclose([stamp / 6e10 for stamp, _ in found["Torque.Torque"]], SLOW)


def test_columns_of_text_beside_several_times_are_named(tmp_path):
    lines = table("Time,Speed,Time,Torque,note").splitlines()
    rows = "\n".join([lines[0], *(f"{line},{'abc'[k % 3]}" for k, line in enumerate(lines[1:]))])
    _, said = together([written(tmp_path, rows)])
    assert any("columns of text are left out: note" in sentence for sentence in said)


def test_twincat_writes_a_row_of_names_above_other_descriptions(tmp_path):
    head = "Name\tA\tName\tB\nSampleTime[ms]\t10\tSampleTime[ms]\t100\nData-Type\tREAL64\tData-Type\tREAL64\n\n"
    lines = "".join(f"{10 * k}\t{k}.5\t{f'{100 * k}' if k < 5 else ''}\t{k if k < 5 else ''}\n" for k in range(50))
    with Tables([written(tmp_path, head + lines)]) as tables:
        assert {name: topic.count for name, topic in tables.topics.items()} == {"A": 50, "B": 5}
        assert tables.end - tables.start == 490_000_000
