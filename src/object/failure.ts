import { errnoName, strerror, TsbpfError } from '../errors/index.ts';

/** An object file, or a part of it, that cannot be used. `errno` is the positive number libbpf would return. */
export class ObjectError extends TsbpfError {
  override readonly errno: number;

  /** Where libbpf's words end with `-EINVAL`, those of the error end with the errno's name. */
  constructor(message: string, errno: number, options?: { cause?: unknown }) {
    const end = errorText(errno);
    const isNamed = message.endsWith(`: ${end}`);
    super('ERR_OBJECT', isNamed ? message.slice(0, -end.length) + errnoName(errno) : message, options);
    this.errno = errno;
  }
}

/** Receives diagnostics in libbpf's words, without the `libbpf: ` prefix and the final newline. */
export interface DiagnosticLog {
  (level: 'warn' | 'info' | 'debug', text: string): void;
  /** The steps are reported too; their texts are made only then. */
  readonly tellsAll?: boolean;
}

/** Reports a step where steps are reported. */
export function tell(log: DiagnosticLog | undefined, text: () => string): void {
  if (log?.tellsAll) log('debug', text());
}

/** libbpf's numbers of its own failures, beyond the kernel's errnos. */
export const LibbpfErrno = {
  LIBELF: 4000,
  FORMAT: 4001,
  KVERSION: 4002,
  ENDIAN: 4003,
  INTERNAL: 4004,
  RELOC: 4005,
} as const;

// The names libbpf's diagnostics use; other numbers stay numbers.
// biome-ignore format: a table
const named: ReadonlySet<string> = new Set([
  'E2BIG', 'EACCES', 'EADDRINUSE', 'EADDRNOTAVAIL', 'EAGAIN', 'EALREADY', 'EBADF', 'EBADFD', 'EBUSY',
  'ECANCELED', 'ECHILD', 'EDEADLK', 'EDOM', 'EEXIST', 'EFAULT', 'EFBIG', 'EILSEQ', 'EINPROGRESS', 'EINTR',
  'EINVAL', 'EIO', 'EISDIR', 'ELOOP', 'EMFILE', 'EMLINK', 'EMSGSIZE', 'ENAMETOOLONG', 'ENFILE', 'ENODATA',
  'ENODEV', 'ENOENT', 'ENOEXEC', 'ENOLINK', 'ENOMEM', 'ENOSPC', 'ENOTBLK', 'ENOTDIR', 'ENOTSUPP', 'ENOTTY',
  'ENXIO', 'EOPNOTSUPP', 'EOVERFLOW', 'EPERM', 'EPIPE', 'EPROTO', 'EPROTONOSUPPORT', 'ERANGE', 'EROFS',
  'ESPIPE', 'ESRCH', 'ETXTBSY', 'EUCLEAN', 'EXDEV',
]);

/** An errno as libbpf's diagnostics name it: `-EINVAL`. */
export function errorText(errno: number): string {
  const positive = Math.abs(errno);
  const name = errnoName(positive);
  return named.has(name) ? `-${name}` : `-${positive}`;
}

/** Logs a warning, where there is a log, and returns the error to throw for it. */
export function failure(
  log: DiagnosticLog | undefined,
  errno: number,
  text: string,
  options?: { cause?: unknown },
): ObjectError {
  log?.('warn', text);
  return new ObjectError(text, errno, options);
}

const ownTexts: Readonly<Record<number, string>> = {
  [LibbpfErrno.LIBELF]: 'Something wrong in libelf',
  [LibbpfErrno.FORMAT]: 'BPF object format invalid',
  [LibbpfErrno.KVERSION]: "'version' section incorrect or lost",
  [LibbpfErrno.ENDIAN]: 'Endian mismatch',
  [LibbpfErrno.INTERNAL]: 'Internal error in libbpf',
  [LibbpfErrno.RELOC]: 'Relocation failed',
};

/** What libbpf says of a failure to those who ask it: `Invalid argument`, `BPF object format invalid`. */
export function failureText(errno: number): string {
  return ownTexts[errno] ?? strerror(errno);
}
