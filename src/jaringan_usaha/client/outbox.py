"""A till's journal: every operation is on disk before it is sent, every verdict once it came.

One SQLite file a device, one program at a time. Power may fail at any byte: what `write` returned
from is there when the file is opened again, anything else is there whole or not at all. With
`link.py` and `till.py` this file may be copied into a point of sale; the three need httpx2, msgspec
and nothing else of this project.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

AGAIN = {408, 424, 425, 429, 500, 502, 503, 504}
"""Verdicts that decide nothing: the same line is sent once more."""

SHAPE = 1
TABLE = """
create table if not exists journal (
  seq integer primary key autoincrement,   -- the order in which the cashier acted; never reused
  op_id text not null unique,
  lane text,
  line blob not null,                      -- the bytes to send: the same ones every time
  state text not null default 'waiting',   -- then done, refused or dismissed
  version integer,                         -- of the thing, when done
  problem blob,                            -- what the service said, when refused
  unsure integer not null default 0,       -- an earlier copy got no answer, and may come late
  settled_at real
);
create index if not exists waiting on journal (seq) where state = 'waiting';
create index if not exists refused on journal (lane, seq) where state = 'refused';
create index if not exists unsure on journal (seq) where unsure;
create index if not exists lanes on journal (lane, seq) where lane is not null;
"""
SENDABLE = """
select * from journal j where state = 'waiting' and not exists (
  select 1 from journal r where r.state = 'refused' and r.lane = j.lane and r.seq < j.seq
) order by seq limit ?
"""
GIVE_UP = """
update journal set state = 'dismissed', settled_at = ?1, unsure = unsure or state = 'waiting'
from (select seq, lane from journal where op_id = ?2 and state = 'refused') r
where journal.seq = r.seq
  or (journal.lane = r.lane and journal.seq > r.seq and journal.state = 'waiting')
"""


class OutboxUnusable(RuntimeError):
    """The file cannot be worked with; the sentence says why, and what to do."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What a till wants. `op_id`: the same for every repetition of one wish. `lane`: operations of
    one lane are done in order, and none behind one that was refused."""

    op_id: str
    type: str
    body: Any
    lane: str | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the service said to one line."""

    op_id: str | None
    status: int
    body: dict[str, int] | None = None
    problem: dict[str, Any] | None = None
    replayed: bool = False

    @property
    def final(self) -> bool:
        return self.status not in AGAIN


class Entry(msgspec.Struct, frozen=True):
    """A row of the journal."""

    seq: int
    op_id: str
    lane: str | None
    line: bytes
    state: str
    version: int | None
    problem: bytes | None
    unsure: int
    settled_at: float | None

    @property
    def operation(self) -> Operation:
        return msgspec.json.decode(self.line, type=Operation)

    @property
    def why(self) -> dict[str, Any]:
        """The problem of a refused one: `code` for programs, `detail` for the cashier."""
        return msgspec.json.decode(self.problem or b"{}", type=dict[str, Any])


