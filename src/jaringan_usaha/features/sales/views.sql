-- name: write_sales
insert into sales (
  network_id, sale_id, koperasi_id, sold_on, customer, lines, amount_idr, ppn_idr, position,
  recorded_at)
select $1, s.*
from unnest(
  $2::uuid[], $3::text[], $4::date[], $5::text[], $6::bytea[], $7::bigint[], $8::bigint[],
  $9::bigint[], $10::timestamptz[]) s;

-- name: add_sold_goods
-- Lines of many sales, summed by day, koperasi and item in one go; tells what that adds to the sums
-- of a day. Rows that the table did not have before are new.
with l as materialized (
  select l.sold_on, l.koperasi_id, l.item_id, sum(l.quantity) as quantity,
         sum(l.amount_idr) as amount_idr, sum(l.ppn_idr) as ppn_idr, count(*) as sale_lines
  from unnest($2::date[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[])
         l(sold_on, koperasi_id, item_id, quantity, amount_idr, ppn_idr)
  group by l.sold_on, l.koperasi_id, l.item_id
), g as (
  insert into sold_goods (
    network_id, sold_on, koperasi_id, item_id, quantity, amount_idr, ppn_idr, sale_lines)
  select $1, l.* from l order by sold_on, koperasi_id, item_id
  on conflict (network_id, sold_on, koperasi_id, item_id) do update
  set quantity = sold_goods.quantity + excluded.quantity,
      amount_idr = sold_goods.amount_idr + excluded.amount_idr,
      ppn_idr = sold_goods.ppn_idr + excluded.ppn_idr,
      sale_lines = sold_goods.sale_lines + excluded.sale_lines
)
select s.subject, s.subject_id, l.sold_on as day_on, count(*) filter (where old is null) as rows,
       sum(l.sale_lines)::bigint as sale_lines, sum(l.amount_idr)::bigint as amount_idr,
       sum(l.ppn_idr)::bigint as ppn_idr
from l
left join lateral (
  select 1 as old from sold_goods
  where network_id = $1 and sold_on = l.sold_on and koperasi_id = l.koperasi_id
    and item_id = l.item_id limit 1) o on true
cross join lateral (values ('', ''), ('koperasi', l.koperasi_id)) s(subject, subject_id)
group by s.subject, s.subject_id, l.sold_on;

-- name: write_flags
insert into sale_flags (
  network_id, position, line_no, flag, koperasi_id, sale_id, sold_on, item_id, customer, quantity,
  amount_idr, rule_id, rule_version_no, recorded_at)
select $1, f.*
from unnest(
  $2::bigint[], $3::int[], $4::text[], $5::text[], $6::uuid[], $7::date[], $8::text[], $9::text[],
  $10::bigint[], $11::bigint[], $12::text[], $13::int[], $14::timestamptz[]) f;

-- name: sale
select sale_id, koperasi_id, sold_on, customer, lines, amount_idr, ppn_idr, position, recorded_at
from sales where network_id = $1 and sale_id = $2;

-- paged: sold_goods
-- What was sold by day, koperasi and item in a period, a page at a time.
select sold_on, koperasi_id, item_id, quantity, amount_idr, ppn_idr, sale_lines
from sold_goods
where network_id = $1 and sold_on between $2 and $3
  and ($4::text is null or koperasi_id = $4) and ($5::text is null or item_id = $5)
  and (sold_on, koperasi_id, item_id) > ($6, $7, $8)
order by sold_on, koperasi_id, item_id limit $9;

-- name: sold_totals
-- The sums of all rows of one item in a period, not only of a page.
select coalesce(sum(amount_idr), 0)::bigint as amount_idr,
       coalesce(sum(ppn_idr), 0)::bigint as ppn_idr,
       coalesce(sum(sale_lines), 0)::bigint as sale_lines, count(*) as rows
from sold_goods
where network_id = $1 and sold_on between $2 and $3
  and ($4::text is null or koperasi_id = $4) and item_id = $5;

-- paged: flags
-- Sales of a period that broke a ceiling and were reported afterwards, a page at a time.
select position, line_no, flag, koperasi_id, sale_id, sold_on, item_id, customer, quantity,
       amount_idr, rule_id, rule_version_no, recorded_at
from sale_flags
where network_id = $1 and sold_on between $2 and $3
  and ($4::text is null or koperasi_id = $4) and ($5::text is null or item_id = $5)
  and (position, line_no, flag, rule_id) > ($6, $7, $8, $9)
order by position, line_no, flag, rule_id limit $10;

-- name: commodities
-- What is observed in the markets of a region, in the source's order.
select commodity, code, unit from market_commodities
where network_id = $1 and region_code = $2 order by place, commodity limit 1000;

-- name: goods_of_commodities
-- The items that are of these commodities, and what a unit of them holds.
select item_id, commodity, base_unit, weight_g, volume_ml
from items where network_id = $1 and commodity = any ($2) order by item_id;

-- name: selling_prices
-- What was taken for how much of each commodity on each day, in one region. `content` is how many
-- thousandths of the commodity's measure a unit of the item holds.
select g.sold_on, c.commodity, sum(g.amount_idr)::bigint as amount_idr,
       sum(g.quantity * c.content)::numeric as units
from unnest($5::text[], $6::text[], $7::bigint[]) c(item_id, commodity, content)
join sold_goods g on g.network_id = $1 and g.item_id = c.item_id and g.sold_on between $2 and $3
join koperasi k on k.network_id = g.network_id and k.koperasi_id = g.koperasi_id
where k.region_code = $4 and ($8::text is null or g.koperasi_id = $8)
group by g.sold_on, c.commodity;
