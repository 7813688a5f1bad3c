import { ParseError } from '../../errors/index.ts';
import { ByteText } from '../byte-text.ts';
import type { Btf } from '../parse.ts';
import { JsonTypeWriter, type RawJsonOptions } from './json.ts';
import { TextWriter } from './text.ts';

/** What `dumpRaw` and `dumpRawJson` write, and where to. */
export interface RawDumpOptions {
  /** Types to dump, in this order; all own types unless given. */
  readonly roots?: readonly number[];
  /** Receives the text in pieces, as UTF-8; each is a view that is reused once it returns. */
  readonly write: (utf8: Uint8Array) => void;
}

/** Writes types in the raw format of `bpftool btf dump`. Throws ParseError where types are damaged. */
export function dumpRaw(btf: Btf, options: RawDumpOptions): void {
  const out = new ByteText(options.write);
  const writer = new TextWriter(btf, out);
  for (const id of idsOf(btf, options)) writer.type(id);
  out.flush();
}

/**
 * Writes types as JSON objects with commas between them: an array without its brackets.
 * Throws ParseError where types are damaged.
 */
export function dumpRawJson(btf: Btf, options: RawDumpOptions & RawJsonOptions): void {
  const out = new ByteText(options.write);
  const writer = new JsonTypeWriter(btf, out, options);
  let isFirst = true;
  for (const id of idsOf(btf, options)) {
    if (!isFirst) out.put(',');
    isFirst = false;
    writer.type(id);
  }
  out.flush();
}

function* idsOf(btf: Btf, { roots }: RawDumpOptions): Generator<number> {
  if (roots === undefined || roots.length === 0) {
    for (let id = btf.firstId; id <= btf.typeCount; id++) yield id;
    return;
  }
  for (const id of roots) {
    if (id > btf.typeCount) throw new ParseError('BTF', 0, `type ${id}, there are ${btf.typeCount}`);
    yield id;
  }
}
