"""Checks whether the clocks of several topics agree, by their stamps and the times of recording.

A message cannot be recorded before it is made: stamps that lie ahead of the times of recording come from a clock that
is ahead. Those that lie behind may have been on their way, or come from another clock, such as a simulated one.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from statistics import median_high

import numpy as np

from infonet_ros.intake.times_apart import overlapping
from infonet_ros.text import NANOSECONDS, in_seconds

NOTABLE = NANOSECONDS // 2
"""Smaller differences between clocks are left to the delays between channels."""

FEWEST = 5
"""Messages from which a clock can be judged."""


@dataclass(frozen=True)
class Lead:
    """How far the stamps of a topic lie ahead of the times of recording, nanoseconds; negative behind them."""

    usual: int
    steady: bool

    @classmethod
    def of(cls, stamps: np.ndarray, received: np.ndarray) -> "Lead | None":
        """Measure the lead from the stamps (M,) of messages, and the times at which they were recorded."""
        if len(stamps) < FEWEST:
            return None
        leads = stamps - received
        usual = int(np.median(leads))
        return cls(usual, bool(np.median(np.abs(leads - usual)) < NOTABLE // 2))

    def less(self, by: int) -> "Lead":
        """Return the lead after the stamps are set back."""
        return Lead(self.usual - by, self.steady)


def ahead(leads: Mapping[str, Lead]) -> dict[str, int]:
    """Return the topics whose clocks are ahead of the recorder's clock, and by how much, in nanoseconds.

    If all topics are ahead, the recorder's clock is behind: then they are compared with the topic that fits it best.
    """
    steady = {topic: lead.usual for topic, lead in leads.items() if lead.steady}
    best = max(0, min(steady.values(), default=0))
    return {topic: usual - best for topic, usual in steady.items() if usual - best > NOTABLE}


def behind(leads: Mapping[str, Lead]) -> dict[str, int]:
    """Return the topics whose stamps lie further behind the times of recording than those of half the topics."""
    steady = {topic: lead.usual for topic, lead in leads.items() if lead.steady}
    usual = median_high(steady.values()) if steady else 0
    return {topic: usual - own for topic, own in steady.items() if usual - own > NOTABLE}


class TopicClocks:
    """The clocks of the topics of one recording, by the leads that are known."""

    def __init__(self, leads: Mapping[str, Lead]) -> None:
        self._leads = leads
        self._set_ahead: set[str] = set()

    def fitting(
        self, worth: Mapping[str, bool], counts: Mapping[str, int], start: int, end: int
    ) -> tuple[list[str], list[str]]:
        """Return those of some topics, recorded between ``start`` and ``end``, whose stamps overlap.

        Also sentences about the others; see `overlapping`. ``worth`` says of each topic whether it is worth analysing
        alone, ``counts`` how many messages it has.
        """
        leads = {topic: lead for topic, lead in self._of(worth).items() if lead.steady}
        advance = ahead(leads)
        spans = {}
        for topic, lead in leads.items():
            shift = lead.less(advance.get(topic, 0)).usual
            spans[topic] = start + shift, end + shift
        alone = [topic for topic, enough in worth.items() if enough]
        kept, sentences = overlapping(spans, counts, alone)
        return [topic for topic in worth if topic not in spans or topic in kept], sentences

    def behind(self, topics: Iterable[str]) -> dict[str, int]:
        """Return which of some topics are `behind`, and by how much, after those that are ahead were set back."""
        leads = self._of(topics)
        advance = ahead(leads)
        return behind({topic: lead.less(advance.get(topic, 0)) for topic, lead in leads.items()})

    def set_ahead(self, topics: Iterable[str]) -> None:
        """From now on, correct the stamps of these topics by what they are `behind`, and those of no others."""
        self._set_ahead = {*topics}

    def corrections(self, topics: Collection[str]) -> tuple[dict[str, int], dict[str, str]]:
        """Return what to subtract from the stamps of some topics, in nanoseconds, and a sentence about each clock."""
        sentences = {}
        advance = ahead(self._of(topics))
        for topic, by in advance.items():
            sentences[topic] = (
                f"the clock of {topic} is {_rounded(by)} ahead: its messages were recorded before their stamps, "
                "which are set back by that."
            )
        for topic, by in self.behind(topics).items():
            why = "or its messages took so long"
            if topic in self._set_ahead:
                advance[topic] = -by
                why = "as its channels show, and they are set ahead by that"
            sentences[topic] = (
                f"the stamps of {topic} lie {_rounded(by)} further behind the times of recording than those of "
                f"others: its clock is behind, {why}."
            )
        return advance, sentences

    def _of(self, topics: Iterable[str]) -> dict[str, Lead]:
        return {topic: self._leads[topic] for topic in topics if topic in self._leads}


def _rounded(nanoseconds: int) -> str:
    """Return a time in seconds, to the millisecond."""
    return in_seconds(round(nanoseconds / NANOSECONDS, 3))
