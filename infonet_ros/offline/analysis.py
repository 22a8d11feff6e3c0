"""From a recording to everything that is known about its dependences.

Windows are cut and estimated by the same code as in the node; see `streams.window_stream` and `matrices`.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from infonet_ros.errors import ConfigurationError, InputError, RecordingError
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.matrices import DependenceMatrix, channel_matrix, lags_in_samples, modality_matrix
from infonet_ros.offline.changes import Change, find_changes
from infonet_ros.offline.recording import Recording, Span, check_topics
from infonet_ros.offline.topic_statistics import StampLog, TopicStatistics
from infonet_ros.offline.trace import Overview, Trace
from infonet_ros.streams.channels import parse_channel
from infonet_ros.streams.settings import Settings
from infonet_ros.streams.window import Window
from infonet_ros.streams.window_stream import WindowStream

SCAN_RANGE = 1.0
"""Seconds. Delays of the whole recording are looked for so far in both directions, when no ``max_lag`` is given."""

_SCAN_STEPS = 10  # delays in each direction
_OVERVIEW_SAMPLES = 20_000
_OVERVIEW_VALUES = 500_000
_CURVES = 12  # pairs whose MI is shown over the delay

Progress = Callable[[str, float], None]
"""Called with what is being done and the share of it that is done, 0 to 1."""


@dataclass(frozen=True, eq=False)
class DelayCurve:
    """MI of one pair over the delay, for the whole recording.

    ``lags`` (L,) in seconds, positive where ``b`` follows ``a``; ``mi``, ``lower``, ``upper`` (L,) in nats.
    """

    a: str
    b: str
    lags: np.ndarray
    mi: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


@dataclass(frozen=True, eq=False)
class Analysis:
    """What is known about a recording.

    Attributes
    ----------
    label : str
        Name of the recording.
    span : Span
        The part that was analysed.
    settings : Settings
    matrices : tuple of DependenceMatrix
        One for each window, in the order of time.
    overall : DependenceMatrix
        Of the whole recording, each pair at the delay at which it depends most.
    between_modalities : DependenceMatrix or None
        Sliced MI of the whole recording; None with fewer than two modalities.
    curves : tuple of DelayCurve
        Of the strongest pairs.
    changes : tuple of Change
        The largest first.
    topics : tuple of TopicStatistics
    overview : Overview
        Aligned samples of the whole recording.
    ranks : (T, N) float32
        Normalised ranks of its samples, NaN where unknown.
    discriminants : dict of (int, int) to (G, G) float32
        Of each pair of valid channels a < b, at its delay in ``overall``.
    unknown : (N,) float64
        Share of the samples of each channel that are unknown.
    """

    label: str
    span: Span
    settings: Settings
    matrices: tuple[DependenceMatrix, ...]
    overall: DependenceMatrix
    between_modalities: DependenceMatrix | None
    curves: tuple[DelayCurve, ...]
    changes: tuple[Change, ...]
    topics: tuple[TopicStatistics, ...]
    overview: Overview
    ranks: np.ndarray
    discriminants: dict[tuple[int, int], np.ndarray]
    unknown: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the N channels."""
        return self.overall.names

    def strongest(self, count: int) -> list[tuple[int, int]]:
        """Pairs (a, b), a < b, that depend most over the whole recording, strongest first.

        Ordered by the lower end of the interval, since slow streams have large and uncertain MI; pairs that are not
        known are left out.
        """
        return _strongest(self.overall)[:count]


