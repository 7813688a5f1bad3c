import { closeSync, fstatSync, openSync } from 'node:fs';
import { JsonSource, parseJsonValue } from '../../btf/index.ts';
import { type Context, fail, type OwnHandler, usage } from '../../cli/index.ts';
import { Errno, errnoOf, strerror, UsageError } from '../../errors/index.ts';
import {
  type BpfMap,
  type ElementCodec,
  ElementWriter,
  type HalfCodec,
  type WriteOutcome,
} from '../../kernel/index.ts';
import { Interruption, Progress } from '../shared/progress.ts';
import { selectMap } from '../shared/select-map.ts';
import { CollectedElements } from './collected.ts';
import { badDigits, givenTwice, isBlank, readEntry, unknownMember } from './entry-reader.ts';
import { readLines, readSome } from './lines.ts';
import { codecOf, type SchemaCheck, schemaCheck } from './typed.ts';

/** `map import MAP [FILE] [--keep-going] [--strict]`: lines as `map export` writes them; `-` is standard input. */
export const importMap: OwnHandler = async (ctx, words, given) => {
  if (words.left < 2 || words.left > 3) usage();
  using map = selectMap(ctx, words, { readOnly: false, loosely: true });
  const file = words.left > 0 ? words.next() : '-';
  const codec = await codecOf(ctx, map.info());
  const checks = given.has('strict')
    ? { key: await schemaCheck(codec.key, { strict: true }), value: await schemaCheck(codec.value, { strict: true }) }
    : undefined;
  const fd = file === '-' ? 0 : open(file);
  // Reading anything else can wait for long, and must end at once then.
  using interruption = fstatSync(fd).isFile() ? new Interruption() : undefined;
  try {
    const run = new Import(ctx, map, codec, { checks, keepGoing: given.has('keep-going'), interruption });
    const status = await run.all(fd);
    if (status === 0) ctx.json?.null();
    return status;
  } finally {
    if (fd !== 0) closeSync(fd);
  }
};

function open(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (cause) {
    fail(`can't open '${file}': ${strerror(errnoOf(cause, Errno.EIO))}`, { cause });
  }
}

/** From this size on values are read in pieces. */
const largeBytes = 256 * 1024;

/** Of typed halves; bytes leave nothing out. */
type Checks = Readonly<Record<'key' | 'value', SchemaCheck>>;

/**
 * One run: elements are collected, then written together on another thread while the next are collected; what a bad line
 * follows is in the map when it is reported.
 */
class Import {
  readonly #ctx: Context;
  readonly #codec: ElementCodec;
  readonly #checks: Checks | undefined;
  readonly #writer: ElementWriter;
  readonly #keepGoing: boolean;
  readonly #progress: Progress;
  readonly #interruption: Interruption | undefined;
  #collected: CollectedElements;
  #spare: CollectedElements | undefined;
  /** The write that is under way. */
  #pending: { readonly elements: CollectedElements; readonly outcome: Promise<WriteOutcome> } | undefined;
  #bad = 0;

  constructor(
    ctx: Context,
    map: BpfMap,
    codec: ElementCodec,
    {
      checks,
      keepGoing,
      interruption,
    }: { checks: Checks | undefined; keepGoing: boolean; interruption: Interruption | undefined },
  ) {
    this.#ctx = ctx;
    this.#codec = codec;
    this.#checks = checks;
    this.#writer = new ElementWriter(map);
    this.#keepGoing = keepGoing;
    this.#interruption = interruption;
    this.#progress = new Progress(ctx, { verb: 'imported', unit: 'entries' }, { toFile: true });
    this.#collected = new CollectedElements(codec);
  }

  /** Reads to the end. The exit status: 0, or -1 after bad lines. */
  async all(fd: number): Promise<number> {
    try {
      const inPieces = this.#checks === undefined && this.#codec.value.size >= largeBytes;
      await (inPieces ? this.#readPieces(fd) : this.#readLines(fd));
      await this.#flush();
      await this.#settle();
    } finally {
      // It uses the map's descriptor and these arrays.
      await this.#pending?.outcome.catch(() => undefined);
      this.#progress.end();
    }
    if (this.#bad === 0) return 0;
    this.#ctx.error(`${this.#bad} bad line${this.#bad === 1 ? '' : 's'}, ${this.#progress.count} entries imported`);
    return -1;
  }

  async #readLines(fd: number): Promise<void> {
    for (const { first, values, texts } of readLines(fd)) {
      const count = values?.length ?? texts().length;
      for (let i = 0; i < count; i++) {
        const problem = this.#take(first + i, values?.[i], () => texts()[i]!);
        if (problem !== undefined) await this.#refuse(first + i, problem);
        if (this.#collected.isFull) await this.#flush();
      }
    }
  }

  /** Lines of which each is many megabytes: every value is encoded while it is read. */
  async #readPieces(fd: number): Promise<void> {
    const source = new JsonSource((into) => readSome(fd, into));
    for (let line = 1; source.peek() !== -1; line++) {
      const problem = isBlank(source) ? undefined : this.#takePieces(line, source);
      source.skipLine();
      if (problem !== undefined) await this.#refuse(line, problem);
      if (this.#collected.isFull) {
        await this.#flush();
        await this.#settle();
      }
    }
  }

  #takePieces(line: number, source: JsonSource): string | undefined {
    const at = this.#collected.count;
    try {
      readEntry(source, this.#codec, this.#collected, at);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#collected.erase(at);
      return error.message;
    }
    this.#collected.add(line);
    return undefined;
  }

  /**
   * Collects an element, or answers what is wrong with it. `element`: the line's value where it is known; the text is
   * read where it is not, or not exactly.
   */
  #take(line: number, element: unknown, text: () => string): string | undefined {
    if (element === undefined && text().trim() === '') return undefined;
    const at = this.#collected.count;
    try {
      if (element === undefined || !this.#encodes(element, at)) this.#encode(parseJsonValue(text(), 'entry'), at);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#collected.erase(at);
      return error.message;
    }
    this.#collected.add(line);
    return undefined;
  }

  #encodes(element: unknown, at: number): boolean {
    try {
      this.#encode(element, at);
      return true;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#collected.erase(at);
      return false;
    }
  }

