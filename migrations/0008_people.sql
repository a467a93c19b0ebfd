-- People who log in, their sessions, and keys and people that a second person lets in.

create table access.people (
  person_id uuid primary key,
  network_id bigint not null,
  issuer text not null,
  subject text not null,
  role text not null check (
    role in ('operator', 'auditor', 'office', 'pengurus', 'pengawas', 'supplier')),
  koperasi_id text,
  supplier_id text,
  label text not null,
  waits boolean not null,
  created_by text not null,
  created_at timestamptz not null,
  approved_by text,
  ended_at timestamptz,
  constraint koperasi_fits_role check (
    (role in ('pengurus', 'pengawas')) = (koperasi_id is not null)),
  constraint supplier_fits_role check ((role = 'supplier') = (supplier_id is not null))
);

create unique index people_log_in_once on access.people (issuer, subject) where ended_at is null;
create index people_of_network on access.people (network_id, person_id);

create table access.sessions (
  session_hash bytea primary key,
  person_id uuid not null,
  second_factor boolean not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  constraint life_is_bounded check (expires_at <= created_at + interval '8 hours')
);

create index sessions_by_end on access.sessions (expires_at);

alter table access.api_keys
  add column person_id uuid,
  add column speaks_as text,
  add column waits boolean not null default false,
  add column approved_by text;

grant select, insert, update on access.people to jaringan_app;
grant select, insert, update, delete on access.sessions to jaringan_app;
