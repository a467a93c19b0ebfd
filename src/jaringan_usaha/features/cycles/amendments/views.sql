-- name: states_before
-- Consolidated orders as they stand before this page.
select s.cycle_id, s.supplier_id, s.state, s.version, s.told, s.untold, s.reference,
       s.proposed_idr, s.proposed_by, s.proposed_at, s.position
from unnest($2::text[], $3::text[]) k(cycle_id, supplier_id)
join order_states s on s.network_id = $1 and s.cycle_id = k.cycle_id
  and s.supplier_id = k.supplier_id;

-- name: write_states
insert into order_states (
  network_id, cycle_id, supplier_id, state, version, told, untold, reference, proposed_idr,
  proposed_by, proposed_at, position)
select $1, s.*
from unnest(
  $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::boolean[], $8::text[],
  $9::bigint[], $10::text[], $11::timestamptz[], $12::bigint[]) s
on conflict (network_id, cycle_id, supplier_id) do update
set state = excluded.state, version = excluded.version, told = excluded.told,
    untold = excluded.untold, reference = excluded.reference,
    proposed_idr = excluded.proposed_idr, proposed_by = excluded.proposed_by,
    proposed_at = excluded.proposed_at,
    position = excluded.position;

-- name: settle_cycles
-- A consolidated cycle is as far as the least advanced of its orders for anything.
update cycles c
set state = case (
    select min(array_position(array['placed', 'sent', 'acknowledged'], s.state))
    from order_states s
    join consolidated_orders o using (network_id, cycle_id, supplier_id)
    where s.network_id = c.network_id and s.cycle_id = c.cycle_id and o.quantity > 0
  ) when 2 then 'sent' when 3 then 'acknowledged' else 'consolidated' end
where network_id = $1 and cycle_id = any ($2)
  and state in ('consolidated', 'sent', 'acknowledged');

-- name: forget_answers_of_suppliers
-- Before its next answer, or since the order was taken back.
delete from acknowledged_lines a
using unnest($2::text[], $3::text[]) k(cycle_id, supplier_id)
where a.network_id = $1 and a.cycle_id = k.cycle_id and a.supplier_id = k.supplier_id;

-- name: write_answers
insert into acknowledged_lines (
  network_id, cycle_id, supplier_id, item_id, revision, cases, reason)
select $1, a.*
from unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::text[]) a;

-- name: amend_lines
update consolidated_lines t
set quantity = l.quantity, order_lines = l.order_lines, amount_idr = l.amount_idr,
    alone_idr = l.alone_idr, price_list = l.price_list, price_idr = l.price_idr,
    price_per = l.price_per, cases = l.cases, firm = l.firm, tolerance = l.tolerance,
    reason = l.reason
from unnest(
  $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
  $15::text[]
) l(cycle_id, supplier_id, item_id, quantity, order_lines, amount_idr, alone_idr, price_list,
    price_idr, price_per, cases, firm, tolerance, reason)
where t.network_id = $1 and t.cycle_id = l.cycle_id and t.supplier_id = l.supplier_id
  and t.item_id = l.item_id;

-- name: amend_entitlements
insert into entitlements (
  network_id, cycle_id, supplier_id, item_id, koperasi_id, firm, tolerance, least,
  first_position, granted, alone_idr, reason)
select $1, e.*
from unnest(
  $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::bigint[], $10::bigint[], $11::bigint[], $12::text[]) e
on conflict (network_id, cycle_id, supplier_id, item_id, koperasi_id) do update
set firm = excluded.firm, tolerance = excluded.tolerance, least = excluded.least,
    first_position = excluded.first_position, granted = excluded.granted,
    alone_idr = excluded.alone_idr, reason = excluded.reason;

-- name: drop_entitlements
-- Who wants nothing any more.
delete from entitlements t
using unnest($2::text[], $3::text[], $4::text[], $5::text[])
        e(cycle_id, supplier_id, item_id, koperasi_id)
where t.network_id = $1 and t.cycle_id = e.cycle_id and t.supplier_id = e.supplier_id
  and t.item_id = e.item_id and t.koperasi_id = e.koperasi_id and t.firm = 0;

