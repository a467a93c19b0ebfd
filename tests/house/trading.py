"""A day of trade in which everything that can be recorded is recorded at least once."""

from datetime import date, timedelta
from typing import Any

from facts import record
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderSent,
    CycleOpened,
    Entitlement,
    EntitlementsGranted,
    ItemEntitlements,
)
from jaringan_usaha.features.fulfilment.events import (
    DeliveryShared,
    Given,
    GoodsReceived,
    ItemGiven,
    ReceivedLine,
)
from jaringan_usaha.kernel.sharing import ALGORITHM
from market import OIL_TIERS, Market, oil, price_list, rice
from neighbours import happened
from service import NETWORK


async def trade(market: Market) -> None:
    """Everything that can happen, at least once."""
    await market.stock()
    melati, mawar = await market.koperasi("melati"), await market.koperasi("mawar")
    post = market.operator.post
    answers = [
        await post("/v1/koperasi/mawar/suspend", reason="no annual meeting"),
        await post("/v1/koperasi/mawar/reinstate", reason="it was held"),
        await post("/v1/suppliers/bulog/suspend", reason="late"),
        await post("/v1/suppliers/bulog/reinstate", reason="on time"),
        await market.operator.put(
            "/v1/rules/shares/2018-01-01",
            values={"minimum_idr": 100_000_000, "target_idr": 5_000_000_000},
            source="RAT 2018",
        ),
        await melati.post("/v1/koperasi/melati/shares/pledges", amount_idr=100_000_000),
        await post(
            "/v1/koperasi/melati/shares/payments",
            amount_idr=1_000_000,
            paid_on="2026-01-15",
            reference="BCA 17",
        ),
    ]
    for cycle_id in ("listed", "given-up"):
        await market.open_cycle(cycle_id)
    await market.open_cycle("stated", prices="stated")
    first, second = new_id(), new_id()
    stated = {**rice(3), "amount_idr": 37_000, "discounts": [{"kind": "coupon", "idr": 500}]}
    answers += [
        await market.place(melati, {"cycle_id": "listed", "lines": [oil(40)]}, first),
        await market.place(
            melati, {"cycle_id": "listed", "lines": [oil(50), rice(1)]}, first, if_match='"v1"'
        ),
        await market.place(mawar, {"cycle_id": "listed", "lines": [rice(5)]}, second),
        await mawar.post(f"/v1/orders/{second}/cancel", cycle_id="listed", reason="too much"),
        await market.place(
            mawar,
            {"cycle_id": "stated", "lines": [stated], "client_at": "2026-01-15T12:00:00+07:00"},
        ),
        await post("/v1/cycles/given-up/cancel", reason="no truck"),
        await post("/v1/cycles/stated/close", early=True, reason="the truck leaves"),
    ]
    assert [each.text for each in answers if not each.is_success] == []
    await market.settle()
    for trade_in in ROOMS:
        await trade_in(market)
        await market.settle()


async def _trade_registry(market: Market) -> None:
    done = await market.operator.put(
        "/v1/koperasi/melati/classification/2026-01-01",
        vat_registered=True,
        price_zone=1,
        tax_id="0013000666091000",
    )
    accounts, other = "/v1/suppliers/bulog/accounts", await market.another_operator()
    told = {"bank_code": "002", "holder": "Perum Bulog"}
    answers = [
        done,
        await market.operator.post(accounts, **told, account_no="000111222333"),
        await other.post(f"{accounts}/1/confirm"),
        await market.operator.post(accounts, **told, account_no="000999888777"),
        await market.operator.post(f"{accounts}/2/withdraw", reason="a forged letter"),
    ]
    assert [each.text for each in answers if not each.is_success] == []


async def _trade_contacts(market: Market) -> None:
    """A person is recorded, corrected, takes their consent back, and is erased by two."""
    melati, path = await market.koperasi("melati"), f"/v1/contacts/{new_id()}"
    person = {"roles": ["ketua"], "name": "Siti", "phone": "08123456789"}
    headers = {"authorization": f"Bearer {melati.key}", "idempotency-key": "contact-of-melati"}
    answers = [
        await market.client.put(
            path, json={**person, "consented_on": "2026-01-10"}, headers=headers
        ),
        await melati.post(f"{path}/correct", roles=["kasir"], name="Siti Aminah"),
        await melati.post(f"{path}/withdraw-consent"),
        await melati.post(f"{path}/ask-erasure"),
        await market.operator.post(f"{path}/erase"),
    ]
    assert [each.text for each in answers if not each.is_success] == []


