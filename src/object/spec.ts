// An object file as plain data, as the steps that follow take it: linking of programs, relocation, loading, generation
// of skeletons and of loader programs. Maps, programs and externs refer to each other by index.
import type { BtfEdit, ExtRecords } from '../btf/index.ts';
import type { SectionDefinition } from './sections.ts';

/** What a relocation makes an instruction refer to. `index` counts instruction slots in the function. */
export type Relocation =
  | { readonly kind: 'map'; readonly index: number; readonly map: number }
  | { readonly kind: 'data'; readonly index: number; readonly map: number; readonly offset: number }
  | { readonly kind: 'call'; readonly index: number; readonly offset: number }
  | { readonly kind: 'function'; readonly index: number; readonly offset: number }
  | { readonly kind: 'extern'; readonly index: number; readonly extern: number }
  | { readonly kind: 'externCall'; readonly index: number; readonly extern: number }
  | { readonly kind: 'jumpTable'; readonly index: number; readonly offset: number; readonly size: number };

/** What one CO-RE relocation asks: `kind` is BPF_CORE_*, `access` a path such as `0:1:2`. */
export interface TypeRelocation {
  /** Index of the instruction slot in the function. */
  readonly index: number;
  /** In the object's own BTF. */
  readonly typeId: number;
  readonly access: string;
  readonly kind: number;
  /** Its number in the section, for diagnostics. */
  readonly number: number;
  /** Which section of relocations it is in: they are applied section by section. */
  readonly sectionNumber?: number;
}

/** A type relocation as the kernel takes it. */
export interface TypeRelocationRecord extends TypeRelocation {
  /** Where `access` stands among the strings of the BTF. */
  readonly accessOffset: number;
}

/** Records of `.BTF.ext` about the instructions of one section, in the byte order of the file. */
export type SectionRecords = Pick<ExtRecords, 'bytes' | 'recordSize'> & { readonly sectionIndex: number };

/** What `.BTF.ext` says of the programs; type relocations are those of each program. */
export interface ExtInfo {
  readonly littleEndian: boolean;
  readonly funcInfo: readonly SectionRecords[];
  readonly lineInfo: readonly SectionRecords[];
}

/** One function of an object: an entry point, or a subprogram that entry points call. */
export interface ProgramSpec {
  readonly name: string;
  /** Without the leading `?`. */
  readonly sectionName: string;
  /** In the ELF file; index 0 is no section. */
  readonly sectionIndex: number;
  /** Position in the section, in instruction slots. */
  readonly sectionOffset: number;
  /** Lives in .text: only loaded as a part of entry points that call it. */
  readonly subprogram: boolean;
  readonly global: boolean;
  /** A global function that is to be verified as if static (hidden visibility). */
  readonly hidden: boolean;
  /** Unrelocated instructions, little-endian. */
  readonly code: Uint8Array;
  readonly relocations: readonly Relocation[];
  readonly coreRelocations: readonly TypeRelocationRecord[];
  /** What the section's name says; undefined for subprograms and unknown names. */
  readonly section: SectionDefinition | undefined;
  /** BPF_PROG_TYPE_*, 0 if the section's name does not tell. */
  type: number;
  /** BPF_* attach type for BPF_PROG_LOAD. */
  expectedAttachType: number;
  /** False for sections that begin with `?`: skipped unless asked for. */
  autoload: boolean;
  /** BPF_F_* of BPF_PROG_LOAD, beside those that the section stands for. */
  flags: number;
  /** The network device that the program is for, 0 if it is for none. */
  ifindex: number;
}

/** What a map of an object is made from. */
export type MapOrigin = 'user' | 'data' | 'rodata' | 'bss' | 'percpu' | 'kconfig' | 'structOps';

