"""A till's journal: every operation is on the disk before it is sent, every verdict once it came.

One SQLite file a device, one program at a time. Power may fail at any byte: what `write` returned
from is there when the file is opened again, anything else is there whole or not at all. This file
and `till.py`, which tells the protocol, may be copied into a point of sale; they need httpx2 and
msgspec, nothing else of this project.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

AGAIN = {408, 424, 425, 429, 500, 502, 503, 504}
"""Verdicts that decide nothing: the same line is sent once more."""

FILE = """
pragma locking_mode = exclusive;           -- one program; and no shared memory needed
pragma journal_mode = wal;
pragma synchronous = full;                 -- a commit returns when the disk has it
pragma fullfsync = on;                     -- devices of Apple write through only when told so
begin;
create table if not exists journal (
  seq integer primary key,                 -- the order in which the cashier acted
  op_id text not null unique,
  lane text,
  line blob not null,                      -- the bytes to send: the same ones every time
  state text not null default 'waiting',   -- then done, refused or dismissed
  version integer,                         -- of the thing, when done
  problem blob,                            -- what the service said, when refused
  under_way integer not null default 0     -- copies that went out and got no answer
);
create index if not exists by_state on journal (state, seq);
create index if not exists by_lane on journal (lane, seq);
create table if not exists heard (only integer primary key, next text not null);
commit;
"""
WRITE = "insert into journal (op_id, lane, line) values (?, ?, ?) on conflict do nothing"
SENDABLE = """
select * from journal where state = 'waiting' and not exists (
  select 1 from journal parked where parked.lane = journal.lane and parked.state = 'refused'
) order by seq limit ?
"""
GOES_OUT = "update journal set under_way = under_way + 1 where seq = ?"
SETTLE = """
update journal set state = ?, version = ?, problem = ?, under_way = under_way - 1 where op_id = ?
"""
UNSURE = "select * from journal where state in ('refused', 'dismissed') and under_way > 0"
LATEST = """
select * from journal where lane = ? and state in ('done', 'waiting') order by seq desc limit 1
"""
RETRY = "update journal set state = 'waiting' where op_id = ? and state = 'refused'"
DISMISS = """
update journal set state = 'dismissed' from (
  select seq, lane from journal where op_id = ? and state = 'refused'
) refused
where journal.seq = refused.seq or journal.lane = refused.lane and state = 'waiting'
"""
PRUNE = """
delete from journal where state in ('done', 'dismissed')
  and seq <= (select max(seq) from journal) - ?
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
    """What the service said to one line; without an `op_id` the line came in torn."""

    op_id: str | None
    status: int
    body: dict[str, int] | None = None
    problem: dict[str, Any] | None = None
    replayed: bool = False

    @property
    def state(self) -> str:
        """What becomes of the line: waiting, done or refused."""
        if self.op_id is None or self.status in AGAIN:
            return "waiting"
        return "done" if self.problem is None else "refused"


class Entry(msgspec.Struct, frozen=True):
    """A row of the journal."""

    seq: int
    op_id: str
    lane: str | None
    line: bytes
    state: str
    version: int | None
    problem: bytes | None
    under_way: int

    @property
    def operation(self) -> Operation:
        return msgspec.json.decode(self.line, type=Operation)

    @property
    def why(self) -> dict[str, Any]:
        """The problem of a refused one: `code` for programs, `detail` for the cashier."""
        return msgspec.json.decode(self.problem or b"{}", type=dict[str, Any])


class Outbox:
    """The journal of one device. Raises OutboxUnusable when the file is in use, or is not one."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, timeout=1)
        try:
            self._db.executescript(FILE)
            (health,) = self._db.execute("pragma quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            health = str(error)
        if health != "ok":
            self._db.close()
            raise OutboxUnusable(
                f"the outbox {path} cannot be opened ({health}). If it is locked, another program "
                "has it open: end that one. Else put the file aside and start with a new one; what "
                "the service acknowledged is safe there, what was waiting is only in this file"
            )

    def close(self) -> None:
        self._db.close()

    def write(self, operations: Iterable[Operation]) -> None:
        """Put operations behind all others; when this returns they are on the disk. One whose
        `op_id` is there already is not written again."""
        lines = [(each.op_id, each.lane, msgspec.json.encode(each) + b"\n") for each in operations]
        self._do(WRITE, lines)

    def packet(self, most_lines: int, most_bytes: int) -> list[Entry]:
        """What to send now, in order: one line or more, if any may be sent. That a copy of each
        goes out is on the disk when this returns."""
        found: list[Entry] = []
        for entry in self._entries(SENDABLE, most_lines):
            most_bytes -= len(entry.line)
            if found and most_bytes < 0:
                break
            found.append(entry)
        self._do(GOES_OUT, [(entry.seq,) for entry in found])
        return found

    def settle(self, verdicts: Sequence[Verdict]) -> int:
        """Keep what the service said; how many operations are done or refused by it."""
        rows = []
        for each in verdicts:
            version = (each.body or {}).get("version")
            problem = msgspec.json.encode(each.problem) if each.state == "refused" else None
            rows.append((each.state, version, problem, each.op_id))
        self._do(SETTLE, rows)
        return sum(each.state != "waiting" for each in verdicts)

    def those(self, state: str) -> list[Entry]:
        """All that are waiting, done, refused or dismissed, in order."""
        return self._entries("select * from journal where state = ? order by seq", state)

    def unsure(self) -> list[Entry]:
        """What was refused or given up while an earlier copy, which got no answer, may still come
        late and be taken."""
        return self._entries(UNSURE)

    def latest(self, lane: str) -> Entry | None:
        """The last of a lane that was done or still may be."""
        return next(iter(self._entries(LATEST, lane)), None)

    def retry(self, op_id: str) -> None:
        """Let a refused one wait again: what it was refused for may be gone."""
        self._do(RETRY, [(op_id,)])

    def dismiss(self, op_id: str) -> None:
        """Give a refused one up, and what waits behind it in its lane, since that rests on it."""
        self._do(DISMISS, [(op_id,)])

    def prune(self, keep: int) -> None:
        """Forget what is settled, save among the last so many, so that the file stays small."""
        self._do(PRUNE, [(keep,)])

    def heard(self) -> str | None:
        """Where to go on with the changes."""
        found = self._db.execute("select next from heard").fetchone()
        return found[0] if found else None

    def hear(self, next_link: str) -> None:
        """All changes before this link are applied."""
        self._do("insert or replace into heard values (1, ?)", [(next_link,)])

    def _do(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        with self._db:  # one transaction: all of it, or none
            self._db.executemany(statement, rows)

    def _entries(self, query: str, *values: object) -> list[Entry]:
        return [Entry(*row) for row in self._db.execute(query, values)]