-- name: sum_declined_anew
update consolidated_lines l
set declined_firm = d.firm, declined_tolerance = d.tolerance
from (
  select k.*, e.*
  from unnest($2::text[], $3::text[], $4::text[]) k(cycle_id, supplier_id, item_id)
  cross join lateral (
    select coalesce(sum(firm), 0) as firm, coalesce(sum(tolerance), 0) as tolerance
    from entitlements e
    where e.network_id = $1 and e.cycle_id = k.cycle_id and e.supplier_id = k.supplier_id
      and e.item_id = k.item_id and e.reason not in ('', 'CASE_NOT_FULL')) e
  offset 0) d
where l.network_id = $1 and l.cycle_id = d.cycle_id and l.supplier_id = d.supplier_id
  and l.item_id = d.item_id;

-- name: sum_orders_anew
update consolidated_orders o
set quantity = s.quantity, order_lines = s.order_lines, amount_idr = s.amount_idr,
    alone_idr = s.alone_idr
from (
  select l.cycle_id, l.supplier_id, sum(l.quantity) as quantity,
         sum(l.order_lines) as order_lines, sum(l.amount_idr) as amount_idr,
         sum(l.alone_idr) as alone_idr
  from unnest($2::text[], $3::text[]) k(cycle_id, supplier_id)
  join consolidated_lines l on l.network_id = $1 and l.cycle_id = k.cycle_id
    and l.supplier_id = k.supplier_id
  group by l.cycle_id, l.supplier_id) s
where o.network_id = $1 and o.cycle_id = s.cycle_id and o.supplier_id = s.supplier_id;

-- name: sum_cycles_anew
update cycles c
set order_lines = s.order_lines, amount_idr = s.amount_idr, alone_idr = s.alone_idr
from (
  select cycle_id, sum(order_lines) as order_lines, sum(amount_idr) as amount_idr,
         sum(alone_idr) as alone_idr
  from consolidated_orders where network_id = $1 and cycle_id = any ($2) group by cycle_id) s
where c.network_id = $1 and c.cycle_id = s.cycle_id and c.consolidated_orders is not null;

-- name: write_drops
insert into tier_drops (
  network_id, cycle_id, supplier_id, item_id, koperasi_id, position, charged_idr, relieved_idr)
select $1, d.cycle_id, d.supplier_id, d.item_id, d.koperasi_id, d.position, sum(d.charged_idr),
       sum(d.relieved_idr)
from unnest(
  $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[]
) d(cycle_id, supplier_id, item_id, koperasi_id, position, charged_idr, relieved_idr)
group by d.cycle_id, d.supplier_id, d.item_id, d.koperasi_id, d.position;

-- name: forget_drops
-- Of orders that were taken back, so that nobody pays for their tiers.
delete from tier_drops d
using unnest($2::text[], $3::text[]) k(cycle_id, supplier_id)
where d.network_id = $1 and d.cycle_id = k.cycle_id and d.supplier_id = k.supplier_id;

-- paged: order_states
-- Consolidated orders and how far they are, a page at a time.
select cycle_id, supplier_id, state, version, told + untold::int as revision, told, untold,
       reference, proposed_idr, proposed_by, position
from order_states
where network_id = $1 and (cycle_id, supplier_id) > ($2, $3)
  and cycle_id between coalesce($4, '') and coalesce($4, repeat('z', 65))
  and supplier_id between coalesce($5, '') and coalesce($5, repeat('z', 65))
  and ($6::text is null or state = $6)
order by cycle_id, supplier_id limit $7;

-- paged: order_states_of_days
-- Those of cycles that close on some days.
select cycle_id, supplier_id, state, version, told + untold::int as revision, told, untold,
       reference, proposed_idr, proposed_by, position
from order_states
where network_id = $1 and cycle_id = any (array(
    select cycle_id from cycles
    where network_id = $1
      and closes_at >= $7::date::timestamp at time zone 'Asia/Jakarta'
      and closes_at < ($8::date + 1)::timestamp at time zone 'Asia/Jakarta'))
  and (cycle_id, supplier_id) > ($2, $3)
  and ($4::text is null or cycle_id = $4) and ($5::text is null or supplier_id = $5)
  and ($6::text is null or state = $6)
order by cycle_id, supplier_id limit $9;

-- name: suppliers_to_take_back
-- Every consolidated order that stands in a cycle.
select supplier_id from order_states
where network_id = $1 and cycle_id = $2 and state <> 'withdrawn' order by supplier_id;

-- name: answers_of_supplier
select item_id, revision, cases, reason from acknowledged_lines
where network_id = $1 and cycle_id = $2 and supplier_id = $3 order by item_id;

