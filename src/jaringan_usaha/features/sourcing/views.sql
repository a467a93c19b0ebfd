-- name: write_choices
insert into choices (
  network_id, choice_id, item_id, quantity, priced_on, supplier_id, reason, total_idr, best_idr,
  offers, position, recorded_at)
select $1, c.*
from unnest(
  $2::text[], $3::text[], $4::bigint[], $5::date[], $6::text[], $7::text[], $8::bigint[],
  $9::bigint[], $10::bytea[], $11::bigint[], $12::timestamptz[]) c;

-- name: item
select case_size, base_unit from items where network_id = $1 and item_id = $2;

-- name: offers_of_item
-- What each supplier that is not suspended asks for an item on a day, with the terms of its list:
-- of the lists that include the day, the one that starts last.
select o.supplier_id, p.price_list_id, p.tier_mode, p.tiers, p.case_size, p.min_cases,
       l.minimum_idr, l.delivery_idr, l.lead_days
from offers o
join suppliers s on s.network_id = o.network_id and s.supplier_id = o.supplier_id
                and not s.suspended
cross join lateral (
  select price_list_id, tier_mode, tiers, case_size, min_cases, ended
  from prices
  where network_id = o.network_id and item_id = o.item_id and supplier_id = o.supplier_id
    and valid_from_on <= $3 and (valid_until_on is null or valid_until_on >= $3)
  order by valid_from_on desc limit 1) p
join price_lists l on l.network_id = o.network_id and l.price_list_id = p.price_list_id
where o.network_id = $1 and o.item_id = $2 and not p.ended
order by o.supplier_id limit $4;

-- name: ordered_in_cycle
-- What the group orders of an item in a cycle so far, from whomever, and the day of its prices.
select c.priced_on, coalesce(sum(t.quantity), 0)::bigint as quantity
from cycles c
left join totals t on t.network_id = c.network_id and t.cycle_id = c.cycle_id and t.item_id = $3
where c.network_id = $1 and c.cycle_id = $2
group by c.priced_on;

-- paged: choices
-- Choices by id, of one item or supplier or all, a page at a time.
select choice_id, item_id, quantity, priced_on, supplier_id, reason, total_idr, best_idr,
       position, recorded_at
from choices
where network_id = $1 and choice_id > $2 and ($3::text is null or item_id = $3)
  and ($4::text is null or supplier_id = $4)
order by choice_id limit $5;

-- name: choice
select choice_id, item_id, quantity, priced_on, supplier_id, reason, total_idr, best_idr, offers,
       position, recorded_at
from choices where network_id = $1 and choice_id = $2;
