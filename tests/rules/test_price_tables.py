"""Tables the way they really come: what is read, and what is asked instead of guessed."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from jaringan_usaha.features.catalog.events import Tier
from jaringan_usaha.features.catalog.sheets import codes, guarding, numerals, packs, reading
from jaringan_usaha.features.catalog.sheets.asking import is_remembered
from jaringan_usaha.features.catalog.sheets.cells import Cell, Sheet
from jaringan_usaha.features.catalog.sheets.comparing import (
    Catalogue,
    Ceiling,
    Draft,
    Entry,
    InForce,
    KnownItem,
    Preview,
    per_unit,
)
from spreadsheets import ods, xls, xlsx

NOTHING = Catalogue({}, {}, {}, {}, {})
GTIN = "8998866200301"  # its check digit fits


def sheet(*rows: Sequence[Cell]) -> Sheet:
    return Sheet("Harga", tuple(tuple(row) for row in rows))


def preview(*rows: Sequence[Cell], catalogue: Catalogue = NOTHING, **answers: str) -> Preview:
    """The preview of a table; `price__R2="5"` answers question `price:R2`."""
    said = {key.replace("__", ":"): value for key, value in answers.items()}
    return Draft([sheet(*rows)], said).compare(catalogue)


def open_in(found: Preview) -> list[str]:
    return [question.id for question in found.questions]


def only(found: Preview) -> Entry:
    (entry,) = found.entries
    return entry


def idr(entry: Entry) -> int:
    assert entry.price is not None
    return entry.price.tiers[0].idr


# -- numbers: UX-10, UX-11 -----------------------------------------------------------------


@pytest.mark.parametrize(
    "cells",
    [
        ["12.500", "8.750", "1.250.000"],
        ["12,500", "8,750", "1,250,000"],
        ["Rp 12.500,-", "Rp8.750,-", "IDR 1.250.000"],
        ["Rp. 12.500,00", "8.750,00", "1.250.000"],
        ["12500", "8750", "1250000"],
        ["12,500.00", "8,750", "1250000"],
        [Decimal(12500), "8.750", Decimal("1250000.0")],
    ],
)
def test_one_convention_reads_the_whole_column(cells: list[Cell]) -> None:
    rows = [["Nama", "Harga"], *(["Beras", cell] for cell in cells)]
    found = preview(*rows, row__R9="skip")
    numbers = numerals.read_column(dict(enumerate(cells)))
    assert [numbers.values[n] for n in range(3)] == [12_500, 8_750, 1_250_000]
    assert not numbers.undecided
    assert all(id.startswith(("row:", "outlier:")) for id in open_in(found))


def test_conventions_that_disagree_are_asked_about_once_and_remembered() -> None:
    rows = [["Nama", "Harga"], ["Beras", "12.500"], ["Gula", "17,250"]]
    found = preview(*rows)
    assert open_in(found) == ["separator:harga"]
    assert found.questions[0].options == ("dot", "comma")
    assert [entry.status for entry in found.entries] == ["doubtful", "doubtful"]
    assert is_remembered("separator:harga")
    settled = preview(*rows, separator__harga="dot")
    assert open_in(settled) == ["price:R3"]
    assert idr(settled.entries[0]) == 12_500


@pytest.mark.parametrize("cell", ["1.5", "TBA", "hub. sales", "13.500/kg", "1x24", "", "0", "-5"])
def test_what_is_no_plain_price_is_a_question(cell: str) -> None:
    found = preview(["Nama", "Harga"], ["Beras", "12500"], ["Gula", cell], ["Kopi", "9000"])
    expected = ["price:R3"] if cell else []
    if cell == "":  # a name alone is a heading between goods
        assert found.table is not None
        assert found.table.passed_over == {3: "note"}
    assert open_in(found) == expected
    said = preview(
        ["Nama", "Harga"], ["Beras", "12500"], ["Gula", cell], ["Kopi", "9000"], price__R3="17000"
    )
    assert [idr(entry) for entry in said.entries] == (
        [12_500, 17_000, 9_000] if cell else [12_500, 9_000]
    )


def test_a_price_that_is_missing_beside_other_facts_is_asked_for() -> None:
    found = preview(["Kode", "Nama", "Satuan", "Harga"], ["A1", "Beras", "pcs", ""])
    assert open_in(found) == ["price:R2"]


def test_a_point_of_a_half_rupiah_among_thousands_is_not_guessed() -> None:
    found = preview(["Nama", "Harga"], ["Beras", "12.500"], ["Gula", "1.5"])
    assert open_in(found) == ["separator:harga"]
    settled = preview(
        ["Nama", "Harga"], ["Beras", "12.500"], ["Gula", "1.5"], separator__harga="dot"
    )
    assert open_in(settled) == ["price:R3"]


def test_a_numeric_cell_is_a_number_whatever_the_text_cells_say() -> None:
    found = preview(["Nama", "Harga"], ["Beras", Decimal("12.5")], ["Gula", Decimal("17250.0")])
    assert open_in(found) == ["price:R2"]  # half a rupiah: somebody typed 12.500 elsewhere
    assert idr(found.entries[1]) == 17_250


@for_all(st.lists(st.integers(1, 10**12), min_size=1, max_size=30), st.sampled_from(".,"))
def test_thousands_are_read_exactly_whichever_sign_parts_them(prices: list[int], sign: str) -> None:
    cells: dict[int, Cell] = {n: f"{price:,}".replace(",", sign) for n, price in enumerate(prices)}
    column = numerals.read_column(cells)
    assert [column.values[n] for n in range(len(prices))] == prices
    assert not column.undecided
    assert column.odd == {}


@for_all(
    st.lists(
        st.one_of(st.integers(1_000, 10**9), st.sampled_from(["1.5", "12.500", "12,500", "TBA"])),
        max_size=12,
    )
)
def test_a_value_is_only_read_where_no_other_reading_fits_the_column(
    cells: list[int | str],
) -> None:
    column = numerals.read_column({n: str(cell) for n, cell in enumerate(cells)})
    for n, value in column.values.items():
        if column.convention is None:
            assert {numerals.read(str(cells[n]), each) for each in numerals.CONVENTIONS} == {value}
        else:
            assert numerals.read(str(cells[n]), column.convention) == value
    assert not (column.values.keys() & column.odd.keys())


# -- heads: UX-12 --------------------------------------------------------------------------


def test_titles_notes_totals_and_repeated_heads_are_passed_over() -> None:
    found = preview(
        ["PT SUMBER REJEKI", "", ""],
        ["Daftar harga per 1 Maret, belum termasuk PPN", "", ""],
        ["", "", ""],
        ["No", "Nama Barang", "Harga"],
        ["", "MINYAK", ""],
        ["1", "Minyak goreng 1 L", "17.000"],
        ["No", "Nama Barang", "Harga"],
        ["2", "Minyak goreng 2 L", "33.000"],
        ["", "Total", "50.000"],
        ["", "Catatan: harga dapat berubah", ""],
    )
    assert open_in(found) == []
    assert [entry.row for entry in found.entries] == [6, 8]
    assert found.table is not None
    assert found.table.passed_over == {
        1: "title",
        2: "title",
        5: "note",
        7: "head",
        9: "total",
        10: "note",
    }


def test_two_rows_of_heads_with_merged_cells_are_one() -> None:
    content = xlsx(
        [
            ["DAFTAR HARGA"],
            ["Kode", "Nama Barang", "Harga per karton", "", "", "Isi"],
            ["", "", "1-9", "10-49", "≥ 50", ""],
            ["A1", "Minyak goreng 1 L", 204_000.0, 200_000.0, "198.000", "1x12"],
        ],
        merged={"C2:E2": "Harga per karton"},
    )
    (read,) = reading.sheets_of(guarding.check("a.xlsx", content), content)
    found = Draft([read], {}).compare(NOTHING)
    assert open_in(found) == []
    price = only(found).price
    assert price is not None
    assert price.tiers == (
        Tier(from_quantity=1, idr=204_000, per=12),
        Tier(from_quantity=120, idr=200_000, per=12),
        Tier(from_quantity=600, idr=198_000, per=12),
    )


@pytest.mark.parametrize("make", [xlsx, ods, xls])
def test_every_kind_of_file_gives_the_same_lines(make: object) -> None:
    rows: list[list[str | int | float]] = [
        ["Nama", "Barcode", "Harga"],
        ["Beras", float(GTIN), "12.500"],
        ["Gula", GTIN, 17_250.0],
    ]
    kind = {xlsx: "xlsx", ods: "ods", xls: "xls"}[make]  # type: ignore[index]
    content = make(rows)  # type: ignore[operator]
    sheets = reading.sheets_of(guarding.check(f"a.{kind}", content), content)
    found = Draft(sheets, {"row:R3": "skip"}).compare(NOTHING)
    assert only(found).item.gtin == GTIN.zfill(14)
    assert idr(only(found)) == 12_500


def test_a_table_without_heads_is_asked_for_them() -> None:
    rows = [["Beras", "12500"], ["Gula", "17250"]]
    assert open_in(preview(*rows)) == ["head"]
    unknown = [["Uraian pendek", "Rp/unit X"], ["Beras", "12500"]]
    assert "head" in open_in(preview(*unknown))


def test_two_prices_of_which_nobody_knows_the_right_one_are_asked_about() -> None:
    rows = [["Nama", "Harga A", "Harga B"], ["Beras", "100", "200"]]
    found = preview(*rows)
    assert "column:price" in open_in(found)
    assert is_remembered("column:price")
    assert idr(only(preview(*rows, column__price="Harga B"))) == 200
    assert idr(only(preview(*rows, column__price="B"))) == 100  # by letter


def test_several_sheets_with_prices_are_asked_about() -> None:
    one = sheet(["Nama", "Harga"], ["Beras", "100"])
    two = one._replace(title="Lama")
    found = Draft([one, two], {}).compare(NOTHING)
    assert open_in(found) == ["sheet"]
    chosen = Draft([one, two], {"sheet": "Lama"}).compare(NOTHING)
    assert open_in(chosen) == []
    assert chosen.table is not None
    assert chosen.table.sheet.title == "Lama"


def test_prices_that_include_ppn_are_not_simply_taken() -> None:
    rows = [["Harga sudah termasuk PPN", ""], ["Nama", "Harga"], ["Beras", "100"]]
    assert open_in(preview(*rows)) == ["ppn"]
    assert not is_remembered("ppn")
    assert open_in(preview(*rows, ppn="without")) == []


# -- cases: UX-14 --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("24", 24),
        ("40 pcs", 40),
        ("1x24", 24),
        ("1 x 24", 24),
        ("1 dus = 40 pcs", 40),
        ("isi 12", 12),
        ("@12", 12),
        ("12 pcs/dus", 12),
        ("lusin", 12),
        ("2 lusin", 24),
        ("6x4", None),
        ("2 dus", None),
        ("0", None),
        ("banyak", None),
        ("", None),
        ("12.5", None),
    ],
)
def test_a_case_is_a_number_of_base_units_or_a_question(text: str, size: int | None) -> None:
    assert packs.case_size(text) == size


def test_a_case_that_nobody_can_read_is_asked_about_once_and_remembered() -> None:
    rows = [
        ["Nama", "Isi", "Harga per dus"],
        ["Kopi", "6x4", "100"],
        ["Teh", "6x4", "200"],
        ["Susu", "0", "300"],
    ]
    found = preview(*rows)
    assert open_in(found) == ["case:6x4", "case:R4"]
    assert is_remembered("case:6x4")
    assert not is_remembered("case:R4")
    answered = preview(*rows, case__6x4="24", case__R4="12")
    assert [entry.item.case_size for entry in answered.entries] == [24, 24, 12]
    assert [entry.price.tiers[0].per for entry in answered.entries if entry.price] == [24, 24, 12]


def test_what_a_price_is_for_is_read_from_heads_and_units_or_asked() -> None:
    def per(*rows: Sequence[Cell], **answers: str) -> list[int]:
        found = preview(*rows, **answers)
        assert open_in(found) == []
        return [entry.price.tiers[0].per for entry in found.entries if entry.price]

    assert per(["Nama", "Isi", "Harga/pcs"], ["Kopi", "12", "100"]) == [1]
    assert per(["Nama", "Isi", "Harga/karton"], ["Kopi", "12", "1000"]) == [12]
    by_unit = [["Nama", "Isi", "Satuan", "Harga"], ["A", "12", "ctn", "10"], ["B", "6", "pcs", "1"]]
    assert per(*by_unit) == [12, 1]
    silent = [["Nama", "Isi", "Harga"], ["Kopi", "12", "1000"]]
    assert open_in(preview(*silent)) == ["basis"]
    assert per(*silent, basis="case") == [12]
    assert is_remembered("basis")


def test_a_name_that_repeats_the_case_leaves_open_what_the_price_is_for() -> None:
    rows = [["Nama", "Isi", "Harga/pcs"], ["Mi goreng 85g x 40 Pcs", "40", "75.000"]]
    assert open_in(preview(*rows)) == ["pack:R2"]
    price = only(preview(*rows, pack__R2="all")).price
    assert price is not None
    assert price.tiers == (Tier(from_quantity=1, idr=75_000, per=40),)
    by_kind = only(Draft([sheet(*rows)], {"pack:*": "one"}).compare(NOTHING)).price
    assert by_kind is not None
    assert by_kind.tiers[0].per == 1


def test_a_minimum_is_a_number_of_cases_or_a_question() -> None:
    head = ["Nama", "Isi", "Harga/dus", "Min. order"]
    entry = only(preview(head, ["Kopi", "12", "100", "5 dus"]))
    assert entry.price is not None
    assert entry.price.min_cases == 5
    assert open_in(preview(head, ["Kopi", "12", "100", "sesuai stok"])) == ["minimum:R2"]
    assert open_in(preview(head, ["Kopi", "12", "100", "30 pcs"])) == ["minimum:R2"]


# -- bar codes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "gtin"),
    [
        (GTIN, GTIN.zfill(14)),
        (Decimal(f"{GTIN}.0"), GTIN.zfill(14)),
        (f"{GTIN}.0", GTIN.zfill(14)),
        (f"'{GTIN}", GTIN.zfill(14)),
        ("8 998866 200301", GTIN.zfill(14)),
        (Decimal("36000291452.0"), "00036000291452"),  # lost its leading zero
        ("36000291452", "00036000291452"),
        ("8998866200302", ""),
        ("8.99887E+12", ""),
        ("Mama Suka Tepung Rot", ""),
        ("12345", ""),
        ("", ""),
    ],
)
def test_lost_zeros_are_put_back_when_the_check_digit_fits(cell: Cell, gtin: str) -> None:
    found = codes.read_code(cell)
    assert found.gtin == gtin
    assert bool(found.doubt) == (not gtin and cell != "")


def test_a_name_in_the_bar_code_column_is_doubted() -> None:
    rows = [["Barcode", "Nama", "Harga"], [GTIN, "Beras", "100"], ["Gula pasir", "Gula", "200"]]
    found = preview(*rows)
    assert open_in(found) == ["gtin:R3"]
    assert open_in(preview(*rows, gtin__R3="none")) == []
    assert preview(*rows, gtin__R3="36000291452").entries[1].item.gtin == "00036000291452"


def test_a_column_of_own_numbers_is_no_column_of_wrong_bar_codes() -> None:
    rows = [[f"S{n:09}", f"Barang {chr(65 + n)}", "100"] for n in range(10)]
    found = preview(["Barcode", "Nama", "Harga"], *rows, ["Sirup", "Sirup", "100"])
    assert open_in(found) == ["gtin:R12"]
    assert found.entries[0].code == "S000000000"


def test_the_same_goods_twice_are_asked_about() -> None:
    rows = [["Barcode", "Nama", "Harga"], [GTIN, "Beras", "100"], [GTIN, "Beras B", "90"]]
    assert open_in(preview(*rows)) == ["row:R3"]
    found = preview(*rows, row__R3="skip")
    assert (open_in(found), found.left_out) == ([], 1)


# -- rings: UX-13 --------------------------------------------------------------------------


def test_a_price_ten_times_its_neighbours_is_ringed() -> None:
    names = [
        "Minyakita pouch 1 L",
        "Minyakita botol 1 L",
        "Minyakita refill 1 L",
        "Minyakita x 1 L",
    ]
    rows = [[name, "15.700"] for name in names[:3]] + [[names[3], "157.000"]]
    found = preview(["Nama", "Harga"], *rows)
    assert open_in(found) == ["outlier:R5"]
    assert open_in(preview(["Nama", "Harga"], *rows, outlier__R5="yes")) == []
    assert len(preview(["Nama", "Harga"], *rows, outlier__R5="skip").entries) == 3
    assert open_in(preview(["Nama", "Harga"], *rows, price__R5="15700")) == []


def test_large_packs_and_other_goods_of_a_brand_are_no_outliers() -> None:
    rows = [
        ["ABC Saus sambal 135ml", "5.000"],
        ["ABC Saus sambal 275ml", "9.100"],
        ["ABC Saus sambal 5.7kg", "114.900"],
        ["ABC Minyak wijen 195ml", "29.900"],
    ]
    assert open_in(preview(["Nama", "Harga"], *rows)) == []


def test_who_takes_more_and_pays_more_is_ringed() -> None:
    head = ["Nama", "Harga", "10+", "50+"]
    assert open_in(preview(head, ["Beras", "100", "98", "99"])) == ["tiers:R2"]
    assert open_in(preview(head, ["Beras", "100", "98", "98"])) == []


BEFORE = InForce("beras", "jan", None, (Tier(from_quantity=1, idr=10_000, per=1),))
BERAS = KnownItem("beras", "Beras", "H87", 1, "")
KNOWN = Catalogue({"beras": BERAS}, {}, {"title:beras": "beras"}, {"beras": BEFORE}, {})


@pytest.mark.parametrize(
    ("price", "ringed"),
    [("12000", False), ("12001", True), ("8000", False), ("7999", True), ("10000", False)],
)
def test_more_than_a_fifth_against_the_last_list_is_ringed(price: str, ringed: bool) -> None:
    found = preview(["Nama", "Harga"], ["Beras", price], catalogue=KNOWN)
    assert open_in(found) == (["jump:R2"] if ringed else [])


def test_a_price_above_the_ceiling_is_ringed() -> None:
    law = Catalogue(KNOWN.items, {}, KNOWN.names, {}, {"beras": Ceiling(10_000, 1)})
    assert open_in(preview(["Nama", "Harga"], ["Beras", "10001"], catalogue=law)) == ["het:R2"]
    assert open_in(preview(["Nama", "Harga"], ["Beras", "10000"], catalogue=law)) == []


def test_a_case_that_changed_is_ringed() -> None:
    rows = [["Nama", "Isi", "Harga/pcs"], ["Beras", "12", "10000"]]
    assert open_in(preview(*rows, catalogue=KNOWN)) == ["size:R2"]


# -- the difference: UX-15 -----------------------------------------------------------------


def test_new_changed_unchanged_gone_and_doubtful_are_counted_apart() -> None:
    def known(name: str) -> InForce:
        return InForce(name, "jan", date(2026, 12, 31), (Tier(from_quantity=1, idr=1_000),))

    names = ("a", "b", "c")
    catalogue = Catalogue(
        {name: KnownItem(name, name.upper(), "H87", 1, "") for name in names},
        {},
        {f"title:{name}": name for name in names},
        {name: known(name) for name in names},
        {},
    )
    found = preview(
        ["Nama", "Harga"], ["A", "1000"], ["B", "1050"], ["D", "5"], ["E", "?"], catalogue=catalogue
    )
    assert [entry.status for entry in found.entries] == ["unchanged", "changed", "new", "doubtful"]
    assert [entry.change_bp for entry in found.entries] == [0, 500, None, None]
    assert [each.item_id for each in found.gone] == ["c"]


OFFERED = Catalogue(
    {name: KnownItem(name, name.upper(), "H87", 1, "") for name in "abcd"},
    {},
    {f"title:{name}": name for name in "abcd"},
    {
        name: InForce(name, "jan", None, (Tier(from_quantity=1, idr=9),), is_new=name == "d")
        for name in "abcd"
    },
    {},
)


def test_whether_what_is_gone_has_ended_is_asked_when_nothing_else_is_open() -> None:
    """Goods that another list of the same day prices are no part of the question."""
    rows = (["Nama", "Harga"], ["A", "?"])
    assert open_in(preview(*rows, catalogue=OFFERED)) == ["price:R2"]
    found = preview(*rows, catalogue=OFFERED, price__R2="9")
    (question,) = found.questions
    assert (question.id, question.row, question.options) == ("gone", 0, ("keep", "end"))
    assert "goods with a price that are in no row taken from the file: 2;" in question.text
    assert [each.item_id for each in found.gone] == ["b", "c"]
    answers = {"keep": False, "end": True}
    told = {said: preview(*rows, catalogue=OFFERED, price__R2="9", gone=said) for said in answers}
    assert {said: each.ends for said, each in told.items()} == answers
    assert [open_in(each) for each in told.values()] == [[], []]
    assert len({each.digest() for each in (found, *told.values())}) == 3
    assert not is_remembered("gone")


def test_where_nothing_is_gone_nothing_is_asked() -> None:
    rows = (["Nama", "Harga"], ["A", "9"], ["B", "9"], ["C", "9"])
    found = preview(*rows, catalogue=OFFERED)
    assert (open_in(found), found.gone, found.ends) == ([], (), False)
    unasked = preview(*rows, catalogue=OFFERED, gone="end")
    assert (unasked.ends, "gone" in unasked.used) == (False, False)


def test_the_same_price_written_for_a_case_is_no_change() -> None:
    before = InForce("beras", "jan", None, (Tier(from_quantity=1, idr=500, per=1),), 12)
    catalogue = Catalogue(KNOWN.items, {}, KNOWN.names, {"beras": before}, {})
    rows = [["Nama", "Isi", "Harga/dus"], ["Beras", "12", "6.000"]]
    entry = only(preview(*rows, catalogue=catalogue))
    assert entry.status == "unchanged"
    assert entry.price is not None
    assert per_unit(entry.price.tiers[0]) == Fraction(500)


def test_goods_are_found_by_bar_code_then_by_what_the_supplier_calls_them() -> None:
    items = {
        "g": KnownItem("g", "Other name", "H87", 1, GTIN.zfill(14)),
        "k": KnownItem("k", "By code", "H87", 1, ""),
        "t": KnownItem("t", "By title", "H87", 1, ""),
    }
    catalogue = Catalogue(
        items, {GTIN.zfill(14): ("g",)}, {"code:k1": "k", "title:teh poci": "t"}, {}, {}
    )
    found = preview(
        ["Kode", "Barcode", "Nama", "Harga"],
        ["X", GTIN, "Kopi", "1"],
        ["K1", "", "Gula", "1"],
        ["", "", "TEH Poci", "1"],
        ["Y", "", "Sirup Marjan", "1"],
        catalogue=catalogue,
    )
    assert [entry.item.item_id for entry in found.entries] == ["g", "k", "t", "sirup-marjan"]
    assert [entry.is_new_item for entry in found.entries] == [False, False, False, True]


def test_names_that_lead_to_different_items_are_asked_about() -> None:
    items = {name: KnownItem(name, name, "H87", 1, "") for name in ("k", "t")}
    catalogue = Catalogue(items, {}, {"code:k1": "k", "title:teh": "t"}, {}, {})
    rows = [["Kode", "Nama", "Harga"], ["K1", "Teh", "1"]]
    assert open_in(preview(*rows, catalogue=catalogue)) == ["item:R2"]
    answered = preview(*rows, catalogue=catalogue, item__R2="t")
    assert (open_in(answered), only(answered).item.item_id) == ([], "t")


def test_a_taken_name_gets_an_id_of_its_own() -> None:
    catalogue = Catalogue({"beras": BERAS}, {}, {}, {}, {})
    entry = only(preview(["Nama", "Harga"], ["Beras", "1"], catalogue=catalogue))
    assert entry.is_new_item
    assert entry.item.item_id.startswith("beras-")
    again = only(preview(["Nama", "Harga"], ["Beras", "1"], catalogue=catalogue))
    assert again.item.item_id == entry.item.item_id


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_system_ends_them(end: str) -> None:
    text = end.join(["Nama;Harga", "Kopi, bubuk;12.500", "Teh;1.000", ""])
    found = Draft([reading.csv_sheet(text.encode())], {}).compare(NOTHING)
    assert [(entry.title, idr(entry)) for entry in found.entries] == [
        ("Kopi, bubuk", 12_500),
        ("Teh", 1_000),
    ]


@pytest.mark.parametrize(
    "said",
    ["Harga dalam ribuan rupiah", "Harga (x 1.000)", "dalam ribuan", "Harga USD", "Harga (Rp 000)"],
)
def test_prices_that_are_said_to_be_no_rupiah_are_asked_about(said: str) -> None:
    title = preview([said, ""], ["Nama", "Harga"], ["Beras", "65"])
    head = preview(["Nama", f"Harga, {said}"], ["Beras", "65"])
    assert open_in(title) == open_in(head) == ["money"]
    assert not is_remembered("money")
    settled = preview([said, ""], ["Nama", "Harga"], ["Beras", "65"], money="rupiah")
    assert (open_in(settled), idr(only(settled))) == ([], 65)


@pytest.mark.parametrize("said", ["Harga Rp", "Harga dalam rupiah", "Harga dalam Rp", "Eurasia"])
def test_prices_in_rupiah_are_not_asked_about(said: str) -> None:
    assert open_in(preview([said, ""], ["Nama", "Harga"], ["Beras", "65"])) == []


def test_goods_whose_name_begins_like_a_total_are_goods() -> None:
    totals = ["Total", "SUBTOTAL:", "Grand Total Rp", "Jumlah harga (12 item)", "Total keseluruhan"]
    rows = [["Total Almeera 60 g", "9.500"], *([text, "9.500"] for text in totals)]
    found = preview(["Nama", "Harga"], *rows)
    assert found.table is not None
    assert found.table.passed_over == dict.fromkeys(range(3, 8), "total")
    assert only(found).title == "Total Almeera 60 g"


def test_heads_that_stand_twice_are_named_by_their_letters() -> None:
    rows = [["Nama", "Harga", "Harga"], ["Beras", "60.000", "65.000"]]
    (question,) = preview(*rows).questions
    assert (question.id, question.options) == ("column:price", ("Nama", "B", "C"))
    assert open_in(preview(*rows, column__price="Harga")) == ["column:price"]
    assert idr(only(preview(*rows, column__price="B"))) == 60_000


def test_goods_that_no_catalogue_knows_stand_once_in_a_table() -> None:
    rows = [["Kode", "Nama", "Harga"], ["K1", "Teh", "1"], ["k1", "TEH", "2"], ["K2", "Teh", "3"]]
    found = preview(*rows)
    assert open_in(found) == ["row:R3"]
    assert [entry.status for entry in found.entries] == ["new", "doubtful", "new"]
    without = preview(*rows, row__R3="skip")
    assert (open_in(without), len(without.new_items)) == ([], 2)
    renamed = preview(*rows, name__R3="Teh celup")
    assert (open_in(renamed), len({item.item_id for item in renamed.new_items})) == ([], 3)


@pytest.mark.parametrize(
    "rows",
    [
        [["Nama", "Harga per Dus"], ["Beras", "240"]],
        [["Nama", "Satuan", "Harga"], ["Beras", "karton", "240"]],
    ],
)
def test_a_price_of_a_case_is_no_price_of_one_unit(rows: list[list[Cell]]) -> None:
    """What another supplier's case holds is no proof of what this one's does."""
    item = KnownItem("b", "Beras", "H87", 40, "")
    catalogue = Catalogue({"b": item}, {}, {"title:beras": "b"}, {}, {})
    assert open_in(preview(*rows, catalogue=catalogue)) == ["case:R2"]
    price = only(preview(*rows, catalogue=catalogue, case__R2="24")).price
    assert price is not None
    assert (price.case_size, price.tiers) == (24, (Tier(from_quantity=1, idr=240, per=24),))


def test_a_file_that_says_nothing_of_cases_leaves_them_as_they_were() -> None:
    item = KnownItem("b", "Beras", "H87", 40, "")
    tier = Tier(from_quantity=1, idr=240, per=24)
    held = InForce("b", "old", None, (tier,), case_size=24)
    catalogue = Catalogue({"b": item}, {}, {"title:beras": "b"}, {"b": held}, {})
    by_case = only(preview(["Nama", "Harga/Dus"], ["Beras", "240"], catalogue=catalogue))
    by_unit = only(preview(["Nama", "Harga"], ["Beras", "10"], catalogue=catalogue))
    assert [entry.status for entry in (by_case, by_unit)] == ["unchanged", "unchanged"]


def test_only_answers_of_use_are_told_to_be_so() -> None:
    answers: Mapping[str, str] = {"price:R3": "5", "basis": "unit", "price:R2": "many"}
    found = Draft([sheet(["Nama", "Harga"], ["A", "?"], ["B", "?"])], answers).compare(NOTHING)
    assert found.used == {"price:R3"}
    assert open_in(found) == ["price:R2"]
