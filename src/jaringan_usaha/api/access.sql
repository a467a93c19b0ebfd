-- name: find_key
-- A key by its public part.
select key_id, secret_hash, network_id, role, koperasi_id, expires_at, revoked_at
from access.api_keys where key_id = $1;

-- name: add_key
insert into access.api_keys (
  key_id, secret_hash, last_four, network_id, role, koperasi_id, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: revoke_key
update access.api_keys set revoked_at = $2 where key_id = $1 and revoked_at is null;
