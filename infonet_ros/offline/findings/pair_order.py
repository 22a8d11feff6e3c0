"""The order of pairs by use: which of them a robot engineer needs first, and which add something to others."""

import numpy as np
from scipy.cluster.hierarchy import DisjointSet

from infonet_ros.intake.messages.paths import Step, is_rate, parse_channel
from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.whole_recording.groups import Group
from infonet_ros.offline.whole_recording.kinship import Kinship

USEFUL_MI = 0.05
"""Nats. A pair that shares less may be significant, but is not useful."""


def ranked_pairs(analysis: Analysis) -> list[tuple[int, int]]:
    """Return all known pairs in the order of use; see `findings.findings`."""
    significance, whole = analysis.significance, analysis.whole

    def usefulness(pair: tuple[int, int]) -> tuple[bool, ...]:
        a, b = pair
        own, direct = topic_of(analysis, a) == topic_of(analysis, b), measured(analysis, a, b)
        delayed = bool(whole.clear_delays[a, b])
        return (
            not significance.significant[a, b],
            not significance.judged[a, b],
            bool(whole.kinship.trivial[pair]),
            pair in analysis.explanations,
            own,
            not spread(analysis, a, b),
            own and not (delayed or direct),  # such as what odometry computed from one motion
            not (delayed and (own or direct)),
        )

    return sorted(analysis.strongest(), key=usefulness)  # which keeps strong before weak


class News:
    """Selects pairs of channels that add something to the groups and to the pairs before, and to what is no news."""

    def __init__(self, kinship: Kinship, found: list[Group]) -> None:
        one_field = kinship.one_field
        self._connected = DisjointSet(range(len(one_field)))
        for one, other in np.argwhere((kinship.measured | one_field) & ~kinship.late).tolist():
            self._connected.merge(one, other)
        self._group_of = {member: -1 - number for number, group in enumerate(found) for member in group.members}
        self._listed = {frozenset({-1 - number}) for number in range(len(found))}
        self._other_forms = [frozenset(np.flatnonzero(one_field[[*group.members]].any(axis=0))) for group in found]
        for group in found:
            for member in group.members[1:]:
                self._connected.merge(group.members[0], member)

    def first(self, a: int, b: int) -> bool:
        """Add a pair; return whether it is the first between its groups, and not within one, in any form."""
        between = frozenset({self._group_of.get(a, a), self._group_of.get(b, b)})
        new = between not in self._listed and not any({a, b} <= forms for forms in self._other_forms)
        self._listed.add(between)
        return new

    def connects(self, a: int, b: int) -> bool:
        """Add a pair; return whether the pairs before do not connect its channels, directly or through others."""
        return bool(self._connected.merge(a, b))


def spread(analysis: Analysis, *channels: int) -> int:
    """Return 2 for channels of several topics, 1 for those of several structures of one, 0 for those of one structure.

    A structure is a vector or another message inside the message.
    """
    if len({topic_of(analysis, channel) for channel in channels}) > 1:
        return 2
    return int(len({_structure(analysis, channel) for channel in channels}) > 1)


def is_useful(analysis: Analysis, pair: tuple[int, int]) -> bool:
    """Return whether a pair surely shares enough, and not by definition."""
    whole = analysis.whole
    known = whole.matrix.mi[pair] >= USEFUL_MI and whole.sure[pair] and not analysis.significance.doubt(*pair)
    return bool(known) and not whole.kinship.trivial[pair] and not whole.weaker_form[pair]


def measured(analysis: Analysis, a: int, b: int) -> bool:
    """Return whether neither of two channels is a computed rate of change, which repeats a measured channel."""
    return not any(is_rate(analysis.names[channel]) for channel in (a, b))


def topic_of(analysis: Analysis, channel: int) -> str:
    """Name of the topic that a channel comes from."""
    return analysis.settings.channel_topics[channel]


def _structure(analysis: Analysis, channel: int) -> tuple[Step, ...]:
    """Structure inside its message that a channel comes from."""
    return parse_channel(analysis.settings.channel_paths[channel]).structure
