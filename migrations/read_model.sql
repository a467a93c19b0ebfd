-- The read tables: folded from the log, dropped and built anew at will (`jaringan rebuild`).
-- A change of this file asks for a rebuild. Names are without a schema: the live tables stand in
-- `read`, those that a rebuild fills beside them in `read_next`.

-- bookkeeping

create table bookmarks (
  network_id bigint not null,
  projection text not null,
  position bigint not null,
  state text not null check (state in ('live', 'stopped')),
  error jsonb,
  primary key (network_id, projection)
);

-- registry

create table koperasi (
  network_id bigint not null,
  koperasi_id text not null,
  title text not null,
  region_code text not null,
  registration_no text not null,
  suspended boolean not null,
  reason text not null,
  version int not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, koperasi_id)
);

create table classifications (
  network_id bigint not null,
  koperasi_id text not null,
  valid_from_on date not null,
  vat_registered boolean not null,
  price_zone int not null,
  tax_id text not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, koperasi_id, valid_from_on)
);

create table suppliers (
  network_id bigint not null,
  supplier_id text not null,
  title text not null,
  suspended boolean not null,
  reason text not null,
  version int not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, supplier_id)
);

-- Bank accounts of suppliers: proposed by one person, in force when another one confirms them.
create table supplier_accounts (
  network_id bigint not null,
  supplier_id text not null,
  proposal_no int not null,
  bank_code text not null,
  account_no text not null,
  holder text not null,
  state text not null check (state in ('proposed', 'in_force', 'replaced', 'withdrawn')),
  proposed_by text not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, supplier_id, proposal_no)
);
create index supplier_accounts_proposed on supplier_accounts (network_id) where state = 'proposed';

create table rules (
  network_id bigint not null,
  rule_id text not null,
  version_no int not null,
  valid_from_on date not null,
  rule_values bytea not null,
  source text not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, rule_id, version_no)
);

-- How many koperasi and suppliers there are: lists say so without counting them.
create table register_sums (
  network_id bigint not null,
  register text not null check (register in ('koperasi', 'suppliers')),
  entries bigint not null,
  suspended bigint not null,
  primary key (network_id, register)
);

-- contacts: persons without their values, which no read table holds

create table contacts (
  network_id bigint not null,
  subject_id text not null,
  koperasi_id text,
  supplier_id text,
  roles text[] not null,
  fields text[] not null,
  consented_on date,
  withdrawn_position bigint not null,
  erasure_asked_by text,
  erasure_asked_at timestamptz,
  erased_at timestamptz,
  version int not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, subject_id)
);
-- Contacts with a role, or all of them (`*`); those of koperasi besides.
create table contact_sums (
  network_id bigint not null,
  role text not null,
  persons bigint not null,
  of_koperasi bigint not null,
  primary key (network_id, role)
);

create index contacts_of_koperasi on contacts (network_id, koperasi_id, subject_id);
create index contacts_to_erase on contacts (network_id)
  where erasure_asked_by is not null and erased_at is null;
create index contacts_of_supplier on contacts (network_id, supplier_id, subject_id);

-- catalog

create table items (
  network_id bigint not null,
  item_id text not null,
  title text not null,
  base_unit text not null,
  case_size bigint not null,
  gtin text not null,
  tax_class text,
  commodity text not null default '',
  weight_g bigint not null default 0,
  volume_ml bigint not null default 0,
  deposit_idr bigint not null default 0,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, item_id)
);

create table item_sums (
  network_id bigint not null,
  items bigint not null,
  primary key (network_id)
);

create table price_lists (
  network_id bigint not null,
  price_list_id text not null,
  supplier_id text not null,
  valid_from_on date not null,
  valid_until_on date,
  tier_mode text not null,
  row_count int not null,
  ended_count int not null,
  minimum_idr bigint not null,
  delivery_idr bigint not null,
  lead_days int,
  source text not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, price_list_id)
);

-- Price lists of a supplier, or of all (`*`), by the day from which they hold, and the day from
-- which they no longer do: how many hold on a day takes no look at each.
create table price_list_days (
  network_id bigint not null,
  supplier_id text not null,
  day_on date not null,
  begun bigint not null,
  ended bigint not null,
  primary key (network_id, supplier_id, day_on)
);

create index price_lists_by_supplier on price_lists (network_id, supplier_id, price_list_id);

-- With `ended`, that there is no price from a day on.
create table prices (
  network_id bigint not null,
  price_list_id text not null,
  item_id text not null,
  supplier_id text not null,
  valid_from_on date not null,
  valid_until_on date,
  tier_mode text not null,
  tiers bytea not null,
  case_size bigint not null,
  min_cases bigint not null,
  ended boolean not null,
  primary key (network_id, price_list_id, item_id)
);

create index prices_by_item on prices (network_id, item_id, supplier_id, valid_from_on);

-- Which suppliers ever had a price for an item: the way into `prices_by_item`.
create table offers (
  network_id bigint not null,
  item_id text not null,
  supplier_id text not null,
  primary key (network_id, item_id, supplier_id)
);

create index items_by_gtin on items (network_id, gtin) where gtin <> '';

create index offers_by_supplier on offers (network_id, supplier_id, item_id);

