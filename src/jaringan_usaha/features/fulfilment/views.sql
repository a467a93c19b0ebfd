-- name: bookmark
select position from bookmarks where network_id = $1 and projection = 'fulfilment';

-- name: unshared
-- Lines that wait to be shared, oldest first, where all that is ordered has been granted.
select l.position, l.receipt_id, l.item_id, l.cycle_id, l.supplier_id, i.koperasi_count, s.changes
from receipt_lines l
join delivery_items i on i.network_id = $1 and i.cycle_id = l.cycle_id
  and i.supplier_id = l.supplier_id and i.item_id = l.item_id and i.granted = i.ordered
join delivery_states s on s.network_id = $1 and s.cycle_id = l.cycle_id
  and s.supplier_id = l.supplier_id
where l.network_id = $1 and not l.shared and (l.position, l.item_id) > ($2, $3)
order by l.position, l.item_id limit $4;

-- name: claims
-- In the order of `Claimant`. Who got none since no case was left for it did not decline.
select item_id, koperasi_id, firm, tolerance, first_position, granted, granted_alone_idr,
       reason not in ('', 'CASE_NOT_FULL'), received, alone_idr
from deliveries
where network_id = $1 and cycle_id = $2 and supplier_id = $3 and item_id = any ($4);

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
  and position > $4
order by position limit $5;

-- name: receipt_totals
select count(*) as receipts, coalesce(sum(accepted), 0)::bigint as accepted,
       coalesce(sum(rejected), 0)::bigint as rejected
from receipts
where network_id = $1 and cycle_id = $2 and ($3::text is null or supplier_id = $3);

-- paged: receipt_lines
-- The lines of a receipt, a page at a time.
select item_id, accepted, rejected, reason, shared, given, goods_idr, surplus, waiting
from receipt_lines
where network_id = $1 and receipt_id = $2 and item_id > $3
order by item_id limit $4;

-- name: receipt_line_totals
select coalesce(sum(accepted), 0)::bigint as accepted,
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
         coalesce(sum(rejected), 0)::bigint as rejected,
         coalesce(sum(given), 0)::bigint as given,
         coalesce(sum(goods_idr), 0)::bigint as goods_idr,
         coalesce(sum(waiting), 0)::bigint as waiting
  from delivery_items i
  where i.network_id = $1 and i.cycle_id = $2 and i.supplier_id = s.supplier_id) i
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
       coalesce(sum(rejected), 0)::bigint as rejected, coalesce(sum(waiting), 0)::bigint as waiting
from delivery_items
where network_id = $1 and cycle_id = $2 and ($3::text is null or supplier_id = $3);

-- name: koperasi_totals
select coalesce(sum(granted), 0)::bigint as granted,
       coalesce(sum(received), 0)::bigint as received,
       coalesce(sum(goods_idr), 0)::bigint as goods_idr,
       coalesce(sum(alone_idr), 0)::bigint as alone_idr
from deliveries
where network_id = $1 and cycle_id = $2 and koperasi_id = $3
  and ($4::text is null or supplier_id = $4);

-- paged: deliveries
-- What all koperasi may expect and got, a page at a time.
select d.supplier_id, d.item_id, d.koperasi_id, d.firm, d.tolerance, d.least, d.granted,
       d.reason, d.received, d.goods_idr, d.alone_idr
from deliveries d
where d.network_id = $1 and d.cycle_id = $2 and ($3::text is null or d.supplier_id = $3)
  and (d.supplier_id, d.item_id, d.koperasi_id) > ($4, $5, $6)
order by d.supplier_id, d.item_id, d.koperasi_id limit $7;

-- paged: deliveries_of_koperasi
-- What one koperasi may expect and got, a page at a time.
select d.supplier_id, d.item_id, d.koperasi_id, d.firm, d.tolerance, d.least, d.granted,
       d.reason, d.received, d.goods_idr, d.alone_idr
