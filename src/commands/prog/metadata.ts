import { compileValuePrinter } from '../../btf/index.ts';
import type { Context } from '../../cli/index.ts';
import { BpfMap, loadBtfById } from '../../kernel/index.ts';
import { bpf_map_type } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';

/** BPF_METADATA_PREFIX of the reference; the rest of the name is what is shown. */
const prefix = 'bpf_metadata_';

/**
 * Prints the variables named `bpf_metadata_…` in the read-only data of a program with these maps; nothing where there
 * are none. Each map is looked at once: programs of one object share theirs.
 */
export function metadataPrinter(ctx: Context): (mapIds: readonly number[]) => void {
  const known = new Map<number, Found>();
  return (mapIds) => {
    for (const id of mapIds) {
      const found = known.get(id) ?? readOnlyData(ctx, id);
      known.set(id, found);
      // The reference gives up at the first map that cannot be opened or read.
      if (found === 'none') return;
      if (found !== 'other') return printVariables(ctx, found);
    }
  };
}

function printVariables(ctx: Context, data: ReadOnlyData): void {
  const kernel = kernelOf(ctx);
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

interface ReadOnlyData {
  readonly bytes: Uint8Array;
  readonly btfId: number;
  readonly typeId: number;
}

/** `none`: the map cannot be read, and no other is looked at. `other`: it holds something else. */
type Found = ReadOnlyData | 'none' | 'other';

function readOnlyData(ctx: Context, mapId: number): Found {
  let map: BpfMap;
  try {
    map = BpfMap.openById(kernelOf(ctx), mapId);
  } catch {
    return 'none';
  }
  try {
    const info = map.info();
    // How libbpf makes a section of read-only data: an array with one element. Names hold 15 bytes, so `.rodata` may
    // follow the start of the object's name.
    const fits = info.type === bpf_map_type.BPF_MAP_TYPE_ARRAY && info.keySize === 4 && info.maxEntries === 1;
    if (!fits || info.btfValueTypeId === 0 || !info.name.includes('.rodata')) return 'other';
    const bytes = new Uint8Array(info.valueSize);
    if (map.tryLookup(new Uint8Array(4), bytes) < 0) return 'none';
    return { bytes, btfId: info.btfId, typeId: info.btfValueTypeId };
  } finally {
    map.close();
  }
}
