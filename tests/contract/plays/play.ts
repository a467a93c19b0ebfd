/* A whole cycle through the client that openapi-ts makes of the contract; the scene is the
   argument, what was seen is said as JSON. */
import { createClient, createConfig } from './client/client';
import {
  addItem, admitKoperasi, admitSupplier, closeCycle, listMargins, openCycle, publishPriceList,
  putOrder,
} from './client';

const scene = JSON.parse(process.argv[2] ?? '{}') as Record<
  'url' | 'operator' | 'koperasi' | 'koperasi_id' | 'cycle' | 'item' | 'supplier' | 'order'
  | 'close_key', string>;
const speaker = (key: string) =>
  createClient(createConfig({ baseUrl: scene.url, auth: key }));
const operator = speaker(scene.operator);
const koperasi = speaker(scene.koperasi);
const now = Date.now();
const at = (hours: number) => new Date(now + hours * 3_600_000).toISOString();

const order = (quantity: number, etag?: string) => putOrder({
  client: koperasi,
  path: { order_id: scene.order },
  headers: etag === undefined ? {} : { 'If-Match': etag },
  body: {
    cycle_id: scene.cycle,
    client_at: at(0),
    lines: [{ item_id: scene.item, supplier_id: scene.supplier, quantity }],
  },
});

const loud = { client: operator, throwOnError: true } as const;

async function play() {
  await admitKoperasi({
    ...loud, path: { koperasi_id: scene.koperasi_id }, body: { title: 'Koperasi Melati' },
  });
  await admitSupplier({
    ...loud, path: { supplier_id: scene.supplier }, body: { title: 'Perum Bulog' },
  });
  await addItem({
    ...loud, path: { item_id: scene.item },
    body: { title: 'Beras medium', base_unit: 'KGM', case_size: 1 },
  });
  await publishPriceList({
    ...loud, path: { price_list_id: `${scene.cycle}-prices` },
    body: {
      supplier_id: scene.supplier,
      tier_mode: 'all_units',
      valid_from_on: '2026-01-01',
      rows: [{
        item_id: scene.item,
        tiers: [{ from_quantity: 1, idr: 12_500 }, { from_quantity: 100, idr: 12_000 }],
      }],
    },
  });
  await openCycle({
    ...loud, path: { cycle_id: scene.cycle },
    body: {
      title: 'Belanja bareng', opens_at: at(-1), closes_at: at(24), priced_on: at(0).slice(0, 10),
    },
  });

  const placed = await order(40);
  const repeated = await order(40);
  const etag = placed.response?.headers.get('ETag') ?? '';
  const changed = await order(120, etag);
  const stale = await order(50, etag);
  await closeCycle({
    ...loud, path: { cycle_id: scene.cycle },
    headers: { 'idempotency-key': scene.close_key, 'if-match': '*' },
    body: { early: true, reason: 'semua sudah memesan' },
  });

  let ordered: number[] = [];
  for (let tries = 0; tries < 100; tries += 1) { // the follower consolidates shortly after
    const margins = await listMargins({
      client: koperasi, throwOnError: true, query: { cycle_id: scene.cycle },
    });
    ordered = margins.data.items.map((each) => each.ordered_idr);
    if (ordered[0]) break;
    await new Promise((resume) => setTimeout(resume, 200));
  }
  console.log(JSON.stringify({
    placed: placed.response?.status,
    repeated: repeated.response?.status,
    same: JSON.stringify(repeated.data) === JSON.stringify(placed.data),
    changed: changed.response?.status,
    stale: stale.response?.status,
    ordered_idr: ordered,
  }));
}

void play();
