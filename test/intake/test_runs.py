"""Times that begin again: runs of one logger are one recording, and are never mixed row by row."""

import numpy as np
import pytest
from table_files import notices, rows, together, written

from infonet_ros.errors import RecordingError

LENGTHS = (60, 100, 80)
LINES = [[f"{k / 10},{k + 1000 * run},{run}" for k in range(length)] for run, length in enumerate(LENGTHS)]
ALL = [line for lines in LINES for line in lines]
X = [k + 1000.0 * run for run, length in enumerate(LENGTHS) for k in range(length)]
BEGINS = np.repeat([0.0, 15.9, 35.8], LENGTHS)  # ten seconds after the last row of the run before
STAMPS = [round((begin + (x % 1000) / 10) * 1e9) for begin, x in zip(BEGINS, X, strict=True)]


def test_runs_of_one_table_are_read_one_behind_the_other(tmp_path):
    path = written(tmp_path, "\n".join(["time,x,y", *ALL]))
    assert rows(path, ("x",)) == [(stamp, [x]) for stamp, x in zip(STAMPS, X, strict=True)]
    assert any("begins again 2 times: each run of rows is read 10 s behind" in note for note in notices(path))


def test_short_runs_are_not_sorted_into_one_another(tmp_path):
    path = written(tmp_path, "time,x,y\n" + "".join(f"{k % 20 / 10},{k},0\n" for k in range(400)))
    assert [values[0] for _, values in rows(path)] == list(range(400))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_files_that_number_their_runs_are_one_topic(tmp_path, order):
    paths = [written(tmp_path, "\n".join(["time,x,episode_index", *LINES[run]]), f"{run}.csv") for run in order]
    found, said = together(paths)
    assert found["0.x"] == list(zip(STAMPS, X, strict=True))
    assert any("are parts of one log" in sentence for sentence in said)
    assert any("number their runs: each run of rows is read 10 s behind" in sentence for sentence in said)


def test_files_may_number_their_runs_by_their_names(tmp_path):
    paths = [written(tmp_path, "\n".join(["time,x,y", *LINES[run]]), f"arm_trial{run + 9}.csv") for run in (2, 0, 1)]
    found, _ = together(paths)
    assert found["arm_trial9.x"] == list(zip(STAMPS, X, strict=True))


def test_files_that_do_not_number_their_runs_are_topics(tmp_path):
    paths = [written(tmp_path, "\n".join(["time,x,robot", *LINES[run]]), f"{run}.csv") for run in range(3)]
    found, _ = together(paths)
    assert {len(found[f"{run}.x"]) for run in range(3)} == set(LENGTHS)


def test_series_of_a_long_table_begin_again_together(tmp_path):
    """Each run of ``b`` begins 0.05 s after that of ``a``, also behind the first run."""
    lines = [f"{t},a,{x}\n{float(t) + 0.05:.2f},b,{-float(x)}" for t, x, _ in (line.split(",") for line in ALL)]
    found, said = together([written(tmp_path, "\n".join(["time,name,value", *lines]))])
    later = np.repeat([0.0, 0.05, 0.10], LENGTHS)
    stamps = [stamp + round(more * 1e9) for stamp, more in zip(STAMPS, later, strict=True)]
    assert found["a.value"] == list(zip(stamps, X, strict=True))
    assert found["b.value"] == [(stamp + 50_000_000, -x) for stamp, x in found["a.value"]]
    assert any("begins again 2 times: each run of rows is read 10 s behind" in sentence for sentence in said)


def test_series_with_other_numbers_of_runs_keep_their_longest(tmp_path):
    lines = [f"{t},a,{x}" for t, x, _ in (line.split(",") for line in ALL)]
    lines += [f"{k / 10},b,{k}" for k in range(100)]
    found, said = together([written(tmp_path, "\n".join(["time,name,value", *lines]))])
    assert [x for _, x in found["a.value"]] == X[60:160]
    assert len(found["b.value"]) == 100
    assert any("only the longest run of rows is read, 100 of 240" in sentence for sentence in said)


def test_of_times_that_may_be_of_several_loggers_the_longest_run_is_read(tmp_path):
    """Dates do not begin again when one logger does."""
    lines = [f"17145648{line}" if float(line.split(",")[0]) >= 10 else f"171456480{line}" for line in ALL]
    path = written(tmp_path, "\n".join(["time,x,y", *lines]))
    assert [values[0] for _, values in rows(path)] == X[60:160]
    assert any("only the longest run of rows is read, 100 of 240" in note for note in notices(path))


def test_the_number_of_an_episode_is_no_time(tmp_path):
    path = written(tmp_path, "episode,step,x\n" + "".join(f"{k // 20},{k % 20},{k % 7}\n" for k in range(100)))
    with pytest.raises(RecordingError, match="no column that looks like time"):
        notices(path)
    assert [t for t, _ in rows(path, ("x",), rate=20.0)] == [50_000_000 * k for k in range(100)]
