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

create table price_lists (
  network_id bigint not null,
  price_list_id text not null,
  supplier_id text not null,
  valid_from_on date not null,
  valid_until_on date,
  tier_mode text not null,
  row_count int not null,
  minimum_idr bigint not null,
  delivery_idr bigint not null,
  lead_days int,
  source text not null,
  position bigint not null,
  recorded_at timestamptz not null,
  primary key (network_id, price_list_id)
);

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

create index entitlements_by_koperasi on entitlements (network_id, cycle_id, koperasi_id);

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
  position bigint not null,
  primary key (network_id, cycle_id, supplier_id)
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

create index tier_drops_by_koperasi on tier_drops (network_id, koperasi_id, cycle_id);

-- margin

-- One row moves an amount from an account to another, so debit = credit by construction.
create table postings (
  network_id bigint not null,
  position bigint not null,
  line_no int not null,
  cycle_id text not null,
  debit_account text not null,
  debit_party text not null,
  credit_account text not null,
  credit_party text not null,
  amount_idr bigint not null check (amount_idr > 0),
  primary key (network_id, position, line_no)
);

create table balances (
  network_id bigint not null,
  account text not null,
  party_id text not null,
  cycle_id text not null,
  debit_idr bigint not null,
  credit_idr bigint not null,
  primary key (network_id, account, party_id, cycle_id)
);

create table account_totals (
  network_id bigint not null,
  account text not null,
  debit_idr bigint not null,
  credit_idr bigint not null,
  primary key (network_id, account)
);

create table margins (
  network_id bigint not null,
  koperasi_id text not null,
  cycle_id text not null,
  alone_idr bigint not null,
  amount_idr bigint not null,
  primary key (network_id, koperasi_id, cycle_id)
);

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

-- One item of it: what is ordered, the sums of what koperasi may expect (of those that were not
-- declined), and the sums of what arrived and where it went.
create table delivery_items (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  item_id text not null,
  ordered bigint not null default 0,
  amount_idr bigint not null default 0,
  cases bigint not null default 0,
  case_size bigint not null default 1,
  firm bigint not null default 0,
  tolerance bigint not null default 0,
  reason text not null default '',
  koperasi_count bigint not null default 0,
  granted bigint not null default 0,
  claimed_firm bigint not null default 0,
  claimed_tolerance bigint not null default 0,
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

-- What each koperasi may expect of each item, and what it got. `first_position` is 0 for one
-- that only took surplus.
create table deliveries (
  network_id bigint not null,
  cycle_id text not null,
  supplier_id text not null,
  item_id text not null,
  koperasi_id text not null,
  firm bigint not null default 0,
  tolerance bigint not null default 0,
  least bigint not null default 0,
  first_position bigint not null default 0,
  granted bigint not null default 0,
  granted_alone_idr bigint not null default 0,
  reason text not null default '',
  received bigint not null default 0,
  goods_idr bigint not null default 0,
  alone_idr bigint not null default 0,
  primary key (network_id, cycle_id, supplier_id, item_id, koperasi_id)
) with (fillfactor = 50);

create index deliveries_by_koperasi on deliveries (
  network_id, koperasi_id, cycle_id, supplier_id, item_id);

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

-- `outstanding` and `tolerance` are the sums of what all koperasi could claim just then.
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
  shared boolean not null,
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