/** A map of an object, before it is made. */
export interface MapSpec {
  /** As the kernel and commands name it (not cut to the kernel's 15 characters for user maps). */
  readonly name: string;
  /** Name of the section, for maps made of global data. */
  readonly sectionName: string | undefined;
  readonly origin: MapOrigin;
  /** -1 for the kconfig map, which stands for no section of the file. */
  readonly sectionIndex: number;
  /** Of the variable that declares the map, in bytes; 0 for maps made of a whole section. */
  readonly sectionOffset: number;
  /** BPF_MAP_TYPE_* */
  type: number;
  /** Sizes in bytes. */
  keySize: number;
  valueSize: number;
  /** 0 where none is stated: the loader puts the number of CPUs into perf event arrays. */
  maxEntries: number;
  /** BPF_F_* of BPF_MAP_CREATE. */
  flags: number;
  mapExtra: bigint;
  numaNode: number;
  /** Types in the object's BTF, 0 if there are none. */
  keyTypeId: number;
  valueTypeId: number;
  /** The network device that the map is offloaded to, 0 for none. */
  ifindex: number;
  /** Where the map is looked for, and pinned after it was made. */
  pinPath: string | undefined;
  /** False: the map is not made, and programs that use it can be loaded only if they never get there. */
  autocreate: boolean;
  /** What the maps in a map of maps are like: the kernel asks for an example when the outer one is made. */
  readonly inner: MapSpec | undefined;
  /** First contents: of element 0 for global data, of the arena's pages. */
  initialValue: Uint8Array | undefined;
  /** Static initialisers: index of a map (map in map) or of a program (program array) per slot. */
  readonly slots: (number | undefined)[];
  /** For struct_ops maps: the type and value, and programs by member. */
  readonly structOps: StructOpsSpec | undefined;
}

/** A struct_ops map of an object: its type and its programs. */
export interface StructOpsSpec {
  /** The struct in the object's BTF, whose layout may differ from the kernel's. */
  readonly typeId: number;
  /** With its flavour, if it has one. */
  readonly typeName: string;
  /** The value as it is compiled, in the object's layout; function pointers in it are not filled in. */
  readonly data: Uint8Array;
  /** Index of a program, by member index. */
  readonly programs: Map<number, number>;
  /** A link registers the operations (BPF_F_LINK), instead of the update of the map's element. */
  readonly link: boolean;
}

/** An extern of an object: a kernel configuration value, variable or function. */
export type ExternSpec = {
  readonly name: string;
  /** Without a flavour suffix. */
  readonly essentialName: string;
  /** In the ELF symbol table. */
  readonly symbolIndex: number;
  /** STB_WEAK: where the kernel has no such thing, the program sees 0. */
  readonly weak: boolean;
  /** The BTF_KIND_VAR or BTF_KIND_FUNC. */
  readonly typeId: number;
} & (
  | {
      readonly kind: 'kconfig';
      /** As `enum kcfg_type` of libbpf has them. */
      readonly valueKind: 'char' | 'bool' | 'int' | 'tristate' | 'charArray';
      readonly signed: boolean;
      readonly size: number;
      /** In bytes, as the size and the offset in the map's value. */
      readonly alignment: number;
      readonly offset: number;
    }
  | {
      readonly kind: 'ksym';
      readonly function: boolean;
      /** 0 for `void`: resolved by address. */
      readonly symbolTypeId: number;
    }
);

/** A global variable: where its bytes are. */
export interface VariableSpec {
  readonly name: string;
  /** Index of the map of its section. */
  readonly map: number;
  /** In the value of the map, in bytes. */
  readonly offset: number;
  readonly size: number;
  readonly typeId: number;
}

/** An object file as plain data. Loading does not change it. */
export interface ObjectSpec {
  readonly name: string;
  readonly path: string;
  readonly littleEndian: boolean;
  /** '' if the object has no section for it; helpers marked as GPL-only ask for a compatible one. */
  readonly license: string;
  /** From the section `version`; undefined means the running kernel's. */
  readonly kernelVersion: number | undefined;
  readonly btf: BtfEdit | undefined;
  readonly ext: ExtInfo | undefined;
  readonly maps: readonly MapSpec[];
  /** In order of section and position, subprograms among them. */
  readonly programs: readonly ProgramSpec[];
  readonly externs: readonly ExternSpec[];
  readonly variables: readonly VariableSpec[];
  /** Index of the kconfig map, -1 if there is none. */
  readonly kconfigMap: number;
  /** Index of the arena map, -1 if there is none. */
  readonly arenaMap: number;
  /** Contents of the section `.jumptables`: targets of computed jumps, 8 bytes each. */
  readonly jumpTables: Uint8Array | undefined;
  /** Names of sections with type relocations, and how many there are, in the order of the file. */
  readonly typeRelocationSections: readonly { readonly name: string; readonly count: number }[];
}
