-- name: find_key
-- A key by its public part, and whether what it opens is a sandbox.
select k.key_id, k.secret_hash, k.network_id, k.role, k.koperasi_id, k.expires_at, k.revoked_at,
  k.device_id, k.supplier_id, k.scopes, k.addresses, s.network_id is not null as sandbox,
  k.person_id, k.speaks_as, k.waits, p.ended_at is not null as person_ended
from access.api_keys k left join access.sandboxes s using (network_id)
left join access.people p on p.person_id = k.person_id
where k.key_id = $1;

-- name: add_key
-- One request makes one key, however often it is sent.
insert into access.api_keys (
  key_id, secret_hash, last_four, network_id, role, koperasi_id, device_id, supplier_id, scopes,
  addresses, label, created_by, command_id, created_at, expires_at, person_id, speaks_as, waits)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
on conflict (command_id) do nothing;

-- name: made_by
-- The key that a request made before.
select key_id from access.api_keys where command_id = $1;

-- name: key_row
-- All but the secret's hash.
select key_id, last_four, network_id, role, koperasi_id, device_id, supplier_id, scopes, addresses,
  label, created_by, created_at, expires_at, revoked_at, rotated_to, exposed_at, person_id,
  speaks_as, waits, approved_by
from access.api_keys where network_id = $1 and key_id = $2;

-- name: key_rows
-- The keys of a network by their public parts.
select key_id, last_four, network_id, role, koperasi_id, device_id, supplier_id, scopes, addresses,
  label, created_by, created_at, expires_at, revoked_at, rotated_to, exposed_at, person_id,
  speaks_as, waits, approved_by
from access.api_keys where network_id = $1 and key_id > $2
order by key_id limit $3;

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

-- name: is_sandbox
select exists (select from access.sandboxes where network_id = $1);

-- name: add_sandbox
-- Only a network without live keys may become a sandbox.
insert into access.sandboxes (network_id, made_at)
select $1, $2 where not exists (select from access.api_keys where network_id = $1)
on conflict (network_id) do nothing;

-- name: find_session
-- A session and whose it is.
select s.person_id, s.second_factor, s.expires_at, s.ended_at, p.network_id, p.role,
  p.koperasi_id, p.supplier_id, p.waits or p.ended_at is not null as person_is_out
from access.sessions s join access.people p using (person_id)
where s.session_hash = $1;
