"""The chart of accounts, in the order and words of SAK Entitas Privat."""

from typing import Literal, NamedTuple

Side = Literal["debit", "credit"]

CONSORTIUM = "consortium"
"""The group itself, as a party to the books; everybody else is there by id."""


class Account(NamedTuple):
    """A number, its Indonesian title, what it is, the side on which it grows, and whose it is.

    `party`: `koperasi` and `supplier` are those of the posting; a `holder` of cash, a `payee` and
    a `host` are named by the account's own party alone.
    """

    number: str
    title: str
    kind: str
    side: Side
    party: str


CASH = Account("1110", "Kas dan bank", "aset", "debit", "holder")
PPN_IN = Account("1150", "PPN masukan", "aset", "debit", "koperasi")
DEPOSITS = Account("1170", "Jaminan wadah", "aset", "debit", "koperasi")
DEBIT_NOTES = Account("1250", "Piutang nota debet", "aset", "debit", "supplier")
REBATES_DUE = Account("1260", "Piutang rabat", "aset", "debit", "supplier")
INVENTORY = Account("1310", "Persediaan barang dagang", "aset", "debit", "koperasi")
PAYABLE = Account("2110", "Utang usaha", "liabilitas", "credit", "supplier")
NOT_INVOICED = Account("2120", "Barang diterima belum difaktur", "liabilitas", "credit", "supplier")
FREIGHT_PAYABLE = Account("2130", "Utang biaya angkut", "liabilitas", "credit", "payee")
COMPENSATION = Account("2140", "Titipan ganti rugi pembatalan", "liabilitas", "credit", "supplier")
FEES_PAYABLE = Account("2150", "Utang imbal jasa", "liabilitas", "credit", "host")
PPN_OUT = Account("2160", "PPN keluaran", "liabilitas", "credit", "koperasi")
SHARES = Account("3110", "Modal penyertaan", "ekuitas", "credit", "koperasi")
SALES = Account("4110", "Penjualan", "pendapatan", "credit", "koperasi")
SALES_OF_UNKNOWN = Account(
    "4190", "Penjualan tanpa asal barang", "pendapatan", "credit", "koperasi"
)
FEES_EARNED = Account("4210", "Pendapatan jasa", "pendapatan", "credit", "consortium")
REBATES_EARNED = Account("4220", "Pendapatan rabat", "pendapatan", "credit", "consortium")
COST_OF_SALES = Account("5110", "Harga pokok penjualan", "beban", "debit", "koperasi")
CANCELLATION = Account("5140", "Beban pembatalan pesanan", "beban", "debit", "koperasi")
ROUNDING = Account("5195", "Selisih pembulatan", "beban", "debit", "consortium")

CHART = {
    each.number: each
    for each in (
        CASH,
        PPN_IN,
        DEPOSITS,
        DEBIT_NOTES,
        REBATES_DUE,
        INVENTORY,
        PAYABLE,
        NOT_INVOICED,
        FREIGHT_PAYABLE,
        COMPENSATION,
        FEES_PAYABLE,
        PPN_OUT,
        SHARES,
        SALES,
        SALES_OF_UNKNOWN,
        FEES_EARNED,
        REBATES_EARNED,
        COST_OF_SALES,
        CANCELLATION,
        ROUNDING,
    )
}

OWN = ("holder", "payee", "host")
BY_OWN_PARTY = tuple(each.number for each in CHART.values() if each.party in OWN)
"""Accounts whose parties are neither the posting's koperasi nor its supplier."""
