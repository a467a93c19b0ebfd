-- name: make_page_changes
-- What a page tells on its way in: row security takes no COPY, and arrays take the driver too long.
create temp table if not exists page_changes (like changes) on commit delete rows;

-- name: add_changes
insert into changes select * from page_changes;

-- name: empty_page_changes
-- A page may be folded in several pieces.
truncate page_changes;

-- name: begin_days
-- Where each day of the log begins.
insert into change_days (network_id, recorded_on, first_position)
select $1, d.* from unnest($2::date[], $3::bigint[]) d
on conflict (network_id, recorded_on) do nothing;

-- name: forget_days
-- Whether some day is too old by now.
with gone as (
  delete from change_days where network_id = $1 and recorded_on < $2 returning 1)
select exists (select from gone);

-- name: forget
-- Once a day; the rows stand in the order of the log.
delete from changes
where network_id = $1
  and position < (select min(first_position) from change_days where network_id = $1);

-- name: kept
select coalesce((select min(first_position) from change_days where network_id = $1), 0)
         as first_position,
       coalesce((select position from bookmarks where network_id = $1 and projection = 'changes'),
                0) as as_of;

-- name: changes
-- One bounded range for each audience, merged.
select c.position, c.kind, c.id, c.change
from unnest($2::text[]) a(audience)
cross join lateral (
  select n.position, n.kind, n.id, n.change
  from changes n
  where n.network_id = $1 and n.audience = a.audience
    and (n.position, n.kind, n.id) > ($3, $4, $5) and ($6::text[] is null or n.kind = any ($6))
  order by n.position, n.kind, n.id limit $7) c
order by c.position, c.kind, c.id limit $7;

-- name: with_news
-- Of these audiences those that were told something after a position.
select a.audience
from unnest($2::text[]) a(audience)
where exists (
  select from changes n
  where n.network_id = $1 and n.audience = a.audience and n.position > $3);
