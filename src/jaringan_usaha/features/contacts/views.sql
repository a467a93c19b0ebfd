-- name: record
insert into contacts (
  network_id, subject_id, koperasi_id, supplier_id, roles, fields, consented_on,
  withdrawn_position, version, position, recorded_at)
values ($1, $2, $5, $6, $7, $8, $9, 0, 1, $3, $4);

-- name: correct
update contacts
set roles = $5, consented_on = coalesce($8, consented_on), version = version + 1,
    fields = array(select unnest(fields) except select unnest($7::text[])
                   union select unnest($6::text[]) order by 1),
    position = $3, recorded_at = $4
where network_id = $1 and subject_id = $2;

-- name: withdraw
update contacts
set fields = array(select unnest(fields) except select unnest($5::text[]) order by 1),
    consented_on = null, withdrawn_position = $3, version = version + 1, position = $3,
    recorded_at = $4
where network_id = $1 and subject_id = $2;

-- name: ask_erasure
update contacts
set erasure_asked_by = $5, erasure_asked_at = $4, version = version + 1, position = $3, recorded_at = $4
where network_id = $1 and subject_id = $2;

-- name: erase
update contacts
set erased_at = $4, fields = '{}', consented_on = null, version = version + 1, position = $3,
    recorded_at = $4
where network_id = $1 and subject_id = $2;

-- name: count
-- A contact comes to (1) or leaves (-1) those with each of its roles, and all (`*`).
insert into contact_sums (network_id, role, persons, of_koperasi)
select $1, r.role, $3::int, case when c.supplier_id is null then $3::int else 0 end
from contacts c cross join lateral (select distinct unnest(c.roles || '*'::text) as role) r
where c.network_id = $1 and c.subject_id = $2
on conflict (network_id, role) do update
set persons = contact_sums.persons + excluded.persons,
    of_koperasi = contact_sums.of_koperasi + excluded.of_koperasi;

-- name: contact
select subject_id, koperasi_id, supplier_id, roles, fields, consented_on, erasure_asked_at,
       erased_at, version, position, recorded_at
from contacts where network_id = $1 and subject_id = $2;

-- paged: contacts
-- Of one koperasi or supplier, or with null of all; with a role, or with '' of any.
select subject_id, koperasi_id, supplier_id, roles, fields, consented_on, erasure_asked_at,
       erased_at, version, position, recorded_at
from contacts
where network_id = $1 and ($2::text is null or koperasi_id = $2)
  and ($3::text is null or supplier_id = $3) and ($4 = '' or $4 = any (roles))
  and ($5 or supplier_id is null) and subject_id > $6
order by subject_id limit $7;

-- name: count_of_party
-- Of one koperasi or supplier, who has a role, or with '' any.
select count(*) from contacts
where network_id = $1 and ($2::text is null or koperasi_id = $2)
  and ($3::text is null or supplier_id = $3) and ($4 = '' or $4 = any (roles))
  and ($5 or supplier_id is null);

-- name: count_of_all
select coalesce(sum(case when $3 then persons else of_koperasi end), 0)::bigint
from contact_sums where network_id = $1 and role = $2;
