"""Suppliers' price files over HTTP: sent, looked at, answered, confirmed, and given back."""

from hashlib import sha256
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from jaringan_usaha.api import asked as asking
from jaringan_usaha.api.access.admission import AuditorNow, CallerNow, OperatorNow, PartnerNow
from jaringan_usaha.api.commands import AskedByKey, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Day, Slug
from jaringan_usaha.api.paging import After, Counted, Page, Rows, by
from jaringan_usaha.api.problems import Problem, told_in
from jaringan_usaha.api.strict_route import StrictRoute, must_be_plain
from jaringan_usaha.eventlog.database import LONG_SECONDS
from jaringan_usaha.features.catalog import import_views as views
from jaringan_usaha.features.catalog.domain import NoSuchPriceList, TierMode
from jaringan_usaha.features.catalog.import_previews import Previewed, preview, read_file
from jaringan_usaha.features.catalog.import_shapes import (
    ImportList,
    ImportRowView,
    ImportView,
    QuestionView,
    file_fields,
    gone_views,
    preview_view,
    question_view,
    row_view,
    spoken,
)
from jaringan_usaha.features.catalog.importing import confirmation
from jaringan_usaha.features.catalog.imports import (
    MOST_ANSWER,
    MOST_ANSWERS_AT_ONCE,
    MOST_QUESTION,
    AnswerDoesNotFit,
    AnswerPriceFile,
    ImportIsConfirmed,
    NoSuchImport,
    ReceivePriceFile,
    imports,
)
from jaringan_usaha.features.catalog.sheets import writing
from jaringan_usaha.features.catalog.sheets.asking import is_remembered
from jaringan_usaha.features.catalog.sheets.guarding import MOST_BYTES
from jaringan_usaha.features.catalog.views import price_list
from jaringan_usaha.kernel.messages import Asked

router = APIRouter(prefix="/v1", route_class=StrictRoute)

# -- bodies --------------------------------------------------------------------------------

ImportId = Annotated[Slug, Path()]
PriceListId = Annotated[Slug, Path()]
Question = Annotated[str, Field(min_length=1, max_length=MOST_QUESTION)]
Answer = Annotated[str, Field(min_length=1, max_length=MOST_ANSWER)]
FileName = Annotated[str, Query(min_length=5, max_length=200, description="with its ending")]
Status = Literal["new", "changed", "unchanged", "doubtful", "gone"]

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


class AnswersBody(Body):
    """Answers by question id; what is not named stays as it was."""

    answers: Annotated[dict[Question, Answer], Field(min_length=1, max_length=MOST_ANSWERS_AT_ONCE)]


