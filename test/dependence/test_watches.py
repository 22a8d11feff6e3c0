import math

import numpy as np
import pytest
from matrices import matrix_of

from infonet_ros.dependence.watches import State, WatchedPair, judged, judged_in_silence
from infonet_ros.settings import Watch

SECOND = 1_000_000_000


def matrix(mi, seconds, names=("a", "b", "c")):
    square = np.full((3, 3), np.nan, np.float32)
    square[0, 1] = square[1, 0] = mi
    return matrix_of(square, names=names, end=round(seconds * SECOND))


def states(watch, *steps):
    pair, found = WatchedPair(watch), []
    for mi, seconds in steps:
        pair = judged(pair, matrix(mi, seconds))
        found.append(pair.state)
    return found


DEPENDENT = Watch("w", ("a", "b"), "dependent", threshold=0.5, duration=2.0)
INDEPENDENT = Watch("w", ("b", "a"), "independent", threshold=0.5, duration=2.0)


def test_it_must_last_before_it_is_an_alert():
    steps = [(0.9, 0), (0.1, 1), (0.1, 2), (0.1, 3), (0.6, 4), (0.1, 5)]
    expected = [State.KEPT, State.BROKEN, State.BROKEN, State.ALERT, State.KEPT, State.BROKEN]
    assert states(DEPENDENT, *steps) == expected


def test_independence_is_the_other_way_round():
    assert states(INDEPENDENT, (0.1, 0), (0.9, 1), (0.9, 3)) == [State.KEPT, State.BROKEN, State.ALERT]


def test_not_known_breaks_dependence_but_not_independence():
    assert states(DEPENDENT, (math.nan, 0), (math.nan, 2)) == [State.BROKEN, State.ALERT]
    assert states(INDEPENDENT, (math.nan, 0), (math.nan, 2)) == [State.UNKNOWN, State.UNKNOWN]


def test_without_a_duration_it_is_an_alert_at_once():
    assert states(Watch("w", ("a", "b"), threshold=0.5, duration=0.0), (0.1, 0)) == [State.ALERT]


def test_time_that_jumps_back_counts_anew():
    assert states(DEPENDENT, (0.1, 100), (0.1, 1), (0.1, 2), (0.1, 3)) == [State.BROKEN] * 3 + [State.ALERT]


def test_in_silence_nothing_is_known_and_when_it_lasts_it_is_an_alert():
    pair = judged(WatchedPair(DEPENDENT), matrix(0.9, 10))
    found = [pair := judged_in_silence(pair, seconds * SECOND) for seconds in (12, 13, 14)]
    assert [each.state for each in found] == [State.UNKNOWN, State.UNKNOWN, State.ALERT]
    assert judged_in_silence(WatchedPair(INDEPENDENT), SECOND).state is State.UNKNOWN
    assert judged(pair, matrix(0.9, 15)).state is State.KEPT


def test_a_matrix_without_the_pair_changes_nothing():
    pair = judged(WatchedPair(DEPENDENT), matrix(0.1, 0))
    assert judged(pair, matrix(0.9, 1, names=("x", "y", "z"))) is pair


@pytest.mark.parametrize(("watch", "rule"), [(DEPENDENT, ">="), (INDEPENDENT, "<=")])
def test_it_says_what_was_expected_and_what_was_found(watch, rule):
    pair = judged(judged(WatchedPair(watch), matrix(0.1, 0)), matrix(0.9, 1))
    text = str(pair)
    assert f"must stay {watch.expect}: MI is 0.900 nats" in text
    assert f"expected {rule} 0.5 nats" in text
