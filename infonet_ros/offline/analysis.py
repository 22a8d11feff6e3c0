"""Analysis of a recording: dependence in each window and over the whole, explanations, and changes.

Windows are cut and estimated by the same code as in the node: `windows.window_stream`, `dependence.window_matrices`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.dependence.changes.lone_changes import LoneChange, find_lone_changes
from infonet_ros.dependence.changes.matrix_changes import Change, Motion, find_changes
from infonet_ros.dependence.changes.relation_changes import LEAST_MI, RelationChange, find_relation_changes
from infonet_ros.dependence.matrix import DependenceMatrix, LaggedPair
from infonet_ros.dependence.window_matrices import channel_matrices
from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.intake.proposing.timing import choose_timing
from infonet_ros.intake.recording import Recording, Span, check_topics, unit_remedy
from infonet_ros.intake.topic_log import TopicStatistics
from infonet_ros.intake.windows.window import Window
from infonet_ros.offline.progress import Progress, silent
from infonet_ros.offline.recorded_windows import RecordedWindows
from infonet_ros.offline.trace import Overview
from infonet_ros.offline.whole_recording.groups import Group, groups
from infonet_ros.offline.whole_recording.search_range import usual_range
from infonet_ros.offline.whole_recording.significance import Significance
from infonet_ros.offline.whole_recording.whole_estimate import estimate_whole
from infonet_ros.offline.whole_recording.whole_recording import SIGNIFICANCE, WholeRecording, strongest_pairs
from infonet_ros.offline.whole_recording.wrong_clocks import apart, set_late_clocks_ahead
from infonet_ros.offline.workers import Workers
from infonet_ros.settings import Settings
from infonet_ros.text import NANOSECONDS, counted, listed

_WORDS = re.compile(r"(?<=[a-z]{2})(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # between target and Speed; SpO2 is one word
_COMMAND = re.compile(
    r"(?<![a-z])(cmd|command(s|ed)?|set_?points?|sp|targets?|desired|goals?|ref(erence)?|joy)(?![a-z])", re.IGNORECASE
)
"""Names of what a machine is told. It has no delay after other channels, and what follows it has no late stamps."""
_MEASURED = re.compile(
    r"(?<![a-z])(radar|lidar|camera|truth|gt|mocap|track(s|ed|er|ing)|detect(ed|or|ions?)|measured|actual|feedback|fb)"
    r"(?![a-z])",
    re.IGNORECASE,
)
"""Words beside these that make it a measurement: the targets of a radar, a reference that is the truth."""

_OVERVIEW_SAMPLES = 20_000
_OVERVIEW_VALUES = 500_000
_NEARLY_ALL = 2.0  # nats, that two channels share if nearly all they do is common
_MOST_STEPS = 8  # in a period of the clock, of channels that are faster
_FINER_SAMPLES = 100_000  # of a channel, all steps together


@dataclass(frozen=True)
class Explanation:
    """Conditional MI of a pair given a third channel, with its 90 % interval, nats.

    Attributes
    ----------
    third : int
        Number of the third channel.
    left, lower, upper : float
        Conditional MI given it, with its 90 % interval, nats.
    """

    third: int
    left: float
    lower: float
    upper: float


@dataclass(frozen=True)
class InformativeChannels:
    """Channels with most information about a target, in order of selection, and the nats that each adds.

    Attributes
    ----------
    target : str
        Name of the target.
    channels : tuple of int
        Numbers of the channels, in order of selection.
    adds : tuple of float
        What each adds to those before it, nats.
    slow : tuple of bool
        Those that the target follows slowly: their past, passed through filters, has the information.
    """

    target: str
    channels: tuple[int, ...]
    adds: tuple[float, ...]
    slow: tuple[bool, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Analysis:
    """Results of the analysis of a recording.

    Attributes
    ----------
    label : str
        Name of the recording.
    span : Span
        The part that was analysed.
    settings : Settings
    matrices : tuple of DependenceMatrix
        One for each window, in the order of time.
    whole : WholeRecording
    changes : tuple of Change
        The largest first.
    topics : tuple of TopicStatistics
    notices : tuple of str
        Sentences about messages that were left out for their stamps, a platform that rests, and channels that are the
        rates of others.
    explanations : dict of (int, int) to Explanation
        Of pairs a < b that a third channel explains, see `explaining.explain`.
    informative : InformativeChannels or None
        About the requested target.
    relation_changes : tuple of RelationChange
        Channels whose relations to others changed, for a while or until the end; the surest first.
    lone_changes : tuple of LoneChange
        Single samples that stand out, and other levels of channels that depend on nothing.
    leaders : dict of (int, int) to int
        The leading channel of pairs (a, b) without a clear delay, see `directing.direct`.
    """

    label: str
    span: Span
    settings: Settings
    matrices: tuple[DependenceMatrix, ...]
    whole: WholeRecording
    changes: tuple[Change, ...]
    topics: tuple[TopicStatistics, ...]
    notices: tuple[str, ...] = ()
    explanations: Mapping[tuple[int, int], Explanation] = field(default_factory=dict)
    informative: InformativeChannels | None = None
    relation_changes: tuple[RelationChange, ...] = ()
    lone_changes: tuple[LoneChange, ...] = ()
    leaders: Mapping[tuple[int, int], int] = field(default_factory=dict)

    def __repr__(self) -> str:
        size = f"{counted(len(self.names), 'channel')}, {counted(len(self.matrices), 'window')}"
        return f"Analysis of {self.label}: {size}"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the N channels."""
        return self.whole.matrix.names

    @cached_property
    def significance(self) -> Significance:
        """Which pairs are significant over the whole recording."""
        return Significance(self.whole.matrix, self.whole.shifts, all_shifts=not self.settings.surrogates)

    @cached_property
    def commands(self) -> np.ndarray:
        """(N,) bool: channels that a machine is told, by their names or that of their topic."""
        both = map(" ".join, zip(self.settings.channel_topics, self.names, strict=True))
        words = [_WORDS.sub("_", name) for name in both]
        return np.array([bool(_COMMAND.search(name)) and not _MEASURED.search(name) for name in words])

    @cached_property
    def groups(self) -> list[Group]:
        """Channels of which every two share much, see `groups`."""
        return groups(self.whole, self.significance, self.commands)

    @property
    def zero(self) -> int:
        """Stamp from which times are told, nanoseconds: the start of the part that was analysed.

        The first window begins up to a hop later. It counts if the stamps come from another clock than the times of
        recording.
        """
        first = self.matrices[0].start
        return self.span.start if self.span.start <= first < self.span.stop else first

    @property
    def unknown(self) -> np.ndarray:
        """(N,) float64: share of the samples of each channel that are unknown."""
        unknown = np.isnan(self.whole.overview.window.samples)
        return unknown[~unknown.all(axis=1)].mean(axis=0)  # not within holes

    def strongest(self, count: int | None = None) -> list[tuple[int, int]]:
        """Pairs that depend most over the whole recording, strongest first; see `strongest_pairs`."""
        return strongest_pairs(self.whole.matrix)[:count]


