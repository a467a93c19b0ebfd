-- name: now
-- The clock that decides what is in time.
select clock_timestamp();

-- name: now_in
-- The database's clock decides what is due; in a sandbox, its test clock.
select t.now, t.now + coalesce(
  (select ahead from access.test_clocks where network_id = $1), interval '0') as due
from clock_timestamp() t(now);

-- name: make_room
select log.make_room($1, $2);

-- name: keep_answers
-- What is not replayed any more, and what is not even told any more.
select log.keep_answers($1, $2);