async def _trade_catalog(market: Market) -> None:
    done = await market.operator.put(
        "/v1/items/rice/description", tax_class="exempt", commodity="Beras Medium", weight_g=1_000
    )
    assert done.is_success, done.text


async def _trade_files(market: Market) -> None:
    """A supplier's table comes as a file, is asked about, and becomes a price list."""
    import_ = "/v1/price-imports/file-1"
    sent = await market.client.put(
        import_,
        content=b"Kode;Nama;Isi;Harga\nA1;Kopi 200 g;12;17.250\nA2;Teh;12;TBA\n",
        params={
            "supplier_id": "bulog",
            "file_name": "harga.csv",
            "valid_from_on": "2027-01-01",
            "valid_until_on": "2027-12-31",
        },
        headers={"authorization": f"Bearer {market.operator.key}"},
    )
    await market.settle()
    said = {"basis": "case", "price:R3": "9000"}
    answered = await market.operator.put(f"{import_}/answers", answers=said)
    seen = (await market.operator.get(import_)).json()["preview"]
    confirmed = await market.operator.post(f"{import_}/confirm", digest=seen["digest"])
    answers = [sent, answered, confirmed]
    assert [each.text for each in answers if not each.is_success] == []


async def _trade_sourcing(market: Market) -> None:
    """Prices must be shown before anybody is chosen."""
    done = await market.operator.put(
        "/v1/choices/beras-januari",
        item_id="rice",
        quantity=900,
        priced_on="2026-01-15",
        supplier_id="bulog",
    )
    assert done.is_success, done.text


async def _trade_consolidating(market: Market) -> None:
    """Orders below a supplier's minimum: one cycle is kept open, in another the operator is
    asked and orders all the same."""
    body = {**price_list("bulog", "oil", OIL_TIERS), "minimum_idr": 50_000_000}
    melati = await market.koperasi("melati")
    line = {**oil(40), "supplier_id": "bulog"}
    answers = [await market.operator.put("/v1/price-lists/oil-minimum", **body)]
    for cycle_id, terms in (
        ("asking", {"minimum": "ask"}),
        ("kept", {"minimum": "keep_open", "keep_days": 30, "keep_times": 1}),
    ):
        await market.open_cycle(cycle_id, **terms)
        answers.append(await market.place(melati, {"cycle_id": cycle_id, "lines": [line]}))
    await market.settle()
    path = "/v1/cycles/asking/suppliers/bulog/minimum"
    answers.append(await market.operator.post(path, decision="order", reason="by telephone"))
    assert [each.text for each in answers if not each.is_success] == []
    await market.settle()


async def _trade_ordering(market: Market) -> None:
    """A drafted cycle whose orders fill cases; orders that are sent, answered and withdrawn
    after all; and a cycle that is reopened."""
    melati, mawar = await market.koperasi("melati"), await market.koperasi("mawar")
    put, post = market.operator.client.put, market.operator.post
    now = market.door.clock.now()
    drafted = market.cycle(
        closes_at=(now + timedelta(days=30)).isoformat(),
        fill_from_at=(now + timedelta(hours=1)).isoformat(),
    )
    headers = {
        "authorization": f"Bearer {market.operator.key}",
        "idempotency-key": "draft-of-the-filled-cycle",
    }
    order_id = new_id()
    answers = [
        await put("/v1/cycles/filled/draft", json=drafted, headers=headers),
        await post("/v1/cycles/filled/open"),
        await market.place(melati, {"cycle_id": "filled", "lines": [oil(4)]}, order_id),
    ]
    await market.settle()
    more = {"cycle_id": "filled", "lines": [{**oil(4), "tolerance": 2}]}
    answers.append(await market.place(melati, more, order_id, if_match='"v1"'))
    orders = {"amended": new_id(), "reopened": new_id()}
    for cycle_id, withdrawn in orders.items():
        await market.open_cycle(cycle_id, closes_at=(now + timedelta(days=30)).isoformat())
        body = {"cycle_id": cycle_id, "lines": [oil(10)]}
        answers.append(await market.place(mawar, body, withdrawn))
        body = {"cycle_id": cycle_id, "lines": [oil(95)]}
        answers.append(await market.place(melati, body))
        answers.append(
            await post(f"/v1/cycles/{cycle_id}/close", early=True, reason="the truck leaves")
        )
    await market.settle()
    consolidated = "/v1/consolidated-orders/amended/indofood"
    answers += await _send_by_two(market, consolidated)
    await market.settle()
    line = {"item_id": "oil", "cases": 100, "reason": "out of stock"}
    answers.append(await post(f"{consolidated}/acknowledge", revision=1, lines=[line]))
    await market.settle()
    answers.append(
        await post(
            f"/v1/orders/{orders['amended']}/cancel",
            cycle_id="amended",
            koperasi_id="mawar",
            reason="no money",
            supplier_agrees=True,
            charge_idr=570_000,
        )
    )
    await market.settle()
    closes_at = (now + timedelta(days=31)).isoformat()
    answers.append(
        await post("/v1/cycles/reopened/reopen", closes_at=closes_at, reason="truck was late")
    )
    assert [each.text for each in answers if not each.is_success] == []
    await market.settle()


