-- name: arrived
-- These numbers of a device have come in; all that ever did. Who has left a thousand holes does not
-- count: the older ones are forgotten, so that a row stays small.
insert into access.arrivals as a (network_id, device, numbers)
select $1, $2, range_agg(int8range(n, n, '[]')) from unnest($3::bigint[]) n
on conflict (network_id, device) do update
set numbers = excluded.numbers + case
  when (select count(*) from unnest(a.numbers)) < 1000 then a.numbers
  else int8multirange(range_merge(a.numbers)) end
returning numbers;
