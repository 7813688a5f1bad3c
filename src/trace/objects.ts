import { cstr } from '../bytes/index.ts';
import { linkTypeName, mapTypeName, progTypeName } from '../uapi/index.ts';
import { Described, ObjectKindNumber, perfSystemLength } from './format.ts';
import { enumName } from './symbols.ts';

/** What a descriptor meant when a call used it. Ids are those of the kernel; names are as others gave them. */
export type TraceObject =
  | TracedMap
  | { readonly kind: 'prog'; readonly id: number; readonly name: string; readonly type: number; readonly tag: string }
  | {
      readonly kind: 'link';
      readonly id: number;
      readonly name: string;
      readonly type: number;
      readonly programId: number;
    }
  | {
      readonly kind: 'btf';
      readonly id: number;
      readonly name: string;
      readonly typeCount: number;
      readonly size: number;
    }
  | {
      readonly kind: 'perf';
      /** What it counts, e.g. `software BPF_OUTPUT`, `tracepoint syscalls:sys_enter_execve`. */
      readonly name: string;
      /** -1: any. */
      readonly cpu: number;
    }
  | { readonly kind: 'file'; readonly name: string };

/** The map of a traced call. */
export interface TracedMap {
  readonly kind: 'map';
  readonly id: number;
  readonly name: string;
  readonly type: number;
  /** Bytes. */
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly btfId: number;
  readonly keyTypeId: number;
  readonly valueTypeId: number;
  readonly vmlinuxValueTypeId: number;
}

/** Of file systems that have no names: what is there are kinds of objects. Source: linux/magic.h. */
const anonymousInodes = 0x0904_1934n;
const pipes = 0x5049_5045n;

/** The object of a section that begins at `at`; undefined for a kind that is not known. */
export function readObject(view: DataView, bytes: Uint8Array, at: number): TraceObject | undefined {
  const u32 = (offset: number) => view.getUint32(at + offset, true);
  const text = (offset: number, size: number) => cstr(bytes.subarray(at + offset, at + offset + size));
  const id = u32(Described.id);
  const type = u32(Described.type);
  switch (u32(Described.kind)) {
    case ObjectKindNumber.map:
      return {
        ...{ kind: 'map', id, type, name: text(Described.name, 16) },
        ...{ keySize: u32(Described.first), valueSize: u32(Described.second) },
        ...{ maxEntries: u32(Described.maxEntries), flags: u32(Described.flags), btfId: u32(Described.btfId) },
        ...{ keyTypeId: u32(Described.keyType), valueTypeId: u32(Described.valueType) },
        vmlinuxValueTypeId: u32(Described.vmlinuxValueType),
      };
    case ObjectKindNumber.prog: {
      const tag = Buffer.from(bytes.subarray(at + Described.wide, at + Described.wide + 8)).toString('hex');
      return { kind: 'prog', id, type, name: text(Described.name, 16), tag };
    }
    case ObjectKindNumber.link:
      return { kind: 'link', id, type, name: text(Described.name, 16), programId: u32(Described.first) };
    case ObjectKindNumber.btf: {
      // The kernel counts void.
      const [size, typeCount] = [u32(Described.first), u32(Described.second)];
      return { kind: 'btf', id, name: text(Described.name, 56), size, typeCount };
    }
    case ObjectKindNumber.perf:
      return { kind: 'perf', name: perfName(view, bytes, at), cpu: view.getInt32(at + Described.first, true) };
    case ObjectKindNumber.file: {
      const name = text(Described.name, 64);
      const fileSystem = view.getBigUint64(at + Described.wide, true);
      if (fileSystem === pipes) return { kind: 'file', name: 'pipe' };
      return { kind: 'file', name: fileSystem === anonymousInodes ? `anon_inode:${name}` : name };
    }
    default:
      return undefined;
  }
}

function perfName(view: DataView, bytes: Uint8Array, at: number): string {
  const type = view.getUint32(at + Described.type, true);
  const config = view.getBigUint64(at + Described.wide, true);
  const system = cstr(bytes.subarray(at + Described.name, at + Described.name + perfSystemLength));
  const name = cstr(bytes.subarray(at + Described.name + perfSystemLength, at + Described.size));
  if (system === 'kprobes' || system === 'uprobes') return `${system.slice(0, -1)} ${name}`;
  if (name !== '') return `tracepoint ${system}:${name}`;
  return eventName(type, config);
}

/** What an event of this type and configuration counts: `software BPF_OUTPUT`, `type 9 0x1`. */
export function eventName(type: number, config: bigint): string {
  const kind = enumName('perf_type', type)?.slice('PERF_TYPE_'.length).toLowerCase();
  const form = kind === 'software' ? 'perf_sw' : kind === 'hardware' ? 'perf_hw' : undefined;
  const named = form === undefined ? undefined : enumName(form, Number(config));
  return `${kind ?? `type ${type}`} ${named?.replace(/^PERF_COUNT_(SW|HW)_/, '') ?? `0x${config.toString(16)}`}`;
}

/** What its type is called: `hash`, `tracepoint`; '' for objects without one. */
export function objectType(object: TraceObject): string {
  const known = { map: mapTypeName, prog: progTypeName, link: linkTypeName } as Record<
    string,
    ((type: number) => string | undefined) | undefined
  >;
  return 'type' in object ? (known[object.kind]?.(object.type) ?? `type ${object.type}`) : '';
}

/** `map 12 "config"`. Names are as others gave them. */
export function objectText(object: TraceObject): string {
  switch (object.kind) {
    case 'perf':
      return `perf ${object.name}${object.cpu < 0 ? '' : ` cpu ${object.cpu}`}`;
    case 'file':
      return object.name.startsWith('anon_inode:') ? object.name : `file "${object.name}"`;
    case 'link':
      return `link ${object.id} ${objectType(object)}${object.programId === 0 ? '' : ` prog ${object.programId} "${object.name}"`}`;
    default:
      return `${object.kind} ${object.id}${object.name === '' ? '' : ` "${object.name}"`}`;
  }
}
