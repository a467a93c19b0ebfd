-- name: add_postings
insert into postings (
  network_id, position, line_no, cycle_id, debit_account, debit_party, credit_account,
  credit_party, amount_idr)
select $1, p.*
from unnest(
  $2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
  $9::bigint[]) p;

-- name: add_balances
-- Both sides of every posting, summed by account, party and cycle.
insert into balances (network_id, account, party_id, cycle_id, debit_idr, credit_idr)
select $1, b.account, b.party_id, b.cycle_id, sum(b.debit_idr), sum(b.credit_idr)
from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
       b(account, party_id, cycle_id, debit_idr, credit_idr)
group by b.account, b.party_id, b.cycle_id
order by b.account, b.party_id, b.cycle_id
on conflict (network_id, account, party_id, cycle_id) do update
set debit_idr = balances.debit_idr + excluded.debit_idr,
    credit_idr = balances.credit_idr + excluded.credit_idr;

-- name: add_account_totals
insert into account_totals (network_id, account, debit_idr, credit_idr)
select $1, b.account, sum(b.debit_idr), sum(b.credit_idr)
from unnest($2::text[], $3::bigint[], $4::bigint[]) b(account, debit_idr, credit_idr)
group by b.account order by b.account
on conflict (network_id, account) do update
set debit_idr = account_totals.debit_idr + excluded.debit_idr,
    credit_idr = account_totals.credit_idr + excluded.credit_idr;

-- name: add_margins
insert into margins (network_id, koperasi_id, cycle_id, alone_idr, amount_idr)
select $1, m.koperasi_id, m.cycle_id, sum(m.alone_idr), sum(m.amount_idr)
from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[])
       m(koperasi_id, cycle_id, alone_idr, amount_idr)
group by m.koperasi_id, m.cycle_id
order by m.koperasi_id, m.cycle_id
on conflict (network_id, koperasi_id, cycle_id) do update
set alone_idr = margins.alone_idr + excluded.alone_idr,
    amount_idr = margins.amount_idr + excluded.amount_idr;

-- name: margins
-- What each koperasi paid and saved per cycle, a page at a time.
select koperasi_id, cycle_id, alone_idr, amount_idr
from margins
where network_id = $1 and (koperasi_id, cycle_id) > ($2, $3)
  and ($4::text is null or koperasi_id = $4) and ($5::text is null or cycle_id = $5)
order by koperasi_id, cycle_id limit $6;

-- name: trial_balance
select account, debit_idr, credit_idr from account_totals where network_id = $1 order by account;

-- name: postings
-- The ledger's journal in order of the log, a page at a time.
select position, line_no, cycle_id, debit_account, debit_party, credit_account, credit_party,
       amount_idr
from postings
where network_id = $1 and (position, line_no) > ($2, $3) order by position, line_no limit $4;