from deliveries d
where d.network_id = $1 and d.cycle_id = $2 and d.koperasi_id = $3
  and ($4::text is null or d.supplier_id = $4) and (d.supplier_id, d.item_id) > ($5, $6)
order by d.supplier_id, d.item_id limit $7;

-- paged: shortfalls
-- Items that fall short so far, a page at a time; `final` once the delivery was ended.
select i.supplier_id, i.item_id, i.ordered, i.accepted, i.rejected, i.ordered - i.accepted as short,
       s.state = 'received' as final
from delivery_items i
join delivery_states s on s.network_id = $1 and s.cycle_id = $2 and s.supplier_id = i.supplier_id
where i.network_id = $1 and i.cycle_id = $2 and ($3::text is null or i.supplier_id = $3)
  and i.accepted < i.ordered and (i.supplier_id, i.item_id) > ($4, $5)
order by i.supplier_id, i.item_id limit $6;

-- name: shortfall_totals
select count(*) as items, coalesce(sum(i.ordered), 0)::bigint as ordered,
       coalesce(sum(i.accepted), 0)::bigint as accepted,
       coalesce(sum(i.ordered - i.accepted), 0)::bigint as short
from delivery_items i
join delivery_states s on s.network_id = $1 and s.cycle_id = $2 and s.supplier_id = i.supplier_id
where i.network_id = $1 and i.cycle_id = $2 and ($3::text is null or i.supplier_id = $3)
  and i.accepted < i.ordered;

-- paged: surplus
-- What waits for a decision, a page at a time.
select position, receipt_id, cycle_id, supplier_id, item_id, accepted, given, surplus, waiting
from receipt_lines
where network_id = $1 and waiting > 0 and ($2::text is null or cycle_id = $2)
  and ($3::text is null or supplier_id = $3) and (position, item_id) > ($4, $5)
order by position, item_id limit $6;

-- name: surplus_totals
select count(*) as lines, coalesce(sum(waiting), 0)::bigint as waiting
from receipt_lines
where network_id = $1 and waiting > 0 and ($2::text is null or cycle_id = $2)
  and ($3::text is null or supplier_id = $3);

-- paged: explained
-- One koperasi's items, each with the sums of the group, a page at a time.
select d.supplier_id, d.item_id, s.sharing, s.state, d.firm, d.tolerance, d.least, d.granted,
       d.reason, d.received, d.goods_idr, d.alone_idr, i.ordered, i.cases, i.case_size,
       i.firm as firm_of_all, i.tolerance as tolerance_of_all, i.claimed_firm,
       i.claimed_tolerance
from deliveries d
join delivery_items i on i.network_id = $1 and i.cycle_id = $2
  and i.supplier_id = d.supplier_id and i.item_id = d.item_id
join delivery_states s on s.network_id = $1 and s.cycle_id = $2 and s.supplier_id = d.supplier_id
where d.network_id = $1 and d.cycle_id = $2 and d.koperasi_id = $3
  and (d.supplier_id, d.item_id) > ($4, $5)
order by d.supplier_id, d.item_id limit $6;

-- name: portions
-- What one koperasi got of each receipt, with the sums that it was shared by; in the order of
-- `Portion`.
select p.supplier_id, p.item_id, r.received_on, l.accepted, l.sharing, p.outstanding,
       l.outstanding as outstanding_of_all, p.tolerance, l.tolerance as tolerance_of_all,
       l.surplus, p.units
from portions p
join receipt_lines l on l.network_id = $1 and l.receipt_id = p.receipt_id
  and l.item_id = p.item_id
join receipts r on r.network_id = $1 and r.receipt_id = p.receipt_id
where p.network_id = $1 and p.cycle_id = $2 and p.koperasi_id = $3
  and (p.supplier_id, p.item_id) between ($4, $5) and ($6, $7)
order by p.supplier_id, p.item_id, p.position;
