-- name: orders_touched
-- What consolidated orders add to the sums of their supplier and of all.
select s.subject, s.subject_id, 1 as rows, o.invoices, o.held, o.billed_idr, o.held_idr,
       o.claimed_idr, o.billed_idr - o.held_idr - o.claimed_idr as owed_idr, o.paid_idr,
       o.rebate_idr, o.rebate_received_idr
from unnest($2::text[], $3::text[]) k(cycle_id, supplier_id)
cross join lateral (
  select * from invoice_states
  where network_id = $1 and cycle_id = k.cycle_id and supplier_id = k.supplier_id limit 1) o
cross join lateral (values ('', ''), ('supplier', k.supplier_id)) s(subject, subject_id);

-- name: invoices_touched
select s.subject, s.subject_id, i.invoiced_on as day_on, 1 as rows,
       (not i.refused)::int as invoices, i.held::int as held,
       case when i.refused then 0 else billed_idr end as billed_idr,
       case when i.held then billed_idr else 0 end as held_idr, i.claimed_idr,
       case when i.held or i.refused then 0 else billed_idr - i.claimed_idr end as owed_idr,
       i.paid_idr
from unnest($2::text[]) k(invoice_id)
cross join lateral (
  select *, goods_idr + ppn_idr + deposit_idr as billed_idr from supplier_invoices
  where network_id = $1 and invoice_id = k.invoice_id limit 1) i
cross join lateral (values ('', ''), ('supplier', i.supplier_id)) s(subject, subject_id);

-- name: charges_touched
-- What charges come to, and what each koperasi bears of them; by supplier, or of a whole cycle.
select s.subject, s.subject_id, c.supplier_id as part, c.billed_on as day_on, 1 as rows,
       s.amount_idr, s.shared_idr
from unnest($2::text[]) k(charge_id)
cross join lateral (
  select * from charges where network_id = $1 and charge_id = k.charge_id limit 1) c
cross join lateral (
  select '' as subject, '' as subject_id, c.amount_idr, c.shared_idr
  union all
  select 'koperasi', koperasi_id, amount_idr, amount_idr from charge_shares
  where network_id = $1 and charge_id = k.charge_id) s;

-- name: orders_of_cycle
select count(*) as rows, coalesce(sum(invoices), 0)::bigint as invoices,
       coalesce(sum(held), 0)::bigint as held, coalesce(sum(billed_idr), 0)::bigint as billed_idr,
       coalesce(sum(held_idr), 0)::bigint as held_idr,
       coalesce(sum(claimed_idr), 0)::bigint as claimed_idr,
       coalesce(sum(billed_idr - held_idr - claimed_idr), 0)::bigint as owed_idr,
       coalesce(sum(paid_idr), 0)::bigint as paid_idr,
       coalesce(sum(rebate_idr), 0)::bigint as rebate_idr,
       coalesce(sum(rebate_received_idr), 0)::bigint as rebate_received_idr
from invoice_states
where network_id = $1 and cycle_id = $2 and ($3::text is null or supplier_id = $3);

-- name: orders_of_days
-- Those of which there is an invoice of some days: one that has several counts once, so this is no
-- sum over days.
select count(*) as rows, coalesce(sum(invoices), 0)::bigint as invoices,
       coalesce(sum(held), 0)::bigint as held, coalesce(sum(billed_idr), 0)::bigint as billed_idr,
       coalesce(sum(held_idr), 0)::bigint as held_idr,
       coalesce(sum(claimed_idr), 0)::bigint as claimed_idr,
       coalesce(sum(billed_idr - held_idr - claimed_idr), 0)::bigint as owed_idr,
       coalesce(sum(paid_idr), 0)::bigint as paid_idr,
       coalesce(sum(rebate_idr), 0)::bigint as rebate_idr,
       coalesce(sum(rebate_received_idr), 0)::bigint as rebate_received_idr
from (
  select distinct cycle_id, supplier_id from supplier_invoices
  where network_id = $1 and invoiced_on between $4 and $5
    and ($2::text is null or cycle_id = $2) and ($3::text is null or supplier_id = $3)) i
cross join lateral (
  select * from invoice_states
  where network_id = $1 and cycle_id = i.cycle_id and supplier_id = i.supplier_id limit 1) s;

