import { RecordView } from '../btf/index.ts';
import { btfOf } from '../elf/index.ts';
import { Errno, errnoName, ParseError, SyscallError } from '../errors/index.ts';
import { kernelBtfPath, vmlinuxPlaces } from '../host/index.ts';
import { type Kernel, type MappedMemory, O_CLOEXEC, O_RDONLY, PROT_READ } from '../sys/index.ts';

/** How the kernel's types are read. */
export interface VmlinuxReading<Types> {
  /** Reads types from raw BTF. ParseError where it is none. */
  readonly parse: (bytes: Uint8Array) => Types;
  /** Receives libbpf's diagnostics. */
  readonly log?: (level: 'warn' | 'debug', text: string) => void;
  /** Reads the file in which the kernel shows its types; as a whole unless given. */
  readonly read?: (path: string) => Uint8Array;
}

/**
 * The running kernel's types: as it shows them, or else from its image on the disk. Undefined, after warnings, where
 * neither is there. SyscallError or ParseError where what the kernel shows cannot be read.
 */
export function loadVmlinux<Types>(kernel: Kernel, reading: VmlinuxReading<Types>): Types | undefined {
  const { parse, log = () => undefined, read = (path) => kernel.readFile(path) } = reading;
  if (kernel.exists(kernelBtfPath)) {
    const types = parse(read(kernelBtfPath));
    log('debug', `loaded kernel BTF from '${kernelBtfPath}'`);
    return types;
  }
  log('warn', `kernel BTF is missing at '${kernelBtfPath}', was CONFIG_DEBUG_INFO_BTF enabled?`);
  for (const path of vmlinuxPlaces(kernel)) {
    const types = tryPlace(kernel, path, reading);
    if (types !== undefined) return types;
  }
  log('warn', 'failed to find valid kernel BTF');
  return undefined;
}

/**
 * Calls `use` with the running kernel's types, which are not there afterwards: nothing is decoded, and their pages are
 * read only where they are looked at. Undefined where there are none. Throws as `loadVmlinux`.
 */
export function withVmlinux<T>(kernel: Kernel, use: (types: RecordView) => T): T | undefined {
  let mapping: MappedMemory | undefined;
  try {
    const types = loadVmlinux(kernel, {
      parse: (bytes) => new RecordView(bytes),
      read: (path) => {
        // The place before held no types.
        mapping?.close();
        const mapped = mapFile(kernel, path);
        mapping = mapped?.mapping;
        return mapped?.bytes ?? kernel.readFile(path);
      },
    });
    return types === undefined ? undefined : use(types);
  } finally {
    mapping?.close();
  }
}

/** A file as memory, on kernels that allow it for their types (since 6.16): reading takes a system call a page. */
export function mapFile(kernel: Kernel, path: string): { mapping: MappedMemory; bytes: Uint8Array } | undefined {
  const { size } = kernel.statusFollowing(path);
  const fd = kernel.open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return undefined;
  const mapping = kernel.map({ fd, length: size, protection: PROT_READ, isPrivate: true });
  kernel.close(fd);
  return typeof mapping === 'number' ? undefined : { mapping, bytes: new Uint8Array(mapping.buffer, 0, size) };
}

function tryPlace<Types>(kernel: Kernel, path: string, reading: VmlinuxReading<Types>): Types | undefined {
  const { parse, log = () => undefined } = reading;
  let problem = '0';
  let types: Types | undefined;
  try {
    using file = kernel.openFile(path);
    const found = btfOf(file, path);
    if ('bytes' in found) {
      types = parse(found.bytes);
    } else {
      if (found.words !== '') log('warn', found.words);
      problem = errnoText(found.errno);
    }
  } catch (error) {
    // What is not there, or may not be read, is no place at all.
    if (error instanceof SyscallError) return undefined;
    if (!(error instanceof ParseError)) throw error;
    problem = errnoText(Errno.EINVAL);
  }
  log('debug', `loading kernel BTF '${path}': ${problem}`);
  return types;
}

/** libbpf has names for the system's errors, not for its own. */
function errnoText(errno: number): string {
  return errno < 4000 ? `-${errnoName(errno)}` : `-${errno}`;
}