create table price_imports (
  network_id bigint not null,
  import_id text not null,
  supplier_id text not null,
  price_list_id text not null,
  sha256 text not null,
  file_name text not null,
  size_bytes int not null,
  kind text not null,
  valid_from_on date not null,
  valid_until_on date,
  tier_mode text not null,
  state text not null check (state in ('received', 'confirmed')),
  outcome bytea,
  version int not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, import_id)
);

-- Files of a supplier, or of all (`*`).
create table price_import_sums (
  network_id bigint not null,
  supplier_id text not null,
  files bigint not null,
  confirmed bigint not null,
  primary key (network_id, supplier_id)
);

create index price_imports_by_supplier on price_imports (network_id, supplier_id, import_id);

create table price_import_answers (
  network_id bigint not null,
  import_id text not null,
  question text not null,
  answer text not null,
  primary key (network_id, import_id, question)
);

-- What is known of a supplier's tables from those that came before.
create table supplier_answers (
  network_id bigint not null,
  supplier_id text not null,
  question text not null,
  answer text not null,
  primary key (network_id, supplier_id, question)
);

create table supplier_goods (
  network_id bigint not null,
  supplier_id text not null,
  goods_name text not null,
  item_id text not null,
  primary key (network_id, supplier_id, goods_name)
);

-- The lowest legal ceiling of an item by the day from which it holds.
create table price_ceilings (
  network_id bigint not null,
  item_id text not null,
  valid_from_on date not null,
  idr bigint not null,
  per bigint not null,
  primary key (network_id, item_id, valid_from_on)
);

-- sourcing

-- Who was chosen to deliver an item; `best_idr` is what the cheapest offer came to, `offers` are
-- all that were looked at, as JSON.
create table choices (
  network_id bigint not null,
  choice_id text not null,
  item_id text not null,
  quantity bigint not null,
  priced_on date not null,
  supplier_id text not null,
  reason text not null,
  total_idr bigint not null,
  best_idr bigint not null,
  offers bytea not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, choice_id)
);

create index choices_by_item on choices (network_id, item_id, choice_id);
create index choices_by_supplier on choices (network_id, supplier_id, choice_id);

-- shares

create table share_accounts (
  network_id bigint not null,
  koperasi_id text not null,
  pledged_idr bigint not null,
  paid_idr bigint not null,
  pledges int not null,
  payments int not null,
  position bigint not null,
  primary key (network_id, koperasi_id)
);

create table share_entries (
  network_id bigint not null,
  koperasi_id text not null,
  position bigint not null,
  kind text not null check (kind in ('pledge', 'payment')),
  entry_no int not null,
  amount_idr bigint not null,
  paid_on date,
  reference text not null,
  rule text not null,
  rule_version_no int,
  recorded_at timestamptz not null,
  primary key (network_id, koperasi_id, position)
);

create table share_totals (
  network_id bigint not null,
  koperasi_count int not null,
  pledged_idr bigint not null,
  paid_idr bigint not null,
  primary key (network_id)
);

create table share_rules (
  network_id bigint not null,
  valid_from_on date not null,
  version_no int not null,
  minimum_idr bigint,
  target_idr bigint,
  primary key (network_id, valid_from_on)
);

-- cycles

create table cycles (
  network_id bigint not null,
  cycle_id text not null,
  title text not null,
  opens_at timestamptz not null,
  closes_at timestamptz not null,
  prices text not null,
  priced_on date not null,
  fill_from_at timestamptz,
  minimum text not null,
  keep_days int not null,
  keep_times int not null,
  kept int not null,
  sharing text not null,
  priority text[] not null,
  tier_drop text not null,
  late_seconds int not null,
  host text not null,
  version int not null,
  state text not null check (state in (
    'draft', 'open', 'box_fill', 'closed', 'cancelled', 'consolidated', 'sent', 'acknowledged')),
  opened_position bigint,
  closed_position bigint,
  consolidated_orders int,
  order_lines bigint,
  amount_idr bigint,
  alone_idr bigint,
  primary key (network_id, cycle_id)
);

create index cycles_by_state on cycles (network_id, state, closes_at);
create index cycles_by_day on cycles (network_id, closes_at);

-- The sums of all cycles in a state.
create table cycle_sums (
  network_id bigint not null,
  state text not null,
  cycles bigint not null,
  consolidated_orders bigint not null,
  order_lines bigint not null,
  amount_idr bigint not null,
  alone_idr bigint not null,
  primary key (network_id, state)
);

create table orders (
  network_id bigint not null,
  order_id uuid not null,
  cycle_id text not null,
  koperasi_id text not null,
  version int not null,
  state text not null check (state in ('placed', 'cancelled')),
  lines bytea not null,
  client_at timestamptz,
  placed_position bigint not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, order_id)
);

create index orders_by_koperasi on orders (network_id, koperasi_id, cycle_id, order_id);

-- What each koperasi orders of each item, and since when it has done so without a break: the
-- ground of sharing at the close.
create table demand (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  item_id text not null,
  koperasi_id text not null,
  quantity bigint not null,
  order_lines bigint not null,
  amount_idr bigint not null,
  discount_idr bigint not null,
  tolerance bigint not null,
  least bigint not null,
  first_position bigint not null,
  primary key (network_id, cycle_id, supplier_id, item_id, koperasi_id)
);

