-- name: bookmark
-- Up to where both what is ordered and what arrived are shown.
select min(position) from bookmarks
where network_id = $1 and projection in ('cycles', 'fulfilment');

-- name: unshared
-- Lines that wait to be shared, oldest first, each with how many koperasi may expect the item.
select l.*, (
         select count(*) from entitlements e
         where e.network_id = $1 and e.cycle_id = l.cycle_id and e.supplier_id = l.supplier_id
           and e.item_id = l.item_id) as koperasi_count
from (
  select l.position, l.receipt_id, l.item_id, l.cycle_id, l.supplier_id, l.corrections,
         s.changes
  from receipt_lines l
  join delivery_states s on s.network_id = $1 and s.cycle_id = l.cycle_id
    and s.supplier_id = l.supplier_id
  where l.network_id = $1 and not l.shared and (l.position, l.item_id) > ($2, $3)
  order by l.position, l.item_id limit $4) l;

-- name: claims
-- In the order of `Claimant`. Who got none since no case was left for it did not decline.
select item_id, koperasi_id, coalesce(e.firm, 0), coalesce(e.tolerance, 0),
       coalesce(e.first_position, 0), coalesce(e.granted, 0), coalesce(e.alone_idr, 0),
       coalesce(e.reason, '') not in ('', 'CASE_NOT_FULL'), coalesce(d.received, 0),
       coalesce(d.alone_idr, 0)
from (
  select * from entitlements
  where network_id = $1 and cycle_id = $2 and supplier_id = $3 and item_id = any ($4)) e
full join (
  select * from deliveries
  where network_id = $1 and cycle_id = $2 and supplier_id = $3 and item_id = any ($4)) d
using (item_id, koperasi_id);

-- name: receipt
select receipt_id, cycle_id, supplier_id, received_on, reference, line_count, accepted, rejected,
       position, recorded_at
from receipts where network_id = $1 and receipt_id = $2;

-- paged: receipts
-- The receipts of a cycle, a page at a time.
select receipt_id, cycle_id, supplier_id, received_on, reference, line_count, accepted, rejected,
       position, recorded_at
from receipts
where network_id = $1 and cycle_id = $2 and ($3::text is null or supplier_id = $3)
  and received_on between $4 and $5 and position > $6
order by position limit $7;

-- name: receipt_totals
select count(*) as rows, coalesce(sum(accepted), 0)::bigint as accepted,
       coalesce(sum(rejected), 0)::bigint as rejected
from receipts
where network_id = $1 and cycle_id = $2 and ($3::text is null or supplier_id = $3)
  and received_on between $4 and $5;

-- paged: receipt_lines
-- The lines of a receipt, a page at a time.
select item_id, accepted, rejected, reason, corrections, shared, given, goods_idr, surplus, waiting
from receipt_lines
where network_id = $1 and receipt_id = $2 and item_id > $3
order by item_id limit $4;

-- name: receipt_line_totals
select count(*) as rows, coalesce(sum(accepted), 0)::bigint as accepted,
       coalesce(sum(rejected), 0)::bigint as rejected, coalesce(sum(given), 0)::bigint as given,
       coalesce(sum(goods_idr), 0)::bigint as goods_idr,
       coalesce(sum(surplus), 0)::bigint as surplus, coalesce(sum(waiting), 0)::bigint as waiting
from receipt_lines where network_id = $1 and receipt_id = $2;

-- paged: states
-- How far the deliveries of a cycle have come, a page at a time.
select s.supplier_id, s.state, s.receipts, s.last_received_on, s.reason, i.*
from delivery_states s
cross join lateral (
  select coalesce(sum(ordered), 0)::bigint as ordered,
         coalesce(sum(accepted), 0)::bigint as accepted,
         coalesce(sum(rejected), 0)::bigint as rejected, coalesce(sum(given), 0)::bigint as given,
         coalesce(sum(goods_idr), 0)::bigint as goods_idr,
         coalesce(sum(waiting), 0)::bigint as waiting
  from lines_delivered
  where network_id = $1 and cycle_id = $2 and supplier_id = s.supplier_id) i
