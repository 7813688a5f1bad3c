import { writeSync } from 'node:fs';
import { Errno, TsbpfError } from '../errors/index.ts';
import { pause } from './pause.ts';

const initialBytes = 64 * 1024;
const streamingBytes = 1024 * 1024;
const longestByHand = 64;

/** Writing to a file descriptor failed for good; `errnoCode` is Node's code, e.g. `EPIPE` or `ENOSPC`. */
export class WriteError extends TsbpfError {
  readonly errnoCode: string;
  override readonly errno: number;

  constructor(errnoCode: string, cause: unknown) {
    super('ERR_WRITE', `write: ${errnoCode}`, { cause });
    this.errnoCode = errnoCode;
    // Node.js counts them below zero.
    this.errno = Math.abs((cause as NodeJS.ErrnoException | undefined)?.errno ?? Errno.EIO);
  }
}

/**
 * A buffered byte sink. Writers may fill `buf` from `pos` on themselves after `reserve(n)`.
 * Nothing reaches the descriptor before the buffer fills or `flush` is called.
 */
export class Sink {
  buf: Buffer;
  /** Of the same memory as `buf`, from its first byte on. */
  view: DataView;
  pos = 0;
  readonly #write: (bytes: Uint8Array) => void;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
    this.buf = Buffer.allocUnsafeSlow(initialBytes);
    this.view = viewOf(this.buf);
  }

  /** Makes room for `n` bytes at `pos`, flushing or growing; `buf` may be another object afterwards. */
  reserve(n: number): void {
    if (this.pos + n <= this.buf.length) return;
    this.flush();
    const needed = Math.max(n, streamingBytes);
    if (this.buf.length >= needed) return;
    this.buf = Buffer.allocUnsafeSlow(needed);
    this.view = viewOf(this.buf);
  }

  /** Appends text as UTF-8. */
  text(text: string): void {
    const { length } = text;
    this.reserve(length * 3);
    // A short piece costs a call into the runtime more than its characters.
    if (length <= longestByHand && this.#ascii(text)) this.pos += length;
    else this.pos += this.buf.write(text, this.pos, 'utf8');
  }

  /** Writes text at `pos`; false where a character of it takes more than a byte. */
  #ascii(text: string): boolean {
    const { buf, pos } = this;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return false;
      buf[pos + i] = code;
    }
    return true;
  }

  /** Appends text whose characters are all below U+0100, one byte each. */
  latin1(text: string): void {
    this.reserve(text.length);
    this.pos += this.buf.write(text, this.pos, 'latin1');
  }

  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buf.set(bytes, this.pos);
    this.pos += bytes.length;
  }

  flush(): void {
    if (this.pos === 0) return;
    const end = this.pos;
    this.pos = 0;
    this.#write(this.buf.subarray(0, end));
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** Writes all of `bytes` to a descriptor; waits while it is a full non-blocking pipe. Throws WriteError. */
export function writeFully(fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(fd, bytes, done, bytes.length - done);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? 'EIO';
      if (code !== 'EAGAIN' && code !== 'EINTR') throw new WriteError(code, cause);
      pause();
    }
  }
}

/** A sink that writes to a file descriptor; WriteError where that fails. */
export function descriptorSink(fd: number): Sink {
  return new Sink((bytes) => writeFully(fd, bytes));
}

/** A sink that keeps everything, for tests and for output that is needed as a value. */
export function memorySink(): Sink & { contents(): string } {
  const parts: Buffer[] = [];
  const sink = new Sink((bytes) => parts.push(Buffer.from(bytes)));
  return Object.assign(sink, {
    contents(): string {
      sink.flush();
      return Buffer.concat(parts).toString('utf8');
    },
  });
}
