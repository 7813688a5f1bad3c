import type { Context } from '../../cli/index.ts';
import type { MapInfo } from '../../kernel/index.ts';
import type { JsonWriter } from '../../output/index.ts';
import { mapTypeName } from '../../uapi/index.ts';
import { printDevice } from '../shared/device.ts';
import { printable } from '../shared/refs.ts';

/** Id, type, name and flags of a map: members of the open object of `json`, or a line of text without one. */
export function printMapHeader(ctx: Context, json: JsonWriter | undefined, info: MapInfo): void {
  const type = mapTypeName(info.type);
  if (json === undefined) {
    ctx.print(`${info.id}: ${type ?? `type ${info.type}`}  `);
    if (info.name !== '') ctx.print(`name ${printable(info.name)}  `);
    ctx.print(`flags 0x${info.flags.toString(16)}`);
    // In JSON `map show` adds the device itself, and `map dump` has none, as in the reference.
    printDevice(ctx, info);
    ctx.print('\n');
    return;
  }
  json.field('id', info.id).field('type', type ?? info.type);
  if (info.name !== '') json.field('name', info.name);
  // The bits BPF_F_… as one number; plain output has them in hexadecimal.
  json.field('flags', info.flags);
}
