"""Rows of words around numbers, as programs print them for people: ``12:00:00.5 INFO temp: 21.5 C, hum=40 %``.

Each number is a cell. The word before it is its name; a first or last number without a word is the time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from infonet_ros.caching import cached_property

_STAMP = r"(?:\d{4}[-/.]\d{2}[-/.]\d{2}[T ])?\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?Z?"
_NUMBER = r"[+-]?(?:\d+(?:[.,]\d+)?\.?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|NaN|NAN|inf|Inf|INF)\b"
_WORD = r"(?:(?<=[:=])|(?<=[:=][ \t]))(?:[Tt]rue|[Ff]alse|None|null)\b"
_VALUE = re.compile(rf"(?<![\w.])(?:{_STAMP}|{_NUMBER}|{_WORD})")
_NAME = re.compile(r"([A-Za-z_][\w.\[\]/()%]*)[\"']?[ \t]*[:=][ \t]*[\[({]?[ \t]*$")
_LAST_WORD = re.compile(r"([A-Za-z_]\w*)\W*$")
_BETWEEN = (",",)  # the elements of a list
_FEWEST_NAMES = 2
_MOST = 0.9  # of the lines have the same words


@dataclass(frozen=True)
class WordedRows:
    """Rows with the same words."""

    words: tuple[tuple[str, ...], ...]
    """Before each number, and behind the last one; how many blanks are between them makes no difference."""
    names: tuple[str, ...]  # of the numbers

    def plain(self, text: str) -> str:
        """Write the rows with these words as cells in quotes, and leave all other lines as they are."""
        return self._pattern.sub(self._cells, text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        between = [r"[ \t]+".join(map(re.escape, words)) for words in self.words]
        return re.compile(r"^[ \t]*" + rf"[ \t]*({_VALUE.pattern})[ \t]*".join(between) + r"[ \t\r]*$", re.MULTILINE)

    @cached_property
    def _cells(self) -> str:
        return ",".join(rf'"\g<{place}>"' for place in range(1, len(self.names) + 1))


def worded_rows(lines: Sequence[str]) -> WordedRows | None:
    """Find the words that most lines share; None if there are none, or few of the numbers have names."""
    found = [tuple(tuple(words.split()) for words in _VALUE.split(line)) for line in lines]
    usual = max(set(found), key=found.count, default=())
    if len(usual) < 2 or found.count(usual) < _MOST * len(found):
        return None
    line = lines[found.index(usual)]
    names = [_NAME.search(words) for words in _VALUE.split(line)[:-1]]
    if sum(map(bool, names)) < max(min(_FEWEST_NAMES, len(names)), len(names) // 3):
        return None
    if _BETWEEN in usual and any("," in number for number in _VALUE.findall(line)):  # or is it a decimal comma?
        return None
    return WordedRows(usual, _names(names, usual))


def _names(found: Sequence[re.Match[str] | None], words: Sequence[Sequence[str]]) -> tuple[str, ...]:
    names: list[str] = []
    for place, name in enumerate(found):
        match = name or _LAST_WORD.search(" ".join(words[place]))
        element = names and words[place] == _BETWEEN  # of a list; later names that are equal get numbers
        names.append(match[1] if match else names[-1] if element else f"column_{place + 1}")
    time = next((place for place in (0, len(names) - 1) if not words[place]), None)
    if time is not None:
        names[time] = "time"
    return tuple(names)
