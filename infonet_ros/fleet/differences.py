"""Differences between the bags of a fleet."""

from collections.abc import Sequence
from dataclasses import dataclass

from infonet_ros.dependence.comparison import Difference, adjusted, caveat, compare, surest_first
from infonet_ros.errors import RecordingError
from infonet_ros.fleet.job import Outcome
from infonet_ros.text import counted


@dataclass(frozen=True)
class Differences:
    """Differences of one or several comparisons, each with its bags, surest first; and notices."""

    found: tuple[tuple[str, Difference], ...]
    notices: tuple[str, ...] = ()

    @property
    def real(self) -> tuple[tuple[str, Difference], ...]:
        """Those that are significant after correction for all of them, and large enough to matter."""
        return tuple((whom, one) for whom, one in self.found if one.real)


def differences(outcomes: Sequence[Outcome], against: Sequence[Outcome] = ()) -> Differences:
    """Compare a second group of bags with the first; without one, each bag with all others together."""
    first = [(one.name, one.windows) for one in outcomes if one.windows is not None]
    second = [(one.name, one.windows) for one in against if one.windows is not None]
    if against:
        label = second[0][0] if len(second) == 1 else counted(len(second), "bag")
        comparisons = [(label, [w for _, w in first], [w for _, w in second])]
    else:
        comparisons = [(name, [w for other, w in first if other != name], [w]) for name, w in first]
    found: list[tuple[str, Difference]] = []
    notices: list[str] = []
    for name, before, after in comparisons:
        if before and after:
            try:
                found += [(name, one) for one in compare(before, after)]
            except RecordingError as error:
                notices.append(f"{name}: {error}")
    if comparisons and (too_few := caveat(*(len(group) for group in comparisons[0][1:]))):
        notices.append(too_few)
    corrected = zip((whom for whom, _ in found), adjusted([one for _, one in found]), strict=True)
    return Differences(tuple(sorted(corrected, key=lambda pair: surest_first(pair[1]))), tuple(notices))
