"""DataFrames in and out."""

import sys
from dataclasses import asdict

import numpy as np
import pytest

from infonet_ros.errors import InputError, MissingDependencyError

pd = pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    gyro, odom, current, temperature = rng.standard_normal((4, 400))
    odom[2:] += gyro[:-2]
    return pd.DataFrame({"gyro": gyro, "odom": odom, "current": current, "temperature": temperature})


def test_pairs_of_a_frame_have_the_numbers_of_the_array_and_the_names_of_the_columns(net, frame):
    found, plain = net.pairwise(frame, lags=range(4)), net.pairwise(frame.to_numpy(), lags=range(4))
    table = found.to_dataframe()

    np.testing.assert_array_equal(found.mi, plain.mi)
    assert list(table.columns) == ["a", "b", "mi", "lower", "upper", "lag", "samples"]
    best = table.loc[table["mi"].idxmax()]
    assert (best["a"], best["b"], best["lag"]) == ("gyro", "odom", 2)
    assert list(plain.to_dataframe()[["a", "b"]].itertuples(index=False, name=None))[:2] == [(0, 1), (0, 2)]
    assert "<th>gyro</th>" in found._repr_html_()


def test_a_p_value_is_a_column_where_it_was_asked_for(net, frame):
    assert net.pairwise(frame, surrogates=19).to_dataframe()["p_value"].between(0.0, 1.0).all()


def test_one_pair_is_one_row(net, frame):
    plain, tested = (net.estimate(frame["gyro"], frame["odom"], surrogates=count) for count in (0, 19))
    vectors = net.sliced(frame[["gyro", "odom"]], frame[["odom", "current"]])

    assert list(plain.to_dataframe().columns) == ["mi", "lower", "upper", "samples", "constant", "drifting"]
    assert tested.to_dataframe().to_dict("records") == [asdict(tested)]
    assert vectors.to_dataframe()["mi"].tolist() == [vectors.mi]


def test_a_notebook_shows_results_as_tables(net, frame, monkeypatch):
    found = net.lagged(frame["gyro"], frame["odom"], range(-2, 3))
    assert "<th>lower</th>" in found._repr_html_()
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert found._repr_html_() is None  # it then shows plain text


def test_a_shell_shows_results_as_short_tables(net, frame):
    lines = repr(net.lagged(frame["gyro"], frame["odom"], range(-20, 21))).splitlines()
    assert lines[0] == "LaggedEstimate, rows: 41"
    assert lines[1].split() == ["lag", "mi", "lower", "upper", "samples"]
    assert [line.split()[0] for line in lines[2:]] == [*map(str, range(-20, -15)), "...", *map(str, range(16, 21))]
    assert len({len(line) for line in lines[1:]}) == 1  # in columns
    one = net.estimate(frame["gyro"], frame["odom"])
    assert repr(one).splitlines()[1].split() == ["mi", "lower", "upper", "samples", "constant", "drifting"]
    assert f" {one.mi:.3f} " in f" {repr(one).splitlines()[2]} "
    assert repr(net) == f"InfoNet, weights {net.version}, on {net.device}"


def test_windows_keep_their_own_names(net, frame):
    windows = [frame, frame.rename(columns=str.upper), frame.to_numpy()]
    names = [found.names for found in net.pairwise_windows(windows)]
    assert names == [tuple(frame.columns), ("GYRO", "ODOM", "CURRENT", "TEMPERATURE"), (0, 1, 2, 3)]


def test_transfer_entropy_names_source_and_target(net, frame):
    table = net.transfer(frame, lags=[2]).to_dataframe()
    best = table.loc[table["value"].idxmax()]
    assert len(table) == 12
    assert (best["source"], best["target"]) == ("gyro", "odom")


def test_the_channel_that_explains_a_pair_is_named(net):
    rng = np.random.default_rng(4)
    command = rng.standard_normal(600)
    left, right = command + 0.3 * rng.standard_normal((2, 600))
    frame = pd.DataFrame({"left": left, "right": right, "command": command})
    table = net.explanations(frame).to_dataframe().set_index(["a", "b"])

    assert table.loc[("left", "right"), "by"] == "command"
    assert table.loc[("left", "right"), "left"] < 0.1 < table.loc[("left", "right"), "mi"]


def test_a_target_is_chosen_by_its_name(net, frame):
    aligned = frame.assign(odom=frame["odom"].shift(-2))
    by_name, by_number = net.select(aligned, "odom"), net.select(aligned.to_numpy(), 1)
    table = by_name.to_dataframe()

    assert table["channel"].tolist() == ["gyro"] == list(by_name.names)
    assert by_number.names == (0,)
    with pytest.raises(InputError, match="target is 'speed': expected a column from 0 to 3, or one of 'gyro', 'odom'"):
        net.select(frame, "speed")


def test_groups_are_chosen_and_named_by_words(net, frame):
    groups = {"motion": ["gyro", "odom"], "health": ["current", "temperature"]}
    found = net.pairwise_sliced(frame, groups=groups)
    numbered = net.pairwise_sliced(frame.to_numpy(), groups=[[0, 1], [2, 3]])

    assert found.names == ("motion", "health")
    np.testing.assert_array_equal(found.mi, numbered.mi)


def test_what_pandas_does_not_know_is_not_known(net, frame):
    unknown = frame["odom"].astype("Float64").where(frame.index != 7)
    assert net.estimate(frame["gyro"], unknown).samples == len(frame) - 1


def test_columns_that_are_no_numbers_are_named(net, frame):
    with pytest.raises(InputError, match=r"samples has columns that are not numbers: 'note' .*, 'time' .datetime64"):
        net.pairwise(frame.assign(note="x", time=pd.Timestamp("2026-01-01")))


def test_without_pandas_a_table_says_what_to_install(net, frame, monkeypatch):
    found = net.pairwise(frame)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match="pip install pandas"):
        found.to_dataframe()


def test_the_lags_of_a_scan_are_a_table(net, frame):
    table = net.lagged(frame["gyro"], frame["odom"], range(-3, 4)).to_dataframe()
    assert table.loc[table["mi"].idxmax(), "lag"] == 2


def test_a_table_of_pyarrow_keeps_its_names(net, frame):
    pa = pytest.importorskip("pyarrow")
    table = pa.Table.from_pandas(frame)
    assert net.pairwise(table).names == net.pairwise(frame).names
