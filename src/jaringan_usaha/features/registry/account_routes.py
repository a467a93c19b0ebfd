"""Suppliers' bank accounts over HTTP: told to the operator, auditors and the supplier alone."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import OperatorNow, SupplierNow
from jaringan_usaha.api.commands import AskedByKey, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Reason, Title
from jaringan_usaha.api.paging import Counted, Page, Rows, by
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.features.registry import views
from jaringan_usaha.features.registry.accounts import (
    ConfirmAccount,
    ProposeAccount,
    WithdrawAccount,
    supplier_accounts,
)
from jaringan_usaha.features.registry.supplier_routes import SupplierId

router = APIRouter(prefix="/v1/suppliers/{supplier_id}/accounts", route_class=StrictRoute)

ProposalNo = Annotated[int, Path(ge=1, le=2**31 - 1, description="as the list of accounts has it")]


class AccountBody(Body):
    """Where the supplier is to be paid, as it stands on its passbook."""

    bank_code: Annotated[
        str,
        Field(
            pattern=r"^[0-9]{3}$", max_length=3, examples=["014"], description="as in BI clearing"
        ),
    ]
    account_no: Annotated[str, Field(pattern=r"^[0-9]{5,20}$", max_length=20)]
    holder: Title


class WithdrawAccountBody(Body):
    """Why the proposed account is not to be used."""

    reason: Reason


class SupplierAccountView(BaseModel):
    """One account; of a supplier at most one is `in_force`."""

    supplier_id: str
    proposal_no: int
    bank_code: str
    account_no: str
    holder: str
    state: str = Field(description="proposed, in_force, replaced or withdrawn")
    proposed_by: str
    position: int
    recorded_at: datetime


@router.post("", operation_id="proposeSupplierAccount", tags=["suppliers"], status_code=201)
async def propose_account(
    supplier_id: SupplierId,
    body: AccountBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Propose a bank account; the one before stays in force until another person confirms it. A
    proposal that is still open is replaced."""
    command = ProposeAccount(asked=asked, supplier_id=supplier_id, **body.model_dump())
    location = f"/v1/suppliers/{supplier_id}/accounts"
    return done(response, await door.handle(caller, supplier_accounts, command), location)


@router.post("/{proposal_no}/confirm", operation_id="confirmSupplierAccount", tags=["approvals"])
async def confirm_account(
    supplier_id: SupplierId,
    proposal_no: ProposalNo,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Confirm the account that another person proposed; from now on it is in force."""
    caller.must_be_sure()
    command = ConfirmAccount(asked=asked, supplier_id=supplier_id, proposal_no=proposal_no)
    return done(response, await door.handle(caller, supplier_accounts, command))


@router.post("/{proposal_no}/withdraw", operation_id="withdrawSupplierAccount", tags=["suppliers"])
async def withdraw_account(
    supplier_id: SupplierId,
    proposal_no: ProposalNo,
    body: WithdrawAccountBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Withdraw an account that was proposed, one's own proposal or another's."""
    command = WithdrawAccount(
        asked=asked, supplier_id=supplier_id, proposal_no=proposal_no, reason=body.reason
    )
    return done(response, await door.handle(caller, supplier_accounts, command))


@router.get("", operation_id="listSupplierAccounts", tags=["suppliers"])
async def list_accounts(
    supplier_id: SupplierId,
    caller: SupplierNow,
    page: Annotated[Page, by(proposal_no=int)],
) -> Counted[SupplierAccountView]:
    """The accounts that were proposed for a supplier, by number."""
    caller.supplier_for(supplier_id)
    async with page.reading("registry") as db:
        rows = await views.supplier_accounts(db, caller.network_id, supplier_id, part=page.part)
        count = await views.account_count(db, caller.network_id, supplier_id)
    return page.answer(Counted[SupplierAccountView], rows, totals=Rows(rows=count))
