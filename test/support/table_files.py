"""Tables as files, and what is read of them."""

import numpy as np

from infonet_ros.intake.tables.tables import Tables
from infonet_ros.settings import Modality

PLAIN = "time,x,y\n0.0,1,2\n0.5,,3\n1.0,nan,4\n"


def written(tmp_path, text, name="table.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def columns_written(path, header, *columns, form="%.18e"):
    np.savetxt(path, np.column_stack(columns), form, delimiter=",", header=header, comments="")
    return path


def rows(path, channels=("x", "y"), topic="table", **options):
    with Tables([path], **options) as table:
        modality = Modality("m", topic, channels)
        return [(s.stamp, s.values) for s in table.samples([modality], table.start, table.end + 1)]


def notices(path, **options):
    with Tables([path], **options) as table:
        return table.notices


def together(paths):
    """Stamps and values by channel of several tables, and notices."""
    with Tables(paths) as table:
        found = {}
        for topic in table.topics:
            for field in table.fields(topic)[0]:
                samples = list(table.samples([Modality("m", topic, (field.path,))], table.start, table.end + 1))
                found[f"{topic}.{field.path}"] = [(sample.stamp, sample.values[0]) for sample in samples]
        return found, table.notices
