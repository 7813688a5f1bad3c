/** Base of every failure the product reports: a stable code plus, where there is one, the cause. */
export class TsbpfError extends Error {
  /** Stable, machine-readable identifier, e.g. `ERR_PARSE`. */
  readonly code: string;
  /** The positive number, where a system call or libbpf has one for it. */
  declare readonly errno?: number;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Bytes that are not what their format says. `offset` counts bytes from the start of the parsed input. */
export class ParseError extends TsbpfError {
  readonly format: string;
  readonly offset: number;

  constructor(format: string, offset: number, expectation: string, options?: { cause?: unknown }) {
    super('ERR_PARSE', `${format}: at offset ${offset}: ${expectation}`, options);
    this.format = format;
    this.offset = offset;
  }
}

/** A system call that failed. `errno` is the positive number, `errnoName` its symbol (`EPERM`). */
export class SyscallError extends TsbpfError {
  readonly call: string;
  override readonly errno: number;
  readonly errnoName: string;

  constructor(call: string, errno: number, errnoName: string, text: string, options?: { cause?: unknown }) {
    super('ERR_SYSCALL', `${call}: ${text} (${errnoName})`, options);
    this.call = call;
    this.errno = errno;
    this.errnoName = errnoName;
  }
}

/**
 * The kernel refused a program. `log` is the whole verifier log; the message holds only the last line that gives a reason, so
 * that an error that nobody catches does not print all of it.
 */
export class VerifierError extends TsbpfError {
  readonly log: string;
  override readonly errno: number;

  constructor(message: string, errno: number, log: string, options?: { cause?: unknown }) {
    super('ERR_VERIFIER', message, options);
    this.errno = errno;
    this.log = log;
  }
}

/** Something this kernel cannot do. `since` is the first kernel version that can, e.g. `5.7`, where known. */
export class NotSupportedError extends TsbpfError {
  readonly feature: string;
  readonly since: string | undefined;

  constructor(feature: string, since?: string, options?: { cause?: unknown }) {
    super('ERR_NOT_SUPPORTED', `${feature}: not supported${since ? ` (needs Linux >= ${since})` : ''}`, options);
    this.feature = feature;
    this.since = since;
  }
}

/** Input from the caller that cannot be meant: a wrong word, a value that does not fit. */
export class UsageError extends TsbpfError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('ERR_USAGE', message, options);
  }
}

/** An object that was used after its `close`. */
export class ClosedError extends TsbpfError {
  constructor(what: string, options?: { cause?: unknown }) {
    super('ERR_CLOSED', `${what}: used after close`, options);
  }
}
