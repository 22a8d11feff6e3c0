"""Groups of redundant channels, found by clustering: one line instead of one for each pair."""

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage, optimal_leaf_ordering
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree
from scipy.spatial.distance import squareform

from infonet_ros.estimator.peak import correlation_of
from infonet_ros.offline.whole_recording.significance import Significance
from infonet_ros.offline.whole_recording.whole_recording import DELAYS_APART, NO_DELAY, WholeRecording

LEAST_MEMBERS = 3

TOGETHER = 0.8
"""Correlation of Gaussian variables with the MI that every pair of a group has at least: 0.51 nats."""


@dataclass(frozen=True)
class Group:
    """Channels of which every two share much information."""

    members: tuple[int, ...]  # numbers of the channels, the earliest first
    delays: tuple[float, ...]
    """Seconds by which each follows the first, through the strongest pairs whose delay is clear, or none; 0 where that
    is less than its error, NaN where such pairs do not lead from one to the other."""
    least: float  # least, most: MI of its pairs, nats
    most: float


def groups(whole: WholeRecording, significance: Significance, commands: np.ndarray) -> list[Group]:
    """Return the groups of a recording, the largest first.

    A channel is in one group at most; a computed rate is in none if its topic has the measured rate. Of a field and its
    rate of change, which move together by definition, a group has the one that shares more with the others. And fields
    that move together by level and by rate are one group. ``commands`` (N,) bool follow no other channels.
    """
    channels = np.flatnonzero(~whole.kinship.repeated)
    if len(channels) < LEAST_MEMBERS:
        return []
    distances = _distances(whole, significance)[np.ix_(channels, channels)]
    labels = fcluster(linkage(squareform(distances), "complete"), 1.0 - TOGETHER, "distance")
    members = [_one_form_each(whole, channels[labels == label]) for label in np.unique(labels)]
    found = [_group(whole, one, commands[one]) for one in members if len(one) >= LEAST_MEMBERS]
    found.sort(key=lambda group: (-len(group.members), -group.most))
    return [group for place, group in enumerate(found) if not any(_repeats(whole, group, a) for a in found[:place])]


def _repeats(whole: WholeRecording, group: Group, larger: Group) -> bool:
    """Return whether all members of a group are in a larger one by the other form of their field."""
    other_form = whole.kinship.one_field[np.ix_(group.members, larger.members)]
    return bool(other_form.any(axis=1).all())


def _one_form_each(whole: WholeRecording, members: np.ndarray) -> np.ndarray:
    """Return the members (K,) without the weaker form of a field of which both forms are there."""
    square = np.ix_(members, members)
    one_field = whole.kinship.one_field[square]
    shared = np.where(one_field, 0.0, np.nan_to_num(whole.matrix.mi[square])).sum(axis=1)
    return members[~(one_field & (shared[:, None] < shared)).any(axis=1)]


def similar_order(whole: WholeRecording, significance: Significance) -> np.ndarray:
    """Return the channels (N,) in an order with similar ones next to each other."""
    distances = _distances(whole, significance)
    if len(distances) < 3:
        return np.arange(len(distances))
    condensed = squareform(distances)
    return leaves_list(optimal_leaf_ordering(linkage(condensed, "average"), condensed))


def _distances(whole: WholeRecording, significance: Significance) -> np.ndarray:
    """Return 1 less the correlation that the MI of each pair (N, N) stands for; 1 where it is not sure.

    Also 1 between a stream and its rate of change, which do not move together.
    """
    told = significance.significant & whole.sure & ~whole.rates
    alike = np.where(told, correlation_of(np.nan_to_num(whole.matrix.mi)), 0.0)
    distances = 1.0 - np.maximum(alike, alike.T)
    np.fill_diagonal(distances, 0.0)
    return distances


def _group(whole: WholeRecording, members: np.ndarray, commands: np.ndarray) -> Group:
    square = np.ix_(members, members)
    matrix = whole.matrix
    mi, clear, at_once = matrix.mi[square], whole.clear_delays[square], whole.at_once[square]
    only_late = commands.astype(int) - commands[:, None]  # 1 where the column is a command, and the row is none
    clear = clear & (np.sign(matrix.lag[square]) != only_late)
    lag, error = (np.where(clear, values[square], 0.0) for values in (matrix.lag, whole.delay_error))
    delays = _delays(np.where(clear | at_once, mi, 0.0), lag, error, 1.0 / matrix.sample_rate, commands)
    order = np.argsort(delays, kind="stable")
    pairs = mi[np.triu_indices(len(members), k=1)]
    return Group(
        members=tuple(int(members[k]) for k in order),
        delays=tuple(float(delays[k]) for k in order),
        least=float(pairs.min()),
        most=float(pairs.max()),
    )


def _delays(mi: np.ndarray, lag: np.ndarray, error: np.ndarray, sample: float, commands: np.ndarray) -> np.ndarray:
    """Return by how much each of K channels follows the earliest, (K,).

    ``mi``, ``lag`` and ``error`` (K, K) are those of pairs; a pair without a clear delay has lag 0, which is known to a
    ``sample``, seconds. A delay that is less than its error is 0: two channels that a third follows are not one before
    the other. The error is that of the pair with the earliest itself if it has a clear delay.

    Of all pairs with MI the strongest that connect the channels count (the tree of Chow, Liu, IEEE Trans. Inf. Theory
    1968): weak pairs show a delay badly, or none. So the delays agree with each other. NaN for channels that are not
    connected with most, and for those that follow the earliest by another time: in a control loop, the power follows
    the set point at once, and the temperature later. If some are ``commands`` (K,), the earliest is one of them, and
    what seems to be before it has no delay: a current moves before its target as a speed does before its position.
    """
    tree = minimum_spanning_tree(-np.nan_to_num(mi))
    _, parts = connected_components(tree, directed=False)
    most = np.flatnonzero(parts == np.bincount(parts).argmax())
    delays, _ = _along(tree, most[0], lag, error)
    candidates = commands & np.isfinite(delays)
    first = int(np.nanargmin(np.where(candidates | ~candidates.any(), delays, np.nan)))
    delays, errors = _along(tree, first, lag, error)
    apart = NO_DELAY * sample + DELAYS_APART * (errors + error[first])
    others = (mi[first] > 0.0) & (np.abs(delays - lag[first]) > apart)
    _, uncertain = _along(tree, first, lag, np.where(lag, error, sample))
    uncertain = np.where(lag[first] > 0.0, error[first], uncertain)
    return np.where(others | (delays < -uncertain), np.nan, np.where(delays <= uncertain, 0.0, delays))


def _along(tree: csr_array, first: int, lag: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the delays (K,) of channels after the first one along the tree, and their errors; NaN where it ends."""
    order, before = breadth_first_order(tree, first, directed=False)
    delays, variances = np.full((2, len(lag)), np.nan)
    delays[first] = variances[first] = 0.0
    for channel in order[1:]:
        delays[channel] = delays[before[channel]] + lag[before[channel], channel]
        variances[channel] = variances[before[channel]] + error[before[channel], channel] ** 2
    return delays, np.sqrt(variances)
