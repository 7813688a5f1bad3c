import { type ByteSource, sourceOf } from '../../bytes/index.ts';
import { type Context, fail, type Handler, usage, type Words } from '../../cli/index.ts';
import { Errno, errnoOf, strerror, SyscallError } from '../../errors/index.ts';
import { ObjectLinker } from '../../linker/index.ts';
import { type DiagnosticLog, errorText, ObjectError } from '../../object/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { diagnostics } from '../shared/libbpf-log.ts';
import { pauseOptimizer } from '../shared/optimizer.ts';
import { OutputFile } from '../shared/output-file.ts';
import { Interruption, Progress } from '../shared/progress.ts';

/** Bytes of input after which code is run so often that optimising it saves time. */
const worthOptimizing = 1 << 25;

/** `gen object OUTPUT_FILE INPUT_FILE…`: links object files into one. */
export const object: Handler = async (ctx, words) => {
  requireWords(ctx, words, 2);
  const path = words.next();
  const log = diagnostics(ctx);
  const output = openOutput(path, log);
  const linker = new ObjectLinker({ log });
  using step = new Steps(ctx, words.left);
  // The first files are linked by unoptimised code, which is faster until it has run often.
  using pause = pauseOptimizer();
  let size = 0;
  while (words.left > 0) {
    const file = words.next();
    reported(`failed to link '${file}'`, () => {
      using input = openInput(ctx, { file, output, log });
      size += input.size;
      if (size > worthOptimizing) pause[Symbol.dispose]();
      linker.add({ name: file, bytes: input });
    });
    await step.done(path);
  }
  reported('failed to finalize ELF file', () => writeOutput(output, linker.finish(), log));
};

/** The input files of a run that a person may watch and interrupt. */
export class Steps implements Disposable {
  readonly #progress: Progress;
  readonly #interruption: Interruption | undefined;

  constructor(ctx: Context, total: number) {
    this.#progress = new Progress(ctx, { verb: 'read', unit: 'files', total }, { toFile: true });
    this.#interruption = ctx.stderrIsTerminal ? new Interruption() : undefined;
  }

  /** One of them has been read; fails where the run has been interrupted. */
  async done(output: string): Promise<void> {
    this.#progress.add(1);
    await this.#interruption?.look(() => `${this.#progress}, ${output} is as it was`);
  }

  [Symbol.dispose](): void {
    this.#progress.end();
    this.#interruption?.[Symbol.dispose]();
  }
}

/** With too few words the reference prints both what is missing and the usage. */
export function requireWords(ctx: Context, words: Words, count: number): void {
  if (words.left >= count) return;
  ctx.error(`'${words.previous}' needs at least ${count} arguments, ${words.left} found`);
  usage();
}

function openOutput(path: string, log: DiagnosticLog): OutputFile {
  try {
    return new OutputFile(path);
  } catch (cause) {
    log('warn', `failed to create '${path}': ${-errnoOf(cause, Errno.EIO)}`);
    fail('failed to create BPF linker instance', { cause });
  }
}

/** Of a file that is the output too, libbpf would find nothing left; here it stays as it is. */
function openInput(
  ctx: Context,
  { file, output, log }: { file: string; output: OutputFile; log: DiagnosticLog },
): ByteSource & Disposable {
  const kernel = kernelOf(ctx);
  try {
    // The reference has emptied the output by then.
    if (output.isSame(file)) return inMemory(new Uint8Array(0));
    // Pipes have no size and cannot be read again: all of them is taken at once.
    const { kind } = kernel.statusFollowing(file);
    return kind === 'file' ? kernel.openFile(file) : inMemory(kernel.readFile(file));
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    const { errno } = cause;
    // What libbpf says of a directory, where libelf finds nothing to read.
    if (errno === Errno.EISDIR) {
      log('warn', `failed to parse ELF file '${file}': invalid file descriptor`);
      throw new ObjectError(`'${file}' is a directory`, Errno.EINVAL, { cause });
    }
    log('warn', `failed to open file '${file}': ${errorText(errno)}`);
    throw new ObjectError(`failed to open file '${file}'`, errno, { cause });
  }
}

const inMemory = (bytes: Uint8Array) => ({ ...sourceOf(bytes), [Symbol.dispose]: () => {} });

/** libelf measures what it writes, so that it refuses devices and pipes as it does a full disk. */
function writeOutput(output: OutputFile, bytes: Uint8Array, log: DiagnosticLog): void {
  const refuse = (cause?: unknown) => {
    log('warn', 'failed to write ELF contents: cannot write data to file');
    return new ObjectError('failed to write ELF contents', Errno.EINVAL, { cause });
  };
  if (!output.isOrdinary) throw refuse();
  try {
    output.write(bytes);
  } catch (cause) {
    throw refuse(cause);
  }
}

/** Runs a step of linking; its failure is reported in the reference's words. */
function reported(what: string, step: () => void): void {
  try {
    step();
  } catch (cause) {
    if (!(cause instanceof ObjectError)) throw cause;
    const { errno } = cause;
    fail(`${what}: ${strerror(errno)} (${errno})`, { status: -errno, cause });
  }
}
