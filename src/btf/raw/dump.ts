import { ParseError } from '../../errors/index.ts';
import type { Btf } from '../parse.ts';
import { JsonTypeWriter, type RawJsonOptions } from './json.ts';
import { TextWriter } from './text.ts';

const pieceLength = 0x8000;

/** What `dumpRaw` and `dumpRawJson` write, and where to. */
export interface RawDumpOptions {
  /** Types to dump, in this order; all own types unless given. */
  readonly roots?: readonly number[];
  /** Receives the text, in pieces. */
  readonly write: (text: string) => void;
}

/** Writes types in the raw format of `bpftool btf dump`. Throws ParseError where types are damaged. */
export function dumpRaw(btf: Btf, options: RawDumpOptions): void {
  const writer = new TextWriter(btf);
  dump(btf, writer, options);
}

/**
 * Writes types as JSON objects, the elements of an array without its brackets: `write` receives one or several with the
 * commas between them. Throws ParseError where types are damaged.
 */
export function dumpRawJson(btf: Btf, options: RawDumpOptions & RawJsonOptions): void {
  dump(btf, new JsonTypeWriter(btf, options), options, ',');
}

function dump(
  btf: Btf,
  writer: { text: string; type(id: number): void },
  { roots, write }: RawDumpOptions,
  separator = '',
): void {
  const one = (id: number) => {
    if (id > btf.typeCount) throw new ParseError('BTF', 0, `type ${id}, there are ${btf.typeCount}`);
    if (writer.text !== '') writer.text += separator;
    writer.type(id);
    if (writer.text.length < pieceLength) return;
    write(writer.text);
    writer.text = '';
  };
  if (roots !== undefined && roots.length > 0) for (const id of roots) one(id);
  else for (let id = btf.firstId; id <= btf.typeCount; id++) one(id);
  if (writer.text !== '') write(writer.text);
}
