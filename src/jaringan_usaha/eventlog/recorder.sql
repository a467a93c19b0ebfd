-- name: max_position
-- The last position; no row at all while the network is not open.
select position from log.head where network_id = $1;

-- name: type_ids
-- The numbers of these event types.
select name, type_id from log.types where name = any ($1::text[]);

-- name: number_types
-- Give numbers to the types that have none yet.
select log.number_types($1::text[]);

-- name: track
-- Remember how far an application has come; false when it had come as far before.
select log.track($1, $2, $3);

-- name: tracked
-- How far an application has come.
select notification_id from log.trackings where network_id = $1 and application_name = $2;

-- name: notifications
-- Events in order, of some topics or of all ($5 is null).
select e.position, t.name, e.schema_no, e.stream_id, e.stream_version, e.command_id,
       e.batch_item, e.body
from log.events e join log.types t using (type_id)
where e.network_id = $1 and e.position >= $2 and e.position <= $3
  and ($5::text[] is null
       or t.name || case when e.schema_no > 0 then '.' || e.schema_no else '' end = any ($5))
order by e.position limit $4;

-- name: marked
-- The same, of events that left any of these marks.
select e.position, t.name, e.schema_no, e.stream_id, e.stream_version, e.command_id,
       e.batch_item, e.body
from log.events e join log.types t using (type_id)
where e.network_id = $1 and e.position in (
    select m.position from log.marks m
    where m.network_id = $1 and m.mark = any ($5::uuid[])
      and m.position >= $2 and m.position <= $3)
order by e.position limit $4;
