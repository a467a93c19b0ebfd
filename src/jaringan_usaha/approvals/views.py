"""The open proposals of all rooms, the oldest first."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.queries import Part, Queries

queries = Queries("jaringan_usaha.approvals", "views.sql")

Key = tuple[int, str, str]
"""Microseconds since 1970, kind and id."""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_PATHS = {
    "order": "/v1/consolidated-orders/{}/approve",
    "account": "/v1/suppliers/{}/confirm",
    "erasure": "/v1/contacts/{}/erase",
    "key": "/v1/keys/{}/approve",
    "person": "/v1/people/{}/approve",
}
_AREAS = {"erasure": "contacts"}
_SUPERVISED = {"order"}
"""What a pengawas approves; the operator approves all."""


class Proposal(NamedTuple):
    """One thing that waits; as the contract shows it in `ApprovalView`."""

    kind: str
    approval_id: str
    cycle_id: str | None
    supplier_id: str | None
    koperasi_id: str | None
    role: str | None
    amount_idr: int | None
    proposed_by: str
    proposed_at: datetime

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(*row)

    @property
    def key(self) -> Key:
        since = (self.proposed_at - _BEGINNING) // timedelta(microseconds=1)
        return since, self.kind, self.approval_id

    @property
    def approve(self) -> str:
        """Where the second person's yes is said."""
        of_account = self.approval_id.replace("/", "/accounts/")
        return _PATHS[self.kind].format(of_account if self.kind == "account" else self.approval_id)

    def may_be_approved_by(self, caller: Caller) -> bool:
        """As far as it is a question of who asks."""
        scope = f"{_AREAS.get(self.kind, 'approvals')}:write"
        return (
            (caller.role == "operator" or (caller.supervises and self.kind in _SUPERVISED))
            and (not caller.scopes or scope in caller.scopes)
            and caller.has_second_factor
            and caller.who != self.proposed_by
        )


async def waiting(
    db: Connection,
    caller: Caller,
    now: datetime,
    *,
    kind: str | None,
    koperasi_id: str | None,
    supplier_id: str | None,
    cycle_id: str | None,
) -> list[Proposal]:
    """All that is open, of these ids where they are named, and that the caller may know of: people
    propose it one by one, so there are never many."""
    ids = (kind, koperasi_id, supplier_id, cycle_id)
    rows = await db.fetch(queries.waiting, caller.network_id, now, *ids, caller.koperasi_id)
    return sorted(map(Proposal.of, rows), key=lambda each: each.key)


def page_of(proposals: list[Proposal], part: Part) -> list[Proposal]:
    """Those of one page, next to its key first."""
    if part.back:
        return [each for each in reversed(proposals) if each.key < part.key][: part.most]
    return [each for each in proposals if each.key > part.key][: part.most]
