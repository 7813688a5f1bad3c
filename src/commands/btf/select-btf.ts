import { kernelBtfPath } from '../../host/index.ts';
import { type Btf, BtfCycleError, BtfMerger, dedupBtf, parseBtf } from '../../btf/index.ts';
import { type Context, fail, isPrefix, strtoul, usage, type Words } from '../../cli/index.ts';
import { Errno, ParseError, strerror, SyscallError } from '../../errors/index.ts';
import { BtfObject, openFdById } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { selectMap } from '../shared/select-map.ts';
import { selectProgram } from '../shared/select-prog.ts';
import { BtfFileError, baseBtfOption, checkedBtf, readBtfFile, vmlinuxBase } from '../shared/btf-file.ts';

/** MAX_BTF_FILES of bpftool's src/btf.c. */
const maxFiles = 64;

/** Where types come from. */
export interface BtfSource {
  /** Reads the BTF of a live object; that of files has been read. */
  readonly load: () => Btf;
  /** Types that the source itself names: those of a map's key and value. */
  readonly roots: readonly number[];
}

function needTwo(ctx: Context, words: Words): void {
  if (words.left >= 2) return;
  ctx.error(`'${words.previous}' needs at least 2 arguments, ${words.left} found`);
  usage();
}

/**
 * Reads `BTF_SRC`: `id`, `prog`, `map` or `file`. Files are read at once, live objects when they are loaded. `announce`
 * tells, as the reference does, which file is left to be the base of the others.
 */
export function parseSource(ctx: Context, words: Words, options: { announce: boolean }): BtfSource {
  needTwo(ctx, words);
  const base = baseBtfOption(ctx);
  const byId = (id: number, roots: readonly number[] = []): BtfSource => ({
    load: () => loadById(ctx, id, base),
    roots,
  });
  const source = words.next();
  if (isPrefix(source, 'map')) {
    needTwo(ctx, words);
    using map = selectMap(ctx, words, { readOnly: true });
    const info = map.info();
    const both = [info.btfKeyTypeId, info.btfValueTypeId];
    if (words.take('key')) return byId(info.btfId, both.slice(0, 1));
    if (words.take('value')) return byId(info.btfId, both.slice(1));
    if (words.take('all')) return byId(info.btfId);
    // The default, which may be named.
    words.take('kv');
    return byId(info.btfId, both);
  }
  if (isPrefix(source, 'prog')) {
    needTwo(ctx, words);
    using program = selectProgram(ctx, words);
    return byId(program.info().btfId);
  }
  if (isPrefix(source, 'id')) {
    const word = words.next();
    const { value, rest } = strtoul(word, 0);
    if (rest !== '') fail(`can't parse ${word} as ID`);
    return byId(Number(BigInt.asUintN(32, value)));
  }
  if (isPrefix(source, 'file')) {
    const btf = readFiles(ctx, words, { base, ...options });
    return { load: () => btf, roots: [] };
  }
  fail(`unrecognized BTF source specifier: '${source}'`);
}

function readFiles(ctx: Context, words: Words, options: { base: Btf | undefined; announce: boolean }): Btf {
  const { base, announce } = options;
  let files: string[] = [];
  const add = (path: string) => {
    // Once for each time it is named; it is never merged into itself.
    if (path === kernelBtfPath) {
      if (announce) ctx.info(`skipping ${path} (will be loaded as base)`);
      return;
    }
    if (files.length >= maxFiles) fail(`too many BTF files (max ${maxFiles})`, { status: -Errno.E2BIG });
    files.push(path);
  };
  add(words.next());
  while (words.take('file')) {
    if (words.left < 1) {
      fail(`'${words.previous}' needs at least 1 arguments, 0 found`, { status: -Errno.EINVAL });
    }
    add(words.next());
  }
  let under = base;
  // What sysfs has of modules is split: it makes no sense without the kernel's own types.
  if (under === undefined && files.some((path) => path.startsWith('/sys/kernel/btf/'))) under = vmlinuxBase(ctx);
  // The kernel's BTF alone was named.
  if (files.length === 0) files = [kernelBtfPath];
  if (files.length > 1) {
    if (under === undefined) {
      fail('base BTF is required when merging multiple BTF files; use -B/--base-btf or use sysfs paths', {
        status: -Errno.EINVAL,
      });
    }
    return mergeFiles(ctx, files, under);
  }
  return readFile(ctx, files[0]!, under);
}

function readFile(ctx: Context, path: string, base: Btf | undefined): Btf {
  try {
    return readBtfFile(ctx, path, base);
  } catch (error) {
    if (!(error instanceof BtfFileError)) throw error;
    fail(`failed to load BTF from ${path}: ${error.message}`, { status: -error.errno, cause: error });
  }
}

/** The types of several files that are split on one base, each once. */
function mergeFiles(ctx: Context, files: readonly string[], base: Btf): Btf {
  const merger = new BtfMerger({ base });
  for (const path of files) {
    const btf = readFile(ctx, path, base);
    failAs(`failed to merge BTF from ${path}`, () => merger.add(btf));
  }
  return failAs('failed to dedup combined BTF', () => {
    const merged = parseBtf(merger.finish(), { base });
    return parseBtf(dedupBtf(merged).bytes, { base });
  });
}

/** Runs a step whose ParseError the reference reports as EINVAL, and circles as ELOOP. */
function failAs<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const errno = error instanceof BtfCycleError ? Errno.ELOOP : Errno.EINVAL;
    fail(`${what}: ${strerror(errno)}`, { status: -errno, cause: error });
  }
}

function loadById(ctx: Context, id: number, base: Btf | undefined): Btf {
  const kernel = kernelOf(ctx);
  const fd = openFdById(kernel, 'btf', id);
  if (fd < 0) {
    if (base === undefined) ctx.error(`can't get BTF object by id (${id}): ${strerror(-fd)}`);
    fail(`get btf by id (${id}): ${strerror(-fd)}`, { status: fd });
  }
  using object = new BtfObject(kernel, fd);
  try {
    const info = object.info();
    let under = base;
    // Modules refer to the types of vmlinux by id.
    if (under === undefined && info.kernelBtf && info.name !== 'vmlinux') {
      ctx.info(
        `Warning: valid base BTF was not specified with -B option, falling back to standard base BTF (${kernelBtfPath})`,
      );
      under = vmlinuxBase(ctx);
    }
    return checkedBtf(ctx, object.bytes(), { base: under });
  } catch (error) {
    const errno = error instanceof SyscallError ? error.errno : error instanceof ParseError ? Errno.EINVAL : undefined;
    if (errno === undefined) throw error;
    fail(`get btf by id (${id}): ${strerror(errno)}`, { status: -errno, cause: error });
  }
}
