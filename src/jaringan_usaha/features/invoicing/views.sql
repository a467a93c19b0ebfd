-- name: add_goods_kept
insert into goods_kept (
  network_id, cycle_id, supplier_id, item_id, accepted, returned, given, goods_idr, costed)
select $1, g.*
from unnest(
  $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::bigint[]) g
on conflict (network_id, cycle_id, supplier_id, item_id) do update
set accepted = goods_kept.accepted + excluded.accepted,
    returned = goods_kept.returned + excluded.returned,
    given = goods_kept.given + excluded.given,
    goods_idr = goods_kept.goods_idr + excluded.goods_idr,
    costed = goods_kept.costed + excluded.costed;

-- name: write_item_weights
insert into item_weights (network_id, item_id, weight_g, volume_ml)
select $1, w.* from unnest($2::text[], $3::bigint[], $4::bigint[]) w
on conflict (network_id, item_id) do update
set weight_g = excluded.weight_g, volume_ml = excluded.volume_ml;

-- name: make_page_costs
-- What a page adds to costs, on its way into the sums; seen by this session only.
create temp table if not exists page_costs (
  cycle_id text, supplier_id text, item_id text, koperasi_id text, units bigint,
  goods_idr bigint, invoiced_units bigint, invoiced_idr bigint, variance_idr bigint,
  freight_idr bigint, fee_idr bigint, ppn_idr bigint, creditable_idr bigint, rebate_idr bigint,
  own_rebate_idr bigint, deposit_idr bigint, first_seen bigint
) on commit delete rows;

-- name: add_costs
-- By item and koperasi, and the sums over items, in one go. Rows first seen in this page are new.
with s as materialized (
  select cycle_id, supplier_id, item_id, koperasi_id, sum(units)::bigint as units,
         sum(goods_idr)::bigint as goods_idr, sum(invoiced_units)::bigint as invoiced_units,
         sum(invoiced_idr)::bigint as invoiced_idr, sum(variance_idr)::bigint as variance_idr,
         sum(freight_idr)::bigint as freight_idr, sum(fee_idr)::bigint as fee_idr,
         sum(ppn_idr)::bigint as ppn_idr, sum(creditable_idr)::bigint as creditable_idr,
         sum(rebate_idr)::bigint as rebate_idr, sum(own_rebate_idr)::bigint as own_rebate_idr,
         sum(deposit_idr)::bigint as deposit_idr, min(first_seen) as first_seen
  from page_costs group by cycle_id, supplier_id, item_id, koperasi_id
), c as (
  insert into costs (
    network_id, cycle_id, supplier_id, item_id, koperasi_id, units, goods_idr, invoiced_units,
    invoiced_idr, variance_idr, freight_idr, fee_idr, ppn_idr, creditable_idr, rebate_idr,
    own_rebate_idr, deposit_idr, first_seen)
  select $1::bigint, s.* from s order by cycle_id, supplier_id, item_id, koperasi_id
  on conflict (network_id, cycle_id, supplier_id, item_id, koperasi_id) do update
  set units = costs.units + excluded.units,
      goods_idr = costs.goods_idr + excluded.goods_idr,
      invoiced_units = costs.invoiced_units + excluded.invoiced_units,
      invoiced_idr = costs.invoiced_idr + excluded.invoiced_idr,
      variance_idr = costs.variance_idr + excluded.variance_idr,
      freight_idr = costs.freight_idr + excluded.freight_idr,
      fee_idr = costs.fee_idr + excluded.fee_idr,
      ppn_idr = costs.ppn_idr + excluded.ppn_idr,
      creditable_idr = costs.creditable_idr + excluded.creditable_idr,
      rebate_idr = costs.rebate_idr + excluded.rebate_idr,
      own_rebate_idr = costs.own_rebate_idr + excluded.own_rebate_idr,
      deposit_idr = costs.deposit_idr + excluded.deposit_idr,
      first_seen = least(costs.first_seen, excluded.first_seen)
  returning cycle_id, supplier_id, koperasi_id, first_seen
), n as (
  select cycle_id, supplier_id, koperasi_id, goods_idr, invoiced_idr, variance_idr, freight_idr,
         fee_idr, ppn_idr, creditable_idr, rebate_idr, own_rebate_idr, deposit_idr, 0 as costs
  from s
  union all
  select cycle_id, supplier_id, koperasi_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
  from c where first_seen >= (select min(first_seen) from s)
)
insert into cost_sums (
  network_id, cycle_id, supplier_id, koperasi_id, goods_idr, invoiced_idr, variance_idr,
  freight_idr, fee_idr, ppn_idr, creditable_idr, rebate_idr, own_rebate_idr, deposit_idr, costs)
