from datetime import datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest
from table_files import notices, rows, together, written

from infonet_ros.errors import RecordingError
from infonet_ros.intake.proposing.proposal import propose
from infonet_ros.intake.recording import chosen_span
from infonet_ros.intake.tables.tables import Tables
from infonet_ros.settings import Settings

NOVEMBER = [17 * 10**17, 17 * 10**17 + 5 * 10**8]  # 2023-11-14 22:13:20, and half a second later
TIMES = {
    "seconds": ("time,x\n1.5,1\n2.25,2\n", [1_500_000_000, 2_250_000_000]),
    "seconds since 1970": (
        "time,x\n1700000000.5,1\n1700000001,2\n",
        [1_700_000_000_500_000_000, 1_700_000_001 * 10**9],
    ),
    "milliseconds": ("stamp,x\n1700000000500,1\n1700000001000,2\n", [1_700_000_000_500_000_000, 1_700_000_001 * 10**9]),
    "whole milliseconds since the start": ("time,x\n0,1\n10,2\n20,3\n", [0, 10_000_000, 20_000_000]),
    "minutes by their name only": ("row,minutes,x\n0,0.0,1\n1,0.5,2\n2,1.0,3\n", [0, 30 * 10**9, 60 * 10**9]),
    "fractions of milliseconds": ("time,x\n0.0,1\n16.667,2\n33.333,3\n", [0, 16_667_000, 33_333_000]),
    "microseconds since boot": ("timestamp,x\n12004000,1\n12008000,2\n", [12_004_000_000, 12_008_000_000]),
    "nanoseconds since boot": ("t,x\n5000000000,1\n5005000000,2\n", [5_000_000_000, 5_005_000_000]),
    "nanoseconds": ("timestamp,x\n1700000000000000001,1\n1700000000000000002,2\n", [17 * 10**17 + 1, 17 * 10**17 + 2]),
    "dates of a camera": ("t,x\n2023:11:14 22:13:20,1\n2023:11:14 22:13:20.5,2\n", NOVEMBER),
    "dates of names of files": ("t,x\n2023-11-14_22-13-20,1\n2023-11-14_22-13-20.5,2\n", NOVEMBER),
    "dates with zones in words": (
        "t,x\n2023-11-14T22:13:20Z[UTC],1\n2023-11-15T00:13:20.5+02:00[Europe/Berlin],2\n",
        NOVEMBER,
    ),
    "dates with hours of a zone": ("t,x\n2023/11/14-23:13:20+01,1\n2023/11/14-23:13:20.5+01,2\n", NOVEMBER),
    "ticks of Xsens": ("SampleTimeFine,x\n5000,1\n5100,2\n5200,3\n", [500_000_000, 510_000_000, 520_000_000]),
    "microseconds of Xsens": ("SampleTimeFine,x\n5000,1\n21667,2\n", [5_000_000, 21_667_000]),
    "halves of the day in Chinese": ("t,x\n2023/11/14 下午 10:13:20,1\n2023/11/14 下午 10:13:20.5,2\n", NOVEMBER),
    "dates in Korean": (
        "t,x\n2023년 11월 14일 오후 10시 13분 20초,1\n2023년 11월 14일 오후 10시 13분 20.5초,2\n",
        NOVEMBER,
    ),
    "dates in brackets": ("t,x\n[2023-11-14 22:13:20],1\n[2023-11-14 22:13:20.5],2\n", NOVEMBER),
    "dates of a web server": ("t,x\n[14/Nov/2023:22:13:20 +0000],1\n[14/Nov/2023:22:13:20.5 +0000],2\n", NOVEMBER),
    "ticks of Windows": ("t,x\n133444736000000000,1\n133444736005000000,2\n", NOVEMBER),
    "ticks of .NET": ("t,x\n638355968000000000,1\n638355968005000000,2\n", NOVEMBER),
    **{
        name: (f"t;x\n{date.format('20.000')};1\n{date.format('20.500')};2\n", NOVEMBER)
        for name, date in {
            "dates of rostopic": "2023/11/14/22:13:{}",
            "dates with underscores": "2023_11_14_22_13_{}",
            "dates without signs": "20231114T2213{}Z",
            "dates of Oracle": "14-Nov-23 10.13.{} PM",
            "dates and clocks with points": "14.11.2023 22.13.{}",
            "dates of letters": "Tue, 14 Nov 2023 22:13:{} +0000",
            "dates of browsers": "Wed Nov 15 2023 00:13:{} GMT+0200 (Central European Summer Time)",
            "summer time": "2023-11-15 00:13:{} CEST",
            "a zone of America": "2023-11-14 17:13:{} EST",
            "hours ahead of UTC": "2023-11-15 00:13:{} UTC+2",
        }.items()
    },
    "dates without a year": (
        "t,x\nMar 01 00:00:01,1\nMar 01 00:00:01.5,2\n",
        [951868801 * 10**9, 951868801_500_000_000],
    ),
    "a clock with points": ("t,x\n12.00.00.000,1\n12.00.00.500,2\n", [43200 * 10**9, 43200_500_000_000]),
    "twelve hours without halves": ("t,x\n12:59:59.5,1\n01:00:00.0,2\n", [46799_500_000_000, 46800 * 10**9]),
    "months without signs": ("t,x\n14NOV2023:22:13:20,1\n14NOV2023:22:13:20.5,2\n", NOVEMBER),
    "days of the year": ("t,x\n2023-318T22:13:20,1\n2023-318T22:13:20.5,2\n", NOVEMBER),
    "days of a leap year": (
        "t,x\n2024:366:23:59:59,1\n2025:001:00:00:01,2\n",
        [1735689599 * 10**9, 1735689601 * 10**9],
    ),
    "weeks of the year": ("t,x\n2023-W46-2T22:13:20Z,1\n2023W462T22:13:20.5Z,2\n", NOVEMBER),
    "weeks that begin in the year before": (
        "t,x\n2020-W01-1T00:00:00,1\n2021-W01-1T00:00:00,2\n",  # December 30, 2019, and January 4, 2021
        [1577664000 * 10**9, 1609718400 * 10**9],
    ),
    "milliseconds behind a semicolon": (
        "t,x\n10:00:00;500 AM,1\n10:00:01;000 AM,2\n",
        [36000_500_000_000, 36001 * 10**9],
    ),
    "days before a clock": ("t,x\n0:23:59:59.5,1\n1:00:00:00.25,2\n", [86399_500_000_000, 86400_250_000_000]),
    "days before a clock of whole seconds": (
        "t,x\n" + "".join(f"1:00:00:{k:02d},{k}\n" for k in range(60)),
        [(86400 + k) * 10**9 for k in range(60)],
    ),
    "pictures behind a clock": (
        "t,x\n" + "".join(f"10:00:00:{k:02d},{k}\n" for k in range(25)),
        [36000 * 10**9 + k * 10**7 for k in range(25)],
    ),
    "Julian days": ("t,x\n2460263.5,1\n2460263.50048828125,2\n", [1_700_006_400 * 10**9, 1_700_006_442_187_500_032]),
    "dates": ("t,x\n2023-11-14T22:13:20Z,1\n2023-11-14 22:13:20.5+00:00,2\n", NOVEMBER),
    "first column that grows": ("clock,x\n0,5\n1,3\n", [0, 10**9]),
    "unsorted": ("time,x\n2,1\n1,2\n", [10**9, 2 * 10**9]),
    "before zero": ("time,x\n-1.5,1\n0.25,2\n", [500_000_000, 2_250_000_000]),
    "nanoseconds before zero": ("t_ns,x\n-9007199254740993,1\n7,2\n", [745_259_007, 9_007_200_000_000_007]),
    "dates before 1970": ("t,x\n1969-12-31 23:59:58.5,1\n1970-01-01,2\n", [500_000_000, 2 * 10**9]),
    "LabVIEW": ("time,x\n3900000000,1\n3900000001,2\n", [0, 10**9]),
    "the last that fits": ("time,x\n2147483646,1\n2147483647.5,2\n", [2147483646 * 10**9, 2147483647_500_000_000]),
}


