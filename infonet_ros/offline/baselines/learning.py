"""Learn a baseline from good recordings."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from infonet_ros.dependence.baselines.baseline import Baseline
from infonet_ros.dependence.baselines.learning.baseline_learning import learn
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.lagged_pair import LaggedPair
from infonet_ros.dependence.matrix import CLEAR_GAIN
from infonet_ros.errors import ConfigurationError
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.intake.opener import STAMPED, TableClock, check_once, open_recording
from infonet_ros.intake.proposing.proposal import propose
from infonet_ros.intake.recording import chosen_span
from infonet_ros.intake.windows.row_stream import angular_channels, wrapped
from infonet_ros.offline.baselines.unbroken import UnbrokenRecording, read_unbroken
from infonet_ros.offline.progress import Progress, silent
from infonet_ros.offline.trace import Overview
from infonet_ros.offline.whole_recording.search_range import usual_range
from infonet_ros.offline.whole_recording.whole_estimate import estimate_whole
from infonet_ros.offline.whole_recording.whole_recording import WholeRecording
from infonet_ros.offline.workers import Workers
from infonet_ros.settings import Settings, params_document
from infonet_ros.text import sentences_about, unique_names

_SAME_NUMBERS = 0.9999  # correlation of two channels that carry the same
_CANDIDATES = 60  # pairs that are tried


def learn_baseline(
    paths: Sequence[Path],
    settings: Settings | None = None,
    *,
    start: float = 0.0,
    duration: float | None = None,
    clock: TableClock = STAMPED,
    most: int = 12,
    progress: Progress = silent,
) -> tuple[Baseline, list[str]]:
    """Learn a baseline from good recordings.

    Raises InfonetError with one sentence for the user.

    Parameters
    ----------
    paths : sequence of Path
        Bags or tables.
    settings : Settings, optional
        Channels to use, by default those that are proposed for the first recording. Watches with two channels that
        must stay dependent choose the pairs; without such watches, the strongest stable pairs are chosen.
    start, duration : float
        Seconds: the part of each recording that is used.
    clock : TableClock
        How tables have their times.
    most : int
        Pairs that are watched; more only if a channel would otherwise be in no pair.

    Returns
    -------
    (Baseline, list of str)
        The baseline, and sentences about what was left out.
    """
    check_once(paths)
    read, settings, proposed = _read_all(paths, settings, start, duration, clock, progress)
    labels = unique_names(one.label for one in read)
    net = InfoNet.from_pretrained(settings.device, settings.weights)
    whole = _estimated(net, read, settings, progress)
    baseline, left_out = learn(
        net,
        _lesson(read, settings),
        _candidates(whole, settings),
        parameters=params_document(replace(settings, watches=())),
        recordings=tuple(labels),
        most=most,
    )
    notices = [
        *proposed,
        *sentences_about([(label, one.notices) for label, one in zip(labels, read, strict=True)]),
        *whole.notices(),
    ]
    return baseline, [*notices, *(f"left out: {text}." for text in left_out)]


def _read_all(
    paths: Sequence[Path],
    settings: Settings | None,
    start: float,
    duration: float | None,
    clock: TableClock,
    progress: Progress,
) -> tuple[list[UnbrokenRecording], Settings, list[str]]:
    """Read recordings on the clock and with the channels of the first; also return the settings and notices."""
    read: list[UnbrokenRecording] = []
    proposed: list[str] = []
    for path in paths:
        with open_recording([path], *clock) as recording:
            span = chosen_span(recording, start, duration)
            if settings is None or not settings.modalities:
                proposal = propose(recording, settings or Settings(), span)
                settings, proposed = proposal.settings, [*proposal.notices, *proposal.about_fields]
            read.append(read_unbroken(recording, settings, span, progress))
        if not settings.rate:
            settings = settings.with_values(rate=read[0].overview.window.rate)
    assert settings is not None, "there is a recording"
    return read, settings, proposed


def _estimated(
    net: InfoNet, read: Sequence[UnbrokenRecording], settings: Settings, progress: Progress
) -> WholeRecording:
    """Return what the channels of the longest recording share."""
    longest = _longest(read)
    usual = settings.with_values(max_lag=usual_range(settings))  # the node waits for each delay of a baseline
    with Workers(net.device) as workers:
        return estimate_whole(net, longest, usual, workers, progress)


def _lesson(read: Sequence[UnbrokenRecording], settings: Settings) -> Lesson:
    """Return the good samples of all recordings."""
    longest, angular = _longest(read), angular_channels(settings)
    return Lesson(
        names=longest.window.names,
        pieces=tuple(wrapped(one.overview.window.samples, angular) for one in read),
        rate=longest.window.rate,
        messages=tuple(one.messages for one in read),
        spikes=tuple(one.spikes for one in read),
        angles=tuple(np.array(longest.window.names)[angular].tolist()),
    )


def _longest(read: Sequence[UnbrokenRecording]) -> Overview:
    return max((one.overview for one in read), key=lambda overview: len(overview.stamps))


def _candidates(whole: WholeRecording, settings: Settings) -> list[LaggedPair]:
    """Return the pairs that are worth a try, best first."""
    matrix = whole.matrix
    row, column = np.triu_indices(len(matrix.names), k=1)
    watched = [watch.pair for watch in settings.watches if watch.expect == "dependent"]
    if watched:
        missing = [name for pair in watched for name in pair if name not in matrix.names]
        if missing:
            raise ConfigurationError(
                f"{missing[0]!r} of a watch is a modality: a baseline compares channels, such as {matrix.names[0]!r}; "
                "name two channels in the pair."
            )
        pairs = [(min(pair), max(pair)) for pair in (tuple(map(matrix.names.index, pair)) for pair in watched)]
    else:
        least = np.where(matrix.known[row, column], matrix.lower[row, column], -np.inf)
        best = np.argsort(-least, kind="stable")
        pairs = [(int(row[k]), int(column[k])) for k in best if least[k] > 0.0]
        pairs = _each_channel_first([pair for pair in pairs if not _same(whole, *pair)])[:_CANDIDATES]
    inside = np.abs(matrix.lag) < whole.longest_lag - 1e-6  # beyond the edge of the search it may depend more
    gains = matrix.mi - whole.undelayed.mi >= CLEAR_GAIN
    lags = np.where(inside & gains, matrix.lag, 0.0) * matrix.sample_rate
    return [LaggedPair(a, b, round(float(lags[a, b]))) for a, b in pairs]


def _each_channel_first(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sort pairs: first each channel with its best partner, then with its second-best partner, and so on.

    A few channels share most with each other: sorted by strength alone, their pairs would leave out all others.
    """
    partners: Counter[int] = Counter()
    places = []
    for a, b in pairs:
        places.append(min(partners[a], partners[b]))
        partners.update((a, b))
    return [pairs[k] for k in np.argsort(places, kind="stable")]


def _same(whole: WholeRecording, a: int, b: int) -> bool:
    """Return whether two channels carry the same numbers; such a pair is not worth watching."""
    x, y = whole.overview.window.samples[:, [a, b]].T
    known = np.isfinite(x) & np.isfinite(y)
    return bool(abs(np.corrcoef(x[known], y[known])[0, 1]) > _SAME_NUMBERS)
