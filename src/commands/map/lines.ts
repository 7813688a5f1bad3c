import { readSync } from 'node:fs';
import { strerror, TsbpfError } from '../../errors/index.ts';

/** A line of a file of JSON lines. `parsed` is its value where it could be had cheaply. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  readonly parsed: unknown;
}

const chunkBytes = 1024 * 1024;
/** No entry of a map is anywhere near as long; more is no file of lines. */
const maxLineBytes = 256 * 1024 * 1024;
const newline = 10;

/** The lines of a descriptor that are not empty, in groups of what one reading held. Memory does not grow with the file. */
export function* readLines(fd: number): Generator<Line[]> {
  let buffer = Buffer.allocUnsafe(chunkBytes * 2);
  let length = 0;
  let number = 1;
  for (;;) {
    if (buffer.length - length < chunkBytes) buffer = grown(buffer, length);
    const read = readSome(fd, buffer, length);
    const end = read === 0 ? length : buffer.lastIndexOf(newline, length + read - 1) + 1;
    length += read;
    if (end > 0) {
      const text = buffer.toString('utf8', 0, end);
      const lines = linesOf(text, number);
      number += lines.passed;
      yield lines.lines;
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

/** All lines of a text that ends with one. Read as one array where that holds as many values as lines. */
function linesOf(text: string, first: number): { lines: Line[]; passed: number } {
  const texts = text.split('\n');
  if (texts.at(-1) === '') texts.pop();
  const parsed = parsedTogether(texts);
  const lines: Line[] = [];
  for (const [i, line] of texts.entries()) {
    if (parsed !== undefined || line.trim() !== '') lines.push({ number: first + i, text: line, parsed: parsed?.[i] });
  }
  return { lines, passed: texts.length };
}

/** Undefined where a line is no JSON by itself, or holds an integer that needs care. */
function parsedTogether(texts: readonly string[]): unknown[] | undefined {
  const joined = `[${texts.join(',')}]`;
  // Digits after a quote are the beginning of a string.
  if (/[^"\d]\d{16}/.test(joined)) return undefined;
  try {
    const values = JSON.parse(joined) as unknown[];
    return values.length === texts.length ? values : undefined;
  } catch {
    return undefined;
  }
}

function readSome(fd: number, buffer: Buffer, at: number): number {
  for (;;) {
    try {
      return readSync(fd, buffer, at, chunkBytes, null);
    } catch (cause) {
      const { code, errno = -5 } = cause as { code?: string; errno?: number };
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN' && code !== 'EINTR') {
        throw new TsbpfError('ERR_READ', `can't read entries: ${strerror(-errno)}`, { cause });
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
