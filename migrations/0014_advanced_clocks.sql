-- By which command a clock was advanced last: the same again, whose answer was lost, is no other wish.

alter table access.test_clocks
  add column advanced_by uuid,
  add column advance_print bytea;
