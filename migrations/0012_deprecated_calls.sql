-- By which keys routes that are to go were called, by day (UTC), so that whoever still calls them
-- can be told before they are gone.

create table access.deprecated_calls (
  network_id bigint not null,
  key_id text not null,
  operation text not null,
  called_on date not null,
  calls bigint not null check (calls > 0),
  primary key (network_id, key_id, operation, called_on)
);

grant select, insert, update on access.deprecated_calls to jaringan_app;