where s.network_id = $1 and s.cycle_id = $2 and ($3::text is null or s.supplier_id = $3)
  and s.supplier_id > $4
order by s.supplier_id limit $5;

-- name: item_totals
-- All items of a cycle, whoever gets them.
select coalesce(sum(ordered), 0)::bigint as granted, coalesce(sum(given), 0)::bigint as received,
       coalesce(sum(goods_idr), 0)::bigint as goods_idr,
       coalesce(sum(alone_idr), 0)::bigint as alone_idr,
       coalesce(sum(ordered), 0)::bigint as ordered,
       coalesce(sum(accepted), 0)::bigint as accepted,
       coalesce(sum(rejected), 0)::bigint as rejected,
       coalesce(sum(waiting), 0)::bigint as waiting
from lines_delivered
where network_id = $1 and cycle_id = $2 and ($3::text is null or supplier_id = $3);

-- name: state_count
select count(*) from delivery_states
where network_id = $1 and cycle_id = $2 and ($3::text is null or supplier_id = $3);

-- name: koperasi_totals
select *
from (
  select coalesce(sum(granted), 0)::bigint as granted from entitlements_of_koperasi
  where network_id = $1 and cycle_id = $2 and koperasi_id = $3
    and ($4::text is null or supplier_id = $4)) e
cross join (
  select coalesce(sum(received), 0)::bigint as received,
         coalesce(sum(goods_idr), 0)::bigint as goods_idr,
         coalesce(sum(alone_idr), 0)::bigint as alone_idr
  from deliveries
  where network_id = $1 and cycle_id = $2 and koperasi_id = $3
    and ($4::text is null or supplier_id = $4)) d;

-- paged: deliveries
-- What all koperasi may expect and got, a page at a time: of both no more than a page is read.
select supplier_id, item_id, koperasi_id, coalesce(e.firm, 0) as firm,
       coalesce(e.tolerance, 0) as tolerance, coalesce(e.least, 0) as least,
       coalesce(e.granted, 0) as granted, coalesce(e.reason, '') as reason,
       coalesce(d.received, 0) as received, coalesce(d.goods_idr, 0) as goods_idr,
       coalesce(d.alone_idr, 0) as alone_idr
from (
  select * from entitlements
  where network_id = $1 and cycle_id = $2 and ($3::text is null or supplier_id = $3)
    and (supplier_id, item_id, koperasi_id) > ($4, $5, $6)
  order by supplier_id, item_id, koperasi_id limit $7) e
full join (
  select * from deliveries
  where network_id = $1 and cycle_id = $2 and ($3::text is null or supplier_id = $3)
    and (supplier_id, item_id, koperasi_id) > ($4, $5, $6)
  order by supplier_id, item_id, koperasi_id limit $7) d
using (supplier_id, item_id, koperasi_id)
order by supplier_id, item_id, koperasi_id limit $7;


-- paged: deliveries_of_koperasi
-- What one koperasi may expect and got, a page at a time.
with e as materialized (
  select * from entitlements_of_koperasi
  where network_id = $1 and cycle_id = $2 and koperasi_id = $3
), d as materialized (
  select * from deliveries
  where network_id = $1 and cycle_id = $2 and koperasi_id = $3
)
select supplier_id, item_id, $3::text as koperasi_id, coalesce(e.firm, 0) as firm,
       coalesce(e.tolerance, 0) as tolerance, coalesce(e.least, 0) as least,
       coalesce(e.granted, 0) as granted, coalesce(e.reason, '') as reason,
       coalesce(d.received, 0) as received, coalesce(d.goods_idr, 0) as goods_idr,
       coalesce(d.alone_idr, 0) as alone_idr
from e full join d using (supplier_id, item_id)
where ($4::text is null or supplier_id = $4) and (supplier_id, item_id) > ($5, $6)
order by supplier_id, item_id limit $7;

