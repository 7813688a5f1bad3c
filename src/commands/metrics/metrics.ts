import { type Context, fail, type Given, type OwnHandler, RunEnd } from '../../cli/index.ts';
import { type InventoryPart, InventoryReader } from '../../inventory/index.ts';
import { inventoryOf, requireRights } from '../shared/inventory.ts';
import { kernelOf } from '../shared/kernel.ts';
import { OutputFile } from '../shared/output-file.ts';
import { untilSignal } from '../shared/signals.ts';
import { runStatistics } from '../shared/statistics.ts';
import { exposition } from './families.ts';
import { mapMetrics } from './map-metrics.ts';
import { objectMetrics } from './object-metrics.ts';

const parts: readonly InventoryPart[] = ['memory', 'holders', 'pins', 'entries'];

/** `metrics [-o FILE | --listen WHERE]`: what is loaded, as metrics. */
export const metrics: OwnHandler = async (ctx, words, given) => {
  if (words.left > 0) words.unexpected();
  const [file, where] = [given.text('output'), given.text('listen')];
  if (file !== undefined && where !== undefined) fail("'--output' and '--listen' exclude each other");
  if (where !== undefined) return serve(ctx, given, where);
  // Statistics are on only if asked for: a single look counts what others have switched on.
  using statistics = given.text('stats') === 'on' ? runStatistics(ctx) : undefined;
  void statistics;
  const { inventory } = inventoryOf(ctx, given, parts);
  const limit = given.number('limit')!;
  const families = [...objectMetrics(inventory), ...(await mapMetrics(ctx, inventory, given.list('map'), limit))];
  const text = exposition(families, limit);
  if (file === undefined || file === '-') {
    if (ctx.json === undefined) ctx.print(text);
    else ctx.json.string(text);
    return;
  }
  try {
    new OutputFile(file).write(Buffer.from(text));
  } catch (error) {
    fail(`can't write ${file}: ${(error as Error).message}`);
  }
  ctx.json?.null();
};

/** Answers scrapes until a signal comes. */
async function serve(ctx: Context, given: Given, where: string): Promise<void> {
  if (given.has('snapshot')) fail("'--listen' is about the running kernel, '--snapshot' is not");
  // Here they are on unless refused, since somebody reads rates from it.
  using statistics = given.text('stats') === 'off' ? undefined : runStatistics(ctx);
  void statistics;
  const reader = new InventoryReader(kernelOf(ctx));
  requireRights(reader.take([]).missing);
  const limit = given.number('limit')!;
  const { listen } = await import('./listener.ts');
  // Each scrape has an inventory of its own, or shares one with others at the same time.
  const listening = await listen(where, async () => {
    const inventory = reader.take(parts);
    return exposition(
      [...objectMetrics(inventory), ...(await mapMetrics(ctx, inventory, given.list('map'), limit))],
      limit,
    );
  });
  ctx.info(`listening on ${listening.address}`);
  await untilSignal();
  await listening.close();
  throw new RunEnd();
}
