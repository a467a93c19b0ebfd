-- name: admit_koperasi
insert into koperasi (
  network_id, koperasi_id, title, region_code, registration_no, suspended, reason, version,
  position, recorded_at)
select $1, k.koperasi_id, k.title, k.region_code, k.registration_no, false, '', 1, k.position,
       k.recorded_at
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[])
       k(koperasi_id, title, region_code, registration_no, position, recorded_at);

-- name: change_koperasi
-- Suspended or reinstated: one row a koperasi, its last state in the page.
update koperasi
set suspended = c.suspended, reason = c.reason, version = version + c.changes,
    position = c.position, recorded_at = c.recorded_at
from unnest($2::text[], $3::boolean[], $4::text[], $5::int[], $6::bigint[], $7::timestamptz[])
       c(koperasi_id, suspended, reason, changes, position, recorded_at)
where network_id = $1 and koperasi.koperasi_id = c.koperasi_id;

-- name: count_registered
-- So many more were admitted, and the trade of so many more (or fewer) is suspended.
insert into register_sums (network_id, register, entries, suspended)
values ($1, $2, $3, $4)
on conflict (network_id, register) do update
set entries = register_sums.entries + excluded.entries,
    suspended = register_sums.suspended + excluded.suspended;

-- name: classify_koperasi
-- A classification counts as a version of its koperasi.
with c as (
  insert into classifications (
    network_id, koperasi_id, valid_from_on, vat_registered, price_zone, tax_id, position,
    recorded_at)
  select $1, c.*
  from unnest(
    $2::text[], $3::date[], $4::boolean[], $5::int[], $6::text[], $7::bigint[],
    $8::timestamptz[]) c
  returning koperasi_id, position, recorded_at
)
update koperasi
set version = version + n.changes, position = greatest(koperasi.position, n.position),
    recorded_at = greatest(koperasi.recorded_at, n.recorded_at)
from (
  select koperasi_id, count(*)::int as changes, max(position) as position,
         max(recorded_at) as recorded_at
  from c group by koperasi_id) n
where network_id = $1 and koperasi.koperasi_id = n.koperasi_id;

-- name: admit_suppliers
insert into suppliers (
  network_id, supplier_id, title, suspended, reason, version, position, recorded_at)
select $1, s.supplier_id, s.title, false, '', 1, s.position, s.recorded_at
from unnest($2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
       s(supplier_id, title, position, recorded_at);

-- name: change_suppliers
-- Suspended or reinstated: one row a supplier, its last state in the page.
update suppliers
set suspended = c.suspended, reason = c.reason, version = version + c.changes,
    position = c.position, recorded_at = c.recorded_at
from unnest($2::text[], $3::boolean[], $4::text[], $5::int[], $6::bigint[], $7::timestamptz[])
       c(supplier_id, suspended, reason, changes, position, recorded_at)
where network_id = $1 and suppliers.supplier_id = c.supplier_id;

-- name: propose_account
-- Whatever was proposed before and is still open is void.
with void as (
  update supplier_accounts set state = 'withdrawn', position = $8, recorded_at = $9
  where network_id = $1 and supplier_id = $2 and state = 'proposed'
)
insert into supplier_accounts (
  network_id, supplier_id, proposal_no, bank_code, account_no, holder, state, proposed_by,
  position, recorded_at)
values ($1, $2, $3, $4, $5, $6, 'proposed', $7, $8, $9);

-- name: settle_account
-- Confirmed, it takes the place of the one in force; else it is withdrawn.
update supplier_accounts
set state = case
      when proposal_no <> $3 then 'replaced' when $4::boolean then 'in_force' else 'withdrawn' end,
    position = $5, recorded_at = $6
where network_id = $1 and supplier_id = $2
  and (proposal_no = $3 or $4::boolean and state = 'in_force');

-- name: set_rules
insert into rules (
  network_id, rule_id, version_no, valid_from_on, rule_values, source, position, recorded_at)
select $1, r.*
from unnest(
  $2::text[], $3::int[], $4::date[], $5::bytea[], $6::text[], $7::bigint[], $8::timestamptz[]) r;

-- paged: all_koperasi
-- The koperasi of the network by id, a page at a time, as classified on a day.
select k.koperasi_id, k.title, k.region_code, k.registration_no, k.suspended, k.reason,
       c.valid_from_on as classified_from_on, c.vat_registered, c.price_zone, c.tax_id, k.version,
       k.position, k.recorded_at
from koperasi k
left join lateral (
  select valid_from_on, vat_registered, price_zone, tax_id from classifications
  where network_id = k.network_id and koperasi_id = k.koperasi_id and valid_from_on <= $4
  order by valid_from_on desc limit 1) c on true
where k.network_id = $1 and k.koperasi_id > $2 order by k.koperasi_id limit $3;

-- name: koperasi
-- One koperasi, as classified on a day.
select k.koperasi_id, k.title, k.region_code, k.registration_no, k.suspended, k.reason,
       c.valid_from_on as classified_from_on, c.vat_registered, c.price_zone, c.tax_id, k.version,
       k.position, k.recorded_at
from koperasi k
left join lateral (
  select valid_from_on, vat_registered, price_zone, tax_id from classifications
  where network_id = k.network_id and koperasi_id = k.koperasi_id and valid_from_on <= $3
  order by valid_from_on desc limit 1) c on true
where k.network_id = $1 and k.koperasi_id = $2;

-- name: registered
-- How many koperasi or suppliers there are; always one row.
select coalesce(sum(entries), 0)::bigint as rows, coalesce(sum(suspended), 0)::bigint as suspended
from register_sums where network_id = $1 and register = $2;

-- name: classification_count
select count(*) from classifications where network_id = $1 and koperasi_id = $2;

-- paged: classifications
-- All classifications of one koperasi, in the order in which they were made, a page at a time.
select valid_from_on, vat_registered, price_zone, tax_id, position, recorded_at
from classifications
where network_id = $1 and koperasi_id = $2 and position > $3 order by position limit $4;

-- paged: suppliers
-- The suppliers of the network by id, a page at a time.
select supplier_id, title, suspended, reason, version, position, recorded_at
from suppliers where network_id = $1 and supplier_id > $2 order by supplier_id limit $3;

-- name: supplier
select supplier_id, title, suspended, reason, version, position, recorded_at
from suppliers where network_id = $1 and supplier_id = $2;

-- paged: supplier_accounts
-- All accounts that were proposed for a supplier, a page at a time.
select supplier_id, proposal_no, bank_code, account_no, holder, state, proposed_by, position,
       recorded_at
from supplier_accounts
where network_id = $1 and supplier_id = $2 and proposal_no > $3 order by proposal_no limit $4;

-- name: account_count
select count(*) from supplier_accounts where network_id = $1 and supplier_id = $2;

-- name: rule_count
-- They are few: what is set for a day stays.
select count(*) from rules where network_id = $1;

-- paged: rules
-- All settings of all rules, in the order in which they were made, a page at a time.
select rule_id, version_no, valid_from_on, rule_values, source, position, recorded_at
from rules
where network_id = $1 and (rule_id, version_no) > ($2, $3)
order by rule_id, version_no limit $4;
