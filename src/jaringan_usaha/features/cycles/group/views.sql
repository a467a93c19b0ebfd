-- name: make_page_granted
-- What a page grants on its way in: row security takes no COPY, and arrays take the driver too long.
create temp table if not exists page_granted (like entitlements) on commit delete rows;

-- name: add_granted
insert into entitlements select * from page_granted;

-- name: empty_page_granted
-- A page may be folded in several pieces.
truncate page_granted;

-- name: write_consolidated_lines
insert into consolidated_lines (
  network_id, cycle_id, supplier_id, item_id, quantity, order_lines, amount_idr, alone_idr,
  price_list, price_idr, price_per, cases, case_size, firm, tolerance, reason)
select $1, l.*
from unnest(
  $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
  $15::bigint[], $16::text[]) l;

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

-- name: add_declined
-- Of parts of one item.
update consolidated_lines l
set declined_firm = l.declined_firm + d.firm, declined_tolerance = l.declined_tolerance + d.tolerance
from (
  select cycle_id, supplier_id, item_id, sum(firm) as firm, sum(tolerance) as tolerance
  from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
         d(cycle_id, supplier_id, item_id, firm, tolerance)
  group by cycle_id, supplier_id, item_id) d
where l.network_id = $1 and l.cycle_id = d.cycle_id and l.supplier_id = d.supplier_id
  and l.item_id = d.item_id;

-- name: withdraw_orders
-- Consolidated orders that were taken back: their cycle is open again.
with w as (
  select * from unnest($2::text[], $3::text[]) w(cycle_id, supplier_id)
), o as (
  delete from consolidated_orders t using w
  where t.network_id = $1 and t.cycle_id = w.cycle_id and t.supplier_id = w.supplier_id
), l as (
  delete from consolidated_lines t using w
  where t.network_id = $1 and t.cycle_id = w.cycle_id and t.supplier_id = w.supplier_id
), e as (
  delete from entitlements t using w
  where t.network_id = $1 and t.cycle_id = w.cycle_id and t.supplier_id = w.supplier_id
)
delete from minimums t using w
where t.network_id = $1 and t.cycle_id = w.cycle_id and t.supplier_id = w.supplier_id;

-- name: ask_minimums
insert into minimums (
  network_id, cycle_id, supplier_id, minimum_idr, goods_idr, item_ids, reason, position)
select $1, m.cycle_id, m.supplier_id, m.minimum_idr, m.goods_idr,
       array(select jsonb_array_elements_text(m.item_ids::jsonb)), '', m.position
from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[])
       m(cycle_id, supplier_id, minimum_idr, goods_idr, item_ids, position);

-- name: decide_minimums
update minimums set decision = m.decision, reason = m.reason, position = m.position
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
       m(cycle_id, supplier_id, decision, reason, position)
where network_id = $1 and minimums.cycle_id = m.cycle_id and minimums.supplier_id = m.supplier_id;

-- paged: consolidated_orders
-- The consolidated orders of a cycle, a page at a time.
select cycle_id, supplier_id, item_count, quantity, order_lines, amount_idr, alone_idr,
       placed_position
from consolidated_orders
where network_id = $1 and (cycle_id, supplier_id) > ($2, $3)
  and cycle_id between coalesce($4, '') and coalesce($4, repeat('z', 65))
  and supplier_id between coalesce($5, '') and coalesce($5, repeat('z', 65))
order by cycle_id, supplier_id limit $6;

-- paged: consolidated_orders_of_days
-- Those of cycles that close on some days.
select cycle_id, supplier_id, item_count, quantity, order_lines, amount_idr, alone_idr,
       placed_position
from consolidated_orders
where network_id = $1 and cycle_id = any (array(
    select cycle_id from cycles
    where network_id = $1
      and closes_at >= $6::date::timestamp at time zone 'Asia/Jakarta'
      and closes_at < ($7::date + 1)::timestamp at time zone 'Asia/Jakarta'))
  and (cycle_id, supplier_id) > ($2, $3)
  and ($4::text is null or cycle_id = $4) and ($5::text is null or supplier_id = $5)
order by cycle_id, supplier_id limit $8;

-- name: first_lines
-- The first lines of some consolidated orders, in one go.
select l.*
from unnest($2::text[], $3::text[]) o(cycle_id, supplier_id)
cross join lateral (
  select cycle_id, supplier_id, item_id, quantity, order_lines, amount_idr, alone_idr, price_list,
         price_idr, price_per, cases, case_size, firm, tolerance, reason
  from consolidated_lines
  where network_id = $1 and cycle_id = o.cycle_id and supplier_id = o.supplier_id
  order by item_id limit $4) l;

-- paged: consolidated_lines
-- The lines of one consolidated order, a page at a time.
select item_id, quantity, order_lines, amount_idr, alone_idr, price_list, price_idr, price_per,
       cases, case_size, firm, tolerance, reason
from consolidated_lines
where network_id = $1 and cycle_id = $2 and supplier_id = $3 and item_id > $4
order by item_id limit $5;

-- paged: lines_of_cycle
-- The lines of all consolidated orders of a cycle, a page at a time.
select supplier_id, item_id, quantity, order_lines, amount_idr, alone_idr, price_list, price_idr,
       price_per, cases, case_size, firm, tolerance, reason
from consolidated_lines
where network_id = $1 and cycle_id = $2 and (supplier_id, item_id) > ($3, $4)
order by supplier_id, item_id limit $5;

