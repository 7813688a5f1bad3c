// What decides how an object is loaded on an old kernel. Most answers are attempts, as distributions port features back
// to kernels of older versions. Source: features.c of libbpf.
import { kernelVersion } from '../host/index.ts';
import type { Kernel } from '../sys/index.ts';
import { bpf_map_type, bpf_prog_type, BPF_F_MMAPABLE } from '../uapi/index.ts';
import { createMap, loadBtf, loadProgram, type ProgramRequest } from '../bpf/index.ts';

/** In the comments, the version in which Linux got each of them. */
export type Feature =
  // 4.15: names of programs and maps.
  | 'progName'
  // 5.2: BPF_PSEUDO_MAP_VALUE.
  | 'globalData'
  // 5.5: BPF_F_MMAPABLE of arrays.
  | 'arrayMmap'
  // 4.17
  | 'expectedAttachType'
  // 5.5: helpers that say which memory is meant, instead of bpf_probe_read().
  | 'probeReadKernel'
  // 4.18: BPF_BTF_LOAD.
  | 'btf'
  // 5.0
  | 'btfFunc'
  // 5.6: functions whose linkage is global.
  | 'btfGlobalFunc'
  // 5.2: variables and sections.
  | 'btfDatasec'
  // 5.13
  | 'btfFloat'
  // 5.16
  | 'btfDeclTag'
  // 5.17
  | 'btfTypeTag'
  // 6.0
  | 'btfEnum64'
  | 'btfQuestionMarkDatasec'
  | 'percpuData'
  | 'fullRangeLoadOffset'
  // 6.6
  | 'uprobeMulti';

/** `r0 = 0; exit` */
export const trivialCode = code([0xb7, 0, 0, 0], [0x95, 0, 0, 0]);

/** Instructions from opcode, registers byte, offset and immediate each. */
function code(...slots: readonly (readonly [number, number, number, number])[]): Uint8Array {
  const bytes = new Uint8Array(slots.length * 8);
  const view = new DataView(bytes.buffer);
  slots.forEach(([opcode, registers, offset, immediate], index) => {
    view.setUint8(index * 8, opcode);
    view.setUint8(index * 8 + 1, registers);
    view.setInt16(index * 8 + 2, offset, true);
    view.setInt32(index * 8 + 4, immediate, true);
  });
  return bytes;
}

/** A blob of BTF, little-endian: its header, the words of its types, its strings. */
function btf(strings: string, ...types: readonly number[]): Uint8Array {
  const text = Buffer.from(strings, 'latin1');
  const bytes = new Uint8Array(24 + types.length * 4 + text.length);
  const view = new DataView(bytes.buffer);
  const header = [0x0001eb9f, 24, 0, types.length * 4, types.length * 4, text.length];
  [...header, ...types].forEach((word, index) => void view.setUint32(index * 4, word >>> 0, true));
  bytes.set(text, 24 + types.length * 4);
  return bytes;
}

/**
 * The word `info` of `struct btf_type`: kind, and number of members or linkage. Numbers are those of uapi/linux/btf.h.
 */
const info = (kind: number, vlen = 0) => ((kind << 24) | vlen) >>> 0;
/** An anonymous signed 32-bit integer. */
const int = [0, info(1), 4, (1 << 24) | 32];

/** The smallest types that only a kernel with the feature takes. */
const btfProbes: Partial<Record<Feature, () => Uint8Array>> = {
  btf: () => btf('\0int\0', 1, info(1), 4, (1 << 24) | 32),
  btfFunc: () => btf('\0int\0x\0a\0', 1, ...int.slice(1), 0, info(13, 1), 0, 7, 1, 5, info(12), 2),
  btfGlobalFunc: () => btf('\0int\0x\0a\0', 1, ...int.slice(1), 0, info(13, 1), 0, 7, 1, 5, info(12, 1), 2),
  btfDatasec: () => btf('\0x\0.data\0', ...int, 1, info(14), 1, 0, 3, info(15, 1), 4, 2, 0, 4),
  btfQuestionMarkDatasec: () => btf('\0x\0?.data\0', ...int, 1, info(14), 1, 0, 3, info(15, 1), 4, 2, 0, 4),
  btfFloat: () => btf('\0float\0', 1, info(16), 4),
  btfDeclTag: () => btf('\0x\0', ...int, 1, info(14), 1, 0, 1, info(17), 2, 0xffffffff),
  btfTypeTag: () => btf('\0tag\0', ...int, 1, info(18), 1, 0, info(2), 2),
  btfEnum64: () => btf('\0enum64\0', 1, info(19), 8),
};

