"""The encoding of text: by its byte order mark, else UTF-8, else the likely one of some common encodings.

A table has little text to judge by: names of columns and a few words. So the ranges of the bytes decide. Japanese
characters (cp932) begin with 0x81 to 0x9F, which other encodings hardly use. Usual Chinese characters (GB 18030) are
two bytes from 0xA1 on, the first below 0xD8; Korean ones (cp949) only begin with 0xB0 to 0xC8. Cyrillic words (cp1251)
are runs of bytes from 0xC0 on. Western letters (cp1252) stand alone.
"""

import codecs
import re
from typing import Any

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_JAPANESE = re.compile(rb"([\x81-\x9f]|[\xe0-\xfc])[\x40-\x7e\x80-\xfc]|[\xa1-\xdf]+|[\x80-\xff]")
_CHINESE = re.compile(rb"([\xa1-\xd7])[\xa1-\xfe]|[\xd8-\xfe][\xa1-\xfe]|[\x80-\xff]")
_KOREAN = re.compile(rb"([\xb0-\xc8])[\xa1-\xfe]|[\xa1-\xfe][\xa1-\xfe]|[\x80-\xff]")
_RUN = re.compile(rb"[\x80-\xff]+")
_NEARLY_ALL, _MOST, _SOME = 0.9, 0.7, 0.1
_ENOUGH = 6  # different characters, to tell Korean from Chinese


def decoder_of(head: bytes) -> Any:
    """Return an incremental decoder for text with these first bytes."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return codecs.getincrementaldecoder(encoding)("replace")
    even, odd = head[:512:2], head[1:512:2]
    if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.1 * len(even):
        return codecs.getincrementaldecoder("utf-16-le")("replace")
    if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.1 * len(odd):
        return codecs.getincrementaldecoder("utf-16-be")("replace")
    encoding = _by_bytes(head)
    return codecs.getincrementaldecoder(encoding)(_WESTERN if encoding == "utf-8" else "replace")


def _by_bytes(head: bytes) -> str:
    """Return the name of the likely encoding; by default ``utf-8``, in which single letters may be Western."""
    runs = _RUN.findall(head)
    high = b"".join(runs)
    different = b"".join({*runs})  # dates such as 2024年6月1日 repeat three characters in each row
    in_utf_8 = len(head.decode("utf-8", "ignore").encode()) - len(head) + len(high)
    if in_utf_8 >= _NEARLY_ALL * len(high):
        return "utf-8"
    if _share(_JAPANESE, head) >= _MOST:
        return "cp932"
    if _share(_CHINESE, head) >= _MOST and sum(byte < 0xC0 for byte in different) >= _SOME * len(different):
        koreans = len({found[0] for found in _KOREAN.finditer(head)})
        return "cp949" if koreans >= _ENOUGH and _share(_KOREAN, head) >= _NEARLY_ALL else "gb18030"
    alone = sum(len(run) == 1 for run in runs)
    of_letters = sum(byte >= 0xC0 for byte in high)
    return "cp1251" if of_letters >= _MOST * len(high) and 2 * alone < len(runs) else "utf-8"


def _share(character: re.Pattern[bytes], head: bytes) -> float:
    """Return the share of usual characters, which match the group of a pattern."""
    found = [match[1] is not None and match[1] < b"\xe0" for match in character.finditer(head)]
    return sum(found) / max(1, len(found))


def _as_western(error: UnicodeError) -> tuple[str, int]:
    """Read bytes that are not UTF-8 as Western Windows does: many headers have degree signs and umlauts."""
    assert isinstance(error, UnicodeDecodeError)
    lost = error.object[error.start : error.end]
    try:
        return lost.decode("cp1252"), error.end
    except UnicodeDecodeError:
        return lost.decode("latin-1"), error.end


_WESTERN = "infonet-western"
codecs.register_error(_WESTERN, _as_western)
