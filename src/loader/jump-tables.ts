// BPF_MAP_TYPE_INSN_ARRAY: the kernel translates the instruction numbers in it when the program is loaded, as the
// verifier may insert and remove instructions. Source: libbpf.c, create_jt_map.
import { Errno } from '../errors/index.ts';
import {
  type DiagnosticLog,
  errorText,
  failure,
  type LinkedProgram,
  ObjectError,
  type ObjectSpec,
} from '../object/index.ts';
import type { Kernel } from '../sys/index.ts';
import { createMap, freezeMap, updateElement } from '../bpf/index.ts';
import type { Cleanup } from './cleanup.ts';
import { bpf_map_type } from '../uapi/index.ts';

/** Bytes of an entry in the section `.jumptables`: the byte offset of an instruction in its section. */
const entrySize = 8;
/** Bytes of `struct bpf_insn_array_value`, whose first word is `orig_off`. */
const valueSize = 16;

interface JumpTableContext {
  readonly kernel: Kernel;
  readonly log: DiagnosticLog;
  readonly cleanup: Cleanup;
  readonly spec: ObjectSpec;
}

type Table = Extract<LinkedProgram['relocations'][number], { kind: 'jumpTable' }>;

/**
 * Makes the maps that computed jumps of a program read their targets from, one for each table. Returns their fds.
 * ObjectError, after libbpf's warnings, for tables that make no sense and on kernels without such maps.
 */
export function createJumpTables(context: JumpTableContext, linked: LinkedProgram): Map<Table, number> {
  const { log } = context;
  const { name } = linked.program;
  const fds = new Map<Table, number>();
  const byOffset = new Map<number, number>();
  for (const [number, relocation] of linked.relocations.entries()) {
    if (relocation.kind !== 'jumpTable') continue;
    const { offset } = relocation;
    try {
      const fd = byOffset.get(offset) ?? createJumpTable(context, linked, relocation);
      byOffset.set(offset, fd);
      fds.set(relocation, fd);
    } catch (error) {
      if (!(error instanceof ObjectError)) throw error;
      log('warn', `prog '${name}': relo #${number}: can't create jump table: sym_off ${offset}`);
      log('warn', `prog '${name}': failed to relocate data references: ${errorText(error.errno)}`);
      throw error;
    }
  }
  return fds;
}

/** Entries are offsets in the linked program. */
function createJumpTable(context: JumpTableContext, linked: LinkedProgram, table: Table): number {
  const { kernel, log, spec } = context;
  const bad = (text: string) => failure(log, Errno.EINVAL, `map '.jumptables': ${text}`);
  if (table.offset % entrySize !== 0) {
    throw bad(`jumptable start ${table.offset} should be multiple of ${entrySize}`);
  }
  if (table.size % entrySize !== 0) throw bad(`jumptable size ${table.size} should be multiple of ${entrySize}`);
  const count = table.size / entrySize;
  const request = {
    type: bpf_map_type.BPF_MAP_TYPE_INSN_ARRAY,
    name: '.jumptables',
    keySize: 4,
    valueSize,
    maxEntries: count,
  };
  const fd = createMap(kernel, request);
  if (fd < 0) throw new ObjectError('the kernel refuses the map of a jump table', -fd);
  context.cleanup.fd(fd);
  const data = spec.jumpTables;
  if (!data) throw bad('ELF file is missing jump table data');
  if (table.offset + table.size > data.length) {
    throw bad(`jumptables_data size is ${data.length}, trying to access ${table.offset + table.size}`);
  }
  // Placements ascend: the last one that begins before the instruction is its function's.
  const owner = linked.placements.findLast((placement) => placement.offset <= table.index)!;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  for (let index = 0; index < count; index++) {
    const at = table.offset + index * entrySize;
    const target = view.getBigUint64(at, true);
    const offset = Number(target / 8n) - owner.program.sectionOffset + owner.offset;
    if (!(offset >= 0 && offset <= 0xffffffff)) {
      throw bad(`invalid jump table value 0x${target.toString(16)} at offset ${at}`);
    }
    const key = new Uint8Array(4);
    const value = new Uint8Array(valueSize);
    new DataView(key.buffer).setUint32(0, index, true);
    new DataView(value.buffer).setUint32(0, offset, true);
    const result = updateElement(kernel, fd, { key, value });
    if (result < 0) throw new ObjectError('the kernel refuses an entry of a jump table', -result);
  }
  // The verifier follows the entries as targets of jumps, so that they must not change.
  const frozen = freezeMap(kernel, fd);
  if (frozen < 0) throw new ObjectError('the kernel refuses to freeze a jump table', -frozen);
  return fd;
}