-- paged: entitlements_of_cycle
-- Who may expect what in a cycle, a page at a time.
select supplier_id, item_id, koperasi_id, firm, tolerance, least, granted, alone_idr,
       first_position, reason
from entitlements
where network_id = $1 and cycle_id = $2 and (supplier_id, item_id, koperasi_id) > ($3, $4, $5)
  and ($6::text is null or supplier_id = $6)
order by supplier_id, item_id, koperasi_id limit $7;

-- paged: entitlements_of_koperasi
-- What one koperasi may expect in a cycle, a page at a time.
select supplier_id, item_id, koperasi_id, firm, tolerance, least, granted, alone_idr,
       first_position, reason
from entitlements_of_koperasi
where network_id = $1 and cycle_id = $2 and koperasi_id = $3
  and (supplier_id, item_id) > ($4, $5) and ($6::text is null or supplier_id = $6)
order by supplier_id, item_id limit $7;

-- name: entitled_in_cycle
-- All rows of the cycle, or of one supplier: the consolidated lines are their sums.
select count(*)::int as items, coalesce(sum(firm), 0)::bigint as firm,
       coalesce(sum(tolerance), 0)::bigint as tolerance,
       coalesce(sum(quantity), 0)::bigint as granted,
       coalesce(sum(alone_idr), 0)::bigint as alone_idr
from consolidated_lines
where network_id = $1 and cycle_id = $2 and ($3::text is null or supplier_id = $3);

-- name: entitled_of_koperasi
-- All rows of one koperasi in the cycle, or of one supplier.
select count(*)::int as items, coalesce(sum(firm), 0)::bigint as firm,
       coalesce(sum(tolerance), 0)::bigint as tolerance,
       coalesce(sum(granted), 0)::bigint as granted,
       coalesce(sum(alone_idr), 0)::bigint as alone_idr
from entitlements_of_koperasi
where network_id = $1 and cycle_id = $2 and koperasi_id = $3
  and ($4::text is null or supplier_id = $4);

-- paged: minimums
-- The minimums that a cycle missed, a page at a time.
select supplier_id, minimum_idr, goods_idr, item_ids, decision, reason, position
from minimums
where network_id = $1 and cycle_id = $2 and supplier_id > $3
order by supplier_id limit $4;

-- name: due_cycles
-- Open cycles whose time is over, and that of late orders too; as `closing_time` has it.
select cycle_id, closes_at, late_seconds, minimum from cycles
where network_id = $1 and state in ('open', 'box_fill')
  and closes_at + make_interval(secs => late_seconds) <= $2
order by closes_at limit 100;

-- name: shows_all_until
-- Whether the tables show everything that was recorded up to an instant: what they do not show yet
-- came later, or nothing did.
select coalesce((
  select e.recorded_at > $2 from log.events e
  where e.network_id = b.network_id and e.position = b.position + 1), true)
from bookmarks b where b.network_id = $1 and b.projection = 'cycles' and b.state = 'live';

-- name: shows
-- Whether the tables show this position.
select position >= $2 from bookmarks where network_id = $1 and projection = 'cycles';

-- name: closed_cycles
-- Closed cycles whose orders have not all gone to the suppliers yet.
select cycle_id, prices, closed_position from cycles
where network_id = $1 and state = 'closed' order by closes_at limit 100;

-- name: wanted_items
-- What the group wants of each item, whether a consolidated order holds it, and whether the
-- operator is asked about the supplier's minimum ('?') or what the answer was. The look-ups are
-- scalar, so that they stay probes of an index before somebody analyzes.
select t.supplier_id, t.item_id, t.quantity, t.tolerance, t.order_lines,
       exists (
         select from consolidated_lines l
         where l.network_id = t.network_id and l.cycle_id = t.cycle_id
           and l.supplier_id = t.supplier_id and l.item_id = t.item_id) as placed,
       coalesce((
         select coalesce(m.decision, '?') from minimums m
         where m.network_id = t.network_id and m.cycle_id = t.cycle_id
           and m.supplier_id = t.supplier_id), '') as decision
from totals t
where t.network_id = $1 and t.cycle_id = $2 and t.order_lines > 0
order by t.supplier_id, t.item_id;

-- name: demand_of_items
-- Who wants how much of some items, in columns: a row for each item costs the driver less than
-- one for each koperasi.
select i.supplier_id, i.item_id, d.*
from unnest($3::text[], $4::text[]) i(supplier_id, item_id), lateral (
  select array_agg(first_position) as positions, array_agg(koperasi_id) as koperasi,
         array_agg(quantity) as quantities, array_agg(order_lines) as order_lines,
         array_agg(amount_idr) as amounts, array_agg(discount_idr) as discounts,
         array_agg(tolerance) as tolerances, array_agg(least) as leasts
  from demand
  where network_id = $1 and cycle_id = $2 and supplier_id = i.supplier_id
    and item_id = i.item_id and order_lines > 0
  having count(*) > 0) d;

-- name: cycle_sums
select count(*)::int as consolidated_orders, coalesce(sum(order_lines), 0)::bigint as order_lines,
       coalesce(sum(amount_idr), 0)::bigint as amount_idr,
       coalesce(sum(alone_idr), 0)::bigint as alone_idr
from consolidated_orders where network_id = $1 and cycle_id = $2;
