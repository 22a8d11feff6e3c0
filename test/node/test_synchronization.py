import sys

import pytest

from infonet_ros.errors import MissingDependencyError
from infonet_ros.node.diagnostics.statuses import WARN, Growth, unmatched
from infonet_ros.node.inputs.synchronization import Synchronizer
from infonet_ros.settings import Modality, Settings

MILLISECOND = 1_000_000
START = 1_750_000_000_000_000_000


def settings(kind, **values):
    modalities = (Modality("a", "/a", ("x",)), Modality("b", "/b", ("y", "z")))
    return Settings(modalities=modalities, synchronization=kind, **values)


def matched(synchronizer, sets, readings):
    for name, milliseconds, values in readings:
        synchronizer.push(name, START + milliseconds * MILLISECOND, values)
    return [((stamp - START) // MILLISECOND, values) for stamp, values in sets]


def make(kind, **values):
    pytest.importorskip("message_filters", reason="needs message_filters")
    sets = []
    return Synchronizer(settings(kind, **values), lambda *one: sets.append(one)), sets


def test_approximate_takes_stamps_within_the_slop():
    synchronizer, sets = make("approximate", slop=0.02)
    readings = [
        ("a", 0, (1,)),
        ("b", 5, (2, 3)),
        ("a", 100, (4,)),
        ("b", 150, (5, 6)),
        ("b", 205, (8, 9)),
        ("a", 200, (7,)),
    ]
    assert matched(synchronizer, sets, readings) == [(0, (1, 2, 3)), (200, (7, 8, 9))]
    assert synchronizer.entered == {"a": 3, "b": 3}
    assert synchronizer.sets == 2


def test_exact_takes_equal_stamps_only():
    synchronizer, sets = make("exact")
    readings = [("a", 0, (1,)), ("b", 1, (2, 3)), ("a", 10, (4,)), ("b", 10, (5, None))]
    assert matched(synchronizer, sets, readings) == [(10, (4, 5, None))]


@pytest.mark.parametrize("kind", ["approximate", "exact"])
def test_it_continues_after_time_jumped_back_with_full_queues(kind):
    synchronizer, sets = make(kind, queue_size=5)
    later = 3_600_000
    readings = [("a", later + 100 * step, (0.0,)) for step in range(20)]
    readings += [(name, 100 * step, (0.0,) * width) for step in range(20) for name, width in (("a", 1), ("b", 2))]
    assert [stamp for stamp, _ in matched(synchronizer, sets, readings)] == [100 * step for step in range(20)]
    assert synchronizer.jumps == {"a": 1, "b": 0}


def test_it_continues_after_the_receiver_of_sets_raised():
    pytest.importorskip("message_filters", reason="needs message_filters")
    sets = []

    def take(stamp, values):
        sets.append(stamp)
        if len(sets) == 1:
            raise RuntimeError("once")

    synchronizer = Synchronizer(settings("exact"), take)
    synchronizer.push("a", START, (1,))
    with pytest.raises(RuntimeError, match="once"):
        synchronizer.push("b", START, (2, 3))
    synchronizer.push("a", START + 1, (1,))
    synchronizer.push("b", START + 1, (2, 3))
    assert len(sets) == 2


def test_it_reports_that_nothing_matches_and_that_matching_takes_long():
    synchronizer, sets = make("exact")
    growth = Growth()
    for step in range(3):
        synchronizer.push("a", START + step * MILLISECOND, (1,))
        synchronizer.push("b", START + step * MILLISECOND + 1, (2, 3))
    assert not sets
    ((level, problem),) = unmatched(synchronizer, growth)
    assert level == WARN
    assert problem.startswith("no messages match")
    assert not unmatched(synchronizer, growth)  # nothing came in since
    assert synchronizer.take_slowest() == 0.0
    synchronizer.push("a", START, (1,))
    assert synchronizer.take_slowest() > 0.0


def test_without_message_filters_one_sentence_names_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "message_filters", None)
    with pytest.raises(MissingDependencyError, match=r"install ros-.*-message-filters, or set synchronization to"):
        Synchronizer(settings("exact"), lambda *one: None)