-- paged: shortfalls
-- Items that fall short so far, a page at a time; `final` once the delivery was ended.
select l.supplier_id, l.item_id, l.ordered, l.accepted, l.rejected, l.ordered - l.accepted as short,
       s.state = 'received' as final
from lines_delivered l
cross join lateral (
  select * from delivery_states
  where network_id = $1 and cycle_id = $2 and supplier_id = l.supplier_id limit 1) s
where l.network_id = $1 and l.cycle_id = $2 and ($3::text is null or l.supplier_id = $3)
  and l.accepted < l.ordered
  and (l.supplier_id, l.item_id) > ($4, $5)
order by l.supplier_id, l.item_id limit $6;

-- name: shortfall_totals
select count(*) as rows, coalesce(sum(l.ordered), 0)::bigint as ordered,
       coalesce(sum(l.accepted), 0)::bigint as accepted,
       coalesce(sum(l.ordered - l.accepted), 0)::bigint as short
from lines_delivered l
where l.network_id = $1 and l.cycle_id = $2 and ($3::text is null or l.supplier_id = $3)
  and l.accepted < l.ordered
  and exists (
    select from delivery_states
    where network_id = $1 and cycle_id = $2 and supplier_id = l.supplier_id);

-- paged: shortfalls_of_koperasi
-- Items of which one koperasi got less than was ordered for it; nothing is refused in its name.
with e as materialized (
  select * from entitlements_of_koperasi
  where network_id = $1 and cycle_id = $2 and koperasi_id = $3
), d as materialized (
  select * from deliveries
  where network_id = $1 and cycle_id = $2 and koperasi_id = $3
)
select e.supplier_id, e.item_id, e.granted as ordered, coalesce(d.received, 0) as accepted,
       null::bigint as rejected, e.granted - coalesce(d.received, 0) as short,
       s.state = 'received' as final
from e left join d using (supplier_id, item_id)
cross join lateral (
  select * from delivery_states
  where network_id = $1 and cycle_id = $2 and supplier_id = e.supplier_id limit 1) s
where e.granted > coalesce(d.received, 0) and ($4::text is null or e.supplier_id = $4)
  and (e.supplier_id, e.item_id) > ($5, $6)
order by e.supplier_id, e.item_id limit $7;

-- name: shortfall_totals_of_koperasi
with e as materialized (
  select * from entitlements_of_koperasi
  where network_id = $1 and cycle_id = $2 and koperasi_id = $3
), d as materialized (
  select * from deliveries
  where network_id = $1 and cycle_id = $2 and koperasi_id = $3
)
select count(*) as rows, coalesce(sum(e.granted), 0)::bigint as ordered,
       coalesce(sum(d.received), 0)::bigint as accepted,
       coalesce(sum(e.granted - coalesce(d.received, 0)), 0)::bigint as short
from e left join d using (supplier_id, item_id)
cross join lateral (
  select * from delivery_states
  where network_id = $1 and cycle_id = $2 and supplier_id = e.supplier_id limit 1) s
where e.granted > coalesce(d.received, 0) and ($4::text is null or e.supplier_id = $4);

-- paged: surplus
-- What waits for a decision, a page at a time.
select l.position, l.receipt_id, l.cycle_id, l.supplier_id, l.item_id, l.accepted, l.given,
       l.surplus, l.waiting
from receipt_lines l
where l.network_id = $1 and l.waiting > 0 and ($2::text is null or l.cycle_id = $2)
  and ($3::text is null or l.supplier_id = $3) and (l.position, l.item_id) > ($6, $7)
  and ($4::date is null or exists (
    select from receipts r
    where r.network_id = $1 and r.receipt_id = l.receipt_id and r.received_on between $4 and $5))
order by l.position, l.item_id limit $8;

-- name: surplus_totals
select count(*) as rows, coalesce(sum(waiting), 0)::bigint as waiting
from receipt_lines l
where l.network_id = $1 and l.waiting > 0 and ($2::text is null or l.cycle_id = $2)
  and ($3::text is null or l.supplier_id = $3)
  and ($4::date is null or exists (
    select from receipts r
    where r.network_id = $1 and r.receipt_id = l.receipt_id and r.received_on between $4 and $5));