-- What the group orders of each item, while the cycle is open and after.
create table totals (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  item_id text not null,
  quantity bigint not null,
  order_lines bigint not null,
  amount_idr bigint not null,
  discount_idr bigint not null,
  tolerance bigint not null,
  primary key (network_id, cycle_id, supplier_id, item_id)
);

create table consolidated_orders (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  item_count int not null,
  quantity bigint not null,
  order_lines bigint not null,
  amount_idr bigint not null,
  alone_idr bigint not null,
  placed_position bigint not null,
  primary key (network_id, cycle_id, supplier_id)
);

-- `declined_firm` and `declined_tolerance` are the part of `firm` and `tolerance` of koperasi for
-- whom nothing is ordered, since that were less than they accept, or below a minimum.
create table consolidated_lines (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  item_id text not null,
  quantity bigint not null,
  order_lines bigint not null,
  amount_idr bigint not null,
  alone_idr bigint not null,
  price_list text not null,
  price_idr bigint,
  price_per bigint not null,
  cases bigint not null,
  case_size bigint not null,
  firm bigint not null,
  tolerance bigint not null,
  reason text not null,
  declined_firm bigint not null default 0,
  declined_tolerance bigint not null default 0,
  primary key (network_id, cycle_id, supplier_id, item_id)
);

-- What each koperasi may expect of each item, and what that was decided on.
create table entitlements (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  item_id text not null,
  koperasi_id text not null,
  firm bigint not null,
  tolerance bigint not null,
  least bigint not null,
  granted bigint not null,
  alone_idr bigint not null,
  first_position bigint not null,
  reason text not null,
  primary key (network_id, cycle_id, supplier_id, item_id, koperasi_id)
);

-- The same for one koperasi of a cycle, by what it ordered: nobody expects what he did not order,
-- and an index by koperasi would cost a close more than the table does. Ask for all three ids.
create view entitlements_of_koperasi with (security_invoker = true) as
select o.network_id, o.cycle_id, o.koperasi_id, o.supplier_id, o.item_id, e.firm, e.tolerance,
       e.least, e.first_position, e.granted, e.alone_idr, e.reason
from (
  select distinct o.network_id, o.cycle_id, o.koperasi_id, l.supplier_id, l.item_id
  from orders o
  cross join lateral jsonb_to_recordset(convert_from(o.lines, 'UTF8')::jsonb)
    l(supplier_id text, item_id text)) o
cross join lateral (
  select * from entitlements e
  where e.network_id = o.network_id and e.cycle_id = o.cycle_id
    and e.supplier_id = o.supplier_id and e.item_id = o.item_id
    and e.koperasi_id = o.koperasi_id limit 1) e;

-- Suppliers whose minimum a cycle missed, and what the operator decided; null while it is asked.
create table minimums (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  minimum_idr bigint not null,
  goods_idr bigint not null,
  item_ids text[] not null,
  decision text,
  reason text not null,
  position bigint not null,
  primary key (network_id, cycle_id, supplier_id)
);

-- How far each consolidated order has come, by what cycles know of it. `version` counts the facts
-- of its stream; `told` is the revision that the supplier was told last, `untold` that there is
-- another one since.
create table order_states (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  state text not null check (state in ('placed', 'sent', 'acknowledged', 'withdrawn')),
  version int not null,
  told int not null,
  untold boolean not null,
  reference text not null,
  proposed_idr bigint,
  proposed_by text,
  proposed_at timestamptz,
  position bigint not null,
  primary key (network_id, cycle_id, supplier_id)
);
create index order_states_proposed on order_states (network_id) where proposed_by is not null;

-- The sums of `order_states` in a state, of one supplier or of all (`*`): of these `placed` have a
-- consolidated order, which holds the rest. Others were withdrawn, or wait for a missed minimum.
create table order_sums (
  network_id bigint not null,
  supplier_id text not null,
  state text not null,
  orders bigint not null,
  placed bigint not null,
  untold bigint not null,
  item_count bigint not null,
  order_lines bigint not null,
  amount_idr bigint not null,
  alone_idr bigint not null,
  primary key (network_id, supplier_id, state)
);

-- What a supplier will deliver of the items that it did not accept whole.
create table acknowledged_lines (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  item_id text not null,
  revision int not null,
  cases bigint not null,
  reason text not null,
  primary key (network_id, cycle_id, supplier_id, item_id)
);

-- Who paid for lost tiers, and who was relieved of what they cost.
create table tier_drops (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  item_id text not null,
  koperasi_id text not null,
  position bigint not null,
  charged_idr bigint not null,
  relieved_idr bigint not null,
  primary key (network_id, cycle_id, supplier_id, item_id, koperasi_id, position)
);

create index tier_drops_in_order on tier_drops (network_id, position, item_id, koperasi_id);
create index tier_drops_by_koperasi on tier_drops (network_id, koperasi_id, cycle_id);

-- prices

-- What is observed in a region, in the order of the source's table.
create table market_commodities (
  network_id bigint not null,
  region_code text not null,
  commodity text not null,
  code text not null,
  unit text not null,
  place int not null,
  primary key (network_id, region_code, commodity)
);

create table market_prices (
  network_id bigint not null,
  region_code text not null,
  commodity text not null,
  day_on date not null,
  idr bigint not null,
  unit text not null,
  late boolean not null,
  source text not null,
  observation_id text not null,
  position bigint not null,
  primary key (network_id, region_code, commodity, day_on)
);

