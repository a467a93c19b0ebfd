-- Read models are whole schemas: one is live under the name `read`, a new one is built beside it.

create schema if not exists house;

-- A number that is equal for two read models exactly when all their rows are (but for chance):
-- per table the count and the sum of row hashes. Bookmarks are no part of what is shown.
create function house.read_digest(p_schema text, p_network bigint)
  returns table (table_name text, row_count bigint, digest numeric)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_table text;
begin
  for v_table in
    select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = p_schema and c.relkind = 'r' and c.relname <> 'bookmarks'
    order by c.relname
  loop
    return query execute format(
      'select %L::text, count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)'
      ' from %I.%I t where network_id = $1', v_table, p_schema, v_table) using p_network;
  end loop;
end
$function$;

-- Switch in one transaction: the new model is shown, the former one is kept for the way back.
create function house.switch_read_model(p_new text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  drop schema if exists read_before cascade;
  alter schema read rename to read_before;
  execute format('alter schema %I rename to read', p_new);
end
$function$;

grant usage on schema house to jaringan_app;
grant select on all tables in schema house to jaringan_app;
grant execute on all functions in schema house to jaringan_app;
