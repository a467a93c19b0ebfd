-- name: keep_file
-- The bytes of a file under their hash; see migrations/0005.
select log.keep_file($1, $2, $3, $4);

-- name: file
select body, media_type from log.files where network_id = $1 and sha256 = $2;

-- name: add_imports
insert into price_imports (
  network_id, import_id, supplier_id, price_list_id, sha256, file_name, size_bytes, kind,
  valid_from_on, valid_until_on, tier_mode, state, version, position, recorded_at)
select $1, i.import_id, i.supplier_id, i.price_list_id, i.sha256, i.file_name, i.size_bytes, i.kind,
       i.valid_from_on, i.valid_until_on, i.tier_mode, 'received', 1, i.position, i.recorded_at
from unnest(
  $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[], $9::date[],
  $10::date[], $11::text[], $12::bigint[], $13::timestamptz[])
    i(import_id, supplier_id, price_list_id, sha256, file_name, size_bytes, kind, valid_from_on,
      valid_until_on, tier_mode, position, recorded_at);

-- name: move_imports
-- Answers and confirmations: how many events each import gained, and up to where.
update price_imports i
set version = i.version + m.events, position = m.position
from unnest($2::text[], $3::int[], $4::bigint[]) m(import_id, events, position)
where i.network_id = $1 and i.import_id = m.import_id;

-- name: confirm_imports
update price_imports i
set state = 'confirmed', outcome = c.outcome
from unnest($2::text[], $3::bytea[]) c(import_id, outcome)
where i.network_id = $1 and i.import_id = c.import_id;

-- name: count_imports
-- Files that came and that were confirmed, by supplier and of all.
insert into price_import_sums (network_id, supplier_id, files, confirmed)
select $1, w.whose, count(*) filter (where not i.confirmed), count(*) filter (where i.confirmed)
from unnest($2::text[], $3::boolean[]) i(supplier_id, confirmed)
cross join lateral (values (i.supplier_id), ('*')) w(whose)
group by w.whose
on conflict (network_id, supplier_id) do update
set files = price_import_sums.files + excluded.files,
    confirmed = price_import_sums.confirmed + excluded.confirmed;

-- name: write_answers
insert into price_import_answers (network_id, import_id, question, answer)
select $1, a.* from unnest($2::text[], $3::text[], $4::text[]) a
on conflict (network_id, import_id, question) do update set answer = excluded.answer;

-- name: write_supplier_answers
insert into supplier_answers (network_id, supplier_id, question, answer)
select $1, a.* from unnest($2::text[], $3::text[], $4::text[]) a
on conflict (network_id, supplier_id, question) do update set answer = excluded.answer;

-- name: write_supplier_goods
insert into supplier_goods (network_id, supplier_id, goods_name, item_id)
select $1, g.* from unnest($2::text[], $3::text[], $4::text[]) g
on conflict (network_id, supplier_id, goods_name) do update set item_id = excluded.item_id;

-- name: write_ceilings
insert into price_ceilings (network_id, item_id, valid_from_on, idr, per)
select $1, c.* from unnest($2::text[], $3::date[], $4::bigint[], $5::bigint[]) c
on conflict (network_id, item_id, valid_from_on) do update
set idr = excluded.idr, per = excluded.per;

-- name: price_import
select import_id, supplier_id, price_list_id, sha256, file_name, size_bytes, kind, valid_from_on,
       valid_until_on, tier_mode, state, outcome, version, position, recorded_at
from price_imports where network_id = $1 and import_id = $2;

-- paged: price_imports
-- The imports of the network, or of one supplier, by id, a page at a time.
select import_id, supplier_id, price_list_id, sha256, file_name, size_bytes, kind, valid_from_on,
       valid_until_on, tier_mode, state, outcome, version, position, recorded_at
from price_imports
where network_id = $1 and ($2::text is null or supplier_id = $2) and import_id > $3
order by import_id limit $4;

-- name: import_totals
-- The files of a supplier, or of all (`*`); always one row.
select coalesce(sum(files), 0)::bigint as rows, coalesce(sum(confirmed), 0)::bigint as confirmed
from price_import_sums where network_id = $1 and supplier_id = $2;

-- name: answers
-- What was said of the supplier's earlier files, then what was said of this one, which counts.
select question, answer, 1 as turn from supplier_answers
where network_id = $1 and supplier_id = $2
union all
select question, answer, 2 from price_import_answers where network_id = $1 and import_id = $3
order by turn;

-- name: items_known
-- The items that a table may mean: by id, by bar code, by what its supplier called them. Each of
-- thousands of names is one probe of an index; `= any` would compare every row with all of them.
select i.item_id, i.title, i.base_unit, i.case_size, i.gtin
from (select distinct item_id from unnest($2::text[]) w(item_id)) w
join items i on i.network_id = $1 and i.item_id = w.item_id
union
select i.item_id, i.title, i.base_unit, i.case_size, i.gtin
from (select distinct gtin from unnest($3::text[]) w(gtin)) w
join items i on i.network_id = $1 and i.gtin = w.gtin and i.gtin <> ''
union
select i.item_id, i.title, i.base_unit, i.case_size, i.gtin
from (select distinct goods_name from unnest($5::text[]) w(goods_name)) w
join supplier_goods g
  on g.network_id = $1 and g.supplier_id = $4 and g.goods_name = w.goods_name
join items i on i.network_id = $1 and i.item_id = g.item_id;

-- name: names_known
select g.goods_name, g.item_id
from (select distinct goods_name from unnest($3::text[]) w(goods_name)) w
join supplier_goods g
  on g.network_id = $1 and g.supplier_id = $2 and g.goods_name = w.goods_name;

-- name: in_force
-- What one supplier asks on a day, by item: of the lists that include it, the one starting last.
select o.item_id, p.price_list_id, p.valid_from_on, p.valid_until_on, p.tiers,
       p.case_size, p.min_cases
from offers o
cross join lateral (
  select price_list_id, valid_from_on, valid_until_on, tiers, case_size, min_cases, ended
  from prices
  where network_id = o.network_id and item_id = o.item_id and supplier_id = o.supplier_id
    and valid_from_on <= $3 and (valid_until_on is null or valid_until_on >= $3)
  order by valid_from_on desc limit 1) p
where o.network_id = $1 and o.supplier_id = $2 and not p.ended
order by o.item_id limit $4;

-- name: ceilings
-- The ceilings in force on a day for some items.
select distinct on (c.item_id) c.item_id, c.idr, c.per
from unnest($2::text[]) w(item_id)
join price_ceilings c on c.network_id = $1 and c.item_id = w.item_id and c.valid_from_on <= $3
order by c.item_id, c.valid_from_on desc;

-- name: goods_of_list
-- Everything that an export of a price list shows, by item.
select p.item_id, i.gtin, i.title, i.base_unit,
       coalesce(nullif(p.case_size, 0), i.case_size) as case_size, p.min_cases, p.tiers
from prices p
join items i on i.network_id = p.network_id and i.item_id = p.item_id
where p.network_id = $1 and p.price_list_id = $2 and not p.ended
order by p.item_id limit $3;
