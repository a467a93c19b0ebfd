-- name: add_calls
-- $4 calls of operation $3 by key $2 of network $1, today (UTC).
insert into access.deprecated_calls as c (network_id, key_id, operation, called_on, calls)
select t.network_id, t.key_id, t.operation, (now() at time zone 'UTC')::date, t.calls
from unnest($1::bigint[], $2::text[], $3::text[], $4::int[]) t(network_id, key_id, operation, calls)
order by t.network_id, t.key_id, t.operation
on conflict (network_id, key_id, operation, called_on)
do update set calls = c.calls + excluded.calls;

-- name: who_calls
-- Of a session there is no key to look up.
select c.operation, c.key_id, k.role, k.koperasi_id, k.supplier_id, sum(c.calls)::bigint as calls,
       min(c.called_on) as first_on, max(c.called_on) as last_on
from access.deprecated_calls c
left join access.api_keys k on k.network_id = c.network_id and k.key_id = c.key_id
where c.network_id = $1
group by c.operation, c.key_id, k.role, k.koperasi_id, k.supplier_id
order by last_on desc, c.operation, c.key_id;
