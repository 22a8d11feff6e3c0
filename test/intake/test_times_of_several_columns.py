from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from table_files import rows, written

PAIRS = {
    "seconds and nanoseconds": ("header.stamp.sec,header.stamp.nanosec", "17{k},{n}00000000"),
    "as in ROS 1": ("secs,nsecs", "17{k},{n}00000000"),
    "seconds and microseconds": ("tv_sec,tv_usec", "17{k},{n}00000"),
    "seconds and milliseconds": ("stamp_s,stamp_ms", "17{k},{n}00"),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_seconds_and_what_is_below_them_are_one_time(tmp_path, kind):
    header, form = PAIRS[kind]
    lines = [f"{form.format(k=10 + i // 10, n=i % 10)},{i}" for i in range(30)]
    path = written(tmp_path, "\n".join([f"{header},x", *lines]))
    assert rows(path, ("x",)) == [((1710 + i // 10) * 10**9 + i % 10 * 10**8, [i]) for i in range(30)]
    assert rows(path, ("x",), time=header.split(",")[0]) == rows(path, ("x",))


def test_a_counter_behind_a_column_of_seconds_is_no_part_of_the_time(tmp_path):
    """Nanoseconds begin again with each second, as in the same table with other numbers."""
    lines = [f"{10 + k // 10},{2_000_000 + k},{k * k % 7}" for k in range(60)]
    found = rows(written(tmp_path, "\n".join(["a,b,x", *lines])), ("b",))
    assert [values for _, values in found] == [[2_000_000 + k] for k in range(60)]
    lines = [f"{10 + k // 10},{k % 10}00000000,{k * k % 7}" for k in range(60)]
    found = rows(written(tmp_path, "\n".join(["a,b,x", *lines])), ("x",))
    assert [stamp for stamp, _ in found] == [(100 + k) * 10**8 for k in range(60)]


def test_a_header_stamp_that_was_never_set_is_not_the_time(tmp_path):
    path = written(tmp_path, "Time,header.stamp.secs,header.stamp.nsecs,x\n5.5,0,0,1\n5.6,0,0,2\n")
    assert rows(path, ("x",)) == [(5_500_000_000, [1]), (5_600_000_000, [2])]


def test_a_date_and_a_time_of_day_are_one_time(tmp_path):
    noon = 1_714_564_800 * 10**9
    for header in ("Date,Time", "day,clock", "Datum,Uhrzeit"):
        lines = [f"2024-05-01,12:00:0{k}.500,{k}" for k in range(5)]
        path = written(tmp_path, "\n".join([f"{header},v", *lines]))
        assert rows(path, ("v",)) == [(noon + k * 10**9 + 5 * 10**8, [k]) for k in range(5)]


SPLIT = {
    "a calendar": ("year,month,day,hour,minute,second", "2024,05,01,11,{m},{s}"),
    "a calendar of a receiver": (
        "UTC_Nano,UTC_Year,UTC_Month,UTC_Day,UTC_Hour,UTC_Minute,UTC_Second",
        "{milli}000000,2024,05,01,11,{m},{whole}",
    ),
    "seconds before minutes": ("Sec,Min,Hour", "{s},{m},11"),
    "day before month before year": ("dd,mm,yyyy,hh,mm,ss", "01,05,2024,11,{m},{s}"),
    "a clock": ("hour,min,sec", "11,{m},{s}"),
    "digits of a receiver": ("utc", "11{m}{s}"),
    "a date and digits": ("date,time", "20240501,11{m}{s}"),
    "a clock and milliseconds": ("time,millis", "11:{m}:{whole},{milli}"),
    "a date, a clock and milliseconds": ("date,time,ms", "01.05.2024,11:{m}:{whole},{milli}"),
    "second of a day of a year": ("year,doy,sod", "2024,122,{sod}"),
    "second of a Julian day": ("MJD,seconds_of_day", "60431,{sod}"),
    "week and second of GPS": ("gps_week,gps_tow", "2312,{tow}"),
    "week and millisecond of GPS": ("GWk,GMS", "2312,{tow_ms}"),
}


CALENDARS = {
    "hours of a reanalysis": ("YEAR,MO,DY,HR", "{t.year},{t.month},{t.day},{t.hour}", 3600),
    "hours of days of a year": ("Year,DOY,Hour", "{t.year},{t:%j},{t.hour}", 3600),
    "days": ("year,month,day", "{t.year},{t.month},{t.day}", 86_400),
    "days of a year": ("year,day_of_year", "{t.year},{t:%j}", 86_400),
    "hours in words beside a date": ("Date,Hour", "{t:%Y-%m-%d},{t.hour}", 3600),
    "hours and minutes as digits beside a date": ("Date,Time", "{t:%Y-%m-%d},{t.hour}{t:%M}", 900),
    "digits of hours beside a date": ("Date,Time", "{t:%Y%m%d},{t:%H%M}", 3600),
    "digits of hours and minutes of a year": ("Year,DOY,HHMM", "{t.year},{t:%j},{t:%H%M}", 900),
    "intervals": ("MTU (UTC)", "{t:%d.%m.%Y %H:%M} - {u:%d.%m.%Y %H:%M}", 900),
    "intervals of a day": ("Zeitraum", "{t:%d.%m.%Y %H:%M} - {u:%H:%M}", 900),
    "minutes of days of a year": ("year,jday,hour,min", "{t.year},{t:%j},{t.hour},{t.minute}", 60),
}


@pytest.mark.parametrize("kind", CALENDARS)
def test_calendars_may_lack_small_parts_or_the_month(tmp_path, kind):
    header, form, step = CALENDARS[kind]
    begin = datetime(2023, 12, 30, tzinfo=timezone.utc)
    times = [begin + timedelta(seconds=step * k) for k in range(100)]
    lines = [f"{form.format(t=time, u=time + timedelta(seconds=step))},{k % 7}" for k, time in enumerate(times)]
    found = rows(written(tmp_path, "\n".join([f"{header},x", *lines])), ("x",))
    assert found == [((round(begin.timestamp()) + step * k) * 10**9, [k % 7]) for k in range(100)]


def day_of_year(time):
    return time.timetuple().tm_yday - 1 + (time.hour + time.minute / 60) / 24


FRACTIONS = {
    "hours": ("Year,DOY,Hour", lambda t: f"{t.year},{t:%j},{t.hour + t.minute / 60:.8f}"),
    "days": ("Year,Month,Day", lambda t: f"{t.year},{t.month},{t.day + day_of_year(t) % 1:.9f}"),
    "days of a year": ("year,doy", lambda t: f"{t.year},{1 + day_of_year(t):.9f}"),
    "years": ("decimal_year", lambda t: f"{t.year + day_of_year(t) / (366 if t.year == 2024 else 365):.12f}"),
}


@pytest.mark.parametrize("kind", FRACTIONS)
def test_the_last_part_of_a_calendar_may_have_a_fraction(tmp_path, kind):
    header, form = FRACTIONS[kind]
    begin = datetime(2023, 12, 30, tzinfo=timezone.utc)
    lines = [f"{form(begin + timedelta(minutes=15 * k))},{k % 7}" for k in range(400)]
    found = rows(written(tmp_path, "\n".join([f"{header},x", *lines])), ("x",))
    expected = [(begin.timestamp() + 900 * k) * 1e9 for k in range(400)]
    assert [stamp for stamp, _ in found] == pytest.approx(expected, rel=0, abs=1e6)
    assert [value for _, (value,) in found] == [k % 7 for k in range(400)]


def test_numbers_that_do_not_begin_again_with_each_date_are_no_hours(tmp_path):
    lines = [f"2024-05-{1 + k // 10:02},{k % 7},{k}" for k in range(60)]
    path = written(tmp_path, "\n".join(["date,gear,x", *lines]))
    assert len({stamp for stamp, _ in rows(path, ("x",))}) == 6


@pytest.mark.parametrize("kind", SPLIT)
def test_times_in_several_columns_are_one(tmp_path, kind):
    header, form = SPLIT[kind]
    lines = []
    for k in range(60):
        m, milli = divmod(58 * 60_000 + 55_000 + 50 * k, 60_000)
        parts = {
            "m": f"{m % 60:02}",
            "s": f"{milli / 1000:06.3f}",
            "whole": f"{milli // 1000:02}",
            "milli": milli % 1000,
        }
        tow = 40_000 + 60 * m + milli / 1000
        times = {"tow": f"{tow:.3f}", "tow_ms": round(1000 * tow), "sod": f"{tow:.3f}"}
        lines.append(form.format(**parts, **times) + f",{k}")
    path = written(tmp_path, "\n".join([f"{header},x", *lines]))
    found = rows(path, ("x",))
    assert [values for _, values in found] == [[k] for k in range(60)]
    assert np.diff([stamp for stamp, _ in found]) == pytest.approx(50e6, abs=1e3)


def test_a_percentage_that_is_called_as_a_unit_is_no_fraction_of_a_second(tmp_path):
    path = written(tmp_path, "time,us,x\n" + "".join(f"12:00:{k:02},{k},{k * k}\n" for k in range(50)))
    assert [values[0] for _, values in rows(path, ("us",))] == [*range(50)]


def test_a_week_that_no_clock_has_is_left_out(tmp_path):
    lines = [f"{2312 if k != 7 else 4e17},{40_000 + k / 20:.2f},{k}" for k in range(60)]
    path = written(tmp_path, "\n".join(["week,tow,x", *lines]))
    assert [values[0] for _, values in rows(path, ("x",))] == [k for k in range(60) if k != 7]
