"""Two channels as arrays, and the channels that are read of a file of them."""

import numpy as np

from infonet_ros.intake.tables.tables import Tables
from infonet_ros.settings import Modality

ROWS = 50

TIME = np.arange(ROWS) * 0.02

A = np.random.default_rng(1).normal(size=ROWS)

B = np.random.default_rng(2).integers(-5, 5, size=ROWS)


def read(path, **options):
    """Stamps from the first and values of every channel, and notices."""
    with Tables([path], **options) as table:
        found = {}
        for topic in table.topics:
            for field in table.fields(topic)[0]:
                samples = list(table.samples([Modality("m", topic, (field.path,))], table.start, table.end + 1))
                stamps = np.array([sample.stamp for sample in samples])
                found[f"{topic}.{field.path}"] = (stamps - table.start) / 1e9, [sample.values[0] for sample in samples]
        return found, table.notices


def assert_channel(found, name, values, times=TIME):
    stamps, numbers = found[name]
    np.testing.assert_allclose(stamps, times, atol=1e-9)
    np.testing.assert_allclose(np.array(numbers, dtype=float), values)
