"""Bugs that are easily made in a till or a service, each with the day on which it is noticed.

A bug is a slip or two in the code; the day is a short one of the machine, which passes without the
slip, and with it fails in the check that is named.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from client.offline_day import NOT_OFFERED, OfflineDay, Wish
from client.slips import Slip
from client.weather import Fate
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.client import outbox, till
from jaringan_usaha.client.outbox import Outbox, Verdict
from jaringan_usaha.client.till import Till
from jaringan_usaha.eventlog import answers
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.features.cycles.orders import domain
from market import oil

PLACED: Wish = ("place_order", 0, [oil(1)])
CHANGED: Wish = ("change_order", 0, [oil(2)])
CHANGED_AGAIN: Wish = ("change_order", 0, [oil(3)])
IMPOSSIBLE: Wish = ("place_order", 0, [NOT_OFFERED])

ONE_END = OfflineDay._each_act_has_one_end.__name__
NO_REST = OfflineDay._nothing_rests_on_a_refusal.__name__
MERGE = OfflineDay._the_service_is_the_merge.__name__
HEARD = OfflineDay._all_changes_were_heard.__name__
FIRST = OfflineDay._the_first_answer_stands.__name__
IN_TIME = OfflineDay._late_ones_were_treated_by_the_rule.__name__

Day = Callable[[OfflineDay], None]


@dataclass(frozen=True)
class Planted:
    """`day`: the steps up to the evening. `check`: where the machine notices the bug."""

    slips: Sequence[Slip]
    check: str
    day: Day


PLANTED: dict[str, Planted] = {}


def planted(check: str, *slips: Slip) -> Callable[[Day], Day]:
    def plant(day: Day) -> Day:
        PLANTED[day.__name__] = Planted(slips, check, day)
        return day

    return plant


def synced(
    day: OfflineDay,
    *wishes: Wish,
    fates: Sequence[Fate] = (),
    then: Fate = Fate.FINE,
    suspended: bool = False,
) -> None:
    """The first till has these wishes, and sends what waits."""
    day.sync(0, list(wishes), list(fates), then, 500, suspended)


# -- the till ------------------------------------------------------------------------------


@planted(ONE_END, Slip((outbox, "GOES_OUT"), "set ", "set state = 'sent', "))
def a_line_is_struck_out_when_it_is_sent(day: OfflineDay) -> None:
    synced(day, PLACED, fates=[Fate.UNANSWERED])


@planted(
    ONE_END,
    Slip(
        Till._send,
        "[entry.line for entry in packet]",
        """[b'{"op_id":"%d-' % entry.under_way + entry.line[10:] for entry in packet]""",
    ),
    Slip(till._verdicts_in, "decode(line,", "decode(line[:10] + line[12:],"),
)
def an_operation_has_a_new_id_each_time_it_is_sent(day: OfflineDay) -> None:
    synced(day, PLACED, CHANGED, fates=[Fate.UNANSWERED])


@planted(
    FIRST,
    Slip(
        Till._send,
        "[entry.line for entry in packet]",
        """[
            msgspec.json.encode({
                **msgspec.json.decode(entry.line),
                "body": {**entry.operation.body, "client_at": self._now()},
            }) + b"\\n"
            for entry in packet
        ]""",
    ),
)
def a_line_is_stamped_anew_each_time_it_is_sent(day: OfflineDay) -> None:
    synced(day, PLACED, fates=[Fate.UNANSWERED])


@planted(ONE_END, Slip((outbox, "SENDABLE"), "order by seq", "order by op_id"))
def lines_are_sent_in_the_order_of_a_clock_that_may_be_set_back(day: OfflineDay) -> None:
    day.device_works(0, [PLACED])
    day.set_clock(0, -60)
    synced(day, CHANGED)


@planted(
    ONE_END,
    Slip(
        Till._send,
        "verdicts = _verdicts_in(arrived)\n",
        "verdicts = [msgspec.structs.replace(verdict, op_id=entry.op_id)"
        " for verdict, entry in zip(_verdicts_in(arrived), packet)]\n",
    ),
)
def verdicts_are_matched_by_their_place(day: OfflineDay) -> None:
    synced(day, PLACED, PLACED, fates=[Fate.TORN_LINE])


@planted(
    MERGE,
    Slip(
        Till._send,
        "return _Heard(_verdicts_in(arrived), ",
        "return _Heard([msgspec.structs.replace(verdict, op_id=entry.op_id)"
        " for verdict in _verdicts_in(arrived)[:1] for entry in packet], ",
    ),
)
def the_first_verdict_before_a_cut_counts_for_all(day: OfflineDay) -> None:
    synced(day, PLACED, CHANGED, fates=[Fate.CUT])


@planted(ONE_END, Slip(Verdict.state, "in AGAIN", "in AGAIN - {424}"))
def lines_behind_a_failure_are_given_up(day: OfflineDay) -> None:
    synced(day, IMPOSSIBLE, CHANGED)


@planted(ONE_END, Slip(Verdict.state, "in AGAIN", "in AGAIN - {425}"))
def lines_that_were_not_worked_on_are_given_up(day: OfflineDay) -> None:
    synced(day, PLACED, PLACED, fates=[Fate.OUT_OF_TIME])


@planted(ONE_END, Slip(Verdict.state, 'return "waiting"', 'return "done"'))
def what_was_not_worked_on_counts_as_done(day: OfflineDay) -> None:
    synced(day, PLACED, PLACED, fates=[Fate.OUT_OF_TIME])


@planted(ONE_END, Slip(Outbox.write, "self._do(", "self._db.executemany("))
def an_order_is_committed_with_the_next_sync(day: OfflineDay) -> None:
    day.device_works(0, [PLACED])
    day.pull_battery(0)


@planted(MERGE, Slip((outbox, "UNSURE"), "state in ('refused', 'dismissed')", "false"))
def nobody_looks_again_at_a_refusal(day: OfflineDay) -> None:
    synced(day, PLACED, fates=[Fate.LATE], suspended=True)


@planted(MERGE, Slip((outbox, "UNSURE"), "state in ('refused', 'dismissed')", "state = 'refused'"))
def nobody_looks_again_at_what_the_cashier_gave_up(day: OfflineDay) -> None:
    synced(day, PLACED, fates=[Fate.LATE], suspended=True)
    day.cashier_decides(0, 0, again=False)


@planted(MERGE, Slip((outbox, "SETTLE"), "under_way = under_way - 1", "under_way = 0"))
def the_answer_to_one_copy_counts_for_all(day: OfflineDay) -> None:
    synced(day, PLACED, fates=[Fate.LATE], suspended=True)


@planted(
    MERGE,
    Slip(
        Outbox.__init__,
        "executescript(FILE)",
        "executescript(FILE + 'update journal set under_way = 0')",
    ),
)
def copies_under_way_are_forgotten_when_the_power_fails(day: OfflineDay) -> None:
    synced(day, PLACED, fates=[Fate.LATE], then=Fate.LOST)
    day.pull_battery(0)
    synced(day, suspended=True)


@planted(NO_REST, Slip((outbox, "SENDABLE"), "parked.state = 'refused'", "false"))
def a_change_is_sent_though_one_before_it_was_refused(day: OfflineDay) -> None:
    synced(day, PLACED)
    synced(day, CHANGED, suspended=True)
    synced(day, CHANGED_AGAIN)


@planted(
    ONE_END, Slip((outbox, "DISMISS"), " or journal.lane = refused.lane and state = 'waiting'", "")
)
def what_rests_on_a_wish_stays_when_that_is_given_up(day: OfflineDay) -> None:
    synced(day, IMPOSSIBLE, CHANGED)
    day.cashier_decides(0, 0, again=False)


@planted(HEARD, Slip(Till.changes, "if page[", 'self.outbox.hear(page["next"])\n        if page['))
def the_cursor_is_kept_before_the_changes_are_applied(day: OfflineDay) -> None:
    synced(day, PLACED)
    day.listen(0, Fate.FINE, 0)


# -- the service ---------------------------------------------------------------------------


@planted(
    FIRST,
    Slip(EventLog._recall_answers, "await self.answers.given_to(list(asked.values()))", "{}"),
)
def a_repeated_request_is_decided_again(day: OfflineDay) -> None:
    synced(day, PLACED, CHANGED, fates=[Fate.UNANSWERED])


@planted(MERGE, Slip(answers._as_before, 'row["version"]', "1"))
def an_answer_is_remembered_without_its_version(day: OfflineDay) -> None:
    synced(day, PLACED, CHANGED, CHANGED_AGAIN, fates=[Fate.UNANSWERED])


@planted(ONE_END, Slip(Caller.scope, "self.koperasi_id or", "self.key_id or"))
def each_key_has_idempotency_keys_of_its_own(day: OfflineDay) -> None:
    day.sync_twice(0, [PLACED, CHANGED], [Fate.UNANSWERED])


@planted(
    MERGE,
    Slip(
        EventLog.handle_together,
        "await self._together.attempt(tasks)",
        "[each for each in await self.handle_each(tasks) if isinstance(each, Recorded)]",
    ),
)
def a_file_that_stands_together_is_recorded_in_part(day: OfflineDay) -> None:
    day.a_file_stands_together(0, [[oil(1)], [NOT_OFFERED]], Fate.FINE)


@planted(IN_TIME, Slip(domain._late, "command.client_at <= cycle.closes_at", "True"))
def late_orders_are_taken_whenever_they_were_written(day: OfflineDay) -> None:
    day.time_passes(25)
    day.time_passes(45)
    synced(day, PLACED)


@planted(
    IN_TIME,
    Slip(domain._late, "command.asked.at <= cycle.closes_at", "cycle.closes_at <= cycle.closes_at"),
)
def late_orders_are_taken_however_late_they_come(day: OfflineDay) -> None:
    day.device_works(0, [PLACED])
    for _ in range(3):
        day.time_passes(45)
    synced(day)


@planted(IN_TIME, Slip(domain._late, "return (", "return False and ("))
def late_orders_are_refused_though_they_are_in_time(day: OfflineDay) -> None:
    day.device_works(0, [PLACED])
    day.time_passes(25)
    day.time_passes(45)
    synced(day)


@planted(
    IN_TIME,
    Slip(
        domain._taking_orders, "if cycle.closed or", "if cycle.closed and not cycle.consolidated or"
    ),
)
def orders_are_taken_after_the_group_has_ordered(day: OfflineDay) -> None:
    synced(day, PLACED)
    day.operator_closes(0, consolidated=True)
    synced(day, PLACED)