-- name: invoices_of_cycle
-- `or` keeps the planner from going along the days, which are all days where none are named.
select count(*) as rows, count(*) filter (where not refused) as invoices,
       count(*) filter (where held) as held,
       coalesce(sum(goods_idr + ppn_idr + deposit_idr) filter (where not refused),
                0)::bigint as billed_idr,
       coalesce(sum(goods_idr + ppn_idr + deposit_idr) filter (where held), 0)::bigint as held_idr,
       coalesce(sum(claimed_idr), 0)::bigint as claimed_idr,
       coalesce(sum(goods_idr + ppn_idr + deposit_idr - claimed_idr)
                filter (where not held and not refused), 0)::bigint as owed_idr,
       coalesce(sum(paid_idr), 0)::bigint as paid_idr
from supplier_invoices
where network_id = $1 and cycle_id = $2 and ($3::text is null or supplier_id = $3)
  and ($4::date is null or invoiced_on between $4 and $5);

-- name: debit_notes_of_cycle
select count(*) as rows, coalesce(sum(goods_idr + ppn_idr + deposit_idr), 0)::bigint as claimed_idr
from debit_notes
where network_id = $1 and cycle_id = $2 and ($3::text is null or supplier_id = $3)
  and ($4::date is null
       or (recorded_at at time zone 'Asia/Jakarta')::date between $4 and $5);

-- name: payments_of_cycle
select count(*) as rows, coalesce(sum(amount_idr), 0)::bigint as paid_idr
from supplier_payments
where network_id = $1 and kind = 'payment' and cycle_id = $2
  and ($3::text is null or supplier_id = $3) and ($4::date is null or paid_on between $4 and $5);

-- name: rebates_of_cycle
select count(*) as rows, coalesce(sum(amount_idr), 0)::bigint as rebate_received_idr
from supplier_payments
where network_id = $1 and kind = 'rebate' and cycle_id = $2
  and ($3::text is null or supplier_id = $3) and ($4::date is null or paid_on between $4 and $5);

-- name: charges_of_cycle
-- Its charges, or what a koperasi bears of them.
select count(*) as rows, coalesce(sum(s.amount_idr), 0)::bigint as amount_idr,
       coalesce(sum(s.shared_idr), 0)::bigint as shared_idr
from charges c
cross join lateral (
  select c.amount_idr, c.shared_idr where $4::text is null
  union all
  select amount_idr, amount_idr from charge_shares
  where network_id = $1 and charge_id = c.charge_id and koperasi_id = $4) s
where c.network_id = $1 and c.cycle_id = $2
  and ($3::text is null or c.supplier_id in ('', $3))
  and ($5::date is null or c.billed_on between $5 and $6);

-- name: costs
-- In some cycles, or in all (`*`).
select coalesce(sum(costs), 0)::bigint as rows, coalesce(sum(goods_idr), 0)::bigint as goods_idr,
       coalesce(sum(invoiced_idr), 0)::bigint as invoiced_idr,
       coalesce(sum(variance_idr), 0)::bigint as variance_idr,
       coalesce(sum(freight_idr), 0)::bigint as freight_idr,
       coalesce(sum(fee_idr), 0)::bigint as fee_idr,
       coalesce(sum(ppn_idr), 0)::bigint as ppn_idr,
       coalesce(sum(creditable_idr), 0)::bigint as creditable_idr,
       coalesce(sum(rebate_idr), 0)::bigint as rebate_idr,
       coalesce(sum(own_rebate_idr), 0)::bigint as own_rebate_idr,
       coalesce(sum(deposit_idr), 0)::bigint as deposit_idr,
       coalesce(sum(goods_idr + variance_idr + freight_idr + fee_idr + ppn_idr - creditable_idr),
                0)::bigint as landed_idr
from cost_sums
where network_id = $1 and koperasi_id = coalesce($4, '*') and cycle_id = any ($2)
  and ($3::text is null or supplier_id = $3);

-- name: closing_on_days
select cycle_id from cycles
where network_id = $1 and closes_at >= $2::date::timestamp at time zone 'Asia/Jakarta'
  and closes_at < ($3::date + 1)::timestamp at time zone 'Asia/Jakarta'
  and ($4::text is null or cycle_id = $4);
