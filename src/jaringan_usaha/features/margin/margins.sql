-- paged: rows_of_all
-- The next koperasi and cycles in order.
select distinct koperasi_id, cycle_id from margins
where network_id = $1 and supplier_id = $2 and (koperasi_id, cycle_id) > ($3, $4)
  and koperasi_id <> '*' and month between $5 and $6
order by koperasi_id, cycle_id limit $7;

-- paged: rows_of_koperasi
select distinct koperasi_id, cycle_id from margins
where network_id = $1 and supplier_id = $2 and koperasi_id = $8
  and (koperasi_id, cycle_id) > ($3, $4) and month between $5 and $6
  and ($9::text is null or cycle_id = $9)
order by koperasi_id, cycle_id limit $7;

-- paged: rows_of_cycle
select distinct koperasi_id, cycle_id from margins
where network_id = $1 and supplier_id = $2 and cycle_id = $8 and koperasi_id <> '*'
  and (koperasi_id, cycle_id) > ($3, $4) and month between $5 and $6
order by koperasi_id, cycle_id limit $7;

-- name: margins
-- The figures of some koperasi in some cycles, in the order given.
select m.koperasi_id, m.cycle_id, sum(ordered_idr)::bigint as ordered_idr,
       sum(amount_idr)::bigint as amount_idr, sum(alone_idr)::bigint as alone_idr,
       sum(goods_idr)::bigint as goods_idr, sum(variance_idr)::bigint as variance_idr,
       sum(freight_idr)::bigint as freight_idr, sum(fee_idr)::bigint as fee_idr,
       sum(ppn_idr)::bigint as ppn_idr, sum(ppn_credit_idr)::bigint as ppn_credit_idr,
       sum(rebate_idr)::bigint as rebate_idr, sum(charge_idr)::bigint as charge_idr,
       sum(revenue_idr)::bigint as revenue_idr, sum(cogs_idr)::bigint as cogs_idr
from unnest($3::text[], $4::text[]) with ordinality k(koperasi_id, cycle_id, place)
join margins m on m.network_id = $1 and m.supplier_id = $2 and m.koperasi_id = k.koperasi_id
  and m.cycle_id = k.cycle_id and m.month between $5 and $6
group by m.koperasi_id, m.cycle_id, k.place order by k.place;

-- name: totals
-- All rows of a koperasi or of all (`*`), in one cycle or in all.
select coalesce(sum(ordered_idr), 0)::bigint as ordered_idr,
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
where network_id = $1 and supplier_id = $2 and koperasi_id = $3
  and ($4::text is null or cycle_id = $4) and month between $5 and $6;

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
select coalesce(sum(alone_idr), 0)::bigint as alone_idr,
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