create index market_prices_by_day on market_prices (network_id, day_on, region_code, commodity);

-- fulfilment

-- A consolidated order whose goods are followed to the door. `changes` counts what may have
-- moved entitlements after they were granted.
create table delivery_states (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  state text not null check (state in ('expected', 'receiving', 'received')),
  sharing text not null,
  changes int not null,
  receipts int not null,
  last_received_on date,
  reason text not null,
  primary key (network_id, cycle_id, supplier_id)
);

-- What arrived of one of its items, and where it went. What is ordered stands in
-- `consolidated_lines`.
create table delivery_items (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  item_id text not null,
  accepted bigint not null default 0,
  rejected bigint not null default 0,
  given bigint not null default 0,
  goods_idr bigint not null default 0,
  alone_idr bigint not null default 0,
  waiting bigint not null default 0,
  returned bigint not null default 0,
  stocked bigint not null default 0,
  primary key (network_id, cycle_id, supplier_id, item_id)
);

-- What is ordered of each item beside what came of it: a probe of `delivery_items` for each line.
-- Lines without firm units are of orders that nobody follows.
create view lines_delivered with (security_invoker = true) as
select l.network_id, l.cycle_id, l.supplier_id, l.item_id, l.firm, l.quantity,
       case when l.firm > 0 then l.quantity else 0 end as ordered,
       coalesce(i.accepted, 0) as accepted, coalesce(i.rejected, 0) as rejected,
       coalesce(i.given, 0) as given, coalesce(i.goods_idr, 0) as goods_idr,
       coalesce(i.alone_idr, 0) as alone_idr, coalesce(i.waiting, 0) as waiting
from consolidated_lines l
left join lateral (
  select * from delivery_items i
  where i.network_id = l.network_id and i.cycle_id = l.cycle_id
    and i.supplier_id = l.supplier_id and i.item_id = l.item_id limit 1) i on true;

-- What each koperasi got of each item. What it may expect stands in `entitlements`; one that only
-- took surplus has no row there.
create table deliveries (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  item_id text not null,
  koperasi_id text not null,
  received bigint not null,
  goods_idr bigint not null,
  alone_idr bigint not null,
  primary key (network_id, cycle_id, supplier_id, item_id, koperasi_id)
) with (fillfactor = 50);

create index deliveries_by_koperasi on deliveries (network_id, cycle_id, koperasi_id);

-- What each koperasi got of each receipt, and what it could claim just then.
create table portions (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  item_id text not null,
  koperasi_id text not null,
  position bigint not null,
  receipt_id text not null,
  outstanding bigint not null,
  tolerance bigint not null,
  units bigint not null,
  goods_idr bigint not null,
  primary key (network_id, koperasi_id, cycle_id, supplier_id, item_id, position)
);

create table receipts (
  network_id bigint not null,
  receipt_id text not null,
  cycle_id text not null,
  supplier_id text not null,
  received_on date not null,
  reference text not null,
  line_count int not null,
  accepted bigint not null,
  rejected bigint not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, receipt_id)
);

create index receipts_by_cycle on receipts (network_id, cycle_id, position);

-- `outstanding` and `tolerance` are the sums of what all koperasi could claim just then; of the
-- `accepted` units `shared_units` have been shared out, all of them when it is `shared`.
create table receipt_lines (
  network_id bigint not null,
  receipt_id text not null,
  item_id text not null,
  cycle_id text not null,
  supplier_id text not null,
  position bigint not null,
  accepted bigint not null,
  rejected bigint not null,
  reason text not null,
  corrections int not null default 0,
  shared boolean not null,
  shared_units bigint not null default 0,
  sharing text not null default '',
  outstanding bigint not null default 0,
  tolerance bigint not null default 0,
  given bigint not null default 0,
  goods_idr bigint not null default 0,
  surplus bigint not null default 0,
  waiting bigint not null default 0,
  primary key (network_id, receipt_id, item_id)
);

create index receipt_lines_unshared on receipt_lines (network_id, position, item_id)
  where not shared;
create index receipt_lines_waiting on receipt_lines (network_id, position, item_id)
  where waiting > 0;

-- invoicing

-- What of each item was accepted, went back, was given to somebody, and is costed.
create table goods_kept (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  item_id text not null,
  accepted bigint not null,
  returned bigint not null,
  given bigint not null,
  goods_idr bigint not null,
  costed bigint not null,
  primary key (network_id, cycle_id, supplier_id, item_id)
);

create table item_weights (
  network_id bigint not null,
  item_id text not null,
  weight_g bigint not null,
  volume_ml bigint not null,
  primary key (network_id, item_id)
);

-- What the goods of one item came to cost one koperasi: given at the order's price, invoiced, and
-- all that was added.
create table costs (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  item_id text not null,
  koperasi_id text not null,
  units bigint not null,
  goods_idr bigint not null,
  invoiced_units bigint not null,
  invoiced_idr bigint not null,
  variance_idr bigint not null,
  freight_idr bigint not null,
  fee_idr bigint not null,
  ppn_idr bigint not null,
  creditable_idr bigint not null,
  rebate_idr bigint not null,
  own_rebate_idr bigint not null,
  deposit_idr bigint not null,
  first_seen bigint not null,
  primary key (network_id, cycle_id, supplier_id, item_id, koperasi_id)
);

