"""Files as programs of instruments write them: LabVIEW, RTKLIB, motion capture, and numbers that mean "unknown"."""

import numpy as np
import pytest
from table_files import notices, rows, together, written

ROWS = 60
TIME = np.arange(ROWS) * 0.05
A, B = np.round(np.random.default_rng(3).normal(size=(2, ROWS)), 4)


def values(found, name):
    return [value for _, value in found[name]]


LABVIEW = "LabVIEW Measurement\nSeparator\tTab\nX_Columns\t{}\n***End_of_Header***\n\t\n"
SEGMENT = (
    "Channels\t2\t\t\t\nSamples\t20\t20\t\t\nDate\t2024/05/03\t2024/05/03\t\t\nX0\t0.0E+0\t0.0E+0\t\t\n"
    "Delta_X\t0.050000\t0.050000\t\t\n***End_of_Header***\t\t\t\t\nX_Value\tVoltage_0\tVoltage_1\tComment\n"
)


def labview(x_columns, time, size):
    """The rows in segments, each with the description and the names above it."""
    lines = [f"{time(t)}\t{a}\t{b}\t\n" for t, a, b in zip(TIME, A, B, strict=True)]
    segments = ["".join(lines[begin : begin + size]) for begin in range(0, ROWS, size)]
    return LABVIEW.format(x_columns) + SEGMENT + SEGMENT.join(segments)


@pytest.mark.parametrize(
    "text", [labview("One", "{:.6f}".format, 20), labview("No", lambda _: "", ROWS)], ids=["segments", "no times"]
)
def test_measurements_of_labview_are_read(tmp_path, text):
    found, _ = together([written(tmp_path, text, "table.lvm")])
    assert values(found, "table.Voltage_0") == A.tolist()
    assert values(found, "table.Voltage_1") == B.tolist()
    assert np.diff([stamp for stamp, _ in found["table.Voltage_0"]]) == pytest.approx(5e7)


RTKLIB = {
    "dates": "2024/05/01 12:00:{:06.3f}",
    "weeks": "2312 {:.3f}",
}


@pytest.mark.parametrize("form", RTKLIB)
def test_positions_of_rtklib_have_their_names(tmp_path, form):
    head = "% program   : RTKPOST\n% obs start : 2024/05/01 12:00:00.0 GPST (week2312 302400.0s)\n%\n"
    lines = [f"{RTKLIB[form].format(t)}   {a:.4f}   {b:.4f}   1\n" for t, a, b in zip(TIME, A, B, strict=True)]
    path = written(tmp_path, head + "%  GPST    latitude(deg) longitude(deg)   Q\n" + "".join(lines))
    found = rows(path, ("latitude_deg", "longitude_deg"))
    assert [sample for _, sample in found] == [[a, b] for a, b in zip(A, B, strict=True)]
    assert np.diff([stamp for stamp, _ in found]) == pytest.approx(5e7)


def test_names_and_units_of_a_buoy_are_comments(tmp_path):
    head = "#YY MM DD hh mm WDIR WSPD WVHT DPD\n#yr mo dy hr mn degT m/s sec sec\n"
    lines = (f"2024 05 01 {k // 6:02d} {k % 6}0 {a} {b} 1 2\n" for k, (a, b) in enumerate(zip(A, B, strict=True)))
    found = rows(written(tmp_path, head + "".join(lines)), ("WDIR", "WSPD"))
    assert [sample for _, sample in found] == [[a, b] for a, b in zip(A, B, strict=True)]
    assert set(np.diff([stamp for stamp, _ in found])) == {600 * 10**9}


def test_names_of_sea_bird_have_a_line_each(tmp_path):
    head = (
        "* FileName = a.hex\n# name 0 = timeS: Time [s]\n# name 1 = depSM: Depth [m]\n# name 2 = t090C: T [C]\n*END*\n"
    )
    lines = (f"{t:11.3f} {a:10.4f} {b:10.4f}\n" for t, a, b in zip(TIME, A, B, strict=True))
    found = rows(written(tmp_path, head + "".join(lines)), ("depSM", "t090C"))
    assert [sample for _, sample in found] == [[a, b] for a, b in zip(A, B, strict=True)]
    assert np.diff([stamp for stamp, _ in found]) == pytest.approx(5e7)


