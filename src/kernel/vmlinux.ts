import { btfOf } from '../elf/index.ts';
import { Errno, errnoName, ParseError, SyscallError } from '../errors/index.ts';
import { kernelBtfPath, vmlinuxPlaces } from '../host/index.ts';
import type { Kernel } from '../sys/index.ts';

export interface VmlinuxReading<Types> {
  /** Reads types from raw BTF. ParseError where it is none. */
  readonly parse: (bytes: Uint8Array) => Types;
  /** Receives libbpf's diagnostics. */
  readonly log?: (level: 'warn' | 'debug', text: string) => void;
  /** Reads the file in which the kernel shows its types; as a whole unless told. */
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
