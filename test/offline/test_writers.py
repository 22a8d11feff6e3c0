import csv
import math
import resource
from contextlib import contextmanager

import numpy as np
import pytest

from infonet_ros.errors import OutputError
from infonet_ros.offline.results.matrix_bag import write_matrix_bag
from infonet_ros.offline.results.outputs import OutputFolder
from infonet_ros.offline.results.writers import COLUMNS, write_csv, write_npz, write_parquet, write_picture


def test_the_table_has_one_row_per_window_and_pair(tmp_path, small_analysis):
    path = tmp_path / "table.csv"
    write_csv(path, small_analysis.matrices)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(small_analysis.matrices) * 3
    matrix = small_analysis.matrices[-1]
    assert [(row["a"], row["b"]) for row in rows[-3:]] == [
        ("leg.force", "leg.torque[0]"),
        ("leg.force", "speed.data"),
        ("leg.torque[0]", "speed.data"),
    ]
    for row in rows[-3:]:
        a, b = (matrix.names.index(row[side]) for side in ("a", "b"))
        assert float(row["mi"]) == pytest.approx(float(matrix.mi[a, b]), rel=1e-5)
        assert float(row["upper"]) == pytest.approx(float(matrix.upper[a, b]), rel=1e-5)
        assert int(row["samples"]) == matrix.samples[a, b] == 200
        assert row["p"] == ""  # without surrogates
        assert row["valid"] == "true"
        seconds, nanoseconds = row["time"].split(".")
        assert int(seconds) * 10**9 + int(nanoseconds) == matrix.end


def test_parquet_holds_the_same_numbers(tmp_path, small_analysis):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    write_parquet(tmp_path / "table.parquet", small_analysis.matrices)
    write_csv(tmp_path / "table.csv", small_analysis.matrices)
    table = parquet.read_table(tmp_path / "table.parquet").to_pydict()
    assert tuple(table) == COLUMNS
    with (tmp_path / "table.csv").open(newline="") as file:
        for k, row in enumerate(csv.DictReader(file)):
            assert (table["a"][k], table["b"][k]) == (row["a"], row["b"])
            assert table["mi"][k] == pytest.approx(float(row["mi"]), rel=1e-4, abs=1e-6)
            assert table["p"][k] is None
            assert (table["samples"][k], table["valid"][k]) == (int(row["samples"]), row["valid"] == "true")
            assert math.isclose(table["time"][k].timestamp(), float(row["time"]), abs_tol=1e-5)


def test_the_arrays_can_be_read_without_this_package(tmp_path, small_analysis):
    write_npz(tmp_path / "arrays.npz", small_analysis)
    with np.load(tmp_path / "arrays.npz", allow_pickle=False) as arrays:
        assert arrays["names"].tolist() == list(small_analysis.names)
        assert arrays["mi"].shape == (len(small_analysis.matrices), 3, 3)
        np.testing.assert_array_equal(arrays["mi"][4], small_analysis.matrices[4].mi)
        np.testing.assert_array_equal(arrays["overall_lag"], small_analysis.whole.matrix.lag)
        assert arrays["end"].tolist() == [m.end for m in small_analysis.matrices]


def test_the_picture_is_one(tmp_path, small_analysis):
    image = pytest.importorskip("PIL.Image")
    write_picture(tmp_path / "heatmap.png", small_analysis)
    with image.open(tmp_path / "heatmap.png") as picture:
        assert picture.format == "PNG"
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 10


WRITES = {
    "table.csv": lambda path, analysis: write_csv(path, analysis.matrices),
    "table.parquet": lambda path, analysis: write_parquet(path, analysis.matrices),
    "arrays.npz": write_npz,
    "heatmap.png": write_picture,
    "matrices": lambda path, analysis: write_matrix_bag(path, {"/matrices": analysis.matrices}),
}


@contextmanager
def full_disk():
    """Files cannot grow beyond 1500 bytes. The output of pytest is a file too, so nothing is printed meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", WRITES)
def test_a_full_disk_is_one_sentence_whatever_is_written(name, tmp_path, small_analysis):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    with (
        full_disk(),
        pytest.raises(OutputError, match=rf"cannot write \S*out/{name} \(.*File too large"),
        OutputFolder(tmp_path / "out") as folder,
    ):
        folder.write(name, lambda path: WRITES[name](path, small_analysis))
    assert not (tmp_path / "out").exists()
