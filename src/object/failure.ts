import { errnoName, TsbpfError } from '../errors/index.ts';

/** An object file, or a part of it, that cannot be used. `errno` is the positive number libbpf would return. */
export class ObjectError extends TsbpfError {
  readonly errno: number;

  constructor(message: string, errno: number, options?: { cause?: unknown }) {
    super('ERR_OBJECT', message, options);
    this.errno = errno;
  }
}

/** Receives diagnostics in libbpf's words, without the `libbpf: ` prefix and the final newline. */
export type DiagnosticLog = (level: 'warn' | 'info' | 'debug', text: string) => void;

/** libbpf's numbers of its own failures, beyond the kernel's errnos. */
export const LibbpfErrno = {
  LIBELF: 4000,
  FORMAT: 4001,
  KVERSION: 4002,
  ENDIAN: 4003,
  INTERNAL: 4004,
  RELOC: 4005,
} as const;

const ownNames: Readonly<Record<number, string>> = {
  4000: '-LIBBPF_ERRNO__LIBELF',
  4001: '-LIBBPF_ERRNO__FORMAT',
  4002: '-LIBBPF_ERRNO__KVERSION',
  4003: '-LIBBPF_ERRNO__ENDIAN',
  4004: '-LIBBPF_ERRNO__INTERNAL',
  4005: '-LIBBPF_ERRNO__RELOC',
};

/** An errno as libbpf's diagnostics name it: `-EINVAL`. */
export function errorText(errno: number): string {
  const positive = Math.abs(errno);
  const own = ownNames[positive];
  if (own) return own;
  const name = errnoName(positive);
  return name.startsWith('E') ? `-${name}` : `-${positive}`;
}

/** Logs a warning and returns the error to throw for it. */
export function failure(log: DiagnosticLog, errno: number, text: string, options?: { cause?: unknown }): ObjectError {
  log('warn', text);
  return new ObjectError(text, errno, options);
}