create index costs_by_koperasi on costs (network_id, koperasi_id, cycle_id, supplier_id, item_id);
create index costs_by_supplier on costs (network_id, supplier_id, cycle_id, item_id, koperasi_id);

-- The same, summed over items: totals without reading all rows. `*` stands for all koperasi of a
-- supplier, for all cycles, or for all cycles and suppliers of a koperasi; `costs` are the rows.
create table cost_sums (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  koperasi_id text not null,
  goods_idr bigint not null,
  invoiced_idr bigint not null,
  variance_idr bigint not null,
  freight_idr bigint not null,
  fee_idr bigint not null,
  ppn_idr bigint not null,
  creditable_idr bigint not null,
  rebate_idr bigint not null,
  own_rebate_idr bigint not null,
  deposit_idr bigint not null,
  costs bigint not null,
  primary key (network_id, koperasi_id, cycle_id, supplier_id)
);

create table supplier_invoices (
  network_id bigint not null,
  invoice_id text not null,
  cycle_id text not null,
  supplier_id text not null,
  invoice_no text not null,
  tax_invoice_no text not null,
  invoiced_on date not null,
  held boolean not null,
  refused boolean not null,
  decision_reason text not null,
  line_count int not null,
  goods_idr bigint not null,
  ppn_idr bigint not null,
  deposit_idr bigint not null,
  claimed_idr bigint not null,
  paid_idr bigint not null,
  parts int not null,
  version int not null,
  matching_version_no int not null,
  ppn_version_no int not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, invoice_id)
);

create index supplier_invoices_by_order
  on supplier_invoices (network_id, cycle_id, supplier_id, invoice_id);
create index supplier_invoices_by_day on supplier_invoices (network_id, invoiced_on);

-- `units` are paid for; `payable_position` is where they came to be owed, null while held.
create table supplier_invoice_lines (
  network_id bigint not null,
  invoice_id text not null,
  line_no int not null,
  cycle_id text not null,
  supplier_id text not null,
  item_id text not null,
  billed bigint not null,
  accepted bigint not null,
  units bigint not null,
  goods_idr bigint not null,
  expected_idr bigint not null,
  ppn_idr bigint not null,
  expected_ppn_idr bigint not null,
  deposit_idr bigint not null,
  claimed_idr bigint not null,
  claimed_ppn_idr bigint not null,
  claimed_deposit_idr bigint not null,
  outcome text not null,
  reason text not null,
  payable_position bigint,
  returned bigint not null,
  costed bigint not null,
  primary key (network_id, invoice_id, line_no)
);

-- The queue of lines that wait to be costed, item by item.
create index lines_to_cost
  on supplier_invoice_lines (network_id, cycle_id, supplier_id, item_id, payable_position)
  where payable_position is not null and costed + returned < units;

create table debit_notes (
  network_id bigint not null,
  debit_note_id text not null,
  invoice_id text not null,
  cycle_id text not null,
  supplier_id text not null,
  reason text not null,
  goods_idr bigint not null,
  ppn_idr bigint not null,
  deposit_idr bigint not null,
  lines bytea not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, debit_note_id)
);

create index debit_notes_by_order on debit_notes (network_id, cycle_id, supplier_id, debit_note_id);
create index debit_notes_by_time on debit_notes (network_id, recorded_at);

-- Money that went to suppliers (`payment`) or came back from them (`rebate`).
create table supplier_payments (
  network_id bigint not null,
  kind text not null check (kind in ('payment', 'rebate')),
  payment_id text not null,
  invoice_id text not null,
  cycle_id text not null,
  supplier_id text not null,
  amount_idr bigint not null,
  paid_on date not null,
  reference text not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, kind, payment_id)
);

create index supplier_payments_by_order
  on supplier_payments (network_id, kind, cycle_id, supplier_id, payment_id);
create index supplier_payments_by_day on supplier_payments (network_id, kind, paid_on);

-- One row per consolidated order: what was accepted, billed, claimed back, paid.
create table invoice_states (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  kept_units bigint not null,
  costed_units bigint not null,
  invoices bigint not null,
  held bigint not null,
  billed_idr bigint not null,
  held_idr bigint not null,
  claimed_idr bigint not null,
  paid_idr bigint not null,
  rebate_idr bigint not null,
  rebate_received_idr bigint not null,
  primary key (network_id, cycle_id, supplier_id)
);

-- A bill for bringing goods as it stands, and its bills one by one: each one's difference to the
-- one before is split over lines, then shared by koperasi.
create table charges (
  network_id bigint not null,
  charge_id text not null,
  cycle_id text not null,
  supplier_id text not null,
  payee text not null,
  kind text not null,
  key text not null,
  bill_no int not null,
  amount_idr bigint not null,
  shared_idr bigint not null,
  billed_on date not null,
  reference text not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, charge_id)
);

create index charges_by_cycle on charges (network_id, cycle_id, charge_id);

create index charges_by_day on charges (network_id, billed_on);

