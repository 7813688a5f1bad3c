import { type Context, fail } from '../../cli/index.ts';
import { Errno, strerror, SyscallError } from '../../errors/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { O_RDONLY } from '../../kernel/index.ts';
import { pause } from '../../output/index.ts';

/** Bytes that one read(2) asks for. */
const chunkBytes = 64 * 1024;

/** All of a file, or of standard input (`-`). What cannot be read at all (a directory) is empty, as for the reference. */
export function readInput(ctx: Context, path: string): Uint8Array {
  const kernel = kernelOf(ctx);
  const fd = path === '-' ? 0 : kernel.open(path, O_RDONLY);
  if (fd < 0) fail(`failed to open ${path}: ${strerror(-fd)}`);
  const chunks: Uint8Array[] = [];
  try {
    for (;;) {
      const chunk = new Uint8Array(chunkBytes);
      const count = kernel.read(fd, chunk);
      if (count === -Errno.EINTR) continue;
      // Standard input may be set not to block, by whoever shares it.
      if (count === -Errno.EAGAIN) pause();
      else if (count > 0) chunks.push(chunk.subarray(0, count));
      // fread(3) of the reference tells an empty input and a failing one apart only once something was read.
      else if (count === 0 || chunks.length === 0) return Buffer.concat(chunks);
      else fail(`failed to read data_in/ctx_in from ${path}: ${strerror(-count)}`);
    }
  } finally {
    if (fd !== 0) kernel.close(fd);
  }
}

/** Bytes that came back from a run: where they go and what JSON calls them. */
export interface RunOutput {
  readonly path: string | undefined;
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Writes one output; a failure is reported and answered, because the result of the run is still to be shown. */
export function writeOutput(ctx: Context, { path, name, bytes }: RunOutput): 'written' | 'failed' {
  if (path === undefined) return 'written';
  if (path !== '-') return writeToFile(ctx, path, bytes);
  if (ctx.json === undefined) {
    for (let row = 0; row < bytes.length; row += 16) ctx.print(hexRow(bytes, row));
  } else {
    ctx.json.name(name).startArray();
    for (const byte of bytes) ctx.json.number(byte);
    ctx.json.endArray();
  }
  return 'written';
}

function writeToFile(ctx: Context, path: string, bytes: Uint8Array): 'written' | 'failed' {
  try {
    kernelOf(ctx).writeFile(path, bytes);
    return 'written';
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    const what = error.call === 'open' ? `failed to open ${path}` : 'failed to write output data/ctx';
    ctx.error(`${what}: ${strerror(error.errno)}`);
    return 'failed';
  }
}

/** Offset, up to 16 bytes in pairs, and what of them is printable ASCII. */
function hexRow(bytes: Uint8Array, row: number): string {
  // Rows are filled with blanks, so that the text stands below that of full rows.
  let hex = '';
  let text = '';
  for (let at = row; at < row + 16; at++) {
    const byte = bytes[at];
    hex += byte === undefined ? '  ' : byte.toString(16).padStart(2, '0');
    if (at % 2 === 1) hex += ' ';
    if (byte === undefined) continue;
    text += byte < 0x20 || byte > 0x7e ? '.' : String.fromCharCode(byte);
    // A blank in the middle of the 16 characters.
    if (at === row + 7) text += ' ';
  }
  return `${row.toString(16).padStart(7, '0')}\t${hex}| ${text}\n`;
}
