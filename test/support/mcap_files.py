"""Files of MCAP with any channels that a test needs: rosbags writes those of ROS 2 only."""

from struct import pack

_MAGIC = b"\x89MCAP0\r\n"


def _text(text):
    data = text if isinstance(text, bytes) else text.encode()
    return pack("<I", len(data)) + data


def _record(kind, data):
    return pack("<BQ", kind, len(data)) + data


def write_mcap(path, channels, messages, *, profile="ros2", chunked=True, summary=False):
    """Write messages (topic, time, bytes) of channels {topic: (type, language, definition, encoding)}."""
    definitions, numbers = b"", {}
    for number, (topic, (kind, language, definition, encoding)) in enumerate(channels.items(), 1):
        numbers[topic] = number
        definitions += _record(3, pack("<H", number) + _text(kind) + _text(language) + _text(definition))
        definitions += _record(4, pack("<HH", number, number) + _text(topic) + _text(encoding) + _text(b""))
    body = definitions + b"".join(
        _record(5, pack("<HIQQ", numbers[topic], 0, time, time) + data) for topic, time, data in messages
    )
    times = [time for _, time, _ in messages]
    begin = _MAGIC + _record(1, _text(profile) + _text("test"))
    place = len(begin)
    if chunked:
        head = pack("<QQQI", min(times), max(times), len(body), 0) + _text("") + pack("<Q", len(body))
        body = _record(6, head + body)
    whole = begin + body + _record(15, pack("<I", 0))
    start = len(whole) if summary else 0
    if summary:
        index = pack("<QQQQ", min(times), max(times), place, len(body)) + _text(b"") + pack("<Q", 0) + _text("")
        whole += definitions + _record(8, index + pack("<QQ", len(body), len(body)))
    path.write_bytes(whole + _record(2, pack("<QQI", start, 0, 0)) + _MAGIC)
    return path
