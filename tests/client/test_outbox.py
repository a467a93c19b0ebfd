"""The journal on disk: power that fails at any byte, damaged files, lanes, bounds."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from client import writer
from jaringan_usaha.client.outbox import Entry, Operation, Outbox, OutboxUnusable, Verdict
from jaringan_usaha.client.till import uuid7

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def operation(number: int, lane: str | None = None) -> Operation:
    body = {"n": number, "note": "x" * 100}
    return Operation(op_id=f"operation-{number:08}", type="place_order", body=body, lane=lane)


def names(entries: list[Entry]) -> list[int]:
    return [entry.operation.body["n"] for entry in entries]


def done(entry: Entry, version: int = 1) -> Verdict:
    return Verdict(op_id=entry.op_id, status=201, body={"position": 9, "version": version})


def refused(entry: Entry) -> Verdict:
    problem = {"status": 409, "code": "order-exists", "detail": "there is one"}
    return Verdict(op_id=entry.op_id, status=409, problem=problem)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    outbox = Outbox(tmp_path / "till.sqlite")
    yield outbox
    outbox.close()


# -- power ---------------------------------------------------------------------------------


def test_rel_9_power_may_fail_at_any_byte_of_a_write(tmp_path: Path) -> None:
    """The log of a file is cut at each of its bytes: the last write is there whole or not at all,
    and those before it are there."""
    path = tmp_path / "till.sqlite"
    outbox = Outbox(path)
    log = path.with_name("till.sqlite-wal")
    outbox.write([operation(1)])
    begun = log.stat().st_size
    outbox.write([operation(2), operation(3)])
    ended = log.stat().st_size
    found = set()
    for number, size in enumerate([*range(begun, ended, 97), ended - 1, ended]):
        copy = tmp_path / f"copy-{number}.sqlite"
        shutil.copy(path, copy)
        torn = copy.with_name(f"{copy.name}-wal")
        torn.write_bytes(log.read_bytes()[:size])
        again = Outbox(copy)
        assert names(again.those("waiting")) in ([1], [1, 2, 3])
        found.add(len(again.those("waiting")))
        again.write([operation(9)])  # and it goes on from there, with the number that is next
        assert names(again.those("waiting"))[-1] == 9
        assert [entry.seq for entry in again.those("waiting")][:2] == [1, 2]
        again.close()
    outbox.close()
    assert found == {1, 3}


def test_rel_9_a_killed_till_has_what_it_wrote(tmp_path: Path) -> None:
    path = tmp_path / "till.sqlite"
    told: list[str] = []
    for lines in (3, 40, 200):
        command = [sys.executable, "-m", writer.__name__, str(path)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as till:
            assert till.stdout is not None
            told += [line.strip() for line in itertools.islice(till.stdout, lines)]
            till.send_signal(signal.SIGKILL)  # while it writes on
            told += [line.strip() for line in till.stdout if line.endswith("\n")]
    outbox = Outbox(path)
    kept = [entry.op_id for entry in outbox.those("waiting")]
    outbox.close()
    assert set(told) <= set(kept)
    assert kept == [f"operation-{number:08}" for number in range(len(kept))]
    assert len(told) >= 243


# -- the file ------------------------------------------------------------------------------


def test_one_program_has_the_file_at_a_time(outbox: Outbox, tmp_path: Path) -> None:
    with pytest.raises(OutboxUnusable, match="another program"):
        Outbox(tmp_path / "till.sqlite")


def test_a_damaged_file_is_told_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "till.sqlite"
    outbox = Outbox(path)
    outbox.write([operation(number) for number in range(200)])
    outbox.close()
    content = bytearray(path.read_bytes())
    content[5_000:9_000] = b"\xff" * 4_000
    for damaged in (bytes(content), b"no database at all " * 99):
        path.write_bytes(damaged)
        with pytest.raises(OutboxUnusable, match="put the file aside"):
            Outbox(path)
        assert path.read_bytes() == damaged


def test_what_is_settled_is_forgotten_save_among_the_last(outbox: Outbox) -> None:
    outbox.write([operation(number) for number in range(1, 6)])
    one, two, three, *_ = outbox.packet(9, 9_999)
    outbox.settle([done(one), refused(two), done(three)])
    outbox.prune(4)
    assert names(outbox.those("done")) == [3]
    outbox.prune(0)
    assert outbox.those("done") == []
    assert names(outbox.those("refused")) == [2]  # until somebody has seen it
    assert names(outbox.those("waiting")) == [4, 5]
    outbox.dismiss(two.op_id)
    outbox.settle([done(entry) for entry in outbox.packet(9, 9_999)])
    outbox.prune(0)
    outbox.write([operation(7), operation(6)])
    assert names(outbox.those("waiting")) == [7, 6]


# -- packets and lanes ---------------------------------------------------------------------


def test_a_packet_has_bounds_and_at_least_one_line(outbox: Outbox) -> None:
    outbox.write([operation(number) for number in range(10)])
    size = len(outbox.packet(1, 9_999)[0].line)
    assert names(outbox.packet(4, 9_999)) == [0, 1, 2, 3]
    assert names(outbox.packet(10, 3 * size)) == [0, 1, 2]
    assert names(outbox.packet(10, 1)) == [0]


def test_the_same_operation_is_written_once_and_its_bytes_stay(outbox: Outbox) -> None:
    outbox.write([operation(1)])
    (first,) = outbox.packet(9, 9_999)
    outbox.write([operation(1), operation(2)])
    assert names(outbox.those("waiting")) == [1, 2]
    assert outbox.packet(1, 9_999)[0].line == first.line


def test_nothing_behind_a_refused_one_of_its_lane_is_sent(outbox: Outbox) -> None:
    outbox.write([operation(n, lane) for n, lane in enumerate(["a", "b", "a", None, "b", "a"])])
    sent = outbox.packet(2, 9_999)
    assert outbox.settle([done(sent[0]), refused(sent[1])]) == 2
    assert names(outbox.packet(9, 9_999)) == [2, 3, 5]
    outbox.retry(sent[1].op_id)
    assert names(outbox.packet(9, 9_999)) == [1, 2, 3, 4, 5]
    outbox.settle([refused(sent[1])])
    outbox.dismiss(sent[1].op_id)  # takes along what rests on it
    assert names(outbox.those("dismissed")) == [1, 4]
    assert names(outbox.packet(9, 9_999)) == [2, 3, 5]


def test_a_verdict_that_decides_nothing_leaves_the_line_waiting(outbox: Outbox) -> None:
    outbox.write([operation(1)])
    (sent,) = outbox.packet(9, 9_999)
    later = Verdict(op_id=sent.op_id, status=425, problem={"code": "not-processed"})
    assert outbox.settle([later]) == 0
    assert names(outbox.packet(9, 9_999)) == [1]


def test_a_refusal_is_unsure_while_an_earlier_copy_is_without_an_answer(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "till.sqlite")
    outbox.write([operation(1), operation(2)])
    (first,) = outbox.packet(1, 9_999)
    outbox.settle([refused(first)])
    assert outbox.unsure() == []
    outbox.packet(1, 9_999)  # no answer
    (second,) = outbox.packet(1, 9_999)
    outbox.settle([refused(second)])
    assert names(outbox.unsure()) == [2]
    outbox.settle([done(second)])
    assert outbox.unsure() == []
    outbox.write([operation(3)])
    outbox.packet(1, 9_999)
    outbox.close()  # while it is under way
    outbox = Outbox(tmp_path / "till.sqlite")
    (third,) = outbox.packet(1, 9_999)
    outbox.settle([refused(third)])
    assert names(outbox.unsure()) == [3]
    outbox.close()


def test_ids_are_uuid_v7_whatever_the_clock_says() -> None:
    for year in (1969, 1971, 2026, 2262):
        found = uuid7(NOON.replace(year=year))
        assert (len(found), found[14]) == (36, "7")
        assert found[19] in "89ab"
    assert uuid7(NOON) != uuid7(NOON)