def analyse(
    recording: Recording,
    settings: Settings,
    span: Span,
    net: InfoNet,
    progress: Progress = silent,
    *,
    cores: int | None = None,
) -> Analysis:
    """Analyse an open recording on so many cores, by default all that this process may use.

    Raises RecordingError for a missing topic, a part that is shorter than a window, or windows with fewer samples than
    the estimator needs. Raises ConfigurationError for a channel that its message type does not have, or a
    synchronization that needs the node.
    """
    _check(recording, settings, span)
    usual = usual_range(settings)
    set_late_clocks_ahead(recording, settings, span, usual)
    steps = _most_steps(settings, span.duration)
    recorded = RecordedWindows(recording, settings, span, longest_lag=usual, most_steps=steps)
    samples: list[np.ndarray] = []
    windows: Iterable[Window] = _noting_samples(recorded.windows(progress), samples)
    with Workers(net.device, cores) as workers:
        if settings.given:
            windows = tuple(windows)  # they wait for the whole recording, which shows how channels follow given ones
        else:
            matrices = tuple(channel_matrices(net, windows, settings))
        if not samples:
            raise _no_window(recording, settings, span, recorded.log.longest_run)
        overview = recorded.trace.overview(min(_OVERVIEW_SAMPLES, _OVERVIEW_VALUES // len(settings.channel_names)))
        whole = estimate_whole(net, overview, settings, workers, progress)
        if settings.given:
            windows = _reported(windows, len(samples), progress)
            matrices = tuple(channel_matrices(net, windows, settings, whole.follows))
    return Analysis(
        label=recording.label,
        span=span,
        settings=settings,
        matrices=matrices,
        whole=whole,
        changes=tuple(_changes(matrices, samples, whole, settings)),
        topics=recorded.topics(),
        notices=(*recorded.notices(), *_without_values(overview), *whole.notices(), *whole.kinship.notices()),
        relation_changes=tuple(_relation_changes(whole, settings)),
        lone_changes=tuple(_lone_changes(whole, settings)),
    )


def _most_steps(settings: Settings, duration: float) -> int:
    """Return how many samples of faster channels are kept in a period of the clock, so that they are not too many."""
    return int(np.clip(_FINER_SAMPLES / max(1.0, duration * settings.rate), 1, _MOST_STEPS))


def _changes(
    matrices: tuple[DependenceMatrix, ...], samples: list[np.ndarray], whole: WholeRecording, settings: Settings
) -> list[Change]:
    """Find the changes of dependence that are not told anyway.

    Where clocks drift apart, the MI of their topics changes steadily. And a stuck channel loses its relations.
    """
    place, drifting = whole.matrix.names.index, apart(whole.drifts, settings.channel_topics)
    window = matrices[0].end - matrices[0].start

    def told(change: Change) -> bool:
        pair = place(change.a), place(change.b)
        stuck = (one for one in whole.stuck if {*pair} & {*one.channels})
        return bool(drifting[pair]) or any(one.start - window < change.time < one.stop + window for one in stuck)

    return [one for one in find_changes(matrices, partial(Motion.of, samples), whole.matrix) if not told(one)]


def _relation_changes(whole: WholeRecording, settings: Settings) -> list[RelationChange]:
    """Compare the relations of significant pairs over the recording; not of conditional ranks, which have no unit.

    Two channels that both drift may keep no relation, also if they change together, unless they share nearly all that
    they do. What repeats a measured rate would be a second motion beside that.
    """
    matrix, window = whole.matrix, whole.overview.window
    if settings.given:
        return []
    asked = _related(whole) & (~matrix.both_drift | (matrix.mi >= _NEARLY_ALL))
    lags = np.round(matrix.lag * window.rate)
    own = np.flatnonzero(~whole.kinship.repeated | asked.any(axis=0))  # a repeated one is asked if it is late
    place = {channel: number for number, channel in enumerate(own.tolist())}
    pairs = [LaggedPair(place[a], place[b], int(lags[a, b])) for a, b in strongest_pairs(matrix) if asked[a, b]]
    names, topics = ([of[channel] for channel in place] for of in (window.names, settings.channel_topics))
    return find_relation_changes(window.samples[:, own], whole.overview.stamps, names, topics, pairs)


def _lone_changes(whole: WholeRecording, settings: Settings) -> list[LoneChange]:
    """Find what channels show alone; not of conditional ranks, which have no unit."""
    if settings.given:
        return []
    window, kinship = whole.overview.window, whole.kinship
    lone = np.logical_not(_related(whole).any(axis=0))
    return find_lone_changes(window.samples, whole.overview.stamps, window.names, ~kinship.computed, lone)


def _related(whole: WholeRecording) -> np.ndarray:
    """Return which channels (N, N) depend on each other, and not by definition."""
    significant = whole.matrix.significant(SIGNIFICANCE, adjusted=True) | (whole.shifts == 0)
    return significant & ~whole.kinship.trivial & (whole.matrix.mi >= LEAST_MI)


def _noting_samples(windows: Iterable[Window], samples: list[np.ndarray]) -> Iterator[Window]:
    """Pass windows on, and keep their samples in single precision."""
    for window in windows:
        samples.append(window.samples.astype(np.float32))
        yield window


def _reported(windows: Iterable[Window], count: int, progress: Progress) -> Iterator[Window]:
    """Pass so many windows on, and report how many are done."""
    for number, window in enumerate(windows):
        progress("windows, given", number / count)
        yield window
    progress("windows, given", 1.0)


def _check(recording: Recording, settings: Settings, span: Span) -> None:
    if settings.synchronization != "resample":
        raise ConfigurationError(
            f"synchronization is {settings.synchronization!r}, which pairs messages as they arrive and needs the node: "
            "recordings are analysed with 'resample'; set it in the parameter file."
        )
    if len(settings.channel_names) < 2:
        raise ConfigurationError(
            f"expected at least two channels to compare, got {', '.join(settings.channel_names) or 'none'}: name more "
            "in the parameter file, or let more topics through with --topics."
        )
    check_topics(recording, settings)
    if span.duration < settings.window:
        raise RecordingError(
            f"the window is {settings.window:g} s, longer than the {span.duration:.1f} s of {recording.label} that are "
            f"analysed: {_what_works(recording, settings, span.duration)}"
        )


def _no_window(recording: Recording, settings: Settings, span: Span, longest: float) -> RecordingError:
    """Return the error for stamps that continue for ``longest`` seconds, less than a window."""
    return RecordingError(
        f"no window of {settings.window:g} s is complete in {recording.label}, whose stamps continue for at most "
        f"{longest:.3g} s: {_what_works(recording, settings, min(span.duration, longest))}"
    )


def _without_values(overview: Overview) -> list[str]:
    """Name the channels of which nothing is known: a parameter file may name what no message has."""
    unknown = np.isnan(overview.window.samples).all(axis=0)
    names = [name for name, empty in zip(overview.window.names, unknown, strict=True) if empty]
    why = "all are NaN or infinite, or no message has this element"
    return [f"{listed(names)} {'has' if len(names) == 1 else 'have'} no value: {why}."] if names else []


def _what_works(recording: Recording, settings: Settings, duration: float) -> str:
    """Return advice: a window and a hop that fit, or that there are too few samples for any."""
    length = (recording.end + 1 - recording.start) / NANOSECONDS
    topics = {modality.topic for modality in settings.modalities}
    rates = {topic: float(f"{recording.topics[topic].count / length:.2e}") for topic in topics}
    timing = choose_timing(duration, rates, rate=settings.rate, max_lag=settings.max_lag, remedy=unit_remedy(recording))
    return f"choose --window {timing.window:g} --hop {timing.hop:g}, or leave both out{unit_remedy(recording)}."
