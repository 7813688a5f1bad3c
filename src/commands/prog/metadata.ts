import { compileValuePrinter } from '../../btf/index.ts';
import type { Context } from '../../cli/index.ts';
import { BpfMap, loadBtfById } from '../../kernel/index.ts';
import { bpf_map_type } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';

const prefix = 'bpf_metadata_';

/** Variables named `bpf_metadata_…` in the program's read-only data. Nothing where there are none. */
export function printMetadata(ctx: Context, mapIds: readonly number[]): void {
  const kernel = kernelOf(ctx);
  const data = readOnlyData(ctx, mapIds);
  if (data === undefined) return;
  try {
    const btf = loadBtfById(kernel, data.btfId);
    const section = btf.typeById(data.typeId);
    if (section?.kind !== 'datasec') return;
    let any = false;
    for (const entry of section.vars) {
      const variable = btf.typeById(entry.typeId);
      if (variable?.kind !== 'var' || !variable.name.startsWith(prefix)) continue;
      const name = variable.name.slice(prefix.length);
      if (ctx.json !== undefined) {
        if (!any) ctx.json.name('metadata').startObject();
        ctx.json.name(name).beginValue();
        const options = { plain: false, pretty: ctx.json.pretty, depth: ctx.json.depth };
        compileValuePrinter(btf, variable.typeId, options)(ctx.stdout, data.bytes, entry.offset);
      } else {
        ctx.print(`${any ? '' : '\tmetadata:'}\n\t\t${name} = `);
        compileValuePrinter(btf, variable.typeId, { plain: true, pretty: false, depth: 0 })(
          ctx.stdout,
          data.bytes,
          entry.offset,
        );
      }
      any = true;
    }
    if (!any) return;
    if (ctx.json !== undefined) ctx.json.endObject();
    else ctx.print('\n');
  } catch {
    // BTF that is gone or unreadable: metadata is extra, the program is shown without it.
  }
}

function readOnlyData(ctx: Context, mapIds: readonly number[]) {
  for (const id of mapIds) {
    let map: BpfMap;
    try {
      map = BpfMap.openById(kernelOf(ctx), id);
    } catch {
      return undefined;
    }
    try {
      const info = map.info();
      const fits = info.type === bpf_map_type.BPF_MAP_TYPE_ARRAY && info.keySize === 4 && info.maxEntries === 1;
      if (!fits || info.btfValueTypeId === 0 || !info.name.includes('.rodata')) continue;
      const bytes = new Uint8Array(info.valueSize);
      if (map.lookup(new Uint8Array(4), bytes) < 0) return undefined;
      return { bytes, btfId: info.btfId, typeId: info.btfValueTypeId };
    } finally {
      map.close();
    }
  }
  return undefined;
}