def test_counts_below_the_names_are_no_sample(tmp_path):
    head = "x.acq\n50 msec/sample\n1 channels\nECG\nmV\nmin,CH1,\n,60,\n"
    path = written(tmp_path, head + "".join(f"{t / 60:.8f},{a},\n" for t, a in zip(TIME, A, strict=True)))
    assert [a for _, (a,) in rows(path, ("CH1",))] == A.tolist()


def test_each_sensor_of_a_wristband_has_its_rate(tmp_path):
    both = "".join(f"{a},{b},1\n" for a, b in zip(A, B, strict=True))
    files = {
        "ACC.csv": "1714564800.000000, 1714564800.000000, 1714564800.000000\n20.000000, 20.000000, 20.000000\n" + both,
        "EDA.csv": "1714564801.000000\n4.000000\n" + "".join(f"{a}\n" for a in A),
    }
    found, _ = together([written(tmp_path, text, name) for name, text in files.items()])
    begin = 1714564800 * 10**9
    assert found["ACC.y"] == [(begin + k * 50_000_000, b) for k, b in enumerate(B)]
    assert found["EDA.value"] == [(begin + 10**9 + k * 250_000_000, a) for k, a in enumerate(A)]


def test_a_damaged_row_of_a_wristband_keeps_its_time(tmp_path):
    lines = [f"{a},{b},1" for a, b in zip(A, B, strict=True)]
    lines[5], lines[-1] = "3,4", lines[-1].rpartition(",")[0]
    both = written(tmp_path, "\n".join([",".join(["1714564800.0"] * 3), "20.0,20.0,20.0", *lines]))
    found = rows(both, ("x",), topic="table")
    assert [sample for _, sample in found if not np.isnan(sample[0])] == [[a] for k, a in enumerate(A[:-1]) if k != 5]
    assert set(np.diff([stamp for stamp, _ in found])) == {50_000_000}
    assert any("1 row without 3 cells read as unknown" in note for note in notices(both))


@pytest.mark.parametrize("date", ["Date&Time", "Date / Time"])
def test_names_stand_above_units_that_name_a_time(tmp_path, date):
    lines = (f"{k},2024/05/01 12:00:{k:02d},{a},{b}\n" for k, (a, b) in enumerate(zip(A, B, strict=True)))
    path = written(tmp_path, f"Number,{date},CH1,CH2\nNO.,Time,degC,V\n" + "".join(lines))
    assert [sample for _, sample in rows(path, ("CH1", "CH2"))] == [[a, b] for a, b in zip(A, B, strict=True)]


def test_bodies_of_motion_capture_keep_their_names(tmp_path):
    groups = [
        ",,Rigid Body,Rigid Body",
        ",,drone,arm",
        ',,"9D0F","A1B2"',
        ",,Position,Position",
        "Frame,Time (Seconds),X,X",
    ]
    lines = [f"{k},{t:.2f},{a},{b}" for k, (t, a, b) in enumerate(zip(TIME, A, B, strict=True))]
    found, _ = together([written(tmp_path, "\n".join(["Format Version,1.23", "", *groups, *lines]) + "\n")])
    assert values(found, "drone.Position.X") == A.tolist()
    assert values(found, "arm.Position.X") == B.tolist()


@pytest.mark.parametrize("fill", ["-9999", "-999.0", "99999.99", "-32768", "4294967295", "9.9E37", "3.402823e38"])
def test_numbers_that_stand_for_unknown_values_are_unknown(tmp_path, fill):
    cells = [fill if k % 20 == 7 else a for k, a in enumerate(A)]
    path = written(
        tmp_path, "time,x,y\n" + "".join(f"{t:.2f},{x},{b}\n" for t, x, b in zip(TIME, cells, B, strict=True))
    )
    found = np.array([sample for _, sample in rows(path)])
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(found[:, 0])), [7, 27, 47])
    assert any(
        f"{float(fill):.12g} stands for unknown values" in note and "3 cells of x" in note for note in notices(path)
    )


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_numbers_next_to_the_largest_are_unknown(tmp_path):
    numbers = [1.5e308 * (-1) ** k / (1 + k % 5) for k in range(len(TIME))]
    path = written(tmp_path, "time,x\n" + "".join(f"{t:.2f},{x}\n" for t, x in zip(TIME, numbers, strict=True)))
    assert np.isnan([x for _, (x,) in rows(path, ("x",))]).all()


