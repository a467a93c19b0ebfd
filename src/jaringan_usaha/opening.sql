-- name: now
-- The clock that decides what is in time.
select clock_timestamp();
