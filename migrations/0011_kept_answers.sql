-- Answers are replayed for 35 days. After that nothing is replayed, but for 400 days it can still
-- be looked up what became of an operation: its day leaves `log.answers`, so that appends look
-- through no more days than before, and hangs on `log.kept_answers` until it is dropped whole.

create table log.kept_answers (
  like log.answers including defaults,
  primary key (network_id, command_id, day)
);

-- Days of answers before `p_before` are kept apart, those before `p_forget` dropped. Only names in
-- the catalogue move, so it costs the same however many answers a day has. Facts are never dropped.
create function log.keep_answers(p_before date, p_forget date) returns int
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_day record;
  v_moved int := 0;
begin
  for v_day in
    select c.relname as name, i.inhparent = 'log.answers'::regclass as replayed,
           to_date(right(c.relname, 8), 'YYYYMMDD') as day
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent in ('log.answers'::regclass, 'log.kept_answers'::regclass)
      and c.relname ~ '^answers_\d{8}$'
  loop
    if v_day.replayed and v_day.day < p_before then
      execute format('alter table log.answers detach partition log.%I', v_day.name);
      execute format('alter table log.%I inherit log.kept_answers', v_day.name);
      v_moved := v_moved + 1;
    end if;
    if v_day.day < least(p_before, p_forget) then
      execute format('drop table log.%I', v_day.name);
    end if;
  end loop;
  return v_moved;
end
$function$;

drop function log.forget_answers(date);

-- What these commands were answered, however long ago that is kept.
create function log.kept_answers_to(p_network bigint, p_command_ids uuid[]) returns table (
  first_position bigint, last_position bigint, version int, recorded_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
  select a.first_position, a.last_position, a.version, a.recorded_at
  from log.kept_answers a
  where a.network_id = p_network and a.command_id = any (p_command_ids);
$function$;

revoke all on function log.keep_answers(date, date) from public;
revoke all on function log.kept_answers_to(bigint, uuid[]) from public;
grant select on log.kept_answers to jaringan_app;
grant execute on function log.keep_answers(date, date) to jaringan_app;
grant execute on function log.kept_answers_to(bigint, uuid[]) to jaringan_app;
