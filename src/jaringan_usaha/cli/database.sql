-- name: version
-- The server's version as one number: 180003.
select current_setting('server_version_num')::int;

-- name: durability
-- The settings without which an acknowledged order could be lost, and the texts' encoding.
select current_setting('fsync') as fsync,
       current_setting('full_page_writes') as full_page_writes,
       current_setting('synchronous_commit') as synchronous_commit,
       current_setting('server_encoding') as server_encoding;

-- name: sorted_by_code
-- Whether texts sort by code point, as pages and rebuilt tables expect it on every server.
select array(select t from unnest(array['a', 'B', 'Z', 'é', '-b']) t order by t)
       = array['-b', 'B', 'Z', 'a', 'é'];

-- name: progress
-- Where each of these projections stands in every network; before the first event if it never ran.
select h.network_id, p.projection, coalesce(b.position, 0) as position,
       h.position - coalesce(b.position, 0) as lag,
       coalesce(b.state = 'stopped', false) as stopped, b.error::text as error
from log.head h
cross join unnest($1::text[]) as p(projection)
left join read.bookmarks b on b.network_id = h.network_id and b.projection = p.projection
order by h.network_id, p.projection;
