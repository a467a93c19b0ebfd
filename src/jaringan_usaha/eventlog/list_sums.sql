-- name: add
-- What a page adds to the sums of a list.
insert into list_sums (
  network_id, list, subject, subject_id, part, day_on, figure, amount)
select $1, $2, s.*
from unnest($3::text[], $4::text[], $5::text[], $6::date[], $7::text[], $8::numeric[]) s
on conflict (network_id, list, subject, subject_id, part, day_on, figure) do update
set amount = list_sums.amount + excluded.amount;

-- name: drop_empty
-- What comes to nothing leaves no row, however the log is cut into pages.
delete from list_sums where network_id = $1 and list = $2 and amount = 0;

-- name: totals
-- Of all days, each figure of one row; of several parts, of as many.
select figure, sum(amount) as amount from list_sums
where network_id = $1 and list = $2 and subject = $3 and subject_id = $4 and part = any ($5)
  and day_on = '-infinity'
group by figure;

-- name: totals_of_days
-- A row a day.
select figure, sum(amount) as amount from list_sums
where network_id = $1 and list = $2 and subject = $3 and subject_id = $4 and part = any ($5)
  and day_on between $6 and $7 and isfinite(day_on)
group by figure;
