-- name: make_booked_costs
-- What a page adds to costs and revenue, on its way into the sums; seen by this session only.
create temp table if not exists booked_costs (
  position bigint, month date, koperasi_id text, cycle_id text, supplier_id text, item_id text,
  units bigint, expected_units bigint, ordered_idr bigint, amount_idr bigint, alone_idr bigint,
  goods_idr bigint, variance_idr bigint, freight_idr bigint, fee_idr bigint, ppn_idr bigint,
  ppn_credit_idr bigint, rebate_idr bigint, charge_idr bigint, revenue_idr bigint, cogs_idr bigint
) on commit delete rows;

-- name: make_booked_forecasts
create temp table if not exists booked_forecasts (
  cycle_id text, supplier_id text, month date, koperasi_id text, amount_idr bigint,
  alone_idr bigint, goods_idr bigint
) on commit delete rows;

-- name: make_booked_postings
create temp table if not exists booked_postings (
  position bigint, line_no int, posted_on date, document_on date, cycle_id text,
  supplier_id text, koperasi_id text, debit_account text, debit_party text, credit_account text,
  credit_party text, amount_idr bigint, block int
) on commit delete rows;

-- name: clear_booked_costs
-- A page may be folded in several steps.
delete from booked_costs;

-- name: clear_booked_forecasts
delete from booked_forecasts;

-- name: clear_booked_postings
delete from booked_postings;

-- name: closed_until
select max(ends_on) from closed_months where network_id = $1;

-- name: document_days
select document, document_on from document_days
where network_id = $1 and document = any ($2::text[]);

-- name: last_block
select block, first_position, last_position, postings, first_on, last_on
from posting_blocks where network_id = $1 order by block desc limit 1;

-- name: newly_delivered
-- Of these orders, the ones of which nothing had come before.
insert into delivered_orders (network_id, cycle_id, supplier_id)
select $1, o.* from unnest($2::text[], $3::text[]) o
on conflict do nothing
returning cycle_id, supplier_id;

-- name: delivered
select cycle_id, supplier_id from delivered_orders
where network_id = $1 and (cycle_id, supplier_id) in (
  select * from unnest($2::text[], $3::text[]));

-- name: shares_of_order
-- What each koperasi was to pay of an order as long as nothing had come of it.
select koperasi_id, sum(ordered_idr)::bigint as ordered_idr, sum(amount_idr)::bigint as amount_idr,
       sum(alone_idr)::bigint as alone_idr, sum(goods_idr)::bigint as goods_idr
from margins
where network_id = $1 and cycle_id = $2 and supplier_id = $3 and koperasi_id <> '*'
group by koperasi_id order by koperasi_id;

-- name: tier_drops
-- Who was charged for lost tiers of an order, and who was relieved.
select koperasi_id, item_id, charge_idr from stock_layers
where network_id = $1 and cycle_id = $2 and supplier_id = $3 and charge_idr <> 0
order by koperasi_id, item_id;

-- name: add_layers
-- Goods and costs of a page, summed by layer; tells whose layers were sold from before.
with s as (
  select cycle_id, koperasi_id, supplier_id, item_id, min(position) as first_position,
         max(position) as position, max(expected_units) as expected_units, sum(units) as units,
         sum(alone_idr) as alone_idr, sum(goods_idr) as goods_idr,
         sum(variance_idr) as variance_idr, sum(freight_idr) as freight_idr,
         sum(fee_idr) as fee_idr, sum(ppn_idr) as ppn_idr,
         sum(ppn_credit_idr) as ppn_credit_idr, sum(rebate_idr) as rebate_idr,
         sum(charge_idr) as charge_idr
  from booked_costs where item_id <> ''
  group by cycle_id, koperasi_id, supplier_id, item_id
), w as (
  insert into stock_layers as l (
    network_id, cycle_id, koperasi_id, supplier_id, item_id, first_position, position,
    expected_units, units, alone_idr, goods_idr, variance_idr, freight_idr, fee_idr, ppn_idr,
    ppn_credit_idr, rebate_idr, charge_idr)
  select $1, s.* from s order by cycle_id, koperasi_id, supplier_id, item_id
  on conflict (network_id, cycle_id, koperasi_id, supplier_id, item_id) do update
  set position = excluded.position,
      expected_units = greatest(l.expected_units, excluded.expected_units),
      units = l.units + excluded.units,
      alone_idr = l.alone_idr + excluded.alone_idr,
      goods_idr = l.goods_idr + excluded.goods_idr,
      variance_idr = l.variance_idr + excluded.variance_idr,
      freight_idr = l.freight_idr + excluded.freight_idr,
      fee_idr = l.fee_idr + excluded.fee_idr,
      ppn_idr = l.ppn_idr + excluded.ppn_idr,
      ppn_credit_idr = l.ppn_credit_idr + excluded.ppn_credit_idr,
      rebate_idr = l.rebate_idr + excluded.rebate_idr,
      charge_idr = l.charge_idr + excluded.charge_idr
  returning l.koperasi_id, l.item_id, l.sold_units
)
select distinct koperasi_id, item_id from w where sold_units <> 0;

