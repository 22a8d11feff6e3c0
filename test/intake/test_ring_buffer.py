import math
import tracemalloc

import numpy as np

from infonet_ros.intake.windows.ring_buffer import NEVER, RingBuffer


def filled(pairs):
    buffer = RingBuffer(1)
    for stamp, value in pairs:
        buffer.push(stamp, (value,))
    return buffer


def test_samples_come_back_sorted_whatever_the_order():
    stamps = np.random.default_rng(0).permutation(5000)
    buffer = filled((int(stamp), float(stamp)) for stamp in stamps)
    np.testing.assert_array_equal(buffer.stamps, np.arange(5000))
    np.testing.assert_array_equal(buffer.values[:, 0], np.arange(5000.0))
    records = np.maximum.accumulate(stamps)
    assert buffer.out_of_order == np.sum(stamps < records)
    assert buffer.received == 5000
    assert buffer.newest[0] == 4999


def test_duplicates_are_dropped_and_counted():
    buffer = filled([(1, 10.0), (2, 20.0), (2, 99.0), (1, 99.0)])
    np.testing.assert_array_equal(buffer.values[:, 0], [10.0, 20.0])
    assert buffer.duplicates == 2


def test_two_publishers_on_one_topic_share_a_stamp():
    buffer = RingBuffer(2)
    buffer.push(5, (1.0, None))
    assert list(buffer.newest) == [5, NEVER]
    buffer.push(5, (None, 2.0))
    assert buffer.duplicates == 0
    np.testing.assert_array_equal(buffer.values, [[1.0, 2.0]])
    assert buffer.present.all()
    assert list(buffer.newest) == [5, 5]


def test_not_known_is_a_sample_and_absent_is_none():
    buffer = RingBuffer(2)
    buffer.push(1, (math.nan, None))
    np.testing.assert_array_equal(buffer.present, [[True, False]])
    assert list(buffer.newest) == [1, NEVER]


def test_what_is_older_can_be_discarded():
    buffer = filled((stamp, 0.0) for stamp in range(10))
    buffer.discard_before(7)
    np.testing.assert_array_equal(buffer.stamps, [7, 8, 9])
    assert buffer.newest[0] == 9
    buffer.clear()
    assert len(buffer) == 0
    assert buffer.newest[0] == NEVER


def test_memory_is_bounded_and_the_oldest_give_way():
    buffer = RingBuffer(1, memory_limit=34 * 1000)  # 1000 rows of 17 bytes, twice
    for stamp in range(5000):
        buffer.push(stamp, (float(stamp),))
    assert buffer.overflowed == 4000
    np.testing.assert_array_equal(buffer.stamps, np.arange(4000, 5000))
    buffer.push(4500, (0.0,))
    assert buffer.duplicates == 1
    buffer.push(2, (0.0,))
    assert np.all(np.diff(buffer.stamps) > 0)


def test_a_push_into_a_full_buffer_keeps_no_memory():
    buffer = RingBuffer(4)
    for stamp in range(3000):
        buffer.push(stamp, (0.0, 1.0, 2.0, None))
        buffer.discard_before(stamp - 400)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for stamp in range(3000, 9000):
        buffer.push(stamp, (0.0, 1.0, 2.0, None))
        buffer.discard_before(stamp - 400)
    growth = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert growth < 2000


def test_a_sample_that_comes_again_after_it_was_discarded_is_a_duplicate():
    buffer = RingBuffer(1)
    for _ in range(3):
        buffer.extend(np.array([5, 5]), np.array([[1.0], [2.0]]), np.full((2, 1), True))
        buffer.push(5, [3.0])
        buffer.discard_before(6)
    assert (len(buffer), buffer.received, buffer.duplicates) == (0, 9, 8)
