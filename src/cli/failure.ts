import { TsbpfError } from '../errors/index.ts';

/** Ends the running command. Without a message its text has been reported already. */
export class CommandFailure extends TsbpfError {
  /** What the command returns: 0…255, or a negative errno of which the exit status is the low byte. */
  readonly status: number;
  readonly silent: boolean;

  constructor(message: string | undefined, options: { status?: number; cause?: unknown } = {}) {
    super('ERR_COMMAND', message ?? '', { cause: options.cause });
    this.status = options.status ?? -1;
    this.silent = message === undefined;
  }
}

/** Ends the whole run, batch included, with the usage text of the last command level selected. */
export class UsageExit extends TsbpfError {
  constructor() {
    super('ERR_USAGE', 'usage');
  }
}

/** Ends the whole run, batch included, as a success unless a status is given: what there was to print is printed, and nothing follows it. */
export class RunEnd extends TsbpfError {
  readonly status: number;

  constructor(status = 0) {
    super('ERR_END', 'end');
    this.status = status;
  }
}

/** Ends the command with an error message; the status is -1 unless given. */
export function fail(message: string, options?: { status?: number; cause?: unknown }): never {
  throw new CommandFailure(message, options);
}

/** Fails without printing anything (more). */
export function failSilently(status = -1): never {
  throw new CommandFailure(undefined, { status });
}

/** Ends the command with its usage text, as bpftool does where words are missing or too many. */
export function usage(): never {
  throw new UsageExit();
}

/** Runs `body`; a command failure in it exits with `status` instead of its own. */
export function withStatus<T>(status: number, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    throw new CommandFailure(error.silent ? undefined : error.message, { status, cause: error });
  }
}