class Outbox:
    """The journal of one device. Raises OutboxUnusable when the file is in use, or is not one."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._now = now
        try:
            self._db = _opened(path)
            (self._seq,) = self._db.execute(
                "select coalesce(sum(seq), 0) from sqlite_sequence"
            ).fetchone()
        except sqlite3.DatabaseError as error:
            raise OutboxUnusable(_advice(path, error)) from error
        # What waits may have been sent before the power failed.
        self._unanswered = {entry.seq for entry in self.those("waiting")}

    def close(self) -> None:
        self._db.close()

    def write(self, operations: Iterable[Operation]) -> None:
        """Put operations behind all others; when this returns they are on the disk, in one
        transaction. One whose `op_id` is there already is not written again."""
        at = self._now()
        rows = []
        for seq, each in enumerate(operations, start=self._seq + 1):
            line = {"seq": seq, "client_time": at, **msgspec.structs.asdict(each)}
            rows.append((seq, each.op_id, each.lane, msgspec.json.encode(line) + b"\n"))
        self._do(
            "insert into journal (seq, op_id, lane, line) values (?, ?, ?, ?)"
            " on conflict (op_id) do nothing",
            rows,
        )
        self._seq += len(rows)

    def packet(self, most_lines: int, most_bytes: int) -> list[Entry]:
        """What to send next, in order: one line or more, if any may be sent."""
        found: list[Entry] = []
        size = 0
        for entry in self._entries(SENDABLE, most_lines):
            size += len(entry.line)
            if found and size > most_bytes:
                break
            found.append(entry)
        return found

    def settle(self, sent: Sequence[Entry], verdicts: Sequence[Verdict]) -> int:
        """Keep what was said to the first of these lines; how many verdicts are final.

        A refusal is not the last word while an earlier copy of the line is without an answer: it
        may be under way still, and be taken. Such a row is `unsure`.
        """
        at = self._now().timestamp()
        rows: list[tuple[object, ...]] = []
        for entry, verdict in zip(sent, verdicts, strict=False):
            if verdict.final and verdict.problem is None:
                version = (verdict.body or {}).get("version")
                rows.append(("done", version, None, False, at, entry.seq))
            elif verdict.final:
                unsure = entry.unsure or entry.seq in self._unanswered
                problem = msgspec.json.encode(verdict.problem)
                rows.append(("refused", None, problem, unsure, at, entry.seq))
        self._do(
            "update journal set state = ?, version = ?, problem = ?, unsure = ?, settled_at = ?"
            " where seq = ?",
            rows,
        )
        settled = {row[-1] for row in rows}
        self._unanswered = (self._unanswered | {entry.seq for entry in sent}) - settled
        return len(rows)

    def those(self, state: str) -> list[Entry]:
        """All that are waiting, done, refused or dismissed, in order."""
        return self._entries("select * from journal where state = ? order by seq", state)

    def unsure(self) -> list[Entry]:
        """What was refused or given up, and may have been taken after all."""
        return self._entries("select * from journal where unsure order by seq")

    def latest(self, lane: str) -> Entry | None:
        """The last of a lane that was done or still may be."""
        found = self._entries(
            "select * from journal where lane = ? and state in ('done', 'waiting')"
            " order by seq desc limit 1",
            lane,
        )
        return found[0] if found else None

    def retry(self, op_id: str) -> None:
        """Let a refused one wait again: what it was refused for may be gone."""
        again = "update journal set state = 'waiting' where op_id = ? and state = 'refused'"
        self._do(again, [(op_id,)])

    def dismiss(self, op_id: str) -> None:
        """Give a refused one up, and what waits behind it in its lane, since that rests on it."""
        self._do(GIVE_UP, [(self._now().timestamp(), op_id)])

    def prune(self, keep: timedelta) -> None:
        """Forget what was settled longer ago, so that the file stays small."""
        old = "delete from journal where state in ('done', 'dismissed') and settled_at <= ?"
        self._do(old, [((self._now() - keep).timestamp(),)])

    def _do(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        with self._db:  # one transaction: all of it, or none
            self._db.executemany(statement, rows)

    def _entries(self, query: str, *values: object) -> list[Entry]:
        return [Entry(*row) for row in self._db.execute(query, values)]


def uuid7(at: datetime) -> str:
    """A UUIDv7: the device's time in front, chance behind. A wrong clock harms nothing."""
    milliseconds = max(int(at.timestamp() * 1_000), 0)
    chance = int.from_bytes(os.urandom(10), "big")
    number = (milliseconds << 80) | (chance & ((1 << 76) - 1) & ~(0b11 << 62))
    return str(UUID(int=number | (7 << 76) | (0b10 << 62)))


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=1)
    try:
        _prepare(db)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection) -> None:
    db.execute("pragma locking_mode = exclusive")  # one program; and no shared memory needed
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")
    db.execute("pragma fullfsync = on")  # devices of Apple write through only when told so
    (told,) = db.execute("pragma quick_check(1)").fetchone()
    if told != "ok":
        raise sqlite3.DatabaseError(told)
    (shape,) = db.execute("pragma user_version").fetchone()
    if shape not in (0, SHAPE):
        raise sqlite3.DatabaseError(f"a program of another version made it, shape {shape}")
    db.executescript(f"begin; {TABLE} pragma user_version = {SHAPE}; commit;")


def _advice(path: Path, error: sqlite3.DatabaseError) -> str:
    if getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY":
        return f"another program has the outbox {path} open; end that one first"
    return (
        f"the outbox {path} cannot be read ({error}): put the file aside and start with a new one; "
        "what the service acknowledged is safe there, what was waiting is only in this file"
    )
