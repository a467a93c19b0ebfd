"""PPN, fees and bills for bringing goods: worked examples to the rupiah."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given as everywhere
from hypothesis import strategies as st

from jaringan_usaha.features.invoicing.costing import whole_invoices
from jaringan_usaha.features.invoicing.events import InvoiceLine, KoperasiCost, MatchedLine
from jaringan_usaha.features.invoicing.landed_cost import (
    CONSORTIUM,
    FeeTerms,
    Holder,
    RebateTerms,
    Terms,
    cost_line,
    fee_split,
    rebate_split,
)
from jaringan_usaha.features.invoicing.matching import (
    Grounds,
    Ordered,
    Tolerance,
    match_line,
    rounding_idr,
)
from jaringan_usaha.features.registry.events import RuleSet
from jaringan_usaha.kernel.landed import (
    ChargeKey,
    Goods,
    NothingWeighs,
    part_bp,
    split_charge,
    spread,
    weight_of,
)
from jaringan_usaha.kernel.ppn import PpnPolicy, ppn_policy
from jaringan_usaha.kernel.rules import DatedRule

HALF_UP = PpnPolicy(1_200, 11, 12, half_up=True, rounded_base=False)
CUT_OFF = HALF_UP._replace(half_up=False)
QUANTITIES = [("a", 40), ("b", 35), ("c", 20), ("d", 10)]
VALUES = [("a", 6_960_000), ("b", 6_090_000), ("c", 3_480_000), ("d", 1_740_000)]
OIL = Ordered(105, 18_270_000)
HOST = Terms(fee=FeeTerms(150, 60, 40, "a"))


def holders() -> list[Holder]:
    return [
        Holder(koperasi_id=koperasi, units=units, goods_idr=value)
        for (koperasi, units), (_, value) in zip(QUANTITIES, VALUES, strict=True)
    ]


def billed(
    quantity: int = 105, goods_idr: int = 18_270_000, ppn_idr: int = 2_009_700, **other: Any
) -> InvoiceLine:
    return InvoiceLine(
        item_id="oil", quantity=quantity, goods_idr=goods_idr, ppn_idr=ppn_idr, **other
    )


def grounds(**other: Any) -> Grounds:
    same = Grounds(OIL, 105, 0, 0, HALF_UP, Tolerance())
    return same._replace(**other)


# -- PPN -----------------------------------------------------------------------------------


def test_p1_ppn_on_eleven_twelfths_and_its_parts_by_value() -> None:
    assert 18_270_000 * 11 // 12 == 16_747_500
    assert HALF_UP.on(18_270_000) == 2_009_700
    parts = {"a": 765_600, "b": 669_900, "c": 382_800, "d": 191_400}
    assert spread(2_009_700, VALUES) == parts


def test_p2_the_path_to_the_amount_matters() -> None:
    assert HALF_UP.on(100_041) == 11_005
    assert HALF_UP._replace(rounded_base=True).on(100_041) == 11_004


def test_p2_one_rupiah_a_line_goes_to_the_rounding_account_and_two_are_held() -> None:
    exact = match_line(billed(1, 100_041, 11_004), grounds(ordered=Ordered(1, 100_041)))
    assert (exact.outcome, rounding_idr(exact)) == ("rounding", -1)
    rows = cost_line(exact, [Holder(koperasi_id="a", units=1, goods_idr=100_041)])
    assert (rows.rounding_idr, rows.rows[0].ppn_idr) == (-1, 11_005)
    off = match_line(billed(1, 100_041, 11_003), grounds(ordered=Ordered(1, 100_041)))
    assert off.outcome == "held"
    assert "11003" in off.reason


def test_p3_each_line_is_rounded_and_then_they_are_added() -> None:
    assert [HALF_UP.on(1_002) for _ in range(3)] == [110, 110, 110]
    assert HALF_UP.on(3_006) == 331


def test_p4_the_policy_of_the_day_rounds() -> None:
    """11/12 of 12 % of 3,453,454 is 379,879.94."""
    rule = DatedRule("ppn", (_ppn_rule(1, date(2024, 1, 1), 0), _ppn_rule(2, date(2025, 8, 1), 1)))

    def on(day: date) -> int:
        setting = rule.on(day)
        assert setting is not None
        return ppn_policy(setting.values).on(3_453_454)

    assert on(date(2025, 7, 31)) == CUT_OFF.on(3_453_454) == 379_879
    assert on(date(2025, 8, 1)) == HALF_UP.on(3_453_454) == 379_880


def _ppn_rule(version_no: int, day: date, half_up: int) -> RuleSet:
    values = {**HALF_UP._asdict(), "half_up": half_up, "rounded_base": 0}
    return RuleSet(
        rule_id="ppn", version_no=version_no, valid_from_on=day, values=values, source="PER-11"
    )


def test_p5_exempt_goods_bear_none_and_deposits_are_not_taxed_with_the_goods() -> None:
    exempt = match_line(billed(105, 18_270_000, 0), grounds(policy=None))
    assert (exempt.outcome, exempt.expected_ppn_idr) == ("equal", 0)
    taxed = match_line(billed(105, 18_270_000, 2_009_700), grounds(policy=None))
    assert taxed.outcome == "held"
    crates = match_line(billed(deposit_idr=105 * 5_000), grounds(deposit_idr=5_000))
    assert (crates.outcome, crates.expected_ppn_idr) == ("equal", 2_009_700)
    costed = cost_line(crates, holders(), HOST)
    assert [row.deposit_idr for row in costed.rows] == [200_000, 175_000, 100_000, 50_000]
    assert [row.fee_idr for row in costed.rows] == [104_400, 91_350, 52_200, 26_100]


def test_p5_deposits_that_are_not_the_units_times_the_deposit_are_held() -> None:
    line = match_line(billed(deposit_idr=524_999), grounds(deposit_idr=5_000))
    assert line.outcome == "held"
    assert "525000" in line.reason


@pytest.mark.parametrize("missing", PpnPolicy._fields)
def test_a_policy_that_lacks_a_value_says_which(missing: str) -> None:
    values = {name: int(value) for name, value in HALF_UP._asdict().items() if name != missing}
    with pytest.raises(ValueError, match=missing):
        ppn_policy(values)


def test_a_policy_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="base_denominator"):
        ppn_policy({**HALF_UP._asdict(), "base_denominator": 0})


@everywhere(st.integers(0, 10**13), st.booleans(), st.booleans())
def test_more_goods_never_bear_less_ppn(goods: int, up: bool, rounded: bool) -> None:
    policy = PpnPolicy(1_200, 11, 12, half_up=up, rounded_base=rounded)
    assert 0 <= policy.on(goods) <= policy.on(goods + 1)
    assert abs(policy.on(goods) * 100 - 11 * goods) <= 112


# -- bills for bringing goods --------------------------------------------------------------


def goods(item_id: str, units: int, each: int = 1_000, goods_idr: int = 0) -> Goods:
    return Goods("indofood", item_id, units, goods_idr, each)


def test_l1_freight_by_weight_over_the_lines() -> None:
    lines = [goods("flour", 1_000), goods("oil", 1_155), goods("rice", 1_000)]
    split = {line.item_id: amount for line, amount in split_charge(1_000_000, "weight", lines)}
    assert split == {"flour": 316_957, "oil": 366_086, "rice": 316_957}


def test_l2_a_lines_part_by_quantity() -> None:
    parts = {"a": 139_461, "b": 122_029, "c": 69_731, "d": 34_865}
    assert spread(366_086, QUANTITIES) == parts
    assert sum(parts.values()) == 366_086


@pytest.mark.parametrize(
    ("key", "weights"),
    [
        ("weight", (2_000, 6_000)),
        ("volume", (2_000, 6_000)),
        ("quantity", (2, 3)),
        ("value", (700, 300)),
        ("equal", (1, 1)),
        ("manual", (1_000, 2_000)),
    ],
)
def test_l3_six_keys(key: ChargeKey, weights: tuple[int, int]) -> None:
    lines = [goods("oil", 2, 1_000, 700), goods("rice", 3, 2_000, 300)]
    assert tuple(weight_of(line, key) for line in lines) == weights
    split = [amount for _, amount in split_charge(1_000, key, lines)]
    assert split == list(spread(1_000, list(enumerate(weights))).values())


@pytest.mark.parametrize(
    ("key", "what_to_do"),
    [("weight", "weight_g"), ("volume", "volume_ml"), ("manual", "weights"), ("value", "another")],
)
def test_l3_when_nothing_weighs_anything_it_says_what_to_do(
    key: ChargeKey, what_to_do: str
) -> None:
    with pytest.raises(NothingWeighs, match=what_to_do):
        split_charge(1_000, key, [goods("oil", 2, 0), goods("rice", 3, 0)])


def test_l3_without_goods_nothing_is_split() -> None:
    with pytest.raises(NothingWeighs):
        split_charge(1_000, "equal", [])


def test_l4_the_fee_is_on_a_koperasis_whole_line_rounded_once() -> None:
    fees = [part_bp(value, 150) for _, value in VALUES]
    assert fees == [104_400, 91_350, 52_200, 26_100]
    assert sum(fees) == 274_050
    assert part_bp(2 * 25, 1_000) == 5


def test_l4_the_fee_is_split_between_consortium_and_host() -> None:
    rows = cost_line(match_line(billed(), grounds()), holders(), HOST).rows
    assert {each.receiver: each.amount_idr for each in fee_split(rows, HOST.fee)} == {
        CONSORTIUM: 164_430,
        "a": 109_620,
    }
    alone = fee_split(rows, HOST.fee._replace(host=""))
    assert [(each.receiver, each.amount_idr) for each in alone] == [(CONSORTIUM, 274_050)]


def test_l5_a_rebate_is_the_same_split_with_its_own_account() -> None:
    terms = Terms(rebate=RebateTerms(150, 60, 40))
    rows, own, _, _ = cost_line(match_line(billed(), grounds()), holders(), terms)
    assert [row.rebate_idr for row in rows] == [104_400, 91_350, 52_200, 26_100]
    assert [row.fee_idr for row in rows] == [0, 0, 0, 0]
    received = {each.receiver: each.amount_idr for each in rebate_split(rows, own)}
    assert received.pop(CONSORTIUM) == 164_430
    assert received == {"a": 41_760, "b": 36_540, "c": 20_880, "d": 10_440}
    assert sum(received.values()) == 109_620


def test_l6_only_the_difference_of_a_later_bill_is_split() -> None:
    lines = [goods("flour", 1_000), goods("oil", 1_155), goods("rice", 1_000)]
    more = dict(split_charge(1_030_000 - 1_000_000, "weight", lines))
    assert sum(more.values()) == 30_000
    less = dict(split_charge(-30_000, "weight", lines))
    assert less == {line: -amount for line, amount in more.items()}


amounts = st.integers(-(10**13), 10**13)
weights = st.integers(0, 2**40)


@everywhere(amounts, st.lists(weights, min_size=1, max_size=30))
def test_parts_of_any_sign_add_up(total: int, each: list[int]) -> None:
    if not any(each):
        return
    parts = spread(total, list(enumerate(each)))
    assert sum(parts.values()) == total
    assert all(part * total >= 0 for part in parts.values())
    assert all(part == 0 for at, part in parts.items() if each[at] == 0)


@everywhere(
    st.integers(0, 10**13),
    st.lists(st.tuples(st.integers(1, 2**40), st.integers(0, 10**9)), min_size=1, max_size=20),
    st.sampled_from(["weight", "volume", "quantity", "equal", "manual"]),
    st.randoms(),
)
def test_a_bill_adds_up_whatever_the_order_of_lines(
    total: int, lines: list[tuple[int, int]], key: ChargeKey, shuffled: Any
) -> None:
    standing = [goods(str(at), units, each) for at, (units, each) in enumerate(lines)]
    if not any(weight_of(line, key) for line in standing):
        return
    split = split_charge(total, key, standing)
    assert sum(amount for _, amount in split) == total
    shuffled.shuffle(standing)
    assert split_charge(total, key, standing) == split


# -- what an invoice line costs ------------------------------------------------------------

MARGINS = {
    "a": (6_960_000, 139_461, 104_400, 765_600, 7_969_461, 8_400_000, 430_539),
    "b": (6_090_000, 122_029, 91_350, 669_900, 6_973_279, 7_350_000, 376_721),
    "c": (3_480_000, 69_731, 52_200, 382_800, 3_984_731, 4_200_000, 215_269),
    "d": (1_740_000, 34_865, 26_100, 191_400, 1_992_365, 2_100_000, 107_635),
}
ALL = (18_270_000, 366_086, 274_050, 2_009_700, 20_919_836, 22_050_000, 1_130_164)


def landed(row: KoperasiCost, freight_idr: int) -> int:
    credited = row.ppn_idr if row.creditable else 0
    return row.goods_idr + row.variance_idr + freight_idr + row.fee_idr + row.ppn_idr - credited


def test_the_whole_table_of_margins_per_koperasi() -> None:
    freight = spread(366_086, QUANTITIES)
    rows = cost_line(match_line(billed(), grounds()), holders(), HOST).rows
    found = {}
    for row in rows:
        cost = landed(row, freight[row.koperasi_id])
        revenue = row.units * 210_000
        columns = (row.goods_idr, freight[row.koperasi_id], row.fee_idr, row.ppn_idr)
        found[row.koperasi_id] = (*columns, cost, revenue, revenue - cost)
    assert found == MARGINS
    assert tuple(map(sum, zip(*found.values(), strict=True))) == ALL


def test_a_koperasi_that_is_pkp_does_not_bear_the_ppn() -> None:
    terms = HOST._replace(vat_registered=frozenset({"a"}))
    rows = cost_line(match_line(billed(), grounds()), holders(), terms).rows
    assert [row.creditable for row in rows] == [True, False, False, False]
    assert landed(rows[0], 139_461) == 7_203_861


def test_billed_105_accepted_102_is_a_debit_note_for_three() -> None:
    line = match_line(billed(), grounds(accepted=102))
    assert (line.outcome, line.claimed, line.units) == ("over_billed", 3, 102)
    assert (line.claimed_idr, line.claimed_ppn_idr) == (522_000, 57_420)
    assert line.claimed_idr + line.claimed_ppn_idr == 579_420
    assert line.expected_idr == 17_748_000
    assert line.payable_idr == 18_270_000 + 2_009_700 - 579_420


@pytest.mark.parametrize(
    ("off", "outcome"),
    [(0, "equal"), (91_350, "variance"), (-91_350, "variance"), (91_351, "held")],
)
def test_a_price_may_differ_by_half_a_percent(off: int, outcome: str) -> None:
    goods_idr = 18_270_000 + off
    line = match_line(
        billed(105, goods_idr, HALF_UP.on(goods_idr)), grounds(tolerance=Tolerance(50, 50))
    )
    assert line.outcome == outcome
    assert sum(row.variance_idr for row in cost_line(line, holders()).rows) == off


def test_a_price_may_differ_by_fifty_rupiah_a_unit_where_that_is_more() -> None:
    cheap = grounds(ordered=Ordered(105, 105_000), tolerance=Tolerance(50, 50))
    within = match_line(billed(105, 110_250, HALF_UP.on(110_250)), cheap)
    beyond = match_line(billed(105, 110_251, HALF_UP.on(110_251)), cheap)
    assert (within.outcome, beyond.outcome) == ("variance", "held")


def test_what_was_not_ordered_is_claimed_back_whole() -> None:
    line = match_line(billed(3, 522_000, 57_421), grounds(ordered=Ordered(), accepted=0))
    assert (line.outcome, line.units, line.payable_idr) == ("over_billed", 0, 0)


def test_the_ppn_of_a_released_line_is_the_tax_invoices() -> None:
    """A supplier that is not PKP bills none, and nobody may invent it."""
    line = match_line(billed(ppn_idr=0), grounds(accepted=102))
    assert line.outcome == "held"
    assert line.claimed_ppn_idr == 0
    costed = cost_line(line, _held(102))
    assert [row.ppn_idr for row in costed.rows] == [0, 0, 0, 0]
    assert costed.rounding_idr == 0


def _held(units: int) -> list[Holder]:
    """S5: 102 of 105 cartons, shared 39, 34, 19, 10."""
    assert units == 102
    return [
        Holder(koperasi_id=koperasi, units=got, goods_idr=got * 174_000)
        for koperasi, got in (("a", 39), ("b", 34), ("c", 19), ("d", 10))
    ]


def test_two_invoices_for_one_delivery_take_everything_once() -> None:
    first = match_line(billed(50, 8_700_000, 957_000), grounds())
    rows = {row.koperasi_id: row for row in cost_line(first, holders()).rows}
    assert {koperasi: row.units for koperasi, row in rows.items()} == {
        "a": 19,
        "b": 17,
        "c": 9,
        "d": 5,
    }
    left = [
        Holder(
            koperasi_id=each.koperasi_id,
            units=each.units - rows[each.koperasi_id].units,
            goods_idr=each.goods_idr - rows[each.koperasi_id].goods_idr,
        )
        for each in holders()
    ]
    second = match_line(billed(55, 9_570_000, 1_052_700), grounds(accepted=55, before=50))
    rest = cost_line(second, left).rows
    assert [row.units for row in rest] == [each.units for each in left]
    assert sum(row.goods_idr for row in (*rows.values(), *rest)) == 18_270_000


def test_units_that_went_back_after_they_were_invoiced_are_claimed() -> None:
    line = match_line(billed(), grounds())
    costed = cost_line(line, _held(102), returned=3)
    assert costed.returned is not None
    assert (costed.returned.units, costed.returned.goods_idr) == (3, 522_000)
    assert costed.returned.ppn_idr == 57_420
    assert sum(row.goods_idr for row in costed.rows) == 17_748_000


def test_goods_that_cost_nothing_bear_what_is_billed_by_units() -> None:
    line = match_line(billed(4, 10, 1), grounds(ordered=Ordered(4, 0), accepted=4))
    free = [Holder(koperasi_id=each, units=2, goods_idr=0) for each in "ab"]
    assert [row.variance_idr for row in cost_line(line, free).rows] == [5, 5]


parties = st.lists(
    st.tuples(st.integers(1, 2**30), st.integers(0, 10**12)), min_size=1, max_size=12
)


@everywhere(
    parties,
    st.data(),
    st.integers(0, 10**12),
    st.integers(-1, 1),
    st.integers(0, 3_000),
    st.integers(0, 10),
    st.integers(0, 10),
)
def test_every_column_of_a_costed_line_adds_up_to_what_was_billed(
    held: list[tuple[int, int]],
    data: st.DataObject,
    goods_idr: int,
    off: int,
    rate_bp: int,
    ours: int,
    theirs: int,
) -> None:
    """Goods + variance, PPN + rounding and deposits of all koperasi, with what was claimed at
    the match and what went back since, are the invoice, to the rupiah."""
    standing = [
        Holder(koperasi_id=str(at), units=units, goods_idr=value)
        for at, (units, value) in enumerate(held)
    ]
    free = sum(units for units, _ in held)
    returned = data.draw(st.integers(0, 5))
    accepted = free + returned if returned else data.draw(st.integers(1, free))
    quantity = accepted + data.draw(st.integers(0, 10))
    line = match_line(
        billed(
            quantity,
            goods_idr,
            max(HALF_UP.on(goods_idr) + off, 0),
            deposit_idr=quantity * 5_000,
        ),
        grounds(ordered=Ordered(quantity, goods_idr), accepted=accepted, deposit_idr=5_000),
    )
    parts = (ours, theirs) if ours + theirs else (1, 0)
    terms = Terms(FeeTerms(rate_bp, *parts, "host"), RebateTerms(rate_bp, *parts))
    costed = cost_line(line, standing, terms, returned=returned)
    rows = costed.rows
    assert sum(row.units for row in rows) == accepted - returned
    assert all(0 < row.units <= held[int(row.koperasi_id)][0] for row in rows)
    back = costed.returned
    went = (back.goods_idr, back.ppn_idr, back.deposit_idr) if back else (0, 0, 0)
    goods_sum = sum(row.goods_idr + row.variance_idr for row in rows)
    assert goods_sum + went[0] + line.claimed_idr == line.goods_idr
    ppn_sum = sum(row.ppn_idr for row in rows) + costed.rounding_idr
    assert ppn_sum + went[1] + line.claimed_ppn_idr == line.ppn_idr
    deposits = sum(row.deposit_idr for row in rows)
    assert deposits + went[2] + line.claimed_deposit_idr == line.deposit_idr
    assert abs(costed.rounding_idr) <= 1
    assert sum(each.amount_idr for each in fee_split(rows, terms.fee)) == sum(
        row.fee_idr for row in rows
    )
    assert sum(each.amount_idr for each in rebate_split(rows, costed.own_rebates)) == sum(
        row.rebate_idr for row in rows
    )


@everywhere(st.integers(1, 10**6), st.integers(0, 10**13), st.lists(st.integers(1, 1_000)))
def test_the_parts_of_an_order_are_worth_it_in_all(
    quantity: int, amount_idr: int, invoices: list[int]
) -> None:
    ordered = Ordered(quantity, amount_idr)
    before = worth = 0
    for units in invoices:
        if before + units > quantity:
            break
        worth += ordered.worth_idr(units, before)
        before += units
    assert worth + ordered.worth_idr(quantity - before, before) == amount_idr


def test_a_line_says_what_it_pays_for() -> None:
    line: MatchedLine = match_line(billed(), grounds())
    assert (line.units, line.payable_idr) == (105, 20_279_700)


# -- portions of work ----------------------------------------------------------------------


def test_an_invoice_that_the_limit_cut_waits_for_its_other_lines() -> None:
    rows: list[Any] = [{"invoice_id": each} for each in "aabcc"]
    assert [len(lines) for lines in whole_invoices(rows, 6)] == [2, 1, 2]
    assert [len(lines) for lines in whole_invoices(rows, 5)] == [2, 1]
    assert [len(lines) for lines in whole_invoices(rows[:2], 2)] == [2]
    assert whole_invoices([], 5) == []
