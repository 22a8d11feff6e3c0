"""Times as loggers and spreadsheets give them: lengths, parts of a second, whole seconds, columns that count rows."""

import numpy as np
import pytest
from table_files import notices, rows, written

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.tables import Tables

COUNT = 1300
SECONDS = np.arange(COUNT) * 0.05
FAST = np.arange(600) * 0.02
MINUTE = np.arange(60)
MIDNIGHT = 1_714_521_600


def clock_of(second, form):
    minute, rest = divmod(second, 60)
    return form.format(int(minute), rest)


def stamps(path, channel="v"):
    """Return the times of a table in seconds, and its notices."""
    return np.array([stamp for stamp, _ in rows(path, (channel,))]) / 1e9, notices(path)


def of_cells(tmp_path, header, cells):
    lines = [f"{cell},{k % 7}.5" for k, cell in enumerate(cells)]
    return stamps(written(tmp_path, "\n".join([f"{header},v", *lines]) + "\n"))


def assert_times(tmp_path, header, cells, seconds, words=""):
    """Cells are read as these seconds, and a notice has these words."""
    times, said = of_cells(tmp_path, header, cells)
    np.testing.assert_allclose(times, seconds, rtol=0, atol=1e-5)
    assert any(words in notice for notice in said) or not words


OFFSET = 7  # rows: a recording begins within a second
WHOLE = [(k + OFFSET) // 20 for k in range(COUNT)]
SPREAD = (np.arange(COUNT) + OFFSET) * 0.05
SHARED = "in steps of 1 s, each for about 20 rows: the rows are spread evenly"
NOW_AND_THEN = np.sort(np.random.default_rng(3).integers(0, 400, COUNT))
SESSIONS = MIDNIGHT + np.concatenate([SECONDS, SECONDS + 5 * 86_400])
PAUSE = np.concatenate([np.arange(1200), np.arange(1200) + 2000]) * 0.05
UNSORTED = np.array([(k if k < 300 else k - 6) * 0.05 for k in range(600)])
TIMES = {
    "two numbers, which the name calls minutes and seconds": (
        *("Elapsed (mm:ss)", [f"{k // 60}:{k % 60:02}" for k in range(300)], range(300)),
    ),
    "two numbers, under another name": (
        *("elapsed", [f"{k // 60}:{k % 60:02}" for k in range(300)], range(0, 18_000, 60)),
        "in hours and minutes; minutes and seconds need",
    ),
    "a clock of days beside numbers of rows": (
        *("Unnamed: 0,time", [f"{k},0 days 00:00:{t:09.6f}" for k, t in enumerate(FAST)], FAST),
    ),
    "times beside a column that counts rows": (
        *("seq,recv_time", [f"{k},{t:.2f}" for k, t in enumerate(SECONDS)], SECONDS),
    ),
    "a column that only counts rows": (
        *("Frame", range(COUNT), range(COUNT)),
        "'Frame' counts the rows, and no other column holds times",
    ),
    "microseconds of Betaflight beside gyroscopes": (
        "time,gyroADC[0]",
        [f"{1000 * k},{k % 9}" for k in range(COUNT)],
        np.arange(COUNT) / 1000,
    ),
    "days of Sea-Bird": (
        "timeJ",
        [f"{130 + k / 1e5:.5f}" for k in range(COUNT)],
        11_232_000 + 0.864 * np.arange(COUNT),
    ),
    "a counter that a device sends every third time": (
        *("Packet number", [9 + 3 * k for k in range(COUNT)], [9 + 3 * k for k in range(COUNT)]),
        "'Packet number' counts the rows, and no other column holds times",
    ),
    "a time that restarts in each step, before one that does not": (
        *("Time(s),Total Time(s)", [f"{k % 60},{k}" for k in range(COUNT)], range(COUNT)),
    ),
    "a time that restarts in each step, before dates": (
        "row,Time,Date",
        [f"{k},0:00:{k % 20:02},2024-05-01 00:{k // 60:02}:{k % 60:02}" for k in range(COUNT)],
        MIDNIGHT + np.arange(COUNT),
    ),
    "a time that restarts in each step, before one with a usual word": (
        *("Data_Point,Step_Time(s),Test_Time(s)", [f"{k},{k % 60},{k}" for k in range(COUNT)], range(COUNT)),
    ),
    "a counter that is named by its unit, and turns": (
        *("micros", [(4_294_000_000 + k * 50_000) % 2**32 for k in range(COUNT)], 4294 + SECONDS),
    ),
    "numbers that share a second": ("time", [MIDNIGHT + second for second in WHOLE], MIDNIGHT + SPREAD, SHARED),
    "dates that share a second": (
        *("time", [f"2024-05-01 {clock_of(second, '00:{:02d}:{:02d}')}" for second in WHOLE], MIDNIGHT + SPREAD),
        SHARED,
    ),
    "times of day that share a second": (
        *("time", [clock_of(second, "00:{:02d}:{:02d}") for second in WHOLE], SPREAD, SHARED),
    ),
    "rows that share a time now and then": ("time", NOW_AND_THEN, NOW_AND_THEN),
    "two sessions": ("time", [f"{time:.2f}" for time in SESSIONS], SESSIONS),
    "a pause of forty seconds, which is no minute": ("time", [f"{time:.2f}" for time in PAUSE], PAUSE),
    "seconds and what is below them, with points": (
        "stamp.sec,stamp.nanosec",
        [f"{MIDNIGHT + k // 20:.1f},{float(k % 20 * 50_000_000):.3e}" for k in range(COUNT)],
        MIDNIGHT + SECONDS,
    ),
    "a zone that several places use": (
        *("time", [f"2024-05-01 00:00:{k:02d} IST" for k in range(60)], MIDNIGHT + MINUTE),
        "the zone 'IST', which is not known",
    ),
    "two units that suit": (
        *("time", [5_000_000 + 1000 * k for k in range(COUNT)], 5000 + np.arange(COUNT)),
        "in ms judging by its steps (1 Hz, or 1000 Hz in us)",
    ),
    "rows that are not in order": (
        *("time", [f"{t:.2f}" for t in UNSORTED], np.sort(UNSORTED), "the rows are sorted by time 'time'"),
    ),
    **{
        f"the microseconds of Betaflight at {hertz} Hz": (
            "loopIteration,time",
            [f"{4 * k},{31_234_567 + round(k * 1e6 / hertz)}" for k in range(COUNT)],
            31.234567 + np.arange(COUNT) / hertz,
        )
        for hertz in (250, 1000, 2000, 4000)
    },
    **{
        f"a month with a name: {date}": ("Zeit", [f"{date} 00:00:{k:02d}" for k in MINUTE], MIDNIGHT + MINUTE)
        for date in ("1. Mai 2024", "1 mai 2024", "01-MAY-2024", "1 maggio 2024")
    },
    **{
        f"{unit} in fields for nanoseconds: {header}": (
            header,
            [f"{MIDNIGHT + k // 20},{k % 20 * per_step}" for k in range(COUNT)],
            MIDNIGHT + SECONDS,
            f"holds {unit}, not ns",
        )
        for unit, per_step in (("ms", 50), ("us", 50_000))
        for header in ("sec,nanosec", "header.stamp.secs,header.stamp.nsecs")
    },
}


@pytest.mark.parametrize("kind", TIMES)
def test_times_are_read(tmp_path, kind):
    assert_times(tmp_path, *TIMES[kind])


LENGTHS = {
    "hours, minutes, seconds": "0h {}m {:.2f}s",
    "of Go": "{}m{:.2f}s",
    "words": "{} min {:.2f} sec",
    "ISO 8601": "PT{}M{:.2f}S",
    "ISO 8601 of pandas": "P0DT0H{}M{:.2f}S",
    "days of pandas": "0 days 00:{:02d}:{:09.6f}",
    "a clock in Japanese": "0時{}分{:.2f}秒",
}


@pytest.mark.parametrize("kind", LENGTHS)
@pytest.mark.parametrize("header", ["time", "elapsed", ""])
def test_lengths_of_time_are_read(tmp_path, kind, header):
    assert_times(tmp_path, header, [clock_of(second, LENGTHS[kind]) for second in SECONDS], SECONDS)


@pytest.mark.parametrize(("step", "form"), [(0.5, "04.1f"), (1, "02.0f")])
def test_hours_may_follow_minutes_and_seconds(tmp_path, step, form):
    seconds = [3590 + step * k for k in range(60)]
    cells = [f"{t // 60 % 60:02.0f}:{t % 60:{form}}" for t in seconds]
    cells = [f"{t // 3600:.0f}:{cell}" if t >= 3600 else cell for t, cell in zip(seconds, cells, strict=True)]
    assert_times(tmp_path, "time", cells, seconds)


@pytest.mark.parametrize("form", ["2024-05-01 12:00:{s:02}.{ms}", "12:00:{s:02}.{ms}", "12:0:{s}:{ms}"])
def test_fractions_without_leading_zeros_count_milliseconds(tmp_path, form):
    noon = 43_200 + MIDNIGHT * form.startswith("2024")
    assert_times(tmp_path, "time", [form.format(s=k // 50, ms=k % 50 * 20) for k in range(600)], noon + FAST)
    cells = [form.format(s=k // 50, ms=f"{k % 50 * 20:03}".rstrip("0") or 0) for k in range(600)]
    assert_times(tmp_path, "time", cells, noon + FAST)


@pytest.mark.parametrize("begin", [0, 1_714_564_800])
@pytest.mark.parametrize("digits", [3, 6])
def test_numbers_whose_fractions_lack_zeros_are_read_as_they_grow(tmp_path, begin, digits):
    cells = [f"{begin + k // 50}.{k % 50 * 2 * 10 ** (digits - 2)}" for k in range(600)]
    assert_times(tmp_path, "time", cells, begin + FAST, "fractions in column 'time' lack zeros")


def test_numbers_in_another_order_keep_their_fractions(tmp_path):
    cells = [f"{k / 50:.3f}".rstrip("0") + "0" * (k % 50 == 0) for k in [*range(300), 290, *range(300, 600)]]
    times, said = of_cells(tmp_path, "time", cells)
    assert np.unique(times) == pytest.approx(FAST)
    assert not any("lack zeros" in notice for notice in said)


SIGNED = {
    "a clock": "{sign}00:00:{abs:06.3f}",
    "ISO 8601": "{sign}PT{abs:.3f}S",
    "minutes and seconds": "{sign}0m{abs:.3f}s",
    "days of .NET": "{sign}0.00:00:{abs:06.3f}",
    "days of pandas": "{days} days +{hours}:{abs_in_day:06.3f}",
}


@pytest.mark.parametrize("kind", SIGNED)
def test_times_before_a_trigger_are_negative(tmp_path, kind):
    cells = []
    for second in np.arange(-5.0, 5.0, 0.25):
        before = second < 0
        parts = {"sign": "-" if before else "+", "abs": abs(second), "days": -1 if before else 0}
        parts |= {"hours": "23:59" if before else "00:00", "abs_in_day": second + 60 * before}
        cells.append(SIGNED[kind].format(**parts))
    assert_times(tmp_path, "time", cells, np.arange(0.0, 10.0, 0.25), "the results give all times plus 5 s")


def test_decimal_commas_mean_that_the_day_comes_first(tmp_path):
    lines = [f"01/05/2024 00:00:{k:02d},500;{k}" for k in MINUTE]
    times, _ = stamps(written(tmp_path, "\n".join(["Horodatage;v", *lines])))
    assert times - MIDNIGHT == pytest.approx(MINUTE + 0.5)


def test_nanoseconds_just_behind_each_second_are_nanoseconds(tmp_path):
    times, said = of_cells(tmp_path, "sec,nanosec", [f"{MIDNIGHT + k},{k % 9 * 100}" for k in MINUTE])
    assert times - MIDNIGHT == pytest.approx(MINUTE, abs=1e-5)
    assert not any("not ns" in notice for notice in said)


def test_seconds_and_nanoseconds_need_no_header(tmp_path):
    lines = [f"{MIDNIGHT + k // 20},{k % 20 * 50_000_000},imu_link,0.5,{k % 7}.5" for k in range(COUNT)]
    times, _ = stamps(written(tmp_path, "\n".join(lines)), channel="column_5")
    assert times - MIDNIGHT == pytest.approx(SECONDS, abs=1e-6)


def test_what_is_below_a_second_is_no_time(tmp_path):
    with pytest.raises(RecordingError, match="expected seconds, too"):
        of_cells(tmp_path, "header.stamp.nanosec", [k % 20 * 50_000_000 for k in range(COUNT)])


def test_the_numbers_begin_where_the_time_does(tmp_path):
    head = "Take,1.23,x\n\n,,Body\n,,1\n,,Position\nFrame,Time (Seconds),v\n"
    path = written(tmp_path, head + "".join(f"{k},{k * 0.05:.2f},{k % 7}.5\n" for k in range(COUNT)))
    with Tables([path]) as table:
        assert table.end - table.start == round(SECONDS[-1] * 1e9)
        assert set(table.topics) == {"table", "Position"}


def test_thousands_of_text_columns_are_refused_at_once(tmp_path):
    with pytest.raises(RecordingError, match="no column that looks like time"):
        notices(written(tmp_path, ";".join(f"{k}.5,{k}.25,{k}.125" for k in range(500))))


@pytest.mark.parametrize("wrong", [0.0, -1.0, MIDNIGHT + 1000.0 * COUNT, 1e12], ids=str)
@pytest.mark.parametrize("places", [[0], [COUNT // 2], [COUNT - 1], [5, 700]], ids=str)
def test_a_few_times_far_from_all_others_are_left_out(tmp_path, wrong, places):
    times = MIDNIGHT + SECONDS
    cells = times.copy()
    cells[places] = wrong
    assert_times(tmp_path, "time", [f"{time:.2f}" for time in cells], np.delete(times, places), "left out: the")


@pytest.mark.parametrize("begin", [120_050, 235_930])
@pytest.mark.parametrize("decimals", [".{:02.0f}", "{:02.0f}0", "{:02.0f}0000"])
def test_digits_of_a_clock_are_its_time(tmp_path, begin, decimals):
    first = begin // 10_000 * 3600 + begin // 100 % 100 * 60 + begin % 100

    def cell(second):
        hour, rest = divmod(round((first + second) % 86_400, 2), 3600)
        return f"{hour:02.0f}{rest // 60:02.0f}{rest % 60 // 1:02.0f}" + decimals.format(round(rest % 1 * 100))

    words = "hours, minutes and seconds as in 235959.9"
    assert_times(tmp_path, "time", map(cell, SECONDS), first + SECONDS, words)


def test_times_that_lost_their_digits_are_reported(tmp_path):
    counts = np.random.default_rng(0).integers(1, 40, 40)
    _, said = of_cells(tmp_path, "time", [f"{MIDNIGHT + second}" for second in np.repeat(range(40), counts)])
    assert any("rows have only" in notice and "write them again with all digits" in notice for notice in said)
    with pytest.raises(RecordingError, match=r"600 rows have only 2 different times 'time': .* with all digits"):
        of_cells(tmp_path, "time", [f"{MIDNIGHT + k * 0.2:.7e}" for k in range(600)])
    with pytest.raises(RecordingError, match=r"all times .time. are 1714520000: .* with all digits"):
        of_cells(tmp_path, "time", [f"{MIDNIGHT + k * 0.05:.5e}" for k in range(600)])


@pytest.mark.parametrize("digits", [".8e", ".7e", "float32"])
def test_rows_whose_times_lost_their_digits_are_spread(tmp_path, digits):
    exact = MIDNIGHT + np.arange(30_000) * 0.05
    cells = [f"{np.float32(t):.0f}" if digits == "float32" else f"{t:{digits}}" for t in exact]
    times, said = of_cells(tmp_path, "time", cells)
    assert np.diff(times) == pytest.approx(0.05, abs=1e-3)
    assert abs(times[0] - MIDNIGHT) <= 128
    assert any("the rows are spread evenly over a step" in notice for notice in said)


def test_rows_that_share_seconds_are_spread_at_a_rate_that_changes(tmp_path):
    slow, rates = np.arange(20) * 3.0, np.repeat([20, 33, 20], 15)
    exact = np.concatenate([slow, *(60 + second + np.arange(rate) / rate for second, rate in enumerate(rates))])
    times, said = of_cells(tmp_path, "time", [clock_of(int(t), "00:{:02d}:{:02d}") for t in exact])
    np.testing.assert_allclose(times, exact - exact[0], atol=1e-5)
    assert any("the rows are spread evenly over a step" in notice for notice in said)
