-- name: add_person
-- The same subject logs in as one person only.
insert into access.people (
  person_id, network_id, issuer, subject, role, koperasi_id, supplier_id, label, waits, created_by,
  created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict (issuer, subject) where ended_at is null do nothing;

-- name: person_of
-- Who logs in as this subject.
select person_id, network_id, issuer, subject, role, koperasi_id, supplier_id, label, waits,
  created_by, created_at, approved_by, ended_at
from access.people where issuer = $1 and subject = $2 and ended_at is null;

-- name: person
select person_id, network_id, issuer, subject, role, koperasi_id, supplier_id, label, waits,
  created_by, created_at, approved_by, ended_at
from access.people where network_id = $1 and person_id = $2;

-- paged: people
-- The people of a network, a page at a time.
select person_id, network_id, issuer, subject, role, koperasi_id, supplier_id, label, waits,
  created_by, created_at, approved_by, ended_at
from access.people where network_id = $1 and person_id > $2
order by person_id limit $3;

-- name: person_count
select count(*) from access.people where network_id = $1;

-- name: approve_person
-- By another than who asked for it.
update access.people set waits = false, approved_by = $3
where network_id = $1 and person_id = $2 and waits and created_by <> $3 and ended_at is null;

-- name: end_person
-- What they were called is not needed any more.
update access.people set ended_at = $3, label = ''
where network_id = $1 and person_id = $2 and ended_at is null;

-- name: begin_session
insert into access.sessions (session_hash, person_id, second_factor, created_at, expires_at)
values ($1, $2, $3, $4, $5);

-- name: end_session
update access.sessions set ended_at = $2 where session_hash = $1 and ended_at is null;

-- name: forget_sessions
-- Those that were over a day ago.
delete from access.sessions where expires_at < $1;
