import { kernelBtfPath } from '../../host/index.ts';
import { type Btf, BtfLookupError, findTypes, parseBtf } from '../../btf/index.ts';
import { sourceOf } from '../../bytes/index.ts';
import type { Candidate } from '../../cli/index.ts';
import { btfOf } from '../../elf/index.ts';
import { BpfMap, BpfProgram, type Kernel, loadBtfById, vmlinuxBtf } from '../../kernel/index.ts';

/** Types whose names one would write: integers are found by hand. */
const withValues: readonly string[] = ['struct', 'union', 'enum', 'enum64', 'typedef'];

/** Names of types that begin with `beginning`, in the BTF that `source` names: `id 1`, `file F`, `prog id 1`, `map id 1`. */
export function typeNames(kernel: Kernel, source: readonly string[], beginning: string): Candidate[] {
  const found = new Map<string, string>();
  for (const type of matching(btfOfSource(kernel, source), beginning)) {
    if ('name' in type && withValues.includes(type.kind)) found.set(type.name, type.kind);
  }
  return [...found].map(([word, about]) => ({ word, about }));
}

function matching(btf: Btf | undefined, beginning: string) {
  try {
    return btf === undefined ? [] : findTypes(btf, `${beginning}*`);
  } catch (error) {
    if (error instanceof BtfLookupError) return [];
    throw error;
  }
}

function btfOfSource(kernel: Kernel, [what = '', how = '', which = '']: readonly string[]): Btf | undefined {
  if (what === 'id') return loadBtfById(kernel, Number(how));
  if (what === 'file') return btfOfFile(kernel, how);
  if (how !== 'id') return undefined;
  // By its id only: a name may mean several.
  using object = what === 'prog' ? BpfProgram.openById(kernel, Number(which)) : BpfMap.openById(kernel, Number(which));
  return loadBtfById(kernel, object.info().btfId);
}

function btfOfFile(kernel: Kernel, path: string): Btf | undefined {
  if (path === kernelBtfPath) return vmlinuxBtf(kernel);
  const btf = btfOf(sourceOf(kernel.readFile(path)), path);
  if (!('bytes' in btf)) return undefined;
  // A module's BTF is split: it continues the kernel's.
  return parseBtf(btf.bytes, path.startsWith('/sys/kernel/btf/') ? { base: vmlinuxBtf(kernel) } : {});
}
