"""Whether the node named what was wrong: in /diagnostics, or in the ``valid`` of its matrices."""

from collections import Counter
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray


class Diagnosis:
    """The statuses and counts since the last `begin`.

    Attributes
    ----------
    arrays : int
        Messages of /diagnostics so far.
    messages : set of str
        Messages of the statuses.
    increases : Counter
        By how much each count of each status grew.
    invalid_rows : bool
        A matrix marked a row as constant or too short; set by who takes the matrices.
    """

    def __init__(self) -> None:
        self.arrays = 0
        self._last: dict[tuple[str, str], int] = {}
        self.begin()

    def begin(self) -> None:
        """Forget what was said so far."""
        self.messages: set[str] = set()
        self.increases: Counter[str] = Counter()
        self.invalid_rows = False

    def take(self, array: DiagnosticArray) -> None:
        """Take in one message of /diagnostics."""
        self.arrays += 1
        for status in array.status:
            self.messages.add(status.message)
            for item in status.values:
                if item.value.isdecimal():
                    before, count = self._last.get((status.name, item.key), 0), int(item.value)
                    self.increases[item.key] += count - before if count >= before else count  # it restarted
                    self._last[status.name, item.key] = count

    def names(self, fault: str) -> bool:
        """Return whether a fault was named."""
        return _WITNESSES[fault](self)


def _counted(key: str) -> Callable[[Diagnosis], bool]:
    return lambda diagnosis: diagnosis.increases[key] > 0


def _said(text: str) -> Callable[[Diagnosis], bool]:
    return lambda diagnosis: any(text in message for message in diagnosis.messages)


_WITNESSES: dict[str, Callable[[Diagnosis], bool]] = {
    "loss": _counted("gaps"),
    "duplicates": _counted("duplicates"),
    "reordering": _counted("out of order"),
    "silence": _said("silent for"),
    "departure": _said("it has no publisher"),
    "not a number": _counted("values not known"),
    "infinite": _counted("values not known"),
    "short arrays": _counted("values not known"),
    "constant": lambda diagnosis: diagnosis.invalid_rows,
    "backward step": _counted("backward jumps of time"),
    "forward step": _counted("forward jumps of time"),
    "small step": _counted("out of order"),
    "slow estimator": _counted("windows skipped"),
    "deactivation": _said("the node is inactive"),
    "reconfiguration": _said("the node is unconfigured"),
}
