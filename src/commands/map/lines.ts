import { readSync } from 'node:fs';
import { Errno, errnoOf, strerror, TsbpfError } from '../../errors/index.ts';
import { pause } from '../../output/index.ts';

/** Lines read together. */
export interface Lines {
  /** Number of the first, from 1. */
  readonly first: number;
  /**
   * The value of every line, read at once: integers beyond 2^53 are not exact. Undefined where a line is no JSON, or a
   * number may be beyond the largest double.
   */
  readonly values: readonly unknown[] | undefined;
  readonly texts: () => readonly string[];
}

const chunkBytes = 256 * 1024;
/** No entry of a map is anywhere near as long; more is no file of lines. */
const maxLineBytes = 256 * 1024 * 1024;
const newline = 10;

/** The lines of a descriptor, in groups of what one reading held. Memory does not grow with the file. */
export function* readLines(fd: number): Generator<Lines> {
  let buffer = Buffer.allocUnsafe(chunkBytes * 2);
  let length = 0;
  let first = 1;
  for (;;) {
    if (buffer.length - length < chunkBytes) buffer = grown(buffer, length);
    const read = readSome(fd, buffer.subarray(length, length + chunkBytes));
    const end = read === 0 ? length : buffer.subarray(0, length + read).lastIndexOf(newline) + 1;
    length += read;
    if (end > 0) {
      const text = buffer.toString('utf8', 0, buffer[end - 1] === newline ? end - 1 : end);
      let texts: string[] | undefined;
      const split = () => {
        texts ??= text.split('\n');
        return texts;
      };
      const values = valuesOf(text);
      yield { first, values, texts: split };
      first += values?.length ?? split().length;
      buffer.copyWithin(0, end, length);
      length -= end;
    }
    if (read === 0) return;
  }
}

function grown(buffer: Buffer<ArrayBuffer>, length: number): Buffer<ArrayBuffer> {
  if (buffer.length >= maxLineBytes) throw new TsbpfError('ERR_USAGE', `a line of more than ${maxLineBytes} bytes`);
  const larger = Buffer.allocUnsafe(buffer.length * 2);
  buffer.copy(larger, 0, 0, length);
  return larger;
}

/** A raw newline is in no JSON string, so that a text of JSON lines is an array once they are commas. */
function valuesOf(text: string): unknown[] | undefined {
  if (/\de\+?\d{3}/i.test(text)) return undefined;
  const joined = text.replaceAll('\n', ',');
  try {
    const values = JSON.parse(`[${joined}]`) as unknown[];
    let lines = 1;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
    return values.length === lines ? values : undefined;
  } catch {
    return undefined;
  }
}

/** Reads what fits and is there; 0 at the end. Waits for a pipe. */
export function readSome(fd: number, into: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fd, into, 0, into.length, null);
    } catch (cause) {
      const { code } = cause as { code?: string };
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN' && code !== 'EINTR') {
        throw new TsbpfError('ERR_READ', `can't read entries: ${strerror(errnoOf(cause, Errno.EIO))}`, { cause });
      }
      pause();
    }
  }
}
