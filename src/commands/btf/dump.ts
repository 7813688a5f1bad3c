import {
  type Btf,
  BtfCycleError,
  BtfMerger,
  dedupBtf,
  dumpC,
  findUnknownKind,
  parseBtf,
  rawJson,
  rawText,
} from '../../btf/index.ts';
import { type Context, fail, type Handler, isPrefix, strtoul, usage, type Words } from '../../cli/index.ts';
import { Errno, ParseError, strerror, SyscallError } from '../../errors/index.ts';
import { BtfObject, openFdById } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { selectMap } from '../shared/select-map.ts';
import { selectProgram } from '../shared/select-prog.ts';
import { BtfFileError, baseBtfOption, checkedBtf, readBtfFile, vmlinuxBase, vmlinuxPath } from './source.ts';

const maxRoots = 16;
const maxFiles = 64;
const EOPNOTSUPP = 95;

/** Where the types come from: a live object by id, or BTF that has been read already. */
interface Source {
  readonly id?: number;
  readonly btf?: Btf;
  readonly roots: readonly number[];
}

interface Format {
  readonly c: boolean;
  readonly sorted: boolean;
  readonly roots: readonly number[];
}

/** `btf dump BTF_SRC [format FORMAT] [root_id ID]…` */
export const dump: Handler = (ctx, words) => {
  needTwo(ctx, words);
  const base = baseBtfOption(ctx);
  const source = parseSource(ctx, words, base);
  const format = parseFormat(words, source.roots);
  const btf = source.btf ?? loadById(ctx, source.id ?? 0, base);
  for (const root of format.roots) {
    if (root > btf.typeCount) fail(`invalid root ID: ${root}`, { status: -Errno.EINVAL });
  }
  if (!format.c) return writeRaw(ctx, btf, format.roots);
  if (ctx.json !== undefined) fail('JSON output for C-syntax dump is not supported', { status: -EOPNOTSUPP });
  const { roots, sorted } = format;
  const unknown = findUnknownKind(btf);
  if (unknown !== undefined) ctx.hint(`${unknown}: there is no C for it`);
  const write = (text: string) => ctx.print(text);
  return dumpC(btf, { roots, sorted, write, warn: (message) => ctx.printError(`libbpf: ${message}\n`) });
};

function needTwo(ctx: Context, words: Words): void {
  if (words.left >= 2) return;
  ctx.error(`'${words.previous}' needs at least 2 arguments, ${words.left} found`);
  usage();
}

function parseSource(ctx: Context, words: Words, base: Btf | undefined): Source {
  const source = words.next();
  if (isPrefix(source, 'map')) {
    needTwo(ctx, words);
    using map = selectMap(ctx, words, { readOnly: true });
    const info = map.info();
    const both = [info.btfKeyTypeId, info.btfValueTypeId];
    if (words.take('key')) return { id: info.btfId, roots: both.slice(0, 1) };
    if (words.take('value')) return { id: info.btfId, roots: both.slice(1) };
    if (words.take('all')) return { id: info.btfId, roots: [] };
    words.take('kv');
    return { id: info.btfId, roots: both };
  }
  if (isPrefix(source, 'prog')) {
    needTwo(ctx, words);
    using program = selectProgram(ctx, words);
    return { id: program.info().btfId, roots: [] };
  }
  if (isPrefix(source, 'id')) {
    const word = words.next();
    const { value, rest } = strtoul(word, 0);
    if (rest !== '') fail(`can't parse ${word} as ID`);
    return { id: Number(BigInt.asUintN(32, value)), roots: [] };
  }
  if (isPrefix(source, 'file')) return { btf: readFiles(ctx, words, base), roots: [] };
  fail(`unrecognized BTF source specifier: '${source}'`);
}

function readFiles(ctx: Context, words: Words, base: Btf | undefined): Btf {
  let files: string[] = [];
  const add = (path: string) => {
    if (path === vmlinuxPath) {
      ctx.info(`skipping ${path} (will be loaded as base)`);
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
  if (under === undefined && files.some((path) => path.startsWith('/sys/kernel/btf/'))) under = vmlinuxBase(ctx);
  if (files.length === 0) files = [vmlinuxPath];
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

function parseFormat(words: Words, sourceRoots: readonly number[]): Format {
  const roots = [...sourceRoots];
  const status = { status: -Errno.EINVAL };
  let [c, sorted] = [false, true];
  while (words.left > 0) {
    if (words.take('format')) {
      if (words.left < 1) fail("expecting value for 'format' option\n", status);
      const word = words.next();
      if (word !== 'c' && word !== 'raw') {
        fail(`unrecognized format specifier: '${word}', possible values: raw, c`, status);
      }
      c = word === 'c';
    } else if (words.take('root_id')) {
      if (sourceRoots.length > 0) fail('cannot use root_id with other type filtering', status);
      if (roots.length === maxRoots) fail(`only ${maxRoots} root_id are supported`, { status: -Errno.E2BIG });
      const word = words.next();
      const { value, rest } = strtoul(word, 0);
      if (rest !== '') fail(`can't parse ${word} as root ID`);
      const root = Number(BigInt.asUintN(32, value));
      if (roots.includes(root)) fail(`duplicate root_id ${root} supplied`, status);
      roots.push(root);
    } else if (words.take('unsorted')) {
      sorted = false;
    } else {
      fail(`unrecognized option: '${words.peek()}'`, status);
    }
  }
  return { c, sorted, roots };
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
    if (under === undefined && info.kernelBtf && info.name !== 'vmlinux') {
      ctx.info(
        `Warning: valid base BTF was not specified with -B option, falling back to standard base BTF (${vmlinuxPath})`,
      );
      under = vmlinuxBase(ctx);
    }
    return checkedBtf(ctx, object.bytes(), under);
  } catch (error) {
    const errno = error instanceof SyscallError ? error.errno : error instanceof ParseError ? Errno.EINVAL : undefined;
    if (errno === undefined) throw error;
    fail(`get btf by id (${id}): ${strerror(errno)}`, { status: -errno, cause: error });
  }
}

function writeRaw(ctx: Context, btf: Btf, roots: readonly number[]): void {
  const { json } = ctx;
  json?.startObject().name('types').startArray();
  const write = (id: number) => {
    const type = btf.mustType(id);
    if (json === undefined) ctx.print(rawText(btf, type));
    else json.raw(rawJson(type, { pretty: json.pretty, depth: json.depth }));
  };
  if (roots.length > 0) for (const root of roots) write(root);
  else for (let id = btf.firstId; id <= btf.typeCount; id++) write(id);
  json?.endArray().endObject();
}
