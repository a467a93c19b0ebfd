-- name: cycle
select state from cycles where network_id = $1 and cycle_id = $2;

-- name: orders
-- How far each order for anything has come: by what cycles know of it until its
-- goods arrive, by what fulfilment knows until all of them are there, then by what is invoiced. An
-- order is received when its delivery was ended, or when all that is ordered was given to somebody
-- and nothing waits for a decision; one of which nothing was kept is settled with that.
select o.supplier_id,
       case when coalesce(d.state, 'expected') = 'expected' then
              case s.state when 'placed' then 'consolidated' else s.state end
            when d.state = 'receiving' and i.missing then 'receiving'
            when coalesce(b.kept_units, 0) = 0 and coalesce(b.held, 0) = 0 then 'settled'
            when b.costed_units < b.kept_units or b.held > 0 then 'received'
            when b.paid_idr < b.billed_idr - b.held_idr - b.claimed_idr then 'invoiced'
            else 'settled' end as state
from consolidated_orders o
join order_states s on s.network_id = $1 and s.cycle_id = $2 and s.supplier_id = o.supplier_id
left join delivery_states d
  on d.network_id = $1 and d.cycle_id = $2 and d.supplier_id = o.supplier_id
left join invoice_states b
  on b.network_id = $1 and b.cycle_id = $2 and b.supplier_id = o.supplier_id
cross join lateral (
  select bool_or(given < ordered or waiting > 0) as missing
  from lines_delivered
  where network_id = $1 and cycle_id = $2 and supplier_id = o.supplier_id) i
where o.network_id = $1 and o.cycle_id = $2 and o.quantity > 0
order by o.supplier_id;
