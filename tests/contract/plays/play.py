"""A whole cycle through the client that openapi-python-client makes of the contract.

Run by the generator's own Python with a scene as its argument; says what it saw as JSON.
"""

import json
import sys
import time
from datetime import UTC, date, datetime, timedelta

from jaringan_usaha_koperasi_client import AuthenticatedClient
from jaringan_usaha_koperasi_client.api.catalog import add_item, publish_price_list
from jaringan_usaha_koperasi_client.api.cycles import close_cycle, open_cycle
from jaringan_usaha_koperasi_client.api.koperasi import admit_koperasi
from jaringan_usaha_koperasi_client.api.margin import list_margins
from jaringan_usaha_koperasi_client.api.orders import put_order
from jaringan_usaha_koperasi_client.api.suppliers import admit_supplier
from jaringan_usaha_koperasi_client.models import (
    CloseBody,
    CycleBody,
    Done,
    ItemBody,
    ItemBodyBaseUnit,
    KoperasiBody,
    LineBody,
    MarginList,
    OrderBody,
    PriceListBody,
    PriceListBodyTierMode,
    RowBody,
    SupplierBody,
    TierBody,
)

scene = json.loads(sys.argv[1])
url, cycle, item, supplier = (scene[name] for name in ("url", "cycle", "item", "supplier"))
operator = AuthenticatedClient(base_url=url, token=scene["operator"])
koperasi = AuthenticatedClient(base_url=url, token=scene["koperasi"])
now = datetime.now(UTC)


def done(answer: object) -> Done:
    assert isinstance(answer, Done), answer
    return answer


def order_of(quantity: int) -> OrderBody:
    return OrderBody(cycle, [LineBody(item, quantity, supplier)], client_at=now)


done(
    admit_koperasi.sync(scene["koperasi_id"], client=operator, body=KoperasiBody("Koperasi Melati"))
)
done(admit_supplier.sync(supplier, client=operator, body=SupplierBody("Perum Bulog")))
rice = ItemBody(ItemBodyBaseUnit.KGM, 1, "Beras medium")
done(add_item.sync(item, client=operator, body=rice))
prices = PriceListBody(
    rows=[RowBody(item, [TierBody(1, 12_500), TierBody(100, 12_000)])],
    supplier_id=supplier,
    tier_mode=PriceListBodyTierMode.ALL_UNITS,
    valid_from_on=date(2026, 1, 1),
)
done(publish_price_list.sync(f"{cycle}-prices", client=operator, body=prices))
terms = CycleBody(
    closes_at=now + timedelta(days=1),
    opens_at=now - timedelta(minutes=1),
    priced_on=now.date(),
    title="Belanja bareng",
)
done(open_cycle.sync(cycle, client=operator, body=terms))

placed = put_order.sync_detailed(scene["order"], client=koperasi, body=order_of(40))
repeated = put_order.sync_detailed(scene["order"], client=koperasi, body=order_of(40))
changed = put_order.sync_detailed(
    scene["order"], client=koperasi, body=order_of(120), if_match=placed.headers["ETag"]
)
stale = put_order.sync_detailed(
    scene["order"], client=koperasi, body=order_of(50), if_match=placed.headers["ETag"]
)
close = CloseBody(early=True, reason="semua sudah memesan")
done(
    close_cycle.sync(
        cycle, client=operator, body=close, idempotency_key=scene["close_key"], if_match="*"
    )
)

ordered: list[int] = []
for _ in range(100):  # the follower consolidates shortly after
    margins = list_margins.sync(client=koperasi, cycle_id=cycle)
    assert isinstance(margins, MarginList), margins
    ordered = [each.ordered_idr for each in margins.items]
    if any(ordered):
        break
    time.sleep(0.2)
print(
    json.dumps(
        {
            "placed": placed.status_code,
            "repeated": repeated.status_code,
            "same": repeated.parsed == placed.parsed,
            "changed": changed.status_code,
            "stale": stale.status_code,
            "ordered_idr": ordered,
        }
    )
)
