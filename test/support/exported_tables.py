"""A table as programs export it, in many forms, and what is read of it."""

import numpy as np
import pytest
from table_files import rows

from infonet_ros.intake.tables.tables import Tables

ROWS = 60
TIME = np.arange(ROWS) * 0.05
A = np.round(np.random.default_rng(1).normal(size=ROWS), 4)
B = np.round(1000 * np.random.default_rng(2).normal(size=ROWS), 2)
NUMBERS = "".join(f"{t:.2f},{a},{b}\n" for t, a, b in zip(TIME, A, B, strict=True))
PLAIN = "time,a,b\n" + NUMBERS


def read(path, topic="table", **options):
    """Stamps in seconds from the first, values by channel, and notices."""
    with Tables([path], **options) as table:
        names = tuple(field.path for field in table.fields(topic)[0])
    stamps, values = zip(*rows(path, names, topic, **options), strict=True)
    channels = dict(zip(names, np.array(values, dtype=float).T, strict=True))
    return (np.array(stamps) - stamps[0]) / 1e9, channels, table.notices


def assert_read(path, expected, **options):
    times, values, notices = read(path, **options)
    assert times == pytest.approx(TIME, abs=1e-6)
    for name, numbers in expected.items():
        np.testing.assert_allclose(values[name], numbers, atol=1e-9, err_msg=name)
    return notices


def joined(separator, *columns, header="time,a,b", end="\n"):
    lines = [header.replace(",", separator), *(separator.join(cells) for cells in zip(*columns, strict=True))]
    return "".join(line + end for line in lines)


def texts(numbers, form="{}"):
    return [form.format(number) for number in numbers]