-- name: wanted_stock
-- Whose goods were sold before they were seen to come, of those that come in this page.
select u.koperasi_id, u.item_id
from (select distinct koperasi_id, item_id from booked_costs where units > 0) p
join lateral (
  select * from unknown_stock u
  where u.network_id = $1 and u.koperasi_id = p.koperasi_id and u.item_id = p.item_id limit 1) u
  on true;

-- name: layers_of
-- The layers that a page may touch: those with something left, those it added to, and all of them
-- where goods came back.
select l.koperasi_id, l.item_id, l.cycle_id, l.supplier_id, l.first_position, l.units,
       l.goods_idr + l.variance_idr + l.freight_idr + l.fee_idr + l.ppn_idr - l.rebate_idr
         as landed_idr,
       l.sold_units, l.revenue_idr, l.cogs_idr
from unnest($2::text[], $3::text[], $4::boolean[]) k(koperasi_id, item_id, every)
join lateral (
  select * from stock_layers l
  where l.network_id = $1 and l.koperasi_id = k.koperasi_id and l.item_id = k.item_id
    and (k.every or l.units <> l.sold_units or l.position >= $5)
  offset 0) l on true;

-- name: unknown_of
select u.koperasi_id, u.item_id, u.units, u.revenue_idr
from unnest($2::text[], $3::text[]) k(koperasi_id, item_id)
join lateral (
  select * from unknown_stock u
  where u.network_id = $1 and u.koperasi_id = k.koperasi_id and u.item_id = k.item_id limit 1) u
  on true;

-- name: set_sold
update stock_layers l
set sold_units = s.sold_units, revenue_idr = s.revenue_idr, cogs_idr = s.cogs_idr
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[])
       s(cycle_id, koperasi_id, supplier_id, item_id, sold_units, revenue_idr, cogs_idr)
where l.network_id = $1 and l.cycle_id = s.cycle_id and l.koperasi_id = s.koperasi_id
  and l.supplier_id = s.supplier_id and l.item_id = s.item_id;

-- name: forget_unknown
delete from unknown_stock u
using unnest($2::text[], $3::text[]) k(koperasi_id, item_id)
where u.network_id = $1 and u.koperasi_id = k.koperasi_id and u.item_id = k.item_id;

-- name: set_unknown
insert into unknown_stock (network_id, koperasi_id, item_id, units, revenue_idr)
select $1, u.* from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) u;

-- name: add_margins
-- By koperasi, cycle and supplier, and over all of any of them.
with s as materialized (
  select koperasi_id, cycle_id, supplier_id, month,
         sum(ordered_idr)::bigint as ordered_idr, sum(amount_idr)::bigint as amount_idr,
         sum(alone_idr)::bigint as alone_idr, sum(goods_idr)::bigint as goods_idr,
         sum(variance_idr)::bigint as variance_idr, sum(freight_idr)::bigint as freight_idr,
         sum(fee_idr)::bigint as fee_idr, sum(ppn_idr)::bigint as ppn_idr,
         sum(ppn_credit_idr)::bigint as ppn_credit_idr, sum(rebate_idr)::bigint as rebate_idr,
         sum(charge_idr)::bigint as charge_idr, sum(revenue_idr)::bigint as revenue_idr,
         sum(cogs_idr)::bigint as cogs_idr
  from booked_costs group by koperasi_id, cycle_id, supplier_id, month
)
insert into margins as m (
  network_id, koperasi_id, cycle_id, supplier_id, month, ordered_idr, amount_idr, alone_idr,
  goods_idr, variance_idr, freight_idr, fee_idr, ppn_idr, ppn_credit_idr, rebate_idr, charge_idr,
  revenue_idr, cogs_idr)