select $1::bigint, coalesce(cycle_id, '*'), coalesce(supplier_id, '*'), coalesce(koperasi_id, '*'),
       sum(goods_idr), sum(invoiced_idr), sum(variance_idr), sum(freight_idr), sum(fee_idr),
       sum(ppn_idr), sum(creditable_idr), sum(rebate_idr), sum(own_rebate_idr), sum(deposit_idr),
       sum(costs)
from n group by grouping sets (
  (cycle_id, supplier_id, koperasi_id), (cycle_id, supplier_id), (supplier_id, koperasi_id),
  (supplier_id), (koperasi_id))
order by 4, 2, 3
on conflict (network_id, koperasi_id, cycle_id, supplier_id) do update
set goods_idr = cost_sums.goods_idr + excluded.goods_idr,
    invoiced_idr = cost_sums.invoiced_idr + excluded.invoiced_idr,
    variance_idr = cost_sums.variance_idr + excluded.variance_idr,
    freight_idr = cost_sums.freight_idr + excluded.freight_idr,
    fee_idr = cost_sums.fee_idr + excluded.fee_idr,
    ppn_idr = cost_sums.ppn_idr + excluded.ppn_idr,
    creditable_idr = cost_sums.creditable_idr + excluded.creditable_idr,
    rebate_idr = cost_sums.rebate_idr + excluded.rebate_idr,
    own_rebate_idr = cost_sums.own_rebate_idr + excluded.own_rebate_idr,
    deposit_idr = cost_sums.deposit_idr + excluded.deposit_idr,
    costs = cost_sums.costs + excluded.costs;

-- name: write_invoices
insert into supplier_invoices (
  network_id, invoice_id, cycle_id, supplier_id, invoice_no, tax_invoice_no, invoiced_on, held,
  refused, decision_reason, line_count, goods_idr, ppn_idr, deposit_idr, claimed_idr, paid_idr, parts,
  version, matching_version_no, ppn_version_no, position, recorded_at)
select $1, invoice_id, cycle_id, supplier_id, invoice_no, tax_invoice_no, invoiced_on, held, false,
       '', line_count, goods_idr, ppn_idr, deposit_idr, 0, 0, 0, 0, matching_no, ppn_no, position,
       recorded_at
from unnest(
  $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::boolean[], $9::int[],
  $10::bigint[], $11::bigint[], $12::bigint[], $13::int[], $14::int[], $15::bigint[],
  $16::timestamptz[]) i(
  invoice_id, cycle_id, supplier_id, invoice_no, tax_invoice_no, invoiced_on, held, line_count,
  goods_idr, ppn_idr, deposit_idr, matching_no, ppn_no, position, recorded_at);

-- name: write_invoice_lines
insert into supplier_invoice_lines (
  network_id, invoice_id, cycle_id, supplier_id, payable_position, line_no, item_id, billed,
  accepted, units, goods_idr, expected_idr, ppn_idr, expected_ppn_idr, deposit_idr, claimed_idr,
  claimed_ppn_idr, claimed_deposit_idr, outcome, reason, returned, costed)
select $1, l.*, 0, 0
from unnest(
  $2::text[], $3::text[], $4::text[], $5::bigint[], $6::int[], $7::text[], $8::bigint[],
  $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
  $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::text[], $20::text[]) l;

-- name: release_invoice
with released as (
  update supplier_invoices set held = false, decision_reason = $3
  where network_id = $1 and invoice_id = $2
)
update supplier_invoice_lines set payable_position = $4
where network_id = $1 and invoice_id = $2;

-- name: refuse_invoice
update supplier_invoices set held = false, refused = true, decision_reason = $3
where network_id = $1 and invoice_id = $2;

-- name: add_to_invoices
update supplier_invoices i
set claimed_idr = i.claimed_idr + a.claimed_idr, paid_idr = i.paid_idr + a.paid_idr,
    parts = i.parts + a.parts, version = i.version + a.events
from unnest($2::text[], $3::bigint[], $4::bigint[], $5::int[], $6::int[])
       a(invoice_id, claimed_idr, paid_idr, parts, events)
