-- Clocks of sandboxes: how far a network is ahead of the time, for those who test what is due when.

create table access.test_clocks (
  network_id bigint primary key,
  ahead interval not null check (ahead >= interval '0'),
  made_at timestamptz not null
);

grant select, insert, update on access.test_clocks to jaringan_app;