async def _send_by_two(market: Market, order: str) -> list[Any]:
    """Above the limit one person proposes, thinks again, proposes, and another one approves."""
    operator, other = market.operator, await market.another_operator()
    return [
        await operator.put(
            "/v1/rules/two-persons/2026-01-01", values={"order_idr": 1_000_000}, source="RAT 2025"
        ),
        await operator.post(f"{order}/send", reference="PO 16"),
        await operator.post(f"{order}/withdraw-proposal", reason="a wrong number"),
        await operator.post(f"{order}/send", reference="PO 17"),
        await other.post(f"{order}/approve"),
    ]


async def _trade_prices(market: Market) -> None:
    price = {"commodity": "Beras Medium", "unit": "Rp/kg", "day_on": "2026-01-15", "idr": 13_250}
    done = await market.operator.put(
        "/v1/market-prices/january", region_code="32.16", source="dinas perdagangan", rows=[price]
    )
    assert done.is_success, done.text


async def _trade_fulfilment(market: Market) -> None:
    """Of ten cartons that are with the supplier, twelve arrive; nobody expected two of them."""
    await market.open_cycle("delivered")
    order = {
        "consolidated_order_id": "delivered|indofood",
        "cycle_id": "delivered",
        "supplier_id": "indofood",
    }
    line = ConsolidatedLine(
        item_id="oil", quantity=10, order_lines=1, amount_idr=10, alone_idr=12, cases=10, firm=10
    )
    entitled = ItemEntitlements(item_id="oil", rows=(Entitlement("melati", 10, 0, 0, 1, 10, 12),))
    await record(
        market.door.log(NETWORK),
        ConsolidatedOrderPlaced(**order, part=1, lines=(line,)),
        EntitlementsGranted(
            **order, part=1, sharing="pro_rata", algorithm=ALGORITHM, items=(entitled,)
        ),
        ConsolidatedOrderSent(**order, revision=1),
    )
    put, post = market.operator.put, market.operator.post
    of_order = {"cycle_id": "delivered", "supplier_id": "indofood"}
    counted = {"item_id": "oil", "accepted": 12, "rejected": 1, "reason": "dented"}
    answers = [
        await put(
            "/v1/receipts/sj-17",
            **of_order,
            received_on="2026-01-15",
            reference="SJ 17",
            lines=[counted],
        )
    ]
    await market.settle()
    one_more = {**counted, "accepted": 13}
    answers += [
        await put(
            f"/v1/receipts/sj-17/corrections/{number}", **of_order, reason="a slip", lines=[line_]
        )
        for number, line_ in enumerate((one_more, counted), start=1)
    ]
    await market.settle()
    surplus = {**of_order, "item_id": "oil", "units": 1, "reason": "not ordered"}
    path = "/v1/receipts/sj-17/surplus"
    answers += [
        await post(path, **surplus, decision="return"),
        await post(path, **surplus, decision="offer", koperasi_id="mawar"),
        await post("/v1/consolidated-orders/delivered/indofood/end-delivery", reason="all came"),
    ]
    assert [each.text for each in answers if not each.is_success] == []


