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

-- name: make_page_lines
-- Order lines of a page on their way into the sums; seen by this session only.
create temp table if not exists page_lines (
  cycle_id text, supplier_id text, item_id text, koperasi_id text, quantity bigint,
  order_lines bigint, amount_idr bigint, discount_idr bigint, position bigint
) on commit delete rows;

-- name: add_demand
-- Lines of many orders, summed by item and koperasi and by item in one go.
with s as materialized (
  select cycle_id, supplier_id, item_id, koperasi_id, sum(quantity)::bigint as quantity,
         sum(order_lines)::bigint as order_lines, sum(amount_idr)::bigint as amount_idr,
         sum(discount_idr)::bigint as discount_idr, min(position) as first_position
  from page_lines group by cycle_id, supplier_id, item_id, koperasi_id
), d as (
  insert into demand (
    network_id, cycle_id, supplier_id, item_id, koperasi_id, quantity, order_lines, amount_idr,
    discount_idr, first_position)
  select $1::bigint, s.* from s order by cycle_id, supplier_id, item_id, koperasi_id
  on conflict (network_id, cycle_id, supplier_id, item_id, koperasi_id) do update
  set quantity = demand.quantity + excluded.quantity,
      order_lines = demand.order_lines + excluded.order_lines,
      amount_idr = demand.amount_idr + excluded.amount_idr,
      discount_idr = demand.discount_idr + excluded.discount_idr
)
insert into totals (
  network_id, cycle_id, supplier_id, item_id, quantity, order_lines, amount_idr, discount_idr)
select $1::bigint, cycle_id, supplier_id, item_id, sum(quantity), sum(order_lines),
       sum(amount_idr), sum(discount_idr)
from s group by cycle_id, supplier_id, item_id
order by cycle_id, supplier_id, item_id
on conflict (network_id, cycle_id, supplier_id, item_id) do update
set quantity = totals.quantity + excluded.quantity,
    order_lines = totals.order_lines + excluded.order_lines,
    amount_idr = totals.amount_idr + excluded.amount_idr,
    discount_idr = totals.discount_idr + excluded.discount_idr;

-- name: write_consolidated_lines
insert into consolidated_lines (
  network_id, cycle_id, supplier_id, item_id, quantity, order_lines, amount_idr, alone_idr,
  price_list, price_idr, price_per)
select $1, l.*
from unnest(
  $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::text[], $10::bigint[], $11::bigint[]) l;

-- name: add_consolidated_orders
-- Parts of one consolidated order add up.
insert into consolidated_orders (
  network_id, cycle_id, supplier_id, item_count, quantity, order_lines, amount_idr, alone_idr,
  placed_position)
select $1, l.cycle_id, l.supplier_id, sum(l.item_count), sum(l.quantity), sum(l.order_lines),
       sum(l.amount_idr), sum(l.alone_idr), min(l.position)
from unnest(
  $2::text[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::bigint[]
) l(cycle_id, supplier_id, item_count, quantity, order_lines, amount_idr, alone_idr, position)
group by l.cycle_id, l.supplier_id
on conflict (network_id, cycle_id, supplier_id) do update
set item_count = consolidated_orders.item_count + excluded.item_count,
    quantity = consolidated_orders.quantity + excluded.quantity,
    order_lines = consolidated_orders.order_lines + excluded.order_lines,
    amount_idr = consolidated_orders.amount_idr + excluded.amount_idr,
    alone_idr = consolidated_orders.alone_idr + excluded.alone_idr;

-- name: order
select order_id, cycle_id, koperasi_id, version, state, lines, client_at, position, recorded_at
from orders where network_id = $1 and order_id = $2;

-- name: orders_of_koperasi
-- The orders of one koperasi, newest id last, a page at a time.
select order_id, cycle_id, koperasi_id, version, state, lines, client_at, position, recorded_at
from orders
where network_id = $1 and koperasi_id = $2 and cycle_id = $3 and order_id > $4
order by order_id limit $5;

-- name: totals
-- What the group orders so far, a page at a time.
select supplier_id, item_id, quantity, order_lines, amount_idr, discount_idr
from totals
where network_id = $1 and cycle_id = $2 and (supplier_id, item_id) > ($3, $4)
  and ($5::text is null or supplier_id = $5)
order by supplier_id, item_id limit $6;

-- name: consolidated_orders
-- The consolidated orders of a cycle, a page at a time.
select cycle_id, supplier_id, item_count, quantity, order_lines, amount_idr, alone_idr,
       placed_position
from consolidated_orders
where network_id = $1 and (cycle_id, supplier_id) > ($2, $3)
  and ($4::text is null or cycle_id = $4) and ($5::text is null or supplier_id = $5)
order by cycle_id, supplier_id limit $6;

-- name: consolidated_lines
-- The lines of one consolidated order, a page at a time.
select item_id, quantity, order_lines, amount_idr, alone_idr, price_list, price_idr, price_per
from consolidated_lines
where network_id = $1 and cycle_id = $2 and supplier_id = $3 and item_id > $4
order by item_id limit $5;

-- name: lines_of_cycle
-- The lines of all consolidated orders of a cycle, a page at a time.
select supplier_id, item_id, quantity, order_lines, amount_idr, alone_idr, price_list, price_idr,
       price_per
from consolidated_lines
where network_id = $1 and cycle_id = $2 and (supplier_id, item_id) > ($3, $4)
order by supplier_id, item_id limit $5;

-- name: due_cycles
-- Open cycles whose time is over, and that of late orders too; as `closing_time` has it.
select cycle_id from cycles
where network_id = $1 and state in ('open', 'box_fill')
  and closes_at + make_interval(secs => late_seconds) <= $2
order by closes_at limit 100;

-- name: closed_cycles
-- Closed cycles whose orders have not all gone to the suppliers yet.
select cycle_id from cycles
where network_id = $1 and state = 'closed' order by closes_at limit 100;

-- name: demand_sizes
-- How many rows each supplier's demand has, for those without a consolidated order. The suppliers
-- that have one are looked up in a hash: as a join this is quadratic until somebody analyzes.
select supplier_id, count(*) as size
from demand
where network_id = $1 and cycle_id = $2 and order_lines > 0
group by supplier_id
having supplier_id not in (
  select supplier_id from consolidated_orders where network_id = $1 and cycle_id = $2)
order by supplier_id;

-- name: demand_of_suppliers
-- The demand for some suppliers, by item and first commitment.
select supplier_id, item_id, koperasi_id, quantity, order_lines, amount_idr, discount_idr,
       first_position
from demand
where network_id = $1 and cycle_id = $2 and supplier_id = any ($3) and order_lines > 0
order by supplier_id, item_id, first_position, koperasi_id;

-- name: cycle_sums
select count(*)::int as consolidated_orders, coalesce(sum(order_lines), 0)::bigint as order_lines,
       coalesce(sum(amount_idr), 0)::bigint as amount_idr,
       coalesce(sum(alone_idr), 0)::bigint as alone_idr
from consolidated_orders where network_id = $1 and cycle_id = $2;