-- paged: explained
-- One koperasi's items, each with the sums of the group, a page at a time.
with e as materialized (
  select * from entitlements_of_koperasi
  where network_id = $1 and cycle_id = $2 and koperasi_id = $3
), d as materialized (
  select * from deliveries
  where network_id = $1 and cycle_id = $2 and koperasi_id = $3
), r as materialized (
  select supplier_id, item_id, coalesce(e.firm, 0) as firm,
         coalesce(e.tolerance, 0) as tolerance, coalesce(e.least, 0) as least,
         coalesce(e.granted, 0) as granted, coalesce(e.reason, '') as reason,
         coalesce(d.received, 0) as received, coalesce(d.goods_idr, 0) as goods_idr,
         coalesce(d.alone_idr, 0) as alone_idr
  from e full join d using (supplier_id, item_id)
  where (supplier_id, item_id) > ($4, $5)
  order by supplier_id, item_id limit $6
)
select r.supplier_id, r.item_id, s.sharing, s.state, r.firm, r.tolerance, r.least, r.granted,
       r.reason, r.received, r.goods_idr, r.alone_idr, l.quantity as ordered, l.cases, l.case_size,
       l.firm as firm_of_all, l.tolerance as tolerance_of_all,
       l.firm - l.declined_firm as claimed_firm,
       l.tolerance - l.declined_tolerance as claimed_tolerance
from r
cross join lateral (
  select * from consolidated_lines
  where network_id = $1 and cycle_id = $2 and supplier_id = r.supplier_id
    and item_id = r.item_id limit 1) l
cross join lateral (
  select * from delivery_states
  where network_id = $1 and cycle_id = $2 and supplier_id = r.supplier_id limit 1) s
order by supplier_id, item_id limit $6;

-- name: explained_totals
-- All rows of one koperasi in one cycle.
with e as materialized (
  select * from entitlements_of_koperasi
  where network_id = $1 and cycle_id = $2 and koperasi_id = $3
), d as materialized (
  select * from deliveries
  where network_id = $1 and cycle_id = $2 and koperasi_id = $3
)
select count(*) as rows, coalesce(sum(r.goods_idr), 0)::bigint as goods_idr,
       coalesce(sum(r.alone_idr), 0)::bigint as alone_idr
from (
  select supplier_id, item_id, d.goods_idr, d.alone_idr
  from e full join d using (supplier_id, item_id)) r
where exists (
    select from consolidated_lines l
    where l.network_id = $1 and l.cycle_id = $2 and l.supplier_id = r.supplier_id
      and l.item_id = r.item_id)
  and exists (
    select from delivery_states s
    where s.network_id = $1 and s.cycle_id = $2 and s.supplier_id = r.supplier_id);

-- name: portions
-- What one koperasi got of each receipt, with the sums that it was shared by; in the order of
-- `Portion`. All that it got, and gave back, of a line that was corrected is one.
select p.supplier_id, p.item_id, r.received_on, l.accepted, l.sharing,
       max(p.outstanding) as outstanding, l.outstanding as outstanding_of_all,
       max(p.tolerance) as tolerance, l.tolerance as tolerance_of_all, l.surplus,
       sum(p.units)::bigint as units, l.corrections > 0 as corrected
from portions p
join receipt_lines l on l.network_id = $1 and l.receipt_id = p.receipt_id
  and l.item_id = p.item_id
join receipts r on r.network_id = $1 and r.receipt_id = p.receipt_id
where p.network_id = $1 and p.cycle_id = $2 and p.koperasi_id = $3
  and (p.supplier_id, p.item_id) between ($4, $5) and ($6, $7)
group by p.supplier_id, p.item_id, p.receipt_id, r.received_on, l.accepted, l.sharing,
         l.outstanding, l.tolerance, l.surplus, l.corrections,
         case when l.corrections = 0 then p.position end
order by p.supplier_id, p.item_id, min(p.position);
