"""Estimates the matrices of a window, live and offline: channels, modalities, conditional, transfer."""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from infonet_ros.dependence.given_streams import delays_within, followed_streams
from infonet_ros.dependence.matrix import CONDITIONAL, PAIRWISE, SLICED, TRANSFER, DependenceMatrix
from infonet_ros.estimator.results import PairwiseEstimate, TransferEstimate
from infonet_ros.intake.windows.window import Window
from infonet_ros.settings import Modality, Settings

if TYPE_CHECKING:  # torch takes seconds to import, and not every program with windows estimates them
    from infonet_ros.estimator.infonet import InfoNet


def channel_matrix(
    net: "InfoNet", window: Window, settings: Settings, lags: Sequence[int] | None = None
) -> DependenceMatrix:
    """Estimate the MI of all pairs of channels of a window, or the conditional MI if channels are ``given``.

    Uses ``surrogates`` and ``seed`` of the settings, and ``max_lag`` and ``lag_step`` if there are no ``lags``. These
    are in samples, and each is tried in both directions.
    """
    (matrix,) = _matrices_at_lags(net, [window], lags or lags_in_samples(settings, window.rate), settings)
    return matrix


def channel_matrices(
    net: "InfoNet", windows: Iterable[Window], settings: Settings, follows: np.ndarray | None = None
) -> Iterator[DependenceMatrix]:
    """Estimate as `channel_matrix` for many windows, whose pairs share the network's passes.

    Windows are taken when they are needed, and matrices come in the same order. The ``duration`` of each is the time
    since the previous one. ``follows`` (N, N) are the seconds by which the column follows the row, if they are known:
    the given channels are then taken at these delays, and else at those that a window shows within ``max_lag``.
    """
    for rate, alike in groupby(windows, key=lambda window: window.rate):
        yield from _matrices_at_lags(net, alike, lags_in_samples(settings, rate), settings, follows)


def _matrices_at_lags(
    net: "InfoNet",
    windows: Iterable[Window],
    lags: Sequence[int],
    settings: Settings,
    follows: np.ndarray | None = None,
) -> Iterator[DependenceMatrix]:
    if given := settings.given:
        for window in windows:
            streams = None
            if follows is not None:
                streams = followed_streams(window, given, np.round(follows * window.rate).astype(np.int64))
            yield conditional_matrix(net, window, settings, given, lags, streams=streams)
        return
    began = time.perf_counter()
    taken: deque[Window] = deque()

    def samples() -> Iterator[np.ndarray]:
        for window in windows:
            taken.append(window)
            yield window.samples

    for estimate in net.pairwise_windows(samples(), lags=lags, surrogates=settings.surrogates, seed=settings.seed):
        window = taken.popleft()
        yield _matrix(net, window, window.names, PAIRWISE, estimate, time.perf_counter() - began)
        began = time.perf_counter()


def conditional_matrix(
    net: "InfoNet",
    window: Window,
    settings: Settings,
    given: Sequence[str],
    lags: Sequence[int],
    names: Sequence[str] | None = None,
    streams: np.ndarray | None = None,
) -> DependenceMatrix:
    """Estimate the conditional MI of all pairs of channels given some of them, or ``time``; see `channel_matrix`.

    With ``names`` only pairs of those channels. The given ``streams`` (T, P) are those channels as the others follow
    them, see `followed_streams`, with delays up to ``max_lag``; unless they are known.
    """
    began = time.perf_counter()
    if streams is None:
        streams = followed_streams(window, given, delays_within(window, longest_lag(settings, window.rate)))
    if names is not None:
        columns = [window.names.index(name) for name in names]
        window = replace(window, samples=window.samples[:, columns], names=tuple(names))
    estimate = net.pairwise(
        window.samples, lags=lags, given=streams, surrogates=settings.surrogates, seed=settings.seed
    )
    matrix = _matrix(net, window, window.names, CONDITIONAL, estimate, time.perf_counter() - began)
    matrix.valid[[name in given for name in window.names]] = False
    return replace(matrix, given=tuple(given))


def watched_matrices(net: "InfoNet", window: Window, settings: Settings) -> Iterator[DependenceMatrix]:
    """Estimate watched pairs whose given channels are not those of all pairs."""
    lags = lags_in_samples(settings, window.rate)
    for watch in settings.watches:
        given = settings.given_for(watch)
        if given not in ((), settings.given):
            yield conditional_matrix(net, window, settings, given, lags, watch.pair)