create table charge_bills (
  network_id bigint not null,
  charge_id text not null,
  bill_no int not null,
  cycle_id text not null,
  supplier_id text not null,
  key text not null,
  manual bytea not null,
  amount_idr bigint not null,
  difference_idr bigint not null,
  shared_idr bigint not null,
  weighed int not null,
  parts int not null,
  billed_on date not null,
  reference text not null,
  position bigint not null,
  primary key (network_id, charge_id, bill_no)
);

create index charge_bills_open on charge_bills (network_id, position)
  where shared_idr <> difference_idr;

create table charge_lines (
  network_id bigint not null,
  charge_id text not null,
  bill_no int not null,
  supplier_id text not null,
  item_id text not null,
  units bigint not null,
  goods_idr bigint not null,
  each bigint not null,
  amount_idr bigint not null,
  shared_idr bigint not null,
  primary key (network_id, charge_id, bill_no, supplier_id, item_id)
);

create index charge_lines_open on charge_lines (network_id, charge_id, bill_no, supplier_id, item_id)
  where shared_idr <> amount_idr;

create table charge_shares (
  network_id bigint not null,
  charge_id text not null,
  koperasi_id text not null,
  cycle_id text not null,
  amount_idr bigint not null,
  primary key (network_id, charge_id, koperasi_id)
);

create index charge_shares_by_koperasi on charge_shares (network_id, koperasi_id, charge_id);

-- Charges as they are shown: whether the last bill says what each item weighs, and whether anybody
-- was given goods of which it could be a cost.
create view charges_shown with (security_invoker = true) as
select c.network_id, c.charge_id, c.cycle_id, c.supplier_id as supplier, c.payee, c.kind, c.key,
       c.bill_no, c.amount_idr, c.shared_idr, c.billed_on, c.reference, c.position, c.recorded_at,
       exists (select from charge_lines l where l.network_id = c.network_id
               and l.charge_id = c.charge_id and l.bill_no = c.bill_no) as weighed,
       exists (select from goods_kept k where k.network_id = c.network_id
               and k.cycle_id = c.cycle_id
               and (c.supplier_id = '' or k.supplier_id = c.supplier_id) and k.given > 0) as goods
from charges c;

-- sales

create table sales (
  network_id bigint not null,
  sale_id uuid not null,
  koperasi_id text not null,
  sold_on date not null,
  customer text not null,
  lines bytea not null,
  amount_idr bigint not null,
  ppn_idr bigint not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, sale_id)
);

create table sold_goods (
  network_id bigint not null,
  sold_on date not null,
  koperasi_id text not null,
  item_id text not null,
  quantity bigint not null,
  amount_idr bigint not null,
  ppn_idr bigint not null,
  sale_lines bigint not null,
  primary key (network_id, sold_on, koperasi_id, item_id)
);

create index sold_goods_by_koperasi on sold_goods (network_id, koperasi_id, sold_on, item_id);
create index sold_goods_by_item on sold_goods (network_id, item_id, sold_on, koperasi_id);

create table sale_flags (
  network_id bigint not null,
  position bigint not null,
  line_no int not null,
  flag text not null,
  koperasi_id text not null,
  sale_id uuid not null,
  sold_on date not null,
  item_id text not null,
  customer text not null,
  quantity bigint not null,
  amount_idr bigint not null,
  rule_id text not null,
  rule_version_no int not null,
  recorded_at timestamptz not null,
  primary key (network_id, position, line_no, flag, rule_id)
);

create index sale_flags_by_day on sale_flags (network_id, sold_on, koperasi_id);

-- margin

-- One row moves an amount from an account to another, so debit = credit by construction. It counts
-- on `posted_on`; `document_on` is earlier where that month was closed already.
create table postings (
  network_id bigint not null,
  position bigint not null,
  line_no int not null,
  posted_on date not null,
  document_on date not null,
  cycle_id text not null,
  supplier_id text not null,
  koperasi_id text not null,
  debit_account text not null,
  debit_party text not null,
  credit_account text not null,
  credit_party text not null,
  amount_idr bigint not null check (amount_idr > 0),
  primary key (network_id, position, line_no)
);

-- Whole events in blocks of some ten thousand postings: what lies between two balances.
create table posting_blocks (
  network_id bigint not null,
  block int not null,
  first_position bigint not null,
  last_position bigint not null,
  postings int not null,
  first_on date not null,
  last_on date not null,
  primary key (network_id, block)
);

create index posting_blocks_by_position on posting_blocks (network_id, first_position);

-- All that was ever debited and credited up to the end of a block, for the whole network (no
-- subject), one koperasi, supplier or cycle, or an account's own party. A row only where the
-- block moved it.
create table balances (
  network_id bigint not null,
  subject text not null,
  subject_id text not null,
  account text not null,
  block int not null,
  debit_idr bigint not null,
  credit_idr bigint not null,
  primary key (network_id, subject, subject_id, account, block)
);

-- The same subjects, what a day moved.
create table day_sums (
  network_id bigint not null,
  subject text not null,
  subject_id text not null,
  posted_on date not null,
  account text not null,
  debit_idr bigint not null,
  credit_idr bigint not null,
  primary key (network_id, subject, subject_id, posted_on, account)
);

-- The day of receipts and bills that later events only name.
create table document_days (
  network_id bigint not null,
  document text not null,
  document_on date not null,
  primary key (network_id, document)
);

