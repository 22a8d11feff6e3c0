"""Pieces of a recording hold its samples, each once, and lead to the same windows as one sample after the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import EPOCH, HUSKY, SECOND, leg_and_speed, write_ros2
from table_files import written

from infonet_ros.intake.bags import Bag
from infonet_ros.intake.pieces import Sample, TopicPart, pieces_of
from infonet_ros.intake.recording import chosen_span
from infonet_ros.intake.tables.tables import Tables
from infonet_ros.intake.windows.window_stream import WindowStream
from infonet_ros.settings import Modality, Settings

IMU = Modality("imu", "/imu/data", ("angular_velocity.x", "orientation|yaw"))
ODOM = Modality("odom", "/husky_velocity_controller/odom", ("twist.twist.linear.x",))
SETTINGS = Settings(modalities=(IMU, ODOM), window=20.0, hop=5.0, rate=10.0)


def windows(stream, pieces):
    cuts = []
    for piece in pieces:
        for batch in piece.batches:
            stream.extend(*batch)
        cuts += [cut.align() for cut in stream.ready()]
    return cuts


def test_windows_are_those_of_one_sample_after_the_other():
    by_sample, by_piece = WindowStream(SETTINGS), WindowStream(SETTINGS)
    one_by_one = []
    with Bag([HUSKY]) as bag:
        span = chosen_span(bag, 0.0, 100.0)
        for sample in bag.samples(SETTINGS.modalities, span.start, span.stop):
            by_sample.push(sample.modality, sample.stamp, sample.values)
            one_by_one += [cut.align() for cut in by_sample.ready()]
        together = windows(by_piece, bag.pieces(SETTINGS.modalities, span.start, span.stop))
    assert len(one_by_one) > 10
    assert [w.end for w in together] == [w.end for w in one_by_one]
    for received, expected in zip(together, one_by_one, strict=True):
        np.testing.assert_array_equal(received.samples, expected.samples)
    assert by_piece.late == by_sample.late
    assert {n: b.received for n, b in by_piece.buffers.items()} == {n: b.received for n, b in by_sample.buffers.items()}


def test_a_piece_is_short_and_in_the_order_of_recording(tmp_path, store):
    modalities = (Modality("leg", "/leg", ("force", "torque[0]")), Modality("speed", "/speed", ("data",)))
    modalities = (*modalities, Modality("again", "/leg", ("torque[2]",)))
    with Bag([write_ros2(tmp_path / "bag", store, leg_and_speed(store, 3.0))]) as bag:
        samples = list(bag.samples(modalities, bag.start, bag.end + 1))
        pieces = list(bag.pieces(modalities, bag.start, bag.end + 1))
    assert_holds(pieces, samples)
    assert len(pieces) == 6
    assert all(len(batch.stamps) == 10 for piece in pieces for batch in piece.batches)
    assert [list(batch.columns) for batch in pieces[0].batches] == [["leg", "again"], ["speed"]]


def test_pieces_of_tables_hold_their_rows_in_the_order_of_time(tmp_path):
    """Empty cells say nothing; a row without any cell of a modality is none of it."""
    fast = written(
        tmp_path, "time,x,y\n" + "".join(f"{k / 100},{k},{k if k % 3 else ''}\n" for k in range(20_000)), "fast.csv"
    )
    slow = written(
        tmp_path, "time,z\n" + "".join(f"{k / 2 + 0.25},{'nan' if k % 5 else k}\n" for k in range(300)), "slow.csv"
    )
    modalities = (Modality("fast", "fast", ("x", "y")), Modality("y", "fast", ("y",)), Modality("slow", "slow", ("z",)))
    with Tables([fast, slow]) as table:
        samples = list(table.samples(modalities, table.start, table.end + 1))
        pieces = list(table.pieces(modalities, table.start, table.end + 1))
    assert_holds(pieces, samples)
    assert all(np.ptp([*map(int, batch.stamps)]) < SECOND / 2 for piece in pieces for batch in piece.batches)
    assert [piece.received for piece in pieces] == sorted(piece.received for piece in pieces)


def assert_holds(pieces, samples):
    """Compare the samples of each modality, in their order."""
    rows = {}
    for piece in pieces:
        for batch in piece.batches:
            for name, (values, present) in batch.columns.items():
                own = zip(batch.stamps.tolist(), values.tolist(), present, strict=True)
                rows.setdefault(name, []).extend(
                    (stamp, [v if there else None for v, there in zip(row, known, strict=True)])
                    for stamp, row, known in own
                )
    for name in {sample.modality for sample in samples}:
        assert repr(rows[name]) == repr([(s.stamp, list(s.values)) for s in samples if s.modality == name])


@given(
    st.lists(st.tuples(st.sampled_from((0, 1, 2)), st.integers(0, SECOND), st.sampled_from((0, 0, 0, 10 * SECOND)))),
)
def test_any_messages_are_cut_into_pieces_that_hold_each_of_them_once(messages):
    received = EPOCH + np.cumsum([step for _, step, _ in messages], dtype=np.int64)
    stamps = received - np.array([offset for _, _, offset in messages], dtype=np.int64)
    owners = np.array([owner for owner, _, _ in messages])
    parts, samples = [], []
    for topic in range(3):
        places = np.flatnonzero(owners == topic)
        values = places[:, None].astype(float)
        parts.append(TopicPart(places, stamps[places], values, values >= 0.0, {f"m{topic}": slice(0, 1)}))
    for place, owner in enumerate(owners.tolist()):
        samples.append(Sample(f"m{owner}", int(stamps[place]), [float(place)], int(received[place])))
    pieces = list(pieces_of(parts, received))
    assert_holds(pieces, samples)
    places = [row[0] for piece in pieces for batch in piece.batches for v, _ in batch.columns.values() for row in v]
    if any(np.ptp(p.stamps - received[p.places]) for p in parts if len(p.places)):
        assert places == sorted(places)  # message by message, where a clock jumped
    assert all(piece.received - EPOCH >= 0 for piece in pieces)


@pytest.mark.parametrize("count", [1, 5000])
def test_a_recording_of_any_length_is_read_whole(tmp_path, store, count):
    float64 = store.types["std_msgs/msg/Float64"]
    messages = (("/speed", "std_msgs/msg/Float64", EPOCH + at, float64(float(at))) for at in range(count))
    with Bag([write_ros2(tmp_path / "bag", store, messages)]) as bag:
        pieces = list(bag.pieces([Modality("speed", "/speed", ("data",))], bag.start, bag.end + 1))
    values = np.concatenate([batch.columns["speed"][0][:, 0] for piece in pieces for batch in piece.batches])
    np.testing.assert_array_equal(values, np.arange(count))