@pytest.mark.parametrize("kind", TIMES)
def test_times_of_every_kind(tmp_path, kind):
    text, stamps = TIMES[kind]
    assert [stamp for stamp, _ in rows(written(tmp_path, text), ("x",))] == stamps


def test_a_first_column_of_labels_is_no_time(tmp_path):
    """Oscilloscopes write their settings beside the samples."""
    path = written(
        tmp_path, "Samples,3,,-1.0,5\nSource,CH1,,0.0,3\n" + "".join(f",,,{t}.0,{-t}\n" for t in range(1, 30))
    )
    assert rows(path, ("column_5",))[:3] == [(0, [5.0]), (10**9, [3.0]), (2 * 10**9, [-1.0])]


def test_the_unit_can_be_given(tmp_path):
    path = written(tmp_path, "time,x\n1000,1\n2000,2\n")
    assert [stamp for stamp, _ in rows(path, ("x",), unit="ms")] == [10**9, 2 * 10**9]


UNITS = {
    "time_s": 1e9,
    "time [s]": 1e9,
    "secs": 1e9,
    "time_ms": 1e6,
    "time [ms]": 1e6,
    "Time(msec)": 1e6,
    "timeMs": 1e6,
    "t_us": 1e3,
    "t [µs]": 1e3,
    "TIMESTAMP_NS": 1.0,
    "timestampNs": 1.0,
}