create table closed_months (
  network_id bigint not null,
  month_id text not null,
  ends_on date not null,
  closed_position bigint not null,
  closed_at timestamptz not null,
  carried_position bigint,
  debit_idr bigint,
  credit_idr bigint,
  primary key (network_id, month_id)
);

create table month_balances (
  network_id bigint not null,
  month_id text not null,
  account text not null,
  debit_idr bigint not null,
  credit_idr bigint not null,
  primary key (network_id, month_id, account)
);

-- What goods of an item cost a koperasi, by cycle and supplier, and how much of it is sold.
create table stock_layers (
  network_id bigint not null,
  cycle_id text not null,
  koperasi_id text not null,
  supplier_id text not null,
  item_id text not null,
  first_position bigint not null,
  position bigint not null,
  expected_units bigint not null,
  units bigint not null,
  sold_units bigint not null default 0,
  alone_idr bigint not null,
  goods_idr bigint not null,
  variance_idr bigint not null,
  freight_idr bigint not null,
  fee_idr bigint not null,
  ppn_idr bigint not null,
  ppn_credit_idr bigint not null,
  rebate_idr bigint not null,
  charge_idr bigint not null,
  revenue_idr bigint not null default 0,
  cogs_idr bigint not null default 0,
  primary key (network_id, cycle_id, koperasi_id, supplier_id, item_id)
);

create index stock_layers_by_item on stock_layers (network_id, koperasi_id, item_id);

-- Units sold that nobody saw come; negative: come back that nobody saw go.
create table unknown_stock (
  network_id bigint not null,
  koperasi_id text not null,
  item_id text not null,
  units bigint not null,
  revenue_idr bigint not null,
  primary key (network_id, koperasi_id, item_id)
);

-- Consolidated orders of which something came: their forecast has given way to facts.
create table delivered_orders (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  primary key (network_id, cycle_id, supplier_id)
);

-- `*` stands for all koperasi, all cycles or all suppliers. Without a cycle: sales of goods that
-- nobody saw come. `month` is the first day of the month in which it counts.
create table margins (
  network_id bigint not null,
  koperasi_id text not null,
  cycle_id text not null,
  supplier_id text not null,
  month date not null,
  ordered_idr bigint not null,
  amount_idr bigint not null,
  alone_idr bigint not null,
  goods_idr bigint not null,
  variance_idr bigint not null default 0,
  freight_idr bigint not null default 0,
  fee_idr bigint not null default 0,
  ppn_idr bigint not null default 0,
  ppn_credit_idr bigint not null default 0,
  rebate_idr bigint not null default 0,
  charge_idr bigint not null default 0,
  revenue_idr bigint not null default 0,
  cogs_idr bigint not null default 0,
  primary key (network_id, supplier_id, koperasi_id, cycle_id, month)
);

create index margins_by_cycle on margins (network_id, cycle_id, supplier_id, koperasi_id);

-- What koperasi are expected to pay one supplier in one cycle, until the first goods come: a row
-- holds some hundred of them, as the event at `position` does, since a row for each is much of what
-- it costs to close a cycle. Sums by koperasi and by supplier stand in `margins`. An order that is
-- amended gets another row, of what each is to pay more or less.
create table forecasts (
  network_id bigint not null,
  supplier_id text not null,
  cycle_id text not null,
  position bigint not null,
  month date not null,
  first_koperasi text collate "C" not null,
  last_koperasi text collate "C" not null,
  koperasi_ids text[] not null,
  amounts_idr bigint[] not null,
  alone_idr bigint[] not null,
  primary key (network_id, supplier_id, cycle_id, position)
);

-- The same for who may see them, in one cycle or all, of one koperasi or all: in `forecasts` no row
-- is of one koperasi, so the policies below show it to those who see all.
create function forecasts_of(p_network bigint, p_supplier text, p_cycle text, p_koperasi text)
returns table (koperasi_id text, cycle_id text, month date, amount_idr bigint, alone_idr bigint)
language sql stable security definer
begin atomic
  select s.koperasi_id, f.cycle_id, f.month, s.amount_idr, s.alone_idr
  from forecasts f
  cross join lateral unnest(f.koperasi_ids, f.amounts_idr, f.alone_idr)
    s(koperasi_id, amount_idr, alone_idr)
  where f.network_id = p_network
    and f.network_id = nullif(current_setting('ju.network', true), '')::bigint
    and f.supplier_id = p_supplier and (p_cycle is null or f.cycle_id = p_cycle)
    and (p_koperasi is null or s.koperasi_id = p_koperasi
      and p_koperasi collate "C" between f.first_koperasi and f.last_koperasi)
    and current_setting('ju.koperasi', true) in ('*', s.koperasi_id)
    and current_setting('ju.supplier', true) in ('*', f.supplier_id); end;

-- what lists come to

-- The totals of lists that grow for ever: of the whole network (no subject), one koperasi or one
-- supplier; of a part of these, or of all of it (`*`); of a day, or of all days (`-infinity`).
-- Amounts are numeric since a sum may be more than any of its rows could be.
create table list_sums (
  network_id bigint not null,
  list text not null,
  subject text not null,
  subject_id text not null,
  part text not null,
  day_on date not null,
  figure text not null,
  amount numeric not null,
  primary key (network_id, list, subject, subject_id, part, day_on, figure)
);

create index list_sums_empty on list_sums (network_id, list) where amount = 0;

