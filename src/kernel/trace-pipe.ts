import { setImmediate } from 'node:timers/promises';
import { Errno } from '../errors/index.ts';
import { checkResult, Fd, type Kernel, O_NONBLOCK, O_RDONLY, syscallError, type StopSignal } from '../sys/index.ts';

const newline = 10;
const chunkBytes = 64 * 1024;

/** The trace log as a stream of lines. Reading takes them out of the log: two readers share them. */
export class TracePipe implements Disposable {
  readonly #kernel: Kernel;
  readonly #fd: Fd;

  /** `folder` is where tracefs is mounted. Throws SyscallError where the log cannot be opened. */
  constructor(kernel: Kernel, folder: string) {
    this.#kernel = kernel;
    this.#fd = new Fd(kernel, checkResult('open', kernel.open(`${folder}/trace_pipe`, O_RDONLY | O_NONBLOCK)));
  }

  /**
   * Whole lines, newline included, each valid until the next is asked for. Ends when `signal` aborts, or
   * should the kernel ever say that the log ends. Throws SyscallError where reading fails.
   */
  async *lines(signal: StopSignal): AsyncGenerator<Uint8Array> {
    const chunk = new Uint8Array(chunkBytes);
    let begun = new Uint8Array(0);
    while (!signal.aborted) {
      const count = this.#kernel.read(this.#fd.number, chunk);
      if (count === 0) return;
      if (count > 0) {
        let start = 0;
        for (let end = chunk.indexOf(newline); end >= 0 && end < count; end = chunk.indexOf(newline, start)) {
          const line = chunk.subarray(start, end + 1);
          yield begun.length === 0 ? line : Buffer.concat([begun, line]);
          if (signal.aborted) return;
          begun = new Uint8Array(0);
          start = end + 1;
        }
        if (start < count) begun = Buffer.concat([begun, chunk.subarray(start, count)]);
        // A log that never runs dry must not keep signals waiting.
        await setImmediate();
      } else if (count === -Errno.EAGAIN) {
        await this.#kernel.readable(this.#fd.number, signal);
      } else if (count !== -Errno.EINTR) throw syscallError('read', count);
    }
  }

  close(): void {
    this.#fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
