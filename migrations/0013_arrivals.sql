-- Which of the running numbers that a device gives its lines have come in: what is missing between
-- them is told, and nothing is decided by it.
create table access.arrivals (
  network_id bigint not null,
  device text not null,
  numbers int8multirange not null,
  primary key (network_id, device)
);

grant select, insert, update on access.arrivals to jaringan_app;
