-- name: add_changes
insert into delivery_states (
  network_id, cycle_id, supplier_id, state, sharing, changes, receipts, reason)
select $1, c.cycle_id, c.supplier_id, 'expected', '', count(*), 0, ''
from unnest($2::text[], $3::text[]) c(cycle_id, supplier_id) group by c.cycle_id, c.supplier_id
on conflict (network_id, cycle_id, supplier_id) do update
set changes = delivery_states.changes + excluded.changes;

-- name: expect_deliveries
insert into delivery_states (
  network_id, cycle_id, supplier_id, state, sharing, changes, receipts, reason)
select $1, g.cycle_id, g.supplier_id, 'expected', g.sharing, 0, 0, ''
from unnest($2::text[], $3::text[], $4::text[]) g(cycle_id, supplier_id, sharing)
on conflict (network_id, cycle_id, supplier_id) do update set sharing = excluded.sharing;

-- name: add_receipts
-- Parts of one receipt add up.
insert into receipts (
  network_id, receipt_id, cycle_id, supplier_id, received_on, reference, line_count, accepted,
  rejected, position, recorded_at)
select $1, r.receipt_id, min(r.cycle_id), min(r.supplier_id), min(r.received_on),
       min(r.reference), sum(r.line_count), sum(r.accepted), sum(r.rejected), min(r.position),
       min(r.recorded_at)
from unnest(
  $2::text[], $3::text[], $4::text[], $5::date[], $6::text[], $7::int[], $8::bigint[],
  $9::bigint[], $10::bigint[], $11::timestamptz[]
) r(receipt_id, cycle_id, supplier_id, received_on, reference, line_count, accepted, rejected,
    position, recorded_at)
group by r.receipt_id
on conflict (network_id, receipt_id) do update
set line_count = receipts.line_count + excluded.line_count,
    accepted = receipts.accepted + excluded.accepted,
    rejected = receipts.rejected + excluded.rejected;

-- name: add_states
-- A delivery begins with its first receipt.
insert into delivery_states (
  network_id, cycle_id, supplier_id, state, sharing, changes, receipts, last_received_on, reason)
select $1, r.cycle_id, r.supplier_id, 'receiving', '', 0, count(*), max(r.received_on), ''
from unnest($2::text[], $3::text[], $4::date[]) r(cycle_id, supplier_id, received_on)
group by r.cycle_id, r.supplier_id
on conflict (network_id, cycle_id, supplier_id) do update
set state = case when delivery_states.state = 'expected' then 'receiving'
                 else delivery_states.state end,
    receipts = delivery_states.receipts + excluded.receipts,
    last_received_on = greatest(delivery_states.last_received_on, excluded.last_received_on);

-- name: add_receipt_lines
-- Lines of which nothing was accepted have nothing to share.
with l as materialized (
  select * from unnest(
    $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
    $9::text[]
  ) l(receipt_id, item_id, cycle_id, supplier_id, position, accepted, rejected, reason)
), lines as (
  insert into receipt_lines (
    network_id, receipt_id, item_id, cycle_id, supplier_id, position, accepted, rejected, reason,
    shared)
  select $1::bigint, l.*, l.accepted = 0 from l
)
insert into delivery_items (network_id, cycle_id, supplier_id, item_id, accepted, rejected)
select $1::bigint, cycle_id, supplier_id, item_id, sum(accepted), sum(rejected)
from l group by cycle_id, supplier_id, item_id order by cycle_id, supplier_id, item_id
on conflict (network_id, cycle_id, supplier_id, item_id) do update
set accepted = delivery_items.accepted + excluded.accepted,
    rejected = delivery_items.rejected + excluded.rejected;

-- name: correct_receipt
-- Lines as they are counted now; units that were shared otherwise wait to be shared again. A line
-- of an item that was not on the receipt is added to it.
with c as materialized (
  select * from unnest(
    $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[]
  ) c(item_id, accepted, more, rejected, more_rejected, reason)
), lines as (
  insert into receipt_lines as l (
    network_id, receipt_id, item_id, cycle_id, supplier_id, position, accepted, rejected, reason,
    shared, corrections)
  select $1::bigint, $2::text, item_id, $3::text, $4::text, $5::bigint, accepted, rejected, reason,
         accepted = 0, 1
  from c
  on conflict (network_id, receipt_id, item_id) do update
  set accepted = excluded.accepted, rejected = excluded.rejected, reason = excluded.reason,
      shared = excluded.accepted = l.shared_units, corrections = l.corrections + 1
  returning (xmax = 0)::int as added
), receipt as (
  update receipts r
  set line_count = r.line_count + (select sum(added) from lines),
      accepted = r.accepted + (select sum(more) from c),
      rejected = r.rejected + (select sum(more_rejected) from c)
  where r.network_id = $1 and r.receipt_id = $2
)
insert into delivery_items (network_id, cycle_id, supplier_id, item_id, accepted, rejected)
select $1::bigint, $3::text, $4::text, item_id, more, more_rejected from c
on conflict (network_id, cycle_id, supplier_id, item_id) do update
set accepted = delivery_items.accepted + excluded.accepted,
    rejected = delivery_items.rejected + excluded.rejected;

