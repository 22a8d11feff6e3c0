"""Properties that are computed once."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier

from infonet_ros.caching import cached_property

BOUND = 120  # seconds


class Numbered:
    """Objects whose property two threads compute at the same time, or none."""

    def __init__(self, meeting):
        self.meeting = meeting
        self.numbers = count()

    @cached_property
    def number(self):
        """Count the computations."""
        self.meeting.wait(BOUND)
        return next(self.numbers)


def test_a_property_is_computed_once():
    one = Numbered(Barrier(1))
    assert [one.number, one.number] == [0, 0]


def test_threads_compute_it_of_two_objects_at_once():
    meeting = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        numbers = list(pool.map(lambda one: one.number, [Numbered(meeting), Numbered(meeting)]))
    assert numbers == [0, 0]
