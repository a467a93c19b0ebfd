-- name: write_commodities
-- How the source last numbered and measured a commodity, and where it first stood in its table.
insert into market_commodities (network_id, region_code, commodity, code, unit, place)
select $1, c.*
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int[]) c
on conflict (network_id, region_code, commodity) do update
set code = case excluded.code when '' then market_commodities.code else excluded.code end,
    unit = excluded.unit;

-- name: write_prices
-- The latest observation of a day counts; one that was told a day later only fills a gap.
insert into market_prices (
  network_id, region_code, commodity, day_on, idr, unit, late, source, observation_id, position)
select $1, p.*
from unnest(
  $2::text[], $3::text[], $4::date[], $5::bigint[], $6::text[], $7::boolean[], $8::text[],
  $9::text[], $10::bigint[]) p
on conflict (network_id, region_code, commodity, day_on) do update
set idr = excluded.idr, unit = excluded.unit, late = excluded.late, source = excluded.source,
    observation_id = excluded.observation_id, position = excluded.position
where market_prices.late or not excluded.late;

-- paged: prices
-- Observations of a period, a page at a time.
select day_on, region_code, commodity, unit, idr, late, source, observation_id, position
from market_prices
where network_id = $1 and day_on between $2 and $3
  and ($4::text is null or region_code = $4) and ($5::text is null or commodity = $5)
  and (day_on, region_code, commodity) > ($6, $7, $8)
order by day_on, region_code, commodity limit $9;

-- name: price_totals
-- Of all observations of a period, not only of a page.
select count(*) as rows, count(distinct day_on) as days, count(distinct commodity) as commodities
from market_prices
where network_id = $1 and day_on between $2 and $3
  and ($4::text is null or region_code = $4) and ($5::text is null or commodity = $5);

-- name: commodities
-- What is observed in a region, in the source's order.
select commodity, code, unit from market_commodities
where network_id = $1 and region_code = $2 order by place, commodity limit 1000;

-- name: prices_of_region
-- All observations of a region from one day to another.
select commodity, day_on, idr, unit, late from market_prices
where network_id = $1 and day_on between $2 and $3 and region_code = $4;

-- name: cycle_terms
-- When a cycle is priced, how, and the PPN rule in force that day.
select c.priced_on, c.prices, c.state, r.version_no as ppn_version_no, r.rule_values as ppn_values
from cycles c
left join lateral (
  select version_no, rule_values from rules
  where network_id = c.network_id and rule_id = 'ppn' and valid_from_on <= c.priced_on
  order by valid_from_on desc limit 1) r on true
where c.network_id = $1 and c.cycle_id = $2;

-- paged: cycle_goods
-- What a cycle's goods cost, frozen where their order is consolidated and by the list in force
-- where it is not, beside the latest market price up to the day given; a page at a time. What was
-- ordered keeps its price when that has ended since.
select t.supplier_id, t.item_id, coalesce(i.commodity, '') as commodity, i.tax_class, i.base_unit,
       i.weight_g, i.volume_ml, coalesce(l.quantity, t.quantity) as quantity,
       l.item_id is not null as frozen,
       case when l.item_id is null then t.amount_idr else l.amount_idr end as amount_idr,
       p.price_list_id, p.tier_mode, p.tiers, m.idr as market_idr, m.day_on as market_day_on,
       m.unit as market_unit
from totals t
join items i using (network_id, item_id)
left join consolidated_lines l
  on l.network_id = t.network_id and l.cycle_id = t.cycle_id and l.supplier_id = t.supplier_id
  and l.item_id = t.item_id
left join lateral (
  select price_list_id, tier_mode, tiers from prices
  where network_id = t.network_id and item_id = t.item_id and supplier_id = t.supplier_id
    and valid_from_on <= $3 and (valid_until_on is null or valid_until_on >= $3) and not ended
  order by valid_from_on desc limit 1) p on l.item_id is null
left join lateral (
  select idr, day_on, unit from market_prices
  where network_id = t.network_id and region_code = $4 and commodity = i.commodity
    and day_on <= $3
  order by day_on desc limit 1) m on true
where t.network_id = $1 and t.cycle_id = $2 and t.order_lines > 0
  and ($5::text is null or t.supplier_id = $5) and (t.supplier_id, t.item_id) > ($6, $7)
order by t.supplier_id, t.item_id limit $8;
