-- Figures of one supplier are those booked and, of orders of which nothing has come, the forecasts;
-- of all suppliers (`*`) the sums of both are booked, and no forecast is looked up: a condition on
-- the parameter alone is asked before the function is.

-- paged: rows_of_all
-- The next koperasi and cycles in order.
select distinct koperasi_id, cycle_id
from (
  select koperasi_id, cycle_id, month from margins where network_id = $1 and supplier_id = $2
  union all
  select koperasi_id, cycle_id, month from forecasts_of($1, $2, null, null) where $2 <> '*') m
where (koperasi_id, cycle_id) > ($3, $4) and koperasi_id <> '*' and cycle_id <> '*'
  and month between $5 and $6
order by koperasi_id, cycle_id limit $7;

-- paged: rows_of_koperasi
select distinct koperasi_id, cycle_id
from (
  select koperasi_id, cycle_id, month from margins
  where network_id = $1 and supplier_id = $2 and koperasi_id = $8
  union all
  select koperasi_id, cycle_id, month from forecasts_of($1, $2, $9, $8) where $2 <> '*') m
where (koperasi_id, cycle_id) > ($3, $4) and cycle_id <> '*' and month between $5 and $6
  and ($9::text is null or cycle_id = $9)
order by koperasi_id, cycle_id limit $7;

-- paged: rows_of_cycle
select distinct koperasi_id, cycle_id
from (
  select koperasi_id, cycle_id, month from margins
  where network_id = $1 and supplier_id = $2 and cycle_id = $8
  union all
  select koperasi_id, cycle_id, month from forecasts_of($1, $2, $8, null) where $2 <> '*') m
where koperasi_id <> '*' and (koperasi_id, cycle_id) > ($3, $4) and month between $5 and $6
order by koperasi_id, cycle_id limit $7;

-- name: margins
-- The figures of some koperasi in some cycles, in the order given; `*` stands for all of either.
-- Where there are none there is no row.
select k.koperasi_id, k.cycle_id, m.ordered_idr + f.amount_idr as ordered_idr,
       m.amount_idr + f.amount_idr as amount_idr, m.alone_idr + f.alone_idr as alone_idr,
       m.goods_idr, m.variance_idr, m.freight_idr, m.fee_idr, m.ppn_idr, m.ppn_credit_idr,
       m.rebate_idr, m.charge_idr, m.revenue_idr, m.cogs_idr
from unnest($3::text[], $4::text[]) with ordinality k(koperasi_id, cycle_id, place)
cross join lateral (
  select count(*) as booked, coalesce(sum(ordered_idr), 0)::bigint as ordered_idr,
         coalesce(sum(amount_idr), 0)::bigint as amount_idr,
         coalesce(sum(alone_idr), 0)::bigint as alone_idr,
         coalesce(sum(goods_idr), 0)::bigint as goods_idr,
         coalesce(sum(variance_idr), 0)::bigint as variance_idr,
         coalesce(sum(freight_idr), 0)::bigint as freight_idr,
         coalesce(sum(fee_idr), 0)::bigint as fee_idr,
         coalesce(sum(ppn_idr), 0)::bigint as ppn_idr,
         coalesce(sum(ppn_credit_idr), 0)::bigint as ppn_credit_idr,
         coalesce(sum(rebate_idr), 0)::bigint as rebate_idr,
         coalesce(sum(charge_idr), 0)::bigint as charge_idr,
         coalesce(sum(revenue_idr), 0)::bigint as revenue_idr,
         coalesce(sum(cogs_idr), 0)::bigint as cogs_idr
  from margins
  where network_id = $1 and supplier_id = $2 and koperasi_id = k.koperasi_id
    and cycle_id = k.cycle_id and month between $5 and $6) m
cross join lateral (
  select count(*) as expected, coalesce(sum(amount_idr), 0)::bigint as amount_idr,
         coalesce(sum(alone_idr), 0)::bigint as alone_idr
  from forecasts_of($1, $2, nullif(k.cycle_id, '*'), k.koperasi_id)
  where $2 <> '*' and k.koperasi_id <> '*' and month between $5 and $6) f
where m.booked + f.expected > 0 order by k.place;

-- paged: items
-- What each item of a cycle cost each koperasi, and what it earned with it.
select koperasi_id, supplier_id, item_id, expected_units, units, sold_units, alone_idr, goods_idr,
       variance_idr, freight_idr, fee_idr, ppn_idr, ppn_credit_idr, rebate_idr, charge_idr,
       revenue_idr, cogs_idr
from stock_layers
where network_id = $1 and cycle_id = $2 and ($3::text is null or koperasi_id = $3)
  and ($4::text is null or supplier_id = $4)
  and (koperasi_id, supplier_id, item_id) > ($5, $6, $7)
order by koperasi_id, supplier_id, item_id limit $8;

-- name: item_totals
select count(*) as rows, coalesce(sum(alone_idr), 0)::bigint as alone_idr,
       coalesce(sum(goods_idr), 0)::bigint as goods_idr,
       coalesce(sum(variance_idr), 0)::bigint as variance_idr,
       coalesce(sum(freight_idr), 0)::bigint as freight_idr,
       coalesce(sum(fee_idr), 0)::bigint as fee_idr,
       coalesce(sum(ppn_idr), 0)::bigint as ppn_idr,
       coalesce(sum(ppn_credit_idr), 0)::bigint as ppn_credit_idr,
       coalesce(sum(rebate_idr), 0)::bigint as rebate_idr,
       coalesce(sum(charge_idr), 0)::bigint as charge_idr,
       coalesce(sum(revenue_idr), 0)::bigint as revenue_idr,
       coalesce(sum(cogs_idr), 0)::bigint as cogs_idr
from stock_layers
where network_id = $1 and cycle_id = $2 and ($3::text is null or koperasi_id = $3)
  and ($4::text is null or supplier_id = $4);

-- paged: unknown
-- Goods that a koperasi sold though nobody saw them come.
select item_id, units, revenue_idr from unknown_stock
where network_id = $1 and koperasi_id = $2 and item_id > $3 order by item_id limit $4;

-- name: unknown_totals
select count(*) as rows, coalesce(sum(revenue_idr), 0)::bigint as revenue_idr
from unknown_stock where network_id = $1 and koperasi_id = $2;
