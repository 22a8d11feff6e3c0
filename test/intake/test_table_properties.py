"""Whatever pandas writes, with whatever options, is read to the numbers and times that it was written from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import rows

from infonet_ros.intake.tables.tables import Tables

pd = pytest.importorskip("pandas")

FILLS = {-32768.0, 32767.0, 65535.0, -999.25}  # and all nines: they stand for unknown values
NUMBERS = st.one_of(
    st.floats(-1e9, 1e9).map(lambda x: round(x, 4)), st.integers(-(10**6), 10**6).map(float), st.just(float("nan"))
).filter(lambda x: x not in FILLS and set(f"{abs(x):.12g}") - set("9."))
DATES = [
    "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%S.%f+0000", "%Y/%m/%d %H:%M:%S.%f",
    "%Y%m%dT%H%M%S.%f", "%d.%m.%Y %H:%M:%S.%f", "%d/%m/%Y %H:%M:%S.%f", "%m/%d/%Y %I:%M:%S.%f %p",
    "%d-%b-%Y %H:%M:%S.%f", "%d %B %Y %H:%M:%S.%f",
    "%b %d, %Y %I:%M:%S.%f %p", "%Y-%m-%d_%H:%M:%S.%f", "%a %b %d %H:%M:%S.%f %Y", "%Y年%m月%d日 %H:%M:%S.%f",
    "%Y年%m月%d日%H时%M分%S.%f秒",
]  # fmt: skip


def read(path):
    """Stamps, and the values of all channels in their order."""
    with Tables([path]) as table:
        names = tuple(field.path for field in table.fields("table")[0])
    stamps, values = zip(*rows(path, names), strict=True)
    return np.array(stamps), np.array(values, dtype=float)


@settings(max_examples=120, deadline=None)
@given(
    columns=st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(NUMBERS, min_size=n, max_size=n), min_size=3, max_size=20)
    ),
    period=st.sampled_from([0.002, 0.01, 0.05, 1.0]),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    decimal=st.sampled_from([".", ","]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    quoting=st.sampled_from([0, 1, 2]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_numbers_survive(tmp_path_factory, columns, period, separator, decimal, encoding, quoting, end):
    values = np.array(columns)
    times = np.arange(len(values)) * period
    frame = pd.DataFrame({"time": times} | {f"v{k} [°]": column for k, column in enumerate(values.T)})
    path = tmp_path_factory.getbasetemp() / "numbers.csv"
    frame.to_csv(
        path, index=False, sep=separator, decimal=decimal, encoding=encoding, quoting=quoting, lineterminator=end
    )
    there = ~np.isnan(values).all(axis=1)
    varied = ~np.isnan(values).all(axis=0)
    if not there.any():
        return
    stamps, found = read(path)
    np.testing.assert_allclose(stamps, times[there] * 1e9, atol=1)
    np.testing.assert_allclose(found, values[there][:, varied], rtol=1e-12)


@settings(max_examples=120, deadline=None)
@given(
    start=st.datetimes(pd.Timestamp("1971-01-01"), pd.Timestamp("2037-01-01")),
    form=st.sampled_from(DATES),
    millis=st.sampled_from([5, 50, 1000, 60_000]),
    separator=st.sampled_from([",", ";", "\t"]),
)
def test_dates_survive(tmp_path_factory, start, form, millis, separator):
    """The day may come before the month or behind it: where nothing decides, only the steps are known."""
    dates = pd.date_range(start, periods=40, freq=f"{millis}ms").floor("us")
    path = tmp_path_factory.getbasetemp() / "dates.csv"
    pd.DataFrame({"when": dates.strftime(form), "x": np.arange(40) % 7}).to_csv(path, index=False, sep=separator)
    stamps, values = read(path)
    expected = dates.as_unit("ns").asi8
    undecided = form.startswith(("%d/%m", "%d.%m", "%m/%d"))
    np.testing.assert_array_equal(stamps - stamps[0] * undecided, expected - expected[0] * undecided)
    np.testing.assert_array_equal(values[:, 0], np.arange(40) % 7)


@settings(max_examples=100, deadline=None)
@given(
    unit=st.sampled_from(["s", "ms", "us", "ns"]),
    start=st.one_of(st.floats(0, 1e5), st.floats(1.0e9, 2.1e9)),
    rate=st.floats(2, 500),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_unit_of_times_is_found(tmp_path_factory, unit, start, rate, seed):
    """Two to five hundred rows a second with a jitter of a tenth, since boot or since 1970."""
    jitter = np.random.default_rng(seed).uniform(-0.1, 0.1, size=50)
    seconds = start + (np.arange(50) + jitter) / rate
    factor = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    times = seconds if unit == "s" else np.round(seconds * factor).astype(np.int64)
    path = tmp_path_factory.getbasetemp() / "times.csv"
    pd.DataFrame({"timestamp": times, "x": np.arange(50)}).to_csv(path, index=False)
    stamps, _ = read(path)
    np.testing.assert_allclose((stamps - stamps[0]) / 1e9, seconds - seconds[0], atol=2e-3 if unit == "ms" else 1e-5)