@pytest.mark.parametrize(
    "cells", [[0, 999] * 30, [*range(9945, 10005)], [-9999.0] * 60], ids=["states", "count", "all"]
)
def test_numbers_that_others_are_near_stay(tmp_path, cells):
    path = written(tmp_path, "time,x,y\n" + "".join(f"{t:.2f},{x},1\n" for t, x in zip(TIME, cells, strict=True)))
    assert [sample[0] for _, sample in rows(path)] == cells


def test_episodes_are_no_devices(tmp_path):
    """Time begins again in each episode: the rows of one time are of several episodes, not of several devices."""
    lines = [f"{t:.2f},{100 * episode + a},{episode}\n" for episode in range(3) for t, a in zip(TIME, A, strict=True)]
    path = written(tmp_path, "timestamp,x,episode_index\n" + "".join(lines))
    assert [x for _, (x,) in rows(path, ("x",))] == [100 * episode + a for episode in range(3) for a in A.tolist()]


ABOVE = {
    "an oscilloscope": (
        '"Model Name" ,"DL850"\n"TraceName"  ,"CH1 ","CH2 "\n"BlockSize" , 60, 60\n"VUnit" ,"V","V"\n'
        '"SampleRate" ,2.0E+01,2.0E+01\n"Date" ,"2024/05/01"\n\n',
        ",{a},{b}\n",
        ["table.CH1", "table.CH2"],
    ),
    "numbers above the names": (
        "SampleRate,20,20\nGain,1,1\n,CH1,CH2\n",
        ",{a},{b}\n",
        ["table.CH1", "table.CH2"],
    ),
    "a recorder": (
        '"Device Type","MW100"\n"Ch.","","","CH1","CH2"\n"Unit","","","V","C"\n"Date","Time","mSec","",""\n',
        "2024/05/01,12:00:{k20:02d},{ms:03d},{a},{b}\n",
        ["table.CH1", "table.CH2"],
    ),
    "channels of numbers": ("x-axis,1,2\nsecond,Volt,Volt\n", "{t},{a},{b}\n", ["table.column_1", "table.column_2"]),
    "a list of markers": (
        "FREQUENCY\t20\nMARKER_NAMES\thip\tknee\n",
        "{a}\t0\t{b}\t1\t2\t3\n",
        ["hip.x", "hip.z"],
    ),
    "a time before each channel": (
        "LabVIEW Measurement\nChannels\t2\t\t\t\nDelta_X\t0.05\t\t0.05\t\n***End_of_Header***\t\t\t\t\n"
        "X_Value\tForce\tX_Value\tTorque\tComment\n",
        "{t}\t{a}\t{t}\t{b}\t\n",
        ["table.Force", "table.Torque"],
    ),
}


@pytest.mark.parametrize("kind", ABOVE)
def test_names_and_rate_stand_among_descriptions(tmp_path, kind):
    above, form, names = ABOVE[kind]
    lines = [
        form.format(t=f"{t:.2f}", a=a, b=b, k20=k // 20, ms=k % 20 * 50)
        for k, (t, a, b) in enumerate(zip(TIME, A, B, strict=True))
    ]
    found, _ = together([written(tmp_path, above + "".join(lines))])
    assert values(found, names[0]) == A.tolist()
    assert values(found, names[1]) == B.tolist()
    assert np.diff([stamp for stamp, _ in found[names[0]]]) == pytest.approx(5e7)
    assert len(found) == (6 if "markers" in kind else 2)


def test_the_text_of_the_first_row_that_is_left_out_is_told(tmp_path):
    lines = [f"|{t:.2f}|{a}|" for t, a in zip(TIME, A, strict=True)]
    path = written(tmp_path, "\n".join(["|time|x|", "+---+---+", *lines, "+---+---+", "60 rows in set"]))
    assert any("'60 rows in set'" in note for note in notices(path))