where i.network_id = $1 and i.invoice_id = a.invoice_id;

-- name: add_to_lines
-- The rows are looked up one by one, each a probe of an index: as a join the whole table is read
-- as long as nobody has analyzed it.
update supplier_invoice_lines l
set returned = l.returned + a.returned, costed = l.costed + a.costed
from (
  select u.returned, u.costed, (
           select f.ctid from supplier_invoice_lines f
           where f.network_id = $1 and f.invoice_id = u.invoice_id and f.item_id = u.item_id) as row
  from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[])
         u(invoice_id, item_id, returned, costed)
  offset 0) a
where l.ctid = a.row;

-- name: write_debit_notes
insert into debit_notes (
  network_id, debit_note_id, invoice_id, cycle_id, supplier_id, reason, goods_idr, ppn_idr,
  deposit_idr, lines, position, recorded_at)
select $1, d.*
from unnest(
  $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
  $9::bigint[], $10::bytea[], $11::bigint[], $12::timestamptz[]) d;

-- name: write_payments
insert into supplier_payments (
  network_id, kind, payment_id, invoice_id, cycle_id, supplier_id, amount_idr, paid_on,
  reference, position, recorded_at)
select $1, p.*
from unnest(
  $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::date[],
  $9::text[], $10::bigint[], $11::timestamptz[]) p;

-- name: add_states
insert into invoice_states (
  network_id, cycle_id, supplier_id, kept_units, costed_units, invoices, held, billed_idr,
  held_idr, claimed_idr, paid_idr, rebate_idr, rebate_received_idr)
select $1, s.*
from unnest(
  $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[]) s
on conflict (network_id, cycle_id, supplier_id) do update
set kept_units = invoice_states.kept_units + excluded.kept_units,
    costed_units = invoice_states.costed_units + excluded.costed_units,
    invoices = invoice_states.invoices + excluded.invoices,
    held = invoice_states.held + excluded.held,
    billed_idr = invoice_states.billed_idr + excluded.billed_idr,
    held_idr = invoice_states.held_idr + excluded.held_idr,
    claimed_idr = invoice_states.claimed_idr + excluded.claimed_idr,
    paid_idr = invoice_states.paid_idr + excluded.paid_idr,
    rebate_idr = invoice_states.rebate_idr + excluded.rebate_idr,
    rebate_received_idr = invoice_states.rebate_received_idr + excluded.rebate_received_idr;

-- name: release_state
-- The billed amount of an invoice is no longer held.
update invoice_states s set held = s.held - 1, held_idr = s.held_idr - (
  i.goods_idr + i.ppn_idr + i.deposit_idr)
from supplier_invoices i
where i.network_id = $1 and i.invoice_id = $2 and s.network_id = $1
  and s.cycle_id = i.cycle_id and s.supplier_id = i.supplier_id;

-- name: refuse_state
-- A refused invoice was never billed.
update invoice_states s set invoices = s.invoices - 1, billed_idr = s.billed_idr - (
  i.goods_idr + i.ppn_idr + i.deposit_idr)
from supplier_invoices i
where i.network_id = $1 and i.invoice_id = $2 and s.network_id = $1
  and s.cycle_id = i.cycle_id and s.supplier_id = i.supplier_id;

-- name: write_charge
insert into charges (
  network_id, charge_id, cycle_id, supplier_id, payee, kind, key, bill_no, amount_idr,
  shared_idr, billed_on, reference, position, recorded_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13)
on conflict (network_id, charge_id) do update
set bill_no = excluded.bill_no, amount_idr = excluded.amount_idr,
    billed_on = excluded.billed_on, reference = excluded.reference,
    position = excluded.position, recorded_at = excluded.recorded_at;

-- name: write_charge_bill
-- The difference is to the bill before, which stands in the table already.
insert into charge_bills (
  network_id, charge_id, bill_no, cycle_id, supplier_id, key, manual, amount_idr,
  difference_idr, shared_idr, weighed, parts, billed_on, reference, position)
select $1, $2::text, $3::int, $4, $5, $6, $7, $8::bigint, $8 - coalesce((
         select b.amount_idr from charge_bills b
         where b.network_id = $1 and b.charge_id = $2 and b.bill_no = $3 - 1), 0),
       0, 0, 0, $9, $10, $11;