-- name: cases_of_items
select item_id, cases from consolidated_lines
where network_id = $1 and cycle_id = $2 and supplier_id = $3 and item_id = any ($4);

-- name: stands_of_orders
-- The consolidated orders of some suppliers, and what their goods cost.
select s.supplier_id, s.version, s.state, o.amount_idr as goods_idr
from order_states s
join consolidated_orders o using (network_id, cycle_id, supplier_id)
where s.network_id = $1 and s.cycle_id = $2 and s.supplier_id = any ($3)
order by s.supplier_id;

-- name: lines_of_items
select l.supplier_id, l.item_id, l.quantity, l.order_lines, l.amount_idr, l.alone_idr,
       l.price_list, l.price_idr, l.price_per, l.cases, l.case_size, l.firm, l.tolerance, l.reason
from unnest($3::text[], $4::text[]) i(supplier_id, item_id)
join consolidated_lines l on l.network_id = $1 and l.cycle_id = $2
  and l.supplier_id = i.supplier_id and l.item_id = i.item_id;

-- paged: ordered_items
-- What was ordered of each item, a page at a time.
select supplier_id, item_id, firm, tolerance, cases, quantity, price_list, price_idr, price_per,
       reason
from consolidated_lines
where network_id = $1 and cycle_id = $2 and (supplier_id, item_id) > ($3, $4)
  and ($5::text is null or supplier_id = $5)
order by supplier_id, item_id limit $6;

-- name: entitled_to_items
-- All who may expect some items, at most so many rows.
select e.supplier_id, e.item_id, e.koperasi_id, e.firm, e.tolerance, e.least, e.first_position,
       e.granted, e.alone_idr, e.reason
from unnest($3::text[], $4::text[]) i(supplier_id, item_id)
join entitlements e on e.network_id = $1 and e.cycle_id = $2
  and e.supplier_id = i.supplier_id and e.item_id = i.item_id
order by e.supplier_id, e.item_id, e.first_position, e.koperasi_id limit $5;

-- paged: tier_drops
-- Who pays for lost tiers, and who is relieved, a page at a time.
select cycle_id, supplier_id, item_id, koperasi_id, position, charged_idr, relieved_idr
from tier_drops
where network_id = $1 and (position, item_id, koperasi_id) > ($2, $3, $4)
  and ($5::text is null or cycle_id = $5) and ($6::text is null or supplier_id = $6)
  and ($7::text is null or koperasi_id = $7)
order by position, item_id, koperasi_id limit $8;

-- paged: tier_drops_of_days
-- Those of cycles that close on some days.
with d as materialized (
  select cycle_id, supplier_id, item_id, koperasi_id, position, charged_idr, relieved_idr
  from tier_drops
  where network_id = $1 and cycle_id = any (array(
      select cycle_id from cycles
      where network_id = $1
        and closes_at >= $8::date::timestamp at time zone 'Asia/Jakarta'
        and closes_at < ($9::date + 1)::timestamp at time zone 'Asia/Jakarta'))
    and ($5::text is null or cycle_id = $5) and ($6::text is null or supplier_id = $6)
    and ($7::text is null or koperasi_id = $7)
)
select * from d
where (position, item_id, koperasi_id) > ($2, $3, $4)
order by position, item_id, koperasi_id limit $10;

-- name: tier_drops_touched
-- What the lost tiers of consolidated orders add to the sums of all and of each koperasi.
select s.subject, s.subject_id, d.supplier_id as part, count(*) as rows,
       sum(d.charged_idr) as charged_idr, sum(d.relieved_idr) as relieved_idr
from unnest($2::text[], $3::text[]) k(cycle_id, supplier_id)
cross join lateral (
  select * from tier_drops
  where network_id = $1 and cycle_id = k.cycle_id and supplier_id = k.supplier_id offset 0) d
cross join lateral (values ('', ''), ('koperasi', d.koperasi_id)) s(subject, subject_id)
group by s.subject, s.subject_id, d.supplier_id;

-- name: tier_drops_of_cycles
select count(*) as rows, coalesce(sum(charged_idr), 0)::bigint as charged_idr,
       coalesce(sum(relieved_idr), 0)::bigint as relieved_idr
from tier_drops
where network_id = $1 and cycle_id = any ($2)
  and ($3::text is null or supplier_id = $3) and ($4::text is null or koperasi_id = $4);
