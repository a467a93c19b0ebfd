"""A real list of 275 products: what a careful buyer would doubt is doubted, and nothing else."""

from collections import Counter
from pathlib import Path

import pytest

from jaringan_usaha.features.catalog.sheets import guarding, reading
from jaringan_usaha.features.catalog.sheets.comparing import Catalogue, Draft, Preview

FILE = Path(__file__).parents[3] / "shared" / "data" / "harga_minimarket_2015.csv"
NOTHING = Catalogue({}, {}, {}, {}, {})

pytestmark = pytest.mark.skipif(not FILE.exists(), reason="../shared/data is not here")


def preview(**answers: str) -> Preview:
    content = FILE.read_bytes()
    sheets = reading.sheets_of(guarding.check(FILE.name, content), content)
    said = {key.replace("__", ":"): value for key, value in answers.items()}
    return Draft(sheets, said).compare(NOTHING)


def rows_of(found: Preview, kind: str) -> list[int]:
    return [question.row for question in found.questions if question.kind == kind]


def test_columns_are_found_and_all_rows_are_goods() -> None:
    table = preview().table
    assert table is not None
    roles = {column.head: column.role for column in table.heads.columns}
    assert roles == {
        "kode": "code",
        "barcode": "gtin",
        "nama_barang": "name",
        "jenis": "kind",
        "merek": "brand",
        "satuan_beli": "unit",
        "isi": "case",
        "satuan_jual": "base_unit",
        "harga_beli": "price",
        "harga_jual": "retail",
    }
    assert (len(table.rows), table.passed_over) == (275, {})


def test_what_a_price_is_for_is_asked_once_for_the_whole_list() -> None:
    """A case of twelve beside one price: 23,000 is that of a bottle, but nothing says so."""
    found = preview()
    assert rows_of(found, "basis") == [0]
    assert found.count("doubtful") == 275
    assert rows_of(preview(basis="unit"), "basis") == []


def test_what_a_careful_buyer_doubts_is_doubted_and_nothing_that_is_fine() -> None:
    found = preview(basis="unit")
    assert Counter(question.kind for question in found.questions) == {
        "gtin": 1,
        "case": 2,
        "pack": 18,
        "units": 14,
        "markup": 4,
        "outlier": 3,
    }
    assert rows_of(found, "gtin") == [72]  # “Mama Suka Tepung Rot” where its bar code should be
    assert rows_of(found, "case") == [171, 172]  # a case of 0
    # “69g x 40 Pcs” in a case of 40: is 74,000 for one, or for all?
    assert rows_of(found, "pack") == [*range(165, 169), *range(173, 184), 255, 256, 257]
    # one Sak holds ten Sak, one Pcs twelve sachets
    assert rows_of(found, "units") == [16, 76, *range(133, 140), 159, 183, 255, 256, 257]
    # 25,000 sold at 299,000; 17,000 at 203,500; 5,500 at 17,900; rice for 115,900 at 225,900
    assert rows_of(found, "markup") == [10, 39, 112, 137]
    # flour of one mill, 1 kg each, at 80,000, 8,500 and 80,000: one of them is wrong
    assert rows_of(found, "outlier") == [67, 68, 69]
    doubted = {question.row for question in found.questions}
    assert len(doubted) == 37
    assert (found.count("new"), found.count("doubtful")) == (275 - 37, 37)


def test_when_all_is_answered_every_row_is_stored() -> None:
    content = FILE.read_bytes()
    sheets = reading.sheets_of("csv", content)
    answers = {
        "basis": "unit",
        "gtin:R72": "none",
        "case:R171": "40",
        "case:R172": "40",
        "pack:*": "all",
        "units:*": "yes",
        "price:R39": "170000",
        "price:R137": "215900",
        "markup:R10": "yes",
        "markup:R112": "skip",
        "price:R67": "8000",
        "markup:R67": "yes",  # the selling price has the same fault
        "price:R69": "8000",
        "markup:R69": "yes",
    }
    found = Draft(sheets, answers).compare(NOTHING)
    assert [question.id for question in found.questions] == []
    assert found.used == set(answers)
    assert (len(found.entries), found.count("new"), found.left_out) == (274, 274, 1)
    assert len({entry.item.item_id for entry in found.entries}) == 274
    prices = {entry.row: entry.price for entry in found.entries}
    assert prices[39] is not None
    assert prices[39].tiers[0].idr == 170_000
    assert prices[173] is not None
    assert prices[173].tiers[0].per == 40
