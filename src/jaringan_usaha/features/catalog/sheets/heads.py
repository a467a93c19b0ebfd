"""Where a table begins and what its columns mean; what is neither head nor goods is told apart.

Source: UX-12.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from jaringan_usaha.features.catalog.sheets.cells import Cell, is_empty, plain
from jaringan_usaha.features.catalog.sheets.numerals import CONVENTIONS, read

LOOK_AT = 40  # rows in which heads are looked for

ROLES: tuple[tuple[str, str], ...] = (
    ("item", r"^item id$"),
    ("gtin", r"\b(barcode|bar code|gtin|ean|upc)\b"),
    ("retail", r"\b(het|hje|eceran|konsumen|retail|rrp|srp)\b"),
    ("base_unit", r"\bsatuan (jual|kecil|terkecil|dasar)\b|^base unit$"),
    (
        "case",
        (
            r"^(isi|packing|kemasan|konversi|pack size|case size|units per case)\b"
            r"|\b(qty|isi|pcs|jumlah) (per )?(ctn|karton|dus|case|box)\b"
        ),
    ),
    ("price", r"\b(harga|hrg|price|pricelist|nett|netto|hna)\b"),
    ("minimum", r"\b(min|minimum|minimal|moq)\b"),
    ("code", r"\b(kode|code|sku|plu|artikel|article)\b"),
    ("name", r"\b(nama|produk|product|barang|deskripsi|description|uraian|item|items)\b"),
    ("unit", r"\b(satuan|unit|uom|sat)\b"),
    ("brand", r"\b(merek|merk|brand)\b"),
    ("kind", r"\b(jenis|kategori|category|golongan|kelompok)\b"),
)
_ROLES = tuple((role, re.compile(pattern)) for role, pattern in ROLES)
_OWN = re.compile(r"(mulai|harga|per)_(\d{1,2})")
_TO_US = re.compile(r"\bharga beli\b")
_FROM_THEM = re.compile(r"\bharga jual\b")

_TIER = re.compile(
    r"(?P<plus>\d+)\s*(?:\w+\s*)?(?:\+|ke atas|keatas|up\b)"
    r"|(?P<sign>>=|≥|>|=>|\bmin(?:imal)?\.?|\bmulai|\bfrom)\s*(?P<least>\d+)"
    r"|(?P<first>\d+)\s*(?:-|–|s/d|sd|sampai|to)\s*\d+"
    r"|(?P<below><=?|≤)\s*\d+",
    re.IGNORECASE,
)
_TIER_ONLY = re.compile(
    r"[\d\s+\-–<>=≥≤./]*(min|minimal|mulai|from|ke atas|up|s/d|sd|ctn|karton|dus"
    r"|kds|pcs|pc|btl|case|box|qty|[\d\s+\-–<>=≥≤./])*",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(sub\s*|grand\s*)?(total|jumlah)\b"
    r"([\W\d_]|\b(rp|idr|harga|nilai|barang|produk|items?|sku|baris|qty|pcs|karton|dus|ctn"
    r"|semua|seluruh(nya)?|keseluruhan|akhir|bayar|tagihan|pembelian|pesanan|belanja|ppn)\b)*",
    re.IGNORECASE,
)


class Column(NamedTuple):
    """One column: where it stands, what stands above it, and what that means.

    `tier_from` is the quantity from which a price column holds; `own` the number of the tier in
    a table that we wrote.
    """

    at: int
    head: str
    role: str
    tier_from: int = 0
    own: int = 0


class Heads(NamedTuple):
    """The rows of the heads (1-based, as spreadsheets count) and the columns under them."""

    first_row: int
    last_row: int
    columns: tuple[Column, ...]

    def of(self, role: str) -> list[Column]:
        """The columns of a role, as they stand."""
        return [column for column in self.columns if column.role == role]


def simple(head: str) -> str:
    """A head as words: `Harga_Beli / Karton` is `harga beli karton`."""
    return re.sub(r"[\s_\-./()\[\]:*]+", " ", head.lower()).strip()


def column_of(at: int, head: str) -> Column:
    """What a head says of its column."""
    if own := _OWN.fullmatch(head.strip().lower()):
        role = {"mulai": "own_from", "harga": "own_idr", "per": "own_per"}[own[1]]
        return Column(at, head, role, own=int(own[2]))
    role = next((role for role, pattern in _ROLES if pattern.search(simple(head))), "")
    tier = _tier_from(head) if role in ("price", "minimum", "unit", "") else 0
    if tier and (role == "price" or _TIER_ONLY.fullmatch(head.strip())):
        return Column(at, head, "price", tier_from=tier)
    return Column(at, head, role)


def _tier_from(head: str) -> int:
    """The quantity from which a price under this head holds, 0 when it names none."""
    found = _TIER.search(head)
    if found is None:
        return 0
    if found["below"]:
        return 1
    if found["plus"]:
        return int(found["plus"])
    if found["least"]:
        return int(found["least"]) + (found["sign"] == ">")
    return int(found["first"])


def find_heads(rows: Sequence[Sequence[Cell]], settled: int | None = None) -> Heads | None:
    """The head row that names most, alone or together with the one below; `settled` is the row
    that people named."""
    best: tuple[int, int, Heads] | None = None
    for at in [settled - 1] if settled else range(min(LOOK_AT, len(rows))):
        for depth in (1, 2):
            found = _heads_at(rows, at, depth)
            if found is None:
                continue
            score = _score(found)
            if best is None or score > best[0]:
                best = (score, -at, found)
    return best[2] if best else None


def _heads_at(rows: Sequence[Sequence[Cell]], at: int, depth: int) -> Heads | None:
    if at + depth > len(rows) or any(map(_is_data, rows[at : at + depth])):
        return None
    above = [plain(cell) for cell in rows[at]]
    if depth == 1:
        names = above
    else:
        below = [plain(cell) for cell in rows[at + 1]]
        if sum(map(bool, below)) < 2:
            return None
        names = list(_merged(above, below))
    columns = _one_price(tuple(column_of(n, name) for n, name in enumerate(names) if name))
    heads = Heads(at + 1, at + depth, columns)
    roles = {column.role for column in columns}
    if not roles & {"name", "item", "code", "gtin"} or not roles & {"price", "own_idr"}:
        return None
    return heads


def _is_data(row: Sequence[Cell]) -> bool:
    """Numbers of more than two digits stand under heads, not in them."""
    for cell in row:
        if isinstance(cell, Decimal):
            return True
        if not is_empty(cell) and any(read(cell, each) is not None for each in CONVENTIONS):
            return True
    return False


def _merged(above: Sequence[str], below: Sequence[str]) -> Iterator[str]:
    """Two rows of heads as one: what stands above several columns holds for all of them."""
    over = ""
    for n in range(max(len(above), len(below))):
        upper = above[n] if n < len(above) else ""
        lower = below[n] if n < len(below) else ""
        over = upper or (over if lower else "")
        yield f"{over} {lower}".strip() if lower else upper


def _one_price(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Beside a buying price, the selling price of the same table is what shops ask."""
    prices = [column for column in columns if column.role == "price" and not column.tier_from]
    if any(_TO_US.search(simple(column.head)) for column in prices):
        return tuple(
            column._replace(role="retail")
            if column in prices and _FROM_THEM.search(simple(column.head))
            else column
            for column in columns
        )
    return columns


def _score(heads: Heads) -> int:
    roles = [column.role for column in heads.columns if column.role]
    return 2 * len(set(roles)) + len(roles)


def is_total(row: Sequence[Cell]) -> bool:
    """Whether the first text of the row says that sums stand there, and names no goods."""
    first = next((plain(cell) for cell in row if not is_empty(cell)), "")
    return bool(_TOTAL.fullmatch(first))