  #encode(element: unknown, at: number): void {
    if (typeof element !== 'object' || element === null || Array.isArray(element)) {
      throw new UsageError('entry: expected an object with key and value');
    }
    const { key, value } = this.#codec;
    const given = element as Record<string, unknown>;
    for (const name of ['key', 'value'] as const) {
      if (this.#checks === undefined || given[name] === undefined) continue;
      const problem = this.#checks[name](given[name]);
      if (problem !== undefined) throw new UsageError(`${name}${problem}`);
    }
    const { keys, keyView, values, valueView } = this.#collected;
    let known = 0;
    if (key.size > 0) known += encodeHalf(given, 'key', key, { bytes: keys, view: keyView, at: at * key.size });
    known += encodeHalf(given, 'value', value, { bytes: values, view: valueView, at: at * value.size });
    for (const _name in given) known--;
    if (known !== 0) {
      const names = key.size > 0 ? ['key', 'key_hex', 'value', 'value_hex'] : ['value', 'value_hex'];
      const other = Object.keys(given).find((name) => !names.includes(name));
      if (other === undefined) givenTwice();
      unknownMember(other);
    }
  }

  /** Begins to write what has been collected, once what was before is written. */
  async #flush(): Promise<void> {
    await this.#settle();
    const elements = this.#collected;
    // Large ones would be there twice.
    if (this.#codec.value.size >= largeBytes) {
      this.#finish(elements, this.#writer.tryWrite(elements.from(0)));
      return;
    }
    this.#collected = this.#spare ?? new CollectedElements(this.#codec);
    this.#spare = undefined;
    this.#pending = { elements, outcome: this.#writer.tryWriteInBackground(elements.from(0)) };
  }

  /** Waits for the write under way; elements the map refuses are reported, and the others of the write follow. */
  async #settle(): Promise<void> {
    if (this.#pending === undefined) return;
    const { elements, outcome } = this.#pending;
    const written = await outcome;
    this.#pending = undefined;
    this.#finish(elements, written);
    this.#spare = elements;
    this.#interruption?.check(() => `${this.#progress}, which stay in the map`);
  }

  /** Tells of elements that the map refused, and writes the others. */
  #finish(elements: CollectedElements, first: WriteOutcome): void {
    let written = first;
    for (let from = 0; ; ) {
      this.#progress.add(written.count);
      if (written.errno === 0) break;
      from += written.count;
      this.#tell(elements.line(from), `update failed: ${strerror(written.errno)}`);
      from++;
      written = this.#writer.tryWrite(elements.from(from));
    }
    elements.clear();
  }

  /** What came before a bad line is written before the line is reported. */
  async #refuse(line: number, message: string): Promise<void> {
    if (!this.#keepGoing) {
      await this.#flush();
      await this.#settle();
    }
    this.#tell(line, message);
  }

  #tell(line: number, message: string): void {
    if (!this.#keepGoing) fail(`line ${line}: ${message} (${this.#progress.count} entries imported before it)`);
    this.#bad++;
    this.#ctx.error(`line ${line}: ${message}`);
  }
}

/** Encodes `NAME`, or `NAME_hex` byte by byte; 1 for the member it took. */
function encodeHalf(
  given: Record<string, unknown>,
  name: 'key' | 'value',
  half: HalfCodec,
  { bytes, view, at }: { bytes: Uint8Array; view: DataView; at: number },
): number {
  const value = given[name];
  if (value !== undefined) {
    half.into(value, bytes, view, at);
    return 1;
  }
  const hex = given[`${name}_hex`];
  if (hex === undefined) throw new UsageError(`entry: no ${name}`);
  if (typeof hex !== 'string' || !/^([0-9a-f]{2})*$/i.test(hex)) badDigits(`${name}_hex`);
  if (hex.length !== half.size * 2) {
    throw new UsageError(`${name}_hex: expected ${half.size} bytes got ${hex.length / 2}`);
  }
  bytes.set(Buffer.from(hex, 'hex'), at);
  return 1;
}
