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

-- A supplier's own case and least order where a list says them; the item's otherwise.
create table price_cases (
  network_id bigint not null,
  price_list_id text not null,
  item_id text not null,
  case_size bigint not null,
  min_cases bigint not null,
  primary key (network_id, price_list_id, item_id)
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
  state text not null check (state in ('open', 'closed', 'cancelled', 'consolidated')),
  opened_position bigint not null,
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

-- What each koperasi orders of each item: the ground of sharing at the close.
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
  primary key (network_id, cycle_id, supplier_id, item_id)
);

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
