-- name: add_person
-- With a key of their own, unless they have one or are erased.
insert into private.people (network_id, subject_id, sealed_key) values ($1, $2, $3)
on conflict (network_id, subject_id) do nothing;

-- name: hold_person
select sealed_key from private.people where network_id = $1 and subject_id = $2 for update;

-- name: keep_values
-- Null takes a value away. What an older fact brought never overwrites a newer one.
insert into private.values (network_id, subject_id, field, sealed, position)
select $1, $2, v.field, v.sealed, $5 from unnest($3::text[], $4::bytea[]) v(field, sealed)
on conflict (network_id, subject_id, field) do update
set sealed = excluded.sealed, position = excluded.position
where private.values.position <= excluded.position;

-- name: erase_person
-- The key is gone, and stays gone if something arrives late.
insert into private.people (network_id, subject_id, sealed_key) values ($1, $2, null)
on conflict (network_id, subject_id) do update set sealed_key = null;

-- name: erase_values
delete from private.values where network_id = $1 and subject_id = $2;

-- name: sealed_values
select p.subject_id, p.sealed_key, v.field, v.sealed
from private.people p join private.values v using (network_id, subject_id)
where p.network_id = $1 and p.subject_id = any ($2) and v.field = any ($3)
  and p.sealed_key is not null and v.sealed is not null;

-- name: to_be_taken_away
-- Persons of whom more is kept than the log allows: the process died before it was taken away, or
-- a backup from before then was brought back. Null for those who are erased.
select c.subject_id, null::bigint as withdrawn_position
from contacts c join private.people p using (network_id, subject_id)
where c.network_id = $1 and c.erased_at is not null and p.sealed_key is not null
union all
select c.subject_id, max(c.withdrawn_position)
from contacts c join private.values v using (network_id, subject_id)
where c.network_id = $1 and c.erased_at is null and c.withdrawn_position > v.position
  and v.field = any ($2) and v.sealed is not null
group by c.subject_id;

-- name: sealed_otherwise
-- Keys of persons that were not sealed under the current master key: $1 is how those begin.
select network_id, subject_id, sealed_key as sealed from private.people
where sealed_key is not null and substring(sealed_key from 1 for length($1::bytea)) <> $1
order by network_id, subject_id limit $2
for update skip locked;

-- name: seal_anew
update private.people p set sealed_key = s.sealed
from unnest($1::bigint[], $2::text[], $3::bytea[]) s(network_id, subject_id, sealed)
where p.network_id = s.network_id and p.subject_id = s.subject_id;

-- name: sealed_under
-- How often each master key is used; the id stands in front of what it sealed.
select convert_from(substring(sealed_key from 2 for get_byte(sealed_key, 0)), 'UTF8') as key_id,
       count(*) as count
from private.people where sealed_key is not null group by 1;