-- name: write_charge_lines
with l as (
  insert into charge_lines (
    network_id, charge_id, bill_no, supplier_id, item_id, units, goods_idr, each, amount_idr,
    shared_idr)
  select $1, $2, $3, l.*, 0
  from unnest(
    $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[]) l
)
update charge_bills set weighed = weighed + cardinality($4::text[])
where network_id = $1 and charge_id = $2 and bill_no = $3;

-- name: add_to_charge
-- What one part shared: by line (each a probe of its key, see above), by koperasi, and in all.
with lines as (
  update charge_lines l set shared_idr = l.shared_idr + s.amount_idr
  from (
    select sum(r.amount_idr) as amount_idr, (
             select f.ctid from charge_lines f
             where f.network_id = $1 and f.charge_id = $2 and f.bill_no = $3
               and f.supplier_id = r.supplier_id and f.item_id = r.item_id) as row
    from unnest($5::text[], $6::text[], $8::bigint[]) r(supplier_id, item_id, amount_idr)
    group by r.supplier_id, r.item_id
    offset 0) s
  where l.ctid = s.row
), shares as (
  insert into charge_shares (network_id, charge_id, cycle_id, koperasi_id, amount_idr)
  select $1, $2, $4, r.koperasi_id, sum(r.amount_idr)
  from unnest($7::text[], $8::bigint[]) r(koperasi_id, amount_idr)
  group by r.koperasi_id order by r.koperasi_id
  on conflict (network_id, charge_id, koperasi_id) do update
  set amount_idr = charge_shares.amount_idr + excluded.amount_idr
), bill as (
  update charge_bills b set shared_idr = b.shared_idr + s.amount_idr, parts = b.parts + 1
  from (select sum(a) as amount_idr from unnest($8::bigint[]) a) s
  where b.network_id = $1 and b.charge_id = $2 and b.bill_no = $3
)
update charges c set shared_idr = c.shared_idr + s.amount_idr
from (select sum(a) as amount_idr from unnest($8::bigint[]) a) s
where c.network_id = $1 and c.charge_id = $2;

-- name: lines_to_cost
-- Lines that are owed and not costed, the first of each item, once all of its units have been
-- given to somebody (or nobody has yet to decide about any), with how many hold them. While a
-- receipt was corrected and units are still to be taken back, too many are held.
select l.invoice_id, l.cycle_id, l.supplier_id, l.item_id, l.units, i.parts,
       k.given - k.costed as free,
       (select count(*) from costs c
        where c.network_id = $1 and c.cycle_id = l.cycle_id and c.supplier_id = l.supplier_id
          and c.item_id = l.item_id) as holders
from supplier_invoice_lines l
join supplier_invoices i on i.network_id = $1 and i.invoice_id = l.invoice_id
join goods_kept k on k.network_id = $1 and k.cycle_id = l.cycle_id
  and k.supplier_id = l.supplier_id and k.item_id = l.item_id
where l.network_id = $1 and l.payable_position is not null and l.costed + l.returned < l.units
  and (k.given - k.costed >= l.units or k.given + k.returned = k.accepted)
  and k.given + k.returned <= k.accepted
  and not exists (
    select from supplier_invoice_lines e
    where e.network_id = $1 and e.cycle_id = l.cycle_id and e.supplier_id = l.supplier_id
      and e.item_id = l.item_id and e.payable_position is not null
      and e.costed + e.returned < e.units and e.payable_position < l.payable_position)
order by l.payable_position, l.invoice_id, l.line_no limit $2;

-- name: holders
-- Who holds units of these items that no invoice was costed for, in the order of being given them.
select c.cycle_id, c.supplier_id, c.item_id, c.koperasi_id, c.units - c.invoiced_units as units,
       c.goods_idr - c.invoiced_idr as goods_idr
from unnest($2::text[], $3::text[], $4::text[]) l(cycle_id, supplier_id, item_id)
cross join lateral (
  select * from costs h
  where h.network_id = $1 and h.cycle_id = l.cycle_id and h.supplier_id = l.supplier_id
    and h.item_id = l.item_id and h.units > h.invoiced_units
  offset 0) c
order by c.cycle_id, c.supplier_id, c.item_id, c.first_seen, c.koperasi_id;

-- name: open_bills
-- Bills of which something is still to be shared, oldest first.
select charge_id, bill_no, cycle_id, supplier_id, key, manual, weighed, parts
from charge_bills
where network_id = $1 and shared_idr <> difference_idr order by position limit $2;

