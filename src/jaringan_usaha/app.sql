-- name: lag
-- How many events each projection is behind, over all networks.
select b.projection, max(h.position - b.position)::bigint as lag, bool_or(b.state = 'stopped') as stopped
from bookmarks b join log.head h using (network_id)
group by b.projection order by b.projection;