@pytest.mark.parametrize("name", UNITS)
def test_the_name_of_the_time_column_gives_its_unit(tmp_path, name):
    path = written(tmp_path, f"x,{name}\n1,2000\n0,4000\n")
    assert [stamp for stamp, _ in rows(path, ("x",))] == [2000 * UNITS[name], 4000 * UNITS[name]]
    assert [stamp for stamp, _ in rows(path, ("x",), unit="us")] == [2_000_000, 4_000_000]


@pytest.mark.parametrize("name", ["times", "clocks", "columns"])
def test_a_name_that_ends_in_an_s_names_no_unit(tmp_path, name):
    assert notices(written(tmp_path, f"{name},x\n1.5,1\n2,2\n")) == [
        f"time is column {name!r}, in s judging by its steps (2 Hz); --time and --time-unit change that."
    ]


@pytest.mark.parametrize("step", ["5.0", "7.25", "30.5", "60", "300"])
def test_slow_times_of_few_digits_are_seconds(tmp_path, step):
    lines = [f"{Decimal(step) * k},{k % 7}" for k in range(100)]
    path = written(tmp_path, "\n".join(["time,x", *lines]))
    assert np.diff([stamp for stamp, _ in rows(path, ("x",))]) == pytest.approx(float(step) * 1e9)
    assert any("Hz, or " in notice and "Hz in ms)" in notice for notice in notices(path))


def test_one_row_for_each_count_may_be_a_millisecond(tmp_path):
    path = written(tmp_path, "time,x\n" + "".join(f"{k},{k % 7}\n" for k in range(100)))
    assert any("in s judging by its steps (1 Hz, or 1000 Hz in ms)" in notice for notice in notices(path))


def test_libfranka_counts_milliseconds(tmp_path):
    lines = [f"{61_234 + k},1,{k % 7}" for k in range(100)]
    path = written(tmp_path, "\n".join(["time, success_rate, state.q_d[0]", *lines]))
    assert np.diff([stamp for stamp, _ in rows(path, ("q_d_0",), topic="state")]) == pytest.approx(1e6)


def test_a_quantity_over_its_unit_is_a_time_and_a_count_is_none(tmp_path):
    text = "mode,Ns,time/s,I/mA\n" + "".join(f"2,{k // 4},{k / 2},{k % 5}\n" for k in range(12))
    assert notices(written(tmp_path, text))[0].startswith("time is column 'time/s', in s as its name says")


def test_the_unit_is_reported_unless_it_was_given(tmp_path):
    path = written(tmp_path, "time_ms,x\n1,1\n2,2\n")
    assert notices(path) == ["time is column 'time_ms', in ms as its name says; --time and --time-unit change that."]
    assert notices(path, unit="s") == []


def test_rows_without_a_time_are_counted(tmp_path):
    path = written(tmp_path, "time,x\n0,1\n,2\nnan,3\n1e12,4\n2,5\n")
    assert [stamp for stamp, _ in rows(path, ("x",), unit="s")] == [0, 2 * 10**9]
    assert notices(path, unit="s") == [
        "2 of 5 rows are left out: their time 'time' is empty or not known.",
        "1 of 5 rows are left out: their time 'time' is more than 292 years from zero.",
    ]
    since = written(tmp_path, "time [s since 2024-01-01],x\n0,1\n,2\n8e9,3\n1,4\n")
    assert [stamp for stamp, _ in rows(since, ("x",))] == [1_704_067_200 * 10**9, 1_704_067_201 * 10**9]
    assert [notice[:11] for notice in notices(since)[1:]] == ["1 of 4 rows"] * 2
    dates = written(tmp_path, "time,x\n2024-05-01,1\n,2\n9999-12-31,3\n")
    assert [notice[:11] for notice in notices(dates)] == ["1 of 3 rows"] * 2


def test_moved_times_are_reported(tmp_path):
    (moved,) = notices(written(tmp_path, "time,x\n-20.5,1\n1,2\n"), unit="s")
    assert "times begin at -20.5 s" in moved
    assert moved.endswith("the results give all times plus 21 s.")
    (moved,) = notices(written(tmp_path, "time,x\n3900000000.5,1\n3900000001,2\n"), unit="s")
    assert moved.endswith("the results give all times minus 3900000000 s.")