-- name: goods_of_cycle
-- What has been given to somebody in a cycle, with what a unit weighs.
select k.supplier_id, k.item_id, k.given as units, k.goods_idr,
       coalesce(w.weight_g, 0) as weight_g, coalesce(w.volume_ml, 0) as volume_ml
from goods_kept k
left join item_weights w on w.network_id = $1 and w.item_id = k.item_id
where k.network_id = $1 and k.cycle_id = $2 and ($3 = '' or k.supplier_id = $3) and k.given > 0
order by k.supplier_id, k.item_id;

-- name: lines_to_share
-- Lines of a weighed bill that are not shared yet, with how many hold their goods.
select l.supplier_id, l.item_id,
       (select count(*) from costs c
        where c.network_id = $1 and c.cycle_id = $4 and c.supplier_id = l.supplier_id
          and c.item_id = l.item_id) as holders
from charge_lines l
where l.network_id = $1 and l.charge_id = $2 and l.bill_no = $3 and l.shared_idr <> l.amount_idr
order by l.supplier_id, l.item_id limit $5;

-- name: units_held
-- Who was given units of these items of a cycle, in the order of being given them.
select c.supplier_id, c.item_id, c.koperasi_id, c.units
from unnest($3::text[], $4::text[]) l(supplier_id, item_id)
cross join lateral (
  select * from costs h
  where h.network_id = $1 and h.cycle_id = $2 and h.supplier_id = l.supplier_id
    and h.item_id = l.item_id and h.units > 0
  offset 0) c
order by c.supplier_id, c.item_id, c.first_seen, c.koperasi_id;

-- paged: costs_of_cycle
-- What the goods of one cycle came to cost, a page at a time.
select cycle_id, supplier_id, item_id, koperasi_id, units, goods_idr, invoiced_units,
       invoiced_idr, variance_idr, freight_idr, fee_idr, ppn_idr, creditable_idr, rebate_idr,
       own_rebate_idr, deposit_idr,
       goods_idr + variance_idr + freight_idr + fee_idr + ppn_idr - creditable_idr as landed_idr
from costs
where network_id = $1 and cycle_id = $2 and (supplier_id, item_id, koperasi_id) > ($3, $4, $5)
  and ($6::text is null or supplier_id = $6)
order by supplier_id, item_id, koperasi_id limit $7;

-- paged: costs_of_koperasi
-- What its goods came to cost one koperasi, in one cycle or in all, a page at a time; each of
-- these queries goes along an index of its own.
select cycle_id, supplier_id, item_id, koperasi_id, units, goods_idr, invoiced_units,
       invoiced_idr, variance_idr, freight_idr, fee_idr, ppn_idr, creditable_idr, rebate_idr,
       own_rebate_idr, deposit_idr,
       goods_idr + variance_idr + freight_idr + fee_idr + ppn_idr - creditable_idr as landed_idr
from costs
where network_id = $1 and koperasi_id = $2 and (cycle_id, supplier_id, item_id) > ($3, $4, $5)
  and cycle_id between $6 and $7 and ($8::text is null or supplier_id = $8)
order by cycle_id, supplier_id, item_id limit $9;

-- paged: costs_of_supplier
-- What one supplier's goods came to cost, a page at a time.
select cycle_id, supplier_id, item_id, koperasi_id, units, goods_idr, invoiced_units,
       invoiced_idr, variance_idr, freight_idr, fee_idr, ppn_idr, creditable_idr, rebate_idr,
       own_rebate_idr, deposit_idr,
       goods_idr + variance_idr + freight_idr + fee_idr + ppn_idr - creditable_idr as landed_idr
from costs
where network_id = $1 and supplier_id = $2 and (cycle_id, item_id, koperasi_id) > ($3, $4, $5)
order by cycle_id, item_id, koperasi_id limit $6;

-- paged: costs_of_days
-- Of the cycles that close on some days; of one koperasi, of one supplier or of all: each of
-- these queries goes along an index of its own.
select cycle_id, supplier_id, item_id, koperasi_id, units, goods_idr, invoiced_units,
       invoiced_idr, variance_idr, freight_idr, fee_idr, ppn_idr, creditable_idr, rebate_idr,
       own_rebate_idr, deposit_idr,
       goods_idr + variance_idr + freight_idr + fee_idr + ppn_idr - creditable_idr as landed_idr
