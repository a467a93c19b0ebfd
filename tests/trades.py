"""One trade, from the consolidated order to the last sale, as the log tells it."""

from collections.abc import Mapping
from datetime import date
from uuid import NAMESPACE_URL, uuid5

from jaringan_usaha.features.cycles.events import ConsolidatedOrderShared, KoperasiShare
from jaringan_usaha.features.fulfilment.events import (
    DeliveryShared,
    Given,
    GoodsReceived,
    ItemGiven,
    ReceivedLine,
)
from jaringan_usaha.features.invoicing.events import (
    ChargeBilled,
    FeeSplit,
    InvoiceCosted,
    ItemCosts,
    KoperasiCost,
    LandedCost,
    LandedCostAdjusted,
    MatchedLine,
    SupplierInvoiceMatched,
)
from jaringan_usaha.features.sales.events import SaleLine, SaleRecorded
from jaringan_usaha.kernel.messages import Event

CARTONS = {"a": 40, "b": 35, "c": 20, "d": 10}
FREIGHT = {"a": 139_461, "b": 122_029, "c": 69_731, "d": 34_865}
FEES = {"a": 104_400, "b": 91_350, "c": 52_200, "d": 26_100}
PPN = {"a": 765_600, "b": 669_900, "c": 382_800, "d": 191_400}
PRICE, ALONE, RETAIL = 174_000, 186_000, 210_000


def names(cycle_id: str = "tp1", supplier_id: str = "indofood") -> dict[str, str]:
    return {
        "consolidated_order_id": f"{cycle_id}|{supplier_id}",
        "cycle_id": cycle_id,
        "supplier_id": supplier_id,
    }


def ordered(cycle_id: str = "tp1", *, received: bool = False) -> ConsolidatedOrderShared:
    """105 cartons at the tier that they reach together."""
    return ConsolidatedOrderShared(
        **names(cycle_id),
        part=1,
        received=received,
        shares=tuple(
            KoperasiShare(
                koperasi_id=koperasi_id, amount_idr=count * PRICE, alone_idr=count * ALONE
            )
            for koperasi_id, count in CARTONS.items()
        ),
    )


def delivered(
    cycle_id: str = "tp1",
    cartons: Mapping[str, int] = CARTONS,
    *,
    receipt_id: str = "r1",
    received_on: date = date(2026, 3, 2),
) -> list[Event]:
    accepted = sum(cartons.values())
    return [
        GoodsReceived(
            **names(cycle_id),
            receipt_id=receipt_id,
            received_on=received_on,
            reference="SJ-1",
            lines=(ReceivedLine(item_id="oil", accepted=accepted),),
        ),
        DeliveryShared(
            **names(cycle_id),
            receipt_id=receipt_id,
            part=1,
            sharing="pro_rata",
            algorithm="largest-remainder.1",
            items=(
                ItemGiven(
                    item_id="oil",
                    accepted=accepted,
                    surplus=0,
                    rows=tuple(
                        Given(
                            koperasi_id,
                            CARTONS[koperasi_id],
                            0,
                            count,
                            count * PRICE,
                            count * ALONE,
                        )
                        for koperasi_id, count in cartons.items()
                    ),
                ),
            ),
        ),
    ]


def matched_invoice(
    cycle_id: str = "tp1", *, invoice_id: str = "f1", invoiced_on: date = date(2026, 3, 3)
) -> SupplierInvoiceMatched:
    goods, tax = 105 * PRICE, sum(PPN.values())
    line = MatchedLine(
        item_id="oil",
        billed=105,
        accepted=105,
        goods_idr=goods,
        expected_idr=goods,
        ppn_idr=tax,
        expected_ppn_idr=tax,
        deposit_idr=0,
        outcome="equal",
    )
    return SupplierInvoiceMatched(
        **names(cycle_id),
        invoice_id=invoice_id,
        invoice_no="INV/26/III/17",
        tax_invoice_no="010.000-26.00000001",
        invoiced_on=invoiced_on,
        held=False,
        matching_version_no=1,
        ppn_version_no=1,
        lines=(line,),
    )


def costed(
    cycle_id: str = "tp1", *, invoice_id: str = "f1", pkp: frozenset[str] = frozenset()
) -> InvoiceCosted:
    """Goods, PPN and the fee, of which 60 parts are the consortium's and 40 those of koperasi a."""
    return InvoiceCosted(
        **names(cycle_id),
        invoice_id=invoice_id,
        part=1,
        fee_version_no=1,
        rebate_version_no=0,
        items=(
            ItemCosts(
                item_id="oil",
                rounding_idr=0,
                rows=tuple(
                    KoperasiCost(
                        koperasi_id,
                        count,
                        count * PRICE,
                        0,
                        PPN[koperasi_id],
                        koperasi_id in pkp,
                        FEES[koperasi_id],
                        0,
                        0,
                    )
                    for koperasi_id, count in CARTONS.items()
                ),
            ),
        ),
        fees=(
            FeeSplit(receiver="consortium", amount_idr=164_430),
            FeeSplit(receiver="a", amount_idr=109_620),
        ),
    )


def carried(
    cycle_id: str = "tp1",
    amounts: Mapping[str, int] = FREIGHT,
    *,
    charge_id: str = "t1",
    bill_no: int = 1,
    billed_on: date = date(2026, 3, 4),
) -> list[Event]:
    """The truck's bill, or what a later one differs by."""
    return [
        ChargeBilled(
            charge_id=charge_id,
            cycle_id=cycle_id,
            payee="truk-jaya",
            kind="freight",
            key="weight",
            amount_idr=sum(amounts.values()),
            billed_on=billed_on,
            reference="TJ-8",
            bill_no=bill_no,
        ),
        LandedCostAdjusted(
            charge_id=charge_id,
            cycle_id=cycle_id,
            payee="truk-jaya",
            bill_no=bill_no,
            part=1,
            key="weight",
            rows=tuple(
                LandedCost("indofood", "oil", koperasi_id, amount)
                for koperasi_id, amount in amounts.items()
            ),
        ),
    ]


def sale(name: str) -> str:
    """The id of a sale that a test calls by a name."""
    return str(uuid5(NAMESPACE_URL, name))


def sold(
    koperasi_id: str,
    cartons: int,
    *,
    sale_id: str = "s1",
    sold_on: date = date(2026, 3, 9),
    ppn_idr: int = 0,
) -> SaleRecorded:
    """Cartons at the retail price, with the PPN of a PKP on top."""
    line = SaleLine(
        item_id="oil", quantity=cartons, amount_idr=cartons * RETAIL + ppn_idr, ppn_idr=ppn_idr
    )
    return SaleRecorded(
        sale_id=sale(f"{koperasi_id}-{sale_id}"),
        koperasi_id=koperasi_id,
        sold_on=sold_on,
        lines=(line,),
    )


def whole_trade(cycle_id: str = "tp1", *, pkp: frozenset[str] = frozenset()) -> list[Event]:
    """All of it, to the last carton."""
    return [
        ordered(cycle_id),
        *delivered(cycle_id),
        matched_invoice(cycle_id),
        costed(cycle_id, pkp=pkp),
        *carried(cycle_id),
        *(sold(koperasi_id, count) for koperasi_id, count in CARTONS.items()),
    ]
