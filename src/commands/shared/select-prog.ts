import { type Context, fail, failSilently, strtoul, type Words } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { BpfProgram, nextId, openFdById, type ProgramInfo } from '../../kernel/index.ts';
import { kernelOf } from './kernel.ts';
import { openPinned } from './pin.ts';

const longestName = 127;

/** Consumes `id ID`, `tag TAG`, `name NAME` or `pinned FILE` and opens every program it stands for; maybe none. */
export function selectPrograms(ctx: Context, words: Words): BpfProgram[] {
  const kernel = kernelOf(ctx);
  if (words.take('id')) {
    const word = words.next();
    const { value, rest } = strtoul(word, 0);
    if (rest !== '') fail(`can't parse ${word} as ID`);
    const id = Number(value & 0xffff_ffffn);
    const fd = openFdById(kernel, 'prog', id);
    if (fd < 0) fail(`get by id (${id}): ${strerror(-fd)}`);
    return [new BpfProgram(kernel, fd, { isKnown: true })];
  }
  if (words.take('tag')) {
    const tag = parseTag(words.next());
    return programsWhere(ctx, (_, info) => tag.every((byte, i) => byte === info.tag[i]));
  }
  if (words.take('name')) {
    const name = words.next();
    if (Buffer.byteLength(name) > longestName) fail("can't parse name");
    return programsWhere(ctx, (program, info) => program.fullName(info) === name);
  }
  if (words.take('pinned')) return [new BpfProgram(kernel, openPinned(ctx, words.next(), 'prog'), { isKnown: true })];
  fail(`expected 'id', 'tag', 'name' or 'pinned', got: '${words.peek() ?? '(null)'}'?`);
}

/** As `selectPrograms`, where exactly one program can be meant. */
export function selectProgram(ctx: Context, words: Words): BpfProgram {
  const programs = selectPrograms(ctx, words);
  if (programs.length > 1) {
    for (const program of programs) program.close();
    fail('several programs match this handle');
  }
  return programs[0] ?? noProgram(ctx);
}

/** Nothing has this name or tag: the reference says nothing; a person at a terminal gets a hint. */
export function noProgram(ctx: Context): never {
  ctx.hint('no program has this name or tag; `prog show` lists them');
  failSilently();
}

/** Eight times up to two hexadecimal digits, as sscanf("%02hhx…") reads them. */
function parseTag(text: string): number[] {
  const bytes: number[] = [];
  let rest = text;
  while (bytes.length < 8) {
    const match = /^\s*([0-9a-fA-F]{1,2})/.exec(rest);
    if (match === null) fail("can't parse tag");
    bytes.push(Number.parseInt(match[1]!, 16));
    rest = rest.slice(match[0].length);
  }
  return bytes;
}

function programsWhere(ctx: Context, matches: (program: BpfProgram, info: ProgramInfo) => boolean): BpfProgram[] {
  const kernel = kernelOf(ctx);
  const found: BpfProgram[] = [];
  for (let id = 0; ; ) {
    id = nextId(kernel, 'prog', id);
    if (id === -Errno.ENOENT) return found;
    if (id < 0) fail(strerror(-id));
    const fd = openFdById(kernel, 'prog', id);
    // Unloaded since its id was read: not an error of this search.
    if (fd === -Errno.ENOENT) continue;
    if (fd < 0) fail(`can't get prog by id (${id}): ${strerror(-fd)}`);
    const program = new BpfProgram(kernel, fd, { isKnown: true });
    if (matches(program, program.info())) found.push(program);
    else program.close();
  }
}
