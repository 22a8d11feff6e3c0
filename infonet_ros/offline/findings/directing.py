"""Finds the leading channel of a pair without a clear delay, by transfer entropy forwards and backwards in time."""

from dataclasses import replace
from functools import partial

from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.results import TransferEstimate
from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.findings.delay_words import Delay
from infonet_ros.offline.findings.sentences import links
from infonet_ros.offline.workers import Workers

_LAGS = (1, 2, 4)  # samples
_PAST = 2  # samples: the place and the speed of a smooth stream
_SURROGATES = 19
_LEVEL = 0.05
_MOST_SAMPLES = 1000  # in a row; takes a tenth of a second for each link


def direct(net: InfoNet, analysis: Analysis, workers: Workers) -> Analysis:
    """Add the leading channel of each link without a clear delay, if that is clear."""
    pairs = [(link.a, link.b) for link in links(analysis) if link.delay is None]
    unknown = [pair for pair in pairs if not Delay.of(analysis, *pair).kin]
    leaders = workers.map(partial(_leader, net, analysis), unknown)
    commands = analysis.commands
    led = {
        pair: one
        for pair, one in zip(unknown, leaders, strict=True)
        if one is not None and commands[one] == commands[[*pair]].any()  # a command follows nothing
    }
    return replace(analysis, leaders=led)


def _leader(net: InfoNet, analysis: Analysis, pair: tuple[int, int]) -> int | None:
    """Return which of two channels leads; None if that is not clear."""
    a, b = pair
    samples = analysis.whole.overview.window.samples[:_MOST_SAMPLES, [a, b]]
    seed = analysis.settings.seed
    forwards = net.transfer(samples, lags=_LAGS, past=_PAST, surrogates=_SURROGATES, seed=seed)
    for leader, (source, target) in ((a, (0, 1)), (b, (1, 0))):
        if _clear(forwards, source, target):
            backwards = net.transfer(samples[::-1], lags=_LAGS, past=_PAST, seed=seed)
            return leader if backwards.value[target, source] > backwards.value[source, target] else None
    return None


def _clear(found: TransferEstimate, source: int, target: int) -> bool:
    """Return whether transfer entropy from source to target is significant, and clearly more than the reverse one.

    That alone does not show a direction. For two sensors of one motion, the past of the better one has more information
    about the worse one than the reverse. This stays so if time is reversed; a true direction is then reversed, too
    (Haufe et al., NeuroImage 2013).
    """
    assert found.p_value is not None
    return bool(found.p_value[source, target] <= _LEVEL and found.lower[source, target] > found.upper[target, source])
