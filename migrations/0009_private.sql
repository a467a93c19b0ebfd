-- What is known of natural persons: outside the log, sealed, and erasable; and who has read it.

create schema private;

-- A person's own key, sealed under the master key. Without it nothing of them can be read; null
-- says that they were erased, so that nothing comes back. Backed up apart from all the rest.
create table private.people (
  network_id bigint not null,
  subject_id text not null,
  sealed_key bytea,
  primary key (network_id, subject_id)
);

-- One value, sealed under its person's key; null when it was taken away. `position` is that of the
-- fact in the log that brought it: what is older never overwrites it.
create table private.values (
  network_id bigint not null,
  subject_id text not null,
  field text not null,
  sealed bytea,
  position bigint not null,
  primary key (network_id, subject_id, field)
);

-- Who has read which fields of whom.
create table private.reads (
  network_id bigint not null,
  read_at timestamptz not null,
  subject_id text not null,
  key_id text not null,
  role text not null,
  koperasi_id text,
  supplier_id text,
  fields text[] not null
);
create index reads_by_time on private.reads (network_id, read_at);
create index reads_by_subject on private.reads (network_id, subject_id, read_at);

-- Nobody tidies away what was read of late: the application may add, and forget after 400 days.
create function private.forget_reads(p_network bigint, p_most int) returns bigint
language sql
security definer
set search_path = pg_catalog, pg_temp
as $function$
  with old as (
    delete from private.reads where ctid = any (array(
      select r.ctid from private.reads r
      where r.network_id = p_network and r.read_at < now() - interval '400 days'
      order by r.read_at limit p_most))
    returning 1)
  select count(*) from old;
$function$;

revoke all on function private.forget_reads(bigint, int) from public;
grant usage on schema private to jaringan_app;
grant select, insert, update on private.people to jaringan_app;
grant select, insert, update, delete on private.values to jaringan_app;
grant select, insert on private.reads to jaringan_app;
grant execute on function private.forget_reads(bigint, int) to jaringan_app;
