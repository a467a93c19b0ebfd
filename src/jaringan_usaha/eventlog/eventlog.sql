-- name: append
-- One batch of commands through the one door; see migrations/0001.
select command_no, verdict, first_position, last_position, version, recorded_at
from log.append(
  $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
  $21, $22, $23, $24);

-- name: answers_to
-- What earlier commands were answered, found by their ids.
select command_id, print, first_position, last_position, version, recorded_at
from log.answers_to($1, $2, $3, $4);

-- name: recorded_under
-- What was recorded under one of these command ids, also when it is not replayed any more.
select a.first_position, a.last_position, a.version, a.recorded_at, t.name, e.schema_no, e.body
from (
  select first_position, last_position, version, recorded_at from log.answers_to($1, $2, $3, $4)
  union all
  select first_position, last_position, version, recorded_at from log.kept_answers_to($1, $2)
) a
join log.events e on e.network_id = $1 and e.position = a.last_position
join log.types t using (type_id)
order by a.last_position desc limit 1;

-- name: marked_events
-- The events that left any of these marks after the position each was last looked at. An event
-- that left several has its body in the first of its rows only: a part of a price list is asked
-- for by every row of the next one.
select m.mark, e.position, t.name, e.schema_no,
       case when lag(e.position) over (order by e.position, m.mark) is distinct from e.position
            then e.body end as body
from unnest($2::uuid[], $3::bigint[]) as asked(mark, after)
join log.marks m on m.network_id = $1 and m.mark = asked.mark and m.position > asked.after
join log.events e on e.network_id = $1 and e.position = m.position
join log.types t using (type_id)
order by e.position, m.mark;

-- name: head
-- The last position of a network.
select position from log.head where network_id = $1;

-- name: networks
-- All networks of this database.
select network_id, position from log.head order by network_id;

-- name: page
-- The next events in order, for followers.
select position, type_id, schema_no, recorded_at, body
from log.events where network_id = $1 and position > $2 order by position limit $3;

-- name: event_at
-- One fact with everything that is known about how it came.
select e.position, t.name, e.schema_no, e.asked_by, e.received_at, e.recorded_at, e.body
from log.events e join log.types t using (type_id)
where e.network_id = $1 and e.position = $2;

-- name: types
-- The numbers of the event types.
select type_id, name from log.types;

-- name: pairs
-- The (type, tag) pairs that leave marks.
select type_name, tag_name from log.pairs;

-- name: poke
-- Wake the followers; sent beside the appends, never inside one.
select pg_notify('log', $1);
