"""What a week at listed prices must come to, worked out apart from the service in polars.

From the receipts and the derived tables; of the service only the positions of the orders are
taken, since ties go to who ordered first.
"""

from dataclasses import dataclass

import polars as pl

from jaringan_usaha.retail.derived import FEE, REBATE, Derived, billed, delivered, freight
from jaringan_usaha.retail.source import cycle_id
from jaringan_usaha.retail.splits import WIDE, half_up, largest_remainder

ITEM = ("supplier_id", "item_id")
ROW = (*ITEM, "koperasi_id")
TURN = ("first_position", "koperasi_id")
HOLDING = ("since", *TURN)
"""Who was given some first, comes first."""

ACCOUNTS = ("account", "debit_idr", "credit_idr")


@dataclass(frozen=True)
class Week:
    """The figures of one week. Tables have the columns of the service's listings."""

    cycle: pl.DataFrame
    orders: int
    order_lines: int
    lines: pl.DataFrame
    entitlements: pl.DataFrame
    deliveries: pl.DataFrame
    suppliers: pl.DataFrame
    costs: pl.DataFrame
    margins: pl.DataFrame
    postings: pl.DataFrame


class ListedOracle:
    """Works weeks out, one by one."""

    def __init__(self, derived: Derived) -> None:
        self._derived = derived

    def week(self, week: int, positions: pl.DataFrame) -> Week:
        """`positions`: `position` of the order of each `basket_id`."""
        wanted = self._derived.wanted(week).join(positions, on="basket_id", how="left")
        demand = self._demand(wanted)
        lines = self._ordered(demand)
        rows = self._granted(demand, lines)
        came = delivered(lines.with_columns(week=pl.lit(week, pl.Int64)))
        given = _given(rows, came)
        bills = billed(came)
        costs = self._costs(week, given, bills)
        margins = self._margins(week, rows, came, costs)
        return Week(
            cycle=_cycle(week, lines),
            orders=wanted["basket_id"].n_unique(),
            order_lines=wanted.height,
            lines=self._lines(lines),
            entitlements=rows.select(
                *ROW,
                "firm",
                "tolerance",
                "granted",
                "first_position",
                alone_idr="granted_alone_idr",
            ),
            deliveries=given.select(
                *ROW,
                "firm",
                "tolerance",
                "granted",
                "goods_idr",
                "alone_idr",
                received="units",
            ),
            suppliers=_suppliers(came, given),
            costs=costs.select(
                *ROW,
                "units",
                "goods_idr",
                "variance_idr",
                "freight_idr",
                "fee_idr",
                "ppn_idr",
                "creditable_idr",
                "rebate_idr",
                "own_rebate_idr",
            ),
            margins=margins,
            postings=self._postings(week, costs, bills),
        )

    def baskets(self, week: int) -> list[int]:
        """The receipts of which something is ordered."""
        return self._derived.wanted(week)["basket_id"].unique().to_list()

    # -- what is ordered --

    def _demand(self, wanted: pl.DataFrame) -> pl.DataFrame:
        return wanted.group_by(ROW).agg(
            firm=pl.col("quantity").sum(),
            tolerance=pl.col("tolerance").sum().cast(pl.Int64),
            order_lines=pl.len().cast(pl.Int64),
            first_position=pl.col("position").min(),
        )

    def _ordered(self, demand: pl.DataFrame) -> pl.DataFrame:
        """Whole cases of each item, at the tier that they reach."""
        sums = demand.group_by(ITEM).agg(pl.col("firm", "tolerance", "order_lines").sum())
        over = pl.col("firm") % pl.col("case_size")
        fills = (over > 0) & (over + pl.col("tolerance") >= pl.col("case_size"))
        lines = sums.join(self._derived.prices, on=ITEM).with_columns(
            cases=pl.col("firm") // pl.col("case_size") + fills.cast(pl.Int64)
        )
        lines = lines.with_columns(quantity=pl.col("cases") * pl.col("case_size"))
        return lines.with_columns(amount_idr=_cost(pl.col("quantity")))

    def _granted(self, demand: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
        """Who may expect how much of what is ordered, what it owes, and had paid alone."""
        prices = self._derived.prices.drop("product_id", "exempt", "rebated", "case_size")
        rows = demand.join(lines.select(*ITEM, "quantity", "amount_idr"), on=ITEM)
        rows = rows.join(prices, on=ITEM)
        all_firm = pl.col("firm").sum().over(ITEM)
        enough = pl.col("quantity") >= all_firm
        rows = largest_remainder(
            rows,
            "part",
            total=pl.when(enough).then(pl.col("quantity") - all_firm).otherwise("quantity"),
            weight=pl.when(enough).then("tolerance").otherwise("firm"),
            within=ITEM,
            order=TURN,
        )
        granted = pl.col("part") + pl.when(enough).then("firm").otherwise(0)
        rows = rows.with_columns(granted=granted)
        rows = rows.with_columns(granted_alone_idr=_cost(pl.col("granted")))
        return largest_remainder(
            rows,
            "ordered_idr",
            total=pl.col("amount_idr"),
            weight=pl.col("granted"),
            within=ITEM,
            order=TURN,
        ).drop("part")

    def _lines(self, lines: pl.DataFrame) -> pl.DataFrame:
        """As the service lists them."""
        nothing = pl.col("quantity") == 0
        reached = _reached(pl.col("quantity"))
        return lines.select(
            *ITEM,
            "quantity",
            "order_lines",
            "amount_idr",
            "cases",
            "case_size",
            "firm",
            "tolerance",
            price_idr=pl.when(nothing).then(None).otherwise(reached),
            price_per=pl.when(nothing).then(1).otherwise("per"),
            reason=pl.when(nothing).then(pl.lit("MOQ_NOT_MET")).otherwise(pl.lit("")),
        )

    # -- what it costs --

    def _costs(self, week: int, given: pl.DataFrame, bills: pl.DataFrame) -> pl.DataFrame:
        """What each koperasi holds of each item, and all that was added to its cost."""
        about = bills.select(
            *ITEM, "variance_idr", "ppn_idr", "rebated", "invoice", total_idr="goods_idr"
        )
        held = given.filter(pl.col("units") > 0).join(about, on=ITEM)
        held = held.join(self._derived.stores([week]), on="koperasi_id")
        worth = pl.col("total_idr") > 0
        by_value = pl.when(worth).then("goods_idr").otherwise("units")
        for column in ("variance_idr", "ppn_idr"):
            held = largest_remainder(
                held,
                f"own_{column}",
                total=pl.col(column),
                weight=by_value,
                within=ITEM,
                order=HOLDING,
            )
        paid = pl.col("goods_idr") + pl.col("own_variance_idr")
        rebate = pl.when("rebated").then(_part_bp(paid, REBATE["rate_bp"])).otherwise(0)
        held = held.with_columns(
            fee_idr=_part_bp(paid, FEE["rate_bp"]),
            rebate_idr=rebate,
            creditable_idr=pl.when("vat_registered").then("own_ppn_idr").otherwise(0),
        )
        parts = REBATE["koperasi_parts"] + REBATE["consortium_parts"]
        held = held.with_columns(
            own_rebate_idr=half_up(pl.col("rebate_idr") * REBATE["koperasi_parts"], parts),
            variance_idr="own_variance_idr",
            ppn_idr="own_ppn_idr",
        )
        return _with_freight(week, held)

    def _margins(
        self, week: int, rows: pl.DataFrame, came: pl.DataFrame, costs: pl.DataFrame
    ) -> pl.DataFrame:
        """Per koperasi. What was expected of an order counts until the first of it comes."""
        anything = (pl.col("accepted") + pl.col("rejected")).sum() > 0
        arrived = came.group_by("supplier_id").agg(arrived=anything)
        expected = (
            rows.join(arrived, on="supplier_id")
            .group_by("koperasi_id")
            .agg(
                pl.col("ordered_idr", "granted").sum(),
                waiting_idr=pl.col("ordered_idr").filter(~pl.col("arrived")).sum(),
                waiting_alone_idr=pl.col("granted_alone_idr").filter(~pl.col("arrived")).sum(),
            )
            .filter(pl.col("granted") > 0)
        )
        added = ("goods_idr", "variance_idr", "freight_idr", "fee_idr")
        sums = costs.group_by("koperasi_id").agg(
            pl.col(*added, "alone_idr").sum(),
            ppn_idr=(pl.col("ppn_idr") - pl.col("creditable_idr")).sum(),
            ppn_credit_idr=pl.col("creditable_idr").sum(),
            rebate_idr=pl.col("own_rebate_idr").sum(),
        )
        both = expected.join(sums, on="koperasi_id", how="full", coalesce=True).fill_null(0)
        return both.select(
            "koperasi_id",
            "ordered_idr",
            *added,
            "ppn_idr",
            "ppn_credit_idr",
            "rebate_idr",
            cycle_id=pl.lit(cycle_id(week)),
            amount_idr=pl.col("goods_idr") + pl.col("waiting_idr"),
            alone_idr=pl.col("alone_idr") + pl.col("waiting_alone_idr"),
        )

    def _postings(self, week: int, costs: pl.DataFrame, bills: pl.DataFrame) -> pl.DataFrame:
        """What the week moved on each account."""
        fees = costs.group_by("supplier_id", "invoice").agg(pl.col("fee_idr").sum())
        parts = FEE["consortium_parts"] + FEE["host_parts"]
        earned = fees.select(half_up(pl.col("fee_idr") * FEE["consortium_parts"], parts).sum())
        columns = ("goods_idr", "variance_idr", "freight_idr", "fee_idr", "ppn_idr")
        more = ("creditable_idr", "rebate_idr", "own_rebate_idr")
        of = costs.select(pl.col(*columns, *more).sum()).row(0, named=True)
        rounding = -int(bills["rounding_idr"].sum())
        taxed = of["ppn_idr"] - of["creditable_idr"]
        added = of["variance_idr"] + of["freight_idr"] + of["fee_idr"] + taxed
        consortium = int(earned.item())
        invoiced = of["goods_idr"] + of["variance_idr"] + of["ppn_idr"]
        moved = [
            ("1150", of["creditable_idr"], 0),
            ("1260", of["rebate_idr"], 0),
            ("1310", of["goods_idr"] + added, of["own_rebate_idr"]),
            ("2110", rounding, invoiced),
            ("2120", of["goods_idr"], of["goods_idr"]),
            ("2130", 0, of["freight_idr"]),
            ("2150", 0, of["fee_idr"] - consortium),
            ("4210", 0, consortium),
            ("4220", 0, of["rebate_idr"] - of["own_rebate_idr"]),
            ("5195", 0, rounding),
        ]
        return pl.DataFrame(moved, schema=list(ACCOUNTS), orient="row")


# -- prices --------------------------------------------------------------------------------


def _reached(quantity: pl.Expr) -> pl.Expr:
    return (
        pl.when(quantity >= pl.col("third_from"))
        .then("third_idr")
        .when(quantity >= pl.col("second_from"))
        .then("second_idr")
        .otherwise("first_idr")
    )


def _cost(quantity: pl.Expr) -> pl.Expr:
    """All at the tier reached; or each part at its own, where the list says so."""
    units = quantity.cast(WIDE)
    second = (units - (pl.col("second_from") - 1)).clip(lower_bound=0)
    third = (units - (pl.col("third_from") - 1)).clip(lower_bound=0)
    graduated = (
        (units - second) * pl.col("first_idr")
        + (second - third) * pl.col("second_idr")
        + third * pl.col("third_idr")
    )
    value = pl.when("incremental").then(graduated).otherwise(units * _reached(quantity))
    return half_up(value, pl.col("per"))


def _part_bp(amount_idr: pl.Expr, rate_bp: int) -> pl.Expr:
    return half_up(amount_idr * rate_bp, 10_000)


# -- deliveries ----------------------------------------------------------------------------


def _given(rows: pl.DataFrame, came: pl.DataFrame) -> pl.DataFrame:
    """Who got what of both deliveries: each shared over what was outstanding by then."""
    rows = rows.join(came.select(*ITEM, "first", "second"), on=ITEM).with_columns(
        units=pl.lit(0, pl.Int64),
        goods_idr=pl.lit(0, pl.Int64),
        alone_idr=pl.lit(0, pl.Int64),
        since=pl.lit(3, pl.Int64),
    )
    rows = _given_once(rows, pl.col("first"), pl.lit(0, pl.Int64), 1)
    return _given_once(rows, pl.col("second"), pl.col("first"), 2)


def _given_once(rows: pl.DataFrame, came: pl.Expr, before: pl.Expr, nth: int) -> pl.DataFrame:
    outstanding = (pl.min_horizontal("firm", "granted") - pl.col("units")).clip(lower_bound=0)
    rows = rows.with_columns(outstanding=outstanding)
    wanted = pl.col("firm") + pl.col("tolerance") - pl.col("units") - pl.col("outstanding")
    rows = rows.with_columns(welcome=wanted.clip(lower_bound=0))
    claimed = pl.col("outstanding").sum().over(ITEM)
    enough = came >= claimed
    rows = largest_remainder(
        rows,
        "part",
        total=pl.when(enough).then(came - claimed).otherwise(came),
        weight=pl.when(enough).then("welcome").otherwise("outstanding"),
        within=ITEM,
        order=TURN,
    )
    more = pl.col("part") + pl.when(enough & (came > 0)).then("outstanding").otherwise(0)
    rows = rows.with_columns(more=more)
    amount, quantity = pl.col("amount_idr").cast(WIDE), pl.col("quantity").clip(lower_bound=1)
    value = half_up(amount * (before + came), quantity) - half_up(amount * before, quantity)
    rows = largest_remainder(
        rows, "worth", total=value, weight=pl.col("more"), within=ITEM, order=TURN
    )
    alone = pl.col("granted_alone_idr").cast(WIDE) * (pl.col("units") + pl.col("more"))
    running = half_up(alone, pl.col("granted").clip(lower_bound=1))
    got = pl.col("more") > 0
    return rows.with_columns(
        units=pl.col("units") + pl.col("more"),
        goods_idr=pl.col("goods_idr") + pl.col("worth"),
        alone_idr=pl.when(got).then(running).otherwise("alone_idr"),
        since=pl.when(got).then(pl.min_horizontal("since", pl.lit(nth))).otherwise("since"),
    ).drop("part", "more", "worth", "outstanding", "welcome")


def _suppliers(came: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """How far each supplier's delivery is."""
    counted = came.group_by("supplier_id").agg(
        ordered=pl.col("quantity").sum(),
        accepted=pl.col("accepted").sum(),
        rejected=pl.col("rejected").sum().cast(pl.Int64),
    )
    shared = given.group_by("supplier_id").agg(
        given=pl.col("units").sum(), goods_idr=pl.col("goods_idr").sum()
    )
    return counted.join(shared, on="supplier_id")


# -- freight -------------------------------------------------------------------------------


def _with_freight(week: int, held: pl.DataFrame) -> pl.DataFrame:
    """Each bill over the items, each item's part over those who hold it."""
    bills = freight(week)
    items = held.group_by(ITEM).agg(
        all_units=pl.col("units").sum(), all_idr=pl.col("goods_idr").sum()
    )
    held = held.with_columns(freight_idr=pl.lit(0, pl.Int64))
    before = 0
    for amount in bills.amounts_idr:
        borne = largest_remainder(
            items.with_columns(bill=pl.lit(1)),
            "borne_idr",
            total=pl.lit(amount - before),
            weight=pl.col("all_idr" if bills.key == "value" else "all_units"),
            within=["bill"],
            order=ITEM,
        )
        held = largest_remainder(
            held.join(borne.select(*ITEM, "borne_idr"), on=ITEM),
            "part",
            total=pl.col("borne_idr"),
            weight=pl.col("units"),
            within=ITEM,
            order=HOLDING,
        )
        held = held.with_columns(freight_idr=pl.col("freight_idr") + pl.col("part"))
        held = held.drop("part", "borne_idr")
        before = amount
    return held


def _cycle(week: int, lines: pl.DataFrame) -> pl.DataFrame:
    return lines.select(
        cycle_id=pl.lit(cycle_id(week)),
        consolidated_orders=pl.col("supplier_id").n_unique().cast(pl.Int64),
        order_lines=pl.col("order_lines").sum(),
        amount_idr=pl.col("amount_idr").sum(),
    ).head(1)
