-- name: note
-- One row a person whose values are about to be shown.
insert into private.reads (
  network_id, read_at, subject_id, key_id, role, koperasi_id, supplier_id, fields)
select $1, $2, s.subject_id, $5, $6, $7, $8, string_to_array(s.fields, ',')
from unnest($3::text[], $4::text[]) s(subject_id, fields);

-- name: of_subject
-- Who has read what of one person, newest first.
select read_at, key_id, role, koperasi_id, supplier_id, fields
from private.reads where network_id = $1 and subject_id = $2
order by read_at desc limit $3;

-- paged: affected
-- Whose values were read between two instants, by one key or any, and which ones.
select r.subject_id, c.koperasi_id, c.supplier_id, c.erased_at is not null as erased,
       array(select distinct unnest(string_to_array(string_agg(array_to_string(r.fields, ','), ','),
                                                    ',')) order by 1) as fields,
       count(*)::int as reads, min(r.read_at) as first_at, max(r.read_at) as last_at
from private.reads r left join contacts c using (network_id, subject_id)
where r.network_id = $1 and r.read_at >= $2 and r.read_at < $3 and ($4 = '' or r.key_id = $4)
  and r.subject_id > $5
group by r.subject_id, c.koperasi_id, c.supplier_id, c.erased_at
order by r.subject_id limit $6;

-- name: affected_totals
-- All of them, and how often they were read.
select count(distinct subject_id) as rows, count(*) as reads
from private.reads
where network_id = $1 and read_at >= $2 and read_at < $3 and ($4 = '' or key_id = $4);

-- name: forget
select private.forget_reads($1, 1000);