select $1, coalesce(koperasi_id, '*') as koperasi_id, coalesce(cycle_id, '*') as cycle_id,
       coalesce(supplier_id, '*') as supplier_id, month,
       sum(ordered_idr), sum(amount_idr), sum(alone_idr), sum(goods_idr), sum(variance_idr),
       sum(freight_idr), sum(fee_idr), sum(ppn_idr), sum(ppn_credit_idr), sum(rebate_idr),
       sum(charge_idr), sum(revenue_idr), sum(cogs_idr)
from s
group by month, cube (koperasi_id, cycle_id, supplier_id)
order by 4, 2, 3, 5
on conflict (network_id, supplier_id, koperasi_id, cycle_id, month) do update
set ordered_idr = m.ordered_idr + excluded.ordered_idr,
    amount_idr = m.amount_idr + excluded.amount_idr,
    alone_idr = m.alone_idr + excluded.alone_idr,
    goods_idr = m.goods_idr + excluded.goods_idr,
    variance_idr = m.variance_idr + excluded.variance_idr,
    freight_idr = m.freight_idr + excluded.freight_idr,
    fee_idr = m.fee_idr + excluded.fee_idr,
    ppn_idr = m.ppn_idr + excluded.ppn_idr,
    ppn_credit_idr = m.ppn_credit_idr + excluded.ppn_credit_idr,
    rebate_idr = m.rebate_idr + excluded.rebate_idr,
    charge_idr = m.charge_idr + excluded.charge_idr,
    revenue_idr = m.revenue_idr + excluded.revenue_idr,
    cogs_idr = m.cogs_idr + excluded.cogs_idr;

-- name: add_forecasts
-- The same sums of what is ordered; they come summed by koperasi and supplier.
insert into margins as m (
  network_id, koperasi_id, cycle_id, supplier_id, month, ordered_idr, amount_idr, alone_idr,
  goods_idr)
select $1, koperasi_id, coalesce(cycle_id, '*'), supplier_id, month, sum(amount_idr),
       sum(amount_idr), sum(alone_idr), sum(goods_idr)
from booked_forecasts
group by koperasi_id, supplier_id, month, grouping sets ((cycle_id), ())
order by 4, 2, 3, 5
on conflict (network_id, supplier_id, koperasi_id, cycle_id, month) do update
set ordered_idr = m.ordered_idr + excluded.ordered_idr,
    amount_idr = m.amount_idr + excluded.amount_idr,
    alone_idr = m.alone_idr + excluded.alone_idr,
    goods_idr = m.goods_idr + excluded.goods_idr;

-- name: add_forecast_block
insert into forecasts (
  network_id, cycle_id, supplier_id, position, month, first_koperasi, last_koperasi, koperasi_ids,
  amounts_idr, alone_idr)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: settle_forecasts
with f as (
  delete from forecasts f
  using unnest($2::text[], $3::text[]) o(cycle_id, supplier_id)
  where f.network_id = $1 and f.cycle_id = o.cycle_id and f.supplier_id = o.supplier_id
  returning f.*
), s as (
  select s.koperasi_id, coalesce(f.cycle_id, '*') as cycle_id, f.supplier_id, f.month,
         sum(s.amount_idr)::bigint as amount_idr, sum(s.alone_idr)::bigint as alone_idr
  from f
  cross join lateral unnest(f.koperasi_ids, f.amounts_idr, f.alone_idr)
    s(koperasi_id, amount_idr, alone_idr)
  group by s.koperasi_id, f.supplier_id, f.month, grouping sets ((f.cycle_id), ())
)
insert into margins as m (
  network_id, koperasi_id, cycle_id, supplier_id, month, ordered_idr, amount_idr, alone_idr,
  goods_idr)
select $1, koperasi_id, cycle_id, supplier_id, month, amount_idr, amount_idr, alone_idr, 0
from s order by supplier_id, koperasi_id, cycle_id, month
on conflict (network_id, supplier_id, koperasi_id, cycle_id, month) do update
set ordered_idr = m.ordered_idr + excluded.ordered_idr,
    amount_idr = m.amount_idr + excluded.amount_idr,
    alone_idr = m.alone_idr + excluded.alone_idr;

-- name: add_postings
insert into postings (
  network_id, position, line_no, posted_on, document_on, cycle_id, supplier_id, koperasi_id,
  debit_account, debit_party, credit_account, credit_party, amount_idr)