async def _trade_invoicing(market: Market) -> None:
    """Billed for too much, and too dear; costed, brought by truck, paid, and rebated."""
    order = {"consolidated_order_id": "billed|bulog", "cycle_id": "billed", "supplier_id": "bulog"}
    day, now = date(2026, 1, 15), market.door.clock.now()
    goods = {"order_lines": 1, "amount_idr": 1_300_000, "alone_idr": 1_400_000}
    given = Given("melati", 100, 0, 100, 1_300_000, 1_400_000)
    await happened(
        market.door,
        CycleOpened(
            cycle_id="billed",
            title="Belanja bareng",
            opens_at=now,
            closes_at=now,
            prices="listed",
            priced_on=day,
        ),
        ConsolidatedOrderPlaced(
            **order, part=1, lines=(ConsolidatedLine(item_id="rice", quantity=100, **goods),)
        ),
        GoodsReceived(
            **order,
            receipt_id="truck-9",
            received_on=day,
            reference="SJ 9",
            lines=(ReceivedLine(item_id="rice", accepted=100),),
        ),
        DeliveryShared(
            **order,
            receipt_id="truck-9",
            part=1,
            sharing="pro_rata",
            algorithm="largest-remainder.1",
            items=(ItemGiven(item_id="rice", accepted=100, surplus=0, rows=(given,)),),
        ),
    )
    put, invoice = market.operator.put, {"cycle_id": "billed", "supplier_id": "bulog"}

    def rice_line(quantity: int, goods_idr: int) -> list[dict[str, Any]]:
        return [{"item_id": "rice", "quantity": quantity, "goods_idr": goods_idr, "ppn_idr": 0}]

    policy = {"rate_bp": 0, "base_numerator": 11, "base_denominator": 12, "half_up": 1}
    answers = [
        await put(
            "/v1/rules/ppn/2025-01-01", values={**policy, "rounded_base": 0}, source="PMK 131"
        ),
        await put(
            "/v1/rules/rebate.bulog/2025-01-01",
            values={"rate_bp": 100, "consortium_parts": 1, "koperasi_parts": 1},
            source="contract",
        ),
        await put(
            "/v1/supplier-invoices/dear",
            **invoice,
            invoice_no="BLG 1",
            invoiced_on="2026-01-16",
            lines=rice_line(50, 660_000),
        ),
        await put(
            "/v1/supplier-invoices/wrong",
            **invoice,
            invoice_no="BLG 3",
            invoiced_on="2026-01-16",
            lines=rice_line(1, 1),
        ),
        await market.operator.post("/v1/supplier-invoices/wrong/refuse", reason="a wrong price"),
        await put(
            "/v1/supplier-invoices/over",
            **invoice,
            invoice_no="BLG 2",
            invoiced_on="2026-01-16",
            lines=rice_line(59, 767_000),
        ),
        await market.operator.post("/v1/supplier-invoices/dear/release", reason="agreed by phone"),
        await put(
            "/v1/invoice-payments/bca-31",
            invoice_id="over",
            amount_idr=650_000,
            paid_on="2026-01-31",
            reference="BCA 31",
        ),
        await put(
            "/v1/rebates/bca-44",
            **invoice,
            amount_idr=13_100,
            received_on="2026-02-28",
            reference="BCA 44",
        ),
        await put(
            "/v1/charges/truck-9",
            cycle_id="billed",
            payee="Truk",
            kind="freight",
            key="manual",
            manual={"rice": 1},
            amount_idr=50_000,
            billed_on="2026-01-16",
            reference="TRK 9",
        ),
    ]
    assert [each.text for each in answers if not each.is_success] == []
    await market.settle()


async def _trade_sales(market: Market) -> None:
    """A sale above the ceiling price, told after the fact, and a part of it brought back."""
    zones = {"zone_1_idr": 13_500, "zone_2_idr": 14_000, "zone_3_idr": 15_500, "per": 1}
    put = market.operator.put
    done = [await put("/v1/rules/het.rice/2025-08-22", values=zones, source="Bapanas 299/2025")]
    for quantity, reported in ((5, True), (-1, False)):
        line = {"item_id": "rice", "quantity": quantity, "amount_idr": quantity * 14_000}
        done.append(
            await put(
                f"/v1/sales/{new_id()}",
                koperasi_id="melati",
                sold_on="2026-01-15",
                customer="anggota-17",
                reported=reported,
                lines=[line],
            )
        )
    assert [each.text for each in done if not each.is_success] == []


async def _trade_margin(market: Market) -> None:
    """A month is closed, and its balances are carried on."""
    closed = await market.operator.post("/v1/months/2026-01/close")
    assert closed.is_success, closed.text
    await market.settle()


ROOMS = (
    _trade_registry,
    _trade_contacts,
    _trade_catalog,
    _trade_files,
    _trade_sourcing,
    _trade_consolidating,
    _trade_ordering,
    _trade_prices,
    _trade_fulfilment,
    _trade_invoicing,
    _trade_sales,
    _trade_margin,
)
