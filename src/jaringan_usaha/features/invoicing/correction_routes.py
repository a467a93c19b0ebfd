"""Corrections of receipts over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from jaringan_usaha.api.access.admission import OperatorNow
from jaringan_usaha.api.commands import AskedByPath, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Reason, Slug
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.features.fulfilment.events import ReceivedLine
from jaringan_usaha.features.invoicing.corrections import MOST_LINES, CorrectReceipt, corrections
from jaringan_usaha.kernel.quantity import MOST_UNITS

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["deliveries"])

Units = Annotated[int, Field(ge=0, le=MOST_UNITS, description="base units")]


class CorrectedLineBody(Body):
    """Base units that arrived of an item, whatever was recorded; 0 and 0 when it never came."""

    item_id: Slug
    accepted: Units
    rejected: Units = 0
    reason: Annotated[str, Field(max_length=100)] = ""


class ReceiptCorrectionBody(Body):
    """What should have been recorded, of the lines that are wrong or missing, and what went
    wrong."""

    cycle_id: Slug
    supplier_id: Slug
    reason: Reason
    lines: Annotated[tuple[CorrectedLineBody, ...], Field(strict=False, max_length=MOST_LINES)]


@router.put(
    "/receipts/{receipt_id}/corrections/{correction_no}",
    operation_id="correctReceipt",
    status_code=201,
)
async def correct_receipt(
    receipt_id: Annotated[Slug, Path()],
    correction_no: Annotated[int, Path(ge=1, le=1_000)],
    body: ReceiptCorrectionBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Correct the count of a receipt, as correction 1, 2, 3 …: units that are more are shared out
    shortly after, units that are fewer are taken back. Fewer only before they are invoiced."""
    command = CorrectReceipt(
        asked=asked,
        receipt_id=receipt_id,
        correction_no=correction_no,
        cycle_id=body.cycle_id,
        supplier_id=body.supplier_id,
        reason=body.reason,
        lines=tuple(ReceivedLine(**line.model_dump()) for line in body.lines),
    )
    recorded = await door.handle(caller, corrections, command)
    return done(response, recorded, f"/v1/receipts/{receipt_id}")