select $1, position, line_no, posted_on, document_on, cycle_id, supplier_id, koperasi_id,
       debit_account, debit_party, credit_account, credit_party, amount_idr
from booked_postings order by position, line_no;

-- name: add_sums
-- Both sides of every posting, by everything they are about: added to their days, and carried on
-- from the block before into the blocks they stand in.
with sides as (
  select block, posted_on, cycle_id, supplier_id, koperasi_id, debit_account as account,
         debit_party as party, amount_idr as debit_idr, 0::bigint as credit_idr
  from booked_postings
  union all
  select block, posted_on, cycle_id, supplier_id, koperasi_id, credit_account, credit_party, 0,
         amount_idr
  from booked_postings
), s as materialized (
  select case when grouping(koperasi_id) = 0 then 'koperasi'
              when grouping(supplier_id) = 0 then 'supplier'
              when grouping(cycle_id) = 0 then 'cycle' else '' end as subject,
         coalesce(koperasi_id, supplier_id, cycle_id, '') as subject_id, block, posted_on,
         account, sum(debit_idr) as debit_idr, sum(credit_idr) as credit_idr
  from sides
  group by block, posted_on, account, grouping sets (
    (), (koperasi_id), (supplier_id), (cycle_id))
  having coalesce(koperasi_id, supplier_id, cycle_id, '*') <> ''
  union all
  select 'party', party, block, posted_on, account, sum(debit_idr), sum(credit_idr)
  from sides where account = any ($2::text[])
  group by block, posted_on, account, party
), d as (
  insert into day_sums as d (
    network_id, subject, subject_id, posted_on, account, debit_idr, credit_idr)
  select $1, subject, subject_id, posted_on, account, sum(debit_idr), sum(credit_idr)
  from s group by subject, subject_id, posted_on, account
  order by subject, subject_id, posted_on, account
  on conflict (network_id, subject, subject_id, posted_on, account) do update
  set debit_idr = d.debit_idr + excluded.debit_idr,
      credit_idr = d.credit_idr + excluded.credit_idr
), b as (
  select subject, subject_id, account, block, sum(debit_idr) as debit_idr,
         sum(credit_idr) as credit_idr
  from s group by subject, subject_id, account, block
)
insert into balances (
  network_id, subject, subject_id, account, block, debit_idr, credit_idr)
select $1, b.subject, b.subject_id, b.account, b.block,
       coalesce(p.debit_idr, 0) + sum(b.debit_idr) over so_far,
       coalesce(p.credit_idr, 0) + sum(b.credit_idr) over so_far
from b
left join lateral (
  select p.debit_idr, p.credit_idr from balances p
  where p.network_id = $1 and p.subject = b.subject and p.subject_id = b.subject_id
    and p.account = b.account
  order by p.block desc limit 1) p on true
window so_far as (
  partition by b.subject, b.subject_id, b.account order by b.block)
order by b.subject, b.subject_id, b.account, b.block
on conflict (network_id, subject, subject_id, account, block) do update
set debit_idr = excluded.debit_idr, credit_idr = excluded.credit_idr;

-- name: set_blocks
insert into posting_blocks (
  network_id, block, first_position, last_position, postings, first_on, last_on)
select $1, b.*
from unnest($2::int[], $3::bigint[], $4::bigint[], $5::int[], $6::date[], $7::date[]) b
on conflict (network_id, block) do update
set last_position = excluded.last_position, postings = excluded.postings,
    first_on = excluded.first_on, last_on = excluded.last_on;

-- name: set_document_days
insert into document_days (network_id, document, document_on)
select $1, d.* from unnest($2::text[], $3::date[]) d
on conflict (network_id, document) do update set document_on = excluded.document_on;

-- name: close_months
insert into closed_months (network_id, month_id, ends_on, closed_position, closed_at)
select $1, m.* from unnest($2::text[], $3::date[], $4::bigint[], $5::timestamptz[]) m;

-- name: carry_months
update closed_months m
set carried_position = c.position, debit_idr = c.debit_idr, credit_idr = c.credit_idr
from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
       c(month_id, position, debit_idr, credit_idr)
where m.network_id = $1 and m.month_id = c.month_id;

-- name: set_month_balances
insert into month_balances (network_id, month_id, account, debit_idr, credit_idr)
select $1, b.* from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) b;
