"""Short and unique names of channels for pictures. Pictures show the whole name when the pointer is on it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from infonet_ros.text import printable, shorten

_TOPIC = 12  # characters, at most, of the last words of a topic's name
_LONGEST = 30  # characters of a label

_SEGMENT = re.compile(r"(?:[^.\[]|\[[^\]]*\])+")  # between dots; a key in brackets may contain dots
_WORDS = re.compile(r"\[?[^\W_]+")
_WORD = re.compile(r"[^\W\d_]{3}")


def short_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return a short name for each of the channels ``names``, all different.

    It is the end of the topic's name and the end of the path: ``odom angular.z`` for
    ``husky_velocity_controller_odom.twist.twist.angular.z``. If two would be the same, both become longer until they
    differ. The topic is left out if all channels have the same one.
    """
    parts = [name.partition(".")[::2] for name in names]
    topics = list(dict.fromkeys(topic for topic, _ in parts))
    short_topics = dict(zip(topics, _distinct([_ends(topic) for topic in topics]), strict=True))
    fields: dict[tuple[str, str], str] = {}
    for topic in topics:
        own = [field for other, field in parts if other == topic]
        short = _distinct([_paths(field) for field in own])
        fields |= {(topic, field): label for field, label in zip(own, short, strict=True)}
    whole = [fields[part] if len(topics) == 1 else f"{short_topics[part[0]]} {fields[part]}" for part in parts]
    fitted = fitted_names(whole, _LONGEST)
    return tuple(_distinct([[fitted[label], printable(label)] for label in whole]))


def fitted_names(names: Sequence[str], length: int) -> dict[str, str]:
    """Return each name in at most ``length`` characters: without the words that names with the same first one share."""
    fitted = _fitted(names, [next(iter(_WORDS.findall(name)), "") for name in names], length)
    counts = Counter(fitted.values())
    again = {name: label for name, label in fitted.items() if counts[label] > 1}
    return fitted | _fitted([*again], [*again.values()], length)


def _fitted(names: Sequence[str], groups: Sequence[str], length: int) -> dict[str, str]:
    """Cut each name by the words that those of the same group share."""
    members: dict[str, list[str]] = {}
    for name, group in zip(names, groups, strict=True):
        members.setdefault(group, []).append(name)
    fitted: dict[str, str] = {}
    for some in members.values():
        frequency = Counter(word for name in some for word in {*_WORDS.findall(name)})
        fitted |= {name: _without_words(name, frequency, length) for name in some}
    return fitted


def _without_words(name: str, frequency: Mapping[str, int], length: int) -> str:
    """Cut a name by leaving words out, the most frequent ones first, and of these from the middle on."""
    words = [*_WORDS.finditer(name)]
    ends = [0, *(word.end() for word in words)]
    middle = (len(words) - 1) / 2
    kept = sorted(range(len(words)), key=lambda k: (frequency[words[k][0]], -abs(k - middle), -k))
    while kept:
        parts, before = [], -1
        for k in sorted(kept):
            parts.append(name[ends[k] : ends[k + 1]] if k == before + 1 else f"…{words[k][0]}")
            before = k
        label = printable("".join(parts) + (name[ends[-1] :] if before == len(words) - 1 else "…"))
        if len(label) <= length:
            return label
        kept.pop()
    return shorten(name, length)


def _distinct(candidates: Sequence[Sequence[str]]) -> list[str]:
    """Choose the first candidate of each name; names that choose the same candidate take their next ones."""
    chosen = [0] * len(candidates)
    while True:
        labels = [own[k] for own, k in zip(candidates, chosen, strict=True)]
        counts = Counter(labels)
        again = [i for i, label in enumerate(labels) if counts[label] > 1 and chosen[i] + 1 < len(candidates[i])]
        if not again:
            return labels
        for i in again:
            chosen[i] += 1


def _ends(topic: str) -> list[str]:
    """Return ends of a topic's name: first the longest within `_TOPIC` characters, then longer ones."""
    words = topic.split("_")
    ends = ["_".join(words[k:]) for k in reversed(range(len(words)))]
    fitting = sum(len(end) <= _TOPIC for end in ends)
    return ends[max(0, fitting - 1) :]


def _paths(field: str) -> list[str]:
    """Return short forms of a path: first its end from the last word on, then longer forms."""
    segments = _SEGMENT.findall(field) or [field]
    first = next((k for k in reversed(range(len(segments))) if _WORD.search(segments[k].split("|")[0])), 0)
    end = ".".join(segments[first:])
    before = [f"{segments[k]}{'.' if k == first - 1 else '…'}{end}" for k in reversed(range(first))]
    return [end, *before, field]
