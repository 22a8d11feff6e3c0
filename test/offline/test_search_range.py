import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.offline.whole_recording.moves import Moves
from infonet_ros.offline.whole_recording.search_range import search_range

COUNT = 6000
USUAL = 10  # samples


def slow(rng, memory, count=COUNT):
    """An AR(1) stream with a memory of so many samples."""
    past = np.exp(-1.0 / memory)
    return lfilter([1.0], [1.0, -past], rng.standard_normal(count + 1000))[1000:]


def reach_of(*streams):
    return search_range(Moves.of(np.column_stack(streams), USUAL), USUAL)


@pytest.mark.parametrize("coupling", [lambda x: x, np.square], ids=["linear", "even"])
@pytest.mark.parametrize("delay", [8, 10, 15, -60])
def test_a_pair_with_a_longer_delay_is_searched_beyond_it(rng, delay, coupling):
    source = slow(rng, memory=20.0)
    late = coupling(np.roll(source, delay))
    found = reach_of(source, late + 0.5 * late.std() * rng.standard_normal(COUNT), slow(rng, memory=20.0))
    assert found > 1.2 * abs(delay)


def test_a_warm_up_after_its_load_is_found(rng):
    load = slow(rng, memory=60.0)
    heat = lfilter([1 / 40.0], [1.0, 1 / 40.0 - 1.0], np.square(load))
    assert reach_of(load, heat + 0.3 * heat.std() * rng.standard_normal(COUNT)) > 20


def test_a_delay_behind_a_command_of_few_moves_is_searched(rng):
    """Over the usual range the test has more power."""
    command = np.repeat(rng.choice(5, 40), COUNT // 40).astype(float)
    assert reach_of(command, np.roll(command, 22) + 0.3 * rng.standard_normal(COUNT), slow(rng, memory=20.0)) > 22


def test_what_has_no_longer_delay_is_searched_as_usual():
    """Independent streams, slow and fast, walks and oscillations, and streams that depend without delay."""
    times = np.arange(COUNT)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        common = slow(rng, 50.0)
        streams = [
            *(slow(rng, memory) for memory in (2.0, 50.0, 300.0)),
            np.cumsum(rng.standard_normal(COUNT)),
            *(np.sin(2 * np.pi * times / period) + 0.3 * rng.standard_normal(COUNT) for period in (70.0, 91.0)),
            *(common + 0.5 * rng.standard_normal(COUNT) for _ in range(2)),
        ]
        assert reach_of(*streams) == USUAL


def test_a_short_recording_is_searched_as_usual(rng):
    source = slow(rng, 20.0)[:400]
    assert reach_of(source, np.roll(source, 30)) == USUAL
