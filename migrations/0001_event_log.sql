-- The event log: every fact, for ever, in one gap-free order per network.

create schema log;

-- The application role reads the log and appends through functions; it owns nothing here.
do $$
begin
  if not exists (select from pg_roles where rolname = 'jaringan_app') then
    create role jaringan_app nologin;
  end if;
end $$;

-- One row per network: the writer lock, the counter, and a clock that never goes back.
create table log.head (
  network_id bigint not null primary key,
  position bigint not null default 0,
  clock timestamptz not null,
  epoch int not null default 1
) with (fillfactor = 10);

-- The facts. `body` is canonical JSON; its bytes are what is hashed and proven.
create table log.events (
  network_id bigint not null,
  position bigint not null,
  type_id smallint not null,
  schema_no smallint not null,
  stream_id uuid,
  stream_version int,
  command_id uuid not null,
  batch_item smallint not null,
  asked_by text not null,
  received_at timestamptz not null,
  recorded_at timestamptz not null,
  codec smallint not null default 1,
  body bytea not null,
  primary key (network_id, position)
) partition by range (position);

create table log.events_default partition of log.events default;

-- What later decisions look up and guard: 128-bit hashes of (type, tag) and (stream, version).
create table log.marks (
  network_id bigint not null,
  mark uuid not null,
  position bigint not null,
  primary key (network_id, mark, position)
);

-- One answer per command id; kept by day, so that old days can be dropped whole.
create table log.answers (
  network_id bigint not null,
  command_id uuid not null,
  day date not null,
  print bytea not null,
  first_position bigint not null,
  last_position bigint not null,
  version int not null,
  recorded_at timestamptz not null,
  primary key (network_id, command_id, day)
) partition by range (day);

create table log.answers_default partition of log.answers default;

-- Stable names of event types; the same in all networks.
create table log.types (
  type_id smallint primary key generated always as identity,
  name text not null unique
);

-- Which (type, tag) pairs have left marks since the first event of that type.
create table log.pairs (
  type_name text not null,
  tag_name text not null,
  primary key (type_name, tag_name)
);

