-- name: shape
-- The checksum of the shape that the live tables have.
select obj_description('read'::regnamespace);

-- name: wait_in_transaction
-- Nothing is said to the session while the rebuilt tables catch up, however long that takes.
set local idle_in_transaction_session_timeout = 0;

-- name: hold_live
-- Keep the live projector still; it skips bookmarks that are held.
select network_id, projection, position, state from read.bookmarks
order by network_id, projection for update;

-- name: lowest
-- How far the tables of this schema have come.
select min(position) from bookmarks where network_id = $1;

-- name: differences
-- Tables that do not show the same live and rebuilt.
select coalesce(l.table_name, n.table_name) as table_name
from house.read_digest('read', $1) l
full join house.read_digest($2, $1) n using (table_name)
where (l.row_count, l.digest) is distinct from (n.row_count, n.digest);

-- name: switch
select house.switch_read_model($1);

-- name: highest
-- How far the furthest projection of this schema has come.
select max(position) from bookmarks where network_id = $1;

-- name: digests
-- Every table of a network, in short.
select table_name, row_count, digest::text as digest from house.read_digest($1, $2);

-- name: drop_replay
drop schema if exists read_replay cascade;
