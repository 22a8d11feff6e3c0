"""The ring buffer, compared with a plain list of rows, for any order of operations."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infonet_ros.intake.windows import ring_buffer
from infonet_ros.intake.windows.ring_buffer import NEVER, RingBuffer


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


FIRST_ROWS, ROW_LIMIT, COLUMNS = 2, 5, 2
LIMIT = 2 * ROW_LIMIT * (8 + 9 * COLUMNS)  # bytes

values = st.none() | st.just(math.nan) | st.floats(-10, 10)
pushes = st.tuples(st.just("push"), st.integers(0, 30), st.tuples(values, values))
discards = st.tuples(st.just("discard_before"), st.integers(0, 30))
batches = st.tuples(st.just("extend"), st.lists(pushes, max_size=12))
floods = st.lists(pushes | batches, min_size=5, max_size=20)  # more rows than there is room for
others = st.lists(discards | st.just(("clear",)), max_size=1)
operations = st.lists(floods | others, max_size=5).map(lambda parts: [step for part in parts for step in part])


class Model:
    """The behaviour of a ring buffer, in the simplest way."""

    def __init__(self):
        self.rows = {}
        self.newest = [NEVER] * COLUMNS
        self.duplicates = self.out_of_order = self.overflowed = 0

    def push(self, stamp, row):
        latest = max(self.rows, default=NEVER)
        self.out_of_order += stamp < latest
        there = self.rows.get(stamp)
        if there is None:
            self.rows[stamp] = list(row)
            if len(self.rows) > ROW_LIMIT:
                del self.rows[min(self.rows)]
                self.overflowed += 1
                if stamp not in self.rows:
                    return
        elif any(old is not None and new is not None for old, new in zip(there, row, strict=True)):
            self.duplicates += 1
            return
        else:
            self.rows[stamp] = [old if new is None else new for old, new in zip(there, row, strict=True)]
        self.newest = [
            max(known, stamp) if new is not None else known for known, new in zip(self.newest, row, strict=True)
        ]

    def discard_before(self, stamp):
        self.rows = {at: row for at, row in self.rows.items() if at >= stamp}

    def clear(self):
        self.rows = {}
        self.newest = [NEVER] * COLUMNS


@pytest.fixture(scope="module")
def small_blocks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ring_buffer, "_FIRST_ROWS", FIRST_ROWS)
        yield


def as_arrays(batch):
    """Stamps, values and whether they are there; what is not there may be any number."""
    rows = np.array([row for _, _, row in batch], dtype=object).reshape(-1, COLUMNS)
    present = rows != None  # noqa: E711, element by element
    stamps = np.array([stamp for _, stamp, _ in batch], dtype=np.int64)
    return stamps, np.where(present, rows, 99.0).astype(float), present


@pytest.mark.usefixtures("small_blocks")
@given(operations)
def test_it_behaves_as_a_sorted_list_of_bounded_length(steps):
    buffer, model = RingBuffer(COLUMNS, memory_limit=LIMIT), Model()
    for name, *arguments in steps:
        if name == "extend":
            buffer.extend(*as_arrays(*arguments))
            for _, *row in arguments[0]:
                model.push(*row)
        else:
            getattr(buffer, name)(*arguments)
            getattr(model, name)(*arguments)
        rows = sorted(model.rows.items())
        assert buffer.stamps.tolist() == [stamp for stamp, _ in rows]
        kept = np.array([row for _, row in rows], dtype=object).reshape(-1, COLUMNS)
        np.testing.assert_array_equal(buffer.present, kept != None)  # noqa: E711, element by element
        np.testing.assert_array_equal(buffer.values, kept.astype(float))
        assert buffer.newest.tolist() == model.newest
        counts = buffer.duplicates, buffer.out_of_order, buffer.overflowed
        assert counts == (model.duplicates, model.out_of_order, model.overflowed)
        blocks = (buffer.stamps, buffer.values, buffer.present)
        assert sum(block.base.nbytes for block in blocks) <= LIMIT
