"""The rules by which a supplier's file becomes a price list: received, answered, confirmed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, assert_never

from jaringan_usaha.features.catalog import domain
from jaringan_usaha.features.catalog.domain import (
    KNOWN_ITEM,
    PRICE_LIST,
    SELLER,
    NoSuchSupplier,
    PublishPriceList,
    SupplierIsSuspended,
    TierMode,
)
from jaringan_usaha.features.catalog.events import (
    FileAnswer,
    NamedGoods,
    PriceFileAnswered,
    PriceFileConfirmed,
    PriceFileReceived,
    PriceRow,
    SupplierGoodsNamed,
    offer_id,
)
from jaringan_usaha.features.catalog.items import ITEM, AddItem, add_item
from jaringan_usaha.features.catalog.offers import OFFER
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused

MOST_ANSWERS = 10_000  # to one file
MOST_ANSWERS_AT_ONCE = 1_000
MOST_QUESTION = 200  # signs of its id
MOST_ANSWER = 120  # signs
ANSWERS_A_PART = 40
GOODS_A_PART = 90
"""Parts stay below 64 KiB whatever the letters."""

# -- commands ------------------------------------------------------------------------------


class ReceivePriceFile(Command):
    """Take up a file whose bytes are kept already. See PriceFileReceived."""

    import_id: str
    supplier_id: str
    price_list_id: str
    sha256: str
    file_name: str
    size_bytes: int
    kind: str
    valid_from_on: date
    valid_until_on: date | None
    tier_mode: TierMode


class AnswerPriceFile(Command):
    """Answer questions about a file; `remembered` are those that hold for the next file too."""

    import_id: str
    answers: Mapping[str, str]
    remembered: frozenset[str]


class ConfirmPriceFile(Command):
    """Publish what the preview with this digest showed.

    `seen_digest` is what people saw, `digest` what the file, the answers up to `version` and the
    catalogue make now, `open_questions` what stands before it. `compared_with` names for each
    row the list whose price it was compared with, or nothing; `ended` by item the list whose
    price ends.
    """

    import_id: str
    seen_digest: str
    digest: str
    version: int
    open_questions: tuple[str, ...]
    supplier_id: str
    price_list_id: str
    valid_from_on: date
    valid_until_on: date | None
    tier_mode: TierMode
    source: str
    rows: tuple[PriceRow, ...]
    compared_with: tuple[str, ...]
    items: tuple[AddItem, ...]
    goods: tuple[NamedGoods, ...]
    counts: Mapping[str, int]
    ended: Mapping[str, str] = {}


ImportCommand = ReceivePriceFile | AnswerPriceFile | ConfirmPriceFile

# -- rejections ----------------------------------------------------------------------------


class NoSuchImport(Missing):
    code = "price-import-unknown"


class ImportExists(Refused):
    code = "price-import-exists"


class ImportIsConfirmed(Refused):
    code = "price-import-confirmed"


class ImportDoesNotFit(Invalid):
    code = "price-import-invalid"


class AnswerDoesNotFit(Invalid):
    code = "price-import-answer-invalid"


class QuestionsAreOpen(Refused):
    code = "price-import-questions-open"


class PreviewHasChanged(Refused):
    """What was seen is not what would be stored."""

    code = "price-import-preview-changed"


class FileIsRefused(Invalid):
    """The file is not read; its kinds say why."""

    code = "price-file-refused"


class FileIsEmpty(FileIsRefused):
    code = "price-file-empty"


class FileIsTooLarge(FileIsRefused):
    code = "price-file-too-large"


class FileIsOfAnotherKind(FileIsRefused):
    code = "price-file-kind"


class FileIsBroken(FileIsRefused):
    code = "price-file-broken"


class FileIsLocked(FileIsRefused):
    code = "price-file-locked"


class FileHoldsFormulas(FileIsRefused):
    code = "price-file-formulas"


class FileIsUnsafe(FileIsRefused):
    code = "price-file-unsafe"


REFUSALS = {kind.code: kind for kind in FileIsRefused.__subclasses__()}


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Import:
    """One file on its way; `answers` counts what was answered so far."""

    import_id: str
    received: PriceFileReceived | None = None
    answers: Mapping[str, str] | None = None
    digest: str = ""


def evolve_import(
    state: Import, event: PriceFileReceived | PriceFileAnswered | PriceFileConfirmed
) -> Import:
    match event:
        case PriceFileReceived():
            return replace(state, received=event)
        case PriceFileAnswered():
            new = {each.question: each.answer for each in event.answers}
            return replace(state, answers={**(state.answers or {}), **new})
        case PriceFileConfirmed():
            return replace(state, digest=event.digest)
    assert_never(event)


IMPORT = Topic(
    "catalog.price_import",
    "import",
    (PriceFileReceived, PriceFileAnswered, PriceFileConfirmed),
    Import,
    evolve_import,
    stream=True,
)

# -- needs ---------------------------------------------------------------------------------


def needs(command: ImportCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    match command:
        case ReceivePriceFile():
            return [IMPORT.about(command.import_id, new=True), SELLER.about(command.supplier_id)]
        case AnswerPriceFile():
            return [IMPORT.about(command.import_id)]
        case ConfirmPriceFile():
            if command.open_questions or command.seen_digest != command.digest:
                return [IMPORT.about(command.import_id)]  # it is refused anyway
            return [
                IMPORT.about(command.import_id),
                *(ITEM.about(item.item_id, new=True) for item in command.items),
                *domain.needs(_publication(command)),
            ]
    assert_never(command)


def _publication(command: ConfirmPriceFile) -> PublishPriceList:
    return PublishPriceList(
        asked=command.asked,
        price_list_id=command.price_list_id,
        supplier_id=command.supplier_id,
        valid_from_on=command.valid_from_on,
        valid_until_on=command.valid_until_on,
        tier_mode=command.tier_mode,
        rows=command.rows,
        source=command.source,
        ended=tuple(command.ended),
    )


# -- decide --------------------------------------------------------------------------------


def decide(command: ImportCommand, known: Known) -> Sequence[Event]:
    match command:
        case ReceivePriceFile():
            return receive(command, known)
        case AnswerPriceFile():
            return answer(command, known)
        case ConfirmPriceFile():
            return confirm(command, known)
    assert_never(command)


def receive(command: ReceivePriceFile, known: Known) -> Sequence[Event]:
    """Raises ImportDoesNotFit, ImportExists, NoSuchSupplier, SupplierIsSuspended."""
    until_on = command.valid_until_on
    if until_on is not None and until_on < command.valid_from_on:
        raise ImportDoesNotFit("a price list cannot end before it starts")
    received = PriceFileReceived(
        import_id=command.import_id,
        supplier_id=command.supplier_id,
        price_list_id=command.price_list_id,
        sha256=command.sha256,
        file_name=command.file_name,
        size_bytes=command.size_bytes,
        kind=command.kind,
        valid_from_on=command.valid_from_on,
        valid_until_on=until_on,
        tier_mode=command.tier_mode,
    )
    before = known[IMPORT.about(command.import_id)].received
    if before == received:
        return []
    if before is not None:
        raise ImportExists(
            f"import {command.import_id} is of another file or for other days; use another id"
        )
    seller = known[SELLER.about(command.supplier_id)]
    if not seller.admitted:
        raise NoSuchSupplier(f"supplier {command.supplier_id} is not admitted to this network")
    if seller.suspended:
        raise SupplierIsSuspended(f"supplier {command.supplier_id} is suspended")
    return [received]


def answer(command: AnswerPriceFile, known: Known) -> Sequence[Event]:
    """Raises NoSuchImport, ImportIsConfirmed, AnswerDoesNotFit. Nothing new is no event."""
    state = known[IMPORT.about(command.import_id)]
    if state.received is None:
        raise NoSuchImport(f"there is no price import {command.import_id}")
    before = state.answers or {}
    new = {key: value for key, value in command.answers.items() if before.get(key) != value}
    if not new:
        return []
    if state.digest:
        raise ImportIsConfirmed(f"import {command.import_id} became a price list already")
    if len(new) > MOST_ANSWERS_AT_ONCE or len({**before, **new}) > MOST_ANSWERS:
        raise AnswerDoesNotFit(
            f"answer at most {MOST_ANSWERS_AT_ONCE} questions at once and {MOST_ANSWERS} in all"
        )
    answers = [
        FileAnswer(question=each, answer=new[each], remembered=each in command.remembered)
        for each in sorted(new)
    ]
    return [
        PriceFileAnswered(
            import_id=command.import_id,
            supplier_id=state.received.supplier_id,
            answers=tuple(answers[start : start + ANSWERS_A_PART]),
        )
        for start in range(0, len(answers), ANSWERS_A_PART)
    ]


def confirm(command: ConfirmPriceFile, known: Known) -> Sequence[Event]:
    """Items, price list, names and the confirmation, or nothing of it.

    Raises NoSuchImport, ImportIsConfirmed, QuestionsAreOpen, PreviewHasChanged, and what
    publishing the list raises.
    """
    about = IMPORT.about(command.import_id)
    state = known[about]
    if state.received is None:
        raise NoSuchImport(f"there is no price import {command.import_id}")
    if state.digest:
        if state.digest == command.seen_digest:
            return []
        raise ImportIsConfirmed(f"import {command.import_id} became a price list already")
    if command.open_questions:
        count, first = len(command.open_questions), command.open_questions[0]
        raise QuestionsAreOpen(
            f"{count} questions about this file are open; answer them first, {first} among them",
            open_questions=count,
        )
    if command.seen_digest != command.digest or known.version(about) != command.version:
        raise _changed()
    _check_comparison(command, known)
    added = frozenset(item.item_id for item in command.items)
    for item in command.items:
        if known[ITEM.about(item.item_id)].addition is not None:
            raise _changed()
    items = [event for item in command.items for event in add_item(item, known)]
    published = domain.publish_price_list(_publication(command), known, added=added)
    if not published:
        raise _changed()
    return [*items, *published, *_named(command), _confirmation(command)]


def _check_comparison(command: ConfirmPriceFile, known: Known) -> None:
    """The counts that people saw are true of the log: each row was compared with the price that
    is in force when the list starts, and so was each that ends. Raises PreviewHasChanged."""
    rows = zip((row.item_id for row in command.rows), command.compared_with, strict=True)
    for item_id, compared_with in (*rows, *command.ended.items()):
        offer = known[OFFER.about(offer_id(command.supplier_id, item_id))]
        if offer.on(command.valid_from_on) != compared_with:
            raise _changed()


def _changed() -> PreviewHasChanged:
    return PreviewHasChanged(
        "the preview is not the one you saw: goods, prices or answers changed; look at it again"
    )


def _named(command: ConfirmPriceFile) -> Iterator[SupplierGoodsNamed]:
    for part, start in enumerate(range(0, len(command.goods), GOODS_A_PART), start=1):
        yield SupplierGoodsNamed(
            import_id=command.import_id,
            supplier_id=command.supplier_id,
            part=part,
            goods=command.goods[start : start + GOODS_A_PART],
        )


def _confirmation(command: ConfirmPriceFile) -> PriceFileConfirmed:
    return PriceFileConfirmed(
        import_id=command.import_id,
        supplier_id=command.supplier_id,
        price_list_id=command.price_list_id,
        sha256=command.source,
        digest=command.digest,
        **command.counts,
    )


imports = Decider(needs, decide, (IMPORT, ITEM, KNOWN_ITEM, SELLER, PRICE_LIST, OFFER))
