-- name: balances_now
-- All that was ever debited and credited, for one subject, at the end of the last block up to $5.
select a.account, b.debit_idr, b.credit_idr
from unnest($4::text[]) a(account)
cross join lateral (
  select b.debit_idr, b.credit_idr from balances b
  where b.network_id = $1 and b.subject = $2 and b.subject_id = $3 and b.account = a.account
    and b.block <= $5
  order by b.block desc limit 1) b
order by a.account;

-- name: block_at
-- The block that holds the last posting up to a position.
select block, first_position, last_position from posting_blocks
where network_id = $1 and first_position <= $2 order by first_position desc limit 1;

-- name: moved_between
-- What the postings between two positions moved, for those they are about.
select s.account, sum(s.debit_idr)::bigint as debit_idr, sum(s.credit_idr)::bigint as credit_idr
from postings p
cross join lateral (values
  (p.debit_account, p.debit_party, p.amount_idr, 0::bigint),
  (p.credit_account, p.credit_party, 0, p.amount_idr)
) s(account, party, debit_idr, credit_idr)
where p.network_id = $1 and p.position between $2 and $3
  and ($4::text is null or p.koperasi_id = $4) and ($5::text is null or p.supplier_id = $5)
  and ($6::text is null or p.cycle_id = $6)
group by s.account order by s.account;

-- name: moved_on_days
-- What some days moved, for one subject.
select account, sum(debit_idr)::bigint as debit_idr, sum(credit_idr)::bigint as credit_idr
from day_sums
where network_id = $1 and subject = $2 and subject_id = $3 and posted_on between $4 and $5
group by account order by account;

-- name: moved_in_blocks
-- What the postings about several things at once moved, found in the blocks of one of them, on
-- some days and up to a position.
select s.account, sum(s.debit_idr)::bigint as debit_idr, sum(s.credit_idr)::bigint as credit_idr
from (
  select distinct b.block from balances b
  where b.network_id = $1 and b.subject = $2 and b.subject_id = $3) b
join posting_blocks k on k.network_id = $1 and k.block = b.block
join postings p on p.network_id = $1
  and p.position between k.first_position and least(k.last_position, $9)
cross join lateral (values
  (p.debit_account, p.debit_party, p.amount_idr, 0::bigint),
  (p.credit_account, p.credit_party, 0, p.amount_idr)
) s(account, party, debit_idr, credit_idr)
where k.last_on >= $7 and k.first_on <= $8
  and ($4::text is null or p.koperasi_id = $4) and ($5::text is null or p.supplier_id = $5)
  and ($6::text is null or p.cycle_id = $6) and p.posted_on between $7 and $8
  and ($10::text is null or s.account = $10) and ($11::text is null or s.party = $11)
group by s.account order by s.account;

-- paged: blocks_of
-- The blocks in which something happened to a subject, or to one account of it, in order.
select k.block, k.first_position, k.last_position
from (
  select distinct b.block from balances b
  where b.network_id = $1 and b.subject = $2 and b.subject_id = $3
    and ($4::text is null or b.account = $4)) b
join posting_blocks k on k.network_id = $1 and k.block = b.block
where k.block > $5 and k.last_on >= $6 and k.first_on <= $7
order by k.block limit $8;

-- paged: postings_between
-- A part of the journal, in order of the log.
select position, line_no, posted_on, document_on, cycle_id, supplier_id, koperasi_id,
       debit_account, debit_party, credit_account, credit_party, amount_idr
from postings
where network_id = $1 and (position, line_no) > ($2, $3) and position between $4 and $5
  and ($6::text is null or koperasi_id = $6) and ($7::text is null or supplier_id = $7)
  and ($8::text is null or cycle_id = $8) and posted_on between $9 and $10
  and ($11::text is null
       or (debit_account = $11 and ($12::text is null or debit_party = $12))
       or (credit_account = $11 and ($12::text is null or credit_party = $12)))
order by position, line_no limit $13;

-- name: events_at
-- What happened at some positions.
select e.position, t.name || '.' || e.schema_no as event
from log.events e join log.types t using (type_id)
where e.network_id = $1 and e.position = any ($2::bigint[]);

-- paged: months
select month_id, ends_on, closed_position, closed_at, carried_position, debit_idr, credit_idr
from closed_months where network_id = $1 and month_id > $2 order by month_id limit $3;

-- name: month_count
-- Twelve a year.
select count(*) from closed_months where network_id = $1;

-- name: month
select month_id, ends_on, closed_position, closed_at, carried_position, debit_idr, credit_idr
from closed_months where network_id = $1 and month_id = $2;

-- name: month_balances
select account, debit_idr, credit_idr from month_balances
where network_id = $1 and month_id = $2 order by account;

-- name: month_to_carry
select month_id, ends_on, closed_position from closed_months
where network_id = $1 and carried_position is null order by month_id limit 1;

-- name: balances_of_month
-- The balances carried before, and what was moved since.
with base as (
  select month_id, ends_on from closed_months
  where network_id = $1 and carried_position is not null and ends_on < $2
  order by month_id desc limit 1
)
select account, sum(debit_idr)::bigint as debit_idr, sum(credit_idr)::bigint as credit_idr
from (
  select m.account, m.debit_idr, m.credit_idr
  from month_balances m join base using (month_id) where m.network_id = $1
  union all
  select d.account, d.debit_idr, d.credit_idr from day_sums d
  where d.network_id = $1 and d.subject = '' and d.subject_id = '' and d.posted_on <= $2
    and d.posted_on > coalesce((select ends_on from base), '-infinity')
) s
group by account order by account;
