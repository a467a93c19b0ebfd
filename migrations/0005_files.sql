-- Files that facts speak of: suppliers' price tables as they came, found by their hash.

create table log.files (
  network_id bigint not null,
  sha256 bytea not null,
  media_type text not null,
  body bytea not null,
  kept_at timestamptz not null,
  primary key (network_id, sha256)
);

-- Keep a file; the same bytes again change nothing. The hash is made here, so it cannot lie.
-- A file is kept before the fact that names it: a fact without its file cannot be, a file
-- without a fact is harmless.
create function log.keep_file(
  p_network bigint, p_media_type text, p_body bytea, p_at timestamptz
) returns bytea
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_sha256 constant bytea := sha256(p_body);
begin
  if length(p_body) > 10485760 then
    raise exception 'a file has at most 10 MiB' using errcode = '22023';
  end if;
  insert into log.files (network_id, sha256, media_type, body, kept_at)
  values (p_network, v_sha256, p_media_type, p_body, p_at)
  on conflict (network_id, sha256) do nothing;
  return v_sha256;
end
$function$;

revoke all on function log.keep_file(bigint, text, bytea, timestamptz) from public;
grant select on log.files to jaringan_app;
grant execute on function log.keep_file(bigint, text, bytea, timestamptz) to jaringan_app;
