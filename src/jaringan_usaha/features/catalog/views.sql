-- name: add_items
insert into items (
  network_id, item_id, title, base_unit, case_size, gtin, position, recorded_at)
select $1, i.*
from unnest(
  $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::timestamptz[]) i;

-- name: count_items
insert into item_sums (network_id, items) values ($1, $2)
on conflict (network_id) do update set items = item_sums.items + excluded.items;

-- name: describe_items
-- What is said of an item last.
update items
set tax_class = d.tax_class, commodity = d.commodity, weight_g = d.weight_g,
    volume_ml = d.volume_ml, deposit_idr = d.deposit_idr
from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[])
       d(item_id, tax_class, commodity, weight_g, volume_ml, deposit_idr)
where network_id = $1 and items.item_id = d.item_id;

-- name: count_price_lists
-- Those of which no part came before, by the day on which each begins, and that after its last.
insert into price_list_days (network_id, supplier_id, day_on, begun, ended)
select $1, w.whose, d.day_on, sum(d.begun), sum(d.ended)
from unnest($2::text[], $3::text[], $4::date[], $5::date[])
       l(price_list_id, supplier_id, valid_from_on, valid_until_on)
cross join lateral (values (l.supplier_id), ('*')) w(whose)
cross join lateral (values (l.valid_from_on, 1, 0), (l.valid_until_on + 1, 0, 1))
  d(day_on, begun, ended)
where d.day_on is not null and not exists (
  select from price_lists p where p.network_id = $1 and p.price_list_id = l.price_list_id)
group by w.whose, d.day_on
on conflict (network_id, supplier_id, day_on) do update
set begun = price_list_days.begun + excluded.begun, ended = price_list_days.ended + excluded.ended;

-- name: add_price_lists
-- One row a list: the parts of it in this page count together, and onto those before.
insert into price_lists (
  network_id, price_list_id, supplier_id, valid_from_on, valid_until_on, tier_mode, row_count,
  ended_count, minimum_idr, delivery_idr, lead_days, source, position, recorded_at)
select $1, l.*
from unnest(
  $2::text[], $3::text[], $4::date[], $5::date[], $6::text[], $7::int[], $8::int[], $9::bigint[],
  $10::bigint[], $11::int[], $12::text[], $13::bigint[], $14::timestamptz[]) l
on conflict (network_id, price_list_id) do update
set row_count = price_lists.row_count + excluded.row_count,
    ended_count = price_lists.ended_count + excluded.ended_count;

-- name: write_prices
insert into prices (
  network_id, price_list_id, item_id, supplier_id, valid_from_on, valid_until_on, tier_mode,
  tiers, case_size, min_cases, ended)
select $1, p.*, false
from unnest(
  $2::text[], $3::text[], $4::text[], $5::date[], $6::date[], $7::text[], $8::bytea[],
  $9::bigint[], $10::bigint[]) p;

-- name: end_prices
insert into prices (
  network_id, price_list_id, item_id, supplier_id, valid_from_on, valid_until_on, tier_mode,
  tiers, case_size, min_cases, ended)
select $1, p.price_list_id, p.item_id, p.supplier_id, p.valid_from_on, null, '', '[]', 0, 0, true
from unnest($2::text[], $3::text[], $4::text[], $5::date[])
       p(price_list_id, item_id, supplier_id, valid_from_on);

-- name: write_offers
insert into offers (network_id, item_id, supplier_id)
select distinct $1::bigint, o.item_id, o.supplier_id
from unnest($2::text[], $3::text[]) o(item_id, supplier_id)
on conflict do nothing;

-- paged: items
-- The goods of the network by id, a page at a time.
select item_id, title, base_unit, case_size, gtin, tax_class, commodity, weight_g, volume_ml,
       deposit_idr, position, recorded_at
from items where network_id = $1 and item_id > $2 order by item_id limit $3;

-- name: item_count
select coalesce(sum(items), 0)::bigint from item_sums where network_id = $1;

-- name: item
select item_id, title, base_unit, case_size, gtin, tax_class, commodity, weight_g, volume_ml,
       deposit_idr, position, recorded_at
from items where network_id = $1 and item_id = $2;

-- paged: price_lists
-- The price lists of the network by id, a page at a time.
select price_list_id, supplier_id, valid_from_on, valid_until_on, tier_mode, row_count,
       ended_count, minimum_idr, delivery_idr, lead_days, source, position, recorded_at
from price_lists
where network_id = $1 and price_list_id > $2
  and ($3::date is null or valid_from_on <= $3 and (valid_until_on is null or valid_until_on >= $3))
order by price_list_id limit $4;

-- paged: price_lists_of_supplier
select price_list_id, supplier_id, valid_from_on, valid_until_on, tier_mode, row_count,
       ended_count, minimum_idr, delivery_idr, lead_days, source, position, recorded_at
from price_lists
where network_id = $1 and supplier_id = $4 and price_list_id > $2
  and ($3::date is null or valid_from_on <= $3 and (valid_until_on is null or valid_until_on >= $3))
order by price_list_id limit $5;

-- name: price_list_count
-- So many lists of a supplier or of all (`*`) there are, or hold on a day.
select (coalesce(sum(begun), 0)
        - coalesce(sum(ended) filter (where $3::date is not null), 0))::bigint
from price_list_days
where network_id = $1 and supplier_id = $2 and ($3::date is null or day_on <= $3);

-- name: price_list
select price_list_id, supplier_id, valid_from_on, valid_until_on, tier_mode, row_count,
       ended_count, minimum_idr, delivery_idr, lead_days, source, position, recorded_at
from price_lists where network_id = $1 and price_list_id = $2;

-- paged: price_rows
-- The rows of one price list by item, a page at a time.
select item_id, tiers, case_size, min_cases
from prices where network_id = $1 and price_list_id = $2 and item_id > $3 and not ended
order by item_id limit $4;

-- name: ended_by
-- The items whose price a list ends, by id.
select item_id from prices
where network_id = $1 and price_list_id = $2 and ended order by item_id limit $3;

-- paged: prices_of_item
-- What each supplier asks for an item on a day, by supplier, a page at a time: of the lists that
-- include the day, the one that starts last; nothing when that one ends the price.
select o.supplier_id, p.price_list_id, p.valid_from_on, p.valid_until_on, p.tier_mode, p.tiers,
       p.case_size, p.min_cases, l.minimum_idr, l.delivery_idr, l.lead_days
from offers o
cross join lateral (
  select price_list_id, valid_from_on, valid_until_on, tier_mode, tiers, case_size, min_cases,
         ended
  from prices
  where network_id = o.network_id and item_id = o.item_id and supplier_id = o.supplier_id
    and valid_from_on <= $3 and (valid_until_on is null or valid_until_on >= $3)
  order by valid_from_on desc limit 1) p
join price_lists l on l.network_id = o.network_id and l.price_list_id = p.price_list_id
where o.network_id = $1 and o.item_id = $2 and o.supplier_id > $4 and not p.ended
order by o.supplier_id limit $5;

-- name: count_prices_of_item
select count(*)
from offers o
cross join lateral (
  select ended from prices
  where network_id = o.network_id and item_id = o.item_id and supplier_id = o.supplier_id
    and valid_from_on <= $3 and (valid_until_on is null or valid_until_on >= $3)
  order by valid_from_on desc limit 1) p
where o.network_id = $1 and o.item_id = $2 and not p.ended;