def test_a_unit_is_judged_by_all_files_of_one_logger(tmp_path):
    """As ulog2csv writes them: what comes twice a second would alone be taken for milliseconds or nanoseconds."""
    fast = "timestamp,x\n" + "".join(f"{10**8 + 1250 * k},{k}\n" for k in range(4000))
    slow = "timestamp,y\n" + "".join(f"{10**8 + 10**6 * k},{k}\n" for k in range(5))
    paths = [written(tmp_path, fast, "log_imu_0.csv"), written(tmp_path, slow, "log_gps_0.csv")]
    found, notices = together(paths)
    assert [stamp for stamp, _ in found["log_gps_0.y"]] == [10**11 + k * 10**9 for k in range(5)]
    assert len(notices) == 1
    assert notices[0].startswith("time is column 'timestamp', in us judging by its steps")


def test_files_of_two_loggers_have_their_own_units(tmp_path):
    seconds = "time,x\n" + "".join(f"{k * 0.05:.2f},{k}\n" for k in range(300))
    milliseconds = "time,y\n" + "".join(f"{k * 50},{k}\n" for k in range(300))
    found, _ = together([written(tmp_path, seconds, "vel.csv"), written(tmp_path, milliseconds, "steer.csv")])
    assert [stamp for stamp, _ in found["vel.x"]] == [stamp for stamp, _ in found["steer.y"]]


def test_clocks_that_do_not_overlap_are_reported(tmp_path):
    wall = "time,x\n" + "".join(f"{1.7e9 + k},{k}\n" for k in range(30))
    boot = "time,y\n" + "".join(f"{100 + k},{k}\n" for k in range(30))
    paths = [written(tmp_path, wall, "wall.csv"), written(tmp_path, boot, "boot.csv")]
    with pytest.raises(
        RecordingError, match=r"boot.csv end at 129.000 s and .*wall.csv begin at 2023.*1699999871 s \(54 years\) later"
    ):
        together(paths)
    third = written(tmp_path, boot, "third.csv")
    found, notices = together([*paths, third])
    assert set(found) == {"boot.y", "third.y"}
    assert any("wall.csv begin at 2023-11-14" in notice and "left out" in notice for notice in notices)


DIGITS = {"%Y%m%d": 86_400, "%Y%m%d%H": 3600, "%Y%m%d%H%M": 600, "%Y%m%d%H%M%S": 1, "%Y%m%d %H%M": 60}


@pytest.mark.parametrize("form", DIGITS)
@pytest.mark.parametrize("name", ["MESS_DATUM", "time", "first"])
def test_dates_of_digits_may_end_anywhere(tmp_path, form, name):
    begin = datetime(2024, 2, 27, tzinfo=timezone.utc)
    dates = [(begin + timedelta(seconds=k * DIGITS[form])).strftime(form) for k in range(60)]
    found = rows(written(tmp_path, f"{name},x\n" + "".join(f"{d},{k % 7}\n" for k, d in enumerate(dates))), ("x",))
    assert found[0][0] == round(begin.timestamp()) * 10**9
    assert set(np.diff([stamp for stamp, _ in found])) == {DIGITS[form] * 10**9}


def test_numbers_that_are_no_dates_of_digits_count_from_1970(tmp_path):
    path = written(tmp_path, "time,x\n" + "".join(f"{2_024_060_123 + k},{k % 7}\n" for k in range(60)))
    assert rows(path, ("x",))[0][0] == 2_024_060_123 * 10**9


@pytest.mark.parametrize("begin", [0, 100, 10_000])
def test_seconds_that_could_be_digits_of_a_clock_are_seconds(tmp_path, begin):
    lines = [f"{begin + k / 20:.4f},{k % 7}" for k in range(1190)]  # less than a minute
    path = written(tmp_path, "\n".join(["time,x", *lines]))
    assert np.diff([stamp for stamp, _ in rows(path, ("x",))]) == pytest.approx(50e6, abs=1e3)
    assert any("in s judging by its steps (20 Hz)" in note for note in notices(path))


def test_times_that_are_hundreds_apart_are_no_minutes(tmp_path):
    path = written(tmp_path, "\n".join(["time,x", *(f"{100 * k},{k % 7}" for k in range(80))]))
    assert set(np.diff([stamp for stamp, _ in rows(path, ("x",))]).tolist()) == {10**8}  # milliseconds


