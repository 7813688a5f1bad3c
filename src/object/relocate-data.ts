import { smallestPageSize } from '../uapi/index.ts';
import type { LinkedProgram } from './link-program.ts';
import type { MapSpec, ObjectSpec } from './spec.ts';
import { Pseudo } from './code.ts';

// Where nothing was found, a call of a helper that does not exist stands in the code, so that the verifier names it if it
// gets there: these and the index of the map or extern.
export const poisonedMapBase = 2001000000;
export const poisonedKfuncBase = 2002000000;

type Relocation = LinkedProgram['relocations'][number];
export type JumpTableRelocation = Relocation & { kind: 'jumpTable' };

/** How an instruction names a map: by its descriptor, or by its place in the array of descriptors that comes with the program. */
export interface MapReference {
  readonly by: 'fd' | 'index';
  readonly number: number;
}

/** What a load of a kernel symbol becomes: a type of a BTF, which the kernel looks up (0 is its own BTF), or an address. */
export type SymbolReference =
  | { readonly kind: 'btf'; readonly id: number; readonly moduleFd: number }
  | { readonly kind: 'address'; readonly address: bigint };

/** What relocations mean where the program is to be loaded. Maps and externs are indexes in the spec. */
export interface RelocationTargets {
  /** Undefined for a map that is not created. */
  readonly map: (map: number) => MapReference | undefined;
  /** Bytes in the value of a map of global data before its variables. */
  readonly dataOffset: (map: number) => number;
  readonly symbol: (extern: number) => SymbolReference;
  /** A kernel function: its id, and the place of its module's BTF in the array of descriptors. Undefined: not found. */
  readonly kfunc: (extern: number) => { readonly id: number; readonly fdIndex: number } | undefined;
  /** The descriptor of the map that holds a jump table. `number` is that of the relocation in its program. */
  readonly jumpTable: (relocation: JumpTableRelocation, number: number) => number;
}

/** Points the instructions of a program at maps, variables and kernel symbols. Source: bpf_object__relocate_data of libbpf. */
export function relocateData(spec: ObjectSpec, { code, relocations }: LinkedProgram, targets: RelocationTargets): void {
  for (const [number, relocation] of relocations.entries()) {
    const { index } = relocation;
    switch (relocation.kind) {
      case 'map':
      case 'data': {
        if (relocation.kind === 'data') {
          const offset = relocation.offset + targets.dataOffset(relocation.map);
          // BPF_PSEUDO_MAP_VALUE: the first slot has the map, the second the offset in its value. The compiler left the
          // offset from the symbol in the first.
          code.setImmediate(index + 1, code.immediate(index) + offset);
        }
        const map = targets.map(relocation.map);
        if (map) {
          code.setSource(index, relocation.kind === 'data' ? sourceOfValue(map) : sourceOfMap(map));
          code.setImmediate(index, map.number);
        } else {
          code.poison(index, poisonedMapBase + relocation.map);
          code.poison(index + 1, poisonedMapBase + relocation.map);
        }
        break;
      }
      case 'extern': {
        const extern = spec.externs[relocation.extern]!;
        if (extern.kind === 'kconfig') {
          // Without the map the program loads only if no instruction reaches this one.
          const map = targets.map(spec.kconfigMap) ?? { by: 'fd', number: -1 };
          code.setSource(index, sourceOfValue(map));
          code.setImmediate(index, map.number);
          code.setImmediate(index + 1, extern.offset);
          break;
        }
        const symbol = targets.symbol(relocation.extern);
        if (symbol.kind === 'btf') {
          code.setSource(index, Pseudo.BTF_ID);
          // BPF_PSEUDO_BTF_ID: the kernel puts the address of the variable there; a module's BTF goes by its
          // descriptor.
          code.setImmediate(index, symbol.id);
          code.setImmediate(index + 1, symbol.moduleFd);
        } else {
          code.setImmediate(index, Number(symbol.address & 0xffff_ffffn));
          code.setImmediate(index + 1, Number(symbol.address >> 32n));
        }
        break;
      }
      case 'externCall': {
        const kfunc = targets.kfunc(relocation.extern);
        if (kfunc) {
          code.setSource(index, Pseudo.KFUNC_CALL);
          code.setImmediate(index, kfunc.id);
          // 0 is the kernel's own BTF.
          code.setOffset(index, kfunc.fdIndex);
        } else {
          code.poison(index, poisonedKfuncBase + relocation.extern);
        }
        break;
      }
      case 'jumpTable': {
        const fd = targets.jumpTable(relocation, number);
        code.setSource(index, Pseudo.MAP_VALUE);
        code.setImmediate(index, fd);
        code.setOffset(index, 0);
        break;
      }
      // Resolved when the program was linked.
      case 'call':
      case 'function':
        break;
    }
  }
}

const sourceOfMap = ({ by }: MapReference) => (by === 'fd' ? Pseudo.MAP_FD : Pseudo.MAP_IDX);
const sourceOfValue = ({ by }: MapReference) => (by === 'fd' ? Pseudo.MAP_VALUE : Pseudo.MAP_IDX_VALUE);

/** Bytes before the global variables in an arena, whose last pages they fill. 0 where it has none. */
export function arenaDataOffset({ initialValue, maxEntries }: MapSpec): number {
  return initialValue ? (maxEntries - Math.ceil(initialValue.length / smallestPageSize)) * smallestPageSize : 0;
}
