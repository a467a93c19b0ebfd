"""The chart of accounts, as far as goods have come."""

from typing import NamedTuple


class Account(NamedTuple):
    """A number, its Indonesian title, and whose balance it holds."""

    number: str
    title: str
    party: str


GOODS_ON_ORDER = Account("1310", "Persediaan dalam pesanan", "koperasi")
SUPPLIER_PAYABLE = Account("2110", "Utang pembelian bersama", "supplier")
PURCHASE_SAVING = Account("5190", "Potongan pembelian bersama", "koperasi")

CHART = {each.number: each for each in (GOODS_ON_ORDER, SUPPLIER_PAYABLE, PURCHASE_SAVING)}