def test_a_unit_judged_by_size_is_of_one_file_alone(tmp_path):
    """Logs in seconds and in milliseconds since 1970, side by side."""
    seconds, milliseconds = tmp_path / "a.csv", tmp_path / "b.csv"
    seconds.write_text("time,x\n" + "".join(f"{1_700_000_000 + k / 10},{k}\n" for k in range(50)))
    milliseconds.write_text("time,y\n" + "".join(f"{1_700_000_000_000 + 100 * k},{k}\n" for k in range(50)))
    with Tables([seconds, milliseconds]) as tables:
        assert (tables.end - tables.start) == 4_900_000_000
        assert len(tables.topics) == 2


def test_ambiguous_dates_are_reported(tmp_path):
    path = written(tmp_path, "when,x\n05/06/2024 10:00:00,1\n05/06/2024 10:00:01,2\n")
    assert "could be read in several ways, and are read as month, day, year." in notices(path)[0]
    path = written(tmp_path, "when,x\n30/06/2024 23:59:59,1\n01/07/2024 00:00:00,2\n")
    assert notices(path) == []


def test_days_as_spreadsheets_and_matlab_count_them(tmp_path):
    for first in (45413.5, 739373.5, 60431.5):
        lines = [f"{first + k / 864000:.9f},{k}" for k in range(5)]
        stamps = [stamp for stamp, _ in rows(written(tmp_path, "\n".join(["time,x", *lines])), ("x",))]
        assert stamps == pytest.approx([1_714_564_800 * 10**9 + k * 10**8 for k in range(5)], abs=10**5)


@pytest.mark.parametrize("minutes", [5, 15, 60])
def test_slow_rows_of_a_spreadsheet_count_days(tmp_path, minutes):
    lines = [f"{45413 + minutes * k / 1440:.6f},{k}" for k in range(60)]
    stamps = [stamp for stamp, _ in rows(written(tmp_path, "\n".join(["time,x", *lines])), ("x",))]
    assert np.diff(stamps) == pytest.approx(60e9 * minutes, abs=1e9)


@pytest.mark.parametrize("step", [0.002, 0.005, 0.01, 0.02, 0.025, 0.05, 0.1, 0.125, 0.5, 1])
def test_seconds_of_a_morning_are_no_days(tmp_path, step):
    lines = [f"{36_000 + step * k:.3f},{k}" for k in range(60)]
    stamps = [stamp for stamp, _ in rows(written(tmp_path, "\n".join(["time,x", *lines])), ("x",))]
    assert np.diff(stamps) == pytest.approx(1e9 * step, abs=1e3)


@pytest.mark.parametrize("epoch", [621_355_968 * 10**9, 116_444_736 * 10**9])
def test_ticks_beside_a_time_that_is_not_known(tmp_path, epoch):
    """A cell that is no number makes floats of them all."""
    lines = [f"{epoch + (1_714_564_800 * 10 + k) * 10**6 if k != 3 else 'n/a'},{k}" for k in range(10)]
    stamps = [stamp for stamp, _ in rows(written(tmp_path, "\n".join(["time,x", *lines])), ("x",))]
    expected = [1_714_564_800 * 10**9 + k * 10**8 for k in range(10) if k != 3]
    assert stamps == pytest.approx(expected, abs=10**5)


def test_the_rate_comes_from_the_stamps_of_all_rows(tmp_path):
    lines = [f"{k / 100},{np.sin(k * k)},{np.cos(3 * k * k)}" for k in range(6000)]
    with Tables([written(tmp_path, "\n".join(["time,x,y", *lines]))]) as table:
        found = propose(table, Settings(), chosen_span(table, 0.0, None))
    assert found.settings.rate == 100.0


def test_a_log_of_wincc_counts_millionths_of_days(tmp_path):
    begin = 45_413.5  # noon of 2024-05-01, in the days of spreadsheets
    lines = "".join(f"{(begin + k / 864_000) * 1e6:.6f},{k}\n" for k in range(50))
    stamps = [stamp for stamp, _ in rows(written(tmp_path, "Time_ms,x\n" + lines), ("x",))]
    assert stamps[0] == pytest.approx(1_714_564_800e9, abs=1e6)
    assert np.diff(stamps) == pytest.approx(1e8, abs=1e6)


def test_numbers_with_decimal_commas_mean_that_the_day_comes_first_in_dates(tmp_path):
    path = written(tmp_path, "date;time;x\n01/05/2024;12:00:00;1,5\n01/05/2024;12:00:01;2,5\n")
    assert rows(path, ("x",))[0][0] == 1_714_564_800 * 10**9
