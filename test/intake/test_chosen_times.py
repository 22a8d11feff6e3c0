"""Which column is the time, where several could be, or where it stands in another file."""

import numpy as np
import pytest
from table_files import together, written

EPOCH = 1_714_521_600  # 2024-05-01
ROWS = 60


def test_a_stamp_that_only_some_messages_have_is_not_the_time_of_all(tmp_path):
    """As in the plots that Foxglove exports: topics without a header have no stamp."""
    lines = [
        f"{EPOCH + k / 20:.2f},{f'{EPOCH + k / 20 - 0.01:.2f}' if k % 2 else ''},{'imu' if k % 2 else 'tick'},{k}"
        for k in range(ROWS)
    ]
    found, _ = together([written(tmp_path, "\n".join(["receive time,header.stamp,topic,value", *lines]))])
    assert [stamp - EPOCH * 10**9 for stamp, _ in found["tick.value"]] == [k * 10**8 for k in range(ROWS // 2)]


def test_numbers_that_count_from_1970_are_times_under_any_name(tmp_path):
    rows = "".join(f"{k % 7},{EPOCH * 10**6 + 50_000 * k}\n" for k in range(ROWS))
    found, said = together([written(tmp_path, "x,utime\n" + rows)])
    assert [stamp for stamp, _ in found["table.x"]] == [EPOCH * 10**9 + 5 * 10**7 * k for k in range(ROWS)]
    assert any("'utime', in us judging by its size" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("name", "ahead"),
    [("time [CET]", 1), ("Timestamp (UTC+02:00)", 2), ("time_UTC", 0), ("Time (UTC-3)", -3), ("time [ms]", 0)],
)
def test_the_name_of_a_time_may_give_the_zone_of_its_dates(tmp_path, name, ahead):
    rows = "".join(f"2024-05-01 {k // 60 + 12}:{k % 60:02d}:00,{k}\n" for k in range(90))
    found, said = together([written(tmp_path, f"{name},x\n{rows}")])
    assert found["table.x"][0][0] == (EPOCH + 43_200 - 3600 * ahead) * 10**9
    assert any("of its name" in sentence for sentence in said) == bool(ahead)


def test_the_zone_of_a_date_comes_before_that_of_its_name(tmp_path):
    rows = "".join(f"2024-05-01T12:{k:02d}:00Z,{k}\n" for k in range(ROWS))
    found, _ = together([written(tmp_path, f"time [CET],x\n{rows}")])
    assert found["table.x"][0][0] == (EPOCH + 43_200) * 10**9


def test_ticks_below_a_rate_are_no_times(tmp_path):
    rows = "".join(f"{3 * k},{k},{4 * k},{-k}\n" for k in range(ROWS))
    found, said = together([written(tmp_path, "Rate: 100 Hz\nticks_1,x,ticks_2,y\n" + rows)])
    assert [stamp for stamp, _ in found["table.y"]] == [k * 10**7 for k in range(ROWS)]
    assert any("computed from 'Rate: 100'" in sentence for sentence in said)


def test_times_may_stand_in_a_file_of_their_own(tmp_path):
    """As of the KITTI data set: times.txt and poses.txt; a third file has another number of rows."""
    times = written(tmp_path, "".join(f"{k / 10:.6e}\n" for k in range(ROWS)), "times.txt")
    poses = written(tmp_path, "".join(f"1 0.5 {np.sin(k):.4f} {-k}\n" for k in range(ROWS)), "poses.txt")
    other = written(tmp_path, "".join(f"1 {np.sin(k):.4f}\n" for k in range(ROWS - 1)), "other.txt")
    found, said = together([poses, times, other])
    assert found["poses.column_4"] == [(k * 10**8, -k) for k in range(ROWS)]
    assert any("its times are those in times.txt" in sentence for sentence in said)
    assert any(sentence.startswith("other.txt: left out") for sentence in said)
    assert not any(sentence.startswith("times.txt") for sentence in said)
