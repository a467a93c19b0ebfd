-- name: orders_before
-- Orders as they stand before this page, for those that it changes or cancels.
select order_id, version, state, lines, placed_position, client_at
from orders where network_id = $1 and order_id = any ($2);

-- name: write_orders
insert into orders (
  network_id, order_id, cycle_id, koperasi_id, version, state, lines, client_at,
  placed_position, position, recorded_at)
select $1, o.*
from unnest(
  $2::uuid[], $3::text[], $4::text[], $5::int[], $6::text[], $7::bytea[], $8::timestamptz[],
  $9::bigint[], $10::bigint[], $11::timestamptz[]) o
on conflict (network_id, order_id) do update
set version = excluded.version, state = excluded.state, lines = excluded.lines,
    position = excluded.position, recorded_at = excluded.recorded_at;

-- name: make_page_orders
-- New orders on their way in: row security takes no COPY, and arrays take the driver too long.
create temp table if not exists page_orders (like orders) on commit delete rows;

-- name: add_orders
insert into orders select * from page_orders;

-- name: empty_page_orders
-- A page may be folded in several pieces.
truncate page_orders;

-- name: make_page_lines
-- Order lines of a page on their way into the sums; seen by this session only.
create temp table if not exists page_lines (
  cycle_id text, supplier_id text, item_id text, koperasi_id text, quantity bigint,
  order_lines bigint, amount_idr bigint, discount_idr bigint, tolerance bigint, least bigint,
  position bigint
) on commit delete rows;

-- name: add_demand
-- Lines of many orders, summed by item and koperasi and by item in one go. Who begins anew, after
-- all its lines were gone, has a new place among those that order.
with s as materialized (
  select cycle_id, supplier_id, item_id, koperasi_id, sum(quantity)::bigint as quantity,
         sum(order_lines)::bigint as order_lines, sum(amount_idr)::bigint as amount_idr,
         sum(discount_idr)::bigint as discount_idr, sum(tolerance)::bigint as tolerance,
         sum(least)::bigint as least, min(position) as first_position
  from page_lines group by cycle_id, supplier_id, item_id, koperasi_id
), d as (
  insert into demand (
    network_id, cycle_id, supplier_id, item_id, koperasi_id, quantity, order_lines, amount_idr,
    discount_idr, tolerance, least, first_position)
  select $1::bigint, s.* from s order by cycle_id, supplier_id, item_id, koperasi_id
  on conflict (network_id, cycle_id, supplier_id, item_id, koperasi_id) do update
  set quantity = demand.quantity + excluded.quantity,
      order_lines = demand.order_lines + excluded.order_lines,
      amount_idr = demand.amount_idr + excluded.amount_idr,
      discount_idr = demand.discount_idr + excluded.discount_idr,
      tolerance = demand.tolerance + excluded.tolerance, least = demand.least + excluded.least,
      first_position = case when demand.order_lines = 0 then excluded.first_position
                       else demand.first_position end
)
insert into totals (
  network_id, cycle_id, supplier_id, item_id, quantity, order_lines, amount_idr, discount_idr,
  tolerance)
select $1::bigint, cycle_id, supplier_id, item_id, sum(quantity), sum(order_lines),
       sum(amount_idr), sum(discount_idr), sum(tolerance)
from s group by cycle_id, supplier_id, item_id
order by cycle_id, supplier_id, item_id
on conflict (network_id, cycle_id, supplier_id, item_id) do update
set quantity = totals.quantity + excluded.quantity,
    order_lines = totals.order_lines + excluded.order_lines,
    amount_idr = totals.amount_idr + excluded.amount_idr,
    discount_idr = totals.discount_idr + excluded.discount_idr,
    tolerance = totals.tolerance + excluded.tolerance;

-- name: empty_page_lines
-- A page may be folded in several pieces.
truncate page_lines;

-- name: begin_anew
-- Those whose lines of an item were all gone in the middle of a page: where they began anew. Each
-- step is looked at once, and each row of demand: joined, they are read again for each other as
-- long as nobody has analyzed them.
with lessened as materialized (
  select l.*, (
           select d.order_lines from demand d
           where d.network_id = $1 and d.cycle_id = l.cycle_id and d.supplier_id = l.supplier_id
             and d.item_id = l.item_id and d.koperasi_id = l.koperasi_id) as standing
  from (
    select distinct cycle_id, supplier_id, item_id, koperasi_id from page_lines
    where order_lines < 0) l
), steps as materialized (
  select cycle_id, supplier_id, item_id, koperasi_id, position,
         sum(order_lines)::bigint as order_lines, min(standing) as standing
  from page_lines join lessened using (cycle_id, supplier_id, item_id, koperasi_id)
  group by cycle_id, supplier_id, item_id, koperasi_id, position
), standing as (
  select *, standing - sum(order_lines) over later + order_lines as order_lines_then,
         first_value(position) over later as last_position
  from steps
  window later as (
    partition by cycle_id, supplier_id, item_id, koperasi_id order by position desc)
), gone as (
  select *, max(position) filter (where order_lines_then = 0 and position < last_position) over (
           partition by cycle_id, supplier_id, item_id, koperasi_id) as gone_position
  from standing
), anew as materialized (
  select cycle_id, supplier_id, item_id, koperasi_id, min(position) as position
  from gone where position > gone_position
  group by cycle_id, supplier_id, item_id, koperasi_id
)
update demand set first_position = a.position
from anew a
where network_id = $1 and demand.cycle_id = a.cycle_id and demand.supplier_id = a.supplier_id
  and demand.item_id = a.item_id and demand.koperasi_id = a.koperasi_id;

-- name: order
select order_id, cycle_id, koperasi_id, version, state, lines, client_at, position, recorded_at
from orders where network_id = $1 and order_id = $2;

-- paged: orders_of_koperasi
-- The orders of one koperasi, newest id last, a page at a time.
select order_id, cycle_id, koperasi_id, version, state, lines, client_at, position, recorded_at
from orders
where network_id = $1 and koperasi_id = $2 and cycle_id = $3 and order_id > $4
order by order_id limit $5;

-- paged: totals
-- What the group orders so far, a page at a time.
select supplier_id, item_id, quantity, tolerance, order_lines, amount_idr, discount_idr
from totals
where network_id = $1 and cycle_id = $2 and (supplier_id, item_id) > ($3, $4)
  and ($5::text is null or supplier_id = $5)
order by supplier_id, item_id limit $6;
