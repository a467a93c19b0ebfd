"""The table of daily consumer prices: what it says, what it does not, and the same table again."""

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaringan_usaha.kernel.market_table import (
    COLUMNS,
    Commodity,
    Observed,
    Table,
    TableDoesNotFit,
    basis_of,
    read_csv,
    write_csv,
)

REAL = Path(__file__).parents[3] / "shared" / "data" / "harga_konsumen_kota_bandung.csv"
FIRST, LAST = date(2025, 9, 13), date(2025, 11, 16)

HEAD = "Timestamp,ID,Komoditas,Satuan,Harga,Harga Kemarin,Tanggal Kemarin,Gap,Gap Persen"


def table(*rows: str, head: str = HEAD) -> Table:
    return read_csv("\n".join([head, *rows, ""]))


def written(known: Table, first: date, last: date) -> str:
    prices = {(each.day, each.commodity): each for each in known.prices}
    return "".join(write_csv(first, last, known.commodities, prices))


# -- reading -------------------------------------------------------------------------------


def test_a_price_is_read_with_its_day_and_its_commodity() -> None:
    found = table("2025-09-13,27,Beras Premium,Rp./Kg,16000,0,12-9-2025,16000,0")
    assert found.commodities == (Commodity("Beras Premium", "27", "Rp./Kg"),)
    assert found.prices == (Observed("Beras Premium", FIRST, 16_000),)
    assert (found.rows, found.unobserved, found.late) == (1, 0, 0)


def test_zero_is_no_price_and_the_fall_to_it_no_fall() -> None:
    found = table("2025-10-26,27,Beras Premium,Rp./Kg,0,0,25-10-2025,-14733,-100")
    assert found.prices == ()
    assert (found.rows, found.unobserved) == (1, 1)
    assert found.commodities[0].name == "Beras Premium"


def test_a_price_that_is_told_a_day_later_is_known_all_the_same() -> None:
    found = table(
        "2025-10-26,27,Beras Premium,Rp./Kg,0,14700,25-10-2025,-14700,-100",
        "2025-10-27,27,Beras Premium,Rp./Kg,14717,14733,26-10-2025,-16,-0.11",
    )
    days = {each.day.day: (each.idr, each.late) for each in found.prices}
    assert days == {25: (14_700, True), 26: (14_733, True), 27: (14_717, False)}
    assert (found.rows, found.unobserved, found.late) == (2, 1, 2)


def test_what_the_day_itself_says_counts_more_than_what_the_next_one_says() -> None:
    found = table(
        "2025-10-26,27,Beras,Rp./Kg,14000,0,25-10-2025,0,0",
        "2025-10-27,27,Beras,Rp./Kg,14100,13900,26-10-2025,0,0",
    )
    assert [each.idr for each in found.prices] == [14_000, 14_100]


def test_both_ways_to_write_a_day_are_read() -> None:
    rows = ("2025-9-3,1,Garam,Rp/kg,1,0,,0,0", "04-09-2025,1,Garam,Rp/kg,2,0,,0,0")
    days = [each.day for each in table(*rows).prices]
    assert days == [date(2025, 9, 3), date(2025, 9, 4)]


@pytest.mark.parametrize(
    ("unit", "basis"),
    [
        *((unit, "kg") for unit in ("Rp./Kg", "Rp/kg", "Rp/Kg")),
        *((unit, "l") for unit in ("Rp./Liter", "Rp/Liter", "rp / ltr")),
        *((unit, "") for unit in ("Rp/butir", "Kg", "Rp/Kgx", "")),
    ],
)
def test_the_spellings_of_a_unit_mean_one_thing(unit: str, basis: str) -> None:
    assert basis_of(unit) == basis


@pytest.mark.parametrize("price", ["16.000", "16,000", "-1", "Rp16000", "1e3", "", "10000000001"])
def test_a_price_that_could_be_read_in_two_ways_is_asked_back(price: str) -> None:
    cell = f'"{price}"' if "," in price else price
    with pytest.raises(TableDoesNotFit, match="line 3: write the price in whole rupiah"):
        table(
            "2025-09-13,27,Beras,Rp./Kg,1,0,,0,0",
            f"2025-09-14,27,Beras,Rp./Kg,{cell},0,,0,0",
        )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("13/09/2025,27,Beras,Rp./Kg,1,0,,0,0", "write the day as"),
        ("2025-02-30,27,Beras,Rp./Kg,1,0,,0,0", "write the day as"),
        ("2025-09-13,27,=1+1,Rp./Kg,1,0,,0,0", "begins with a letter or digit"),
        ("2025-09-13,27,,Rp./Kg,1,0,,0,0", "begins with a letter or digit"),
        ("2025-09-13,=27,Beras,Rp./Kg,1,0,,0,0", "the commodity's number"),
        ("2025-09-13,27,Beras,,1,0,,0,0", "the unit is missing"),
        ("2025-09-13,27,Beras", "has 3 cells instead of 9"),
        ('2025-09-13,27,"Beras', "no CSV"),
    ],
)
def test_a_row_that_does_not_fit_is_told_with_its_line(row: str, said: str) -> None:
    with pytest.raises(TableDoesNotFit, match=rf"line 2.*{said}"):
        table(row)


