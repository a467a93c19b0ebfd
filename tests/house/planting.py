"""What the day of trade leaves out, and a name for everything that can be asked about."""

from jaringan_usaha.api.asked import new_id
from market import Market, oil


async def plant(market: Market) -> dict[str, dict[str, str]]:
    """After the day of trade: a sale of mawar and an invoice of indofood, which it has not.

    Returns what stands for every parameter of a route: of `mawar`, `melati`, `indofood`, `bulog`.
    """
    mawar = await market.koperasi("mawar")
    sale, order = new_id(), new_id()
    line = {"item_id": "rice", "quantity": 1, "amount_idr": 13_000}
    bill = {"item_id": "oil", "quantity": 5, "goods_idr": 930_000, "ppn_idr": 0}
    done = [
        await market.place(mawar, {"cycle_id": "reopened", "lines": [oil(2)]}, order),
        await mawar.post("/v1/koperasi/mawar/shares/pledges", amount_idr=100_000_000),
        await mawar.put(f"/v1/sales/{sale}", sold_on="2026-02-15", lines=[line]),
        await market.operator.put(
            "/v1/supplier-invoices/oil-bill",
            cycle_id="delivered",
            supplier_id="indofood",
            invoice_no="IDF 1",
            invoiced_on="2026-02-16",
            lines=[bill],
        ),
    ]
    assert [each.text for each in done if not each.is_success] == []
    await market.settle()
    stopped = await market.sql("select count(*) from bookmarks where state <> 'live'")
    assert stopped == 0, "the read tables must show everything"

    async def of_melati(table: str) -> str:
        name = f"{table}s"
        return str(
            await market.sql(f"select {table}_id from {name} where koperasi_id = 'melati' limit 1")
        )

    contacts = {
        whose: await _contact(market, **named)
        for whose, named in (
            ("mawar", {"koperasi_id": "mawar"}),
            ("melati", {"koperasi_id": "melati"}),
            ("indofood", {"supplier_id": "indofood"}),
            ("bulog", {"supplier_id": "bulog"}),
        )
    }
    waits = [
        await market.operator.post(f"/v1/contacts/{contacts['melati']}/ask-erasure"),
        await market.operator.post(
            "/v1/suppliers/bulog/accounts", bank_code="014", account_no="12345", holder="Bulog"
        ),
    ]
    assert [each.text for each in waits if not each.is_success] == []
    await market.settle()
    shared = {
        "item_id": "oil",
        "charge_id": "truck-9",
        "choice_id": "beras-januari",
        "account": str(await market.sql("select debit_account from postings limit 1")),
        "position": str(await market.sql("select max(position) from postings")),
        "month": "2026-01",
        "import_id": "file-1",
        "observation_id": "january",
        "rule_id": "ppn",
        "valid_from_on": "2026-01-01",
        "proposal_no": "1",
        "correction_no": "1",
        "person_id": "00000000-0000-7000-8000-000000000000",
        "payment_id": "bca-31",
        "rebate_id": "bca-44",
        "op_id": "till-7-request-000001",
        "region_code": "32.16",
        "source": "dinas",
        "file_name": "harga.csv",
        "key_id": "000000000000",
        "clock_id": "clock",
    }
    own = {"koperasi_id": "mawar", "order_id": order, "sale_id": sale, "cycle_id": "reopened"}
    other = {
        "koperasi_id": "melati",
        "order_id": await of_melati("order"),
        "sale_id": await of_melati("sale"),
        "cycle_id": "amended",
    }
    indofood = {
        "supplier_id": "indofood",
        "receipt_id": "sj-17",
        "invoice_id": "oil-bill",
        "price_list_id": "oil-1",
    }
    bulog = {
        "supplier_id": "bulog",
        "receipt_id": "truck-9",
        "invoice_id": "over",
        "price_list_id": "rice-1",
    }
    names = {
        "mawar": {**shared, **indofood, **own},
        "melati": {**shared, **indofood, **other},
        "indofood": {**shared, **own, **indofood, "cycle_id": "amended"},
        "bulog": {**shared, **own, **bulog, "cycle_id": "billed"},
    }
    return {whose: {**named, "subject_id": contacts[whose]} for whose, named in names.items()}


async def _contact(market: Market, **named: str) -> str:
    """A person, whose name says whose it is."""
    subject_id, (whose,) = new_id(), named.values()
    body = {**named, "roles": ["kasir"], "name": f"kasir of {whose}"}
    headers = {
        "authorization": f"Bearer {market.operator.key}",
        "idempotency-key": f"contact-of-{whose}-{subject_id}",
    }
    done = await market.client.put(f"/v1/contacts/{subject_id}", json=body, headers=headers)
    assert done.status_code == 201, done.text
    return subject_id
