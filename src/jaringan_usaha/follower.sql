-- name: now
-- The database's clock decides what is due.
select clock_timestamp();

-- name: make_room
select log.make_room($1, $2);

-- name: forget_answers
select log.forget_answers($1);