from costs
where network_id = $1 and cycle_id = any (array(
    select cycle_id from cycles
    where network_id = $1
      and closes_at >= $6::date::timestamp at time zone 'Asia/Jakarta'
      and closes_at < ($7::date + 1)::timestamp at time zone 'Asia/Jakarta'))
  and (cycle_id, supplier_id, item_id, koperasi_id) > ($2, $3, $4, $5)
  and ($8::text is null or cycle_id = $8)
order by cycle_id, supplier_id, item_id, koperasi_id limit $9;

-- paged: costs_of_koperasi_of_days
select cycle_id, supplier_id, item_id, koperasi_id, units, goods_idr, invoiced_units,
       invoiced_idr, variance_idr, freight_idr, fee_idr, ppn_idr, creditable_idr, rebate_idr,
       own_rebate_idr, deposit_idr,
       goods_idr + variance_idr + freight_idr + fee_idr + ppn_idr - creditable_idr as landed_idr
from costs
where network_id = $1 and koperasi_id = $2 and cycle_id = any (array(
    select cycle_id from cycles
    where network_id = $1
      and closes_at >= $6::date::timestamp at time zone 'Asia/Jakarta'
      and closes_at < ($7::date + 1)::timestamp at time zone 'Asia/Jakarta'))
  and (cycle_id, supplier_id, item_id) > ($3, $4, $5)
  and ($8::text is null or cycle_id = $8) and ($9::text is null or supplier_id = $9)
order by cycle_id, supplier_id, item_id limit $10;

-- paged: costs_of_supplier_of_days
select cycle_id, supplier_id, item_id, koperasi_id, units, goods_idr, invoiced_units,
       invoiced_idr, variance_idr, freight_idr, fee_idr, ppn_idr, creditable_idr, rebate_idr,
       own_rebate_idr, deposit_idr,
       goods_idr + variance_idr + freight_idr + fee_idr + ppn_idr - creditable_idr as landed_idr
from costs
where network_id = $1 and supplier_id = $2 and cycle_id = any (array(
    select cycle_id from cycles
    where network_id = $1
      and closes_at >= $6::date::timestamp at time zone 'Asia/Jakarta'
      and closes_at < ($7::date + 1)::timestamp at time zone 'Asia/Jakarta'))
  and (cycle_id, item_id, koperasi_id) > ($3, $4, $5)
  and ($8::text is null or cycle_id = $8)
order by cycle_id, item_id, koperasi_id limit $9;

-- name: rules_of_goods
-- The rule of prices (HET) of some goods of cycles, as it is in force on the day of their prices.
select w.cycle_id, w.item_id, r.rule_values
from unnest($2::text[], $3::text[]) w(cycle_id, item_id)
join cycles c on c.network_id = $1 and c.cycle_id = w.cycle_id and c.prices = 'listed'
join lateral (
  select rule_values from rules
  where network_id = $1 and rule_id = 'het.' || w.item_id and valid_from_on <= c.priced_on
  order by valid_from_on desc limit 1) r on true;

-- paged: invoices
-- Invoices by cycle and supplier, a page at a time, with the lines that wait to be costed. A range
-- leads along the index whether one is named or not (65 `z` are beyond all ids); `or` does not.
select i.*, case when i.held or i.refused then 0
         else i.goods_idr + i.ppn_idr + i.deposit_idr - i.claimed_idr end as owed_idr,
       (select count(*) from supplier_invoice_lines l
        where l.network_id = $1 and l.invoice_id = i.invoice_id and not i.refused
          and l.costed + l.returned < l.units)::int as uncosted_lines
from supplier_invoices i
where i.network_id = $1 and (i.cycle_id, i.supplier_id, i.invoice_id) > ($2, $3, $4)
  and i.cycle_id between coalesce($5, '') and coalesce($5, repeat('z', 65))
  and i.supplier_id between coalesce($6, '') and coalesce($6, repeat('z', 65))
order by i.cycle_id, i.supplier_id, i.invoice_id limit $7;

