import { sanitizeBtf } from '../btf/index.ts';
import { cstr } from '../bytes/index.ts';
import { Errno } from '../errors/index.ts';
import { type DiagnosticLog, errorText, failure, loadableBtf, type ObjectSpec } from '../object/index.ts';
import type { Kernel } from '../sys/index.ts';
import { loadBtf } from '../bpf/index.ts';
import type { Features } from './features.ts';

/** Bytes of the first log buffer, and the most there can be. Source: libbpf's BPF_LOG_BUF_SIZE. */
const firstLogSize = 0xffffff;
const largestLogSize = 0x7fffffff;

interface BtfContext {
  readonly kernel: Kernel;
  readonly log: DiagnosticLog;
  readonly features: Features;
}

/**
 * Gives an object's BTF to the kernel, in older words if it takes no other. Returns its fd, or 0 where it takes none and
 * the object can do without. ObjectError, after libbpf's warnings and the kernel's reasons, where it cannot.
 */
export function loadObjectBtf(context: BtfContext, spec: ObjectSpec): number {
  if (!spec.btf) return 0;
  const { kernel, log, features } = context;
  const isNeeded = spec.maps.some((map) => map.structOps);
  const btf = loadableBtf(spec, spec.btf);
  let bytes = btf.finish();
  let result = loadBtf(kernel, bytes);
  if (result < 0 && result !== -Errno.EPERM) {
    if (!features.has('btf')) {
      if (!isNeeded) {
        log('debug', "Kernel doesn't support BTF, skipping uploading it.");
        return 0;
      }
    } else {
      const changed = sanitizeBtf(btf, {
        func: features.has('btfFunc'),
        globalFunc: features.has('btfGlobalFunc'),
        datasec: features.has('btfDatasec'),
        float: features.has('btfFloat'),
        declTag: features.has('btfDeclTag'),
        typeTag: features.has('btfTypeTag'),
        enum64: features.has('btfEnum64'),
        questionMarkDatasec: features.has('btfQuestionMarkDatasec'),
      });
      if (changed) {
        bytes = btf.finish();
        result = loadBtf(kernel, bytes);
      }
      if (result < 0) result = loadWithReasons(context, bytes);
    }
  }
  if (result >= 0) return result;
  if (isNeeded) {
    const text = `Error loading .BTF into kernel: ${errorText(result)}. BTF is mandatory, can't proceed.`;
    throw failure(log, -result, text);
  }
  log('info', `Error loading .BTF into kernel: ${errorText(result)}. BTF is optional, ignoring.`);
  return 0;
}

/** Loads again, with a log as large as the kernel has words for, and tells them. */
function loadWithReasons({ kernel, log }: BtfContext, btf: Uint8Array): number {
  for (let size = firstLogSize; ; size *= 2) {
    const words = new Uint8Array(Math.min(size, largestLogSize));
    const result = loadBtf(kernel, btf, words);
    if (result >= 0) return result;
    if (result === -Errno.ENOSPC && size < largestLogSize) continue;
    log('warn', `BTF loading error: ${errorText(result)}`);
    const text = cstr(words);
    if (text !== '') log('warn', `-- BEGIN BTF LOAD LOG ---\n${text}\n-- END BTF LOAD LOG --`);
    return result;
  }
}