def analyse(
    recording: Recording, settings: Settings, span: Span, net: InfoNet, progress: Progress = lambda what, share: None
) -> Analysis:
    """Analyse a recording.

    Raises
    ------
    RecordingError
        A topic that is not there, or a part that is shorter than a window.
    ConfigurationError
        A channel that its message type does not have, or a synchronization that needs the node.
    InputError
        Windows with fewer samples than the estimator takes.
    """
    _check(recording, settings, span)
    scan = settings.with_values(max_lag=settings.max_lag or min(SCAN_RANGE, settings.window / 4))
    paths = [parse_channel(path) for modality in settings.modalities for path in modality.channels]
    trace = Trace(np.array([path.angular for path in paths]), scan.max_lag)
    stream, log = WindowStream(settings), StampLog()

    def windows() -> Iterator[Window]:
        for sample in recording.samples(settings.modalities, span.start, span.stop):
            log.add(sample.modality, sample.stamp)
            stream.push(sample.modality, sample.stamp, sample.values)
            for cut in stream.ready():
                window = cut.align()
                _check_samples(window, settings, net)
                trace.add(window)
                progress("windows", (sample.received - span.start) / (span.stop - span.start))
                yield window

    count = len(os.sched_getaffinity(0)) if net.device.type == "cpu" else 1
    with _workers(count) as pool:
        matrices = tuple(_in_order(pool, lambda window: channel_matrix(net, window, settings), windows(), 4 * count))
        if not matrices:
            raise RecordingError(
                f"no window of {settings.window:g} s is complete in {recording.label}: choose a smaller --window or "
                "--hop."
            )
        progress("windows", 1.0)
        overview = trace.overview(min(_OVERVIEW_SAMPLES, _OVERVIEW_VALUES // len(settings.channel_names)))
        return _whole_recording(pool, net, recording, settings, scan, span, matrices, overview, stream, log, progress)


def _whole_recording(
    pool: ThreadPoolExecutor,
    net: InfoNet,
    recording: Recording,
    settings: Settings,
    scan: Settings,
    span: Span,
    matrices: tuple[DependenceMatrix, ...],
    overview: Overview,
    stream: WindowStream,
    log: StampLog,
    progress: Progress,
) -> Analysis:
    window = overview.window
    step = max(1, round(scan.max_lag * window.rate / _SCAN_STEPS)) / window.rate
    scan = scan.with_values(lag_step=settings.lag_step or step)
    whole = pool.submit(channel_matrix, net, window, scan)
    several = len(settings.modalities) > 1
    sliced = pool.submit(modality_matrix, net, window, settings) if several else None
    overall = whole.result()
    progress("whole recording", 0.5)
    pairs = _strongest(overall)
    curves = pool.map(lambda pair: _delay_curve(net, window, scan, pair), pairs[:_CURVES])
    tables = pool.map(lambda pair: _discriminant(net, window, overall, settings.seed, pair), pairs)
    analysis = Analysis(
        label=recording.label,
        span=span,
        settings=settings,
        matrices=matrices,
        overall=overall,
        between_modalities=None if sliced is None else sliced.result(),
        curves=tuple(curves),
        changes=tuple(find_changes(matrices)),
        topics=_topics(recording, settings, stream, log),
        overview=overview,
        ranks=_ranks(window.samples),
        discriminants=dict(zip(pairs, tables, strict=True)),
        unknown=np.isnan(window.samples).mean(axis=0),
    )
    progress("whole recording", 1.0)
    return analysis


def _check(recording: Recording, settings: Settings, span: Span) -> None:
    if settings.synchronization != "resample":
        raise ConfigurationError(
            f"synchronization is {settings.synchronization!r}, which pairs messages as they arrive and needs the node: "
            "recordings are analysed with 'resample'; set it in the params file."
        )
    if len(settings.channel_names) < 2:
        raise ConfigurationError(
            f"the settings name {len(settings.channel_names)} channels: expected at least two to compare."
        )
    check_topics(recording, settings)
    if span.duration < settings.window:
        raise RecordingError(
            f"the window is {settings.window:g} s, longer than the {span.duration:.1f} s of {recording.label} that are "
            f"analysed: choose --window {max(0.01, float(f'{span.duration / 3:.1g}')):g}, or less."
        )


def _check_samples(window: Window, settings: Settings, net: InfoNet) -> None:
    if len(window.samples) < net.MIN_SAMPLES:
        longer = 2 * net.MIN_SAMPLES / window.rate
        raise InputError(
            f"a window of {settings.window:g} s at {window.rate:g} Hz holds {len(window.samples)} samples, fewer "
            f"than the {net.MIN_SAMPLES} that an estimate needs: choose --window {longer:.3g}, or a higher --rate."
        )


@contextmanager
def _workers(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that estimate windows side by side, on one core each.

    That is faster than one window on all cores, whose network is too small to be shared out, and does not collapse
    when the machine is busy with other work.
    """
    threads = torch.get_num_threads()
    pool = ThreadPoolExecutor(count)
    try:
        torch.set_num_threads(1)
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        torch.set_num_threads(threads)


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[Window], DependenceMatrix], windows: Iterator[Window], ahead: int
) -> Iterator[DependenceMatrix]:
    """Map over windows while they are read, ``ahead`` at a time, so that memory holds no more of them."""
    queue: deque[Future[DependenceMatrix]] = deque()
    for window in windows:
        queue.append(pool.submit(work, window))
        if len(queue) > ahead:
            yield queue.popleft().result()
    while queue:
        yield queue.popleft().result()


def _strongest(matrix: DependenceMatrix) -> list[tuple[int, int]]:
    row, column = np.triu_indices(len(matrix.names), k=1)
    least = np.where(matrix.valid[row] & matrix.valid[column], matrix.lower[row, column], np.nan)
    known = np.flatnonzero(np.isfinite(least))
    return [(int(row[k]), int(column[k])) for k in known[np.argsort(-least[known], kind="stable")]]


def _delay_curve(net: InfoNet, window: Window, scan: Settings, pair: tuple[int, int]) -> DelayCurve:
    a, b = pair
    lags = lags_in_samples(scan, window.rate)
    both = sorted({-lag for lag in lags} | set(lags))
    found = net.lagged(window.samples[:, a], window.samples[:, b], both, seed=scan.seed)
    return DelayCurve(window.names[a], window.names[b], found.lags / window.rate, found.mi, found.lower, found.upper)


def _discriminant(
    net: InfoNet, window: Window, overall: DependenceMatrix, seed: int, pair: tuple[int, int]
) -> np.ndarray:
    a, b = pair
    x, y = lagged_pair(window.samples[:, a], window.samples[:, b], round(float(overall.lag[a, b]) * window.rate))
    return net.discriminant(x, y, seed=seed)


def lagged_pair(x: np.ndarray, y: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Put ``x[t]`` beside ``y[t + lag]``, for ``lag`` of either sign."""
    count = len(x)
    return x[max(0, -lag) : count - max(0, lag)], y[max(0, lag) : count - max(0, -lag)]


def _ranks(samples: np.ndarray) -> np.ndarray:
    """Rank the known samples of each channel, equal ones alike: they are to be looked at."""
    ranks = np.full(samples.shape, np.nan, dtype=np.float32)
    for column, channel in enumerate(samples.T):
        known = np.isfinite(channel)
        _, place, counts = np.unique(channel[known], return_inverse=True, return_counts=True)
        ranks[known, column] = ((np.cumsum(counts) - counts / 2) / max(1, known.sum()))[place]
    return ranks


def _topics(
    recording: Recording, settings: Settings, stream: WindowStream, log: StampLog
) -> tuple[TopicStatistics, ...]:
    """Figures of every topic of the recording; one that several modalities use is counted by the first of them."""
    modality_of: dict[str, str] = {}
    for modality in settings.modalities:
        modality_of.setdefault(modality.topic, modality.name)
    rows = []
    for topic in recording.topics.values():
        name = modality_of.get(topic.name, "")
        buffer = stream.buffers.get(name)
        rows.append(
            TopicStatistics(
                name=topic.name,
                type=topic.type,
                messages=topic.count,
                duplicates=buffer.duplicates if buffer else 0,
                overflowed=buffer.overflowed if buffer else 0,
                late=stream.late.get(name, 0),
                clock="recording" if topic.name in recording.unstamped else "header" if buffer else "",
                stamps=log.summary(name),
            )
        )
    return tuple(rows)
