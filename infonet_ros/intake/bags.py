"""ROS 1 and ROS 2 bags, read without ROS: mcap, sqlite3 and ROS 1, folders or files, compressed or not.

Message types are taken from the definitions that the bag carries, so custom types work. Some thousand messages are read
at a time; nothing is kept. Of a damaged bag the undamaged part is read, and a topic that cannot be read is left out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from heapq import merge
from itertools import combinations, islice
from operator import itemgetter
from pathlib import Path

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.intake.clocks import NOTABLE, Lead, TopicClocks, ahead, behind
from infonet_ros.intake.messages.decoder import NO_STAMP, Decoder
from infonet_ros.intake.messages.definitions import definitions_of, laid_out_as_most
from infonet_ros.intake.messages.numeric_fields import numeric_fields
from infonet_ros.intake.messages.shape_compiler import Definitions
from infonet_ros.intake.messages.types import definitions_schema, full_type_name
from infonet_ros.intake.messages.wire import Unreadable
from infonet_ros.intake.pieces import TopicPart, columns_of
from infonet_ros.intake.recording import NumericField, Recording, Topic
from infonet_ros.intake.storage.connection import ROS1, Connection, Message, Storage
from infonet_ros.intake.storage.opening import check_one_kind, one_sentence, open_all, storage_files
from infonet_ros.intake.times_apart import usual_times
from infonet_ros.settings import Modality
from infonet_ros.text import NANOSECONDS, counted, moment

_FIRST_MESSAGES = 25  # of a topic, read to find its fields
_LONG = 86_400 * NANOSECONDS  # a longer recording may have begun before its recorder's clock was set
_CHUNK = 8 * 2**20  # bytes of messages that are read together
_OVERHEAD = 2048  # bytes that each message needs beside its own
# By the encoding of messages that are not of ROS.
_REMEDIES = dict.fromkeys(("json", "protobuf"), "; `mcap cat --json` writes them as a table, which `infonet csv` reads")


class Bag(Recording):
    """One recording in one or more bags.

    Bags are folders of storage files, or storage files (``.mcap``, ``.db3``, ``.bag``, also with ``.zst`` or ``.zstd``
    behind, or ``.active``). Raises RecordingError on entering if a bag is not there, is of another kind, or nothing of
    it can be read.
    """

    kind = "bag"

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self.label = ", ".join(path.name or str(path.resolve().name) for path in self._paths)
        self._unreadable: dict[str, tuple[int, str]] = {}
        self._strangers: dict[tuple[str, str], int] = {}
        self._unset: dict[str, int] = {}
        self._on_clocks: dict[str, str] = {}
        self._definitions: dict[tuple[str, str, str], Definitions] = {}
        self._stack = ExitStack()

    def __enter__(self) -> "Bag":
        with ExitStack() as stack, one_sentence(self.label):
            self._missing: list[str] = []
            files = [file for path in self._paths for file in storage_files(path, self._missing)]
            check_one_kind(files)
            self._storages = open_all(files, stack, self._missing)
            self._missing += _on_several_recorders(self._storages) if len(self._paths) > 1 else []
            if not any(connection.count for connection in self.connections):
                raise RecordingError(f"{self.label} holds no messages: there is nothing to analyse.")
            self.start = min(storage.start for storage in self._storages)
            self.end = max(storage.end for storage in self._storages)
            if self.start == self.end and (total := sum(connection.count for connection in self.connections)) > 1:
                raise RecordingError(
                    f"all {total} messages of {self.label} were recorded at the same moment, {moment(self.start)}: "
                    "expected the time of each; convert or record it again."
                )
            self._strays: list[str] = []
            if self.end - self.start > _LONG:
                self._leave_strays_out()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    @cached_property
    def connections(self) -> list[Connection]:
        """Connections of all files."""
        return [connection for storage in self._storages for connection in storage.connections]

    @cached_property
    def topics(self) -> Mapping[str, Topic]:
        """Topics by name; the type is that of most messages."""
        topics = {}
        for name, own in self._by_topic.items():
            types: dict[str, int] = {}
            for connection in own:
                type_name = full_type_name(connection.type)
                types[type_name] = types.get(type_name, 0) + connection.count
            topics[name] = Topic(name, max(types, key=lambda name: types[name]), sum(types.values()))
        return topics

    @cached_property
    def _by_topic(self) -> Mapping[str, list[Connection]]:
        found: dict[str, list[Connection]] = {}
        for connection in self.connections:
            found.setdefault(connection.topic, []).append(connection)
        return dict(sorted(found.items()))

    @property
    def notices(self) -> Sequence[str]:
        """Sentences about what could not be read so far."""
        return [
            *self._missing,
            *self._strays,
            *(notice for storage in self._storages for notice in storage.notices),
            *(_left_out(topic, count, why) for (topic, why), count in self._strangers.items()),
            *(_left_out(topic, count, why) for topic, (count, why) in self._unreadable.items()),
            *(
                f"{counted(count, 'message')} of {topic} {'has' if count == 1 else 'have'} a stamp that was never set: "
                "the time of recording stands for it."
                for topic, count in self._unset.items()
                if self._decoder(topic, ()).has_header
            ),
            *self._on_clocks.values(),
        ]

    @property
    def unstamped(self) -> set[str]:
        """Topics with a message without a stamp, of those read so far."""
        return set(self._unset)

    def fields(self, topic: str) -> tuple[list[NumericField], list[str]]:
        """Return the numeric channels that a topic could give, and sentences about what else it holds."""
        type_name = self.topics[topic].type
        try:
            decoder = self._decoder(topic, ())
        except ConfigurationError as error:
            raise RecordingError(f"its messages cannot be read: {error}") from error
        schema = definitions_schema(self.definitions(topic))
        fields: dict[NumericField, None] = {}
        left_out: dict[str, None] = {}
        problem = ""
        # Several messages, since two publishers on one topic may name different joints.
        for _, raw in self._heads[topic]:
            try:
                found, rest = numeric_fields(type_name, schema, decoder.locate(raw))
            except Unreadable as error:
                problem = str(error)
                continue
            except (AttributeError, TypeError) as error:
                raise RecordingError(f"{topic} defines {type_name} in its own way: {error}.") from error
            fields.update(dict.fromkeys(found))
            left_out.update(dict.fromkeys(rest))
        if problem and not fields:
            raise RecordingError(f"its messages cannot be read: {problem}.")
        return list(fields), list(left_out)

    def fitting(self, topics: Mapping[str, bool]) -> tuple[list[str], list[str]]:
        """Return those of some topics whose clocks fit, and sentences about the others."""
        counts = {topic: self.topics[topic].count for topic in topics}
        return self._clocks.fitting(topics, counts, self.start, self.end)

    def behind(self, topics: Iterable[str]) -> Mapping[str, int]:
        """Return which of some topics have stamps that lie further behind the times of recording, and by how much."""
        return self._clocks.behind(topics)

    def set_ahead(self, topics: Iterable[str]) -> None:
        """From now on, set the stamps of these topics ahead by what they are `behind`, and those of no others."""
        self._clocks.set_ahead(topics)

    def parts(
        self, modalities: Sequence[Modality], start: int, stop: int
    ) -> Iterator[tuple[list[TopicPart], np.ndarray]]:
        """Read some thousand messages at a time; see `Recording.parts`."""
        own: dict[str, list[Modality]] = {}
        for modality in modalities:
            self._check_type(modality)
            own.setdefault(modality.topic, []).append(modality)
        decoders = {topic: self._decoder(topic, [p for m in ms for p in m.channels]) for topic, ms in own.items()}
        columns = {topic: columns_of(ms) for topic, ms in own.items()}
        numbers = {topic: number for number, topic in enumerate(own)}
        unreadable, unset = dict.fromkeys(own, 0), dict.fromkeys(own, 0)
        advance, sentences = self._clocks.corrections(own)
        self._on_clocks |= sentences
        for connections, times, raws in _chunks(self.raw_messages(list(own), start, stop)):
            received = np.array(times, dtype=np.int64)
            owners = np.array([numbers[connection.topic] for connection in connections])
            parts = []
            for topic in own:
                places = np.flatnonzero(owners == numbers[topic])
                readings = decoders[topic].read([raws[place] for place in places.tolist()])
                without = readings.stamps == NO_STAMP
                unreadable[topic] += readings.unreadable
                unset[topic] += int(np.count_nonzero(without & readings.readable))
                self._note(topic, readings.problem, unreadable[topic], unset[topic])
                stamps = np.where(without, received[places], readings.stamps - advance.get(topic, 0))
                part = TopicPart(places, stamps, readings.values, readings.present, columns[topic])
                parts.append(part if readings.readable.all() else part.only(readings.readable))
            yield parts, received

    def _note_strangers(self, topic: str) -> None:
        """Remember how many messages of a topic are of another type than most, or laid out in another way."""
        kind, counts = self.topics[topic].type, Counter[str]()
        for connection in set(self._by_topic[topic]).difference(self._own[topic]):
            if (own := full_type_name(connection.type)) != kind:
                counts[f"they are of type {own}, not {kind} as others are"] += connection.count
            else:
                counts[f"they define {kind} in another way than most do"] += connection.count
        self._strangers |= {(topic, why): count for why, count in counts.items() if count}

    def _note(self, topic: str, problem: str, unreadable: int, unset: int) -> None:
        """Remember how many messages of a topic cannot be read, or have no stamp, in this reading of the bag."""
        before, why = self._unreadable.get(topic, (0, problem))
        if unreadable > before:
            self._unreadable[topic] = unreadable, why
        if unset > self._unset.get(topic, 0):
            self._unset[topic] = unset

    def _decoder(self, topic: str, paths: Sequence[str]) -> Decoder:
        ros1 = self.connections_of(topic)[0].encoding == ROS1
        return Decoder(self.topics[topic].type, self.definitions(topic), paths, topic, ros1=ros1)

    def definitions(self, topic: str) -> Definitions:
        """Return the definition of a topic's messages, and of all in it.

        Raises RecordingError if the definition is missing or cannot be read, or the messages are not of ROS.
        """
        leading = self.connections_of(topic)[0]
        if leading.encoding not in ("cdr", ROS1):
            raise RecordingError(
                f"the messages of {topic} have the encoding {leading.encoding or 'unknown'!r}: expected 'cdr' (ROS 2) "
                f"or {ROS1!r}{_REMEDIES.get(leading.encoding, '')}."
            )
        key = leading.type, leading.language, leading.definition
        if key not in self._definitions:
            self._definitions[key] = definitions_of(leading, self.connections, self.label)
        return self._definitions[key]

    def connections_of(self, topic: str) -> list[Connection]:
        """Return the connections of the type and layout of most messages of a topic, those that define it first."""
        return self._own[topic]

    @cached_property
    def _own(self) -> Mapping[str, list[Connection]]:
        """Connections whose messages are read, by topic."""
        found = {}
        for topic, every in self._by_topic.items():
            typed = [c for c in every if full_type_name(c.type) == self.topics[topic].type]
            found[topic] = sorted(laid_out_as_most(typed), key=lambda connection: not connection.definition)
        return found

    @cached_property
    def _heads(self) -> Mapping[str, Sequence[tuple[int, bytes]]]:
        """The first messages of each topic, with their times of recording."""
        heads: dict[str, list[tuple[int, bytes]]] = {topic: [] for topic in self.topics}
        for storage in self._storages:
            with one_sentence(self.label):
                first = storage.heads(_FIRST_MESSAGES)
            for connection, messages in first.items():
                if connection in self._own[connection.topic]:
                    heads[connection.topic] += messages
        return {topic: sorted(own, key=itemgetter(0))[:_FIRST_MESSAGES] for topic, own in heads.items()}

    @cached_property
    def _clocks(self) -> TopicClocks:
        """Clocks, measured at the beginning; one that was set afterwards, as by a late GPS, in the middle."""
        leads = {topic: lead for topic, head in self._heads.items() if (lead := self._lead(topic, head))}
        for topic in ahead(leads).keys() | behind(leads).keys():
            middle = self.raw_messages([topic], (self.start + self.end) // 2, self.end + 1)
            later = self._lead(topic, [(time, raw) for _, time, raw in islice(middle, _FIRST_MESSAGES)])
            if later and later.steady and abs(later.usual - leads[topic].usual) > NOTABLE:
                leads[topic] = later
        return TopicClocks(leads)

    def _lead(self, topic: str, messages: Sequence[tuple[int, bytes]]) -> Lead | None:
        """Measure how far the stamps of messages of a topic are ahead of their times of recording."""
        try:
            readings = self._decoder(topic, ()).read([raw for _, raw in messages])
        except (RecordingError, ConfigurationError):
            return None
        received = np.array([time for time, _ in messages], dtype=np.int64)
        stamps = np.where(readings.stamps == NO_STAMP, received, readings.stamps)
        return Lead.of(stamps[readings.readable], received[readings.readable])

    def _leave_strays_out(self) -> None:
        """Set start and end of the recording by the time in which most messages were recorded."""
        messages = self.raw_messages(list(self.topics), self.start, self.end + 1)
        recorded = np.fromiter((time for _, time, _ in messages), dtype=np.int64)
        times, strays = usual_times(recorded, "message", "the time of recording")
        self._strays = [f"{sentence}." for sentence in strays]
        self.start, self.end = int(times[0]), int(times[-1])

    def _check_type(self, modality: Modality) -> None:
        type_name = self.topics[modality.topic].type
        if modality.type and full_type_name(modality.type) != type_name:
            raise RecordingError(
                f"topic {modality.topic} has messages of type {type_name} in {self.label}, but modality "
                f"{modality.name!r} expects {modality.type}: correct the parameter file."
            )

    def raw_messages(self, topics: Sequence[str], start: int, stop: int) -> Iterator[Message]:
        """Read serialised messages of the types that their topics have, recorded from ``start`` to before ``stop``."""
        for topic in topics:
            self._note_strangers(topic)
        wanted = {connection for topic in topics for connection in self._own[topic]}
        own = [(storage, wanted.intersection(storage.connections)) for storage in self._storages]
        streams = [storage.messages(some, start, stop) for storage, some in own if some]
        with one_sentence(self.label):
            yield from streams[0] if len(streams) == 1 else merge(*streams, key=itemgetter(1))


def _on_several_recorders(storages: Sequence[Storage]) -> list[str]:
    """Say that bags of different topics overlap in time: nothing in them shows whether their clocks agree."""
    spans = [(storage.start, storage.end, {c.topic for c in storage.connections if c.count}) for storage in storages]
    for (start, end, topics), (other_start, other_end, other_topics) in combinations(spans, 2):
        if min(end, other_end) - max(start, other_start) > NANOSECONDS and not topics & other_topics:
            return [
                "the bags have different topics and overlap in time, as of several recorders: a difference between the "
                "clocks of their computers appears as a delay between their topics."
            ]
    return []


def _chunks(messages: Iterator[Message]) -> Iterator[tuple[list[Connection], list[int], list[bytes]]]:
    """Group messages: as many as are efficient to read together, but with limited memory."""
    # Three lists, because the garbage collector would scan tuples again and again.
    connections: list[Connection] = []
    times: list[int] = []
    raws: list[bytes] = []
    size = 0
    for connection, received, raw in messages:
        connections.append(connection)
        times.append(received)
        raws.append(raw)
        size += len(raw) + _OVERHEAD
        if size >= _CHUNK:
            yield connections, times, raws
            connections, times, raws, size = [], [], [], 0
    if raws:
        yield connections, times, raws


def _left_out(topic: str, count: int, why: str) -> str:
    them = "it" if count == 1 else "they"
    return f"{counted(count, 'message')} of {topic} left out, because {them} cannot be read: {why}."
