"""A picture of groups and links: a line for each channel, with groups together, and an arc for each link."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from infonet_ros.text import delay_text

# Units of the picture, which are pixels on a phone.
WIDTH = 350
_LABELS = 182  # where the arcs begin
_LETTERS = 27  # of a label, in the widest of usual fonts
_ROW = 22
_REACH = 120  # of the control points of the widest arc
_APART = 7.0  # the ends of two arcs at one channel
_GAP = 5  # between an arc and its text
_DIGIT = 5.8
_THINNEST, _WIDEST = 1.2, 5.0


@dataclass(frozen=True)
class Link:
    """Two channels that depend on each other."""

    a: int  # a, b: numbers of the channels
    b: int
    value: float  # MI, nats
    delay: float | None = None
    """Seconds by which ``b`` follows ``a``; negative if ``a`` follows ``b``. None without a clear delay."""
    leader: int | None = None  # channel that leads, if that is known without a delay

    @property
    def ends(self) -> tuple[int, int]:
        """The channel that leads, and the one that follows; in their own order if that is not known."""
        first = self.leader if self.delay is None else (self.b if self.delay < 0.0 else self.a)
        return (self.b, self.a) if first == self.b else (self.a, self.b)

    @property
    def directed(self) -> bool:
        """Whether the direction is known."""
        return self.delay is not None or self.leader is not None


@dataclass(frozen=True)
class Row:
    """The line of one channel; ``y`` is its middle."""

    channel: int
    y: float


@dataclass(frozen=True)
class Band:
    """The background of the members of group number ``group``."""

    group: int
    y: float
    height: float


@dataclass(frozen=True)
class Arc:
    """The curve of one link. ``arrow`` is a head at the following channel, ``text`` is empty if there is no room."""

    link: Link
    path: str
    arrow: str
    width: float
    strength: float
    text: str
    x: float
    y: float


@dataclass(frozen=True)
class LinkPicture:
    """All parts of the picture with their places.

    The arcs begin at ``left``. Left of it is room for labels of ``letters`` characters; longer ones are squeezed.
    """

    rows: tuple[Row, ...]
    bands: tuple[Band, ...]
    arcs: tuple[Arc, ...]
    width: int
    height: int
    left: int = _LABELS
    letters: int = _LETTERS


def link_picture(groups: Sequence[Sequence[int]], links: Sequence[Link], order: Sequence[int]) -> LinkPicture:
    """Lay out the channels that are in a group or have a link.

    A channel is in one of the groups at most. The most useful links are first: without enough room, the last ones lose
    their text. ``order`` has all channels, with similar ones next to each other.
    """
    channels = _in_order(groups, links, order)
    middle = {channel: (k + 0.5) * _ROW for k, channel in enumerate(channels)}
    bands = [
        Band(number, min(middle[c] for c in group) - _ROW / 2, len(group) * _ROW)
        for number, group in enumerate(groups)
        if group
    ]
    return LinkPicture(
        rows=tuple(Row(channel, y) for channel, y in middle.items()),
        bands=tuple(bands),
        arcs=tuple(_arcs(links, middle)),
        width=WIDTH,
        height=len(channels) * _ROW,
    )


def _in_order(groups: Sequence[Sequence[int]], links: Sequence[Link], order: Sequence[int]) -> list[int]:
    """Return the channels with a group or a link; a group stays together, at the place of its first member."""
    group_of = {channel: tuple(group) for group in groups for channel in group}
    shown = {*group_of, *(channel for link in links for channel in (link.a, link.b))}
    blocks = dict.fromkeys(group_of.get(channel, (channel,)) for channel in order if channel in shown)
    return [channel for block in blocks for channel in block]


def _ends(links: Sequence[Link], middle: dict[int, float]) -> dict[tuple[int, int], float]:
    """Height at which the arc from one channel to another begins: at one channel none hides another.

    Those that go up are above those that go down, and of two on one side the nearer one is outside, so none cross.
    """
    others: dict[int, set[int]] = {}
    for link in links:
        others.setdefault(link.a, set()).add(link.b)
        others.setdefault(link.b, set()).add(link.a)
    places = {}
    for channel, found in others.items():
        ordered = sorted(found, key=lambda other: 1.0 / (middle[other] - middle[channel]))
        step = min(_APART, (_ROW - _WIDEST) / len(ordered))
        for number, other in enumerate(ordered):
            places[channel, other] = middle[channel] + step * (number - (len(ordered) - 1) / 2)
    return places


def _arcs(links: Sequence[Link], middle: dict[int, float]) -> list[Arc]:
    largest = max((link.value for link in links), default=1.0)
    longest = max((abs(middle[link.a] - middle[link.b]) for link in links), default=1.0)
    taken: list[tuple[float, float, float]] = []
    arcs, places = [], _ends(links, middle)
    for link in links:
        first, last = link.ends
        start, end = places[first, last], places[last, first]
        reach = 24 + (_REACH - 24) * math.sqrt(abs(end - start) / longest)
        far = _LABELS + reach
        text = f"{link.value:.2f}" if link.delay is None else f"{link.value:.2f}, {delay_text(abs(link.delay))}"
        x, y = _LABELS + 0.75 * reach + _GAP, (start + end) / 2
        room = (x, y, _DIGIT * len(text))
        if any(_overlap(room, other) for other in taken):
            text = ""
        else:
            taken.append(room)
        strength = link.value / largest
        arcs.append(
            Arc(
                link=link,
                path=f"M{_LABELS} {start:g}C{far:.0f} {start:g} {far:.0f} {end:g} {_LABELS} {end:g}",
                arrow=f"M{_LABELS} {end:g}l9-4.5v9z" if link.directed else "",
                width=round(_THINNEST + (_WIDEST - _THINNEST) * strength, 1),
                strength=round(0.35 + 0.65 * strength, 2),
                text=text,
                x=round(x, 1),
                y=round(y, 1),
            )
        )
    return arcs


def _overlap(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    """Return whether two texts (left end, middle line, width) cover each other."""
    first, second = sorted((one, other))
    return abs(one[1] - other[1]) < 0.6 * _ROW and second[0] < first[0] + first[2] + _DIGIT