-- paged: invoices_of_days
-- The invoices of some days; no more than these are read.
with i as materialized (
  select * from supplier_invoices
  where network_id = $1 and invoiced_on between $7 and $8
    and ($5::text is null or cycle_id = $5) and ($6::text is null or supplier_id = $6)
)
select i.*, case when i.held or i.refused then 0
         else i.goods_idr + i.ppn_idr + i.deposit_idr - i.claimed_idr end as owed_idr,
       (select count(*) from supplier_invoice_lines l
        where l.network_id = $1 and l.invoice_id = i.invoice_id and not i.refused
          and l.costed + l.returned < l.units)::int as uncosted_lines
from i
where (i.cycle_id, i.supplier_id, i.invoice_id) > ($2, $3, $4)
order by i.cycle_id, i.supplier_id, i.invoice_id limit $9;

-- name: invoice
select i.*, case when i.held or i.refused then 0
         else i.goods_idr + i.ppn_idr + i.deposit_idr - i.claimed_idr end as owed_idr,
       (select count(*) from supplier_invoice_lines l
        where l.network_id = $1 and l.invoice_id = i.invoice_id and not i.refused
          and l.costed + l.returned < l.units)::int as uncosted_lines
from supplier_invoices i where i.network_id = $1 and i.invoice_id = $2;

-- name: invoice_lines
-- The lines of one invoice as they were matched; the rest of their units wait for a decision
-- about surplus, or for their turn.
select l.line_no, l.item_id, l.billed, l.accepted, l.units, l.goods_idr, l.expected_idr, l.ppn_idr,
       l.expected_ppn_idr, l.deposit_idr, l.claimed_idr, l.claimed_ppn_idr, l.claimed_deposit_idr,
       l.outcome, l.reason, l.returned, l.costed,
       greatest(coalesce(k.accepted - k.returned - k.given, 0), 0) as undecided
from supplier_invoice_lines l
left join goods_kept k on k.network_id = $1 and k.cycle_id = l.cycle_id
  and k.supplier_id = l.supplier_id and k.item_id = l.item_id
where l.network_id = $1 and l.invoice_id = $2 order by l.line_no;

-- paged: states
-- One row per consolidated order, a page at a time.
select cycle_id, supplier_id, kept_units, costed_units, invoices, held, billed_idr, held_idr,
       claimed_idr, billed_idr - held_idr - claimed_idr as owed_idr, paid_idr, rebate_idr,
       rebate_received_idr,
       case when costed_units < kept_units or held > 0 then 'open'
            when paid_idr < billed_idr - held_idr - claimed_idr then 'invoiced'
            else 'settled' end as state
from invoice_states
where network_id = $1 and (cycle_id, supplier_id) > ($2, $3)
  and cycle_id between coalesce($4, '') and coalesce($4, repeat('z', 65))
  and supplier_id between coalesce($5, '') and coalesce($5, repeat('z', 65))
order by cycle_id, supplier_id limit $6;

-- paged: states_of_days
-- Those of which there is an invoice of some days.
with i as materialized (
  select distinct cycle_id, supplier_id from supplier_invoices
  where network_id = $1 and invoiced_on between $6 and $7
    and ($4::text is null or cycle_id = $4) and ($5::text is null or supplier_id = $5)
), s as materialized (
  select s.* from i cross join lateral (
    select * from invoice_states
    where network_id = $1 and cycle_id = i.cycle_id and supplier_id = i.supplier_id limit 1) s
)
select cycle_id, supplier_id, kept_units, costed_units, invoices, held, billed_idr, held_idr,
       claimed_idr, billed_idr - held_idr - claimed_idr as owed_idr, paid_idr, rebate_idr,
       rebate_received_idr,
       case when costed_units < kept_units or held > 0 then 'open'
            when paid_idr < billed_idr - held_idr - claimed_idr then 'invoiced'
            else 'settled' end as state
from s
where (cycle_id, supplier_id) > ($2, $3)
order by cycle_id, supplier_id limit $8;

-- paged: debit_notes
-- Debit notes by cycle and supplier, a page at a time.
select debit_note_id, invoice_id, cycle_id, supplier_id, reason, goods_idr, ppn_idr, deposit_idr,
       lines, position, recorded_at
from debit_notes
where network_id = $1 and (cycle_id, supplier_id, debit_note_id) > ($2, $3, $4)
  and cycle_id between coalesce($5, '') and coalesce($5, repeat('z', 65))
  and supplier_id between coalesce($6, '') and coalesce($6, repeat('z', 65))
order by cycle_id, supplier_id, debit_note_id limit $7;