-- changes

-- What was created, changed or deleted, by who is told. It grows in the order of the log.
create table changes (
  network_id bigint not null,
  audience text collate "C" not null,
  position bigint not null,
  kind text collate "C" not null,
  id text collate "C" not null,
  change text not null,
  primary key (network_id, audience, position, kind, id)
);

create index changes_by_position on changes using brin (position) with (autosummarize);

-- The days whose changes are kept, and where each begins.
create table change_days (
  network_id bigint not null,
  recorded_on date not null,
  first_position bigint not null,
  primary key (network_id, recorded_on)
);

-- who sees what

-- The second line behind the `where` of every query: rows that a caller may not see are not there,
-- whatever a query asks for. The first statement of each reading says who looks (`door.reading`):
-- `ju.network`; `ju.koperasi` and `ju.supplier`, an id or `*` for all of them. What is not said
-- shows nothing. This stands at the end, so that no table above is forgotten: a column
-- `koperasi_id`, `supplier_id`, `subject_id` or `audience` says whose its rows are, and a table without any is
-- shown to those who see all, as long as it is not named here.
do $$
declare
  -- What everybody in the network may know.
  v_common constant text[] := '{
    register_sums, rules, items, item_sums, item_weights, price_ceilings, cycles, cycle_sums,
    market_commodities, market_prices,
    share_totals, share_rules, posting_blocks, change_days}';
  -- Rows of many koperasi, which nobody sees who does not see all.
  v_blocks constant text[] := '{forecasts}';
  -- What is of a koperasi or of a supplier, never of both.
  v_either constant text[] := '{contacts}';
  -- What concerns a supplier, and is shown to koperasi and to the city office too.
  v_shared constant text[] := '{
    suppliers, price_lists, price_list_days, prices, offers, choices, totals, consolidated_orders,
    consolidated_lines, order_states, order_sums, delivery_states, delivery_items, receipts,
    receipt_lines,
    goods_kept, charges}';
  -- `(select …)` is asked once a query and not once a row.
  v_network constant text := $rule$
    network_id = (select nullif(current_setting('ju.network', true), '')::bigint)$rule$;
  v_all_koperasi constant text := $rule$
    (select current_setting('ju.koperasi', true)) = '*'$rule$;
  v_all_suppliers constant text := $rule$
    (select current_setting('ju.supplier', true)) = '*'$rule$;
  v_own_koperasi constant text := $rule$
    %I = (select nullif(current_setting('ju.koperasi', true), ''))$rule$;
  v_own_supplier constant text := $rule$
    %I = (select nullif(current_setting('ju.supplier', true), ''))$rule$;
  v_all constant text := format('(%s and %s)', v_all_koperasi, v_all_suppliers);
  v_told constant text := $rule$
    audience = any (select unnest(array['everyone', 'board', 'traders',
      'koperasi:' || current_setting('ju.koperasi', true),
      'supplier:' || current_setting('ju.supplier', true)]))$rule$;
  v_table record;
  v_rule text;
begin
  for v_table in
    select c.relname as name, array_agg(a.attname::text) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
    group by c.relname
  loop
    v_rule := case
      when v_table.name = 'bookmarks' then 'true'  -- how far the tables have come, of nobody
      when v_table.name = any (v_blocks) then v_all
      when v_table.name = any (v_either) then
        format('(%s or %s or %s)', v_all,
          format(v_own_koperasi, 'koperasi_id'), format(v_own_supplier, 'supplier_id'))
      when 'koperasi_id' = any (v_table.columns) and 'supplier_id' = any (v_table.columns) then
        format('(%s or %s) and (%s or %s)',
          v_all_koperasi, format(v_own_koperasi, 'koperasi_id'),
          v_all_suppliers, format(v_own_supplier, 'supplier_id'))
      when 'koperasi_id' = any (v_table.columns) then
        format('(%s or %s)', v_all_koperasi, format(v_own_koperasi, 'koperasi_id'))
      when 'supplier_id' = any (v_table.columns) then
        format('(%s or %s)',
          case when v_table.name = any (v_shared) then v_all_suppliers else v_all end,
          format(v_own_supplier, 'supplier_id'))
      when 'subject_id' = any (v_table.columns) then
        format('(%s or subject = ''koperasi'' and %s or subject = ''supplier'' and %s)',
          v_all, format(v_own_koperasi, 'subject_id'), format(v_own_supplier, 'subject_id'))
      when 'audience' = any (v_table.columns) then format('(%s or %s)', v_all, v_told)
      when v_table.name = any (v_common) then 'true'
      else v_all
    end;
    if v_table.name <> 'bookmarks' then
      v_rule := format('%s and %s', v_network, v_rule);
    end if;
    execute format('alter table %I enable row level security, force row level security',
      v_table.name);
    execute format('create policy seen on %I for select to jaringan_app using (%s)',
      v_table.name, v_rule);
    execute format('create policy folded on %I to jaringan_worker using (true) with check (true)',
      v_table.name);
    execute format('create policy audited on %I for select to jaringan_auditor using (true)',
      v_table.name);
  end loop;
  execute format('grant usage on schema %I to jaringan_app, jaringan_auditor', current_schema());
  execute format('grant select on all tables in schema %I to jaringan_app, jaringan_auditor',
    current_schema());
end $$;
