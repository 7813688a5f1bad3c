import { type Btf, BtfMinimizer, UnsupportedKindError } from '../../btf/index.ts';
import { type Context, fail, type Handler } from '../../cli/index.ts';
import { Errno, errnoOf, ParseError, strerror } from '../../errors/index.ts';
import {
  type CoreTarget,
  coreUses,
  type CoreUser,
  type DiagnosticLog,
  ObjectError,
  TargetNames,
} from '../../object/index.ts';
import { BtfFileError, readBtfFile, readObjectTypes } from '../shared/btf-file.ts';
import { diagnostics } from '../shared/libbpf-log.ts';
import { OutputFile } from '../shared/output-file.ts';
import { requireWords, Steps } from './object.ts';

/**
 * What the reference says where it has no errno of its own: that of its first look at a file that turned out to be no raw
 * BTF, which every ELF file is, or none.
 */
class StaleErrno {
  #number = 0;

  /** Called for an ELF file. */
  note(): void {
    this.#number = Errno.EPROTO;
  }

  toString(): string {
    return this.#number === 0 ? 'Success' : strerror(this.#number);
  }
}

/**
 * `gen min_core_btf INPUT OUTPUT OBJECT…`: of a BTF, what the type relocations of objects need. do_min_core_btf()
 * of bpftool's src/gen.c.
 */
export const minCoreBtf: Handler = async (ctx, words) => {
  requireWords(ctx, words, 3);
  const input = words.next();
  const path = words.next();
  const source = readTarget(ctx, input);
  const minimizer = new BtfMinimizer(source);
  const target = { btf: source.records, names: new TargetNames() };
  const stale = new StaleErrno();
  const log = diagnostics(ctx);
  using step = new Steps(ctx, words.left);
  while (words.left > 0) {
    const object = words.next();
    record(ctx, { minimizer, target, object, log, stale });
    await step.done(path);
  }
  save(path, minimizer.finish());
};

function readTarget(ctx: Context, path: string): Btf {
  try {
    return readBtfFile(ctx, path);
  } catch (error) {
    if (!(error instanceof BtfFileError)) throw error;
    ctx.error(`failed parsing '${path}' BTF file: ${error.message}`);
    // The reference reports twice: where it reads the file, and where it was about to use it.
    fail(`failed to allocate info structure: ${error.message}`, { status: -error.errno, cause: error });
  }
}

function record(
  ctx: Context,
  request: { minimizer: BtfMinimizer; target: CoreTarget; object: string; log: DiagnosticLog; stale: StaleErrno },
): void {
  const { minimizer, target, object, log, stale } = request;
  const user = readUser(ctx, object, stale);
  try {
    for (const use of coreUses(user, target, log)) minimizer.add(use);
  } catch (error) {
    if (!(error instanceof ObjectError || error instanceof ParseError)) throw error;
    if (error instanceof UnsupportedKindError) ctx.error(error.words);
    const errno = error instanceof ObjectError ? error.errno : Errno.EINVAL;
    fail(`error recording relocations for ${object}: ${stale}`, { status: -errno, cause: error });
  }
}

function readUser(ctx: Context, path: string, stale: StaleErrno): CoreUser {
  const refuse = (why: string, what: { message: string; errno: number; cause?: unknown }) => {
    ctx.error(`failed to parse BPF object '${path}': ${why}`);
    fail(`error recording relocations for ${path}: ${what.message}`, { status: -what.errno, cause: what.cause });
  };
  try {
    const { btf, ext, isElf } = readObjectTypes(ctx, path);
    if (isElf) stale.note();
    if (ext === undefined) return refuse('section .BTF.ext not found', { message: `${stale}`, errno: Errno.EINVAL });
    return { btf: btf.records, ext };
  } catch (error) {
    if (!(error instanceof BtfFileError)) throw error;
    return refuse(error.message, { message: error.message, errno: error.errno, cause: error });
  }
}

function save(path: string, bytes: Uint8Array): void {
  try {
    new OutputFile(path).write(bytes);
  } catch (cause) {
    const errno = errnoOf(cause, Errno.EIO);
    fail(`error saving btf file: ${strerror(errno)}`, { status: -errno, cause });
  }
}
