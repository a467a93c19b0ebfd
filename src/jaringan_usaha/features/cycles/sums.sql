-- name: count_cycles
-- Cycles come to ($3 = 1) or leave ($3 = -1) those of their state.
insert into cycle_sums (
  network_id, state, cycles, consolidated_orders, order_lines, amount_idr, alone_idr)
select $1, state, $3 * count(*), $3 * coalesce(sum(consolidated_orders), 0),
       $3 * coalesce(sum(order_lines), 0), $3 * coalesce(sum(amount_idr), 0),
       $3 * coalesce(sum(alone_idr), 0)
from cycles where network_id = $1 and cycle_id = any ($2) group by state
on conflict (network_id, state) do update
set cycles = cycle_sums.cycles + excluded.cycles,
    consolidated_orders = cycle_sums.consolidated_orders + excluded.consolidated_orders,
    order_lines = cycle_sums.order_lines + excluded.order_lines,
    amount_idr = cycle_sums.amount_idr + excluded.amount_idr,
    alone_idr = cycle_sums.alone_idr + excluded.alone_idr;

-- name: count_orders
-- The same for consolidated orders, by supplier and of all.
insert into order_sums (
  network_id, supplier_id, state, orders, placed, untold, item_count, order_lines, amount_idr,
  alone_idr)
select $1, w.whose, s.state, $4 * count(*), $4 * count(o.cycle_id),
       $4 * count(*) filter (where s.untold), $4 * coalesce(sum(o.item_count), 0),
       $4 * coalesce(sum(o.order_lines), 0), $4 * coalesce(sum(o.amount_idr), 0),
       $4 * coalesce(sum(o.alone_idr), 0)
from unnest($2::text[], $3::text[]) k(cycle_id, supplier_id)
join order_states s on s.network_id = $1 and s.cycle_id = k.cycle_id
  and s.supplier_id = k.supplier_id
left join consolidated_orders o on o.network_id = $1 and o.cycle_id = k.cycle_id
  and o.supplier_id = k.supplier_id
cross join lateral (values (s.supplier_id), ('*')) w(whose)
group by w.whose, s.state
on conflict (network_id, supplier_id, state) do update
set orders = order_sums.orders + excluded.orders, placed = order_sums.placed + excluded.placed,
    untold = order_sums.untold + excluded.untold,
    item_count = order_sums.item_count + excluded.item_count,
    order_lines = order_sums.order_lines + excluded.order_lines,
    amount_idr = order_sums.amount_idr + excluded.amount_idr,
    alone_idr = order_sums.alone_idr + excluded.alone_idr;

-- name: drop_empty_cycles
-- States that nothing is in leave no row, however the log is cut into pages.
delete from cycle_sums where network_id = $1 and cycles = 0;

-- name: drop_empty_orders
delete from order_sums
where network_id = $1 and (supplier_id = '*' or supplier_id = any ($2)) and orders = 0;

-- name: cycles
-- All cycles, or those in one state.
select coalesce(sum(cycles), 0)::bigint as rows,
       coalesce(sum(consolidated_orders), 0)::bigint as consolidated_orders,
       coalesce(sum(order_lines), 0)::bigint as order_lines,
       coalesce(sum(amount_idr), 0)::bigint as amount_idr,
       coalesce(sum(alone_idr), 0)::bigint as alone_idr
from cycle_sums where network_id = $1 and ($2::text is null or state = $2);

-- name: cycles_of_days
-- Those that close on some days.
select count(*) as rows, coalesce(sum(consolidated_orders), 0)::bigint as consolidated_orders,
       coalesce(sum(order_lines), 0)::bigint as order_lines,
       coalesce(sum(amount_idr), 0)::bigint as amount_idr,
       coalesce(sum(alone_idr), 0)::bigint as alone_idr
from cycles
where network_id = $1 and ($2::text is null or state = $2)
  and closes_at >= $3::date::timestamp at time zone 'Asia/Jakarta'
  and closes_at < ($4::date + 1)::timestamp at time zone 'Asia/Jakarta';

-- name: orders
-- The consolidated orders that stand with a supplier, or with all (`*`).
select coalesce(sum(placed), 0)::bigint as rows, coalesce(sum(item_count), 0)::bigint as item_count,
       coalesce(sum(order_lines), 0)::bigint as order_lines,
       coalesce(sum(amount_idr), 0)::bigint as amount_idr,
       coalesce(sum(alone_idr), 0)::bigint as alone_idr
from order_sums where network_id = $1 and supplier_id = $2;

-- name: orders_of_cycles
-- The same of some cycles.
select count(*) as rows, coalesce(sum(item_count), 0)::bigint as item_count,
       coalesce(sum(order_lines), 0)::bigint as order_lines,
       coalesce(sum(amount_idr), 0)::bigint as amount_idr,
       coalesce(sum(alone_idr), 0)::bigint as alone_idr
from consolidated_orders
where network_id = $1 and cycle_id = any ($2) and ($3::text is null or supplier_id = $3);

-- name: states
-- How far orders with a supplier, or with all (`*`), are: those in one state, or in any.
select coalesce(sum(orders), 0)::bigint as rows, coalesce(sum(untold), 0)::bigint as untold
from order_sums
where network_id = $1 and supplier_id = $2 and ($3::text is null or state = $3);

-- name: states_of_cycles
select count(*) as rows, count(*) filter (where untold) as untold
from order_states
where network_id = $1 and cycle_id = any ($2) and ($3::text is null or supplier_id = $3)
  and ($4::text is null or state = $4);

-- name: closing_on_days
select cycle_id from cycles
where network_id = $1 and closes_at >= $2::date::timestamp at time zone 'Asia/Jakarta'
  and closes_at < ($3::date + 1)::timestamp at time zone 'Asia/Jakarta'
  and ($4::text is null or cycle_id = $4);

-- name: wanted
-- What the group orders in a cycle.
select count(*) as rows, coalesce(sum(order_lines), 0)::bigint as order_lines,
       coalesce(sum(amount_idr), 0)::bigint as amount_idr,
       coalesce(sum(discount_idr), 0)::bigint as discount_idr
from totals
where network_id = $1 and cycle_id = $2 and ($3::text is null or supplier_id = $3);

-- name: minimums
select count(*) as rows, count(*) filter (where decision is null) as undecided,
       coalesce(sum(minimum_idr), 0)::bigint as minimum_idr,
       coalesce(sum(goods_idr), 0)::bigint as goods_idr
from minimums where network_id = $1 and cycle_id = $2;

-- name: orders_of_koperasi
-- Of one koperasi in one cycle; cancelled ones hold nothing any more.
select count(*) as rows, count(*) filter (where o.state = 'placed') as placed,
       coalesce(sum(l.order_lines), 0)::bigint as order_lines,
       coalesce(sum(l.amount_idr), 0)::bigint as amount_idr
from orders o
cross join lateral (
  select count(*) as order_lines, sum(amount_idr) as amount_idr
  from jsonb_to_recordset(convert_from(o.lines, 'UTF8')::jsonb) l(amount_idr bigint)
  where o.state = 'placed') l
where o.network_id = $1 and o.koperasi_id = $2 and o.cycle_id = $3;
