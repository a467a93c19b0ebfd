-- Keys of all roles: limited, rotated, found in URLs; and sandboxes, which test keys alone open.

create table access.sandboxes (
  network_id bigint primary key,
  made_at timestamptz not null
);

alter table access.api_keys
  drop constraint api_keys_role_check,
  drop constraint api_keys_check,
  add column device_id text,
  add column supplier_id text,
  add column scopes text[] not null default '{}',
  add column addresses cidr[] not null default '{}',
  add column label text not null default '',
  add column created_by text not null default 'command line',
  add column command_id uuid unique,
  add column rotated_to text,
  add column exposed_at timestamptz,
  add constraint role_is_known check (
    role in ('operator', 'koperasi', 'device', 'supplier', 'auditor', 'office')),
  add constraint koperasi_fits_role check (
    (role in ('koperasi', 'device')) = (koperasi_id is not null)),
  add constraint device_fits_role check ((role = 'device') = (device_id is not null)),
  add constraint supplier_fits_role check ((role = 'supplier') = (supplier_id is not null)),
  add constraint life_is_bounded check (expires_at <= created_at + interval '9600 hours');

create index api_keys_of_network on access.api_keys (network_id, key_id);

grant select, insert on access.sandboxes to jaringan_app;