class ConfirmBody(Body):
    """The digest of the preview that was seen."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", min_length=64, max_length=64)]


# -- sending -------------------------------------------------------------------------------


@router.put(
    "/price-imports/{import_id}",
    operation_id="sendPriceFile",
    tags=["price imports"],
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": BYTES}},
)
async def send_price_file(
    import_id: ImportId,
    request: Request,
    response: Response,
    caller: OperatorNow,
    door: DoorNow,
    supplier_id: Annotated[Slug, Query(description="whose prices these are")],
    file_name: FileName,
    valid_from_on: Annotated[Day, Query(description="a date in Asia/Jakarta")],
    valid_until_on: Annotated[
        Day | None, Query(description="included; without it, until a later list takes over")
    ] = None,
    tier_mode: Annotated[
        TierMode, Query(description="whether a tier's price holds for all units or those beyond")
    ] = "all_units",
    price_list_id: Annotated[Slug | None, Query(description="the import's id without it")] = None,
) -> Done:
    """Send a supplier's price table as it is (CSV, XLSX, XLS, ODS, at most 10 MiB). It is kept
    with its hash, and stored as prices only when it is confirmed."""
    body = await _body_of(request)
    frame = _frame(request, caller, door, sha256(body).hexdigest())
    kind = await read_file(door, file_name, body)
    async with door.keeping() as db:
        kept = await views.keep_file(db, caller.network_id, MEDIA_TYPES[kind], body, frame.at)
    command = ReceivePriceFile(
        asked=frame,
        import_id=import_id,
        supplier_id=supplier_id,
        price_list_id=price_list_id or import_id,
        sha256=kept,
        file_name=file_name,
        size_bytes=len(body),
        kind=kind,
        valid_from_on=valid_from_on,
        valid_until_on=valid_until_on,
        tier_mode=tier_mode,
    )
    recorded = await door.handle(caller, imports, command)
    return done(response, recorded, f"/v1/price-imports/{import_id}")


async def _body_of(request: Request) -> bytes:
    """The bytes of a file, never more than a file may have. Raises Problem 413 and 415."""
    must_be_plain(request)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise Problem(413, "payload-too-large", "send at most 10 MiB at once")
        parts.append(part)
    return b"".join(parts)


def _frame(request: Request, caller: CallerNow, door: DoorNow, *wish: object) -> Asked:
    """The frame of a PUT under its key, or under what it wishes."""
    what = (request.method, request.url.path, request.url.query, wish[-1])
    keys = request.headers.getlist("idempotency-key")
    key = asking.key_of(keys) if keys else asking.print_of(*what, *wish).hex()
    return asking.asked(caller, key, door.clock.now(), *what)


@router.put(
    "/price-imports/{import_id}/answers",
    operation_id="answerPriceFile",
    tags=["price imports"],
)
async def answer_price_file(
    import_id: ImportId,
    body: AnswersBody,
    request: Request,
    response: Response,
    caller: OperatorNow,
    door: DoorNow,
    after: After = 0,
) -> Done:
    """Answer questions about a file; what holds for all files of the supplier is remembered."""
    seen = await preview(door, caller, import_id, after=after, answers=body.answers)
    idle = sorted(set(body.answers) - seen.preview.used)
    if idle and seen.row["state"] == "received":
        count, first = len(idle), idle[0]
        raise AnswerDoesNotFit(
            f"{count} answers fit no question of this file, {first} among them: "
            "look at its questions and their options",
            pointer="/answers",
        )
    head = await door.log(caller.network_id).head()  # an answer that returns is a new wish
    command = AnswerPriceFile(
        asked=_frame(request, caller, door, head, body.answers),
        import_id=import_id,
        answers=body.answers,
        remembered=frozenset(filter(is_remembered, body.answers)),
    )
    return done(response, await door.handle(caller, imports, command))


@router.post(
    "/price-imports/{import_id}/confirm",
    operation_id="confirmPriceFile",
    tags=["price imports"],
)
async def confirm_price_file(
    import_id: ImportId,
    body: ConfirmBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
    after: After = 0,
) -> Done:
    """Store what the preview with this digest shows: items, prices and counts, all or nothing."""
    seen = await preview(door, caller, import_id, after=after)
    command = confirmation(asked, seen, body.digest)
    recorded = await door.handle(caller, imports, command)
    return done(response, recorded, f"/v1/price-lists/{seen.row['price_list_id']}")


# -- looking -------------------------------------------------------------------------------


@router.get("/price-imports", operation_id="listPriceImports", tags=["price imports"])
async def list_price_imports(
    caller: AuditorNow,
    page: Annotated[Page, by(import_id=str)],
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> ImportList:
    """Files by import id, of one supplier or of all."""
    async with page.reading("price_imports") as db:
        rows = await views.price_imports(db, caller.network_id, supplier_id, part=page.part)
        totals = await views.import_totals(db, caller.network_id, supplier_id)
    return page.answer(ImportList, rows, show=file_fields, totals=dict(totals))


@router.get("/price-imports/{import_id}", operation_id="getPriceImport", tags=["price imports"])
async def get_price_import(
    import_id: ImportId, caller: AuditorNow, door: DoorNow, after: After = 0
) -> ImportView:
    """A file, what it would change, and how much of it is open."""
    async with door.reading(caller, after) as db:
        row = await views.price_import(db, caller.network_id, import_id)
    if row is None:
        raise NoSuchImport(f"there is no price import {import_id}")
    if row["state"] == "confirmed":
        return ImportView(**file_fields(row), preview=None)
    seen = await preview(door, caller, import_id, after=after)
    return ImportView(**file_fields(seen.row), preview=preview_view(seen))


@router.get(
    "/price-imports/{import_id}/questions",
    operation_id="listPriceImportQuestions",
    tags=["price imports"],
)
async def list_questions(
    import_id: ImportId,
    request: Request,
    response: Response,
    caller: AuditorNow,
    page: Annotated[Page, by(number=int)],
    door: DoorNow,
) -> Counted[QuestionView]:
    """The open questions of a file, those about all of it first."""
    seen = await _open_preview(door, caller, import_id, page.after)
    questions = sorted(seen.preview.questions, key=lambda each: each.row)
    language = told_in(request, response)
    return page.answer(
        Counted[QuestionView],
        page.within(questions),
        show=lambda row: question_view(row["thing"], language),
        as_of=seen.row["position"],
        stale=False,
        totals=Rows(rows=len(questions)),
    )


@router.get(
    "/price-imports/{import_id}/rows",
    operation_id="listPriceImportRows",
    tags=["price imports"],
)
async def list_rows(
    import_id: ImportId,
    request: Request,
    response: Response,
    caller: AuditorNow,
    page: Annotated[Page, by(number=int)],
    door: DoorNow,
    status: Annotated[Status | None, Query(description="only rows with this status")] = None,
) -> Counted[ImportRowView]:
    """The rows of a file as they would be stored, then the items that it no longer names."""
    seen = await _open_preview(door, caller, import_id, page.after)
    rows = [*map(row_view, seen.preview.entries), *gone_views(seen)]
    rows = [row for row in rows if status in (None, row.status)]
    language = told_in(request, response)
    return page.answer(
        Counted[ImportRowView],
        page.within(rows),
        show=lambda row: spoken(row["thing"], language),
        as_of=seen.row["position"],
        stale=False,
        totals=Rows(rows=len(rows)),
    )


async def _open_preview(door: DoorNow, caller: CallerNow, import_id: str, after: int) -> Previewed:
    """Raises NoSuchImport, and ImportIsConfirmed when there is nothing left to preview."""
    seen = await preview(door, caller, import_id, after=after)
    if seen.row["state"] == "confirmed":
        price_list_id = seen.row["price_list_id"]
        raise ImportIsConfirmed(
            f"import {import_id} became price list {price_list_id}; look at its rows"
        )
    return seen


# -- giving back ---------------------------------------------------------------------------


@router.get(
    "/price-imports/{import_id}/file",
    operation_id="getPriceFile",
    tags=["price imports"],
    response_class=Response,
    responses={200: {"content": BYTES, "description": "The file as it came."}},
)
async def get_price_file(
    import_id: ImportId, caller: AuditorNow, door: DoorNow, after: After = 0
) -> Response:
    """The original file, byte for byte."""
    async with door.reading(caller, after) as db:
        row = await views.price_import(db, caller.network_id, import_id)
        file = await views.file(db, caller.network_id, row["sha256"]) if row else None
    if row is None or file is None:
        raise NoSuchImport(f"there is no price import {import_id}")
    found = _attachment(file.body, f"{import_id}.{row['kind']}")
    found.headers["ETag"] = f'"{row["sha256"]}"'
    return found


@router.get(
    "/price-lists/{price_list_id}/export",
    operation_id="exportPriceList",
    tags=["catalog"],
    response_class=Response,
    responses={200: {"content": BYTES, "description": "The list as a table."}},
)
async def export_price_list(
    price_list_id: PriceListId,
    caller: PartnerNow,
    door: DoorNow,
    format_: Annotated[
        Literal["csv", "xlsx"], Query(alias="format", description="the kind of file")
    ] = "csv",
    after: After = 0,
) -> Response:
    """A price list as a file, which comes back as it is when it is sent as a price file."""
    async with door.reading(caller, after, seconds=LONG_SECONDS) as db:
        named = await price_list(db, caller.network_id, price_list_id)
        if named is None or not caller.supplies(named["supplier_id"]):
            raise NoSuchPriceList(f"there is no price list {price_list_id}")
        goods = await views.goods_of_list(db, caller.network_id, price_list_id)
    tiers = max((len(each.tiers) for each in goods), default=1)
    body = (writing.as_csv if format_ == "csv" else writing.as_xlsx)(goods, tiers)
    return _attachment(body, f"{price_list_id}.{format_}")


def _attachment(body: bytes, name: str) -> Response:
    """Bytes to be saved, never shown: they came from others. The name is of our own signs."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="application/octet-stream", headers=headers)
