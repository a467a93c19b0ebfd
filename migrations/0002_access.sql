-- Who may knock: API keys, by hash. Not facts of trade, so not in the log.

create schema access;

create table access.api_keys (
  key_id text primary key,
  secret_hash bytea not null,
  last_four text not null,
  network_id bigint not null,
  role text not null check (role in ('operator', 'koperasi')),
  koperasi_id text,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  check ((role = 'koperasi') = (koperasi_id is not null))
);

grant usage on schema access to jaringan_app;
grant select, insert, update on access.api_keys to jaringan_app;
