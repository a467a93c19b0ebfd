"""Whatever a list holds, it goes out as a file and comes back without a change."""

import csv
import io
from typing import Literal

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from jaringan_usaha.features.catalog.events import Tier
from jaringan_usaha.features.catalog.sheets import guarding, reading, writing
from jaringan_usaha.features.catalog.sheets.comparing import (
    Catalogue,
    Draft,
    InForce,
    KnownItem,
)
from jaringan_usaha.features.catalog.sheets.writing import Goods

MONEY = st.integers(1, 2**53 - 1)
UNITS = st.integers(1, 10**6)


@st.composite
def goods(draw: st.DrawFn) -> Goods:
    starts = draw(st.lists(st.integers(2, 10**6), max_size=4, unique=True))
    return Goods(
        item_id=draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", fullmatch=True)),
        gtin=draw(st.sampled_from(["", "08998866200301", "00036000291452"])),
        title=draw(
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=120)
        ),
        base_unit=draw(st.sampled_from(["H87", "GRM", "MLT", "KGM", "LTR", "XPK"])),
        case_size=draw(UNITS),
        min_cases=draw(st.integers(0, 10**6)),
        tiers=[
            Tier(from_quantity=start, idr=draw(MONEY), per=draw(UNITS))
            for start in [1, *sorted(starts)]
        ],
    )


LISTS = st.lists(goods(), min_size=1, max_size=8, unique_by=lambda each: each.item_id)


def comes_back(rows: list[Goods], kind: Literal["csv", "xlsx"]) -> None:
    tiers = max(len(each.tiers) for each in rows)
    content = (writing.as_csv if kind == "csv" else writing.as_xlsx)(rows, tiers)
    sheets = reading.sheets_of(guarding.check(f"x.{kind}", content), content)
    catalogue = Catalogue(
        items={
            each.item_id: KnownItem(
                each.item_id,
                each.title,
                each.base_unit,
                each.case_size,
                each.gtin,  # type: ignore[arg-type]
            )
            for each in rows
        },
        by_gtin={},
        names={},
        in_force={
            each.item_id: InForce(
                each.item_id, "jan", None, tuple(each.tiers), each.case_size, each.min_cases
            )
            for each in rows
        },
        ceilings={},
    )
    found = Draft(sheets, {}).compare(catalogue)
    assert [question.id for question in found.questions] == []
    assert [entry.status for entry in found.entries] == ["unchanged"] * len(rows)
    assert [entry.item.item_id for entry in found.entries] == [each.item_id for each in rows]
    assert found.gone == ()


@for_all(LISTS)
@settings(deadline=None)
def test_a_list_written_as_text_comes_back_without_a_change(rows: list[Goods]) -> None:
    comes_back(rows, "csv")


@for_all(LISTS)
@settings(deadline=None, max_examples=15)
def test_a_list_written_as_a_workbook_comes_back_without_a_change(rows: list[Goods]) -> None:
    comes_back(rows, "xlsx")


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "=HYPERLINK(1)"])
def test_no_cell_acts(title: str) -> None:
    """Source: SEC-9."""
    row = Goods("a", "", title, "H87", 1, 0, [Tier(from_quantity=1, idr=5)])
    text = writing.as_csv([row], 1).decode("utf-8-sig")
    cells = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))[1]
    assert cells[2] == f"'{title}"
    assert cells[7] == "5"
    content = writing.as_xlsx([row], 1)
    assert guarding.check("x.xlsx", content) == "xlsx"  # which refuses formulas
    comes_back([row], "csv")
    comes_back([row], "xlsx")
