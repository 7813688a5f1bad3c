import { kernelVersion } from '../host/index.ts';
import type { Kernel } from '../sys/index.ts';
import { bpf_map_type, bpf_prog_type, BPF_F_MMAPABLE } from '../uapi/index.ts';
import { createMap, loadBtf, loadProgram, type ProgramRequest } from '../bpf/index.ts';

export type Feature =
  | 'progName'
  | 'globalData'
  | 'arrayMmap'
  | 'expectedAttachType'
  | 'probeReadKernel'
  | 'btf'
  | 'btfFunc'
  | 'btfGlobalFunc'
  | 'btfDatasec'
  | 'btfFloat'
  | 'btfDeclTag'
  | 'btfTypeTag'
  | 'btfEnum64'
  | 'btfQuestionMarkDatasec'
  | 'percpuData'
  | 'fullRangeLoadOffset'
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

function btf(strings: string, ...types: readonly number[]): Uint8Array {
  const text = Buffer.from(strings, 'latin1');
  const bytes = new Uint8Array(24 + types.length * 4 + text.length);
  const view = new DataView(bytes.buffer);
  const header = [0x0001eb9f, 24, 0, types.length * 4, types.length * 4, text.length];
  [...header, ...types].forEach((word, index) => void view.setUint32(index * 4, word >>> 0, true));
  bytes.set(text, 24 + types.length * 4);
  return bytes;
}

const info = (kind: number, vlen = 0) => ((kind << 24) | vlen) >>> 0;
const int = [0, info(1), 4, (1 << 24) | 32];

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
      case 'fullRangeLoadOffset':
        return kernelVersion(this.#kernel).code >= 0x070000;
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
