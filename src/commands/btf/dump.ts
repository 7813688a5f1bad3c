import { type Btf, tryDumpC, dumpRaw, dumpRawJson, findUnknownKind } from '../../btf/index.ts';
import { type Context, fail, type Handler, strtoul, type Words } from '../../cli/index.ts';
import { Errno } from '../../errors/index.ts';
import { parseSource } from './select-btf.ts';
import { diagnostics } from '../shared/libbpf-log.ts';

/** MAX_ROOT_IDS of bpftool's src/btf.c. */
const maxRoots = 16;

/** What the words behind the source ask for. `sorted` is about C only: raw output is by id. */
interface Format {
  readonly c: boolean;
  readonly sorted: boolean;
  readonly roots: readonly number[];
}

/** `btf dump BTF_SRC [format FORMAT] [root_id ID]…`: do_dump() of bpftool's src/btf.c. */
export const dump: Handler = (ctx, words) => {
  const source = parseSource(ctx, words, { announce: true });
  const format = parseFormat(words, source.roots);
  const btf = source.load();
  for (const root of format.roots) {
    // 0 is void, and allowed.
    if (root > btf.typeCount) fail(`invalid root ID: ${root}`, { status: -Errno.EINVAL });
  }
  if (!format.c) return writeRaw(ctx, btf, format.roots);
  if (ctx.json !== undefined) fail('JSON output for C-syntax dump is not supported', { status: -Errno.EOPNOTSUPP });
  const { roots, sorted } = format;
  const unknown = findUnknownKind(btf);
  if (unknown !== undefined) ctx.hint(`${unknown}: there is no C for it`);
  const write = (utf8: Uint8Array) => ctx.stdout.bytes(utf8);
  return tryDumpC(btf, { roots, sorted, write, warn: (message) => diagnostics(ctx)('warn', message) });
};

function parseFormat(words: Words, sourceRoots: readonly number[]): Format {
  const roots = [...sourceRoots];
  const status = { status: -Errno.EINVAL };
  let [c, sorted] = [false, true];
  while (words.left > 0) {
    if (words.take('format')) {
      // The empty line below this message is the reference's.
      if (words.left < 1) fail("expecting value for 'format' option\n", status);
      const word = words.next();
      if (word !== 'c' && word !== 'raw') {
        fail(`unrecognized format specifier: '${word}', possible values: raw, c`, status);
      }
      c = word === 'c';
    } else if (words.take('root_id')) {
      // Key and value of a map are root types already.
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

function writeRaw(ctx: Context, btf: Btf, roots: readonly number[]): void {
  const { json } = ctx;
  const write = (utf8: Uint8Array) => ctx.stdout.bytes(utf8);
  if (json === undefined) {
    dumpRaw(btf, { roots, write });
    return;
  }
  // `types` is an array also where nothing is in it.
  json.startObject().name('types').startArray();
  if (roots.length > 0 || btf.typeCount >= btf.firstId) json.beginValue();
  dumpRawJson(btf, { roots, pretty: json.pretty, depth: json.depth, write });
  json.endArray().endObject();
}
