import type { Context } from '../../cli/index.ts';
import type { DiagnosticLog } from '../../object/index.ts';

type Level = Parameters<DiagnosticLog>[0];

const variable = 'LIBBPF_LOG_LEVEL';
/** From the most important on. */
const levels: readonly Level[] = ['warn', 'info', 'debug'];
const logs = new WeakMap<Context, DiagnosticLog>();

/**
 * Where libbpf's messages go: to standard error, JSON or not. All with -d, else those down to the level that LIBBPF_LOG_LEVEL names, or
 * down to information. A value that is no level is reported once, before the first message.
 */
export function diagnostics(ctx: Context): DiagnosticLog {
  let log = logs.get(ctx);
  if (log === undefined) {
    const named = process.env[variable];
    const tellsAll = ctx.options.debug || named?.toLowerCase() === 'debug';
    log = Object.assign(tellsAll ? (_: Level, text: string) => print(ctx, text) : filtered(ctx, named), { tellsAll });
    logs.set(ctx, log);
  }
  return log;
}

function filtered(ctx: Context, named: string | undefined): (level: Level, text: string) => void {
  let least: Level | undefined;
  return (level, text) => {
    least ??= wantedLevel(ctx, named);
    if (levels.indexOf(level) <= levels.indexOf(least)) print(ctx, text);
  };
}

function wantedLevel(ctx: Context, named: string | undefined): Level {
  if (named === undefined) return 'info';
  const found = levels.find((level) => level === named.toLowerCase());
  if (found === undefined) {
    print(ctx, `unrecognized '${variable}' envvar value: '${named}', should be one of 'warn', 'debug', or 'info'.`);
  }
  return found ?? 'info';
}

function print(ctx: Context, text: string): void {
  ctx.printError(`libbpf: ${text}\n`);
}
