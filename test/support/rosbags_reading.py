"""What rosbags reads of messages, in the form of `Readings`: the reference for the decoder."""

import numpy as np

from infonet_ros.intake.messages.channels import bind_channel
from infonet_ros.intake.messages.decoder import NO_STAMP
from infonet_ros.intake.messages.types import definitions_schema


def expected_row(message, channels):
    row = [channel.extract(message) for channel in channels]
    return [np.nan if value is None else value for value in row], [value is not None for value in row]


def header_stamp(message):
    """Return the stamp of the header in nanoseconds; NO_STAMP without one, or where it was never set."""
    stamp = getattr(getattr(message, "header", None), "stamp", None)
    return NO_STAMP if stamp is None else stamp.sec * 1_000_000_000 + stamp.nanosec


@np.errstate(all="ignore")
def by_rosbags(raws, type_name, store, paths, ros1=False):
    """Read by rosbags and by attributes; None for a message that rosbags refuses."""
    schema = definitions_schema(store.fielddefs)
    channels = [bind_channel(path, type_name, schema, "/topic") for path in paths]
    deserialize = store.deserialize_ros1 if ros1 else store.deserialize_cdr
    rows = []
    for raw in raws:
        try:
            message = deserialize(raw, type_name)
        except Exception as error:
            if isinstance(error.__cause__, UnicodeDecodeError):  # which rclpy is not so strict about
                rows += by_rosbags([with_plain_text(raw, error.__cause__)], type_name, store, paths, ros1)
            else:
                rows.append(None)
        else:
            rows.append((header_stamp(message), *expected_row(message, channels)))
    return rows


def with_plain_text(raw, error):
    """Return a message of the same layout, whose text can be decoded further."""
    text = bytes(error.object)
    plain = text[: error.start] + b"?" * (error.end - error.start) + text[error.end :]
    lengths = [(len(text) + more).to_bytes(4, order) for more in (0, 1) for order in ("little", "big")]
    place = next(at for length in lengths if (at := raw.find(length + text)) >= 0) + 4
    return raw[:place] + plain + raw[place + len(plain) :]


def assert_same(readings, expected):
    assert readings.readable.tolist() == [row is not None for row in expected], readings.problem
    assert readings.unreadable == expected.count(None)
    assert bool(readings.problem) == (None in expected)
    blank = (NO_STAMP, [np.nan] * readings.values.shape[1], [False] * readings.values.shape[1])
    for index, row in enumerate(expected):
        stamp, values, present = row or blank
        assert readings.stamps[index] == stamp
        np.testing.assert_array_equal(readings.values[index], values)
        assert readings.present[index].tolist() == present
