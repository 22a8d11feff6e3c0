"""Analyses with chosen numbers, and what is said about them."""

from dataclasses import replace

import numpy as np

from infonet_ros.offline.findings.sentences import findings
from infonet_ros.offline.whole_recording.kinship import Kinship
from infonet_ros.settings import Modality

THREE_TOPICS = tuple(Modality(topic, f"/{topic}", ("x", "y")) for topic in ("cmd", "odom", "imu"))


def said(analysis):
    return [str(one) for one in findings(analysis)]


def with_p_values(analysis, p_values, surrogates=99):
    """Give the pairs of an analysis of three channels these p-values."""
    p_value = np.full((3, 3), np.nan)
    p_value[np.triu_indices(3, k=1)] = p_values
    p_value.T[np.triu_indices(3, k=1)] = p_values
    whole = replace(analysis.whole, matrix=replace(analysis.whole.matrix, p_value=p_value), shifts=surrogates)
    return replace(analysis, whole=whole, settings=analysis.settings.with_values(surrogates=surrogates))


def with_pairs(analysis, pairs, lags=None, modalities=THREE_TOPICS):
    """Give pairs of six channels these MI, {(a, b): nats}, all significant, and clear lags of b, {(a, b): seconds}."""
    settings = replace(analysis.settings, modalities=modalities)
    names = settings.channel_names
    mi, lag = np.zeros((2, 6, 6), dtype=np.float32)
    for (a, b), nats in pairs.items():
        mi[a, b] = mi[b, a] = nats
    for (a, b), seconds in (lags or {}).items():
        lag[a, b], lag[b, a] = seconds, -seconds
    off = ~np.eye(6, dtype=bool)
    square = np.where(off, mi, np.nan)
    matrix = replace(
        analysis.whole.matrix,
        names=names, mi=square, lower=square - 0.1, upper=square + 0.1, lag=lag, valid=np.ones(6, dtype=bool),
        p_value=np.where(off, np.where(mi > 0.0, 1e-5, 0.5), np.nan), drifting=np.zeros(6, dtype=bool), untested=None,
    )  # fmt: skip
    lower, upper = (np.where(lag != 0.0, lag + way, np.nan) for way in (-0.05, 0.05))
    undelayed = replace(matrix, mi=np.where(lag != 0.0, square - 0.5, square).astype(np.float32))
    overview = analysis.whole.overview
    window = replace(overview.window, names=names, samples=np.full((1, 6), np.nan))
    whole = replace(
        analysis.whole,
        overview=replace(overview, window=window, finer=None),
        matrix=matrix,
        undelayed=undelayed,
        delay_lower=lower,
        delay_upper=upper,
        physical=np.zeros((6, 6), dtype=bool),
        smoothed=np.zeros((6, 6), dtype=bool),
        ranks=np.full((1, 6), np.nan),
        longest_lag=1.0,
        kinship=Kinship.of(np.zeros((1, 6)), 1.0, settings),
    )
    return replace(analysis, whole=whole, settings=settings, changes=())
