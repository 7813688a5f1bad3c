import { type DiagnosticLog, failure, type LinkedProgram, type ObjectSpec, ObjectError } from '../object/index.ts';
import type { Kernel } from '../sys/index.ts';
import { createMap, freezeMap, updateElement } from './calls.ts';
import type { Cleanup } from './cleanup.ts';
import { mapRequest } from './features.ts';

// BPF_MAP_TYPE_INSN_ARRAY, since 7.0.
const instructionArray = 34;
const entrySize = 8;
const valueSize = 16;

/** Makes the map a computed jump reads its targets from: offsets in the linked program. Returns its fd. */
export function createJumpTable(
  context: { kernel: Kernel; log: DiagnosticLog; cleanup: Cleanup; spec: ObjectSpec },
  linked: LinkedProgram,
  table: { index: number; offset: number; size: number },
): number {
  const { kernel, log, spec } = context;
  const bad = (text: string) => failure(log, 22, `map '.jumptables': ${text}`);
  if (table.offset % entrySize !== 0) {
    throw bad(`jumptable start ${table.offset} should be multiple of ${entrySize}`);
  }
  if (table.size % entrySize !== 0) throw bad(`jumptable size ${table.size} should be multiple of ${entrySize}`);
  const data = spec.jumpTables;
  if (!data) throw bad('ELF file is missing jump table data');
  if (table.offset + table.size > data.length) {
    throw bad(`jumptables_data size is ${data.length}, trying to access ${table.offset + table.size}`);
  }
  const count = table.size / entrySize;
  const request = { type: instructionArray, name: '.jumptables', keySize: 4, valueSize, maxEntries: count };
  const fd = createMap(kernel, mapRequest(request));
  if (fd < 0) throw new ObjectError('no jump table', -fd);
  context.cleanup.fd(fd);
  const owner = linked.placements.findLast((placement) => placement.offset <= table.index)!;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  for (let index = 0; index < count; index++) {
    const target = Number(view.getBigUint64(table.offset + index * entrySize, true)) / 8;
    const offset = target - owner.program.sectionOffset + owner.offset;
    if (!(offset >= 0 && offset <= 0xffffffff)) throw bad(`invalid jump table value at offset ${table.offset}`);
    const key = new Uint8Array(4);
    const value = new Uint8Array(valueSize);
    new DataView(key.buffer).setUint32(0, index, true);
    new DataView(value.buffer).setUint32(0, offset, true);
    const result = updateElement(kernel, fd, { key, value });
    if (result < 0) throw new ObjectError('no jump table', -result);
  }
  const frozen = freezeMap(kernel, fd);
  if (frozen < 0) throw new ObjectError('no jump table', -frozen);
  return fd;
}
