-- name: add_accounts
-- What the page adds to each account, one row a koperasi.
insert into share_accounts (
  network_id, koperasi_id, pledged_idr, paid_idr, pledges, payments, position)
select $1, a.*
from unnest($2::text[], $3::bigint[], $4::bigint[], $5::int[], $6::int[], $7::bigint[]) a
on conflict (network_id, koperasi_id) do update
set pledged_idr = share_accounts.pledged_idr + excluded.pledged_idr,
    paid_idr = share_accounts.paid_idr + excluded.paid_idr,
    pledges = share_accounts.pledges + excluded.pledges,
    payments = share_accounts.payments + excluded.payments,
    position = excluded.position;

-- name: write_entries
insert into share_entries (
  network_id, koperasi_id, position, kind, entry_no, amount_idr, paid_on, reference, rule,
  rule_version_no, recorded_at)
select $1, e.*
from unnest(
  $2::text[], $3::bigint[], $4::text[], $5::int[], $6::bigint[], $7::date[], $8::text[],
  $9::text[], $10::int[], $11::timestamptz[]) e;

-- name: add_totals
-- What the page adds to the whole network.
insert into share_totals (network_id, koperasi_count, pledged_idr, paid_idr)
values ($1, $2, $3, $4)
on conflict (network_id) do update
set koperasi_count = share_totals.koperasi_count + excluded.koperasi_count,
    pledged_idr = share_totals.pledged_idr + excluded.pledged_idr,
    paid_idr = share_totals.paid_idr + excluded.paid_idr;

-- name: set_rules
insert into share_rules (network_id, valid_from_on, version_no, minimum_idr, target_idr)
select $1, r.* from unnest($2::date[], $3::int[], $4::bigint[], $5::bigint[]) r;

-- name: progress
-- The sums of the network beside the rule in force on a day; always one row.
select coalesce(t.koperasi_count, 0) as koperasi_count, coalesce(t.pledged_idr, 0) as pledged_idr,
       coalesce(t.paid_idr, 0) as paid_idr, r.version_no, r.minimum_idr, r.target_idr
from (values ($1::bigint)) n(network_id)
left join share_totals t on t.network_id = n.network_id
left join lateral (
  select version_no, minimum_idr, target_idr from share_rules
  where network_id = n.network_id and valid_from_on <= $2
  order by valid_from_on desc limit 1) r on true;

-- name: account
select koperasi_id, pledged_idr, paid_idr, pledged_idr - paid_idr as outstanding_idr, pledges,
       payments, position
from share_accounts where network_id = $1 and koperasi_id = $2;

-- paged: entries
-- Pledges and payments of one koperasi in the order of the log, a page at a time.
select position, kind, entry_no, amount_idr, paid_on, reference, rule, rule_version_no,
       recorded_at
from share_entries
where network_id = $1 and koperasi_id = $2 and position > $5
  and coalesce(paid_on, (recorded_at at time zone 'Asia/Jakarta')::date) between $3 and $4
order by position limit $6;
