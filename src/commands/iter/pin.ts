import { type Context, fail, type Handler, usage, type Words } from '../../cli/index.ts';
import { SyscallError, TsbpfError } from '../../errors/index.ts';
import type { BpfMap } from '../../kernel/index.ts';
import { attachIterator, type LoadedObject, loadObject } from '../../loader/index.ts';
import { type DiagnosticLog, errorText, parseObject } from '../../object/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { diagnostics } from '../shared/libbpf-log.ts';
import { mountBpffsForFile } from '../shared/pin.ts';
import { selectMap } from '../shared/select-map.ts';

/**
 * `iter pin OBJ PATH [map MAP]`: loads an iterator and pins it as a file; reading the file runs it. do_pin() of
 * bpftool's src/iter.c. Nothing is printed where all went well, not even null with -j.
 */
export const pin: Handler = (ctx, words) => {
  if (words.left < 2) {
    ctx.error(`'${words.previous}' needs at least 2 arguments, ${words.left} found`);
    usage();
  }
  const objectPath = words.next();
  const path = words.next();
  using map = selectedMap(ctx, words);
  const log = diagnostics(ctx);
  using object = load(ctx, objectPath, log);
  // The object's first program; others are loaded, and go when the object is closed.
  const program = object.programs[0] ?? fail(`can't find bpf program in objfile ${objectPath}`);
  const context = { kernel: kernelOf(ctx), log };
  using link = guarded(`attach_iter failed for program ${program.name}`, () =>
    // For an iterator over the elements of a map, bpf_iter_link_info names the map.
    attachIterator(context, program, map === undefined ? {} : { mapFd: map.fd.number }),
  );
  mountBpffsForFile(ctx, path);
  guarded(`pin_iter failed for program ${program.name} to path ${path}`, () => link.pin(path));
};

function selectedMap(ctx: Context, words: Words): BpfMap | undefined {
  if (!words.take('map')) return undefined;
  if (words.left < 2) {
    ctx.error(`'${words.previous}' needs at least 2 arguments, ${words.left} found`);
    fail('incorrect map spec');
  }
  return selectMap(ctx, words, { readOnly: true });
}

function load(ctx: Context, path: string, log: DiagnosticLog): LoadedObject {
  const kernel = kernelOf(ctx);
  const spec = guarded(`can't open objfile ${path}`, () => {
    try {
      return parseObject(kernel.readFile(path), { path, log, relaxedMaps: ctx.options.mapcompat });
    } catch (error) {
      if (error instanceof SyscallError) log('warn', `elf: failed to open ${path}: ${errorText(error.errno)}`);
      throw error;
    }
  });
  // The level of -d: 1 + 2 for all states, 4 for statistics.
  return guarded(`can't load objfile ${path}`, () =>
    loadObject(kernel, spec, { log, ...(ctx.options.debug ? { logLevel: 7 } : {}) }),
  );
}

/** Runs a step; its failure becomes `message`, with the errno as the status where there is one. */
function guarded<T>(message: string, step: () => T): T {
  try {
    return step();
  } catch (cause) {
    if (!(cause instanceof TsbpfError)) throw cause;
    fail(message, { cause, status: cause.errno === undefined ? -1 : -cause.errno });
  }
}