/** What the running kernel can do, asked only when the answer decides something, and only once. */
export class Features {
  readonly #kernel: Kernel;
  readonly #known = new Map<Feature, boolean>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  has(feature: Feature): boolean {
    let answer = this.#known.get(feature);
    if (answer === undefined) {
      answer = this.#probe(feature);
      this.#known.set(feature, answer);
    }
    return answer;
  }

  #probe(feature: Feature): boolean {
    const makeBtf = btfProbes[feature];
    if (makeBtf) return this.#succeeds(loadBtf(this.#kernel, makeBtf()));
    switch (feature) {
      case 'progName':
        return this.#loads({ code: trivialCode, name: 'libbpf_nametest' });
      case 'arrayMmap':
        return this.#succeeds(
          createMap(this.#kernel, { type: bpf_map_type.BPF_MAP_TYPE_ARRAY, flags: BPF_F_MMAPABLE }),
        );
      case 'expectedAttachType':
        // cgroup/sock with BPF_CGROUP_INET_SOCK_CREATE.
        return this.#loads({ code: trivialCode, type: bpf_prog_type.BPF_PROG_TYPE_CGROUP_SOCK, expectedAttachType: 2 });
      case 'probeReadKernel':
        return this.#loads({
          type: bpf_prog_type.BPF_PROG_TYPE_TRACEPOINT,
          code: code(
            [0xbf, 0xa1, 0, 0],
            [0x07, 0x01, 0, -8],
            [0xb7, 0x02, 0, 8],
            [0xb7, 0x03, 0, 0],
            [0x85, 0, 0, 113],
            [0x95, 0, 0, 0],
          ),
        });
      case 'globalData': {
        const map = createMap(this.#kernel, { type: bpf_map_type.BPF_MAP_TYPE_ARRAY, valueSize: 32 });
        if (map < 0) return false;
        // r1 = address of byte 16 of the value; *(u64 *)r1 = 42.
        const slots = code([0x18, 0x21, 0, map], [0, 0, 0, 16], [0x7a, 0x01, 0, 42], [0xb7, 0, 0, 0], [0x95, 0, 0, 0]);
        const result = this.#loads({ code: slots });
        this.#kernel.close(map);
        return result;
      }
      case 'percpuData': {
        const type = bpf_map_type.BPF_MAP_TYPE_PERCPU_ARRAY;
        const map = createMap(this.#kernel, { type, name: 'libbpf_percpu', valueSize: 8 });
        if (map < 0) return false;
        const result = this.#loads({
          code: code([0x18, 0x21, 0, map], [0, 0, 0, 0], [0x79, 0x10, 0, 0], [0x95, 0, 0, 0]),
        });
        this.#kernel.close(map);
        return result;
      }
      // The verifier once limited offsets in values to 29 bits, which the end of an arena may be beyond.
      case 'fullRangeLoadOffset':
        return kernelVersion(this.#kernel).code >= 0x070000;
      // By version: an attempt, as libbpf makes it, takes a program and two links.
      case 'uprobeMulti':
        return kernelVersion(this.#kernel).code >= 0x060600;
      default:
        return false;
    }
  }

  #loads(given: ProgramRequest): boolean {
    return this.#succeeds(loadProgram(this.#kernel, given));
  }

  #succeeds(fd: number): boolean {
    if (fd >= 0) this.#kernel.close(fd);
    return fd >= 0;
  }
}
