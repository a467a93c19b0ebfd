-- name: find_key
-- A key by its public part, and whether what it opens is a sandbox.
select k.key_id, k.secret_hash, k.network_id, k.role, k.koperasi_id, k.expires_at, k.revoked_at,
  k.device_id, k.supplier_id, k.scopes, k.addresses, s.network_id is not null as sandbox,
  coalesce(c.ahead, interval '0') as ahead,
  k.person_id, k.speaks_as, k.waits, p.ended_at is not null as person_ended
from access.api_keys k left join access.sandboxes s using (network_id)
left join access.test_clocks c using (network_id)
left join access.people p on p.person_id = k.person_id
where k.key_id = $1;

-- name: add_key
-- One request makes one key, however often it is sent.
insert into access.api_keys (
  key_id, secret_hash, last_four, network_id, role, koperasi_id, device_id, supplier_id, scopes,
  addresses, label, created_by, command_id, command_print, created_at, expires_at, person_id,
  speaks_as, waits)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
on conflict (command_id) do nothing;

-- name: made_by
-- The key that a request made before, and what it asked for.
select key_id, command_print from access.api_keys where command_id = $1;

-- name: key_row
-- All but the secret's hash.
select key_id, last_four, network_id, role, koperasi_id, device_id, supplier_id, scopes, addresses,
  label, created_by, created_at, expires_at, revoked_at, rotated_to, exposed_at, person_id,
  speaks_as, waits, approved_by
from access.api_keys where network_id = $1 and key_id = $2;

-- paged: key_rows
-- The keys of a network by their public parts.
select key_id, last_four, network_id, role, koperasi_id, device_id, supplier_id, scopes, addresses,
  label, created_by, created_at, expires_at, revoked_at, rotated_to, exposed_at, person_id,
  speaks_as, waits, approved_by
from access.api_keys where network_id = $1 and key_id > $2
order by key_id limit $3;

-- name: key_count
select count(*) from access.api_keys where network_id = $1;

-- name: retire_key
-- The old key of a rotation; it dies with its time at the latest.
update access.api_keys set rotated_to = $3, expires_at = least(expires_at, $4)
where network_id = $1 and key_id = $2
  and rotated_to is null and revoked_at is null and expires_at > $5;

-- name: approve_key
-- By another than who asked for it.
update access.api_keys set waits = false, approved_by = $3
where network_id = $1 and key_id = $2 and waits and created_by <> $3 and revoked_at is null;

-- name: revoke_key
update access.api_keys set revoked_at = $2 where key_id = $1 and revoked_at is null;

-- name: expose_key
-- A key that was written into a URL, where logs keep it, opens nothing from now on.
update access.api_keys
set exposed_at = coalesce(exposed_at, $3), revoked_at = coalesce(revoked_at, $3)
where key_id = $1 and secret_hash = $2;

-- name: share_knocks
-- Take what this process counted ($2 refusals of each address $1) from the buckets of all, which
-- hold $3 and fill by $4 a second; what every bucket holds now. Full ones are forgotten.
with full_again as (
  delete from access.refused_knocks where address in (
    select address from access.refused_knocks
    where at < clock_timestamp() - make_interval(secs => $3::double precision / $4)
      and address <> all ($1::text[])
    for update skip locked)
), taken as (
  insert into access.refused_knocks as k (address, level, at)
  select t.address, greatest(0, $3 - t.knocks), clock_timestamp()
  from unnest($1::text[], $2::int[]) t(address, knocks) order by t.address
  on conflict (address) do update
  set level = greatest(
        0, least($3, k.level + extract(epoch from excluded.at - k.at) * $4) - ($3 - excluded.level)),
      at = excluded.at
  returning address, level
)
select address, level from taken
union all
select address, least($3, level + extract(epoch from clock_timestamp() - at) * $4)
from access.refused_knocks where address <> all ($1::text[]);

-- name: is_sandbox
select exists (select from access.sandboxes where network_id = $1);

-- name: add_sandbox
-- Only a network without live keys may become a sandbox.
insert into access.sandboxes (network_id, made_at)
select $1, $2 where not exists (select from access.api_keys where network_id = $1)
on conflict (network_id) do nothing;

-- name: make_clock
-- One for each sandbox; again, it is the one there is.
insert into access.test_clocks (network_id, ahead, made_at) values ($1, interval '0', $2)
on conflict (network_id) do nothing;

-- name: clock
select ahead, made_at, advanced_by, advance_print from access.test_clocks where network_id = $1;

-- name: advance_clock
-- Forward only; the same command again, which is a little less ahead by now, changes nothing.
update access.test_clocks set ahead = $2, advanced_by = $3, advance_print = $4
where network_id = $1 and ahead <= $2 and advanced_by is distinct from $3;

-- name: find_session
-- A session and whose it is, and whether what it opens is a sandbox.
select s.person_id, s.second_factor, s.expires_at, s.ended_at, p.network_id, p.role,
  p.koperasi_id, p.supplier_id, p.waits or p.ended_at is not null as person_is_out,
  b.network_id is not null as sandbox, coalesce(c.ahead, interval '0') as ahead
from access.sessions s join access.people p using (person_id)
left join access.sandboxes b on b.network_id = p.network_id
left join access.test_clocks c on c.network_id = p.network_id
where s.session_hash = $1;
