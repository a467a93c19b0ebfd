-- Roles by what they do: the service reads what its caller may see and appends through functions,
-- the worker folds the log into read tables that it owns, the auditor only looks, and the owner of
-- everything else cannot log in.

do $$
declare
  v_role text;
begin
  foreach v_role in array '{jaringan_worker,jaringan_auditor,jaringan_owner}'::text[] loop
    if not exists (select from pg_roles where rolname = v_role) then
      execute format('create role %I nologin', v_role);
    end if;
  end loop;
end $$;

grant jaringan_app to jaringan_worker;

-- One login that is no superuser, as managed servers give it, must be able to become each.
do $$
begin
  if not (select rolsuper from pg_roles where rolname = current_user) then
    execute format('grant jaringan_app, jaringan_worker, jaringan_owner to %I', current_user);
  end if;
end $$;

-- Only the worker makes schemas.
do $$
begin
  execute format('revoke create on database %I from jaringan_app', current_database());
  execute format('grant create on database %I to jaringan_worker', current_database());
end $$;

grant usage on schema log, house to jaringan_auditor;
grant select on all tables in schema log to jaringan_auditor;
grant select on all tables in schema house to jaringan_auditor;

-- Addresses whose keys were refused within the last minute, so that a restart, or another process,
-- does not begin to count anew: what their buckets held at that time (`api/limits.py`).
create table access.refused_knocks (
  address text primary key,
  level double precision not null,
  at timestamptz not null
);

grant select, insert, update, delete on access.refused_knocks to jaringan_app;

-- Give all that is not the worker's to the owner that cannot log in, so that functions which run
-- with their owner's rights never run with a superuser's. Called after every migration.
create function house.hand_over() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_change text;
begin
  for v_change in
    select format('alter schema %I owner to jaringan_owner', n.nspname)
    from pg_namespace n
    where n.nspname in ('log', 'access', 'house', 'private') and n.nspowner <> 'jaringan_owner'::regrole
    union all
    select format('alter table %s owner to jaringan_owner', c.oid::regclass)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('log', 'access', 'house', 'private') and c.relkind in ('r', 'p', 'v')
      and c.relowner <> 'jaringan_owner'::regrole
    union all
    select format('alter function %s owner to jaringan_owner', p.oid::regprocedure)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('log', 'access', 'house', 'private') and p.proowner <> 'jaringan_owner'::regrole
  loop
    execute v_change;
  end loop;
end
$function$;
