-- What programs that follow the log with the `eventsourcing` library have processed.

create table log.trackings (
  network_id bigint not null,
  application_name text not null,
  notification_id bigint not null,
  primary key (network_id, application_name)
);

-- Remember how far an application has come; false when it had come as far before.
create function log.track(p_network bigint, p_application text, p_position bigint) returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
  insert into log.trackings as t (network_id, application_name, notification_id)
  values (p_network, p_application, p_position)
  on conflict (network_id, application_name) do update
  set notification_id = excluded.notification_id
  where t.notification_id < excluded.notification_id;
  return found;
end
$function$;

-- Number event types that the library writes; migrations number those of the house.
create function log.number_types(p_names text[]) returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $function$
  insert into log.types (name)
  select distinct n.name from unnest(p_names) n(name)
  where not exists (select from log.types t where t.name = n.name)
  on conflict (name) do nothing;
$function$;

revoke all on function log.track(bigint, text, bigint) from public;
revoke all on function log.number_types(text[]) from public;
grant select on log.trackings to jaringan_app;
grant execute on function log.track(bigint, text, bigint) to jaringan_app;
grant execute on function log.number_types(text[]) to jaringan_app;
