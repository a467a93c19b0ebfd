-- name: waiting
-- All that is open at $2, of these ids where they are named. Of what belongs to one koperasi, $7
-- (if any) sees its own alone, and no erasure of others.
select kind, approval_id, cycle_id, supplier_id, koperasi_id, role, amount_idr, proposed_by,
       proposed_at
from (
  select 'order' as kind, cycle_id || '/' || supplier_id as approval_id, cycle_id, supplier_id,
         null as koperasi_id, null as role, proposed_idr as amount_idr, proposed_by, proposed_at
  from order_states where network_id = $1 and proposed_by is not null
  union all
  select 'account', supplier_id || '/' || proposal_no, null, supplier_id,
         null, null, null, proposed_by, recorded_at
  from supplier_accounts where network_id = $1 and state = 'proposed'
  union all
  select 'erasure', subject_id, null, supplier_id,
         koperasi_id, null, null, erasure_asked_by, erasure_asked_at
  from contacts where network_id = $1 and erasure_asked_by is not null and erased_at is null
  union all
  select 'key', key_id, null, supplier_id,
         koperasi_id, role, null, created_by, created_at
  from access.api_keys
  where network_id = $1 and waits and revoked_at is null and expires_at > $2
  union all
  select 'person', person_id::text, null, supplier_id,
         koperasi_id, role, null, created_by, created_at
  from access.people where network_id = $1 and waits and ended_at is null
) open
where ($3::text is null or kind = $3) and ($4::text is null or koperasi_id = $4)
  and ($5::text is null or supplier_id = $5) and ($6::text is null or cycle_id = $6)
  and ($7::text is null or koperasi_id = $7 or koperasi_id is null and kind <> 'erasure')
order by proposed_at, kind, approval_id;
