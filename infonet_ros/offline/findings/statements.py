"""What is told about a group and about a pair, in words; also about several of which the same is true."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.findings.alike import ANY
from infonet_ros.offline.findings.delay_words import Delay
from infonet_ros.offline.whole_recording.groups import Group
from infonet_ros.offline.whole_recording.whole_recording import DELAYS_APART
from infonet_ros.text import delay_text, listed

_WITHOUT_DRIFT = "judged without their drift"


@dataclass(frozen=True)
class ToldPair:
    """What two channels share, nats, with its interval, and their delay or their leader, if known.

    ``opposite`` tells that one falls as the other rises. ``least`` and ``most`` differ where several pairs are told in
    one sentence, and ``judged`` tells which of these are judged without their drift.
    """

    names: tuple[str, ...]
    least: float
    most: float
    lower: float
    upper: float
    delay: Delay
    leader: str = ""
    opposite: bool = False
    judged: str = ""

    @classmethod
    def of(cls, analysis: Analysis, a: int, b: int) -> "ToldPair":
        """Return what is told about channels ``a`` and ``b``."""
        matrix, leader = analysis.whole.matrix, analysis.leaders.get((a, b))
        mi, lower, upper = (float(values[a, b]) for values in (matrix.mi, matrix.lower, matrix.upper))
        return cls(
            names=(analysis.names[a], analysis.names[b]),
            least=mi,
            most=mi,
            lower=lower,
            upper=upper,
            delay=Delay.of(analysis, a, b),
            leader="" if leader is None else analysis.names[leader],
            opposite=bool(analysis.whole.opposite[a, b]),
            judged=_WITHOUT_DRIFT if analysis.significance.without_drift[a, b] else "",
        )

    def joined(self, names: tuple[str, ...], others: Sequence["ToldPair"]) -> "ToldPair":
        """Return what is true of this pair and of others that agree with it, under other names."""
        new = dict(zip(self.names, names, strict=True)) | {"": ""}
        every = [self, *others]
        delay = replace(
            self.delay,
            early=new[self.delay.early],
            late=new[self.delay.late],
            seconds=float(np.mean([one.delay.seconds for one in every])),
            lower=min(one.delay.lower for one in every),
            upper=max(one.delay.upper for one in every),
            smoothed=all(one.delay.smoothed for one in every),
        )
        return replace(
            self,
            names=names,
            least=min(one.least for one in every),
            most=max(one.most for one in every),
            lower=min(one.lower for one in every),
            upper=max(one.upper for one in every),
            delay=delay,
            leader=new[self.leader],
            judged=self.judged if len({one.judged for one in every}) == 1 else f"some {_WITHOUT_DRIFT}",
        )

    @property
    def form(self) -> tuple[object, ...]:
        """Everything that the words say, but for names and numbers."""
        delay = self.delay
        places = (self.names.index(name) if name else -1 for name in (delay.early, delay.late, self.leader))
        return delay.clear, delay.topic, delay.contradicted, delay.changes, self.opposite, *places

    def agrees(self, other: "ToldPair") -> bool:
        """Return whether the same can be said of both: MI and delays are the same within their intervals."""
        own, its = self.delay, other.delay
        alike = self.lower <= other.upper and other.lower <= self.upper
        apart = abs(own.seconds - its.seconds) > DELAYS_APART * (own.error + its.error)
        return self.form == other.form and alike and not (own.clear and apart)

    def sentence(self, parts: Sequence[str] = ()) -> str:
        """Return the sentence, without its full stop; ``parts`` are those that the names stand for."""
        a, b = self.names
        how = ", with opposite signs" * self.opposite + f", {self.judged}" * bool(self.judged)
        later = f"; {self.delay.words}" if self.delay.clear or self.delay.kin else ""
        if self.leader:
            later = f"; {self.leader} leads"
        shared = _range(self.least, self.most)
        return f"{a} and {b} share {shared} nats ({self.lower:.2f} to {self.upper:.2f}){how}{_for(parts)}{later}"


@dataclass(frozen=True)
class ToldGroup:
    """What each two of some channels share, nats, and by how much each follows the first, see `Group`.

    ``turned`` tells which fall as the first rises, and ``between`` which one of three explains what the others share.
    """

    names: tuple[str, ...]
    delays: tuple[float, ...]
    turned: tuple[bool, ...]
    between: tuple[bool, ...]
    least: float
    most: float
    error: float  # seconds, up to which delays are the same

    @classmethod
    def of(cls, analysis: Analysis, group: Group, between: Collection[int] = ()) -> "ToldGroup":
        """Return what is told about a group: channels of one delay in the order of the recording."""
        names = tuple(analysis.names[member] for member in group.members)
        turned = tuple(analysis.whole.opposite[group.members[0], [*group.members]].tolist())
        middle, error = tuple(member in between for member in group.members), 1.0 / analysis.whole.matrix.sample_rate
        return cls(names, group.delays, turned, middle, group.least, group.most, error)

    def joined(self, names: tuple[str, ...], others: Sequence["ToldGroup"]) -> "ToldGroup":
        """Return what is true of this group and of others that agree with it, under other names."""
        every = [self, *others]
        delays = tuple(float(late) for late in np.mean([one.delays for one in every], axis=0))
        least, most = min(one.least for one in every), max(one.most for one in every)
        return replace(self, names=names, delays=delays, least=least, most=most)

    def agrees(self, other: "ToldGroup") -> bool:
        """Return whether the same can be said of both."""
        own, its = np.array(self.delays), np.array(other.delays)
        same = np.allclose(own, its, rtol=0.0, atol=self.error, equal_nan=True)
        alike = (self.turned, self.between) == (other.turned, other.between)
        return bool(same and ((own > 0.0) == (its > 0.0)).all() and alike)

    def sentence(self, parts: Sequence[str] = ()) -> str:
        """Return the sentence, without its full stop; ``parts`` are those that the names stand for."""
        delays = dict(zip(self.names, self.delays, strict=True))
        of_delay: dict[str, list[str]] = {}
        for name, late in delays.items():
            if late > 0.0:
                of_delay.setdefault(delay_text(late), []).append(name)
        later = [f"{_and(names)} by {text}" for text, names in of_delay.items()]
        unclear = [name for name, late in delays.items() if later and np.isnan(late)]
        together = [name for name, late in delays.items() if not late > 0.0 and name not in unclear]
        members = [", ".join(together)] if len(together) > 1 else []  # a leader alone stands before the others only
        if later:
            members.append(f"{self.names[0]} leads {', '.join(later)}")
        if unclear:
            members.append(f"without a clear delay: {', '.join(unclear)}")
        if any(self.turned):
            others = (name for name, other in zip(self.names, self.turned, strict=True) if other)
            members.append(f"with the opposite sign of {self.names[0]}: {', '.join(others)}")
        middle = (name for name, between in zip(self.names, self.between, strict=True) if between)
        members += [f"{name} explains what the others share" for name in middle]
        share = f"{_range(self.least, self.most)} nats each pair"
        return f"These {len(self.names)} move together{_for(parts)} ({share}): {'; '.join(members)}"


def _and(names: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _range(least: float, most: float) -> str:
    """Return "2.46 to 2.75", or "2.75" where both are the same."""
    ends = dict.fromkeys((f"{least:.2f}", f"{most:.2f}"))
    return " to ".join(ends)


def _for(parts: Sequence[str]) -> str:
    """Return ", for * = 1, 2, 3"; nothing without parts."""
    return f", for {ANY} = {listed(parts)}" if parts else ""
