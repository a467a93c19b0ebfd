-- name: write_cycles
-- Cycles drafted or opened; what is opened takes the place of its draft.
insert into cycles (
  network_id, cycle_id, title, opens_at, closes_at, prices, priced_on, fill_from_at, minimum,
  keep_days, keep_times, kept, sharing, priority, tier_drop, late_seconds, host, version,
  state, opened_position)
select $1, c.cycle_id, c.title, c.opens_at, c.closes_at, c.prices, c.priced_on, c.fill_from_at,
       c.minimum, c.keep_days, c.keep_times, 0, c.sharing,
       array(select jsonb_array_elements_text(c.priority::jsonb)), c.tier_drop, c.late_seconds,
       c.host, 0, c.state, c.position
from unnest(
  $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::date[],
  $8::timestamptz[], $9::text[], $10::int[], $11::int[], $12::text[], $13::text[], $14::text[],
  $15::int[], $16::text[], $17::text[], $18::bigint[]
) c(cycle_id, title, opens_at, closes_at, prices, priced_on, fill_from_at, minimum, keep_days,
    keep_times, sharing, priority, tier_drop, late_seconds, host, state, position)
on conflict (network_id, cycle_id) do update
set title = excluded.title, opens_at = excluded.opens_at, closes_at = excluded.closes_at,
    prices = excluded.prices, priced_on = excluded.priced_on,
    fill_from_at = excluded.fill_from_at, minimum = excluded.minimum,
    keep_days = excluded.keep_days, keep_times = excluded.keep_times,
    sharing = excluded.sharing, priority = excluded.priority, tier_drop = excluded.tier_drop,
    late_seconds = excluded.late_seconds, host = excluded.host, state = excluded.state,
    opened_position = excluded.opened_position;

-- name: count_versions
-- Every event of a cycle is its next version.
update cycles set version = version + c.events
from unnest($2::text[], $3::int[]) c(cycle_id, events)
where network_id = $1 and cycles.cycle_id = c.cycle_id;

-- name: open_again
-- Kept open at its deadline, or reopened: a later deadline, and no phase of filling cases.
update cycles
set state = 'open', closes_at = c.closes_at, kept = cycles.kept + c.kept, fill_from_at = null,
    closed_position = null, consolidated_orders = null, order_lines = null, amount_idr = null,
    alone_idr = null
from unnest($2::text[], $3::timestamptz[], $4::int[]) c(cycle_id, closes_at, kept)
where network_id = $1 and cycles.cycle_id = c.cycle_id;

-- name: move_cycles
-- Into another phase; the position is that of the close, where it is one. What is cancelled holds
-- no orders any more.
update cycles
set state = c.state, closed_position = coalesce(c.position, closed_position),
    consolidated_orders = case when c.state <> 'cancelled' then consolidated_orders end,
    order_lines = case when c.state <> 'cancelled' then order_lines end,
    amount_idr = case when c.state <> 'cancelled' then amount_idr end,
    alone_idr = case when c.state <> 'cancelled' then alone_idr end
from unnest($2::text[], $3::text[], $4::bigint[]) c(cycle_id, state, position)
where network_id = $1 and cycles.cycle_id = c.cycle_id;

-- name: finish_cycles
update cycles
set state = 'consolidated', consolidated_orders = c.consolidated_orders,
    order_lines = c.order_lines, amount_idr = c.amount_idr, alone_idr = c.alone_idr
from unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[])
       c(cycle_id, consolidated_orders, order_lines, amount_idr, alone_idr)
where network_id = $1 and cycles.cycle_id = c.cycle_id;

-- paged: cycle_board
-- Cycles by id, a page at a time.
select cycle_id, title, opens_at, closes_at, prices, priced_on, fill_from_at, minimum, keep_days,
       keep_times, kept, sharing, priority, tier_drop, late_seconds, host, version, state,
       opened_position, closed_position, consolidated_orders, order_lines, amount_idr, alone_idr
from cycles
where network_id = $1 and cycle_id > $2 and ($3::text is null or state = $3)
order by cycle_id limit $4;

-- paged: cycle_board_of_days
-- Those that close on some days.
with c as materialized (
  select cycle_id, title, opens_at, closes_at, prices, priced_on, fill_from_at, minimum, keep_days,
         keep_times, kept, sharing, priority, tier_drop, late_seconds, host, version, state,
         opened_position, closed_position, consolidated_orders, order_lines, amount_idr, alone_idr
  from cycles
  where network_id = $1 and ($3::text is null or state = $3)
    and closes_at >= $4::date::timestamp at time zone 'Asia/Jakarta'
    and closes_at < ($5::date + 1)::timestamp at time zone 'Asia/Jakarta'
)
select * from c where cycle_id > $2 order by cycle_id limit $6;

-- name: cycle
select cycle_id, title, opens_at, closes_at, prices, priced_on, fill_from_at, minimum, keep_days,
       keep_times, kept, sharing, priority, tier_drop, late_seconds, host, version, state,
       opened_position, closed_position, consolidated_orders, order_lines, amount_idr, alone_idr
from cycles where network_id = $1 and cycle_id = $2;

-- name: cycles_to_fill
-- Open cycles whose phase of filling cases has come.
select cycle_id from cycles
where network_id = $1 and state = 'open' and fill_from_at <= $2 order by fill_from_at limit 100;

-- name: totals_of_items
select t.supplier_id, t.item_id, t.quantity, t.tolerance
from unnest($3::text[], $4::text[]) i(supplier_id, item_id)
join totals t on t.network_id = $1 and t.cycle_id = $2
  and t.supplier_id = i.supplier_id and t.item_id = i.item_id;
