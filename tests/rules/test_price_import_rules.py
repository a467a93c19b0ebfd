"""A supplier's file becomes a price list in one step, or nothing of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec

from given import Given, asked, given, known_to
from jaringan_usaha.eventlog.appender import MOST_BODY_BYTES, MOST_EVENTS, MOST_GUARDS
from jaringan_usaha.eventlog.memory import guards_of
from jaringan_usaha.features.catalog.domain import (
    MOST_ROWS,
    NoSuchSupplier,
    PricesOverlap,
    SupplierIsSuspended,
)
from jaringan_usaha.features.catalog.events import (
    FileAnswer,
    ItemAdded,
    NamedGoods,
    PriceFileAnswered,
    PriceFileConfirmed,
    PriceFileReceived,
    PriceListPublished,
    PriceRow,
    SupplierGoodsNamed,
    Tier,
)
from jaringan_usaha.features.catalog.imports import (
    MOST_ANSWER,
    MOST_ANSWERS_AT_ONCE,
    MOST_QUESTION,
    AnswerDoesNotFit,
    AnswerPriceFile,
    ConfirmPriceFile,
    ImportDoesNotFit,
    ImportExists,
    ImportIsConfirmed,
    NoSuchImport,
    PreviewHasChanged,
    QuestionsAreOpen,
    ReceivePriceFile,
    decide,
    imports,
    needs,
)
from jaringan_usaha.features.catalog.items import AddItem
from jaringan_usaha.features.registry.events import SupplierAdmitted, SupplierSuspended

MARCH = date(2026, 3, 1)
HASH = "ab" * 32
DIGEST = "cd" * 32
FILE = {
    "import_id": "maret",
    "supplier_id": "maju",
    "price_list_id": "maret",
    "sha256": HASH,
    "file_name": "harga.xlsx",
    "size_bytes": 7_000,
    "kind": "xlsx",
    "valid_from_on": MARCH,
    "valid_until_on": None,
    "tier_mode": "all_units",
}
RECEIVED = PriceFileReceived(**FILE)
MAJU = SupplierAdmitted(supplier_id="maju", title="CV Maju Jaya")
BERAS = ItemAdded(item_id="beras", title="Beras", base_unit="H87", case_size=1)
GULA = {"item_id": "gula", "title": "Gula", "base_unit": "H87", "case_size": 1, "gtin": ""}
TIERS = (Tier(from_quantity=1, idr=17_250, per=1),)
ROWS = (PriceRow(item_id="beras", tiers=TIERS), PriceRow(item_id="gula", tiers=TIERS))
COUNTS = {
    "new": 2,
    "changed": 0,
    "unchanged": 0,
    "gone": 0,
    "left_out": 1,
    "ticked": 0,
    "items_added": 1,
}


def receive(**other: Any) -> ReceivePriceFile:
    return ReceivePriceFile(asked=asked(), **{**FILE, **other})


def answer(answers: Mapping[str, str], *remembered: str) -> AnswerPriceFile:
    return AnswerPriceFile(
        asked=asked(), import_id="maret", answers=answers, remembered=frozenset(remembered)
    )


def confirm(**other: Any) -> ConfirmPriceFile:
    return ConfirmPriceFile(
        asked=asked(),
        **{
            "import_id": "maret",
            "seen_digest": DIGEST,
            "digest": DIGEST,
            "version": 1,
            "open_questions": (),
            "supplier_id": "maju",
            "price_list_id": "maret",
            "valid_from_on": MARCH,
            "valid_until_on": None,
            "tier_mode": "all_units",
            "source": HASH,
            "rows": ROWS,
            "compared_with": ("", ""),
            "items": (AddItem(asked=asked(), **GULA),),
            "goods": (NamedGoods(item_id="gula", title="Gula", code="A2"),),
            "counts": COUNTS,
            **other,
        },
    )


def start() -> Given:
    return given(imports).events(MAJU, BERAS)


CONFIRMED = PriceFileConfirmed(
    import_id="maret",
    supplier_id="maju",
    price_list_id="maret",
    sha256=HASH,
    digest=DIGEST,
    **COUNTS,
)


def published(price_list_id: str, from_on: date, until_on: date | None) -> PriceListPublished:
    return PriceListPublished(
        price_list_id=price_list_id,
        supplier_id="maju",
        part=1,
        valid_from_on=from_on,
        valid_until_on=until_on,
        tier_mode="all_units",
        rows=ROWS[:1],
    )


def test_a_file_is_received_once() -> None:
    start().when(receive()).then(RECEIVED)
    start().events(RECEIVED).when(receive()).then_nothing()
    start().events(RECEIVED).when(receive(sha256="00" * 32)).then_refused(ImportExists)


def test_files_come_from_suppliers_who_may_sell() -> None:
    given(imports).when(receive()).then_refused(NoSuchSupplier)
    gone = SupplierSuspended(supplier_id="maju", reason="late")
    start().events(gone).when(receive()).then_refused(SupplierIsSuspended)


def test_prices_do_not_end_before_they_start() -> None:
    start().when(receive(valid_until_on=date(2026, 2, 28))).then_refused(ImportDoesNotFit)


def test_answers_are_kept_and_those_that_hold_for_all_files_are_marked() -> None:
    told = start().events(RECEIVED)
    told.when(answer({"price:R6": "5", "basis": "unit"}, "basis")).then(
        PriceFileAnswered(
            import_id="maret",
            supplier_id="maju",
            answers=(
                FileAnswer(question="basis", answer="unit", remembered=True),
                FileAnswer(question="price:R6", answer="5"),
            ),
        )
    )


def test_only_what_is_new_is_answered() -> None:
    said = PriceFileAnswered(
        import_id="maret",
        supplier_id="maju",
        answers=(FileAnswer(question="basis", answer="unit"),),
    )
    told = start().events(RECEIVED, said)
    told.when(answer({"basis": "unit"})).then_nothing()
    told.when(answer({"basis": "case"})).then_recorded()
    told.events(CONFIRMED).when(answer({"basis": "unit"})).then_nothing()
    told.events(CONFIRMED).when(answer({"basis": "case"})).then_refused(ImportIsConfirmed)
    start().when(answer({"basis": "unit"})).then_refused(NoSuchImport)


def test_answers_are_bounded_and_fit_into_facts() -> None:
    widest = {f"{n:04}" + "米" * (MOST_QUESTION - 4): "米" * MOST_ANSWER for n in range(1_000)}
    assert len(widest) == MOST_ANSWERS_AT_ONCE
    events = start().events(RECEIVED).when(answer(widest, *widest)).then_recorded()
    assert sum(len(event.answers) for event in events if isinstance(event, PriceFileAnswered)) == (
        MOST_ANSWERS_AT_ONCE
    )
    assert all(len(msgspec.json.encode(event)) < MOST_BODY_BYTES for event in events)
    more = {**widest, "one": "more"}
    start().events(RECEIVED).when(answer(more)).then_refused(AnswerDoesNotFit)


def test_items_prices_names_and_counts_are_stored_in_one_step() -> None:
    start().events(RECEIVED).when(confirm()).then(
        ItemAdded(item_id="gula", title="Gula", base_unit="H87", case_size=1),
        PriceListPublished(
            price_list_id="maret",
            supplier_id="maju",
            part=1,
            valid_from_on=MARCH,
            valid_until_on=None,
            tier_mode="all_units",
            rows=ROWS,
            source=HASH,
        ),
        SupplierGoodsNamed(
            import_id="maret",
            supplier_id="maju",
            part=1,
            goods=(NamedGoods(item_id="gula", title="Gula", code="A2"),),
        ),
        CONFIRMED,
    )


def test_an_open_question_stands_before_everything() -> None:
    told = start().events(RECEIVED)
    told.when(confirm(open_questions=("price:R6", "basis"))).then_refused(
        QuestionsAreOpen, open_questions=2
    )


def test_only_the_preview_that_was_seen_is_stored() -> None:
    told = start().events(RECEIVED)
    told.when(confirm(seen_digest="00" * 32)).then_refused(PreviewHasChanged)
    told.when(confirm(version=2)).then_refused(PreviewHasChanged)
    start().when(confirm()).then_refused(NoSuchImport)


def test_a_price_list_of_meanwhile_is_found_out() -> None:
    """The preview compared beras with nothing, but now there is a price in force."""
    told = start().events(RECEIVED, published("jan", date(2026, 1, 1), None))
    told.when(confirm()).then_refused(PreviewHasChanged)
    told.when(confirm(compared_with=("jan", ""))).then_recorded()


def test_what_is_no_longer_offered_ends_with_the_list() -> None:
    had = replace_rows(published("jan", date(2026, 1, 1), None), "teh")
    told = start().events(RECEIVED, had)
    events = told.when(confirm(ended={"teh": "jan"})).then_recorded()
    parts = [event for event in events if isinstance(event, PriceListPublished)]
    assert [(each.part, each.rows, each.ended) for each in parts] == [
        (1, ROWS, ()),
        (2, (), ("teh",)),
    ]
    told.events(*events).when(confirm(ended={"teh": "jan"})).then_nothing()


def test_another_end_of_meanwhile_is_found_out() -> None:
    had = replace_rows(published("jan", date(2026, 1, 1), None), "teh")
    end = msgspec.structs.replace(published("feb", date(2026, 2, 1), None), rows=(), ended=("teh",))
    told = start().events(RECEIVED, had, end)
    told.when(confirm(ended={"teh": "jan"})).then_refused(PreviewHasChanged)


def replace_rows(event: PriceListPublished, item_id: str) -> PriceListPublished:
    rows = (PriceRow(item_id=item_id, tiers=TIERS),)
    return msgspec.structs.replace(event, rows=rows)


def test_an_item_of_meanwhile_is_found_out() -> None:
    other = ItemAdded(item_id="gula", title="Gula aren", base_unit="KGM", case_size=1)
    start().events(RECEIVED, other).when(confirm()).then_refused(PreviewHasChanged)


def test_prices_on_days_that_have_some_are_refused() -> None:
    told = start().events(RECEIVED, published("maret-1", MARCH, None))
    told.when(confirm(compared_with=("maret-1", ""))).then_refused(
        PricesOverlap, price_list_id="maret-1"
    )


def test_a_confirmed_file_is_confirmed_for_good() -> None:
    told = start().events(RECEIVED, CONFIRMED)
    told.when(confirm()).then_nothing()
    told.when(confirm(digest="00" * 32)).then_nothing()  # what it would be now does not matter
    told.when(confirm(seen_digest="00" * 32)).then_refused(ImportIsConfirmed)


def test_the_list_in_force_is_the_one_that_starts_last() -> None:
    told = [
        published("jan", date(2026, 1, 1), None),
        published("feb", date(2026, 2, 1), date(2026, 2, 28)),
    ]
    about = next(each for each in needs(confirm()) if each.topic.name == "catalog.offer")
    offer = about.topic.initial(about.value)
    for event in told:
        offer = about.topic.evolve(offer, event)
    days = {date(2025, 12, 31): "", date(2026, 1, 31): "jan", date(2026, 2, 28): "feb"}
    assert {day: offer.on(day) for day in [*days, MARCH]} == {**days, MARCH: "jan"}
    assert replace(offer, validities=()) == about.topic.initial(about.value)


def test_the_largest_list_of_new_goods_fits_into_one_append() -> None:
    title = "米" * 120
    ids = [f"item-{number:059}" for number in range(MOST_ROWS)]
    command = confirm(
        rows=tuple(PriceRow(item_id=id, tiers=TIERS) for id in ids),
        compared_with=("",) * MOST_ROWS,
        items=tuple(
            AddItem(asked=asked(), **{**GULA, "item_id": id, "title": title}) for id in ids
        ),
        goods=tuple(NamedGoods(item_id=id, title=title, code="米" * 64) for id in ids),
    )
    known = known_to(imports, command, [MAJU, RECEIVED])
    events = decide(command, known)
    assert len(events) <= MOST_EVENTS
    assert sum(isinstance(event, ItemAdded) for event in events) == MOST_ROWS == 5_000
    assert all(len(msgspec.json.encode(event)) < MOST_BODY_BYTES for event in events)
    abouts = dict.fromkeys(each.plain() for each in needs(command))
    assert sum(len(guards_of(about, 0, 0)) for about in abouts) <= MOST_GUARDS