-- paged: debit_notes_of_days
-- Those recorded on some days in Asia/Jakarta.
with n as materialized (
  select debit_note_id, invoice_id, cycle_id, supplier_id, reason, goods_idr, ppn_idr, deposit_idr,
         lines, position, recorded_at
  from debit_notes
  where network_id = $1 and recorded_at >= $7::date::timestamp at time zone 'Asia/Jakarta'
    and recorded_at < ($8::date + 1)::timestamp at time zone 'Asia/Jakarta'
    and ($5::text is null or cycle_id = $5) and ($6::text is null or supplier_id = $6)
)
select * from n
where (cycle_id, supplier_id, debit_note_id) > ($2, $3, $4)
order by cycle_id, supplier_id, debit_note_id limit $9;

-- paged: payments
-- Payments (or rebates) by cycle and supplier, a page at a time.
select payment_id, invoice_id, cycle_id, supplier_id, amount_idr, paid_on, reference, position,
       recorded_at
from supplier_payments
where network_id = $1 and kind = $2 and (cycle_id, supplier_id, payment_id) > ($3, $4, $5)
  and cycle_id between coalesce($6, '') and coalesce($6, repeat('z', 65))
  and supplier_id between coalesce($7, '') and coalesce($7, repeat('z', 65))
order by cycle_id, supplier_id, payment_id limit $8;

-- paged: payments_of_days
with p as materialized (
  select payment_id, invoice_id, cycle_id, supplier_id, amount_idr, paid_on, reference, position,
         recorded_at
  from supplier_payments
  where network_id = $1 and kind = $2 and paid_on between $8 and $9
    and ($6::text is null or cycle_id = $6) and ($7::text is null or supplier_id = $7)
)
select * from p
where (cycle_id, supplier_id, payment_id) > ($3, $4, $5)
order by cycle_id, supplier_id, payment_id limit $10;

-- paged: charges
-- Charges by id, a page at a time.
select c.*, null::bigint as own_idr
from charges_shown c
where c.network_id = $1 and c.charge_id > $2 and ($3::text is null or c.cycle_id = $3)
  and ($4::text is null or c.supplier in ('', $4))
order by c.charge_id limit $5;

-- paged: charges_of_koperasi
-- Those that a koperasi bears a part of.
select c.*, s.amount_idr as own_idr
from charge_shares s
join charges_shown c on c.network_id = $1 and c.charge_id = s.charge_id
where s.network_id = $1 and s.koperasi_id = $5 and s.charge_id > $2
  and ($3::text is null or s.cycle_id = $3) and ($4::text is null or c.supplier in ('', $4))
order by s.charge_id limit $6;

-- paged: charges_of_days
-- Those billed on some days.
with billed as materialized (
  select charge_id from charges
  where network_id = $1 and billed_on between $6 and $7 and ($3::text is null or cycle_id = $3)
    and ($4::text is null or supplier_id in ('', $4))
)
select c.*, s.amount_idr as own_idr
from billed b
join charges_shown c on c.network_id = $1 and c.charge_id = b.charge_id
left join charge_shares s on s.network_id = $1 and s.charge_id = b.charge_id
  and s.koperasi_id = $5
where b.charge_id > $2 and ($5::text is null or s.koperasi_id is not null)
order by b.charge_id limit $8;

-- paged: charge_lines
-- How the bills of a charge fall on goods, a page at a time.
select bill_no, supplier_id, item_id, units, goods_idr, each, amount_idr, shared_idr
from charge_lines
where network_id = $1 and charge_id = $2 and (bill_no, supplier_id, item_id) > ($3, $4, $5)
order by bill_no, supplier_id, item_id limit $6;

-- name: charge_line_totals
select count(*) as rows, coalesce(sum(amount_idr), 0)::bigint as amount_idr,
       coalesce(sum(shared_idr), 0)::bigint as shared_idr
from charge_lines where network_id = $1 and charge_id = $2;

-- paged: charge_shares
-- What each koperasi bears of a charge, a page at a time.
select koperasi_id, amount_idr from charge_shares
where network_id = $1 and charge_id = $2 and koperasi_id > $3
  and ($4::text is null or koperasi_id = $4)
order by koperasi_id limit $5;

-- name: charge_share_totals
select count(*) as rows, coalesce(sum(amount_idr), 0)::bigint as amount_idr from charge_shares
where network_id = $1 and charge_id = $2 and ($3::text is null or koperasi_id = $3);