def test_a_table_without_its_columns_is_not_guessed_at() -> None:
    with pytest.raises(TableDoesNotFit, match="lacks ID, Harga"):
        table("x,y,z", head="Timestamp,Komoditas,Satuan")
    with pytest.raises(TableDoesNotFit, match="lacks Timestamp"):
        read_csv("")


def test_a_table_that_contradicts_itself_is_refused() -> None:
    same = "2025-09-13,27,Beras,Rp./Kg,1,0,,0,0"
    assert table(same, same).rows == 1
    with pytest.raises(TableDoesNotFit, match="two prices on 2025-09-13"):
        table(same, "2025-09-13,27,Beras,Rp./Kg,2,0,,0,0")
    with pytest.raises(TableDoesNotFit, match="two numbers or in two units"):
        table(same, "2025-09-14,28,Beras,Rp./Kg,2,0,,0,0")
    with pytest.raises(TableDoesNotFit, match="two numbers or in two units"):
        table(same, "2025-09-14,27,Beras,Rp./Liter,2,0,,0,0")
    assert table(same, "2025-09-14,27,Beras,Rp/kg,2,0,,0,0").commodities[0].unit == "Rp./Kg"


# -- writing -------------------------------------------------------------------------------


def test_a_missing_day_is_written_as_the_source_does() -> None:
    known = table(
        "2025-10-26,27,Beras Premium,Rp./Kg,0,14700,25-10-2025,-14700,-100",
        "2025-10-27,27,Beras Premium,Rp./Kg,14717,14733,26-10-2025,-16,-0.11",
    )
    assert written(known, date(2025, 10, 26), date(2025, 10, 27)).splitlines() == [
        ",".join(COLUMNS),
        "2025-10-26,27,Beras Premium,Rp./Kg,0,14700,25-10-2025,-14700,-100,down",
        "2025-10-27,27,Beras Premium,Rp./Kg,14717,14733,26-10-2025,-16,-0.11,down",
    ]


@pytest.mark.parametrize(
    ("before", "now", "percent"),
    [
        (40_000, 38_750, "-3.13"),  # 3.125: halves away from zero
        (40_000, 41_250, "3.13"),
        (60_000, 63_333, "5.56"),  # 5.555
        (10_000, 10_500, "5"),
        (10_000, 10_250, "2.5"),
        (10**9, 10**9 - 1, "0"),
        (0, 5_000, "0"),
    ],
)
def test_a_change_in_percent_is_rounded_as_the_source_does(
    before: int, now: int, percent: str
) -> None:
    known = table(f"2025-10-27,1,Garam,Rp/kg,{now},{before},26-10-2025,0,0")
    line = written(known, date(2025, 10, 27), date(2025, 10, 27)).splitlines()[1]
    assert line.split(",")[8] == percent


# -- the real table ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real() -> str:
    if not REAL.exists():
        pytest.skip(f"{REAL.name} is not in {REAL.parent}")
    return REAL.read_text(encoding="utf-8")


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def one_spelling(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """With the day before in one of the two spellings that the source has for it."""
    found = []
    for row in rows:
        day, month, year = row["Tanggal Kemarin"].split("-")
        found.append({**row, "Tanggal Kemarin": f"{int(day):02}-{int(month):02}-{year}"})
    return found


def test_the_real_table_is_counted_to_the_last_row(real: str) -> None:
    found = read_csv(real)
    assert (found.rows, found.unobserved, found.late) == (1_625, 299, 42)
    assert len(found.prices) == 1_625 - 299 + 42
    assert len(found.commodities) == 25
    assert {basis_of(each.unit) for each in found.commodities} == {"kg", "l"}
    assert len({each.unit for each in found.commodities}) == 5
    days = {each.day for each in found.prices if not each.late}
    # On 26 October nobody wrote anything down; the day after told 21 prices of it.
    assert days == {FIRST + timedelta(days=at) for at in range(65)} - {date(2025, 10, 26)}
    assert min(each.idr for each in found.prices) > 0


def test_the_real_table_is_written_again_as_it_was(real: str) -> None:
    again = written(read_csv(real), FIRST, LAST)
    assert rows_of(again) == one_spelling(rows_of(real))
    assert again.splitlines()[0] == real.splitlines()[0]


def test_the_table_that_was_written_says_the_same(real: str) -> None:
    known = read_csv(real)
    assert read_csv(written(known, FIRST, LAST)) == known


prices = st.dictionaries(
    st.tuples(st.integers(0, 9), st.sampled_from(["Beras", "Garam"])), st.integers(1, 10**6)
)


@given(prices=prices)
def test_whatever_was_observed_is_read_again(prices: dict[tuple[int, str], int]) -> None:
    first = date(2026, 1, 1)
    commodities = (Commodity("Beras", "1", "Rp./Kg"), Commodity("Garam", "2", "Rp/kg"))
    observed = {
        (day, name): Observed(name, day, idr)
        for (at, name), idr in prices.items()
        for day in [first + timedelta(days=at)]
    }
    again = read_csv("".join(write_csv(first, first + timedelta(days=9), commodities, observed)))
    assert {(each.day, each.commodity): each for each in again.prices} == observed
    assert again.late == 0
    assert again.rows == 20
