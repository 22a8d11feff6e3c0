"""Files of SQLite, as ROS 2 records them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw
import numpy as np

from infonet_ros.errors import RecordingError
from infonet_ros.intake.storage.chunks import DamagedError, message_of
from infonet_ros.intake.storage.connection import LAST_TIME, Connection, Message, left_out, offered
from infonet_ros.text import counted, listed, moment, shorten

_PAGE_SIZE_AT = 16  # byte of the file
_ROW = np.dtype([("time", "i8"), ("id", "i8"), ("topic", "i8")])


class _WholePages(apsw.VFS):
    """Files as they are; of a file that is cut within a page, only complete pages: SQLite would fill up with zeros."""

    name = "infonet-whole-pages"

    def __init__(self) -> None:
        super().__init__(self.name, base="")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return _WholePagesFile("", name, flags) if flags[0] & apsw.SQLITE_OPEN_MAIN_DB else super().xOpen(name, flags)


class _WholePagesFile(apsw.VFSFile):
    def xFileSize(self) -> int:
        size = super().xFileSize()
        page = int.from_bytes(super().xRead(2, _PAGE_SIZE_AT), "big") if size > _PAGE_SIZE_AT + 2 else 0
        return size // page * page if page > 1 else size


_WHOLE_PAGES = _WholePages()


class SqliteFile:
    """A `Storage` in SQLite.

    Its rows are listed once, with 24 bytes each: no index of a file that is cut off can be trusted.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        where = f"file:{quote(str(path.resolve()))}?mode=ro"
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        try:
            # A recorder that was killed leaves its last messages in a second file beside this one.
            if path.with_name(path.name + "-wal").exists():
                self._database = apsw.Connection(where, flags=flags)
            else:
                self._database = apsw.Connection(f"{where}&immutable=1", flags=flags, vfs=_WHOLE_PAGES.name)
        except apsw.Error as error:
            raise DamagedError(str(error)) from error
        self._lost: dict[int, None] = {}
        self._cut = False
        self._within = 0
        try:
            self._database.execute("PRAGMA writable_schema=ON")  # else SQLite opens no file that is cut
            self._check_tables(path)
            topics = self._table("topics")
            definitions = {row["topic_type"]: row for row in self._table("message_definitions", optional=True)}
            rows, self._odd = self._list_rows()
        except apsw.Error as error:
            self._database.close()
            raise DamagedError(str(error)) from error
        if self._cut and not len(rows):
            self._database.close()
            raise DamagedError("no message in it is complete")
        self._rows = rows[np.isin(rows["topic"], [row["id"] for row in topics])]
        self._astray = len(rows) - len(self._rows)
        counts = dict(zip(*(part.tolist() for part in np.unique(self._rows["topic"], return_counts=True)), strict=True))
        self._numbered = {
            row["id"]: _connection(row, definitions.get(row["type"]), counts.get(row["id"], 0)) for row in topics
        }
        self._numbers = {connection: number for number, connection in self._numbered.items()}
        self.connections: Sequence[Connection] = list(self._numbers)
        self.start = int(self._rows["time"][0]) if len(self._rows) else LAST_TIME
        self.end = int(self._rows["time"][-1]) if len(self._rows) else -1

    def _check_tables(self, path: Path) -> None:
        """Raise RecordingError if this is the database of another program."""
        tables = [name for (name,) in self._database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        if tables and "topics" not in tables:
            self._database.close()
            query = f"SELECT * FROM {shorten(tables[0], 40)}"  # noqa: S608 (for the user)
            raise RecordingError(
                f"{path} is a database of another program (tables: {listed(tables)}): save one as CSV, such as by "
                f"`sqlite3 -header -csv FILE '{query}' > FILE.csv`; expected a bag."
            )

    def _table(self, name: str, optional: bool = False) -> list[dict[str, Any]]:
        if optional and not self._database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone():
            return []
        cursor = self._database.execute(f"SELECT * FROM {name}")  # noqa: S608, a name of this module's
        return [dict(zip((name for name, _ in cursor.get_description()), row, strict=True)) for row in cursor]

    def _list_rows(self) -> tuple[np.ndarray, int]:
        """Return the complete rows in the order of time, and how many rows have no time of recording."""

        def rows(order: str) -> Iterator[tuple[int, int, int]]:
            try:
                listing = f"SELECT timestamp, id, topic_id FROM messages ORDER BY id {order}"  # noqa: S608, from below
                for row in self._database.execute(listing):
                    time, number, topic = (value if isinstance(value, int) else -1 for value in row)
                    yield time, number, topic
            except apsw.Error:
                self._cut = True

        listed = np.fromiter(rows("ASC"), _ROW)
        if self._cut:  # what lies behind the damage
            last = int(listed["id"][-1]) if len(listed) else -1
            behind = np.fromiter(takewhile(lambda row: row[1] > last, rows("DESC")), _ROW)
            self._within = int(behind["id"][-1]) - last - 1 if len(behind) else 0
            listed = np.concatenate([listed, behind[::-1]])
        good = (listed["time"] >= 0) & (listed["time"] < LAST_TIME)
        rows_in_order = listed[good]
        return rows_in_order[np.argsort(rows_in_order["time"], kind="stable")], int(np.count_nonzero(~good))

    @property
    def notices(self) -> list[str]:
        """Sentences about lost messages."""
        notices = []
        if self._within:
            notices.append(f"{self._name} is damaged: {counted(self._within, 'message')} within it cannot be read.")
        elif self._cut:
            notices.append(
                f"{self._name} is cut off or damaged, as if its recorder was killed: the messages up to "
                f"{moment(self.end)} are read."
            )
        return [*notices, *left_out(self._name, astray=self._astray, odd=self._odd, lost=len(self._lost))]

    def messages(self, connections: Collection[Connection], start: int, stop: int) -> Iterator[Message]:
        """Read messages in the order of time."""
        times = self._rows["time"]
        part = self._rows[slice(*np.searchsorted(times, (start, stop)).tolist())]
        wanted = np.array([self._numbers[connection] for connection in connections])
        yield from self._read(part[np.isin(part["topic"], wanted)])

    def heads(self, most: int) -> dict[Connection, list[tuple[int, bytes]]]:
        """Read the first messages of each connection."""
        rows = self._rows[np.argsort(self._rows["topic"], kind="stable")]
        heads: dict[Connection, list[tuple[int, bytes]]] = {}
        for number, connection in self._numbered.items():
            first = int(np.searchsorted(rows["topic"], number))
            own = rows[first : first + min(most, connection.count)]
            heads[connection] = [(time, data) for _, time, data in self._read(own)]
        return heads

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _read(self, rows: np.ndarray) -> Iterator[Message]:
        for time, row, topic in rows.tolist():
            try:
                ((data,),) = self._database.execute("SELECT data FROM messages WHERE id = ?", (row,))
            except (apsw.Error, ValueError):
                data = None
            if isinstance(data, bytes):
                yield self._numbered[topic], time, message_of(data)
            else:
                self._lost[row] = None


def _connection(topic: Mapping[str, Any], definition: Mapping[str, Any] | None, count: int) -> Connection:
    reliable, latched = offered(str(topic.get("offered_qos_profiles") or ""))
    return Connection(
        str(topic["name"]),
        str(topic["type"]),
        str(topic["serialization_format"]),
        str(definition["encoded_message_definition"]) if definition else "",
        str(definition["encoding"]) if definition else "",
        count,
        reliable,
        latched,
    )
