-- name: now
-- The database's clock decides what is due.
select clock_timestamp();

-- name: make_room
select log.make_room($1, $2);

-- name: keep_answers
-- What is not replayed any more, and what is not even told any more.
select log.keep_answers($1, $2);