def transfer_matrix_in_steps(net: "InfoNet", window: Window, settings: Settings) -> Iterator[DependenceMatrix | None]:
    """Estimate the transfer entropy of all ordered pairs of channels of a window, from the row to the column.

    Uses ``past``, ``surrogates``, ``seed``, ``max_lag`` and ``lag_step`` of the settings; without ``max_lag`` the
    column follows by one sample. Yields as `modality_matrix_in_steps`, channel by channel.
    """
    lags = [lag for lag in lags_in_samples(settings, window.rate) if lag] or [1]
    estimates = net.transfer_in_steps(
        window.samples, lags=lags, past=settings.past, surrogates=settings.surrogates, seed=settings.seed
    )
    yield from _in_steps(net, window, window.names, TRANSFER, estimates)


def modality_matrix(net: "InfoNet", window: Window, settings: Settings) -> DependenceMatrix:
    """Estimate the sliced MI of all pairs of modalities of a window.

    Uses ``modalities``, ``projections``, ``surrogates`` and ``seed`` of the settings.
    """
    *_, matrix = modality_matrix_in_steps(net, window, settings)
    assert matrix is not None
    return matrix


def modality_matrix_in_steps(net: "InfoNet", window: Window, settings: Settings) -> Iterator[DependenceMatrix | None]:
    """Estimate as `modality_matrix`, pair by pair, so that more urgent work can run in between.

    Yields None after each pair, and the matrix after that. Its ``duration`` is that of the steps alone.
    """
    estimates = net.pairwise_sliced_in_steps(
        window.samples,
        groups=column_groups(window.names, settings.modalities),
        projections=settings.projections,
        surrogates=settings.surrogates,
        seed=settings.seed,
    )
    names = tuple(modality.name for modality in settings.modalities)
    yield from _in_steps(net, window, names, SLICED, estimates)


def _in_steps(
    net: "InfoNet",
    window: Window,
    names: tuple[str, ...],
    method: str,
    estimates: Iterator[PairwiseEstimate] | Iterator[TransferEstimate],
) -> Iterator[DependenceMatrix | None]:
    """Yield None after each estimate, and the matrix of the last; its duration is that of the steps alone."""
    began, spent = time.perf_counter(), 0.0
    for estimate in estimates:  # noqa: B007 - the last one is used below
        spent += time.perf_counter() - began
        yield None
        began = time.perf_counter()
    yield _matrix(net, window, names, method, estimate, spent)


def lags_in_samples(settings: Settings, rate: float) -> tuple[int, ...]:
    """Return lags from 0 to ``max_lag`` in whole samples at ``rate`` Hz; ``(0,)`` if there is no ``max_lag``.

    `InfoNet.pairwise` tries each in both directions.
    """
    longest = longest_lag(settings, rate)
    step = max(1, round(settings.lag_step * rate)) if longest else 1
    return tuple(range(0, longest + 1, step))


def longest_lag(settings: Settings, rate: float) -> int:
    """Return ``max_lag`` in whole samples at ``rate`` Hz; 0 if the samples are not regular."""
    return int(settings.max_lag * rate + 1e-9) if np.isfinite(rate) else 0


def column_groups(names: Sequence[str], modalities: Sequence[Modality]) -> list[list[int]]:
    """Return the columns of each modality's channels among ``names``."""
    column = {name: index for index, name in enumerate(names)}
    return [[column[name] for name in modality.channel_names] for modality in modalities]


def _matrix(
    net: "InfoNet",
    window: Window,
    names: tuple[str, ...],
    method: str,
    estimate: PairwiseEstimate | TransferEstimate,
    duration: float,
) -> DependenceMatrix:
    values = estimate.value if isinstance(estimate, TransferEstimate) else estimate.mi
    no_p_value = np.full(values.shape, np.nan)
    seconds_per_sample = 1.0 / window.rate if np.isfinite(window.rate) else 0.0
    return DependenceMatrix(
        names=names,
        mi=values,
        lower=estimate.lower,
        upper=estimate.upper,
        p_value=no_p_value if estimate.p_value is None else estimate.p_value,
        lag=(estimate.lag * seconds_per_sample).astype(np.float32),
        samples=estimate.samples,
        valid=~estimate.constant & (np.diag(estimate.samples) >= net.MIN_SAMPLES),
        start=window.start,
        end=window.end,
        sample_count=len(window.samples),
        sample_rate=window.rate,
        method=method,
        estimator=net.NAME,
        version=net.version,
        duration=duration,
        drifting=estimate.drifting,
        untested=estimate.untested,
    )
