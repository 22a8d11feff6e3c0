"""Statements that say the same about several parts of a machine: one line for all motors, joints or axes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from infonet_ros.intake.messages.paths import without_rate

ANY = "*"
"""Stands for the part in the name of a channel."""

_PART = re.compile(r"(?<=\[)[^]]+(?=\])|\d+|[A-Za-z]+")  # an element in brackets, a number or a word


class Statement(Protocol):
    """What is said about some channels."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the channels."""

    def agrees(self, other: Any) -> bool:
        """Return whether another statement says the same about the channels in the same places."""

    def joined(self, names: tuple[str, ...], others: Sequence[Any]) -> "Statement":
        """Return what is true of this statement and of others, under other names."""

    def sentence(self, parts: Sequence[str] = ()) -> str:
        """Return the sentence, without its full stop; ``parts`` are those that the names stand for."""


_S = TypeVar("_S", bound=Statement)


@dataclass
class Alike(Generic[_S]):
    """Statements that agree, and differ only in the ``parts`` that `ANY` stands for in ``names``."""

    names: tuple[str, ...]
    statements: list[_S]
    parts: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """One sentence for all, without its full stop."""
        first, *others = self.statements
        in_order = sorted(self.parts, key=lambda part: (int(part) if part.isdecimal() else -1, part))
        return first.joined(self.names, others).sentence(in_order)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of all channels, each once."""
        return tuple(dict.fromkeys(name for one in self.statements for name in one.names))


def alike(statements: Iterable[_S]) -> list[Alike[_S]]:
    """Put statements that say the same about several parts together, in the order of the first of each."""
    found: list[Alike[_S]] = []
    by_pattern: dict[tuple[str, ...], list[tuple[Alike[_S], str]]] = {}
    for one in statements:
        patterns = dict(_patterns(one.names))
        if not any(_joins(one, part, by_pattern.get(names, ()), names) for names, part in patterns.items()):
            found.append(Alike(one.names, [one]))
            for names, part in patterns.items():
                by_pattern.setdefault(names, []).append((found[-1], part))
    return found


def _joins(one: _S, part: str, others: Sequence[tuple[Alike[_S], str]], names: tuple[str, ...]) -> bool:
    """Add a statement about a part to the first of some others with these names with which it agrees, if any does."""
    for other, its_part in others:
        free = not other.parts or (other.names == names and part not in other.parts)
        if free and part != its_part and all(one.agrees(its) for its in other.statements):
            other.names, other.parts = names, [*(other.parts or [its_part]), part]
            other.statements.append(one)
            return True
    return False


def _patterns(names: Sequence[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield names of channels with `ANY` for a part, and that part: a word of all, or an element or a number of one."""
    for name in map(without_rate, names):
        for part in _PART.findall(name):
            own = [_without(part, other) for other in names]
            if all(ANY in other for other in own) or part.isdecimal() or f"[{part}]" in name:
                yield tuple(own), part


def _without(part: str, name: str) -> str:
    """Return a name with `ANY` for a part, where it is a word, a number or an element; of a rate without its time."""
    body = without_rate(name)
    any_part = _PART.sub(lambda found: ANY if found[0] == part else found[0], body)
    return any_part if body == name else f"{any_part}|rate"
