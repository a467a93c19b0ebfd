-- name: open_bookmarks
-- Every projection starts before the first event.
insert into bookmarks (projection, network_id, position, state)
select name, $1, 0, 'live' from unnest($2::text[]) as name
on conflict (projection, network_id) do nothing;

-- name: bookmarks
-- How far each projection of a network has come.
select projection, position, state, error from bookmarks where network_id = $1 order by projection;

-- name: hold_bookmarks
-- Take the bookmarks, or nothing when another process has them or has moved them.
select projection from bookmarks
where network_id = $1 and projection = any ($2) and position = $3
order by projection
for no key update skip locked;

-- name: move_bookmarks
-- Compare and set.
update bookmarks set position = $4
where network_id = $1 and projection = any ($2) and position = $3
returning projection;

-- name: stop_bookmark
-- Money stops at a broken event; its readers are told where and why.
update bookmarks set state = 'stopped', error = $4
where network_id = $1 and projection = $2 and position = $3;

-- name: poke_readers
-- Wake whoever waits to read its own write.
select pg_notify('read', $1);

-- name: reached
-- The position that all read tables of a network show.
select coalesce(min(position), 0) from bookmarks where network_id = $1 and state = 'live';