-- The one way into the log: a batch of commands, one verdict each.
--
-- Verdicts: 1 recorded, 2 known (the same command was recorded before), 3 key reused (the same
-- command id with another print), 4 stale (a guard met a mark newer than it may).
--
-- The head row is locked by the first statement; under READ COMMITTED each later statement
-- sees everything committed before the lock was granted. So lock order, position order and
-- visibility order are one order. Arrays are parallel: p_command… by command, p_event… by event
-- (events of one command are neighbours), p_guard… by distinct guard of the batch,
-- p_guarded… pairs a command with its guards, p_left… the marks that events leave.
create function log.append(
  p_network bigint,
  p_first_day date,
  p_last_day date,
  p_command_ids uuid[],
  p_command_days date[],
  p_command_prints bytea[],
  p_command_first_events int[],
  p_command_last_events int[],
  p_command_versions int[],
  p_event_commands int[],
  p_event_items smallint[],
  p_event_types smallint[],
  p_event_schemas smallint[],
  p_event_streams uuid[],
  p_event_versions int[],
  p_event_asked_by text[],
  p_event_received timestamptz[],
  p_event_bodies bytea[],
  p_guard_marks uuid[],
  p_guard_after bigint[],
  p_guarded_commands int[],
  p_guarded_by int[],
  p_left_events int[],
  p_left_marks uuid[]
) returns table (
  command_no int, verdict smallint, first_position bigint, last_position bigint,
  version int, recorded_at timestamptz
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_head bigint;
  v_clock timestamptz;
  v_met int[];
  v_seen int[];
  v_out int[];
  v_at bigint[];
  v_last bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'log.append needs read committed' using errcode = '25001';
  end if;

  select h.position, h.clock into v_head, v_clock
    from log.head h where h.network_id = p_network for update;
  if not found then
    raise exception 'network % is not open', p_network using errcode = 'JU002';
  end if;
  v_clock := greatest(clock_timestamp(), v_clock + interval '1 microsecond');

  -- A command that was recorded before is answered as before, whatever its guards say now.
  -- `limit 1` in this and the next two look-ups keeps every one of them a probe of the index: as
  -- joins they read the whole day, or all marks, until somebody analyzes the tables.
  select coalesce(array_agg(c.no::int), '{}') into v_seen
    from unnest(p_command_ids) with ordinality c(id, no)
    where (
      select true from log.answers a
      where a.network_id = p_network and a.command_id = c.id
        and a.day between p_first_day and p_last_day limit 1);

  -- Guards met by marks of the past, or by marks that an earlier command of this batch leaves.
  select coalesce(array_agg(g.no::int), '{}') into v_met
    from unnest(p_guard_marks, p_guard_after) with ordinality g(mark, after, no)
    where (
      select true from log.marks m
      where m.network_id = p_network and m.mark = g.mark and m.position > g.after limit 1);
  if v_met <> '{}' then
    select coalesce(array_agg(distinct b.command_no), '{}') into v_met
      from unnest(p_guarded_commands, p_guarded_by) b(command_no, guard_no)
      where b.guard_no = any (v_met);
  end if;
  v_met := v_met || array(
    select b.command_no
    from unnest(p_guarded_commands, p_guarded_by) b(command_no, guard_no)
    join unnest(p_left_marks, p_left_events) l(mark, event_no)
      on l.mark = p_guard_marks[b.guard_no]
    where p_event_commands[l.event_no] < b.command_no);
  v_out := v_seen || v_met;

  if v_out = '{}' then
    select array_agg(v_head + e.no order by e.no) into v_at
      from generate_series(1, cardinality(p_event_commands)) e(no);
  else
    select array_agg(case when e.kept then v_head + e.nth else 0 end order by e.no) into v_at
      from (
        select k.no, k.kept, count(*) filter (where k.kept) over (order by k.no) as nth
        from (
          select u.no, u.command_no <> all (v_out) as kept
          from unnest(p_event_commands) with ordinality u(command_no, no)
        ) k
      ) e;
  end if;
  select max(u.at) into v_last from unnest(v_at) u(at);

  if v_last > 0 then
    insert into log.events (
        network_id, position, type_id, schema_no, stream_id, stream_version,
        command_id, batch_item, asked_by, received_at, recorded_at, body)
      select p_network, e.at, e.type_id, e.schema_no, e.stream, e.stream_version,
             p_command_ids[e.command_no], e.item, e.asked_by, e.received, v_clock, e.body
      from unnest(
        v_at, p_event_commands, p_event_items, p_event_types, p_event_schemas, p_event_streams,
        p_event_versions, p_event_asked_by, p_event_received, p_event_bodies
      ) e(at, command_no, item, type_id, schema_no, stream, stream_version, asked_by, received, body)
      where e.at > 0;

    insert into log.marks (network_id, mark, position)
      select p_network, l.mark, v_at[l.event_no]
      from unnest(p_left_marks, p_left_events) l(mark, event_no)
      where v_at[l.event_no] > 0;

    insert into log.answers (
        network_id, command_id, day, print, first_position, last_position, version, recorded_at)
      select p_network, c.id, c.day, c.print, v_at[c.first], v_at[c.last], c.version, v_clock
      from unnest(
        p_command_ids, p_command_days, p_command_prints, p_command_first_events,
        p_command_last_events, p_command_versions
      ) c(id, day, print, first, last, version)
      where v_at[c.first] > 0;

    update log.head h set position = v_last, clock = v_clock where h.network_id = p_network;
  else
    -- An answer from memory must still wait for the standby that holds the fact it speaks of.
    perform pg_logical_emit_message(true, 'seen', '');
  end if;

  return query
    select c.no::int,
           (case
              when c.no = any (v_seen) then case when a.print = c.print then 2 else 3 end
              when c.no = any (v_met) then 4
              else 1
            end)::smallint,
           coalesce(a.first_position, v_at[c.first]),
           coalesce(a.last_position, v_at[c.last]),
           coalesce(a.version, c.version),
           coalesce(a.recorded_at, v_clock)
    from unnest(p_command_ids, p_command_prints, p_command_first_events, p_command_last_events,
                p_command_versions)
           with ordinality c(id, print, first, last, version, no)
    left join lateral (
      select * from log.answers a
      where c.no = any (v_seen) and a.network_id = p_network and a.command_id = c.id
        and a.day between p_first_day and p_last_day limit 1) a on true
    order by c.no;
end
$function$;

-- The answers to commands, where recorded. The empty message makes this commit wait for the
-- same standby as the facts themselves, so that a cancelled wait is never acknowledged early.
create function log.answers_to(
  p_network bigint, p_command_ids uuid[], p_first_day date, p_last_day date
) returns table (
  command_id uuid, print bytea, first_position bigint, last_position bigint, version int,
  recorded_at timestamptz
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
  return query
    select a.command_id, a.print, a.first_position, a.last_position, a.version, a.recorded_at
    from log.answers a
    where a.network_id = p_network and a.command_id = any (p_command_ids)
      and a.day between p_first_day and p_last_day;
  if found then
    perform pg_logical_emit_message(true, 'seen', '');
  end if;
end
$function$;

-- Open a network: its head row. Opening it again changes nothing.
create function log.open_network(p_network bigint, p_at timestamptz) returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $function$
  insert into log.head (network_id, clock) values (p_network, p_at)
  on conflict (network_id) do nothing;
$function$;

-- Create partitions ahead: positions in tens of millions, answers by day. What fell into the
-- default partition, because nobody had made room in time, moves to its place.
create function log.make_room(p_position bigint, p_today date) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_size constant bigint := 10000000;
  v_from bigint;
  v_day date;
begin
  for v_from in select n * v_size from generate_series(p_position / v_size, p_position / v_size + 1) n
  loop
    if to_regclass(format('log.events_%s', v_from / v_size)) is null then
      execute format('create table log.events_%s (like log.events including defaults)',
                     v_from / v_size);
      execute format(
        'with moved as (delete from log.events_default where position >= %s and position < %s'
        ' returning *) insert into log.events_%s select * from moved',
        v_from, v_from + v_size, v_from / v_size);
      execute format(
        'alter table log.events attach partition log.events_%s for values from (%s) to (%s)',
        v_from / v_size, v_from, v_from + v_size);
    end if;
  end loop;
  for v_day in select p_today + n from generate_series(-1, 7) n
  loop
    if to_regclass(format('log.answers_%s', to_char(v_day, 'YYYYMMDD'))) is null then
      execute format('create table log.answers_%s (like log.answers including defaults)',
                     to_char(v_day, 'YYYYMMDD'));
      execute format(
        'with moved as (delete from log.answers_default where day = %L returning *)'
        ' insert into log.answers_%s select * from moved', v_day, to_char(v_day, 'YYYYMMDD'));
      execute format(
        'alter table log.answers attach partition log.answers_%s for values from (%L) to (%L)',
        to_char(v_day, 'YYYYMMDD'), v_day, v_day + 1);
    end if;
  end loop;
end
$function$;

-- Drop the days of answers before `p_before`; facts are never dropped.
create function log.forget_answers(p_before date) returns int
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_table text;
  v_dropped int := 0;
begin
  for v_table in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'log.answers'::regclass and c.relname ~ '^answers_\d{8}$'
      and to_date(right(c.relname, 8), 'YYYYMMDD') < p_before
  loop
    execute format('drop table log.%I', v_table);
    v_dropped := v_dropped + 1;
  end loop;
  return v_dropped;
end
$function$;

revoke all on all functions in schema log from public;
grant usage on schema log to jaringan_app;
grant select on all tables in schema log to jaringan_app;
grant execute on all functions in schema log to jaringan_app;

-- Read tables belong to the application, which may drop and build them anew.
do $$
begin
  execute format('grant create on database %I to jaringan_app', current_database());
end $$;
