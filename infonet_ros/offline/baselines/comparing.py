"""Compare two groups of recordings, cut into windows that do not overlap."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from infonet_ros.dependence.comparison import Difference, WindowedRecording, caveat, compare
from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.dependence.window_matrices import channel_matrices
from infonet_ros.errors import ConfigurationError
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.intake.opener import STAMPED, TableClock, check_once, open_recording
from infonet_ros.intake.proposing.proposal import propose
from infonet_ros.intake.recording import OF_ALL, check_topics, chosen_span
from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.progress import Progress, silent
from infonet_ros.offline.recorded_windows import RecordedWindows
from infonet_ros.settings import Settings, remapped
from infonet_ros.text import counted, sentences_about


@dataclass(frozen=True, eq=False)
class Comparison:
    """Differences between two groups of recordings, the surest first, with notices about what was left out."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    differences: tuple[Difference, ...]
    notices: tuple[str, ...]

    @property
    def real(self) -> tuple[Difference, ...]:
        """The differences that are significant and large enough to matter."""
        return tuple(one for one in self.differences if one.real)

    def record(self) -> dict[str, Any]:
        """Return it in plain types, for JSON."""
        differences = [{**asdict(one), "shift": one.shift, "real": one.real} for one in self.differences]
        return {"before": self.before, "after": self.after, "differences": differences, "notices": self.notices}

    def __str__(self) -> str:
        head = f"{', '.join(self.after)} compared with {', '.join(self.before)}: "
        if not self.real:
            return f"{head}no difference among {counted(len(self.differences), 'comparison')}."
        return "\n".join([f"{head}{counted(len(self.real), 'difference')}:", *(f"  {one}" for one in self.real)])


def compare_recordings(
    before: Sequence[Path],
    after: Sequence[Path],
    settings: Settings | None = None,
    *,
    given: Sequence[str] = (),
    clock: TableClock = STAMPED,
    remappings: Sequence[str] = (),
    progress: Progress = silent,
) -> Comparison:
    """Compare two groups of recordings.

    Raises InfonetError with one sentence for the user, such as a topic that one of them does not have.

    Parameters
    ----------
    before, after : sequence of Path
        Bags or tables, each a recording of its own.
    settings : Settings, optional
        Channels to compare; by default those that are proposed for the first recording.
    given : sequence of str
        Settings that a proposal must not change, such as "window".
    clock : TableClock
        How tables have their times.
    remappings : sequence of str
        Names of topics in the second group, see `settings.remapping`.
    """
    for group in (before, after):
        check_once(group)
    settings, notices = _chosen(before[0], settings, given, clock)
    net = InfoNet.from_pretrained(settings.device, settings.weights)
    other = remapped(settings, remappings)
    groups = [
        [_windowed(net, path, settings, clock, progress) for path in before],
        [_windowed(net, path, other, clock, progress, remaps=True) for path in after],
    ]
    first, second = ([read.windows for read in group] for group in groups)
    labels = [tuple(read.label for read in group) for group in groups]
    notices = (*notices, *sentences_about([(read.label, read.notices) for group in groups for read in group]))
    if too_few := caveat(*(sum(len(one.mi) > 0 for one in group) for group in (first, second))):
        notices = (*notices, too_few)
    return Comparison(labels[0], labels[1], tuple(compare(first, second)), notices)


def _chosen(
    path: Path, settings: Settings | None, given: Sequence[str], clock: TableClock
) -> tuple[Settings, tuple[str, ...]]:
    """Return settings with channels to compare, by default those that are proposed for a recording; and notices."""
    notices: tuple[str, ...] = ()
    if settings is None or not settings.modalities:
        with open_recording([path], *clock) as recording:
            proposal = propose(recording, settings or Settings(), chosen_span(recording, 0.0, None), given=given)
            settings, notices = proposal.settings, tuple(proposal.notices)
    if settings.synchronization != "resample":
        raise ConfigurationError(
            f"synchronization is {settings.synchronization!r}: recordings are compared with 'resample'; set it in the "
            "parameter file."
        )
    return settings, notices


def windows_of(analysis: Analysis) -> WindowedRecording:
    """Return the windows of an analysis that do not overlap; of long recordings not all of them have samples."""
    matrices: list[DependenceMatrix] = []
    for matrix in analysis.matrices:
        if not matrices or matrix.start > matrices[-1].end:
            matrices.append(matrix)
    overview = analysis.whole.overview
    inside = [(overview.stamps >= matrix.start) & (overview.stamps <= matrix.end) for matrix in matrices]
    return WindowedRecording.of(matrices, [overview.window.samples[rows] for rows in inside])


class _Read(NamedTuple):
    """The name of a recording, the results of its windows, and notices about what was left out."""

    label: str
    windows: WindowedRecording
    notices: list[str]


def _windowed(
    net: InfoNet, path: Path, settings: Settings, clock: TableClock, progress: Progress, *, remaps: bool = False
) -> _Read:
    with open_recording([path], *clock) as recording:
        check_topics(recording, settings, OF_ALL, remaps=remaps)
        apart = settings.with_values(hop=settings.window)
        recorded = RecordedWindows(recording, apart, chosen_span(recording, 0.0, None), longest_lag=0.0)
        windows = list(recorded.windows(progress))
        matrices = list(channel_matrices(net, windows, settings))
        shown = WindowedRecording.of(matrices, [window.samples for window in windows])
        notices = [*recording.notices, *recorded.notices()]
        if not windows:
            notices.append(f"it has no window of {settings.window:g} s, and is left out; choose a shorter --window.")
        return _Read(recording.label, shown, notices)
