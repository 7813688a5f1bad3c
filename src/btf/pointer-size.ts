import { Kind } from './records.ts';

/** Every way to say `long` or `unsigned long`: its size is that of a pointer on all machines Linux runs on. */
const longNames: ReadonlySet<string> = new Set([
  'long',
  'long int',
  'int long',
  'unsigned long',
  'long unsigned',
  'unsigned long int',
  'unsigned int long',
  'long unsigned int',
  'long int unsigned',
  'int unsigned long',
  'int long unsigned',
]);

/** Where nothing says otherwise: the machines that have BPF and BTF are 64-bit ones. */
export const usualPointerSize = 8;

/** Bytes of a pointer in the programs that types describe: those of the first `long`. Source: btf__pointer_size of libbpf. */
export function pointerSizeOf(types: {
  readonly typeCount: number;
  kind(id: number): number;
  sizeOrType(id: number): number;
  name(id: number): string;
}): number {
  for (let id = 1; id <= types.typeCount; id++) {
    if (types.kind(id) !== Kind.int) continue;
    const size = types.sizeOrType(id);
    if ((size === 4 || size === 8) && longNames.has(types.name(id))) return size;
  }
  return usualPointerSize;
}
