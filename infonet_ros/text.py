"""Formatting of words, counts, names and times, the same in every message."""

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from difflib import get_close_matches
from functools import lru_cache

NANOSECONDS = 1_000_000_000
LAST_SECOND = 2**31 - 1
"""Of a ROS stamp, in 2038."""

_LISTED = 300  # characters

_EPOCH_TIMES = 100_000_000 * NANOSECONDS
"""Stamps beyond this count from 1970; those below are of simulated clocks, which start near zero."""


def printable(text: str) -> str:
    """Write control characters out: they must not reach the terminal as commands."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shorten(name: str, length: int) -> str:
    """Return a printable name of at most ``length`` characters, without its middle: names differ at both ends."""
    name = printable(name)
    if len(name) <= length:
        return name
    if length < 3:
        return name[:length]
    head = (length - 1) // 2
    return f"{name[:head]}…{name[len(name) - (length - 1 - head) :]}"


def one_line(reason: object) -> str:
    """Return what an error says in one line, without a full stop; its type if it says nothing."""
    return " ".join(str(reason).split()).rstrip(".") or type(reason).__name__


def counted(count: int, noun: str) -> str:
    """Return "1 pair", "2 pairs"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def rounded(number: float) -> str:
    """Return a number in two digits, without an exponent up to a million."""
    return f"{float(f'{number:.2g}'):g}"


def are(count: int) -> str:
    """Return "is" for one, "are" for others."""
    return "is" if count == 1 else "are"


def delay_digits(seconds: float) -> int:
    """Return the number of decimals of a delay: two significant digits below 1 s, three above."""
    if abs(seconds) >= 1.0:
        return max(0, 2 - math.floor(math.log10(abs(seconds))))
    return max(2, 1 - math.floor(math.log10(abs(seconds)))) if seconds else 2


def delay_text(seconds: float) -> str:
    """Return "0.40 s", "0.014 s", "7198 s"."""
    return f"{seconds:.{delay_digits(seconds)}f} s"


def in_seconds(seconds: float) -> str:
    """Return "2.5 s", "94608000 s (3 years)"."""
    digits = f"{seconds:.6g}" if abs(seconds) < 1e6 else f"{seconds:.0f}"
    days = abs(seconds) / 86_400
    if days < 2.0:
        return f"{digits} s"
    return f"{digits} s ({days:.0f} days)" if days < 730.0 else f"{digits} s ({days / 365.25:.0f} years)"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'window'?)" where a known name is close to the one given, else nothing."""
    found = nearest(name, tuple(known))
    return f" (did you mean {found!r}?)" if found else ""


@lru_cache(maxsize=64)  # the node calls it twice a second, with the topics of a whole robot
def nearest(name: str, known: Sequence[str]) -> str:
    """Return the known name that is close to the one given, such as that topic in another namespace; "" if none is."""
    same_letters = [other for other in known if other.lower() == name.lower()]
    inside = [other for other in known if _within(name, other) or _within(other, name)]
    return next(iter(same_letters or inside or get_close_matches(name, known, n=1)), "")


def _within(topic: str, other: str) -> bool:
    """Return whether a topic is another one in a namespace."""
    return other.startswith("/") and topic.endswith(other)


def unique_name(name: str, taken: Container[str]) -> str:
    """Return a name that is not taken: it, or it with a number."""
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


def unique_names(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return names that differ from each other and from those that are taken; the first of equal ones stays."""
    known, found = {*taken}, []
    for name in names:
        found.append(unique_name(name, known))
        known.add(found[-1])
    return found


def attributed(names_by_sentence: Mapping[str, Sequence[str]], everyone: int) -> list[str]:
    """Return each sentence once, after the names that it is about, unless it is about all."""
    return [
        sentence if len(names) == everyone else f"{listed(names, 80)}: {sentence}"
        for sentence, names in names_by_sentence.items()
    ]


def sentences_about(recordings: Sequence[tuple[str, Iterable[str]]]) -> list[str]:
    """Return the sentences about some recordings, [(name, sentences)], as `attributed` does."""
    names_by_sentence: dict[str, list[str]] = {}
    for name, sentences in recordings:
        for sentence in sentences:
            names_by_sentence.setdefault(sentence, []).append(name)
    return attributed(names_by_sentence, len(recordings))


def listed(names: Iterable[str], length: int = _LISTED) -> str:
    """Return "a, b, c" or "none" in at most ``length`` characters; of many names, the first and the last ones."""
    known = [printable(name) for name in names]
    text = ", ".join(known)
    if len(text) <= length:
        return text or "none"
    first, last = 0, len(known)  # the names between them are left out
    room = length - len(f"… ({len(known)} more)")
    while True:
        at_start = first <= len(known) - last
        room -= len(known[first if at_start else last - 1]) + len(", ")
        if room < 0:
            break
        first, last = (first + 1, last) if at_start else (first, last - 1)
    if last == len(known):  # too few whole names fit
        return shorten(text, length)
    return ", ".join([*known[:first], f"… ({last - first} more)", *known[last:]])


def has_date(nanoseconds: int) -> bool:
    """Return whether a stamp counts from 1970, and so has a date."""
    return nanoseconds >= _EPOCH_TIMES


def moment(nanoseconds: int, decimals: int = 3) -> str:
    """Write a stamp as a date in UTC, or in seconds where it has none."""
    if not has_date(nanoseconds):
        return f"{nanoseconds / NANOSECONDS:.{decimals}f} s"
    return date(datetime.fromtimestamp(nanoseconds / NANOSECONDS, timezone.utc))


def date(at: datetime) -> str:
    """Write a date to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
