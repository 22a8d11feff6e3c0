"""Times that fall from one row to the next: rows out of order, midnight, summer time and clocks that begin again."""

import numpy as np
import pytest
from table_files import notices, rows, written


def test_rows_need_not_be_in_order(tmp_path):
    lines = [f"{k / 10},{k},{-k}" for k in range(100)]
    order = np.random.default_rng(4).permutation(100)
    for name in (range(100), reversed(range(100)), order):
        path = written(tmp_path, "\n".join(["time,x,y", *(lines[k] for k in name)]))
        assert rows(path) == [(k * 10**8, [k, -k]) for k in range(100)]


NEWEST_FIRST = {
    "numbers": [f"{k * 0.05:.2f}" for k in range(200)],
    "a clock past midnight": [f"{k // 3600 % 24}:{k // 60 % 60:02}:{k % 60:02}" for k in range(86_390, 86_510)],
    "summer time that ends": [f"2024-10-27 {h}:{m:02}" for h in (0, 1, 2, 2, 3) for m in range(0, 60, 10)],
    "whole seconds": [f"2024-05-01 12:00:{k // 10:02}" for k in range(300)],
    "milliseconds in 16 bits": [f"{(k * 50 + 60_000) % 65_536}" for k in range(300)],
}


@pytest.mark.parametrize("kind", NEWEST_FIRST)
def test_rows_that_begin_with_the_newest_are_read_as_turned_round(tmp_path, kind):
    lines = [f"{time},{k},{-k}" for k, time in enumerate(NEWEST_FIRST[kind])]
    header = "time_ms,x,y" if "milli" in kind else "time,x,y"
    as_is, turned = (
        written(tmp_path, "\n".join([header, *order]), f"{name}.csv")
        for name, order in (("as_is", lines), ("turned", lines[::-1]))
    )
    assert rows(turned) == rows(as_is)
    assert any("its rows begin with the newest" in note for note in notices(turned))


def test_a_few_rows_that_come_late_are_sorted_in(tmp_path):
    stamps = [*range(50), 40.5, 41.5, *range(50, 200)]
    path = written(tmp_path, "\n".join(["time,x,y", *(f"{t / 10},{k},0" for k, t in enumerate(stamps))]))
    assert [stamp for stamp, _ in rows(path)] == sorted(round(t * 10**8) for t in stamps)


def test_times_of_day_continue_past_midnight(tmp_path):
    lines = ["23:59:58.5,1", "23:59:59.5,2", "00:00:00.5,3"]
    expected = [86_398_500_000_000, 86_399_500_000_000, 86_400_500_000_000]
    path = written(tmp_path, "\n".join(["Time,x", *lines]))
    assert [stamp for stamp, _ in rows(path, ("x",))] == expected
    path = written(tmp_path, "\n".join(["Date,Time,x", *(f"01.05.2024,{line}" for line in lines)]))
    assert np.diff([stamp for stamp, _ in rows(path, ("x",))]).tolist() == [10**9, 10**9]


def test_summer_time_ends_between_slow_rows(tmp_path):
    clocks = [f"{hour}:{minute:02d}" for hour in (1, 2, 2, 3) for minute in range(0, 60, 10)]
    path = written(tmp_path, "time,x\n" + "".join(f"2024-10-27 {clock},{k}\n" for k, clock in enumerate(clocks)))
    found = rows(path, ("x",))
    assert [x for _, (x,) in found] == list(range(24))
    assert set(np.diff([stamp for stamp, _ in found])) == {600 * 10**9}


def test_midnight_between_dates_is_no_second_day(tmp_path):
    lines = ["2024-05-01,23:59:59.5,1", "2024-05-02,00:00:00.5,2", "2024-05-02,00:00:01.5,3"]
    path = written(tmp_path, "\n".join(["Date,Time,x", *lines]))
    assert np.diff([stamp for stamp, _ in rows(path, ("x",))]).tolist() == [10**9, 10**9]


@pytest.mark.parametrize(("end", "same_day"), [("24:00", True), ("00:00", True), ("00:00", False)])
def test_the_end_of_a_day_is_behind_it(tmp_path, end, same_day):
    quarters = [divmod(k, 96) for k in range(1, 300)]
    lines = []
    for day, quarter in quarters:
        clock = end if not quarter else f"{quarter // 4:02}:{quarter % 4 * 15:02}"
        lines.append(f"0{day + 1 - (not quarter and same_day)}.05.2024;{clock};{96 * day + quarter}")
    found = rows(written(tmp_path, "\n".join(["Datum;Zeit;x", *lines])), ("x",))
    assert [values for _, values in found] == [[k] for k in range(1, 300)]
    assert set(np.diff([stamp for stamp, _ in found])) == {900 * 10**9}


TURNS = {
    "milliseconds in 32 bits": ("time_ms", 1, 2**32 - 200),
    "milliseconds in 16 bits": ("time_ms", 1, 2**16 - 200),
    "microseconds in 24 bits": ("t_us", 1000, 2**24 - 200_000),
    "microseconds in 32 bits": ("t_us", 1000, 2**32 - 200_000),
    "seconds of the day": ("time", 0.001, 86_399.8),
    "seconds of the week": ("gps_tow", 0.001, 604_799.8),
}


@pytest.mark.parametrize("kind", TURNS)
def test_a_clock_that_restarted_is_continued(tmp_path, kind):
    name, unit, begin = TURNS[kind]
    counter = min(turn for turn in (2**16, 2**24, 2**32) if turn > begin)
    turn = {"time": 86_400, "gps_tow": 604_800}.get(name, counter)
    lines = [f"{round((begin + 50 * k * unit) % turn, 6)},{k}" for k in range(60)]
    path = written(tmp_path, "\n".join([f"{name},x", *lines]))
    found = rows(path, ("x",))
    assert [values for _, values in found] == [[k] for k in range(60)]
    assert np.diff([stamp for stamp, _ in found]) == pytest.approx(50e6, abs=1e3)
    assert any("falls back 1 time by a whole turn" in note for note in notices(path))


def test_the_hour_that_comes_twice_in_autumn_is_no_restart(tmp_path):
    lines = [f"2024-10-27 02:59:5{k},{k}" for k in range(10)] + [f"2024-10-27 02:00:0{k},{10 + k}" for k in range(10)]
    found = rows(written(tmp_path, "\n".join(["time,x", *lines])), ("x",))
    assert [values for _, values in found] == [[k] for k in range(20)]
    assert np.diff([stamp for stamp, _ in found]).tolist() == [10**9] * 19


@pytest.mark.parametrize(("name", "unit"), [("time [min]", 60), ("time [h]", 3600), ("time (days)", 86_400)])
def test_minutes_and_hours_may_fall_back(tmp_path, name, unit):
    """No counter of 32 bits turns within the years that a stamp can hold."""
    counts = [*range(50), 51, 50, *range(52, 100)]
    lines = "".join(f"{count},{row}\n" for row, count in enumerate(counts))
    stamps = [stamp for stamp, _ in rows(written(tmp_path, f"{name},x\n{lines}"), ("x",))]
    assert stamps == [count * unit * 10**9 for count in sorted(counts)]
