"""What waits for a second person, over HTTP: for those who approve, and those who oversee it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import OverseerNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.fields import Slug
from jaringan_usaha.api.paging import ListWithTotals, Page, by
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.approvals.views import Proposal, page_of, waiting

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["approvals"])

Kind = Literal["order", "account", "erasure", "key", "person"]


class ApprovalView(BaseModel):
    """Something that one person proposed and another one has to approve. It names things; what is
    in them, the bank account say, is told to those who may see it, where they are."""

    kind: str = Field(description="order, account, erasure, key or person; more may come")
    approval_id: str = Field(
        description="of one thing of its kind: its id, or those of an order's cycle and supplier, "
        "or a supplier's with a number, with a `/` between them",
        min_length=1,
        max_length=129,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*(/[A-Za-z0-9][A-Za-z0-9._:-]*)?$",
    )
    cycle_id: str | None = Field(description="of an order")
    supplier_id: str | None
    koperasi_id: str | None
    role: str | None = Field(description="of a key or a person")
    amount_idr: int | None = Field(description="of an order, whole rupiah")
    proposed_by: str = Field(description="the key or person who may not approve it")
    proposed_at: datetime
    approve: str = Field(description="the path to send a POST to, to say yes")
    may_approve: bool = Field(description="whether the caller may")


class ApprovalTotals(BaseModel):
    """Of all rows, not only of this page."""

    rows: int
    amount_idr: int


ApprovalPage = ListWithTotals[ApprovalView, ApprovalTotals]


@router.get("/approvals", operation_id="listApprovals")
async def list_approvals(
    caller: OverseerNow,
    page: Annotated[Page, by(since=int, kind=str, approval_id=str)],
    kind: Annotated[Kind | None, Query(description="only of this kind")] = None,
    koperasi_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
    cycle_id: Annotated[Slug | None, Query()] = None,
    waits_for: Annotated[
        Literal["me"] | None, Query(description="`me`: only what the caller may approve")
    ] = None,
) -> ApprovalPage:
    """What waits for a second person, the oldest first: orders above the limit, suppliers' bank
    accounts, erasures, auditors' keys, and people who are to log in. A pengawas sees what is of
    the whole group and of the own koperasi."""
    async with page.reading("cycles", "registry", "contacts", of_all=True) as db:
        found = await waiting(
            db,
            caller,
            page.door.clock.now(),
            kind=kind,
            koperasi_id=koperasi_id,
            supplier_id=supplier_id,
            cycle_id=cycle_id,
        )
    if waits_for is not None:
        found = [each for each in found if each.may_be_approved_by(caller)]
    totals = {"rows": len(found), "amount_idr": sum(each.amount_idr or 0 for each in found)}
    rows = [_row(each, caller) for each in page_of(found, page.part)]
    return page.answer(ApprovalPage, rows, totals=totals)


def _row(proposal: Proposal, caller: Caller) -> dict[str, Any]:
    return {
        **proposal._asdict(),
        "since": proposal.key[0],
        "approve": proposal.approve,
        "may_approve": proposal.may_be_approved_by(caller),
    }