-- name: mark_shared
-- Lines that were shared out, and what nobody would take. Each line is looked up by its key: as a
-- join all lines are read as long as nobody has analyzed them.
with s as materialized (
  select * from unnest(
    $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[]
  ) s(receipt_id, item_id, cycle_id, supplier_id, sharing, units, surplus)
), lines as (
  update receipt_lines l
  set shared = l.accepted = l.shared_units + f.units, shared_units = l.shared_units + f.units,
      sharing = f.sharing, surplus = l.surplus + f.surplus, waiting = l.waiting + f.surplus
  from (
    select s.sharing, s.units, s.surplus, (
             select r.ctid from receipt_lines r
             where r.network_id = $1 and r.receipt_id = s.receipt_id and r.item_id = s.item_id
           ) as row
    from (
      select receipt_id, item_id, min(sharing) as sharing, sum(units) as units,
             sum(surplus) as surplus
      from s group by receipt_id, item_id) s
    offset 0) f
  where l.ctid = f.row
)
insert into delivery_items (network_id, cycle_id, supplier_id, item_id, waiting)
select $1, cycle_id, supplier_id, item_id, sum(surplus)
from s where surplus <> 0 group by cycle_id, supplier_id, item_id
on conflict (network_id, cycle_id, supplier_id, item_id) do update
set waiting = delivery_items.waiting + excluded.waiting;

-- name: make_page_given
-- What koperasi got in a page, on its way into the sums; seen by this session only.
create temp table if not exists page_given (
  cycle_id text, supplier_id text, item_id text, koperasi_id text, position bigint,
  receipt_id text, outstanding bigint, tolerance bigint, units bigint, goods_idr bigint,
  alone_idr bigint
) on commit delete rows;

-- name: empty_page_given
-- What an earlier stretch of the same page left.
delete from page_given;

-- name: add_portions
insert into portions (
  network_id, cycle_id, supplier_id, item_id, koperasi_id, position, receipt_id, outstanding,
  tolerance, units, goods_idr)
select $1, cycle_id, supplier_id, item_id, koperasi_id, position, receipt_id, outstanding,
       tolerance, units, goods_idr
from page_given;

-- name: add_given_to_koperasi
insert into deliveries (
  network_id, cycle_id, supplier_id, item_id, koperasi_id, received, goods_idr, alone_idr)
select $1, cycle_id, supplier_id, item_id, koperasi_id, sum(units), sum(goods_idr),
       sum(alone_idr)
from page_given where units <> 0
group by cycle_id, supplier_id, item_id, koperasi_id
on conflict (network_id, cycle_id, supplier_id, item_id, koperasi_id) do update
set received = deliveries.received + excluded.received,
    goods_idr = deliveries.goods_idr + excluded.goods_idr,
    alone_idr = deliveries.alone_idr + excluded.alone_idr;

-- name: add_given_to_lines
update receipt_lines l
set outstanding = l.outstanding + f.outstanding, tolerance = l.tolerance + f.tolerance,
    given = l.given + f.units, goods_idr = l.goods_idr + f.goods_idr
from (
  select g.outstanding, g.tolerance, g.units, g.goods_idr, (
           select r.ctid from receipt_lines r
           where r.network_id = $1 and r.receipt_id = g.receipt_id and r.item_id = g.item_id
         ) as row
  from (
    select receipt_id, item_id, sum(outstanding) as outstanding, sum(tolerance) as tolerance,
           sum(units) as units, sum(goods_idr) as goods_idr
    from page_given group by receipt_id, item_id) g
  offset 0) f
where l.ctid = f.row;

-- name: add_given_to_items
insert into delivery_items (
  network_id, cycle_id, supplier_id, item_id, given, goods_idr, alone_idr)
select $1, cycle_id, supplier_id, item_id, sum(units), sum(goods_idr), sum(alone_idr)
from page_given group by cycle_id, supplier_id, item_id
on conflict (network_id, cycle_id, supplier_id, item_id) do update
set given = delivery_items.given + excluded.given,
    goods_idr = delivery_items.goods_idr + excluded.goods_idr,
    alone_idr = delivery_items.alone_idr + excluded.alone_idr;

-- name: decide_surplus
-- Units that no longer wait, and where they went; those given to koperasi are counted there.
with s as materialized (
  select * from unnest(
    $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[]
  ) s(receipt_id, item_id, cycle_id, supplier_id, units, decision)
), lines as (
  update receipt_lines l set waiting = l.waiting - f.units
  from (
    select d.units, (
             select r.ctid from receipt_lines r
             where r.network_id = $1 and r.receipt_id = d.receipt_id and r.item_id = d.item_id
           ) as row
    from (select receipt_id, item_id, sum(units) as units from s group by receipt_id, item_id) d
    offset 0) f
  where l.ctid = f.row
)
insert into delivery_items (
  network_id, cycle_id, supplier_id, item_id, waiting, returned, stocked)
select $1, cycle_id, supplier_id, item_id, -sum(units),
       sum(case when decision = 'return' then units else 0 end),
       sum(case when decision = 'stock' then units else 0 end)
from s group by cycle_id, supplier_id, item_id
on conflict (network_id, cycle_id, supplier_id, item_id) do update
set waiting = delivery_items.waiting + excluded.waiting,
    returned = delivery_items.returned + excluded.returned,
    stocked = delivery_items.stocked + excluded.stocked;

-- name: end_deliveries
insert into delivery_states (
  network_id, cycle_id, supplier_id, state, sharing, changes, receipts, reason)
select $1, e.cycle_id, e.supplier_id, 'received', '', 0, 0, e.reason
from unnest($2::text[], $3::text[], $4::text[]) e(cycle_id, supplier_id, reason)
on conflict (network_id, cycle_id, supplier_id) do update
set state = excluded.state, reason = excluded.reason;
