import { cstr } from '../../bytes/index.ts';
import { type Context, fail, failSilently, type Words } from '../../cli/index.ts';
import type { LoaderProgram } from '../../codegen/index.ts';
import { SyscallError, TsbpfError } from '../../errors/index.ts';
import { decodeInstructions, disassemble, type Instruction, loadImm64 } from '../../insn/index.ts';
import { addSigner, makeLoaderProgram, type ProgramSignature, tryLoaderProgram } from '../../loader/index.ts';
import { ObjectError, type ObjectSpec, Pseudo } from '../../object/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { diagnostics } from '../shared/libbpf-log.ts';
import { readObject } from '../shared/object-file.ts';
import { signByOptions } from '../shared/sign-loader.ts';
import { readSettings, settingContents } from './set-option.ts';

/** Bytes: as much as the reference gives the verifier. */
const logSize = 0xffffff;

/**
 * `-L prog load OBJ …`: has a program of type syscall load the object, and lets go of everything at once. Further
 * words mean nothing, as in the reference. With `-S` that program is signed.
 */
export function loadByLoader(ctx: Context, words: Words): void {
  words.require(1);
  if (ctx.verbOptions.has('explain')) fail("'--explain' is not possible with '--use-loader'");
  const kernel = kernelOf(ctx);
  const settings = readSettings(ctx.verbOptions.get('set') ?? []);
  const spec = open(ctx, words.next());
  const loader = generate(ctx, spec, settingContents(ctx, spec, settings, new Map()));
  if (ctx.options.debug) printInstructions(ctx, loader.instructions);
  const signature = ctx.options.sign ? makeSignature(ctx, loader) : undefined;
  const log = ctx.options.debug ? new Uint8Array(logSize) : undefined;
  const run = tryLoaderProgram(kernel, loader, { log, signature });
  for (const fd of [...run.maps, ...run.programs]) if (fd > 0) kernel.close(fd);
  if (run.result >= 0 && !log) return;
  ctx.printError(`err ${run.result}\n${run.failure ?? '(null)'}\n${log ? cstr(log) : '(null)'}`);
  if (run.leaked > 0) ctx.printError(`loader prog leaked ${run.leaked} FDs\n`);
  if (run.result < 0) failSilently(run.result);
}

function open(ctx: Context, path: string): ObjectSpec {
  try {
    // The reference does not hand -m on.
    return readObject(ctx, path, diagnostics(ctx), { relaxedMaps: false });
  } catch (cause) {
    if (!(cause instanceof TsbpfError)) throw cause;
    fail('failed to open object file', { cause });
  }
}

function generate(ctx: Context, spec: ObjectSpec, contents: ReadonlyMap<number, Uint8Array>): LoaderProgram {
  try {
    return makeLoaderProgram(kernelOf(ctx), spec, { log: diagnostics(ctx), signed: ctx.options.sign, contents });
  } catch (cause) {
    if (!(cause instanceof ObjectError)) throw cause;
    fail('failed to load object file', { cause, status: -cause.errno });
  }
}

/** Signs the loader and makes its certificate known to the kernel. */
function makeSignature(ctx: Context, loader: LoaderProgram): ProgramSignature {
  const { signer, signature } = signByOptions(ctx, loader);
  try {
    addSigner(kernelOf(ctx), signer, ctx.options.certificatePath ?? '');
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    fail('failed to add session key', { cause });
  }
  return signature;
}

/** With JSON there is no place for them. */
function printInstructions(ctx: Context, bytes: Uint8Array): void {
  if (ctx.json !== undefined) return;
  const instructions = decodeInstructions(bytes);
  for (let i = 0; i < instructions.length; i++) {
    const insn = instructions[i]!;
    ctx.print(`${String(i).padStart(4)}: ${disassemble(insn, instructions[i + 1], { constant })}\n`);
    if (insn.code === loadImm64) i++;
  }
}

function constant(insn: Instruction, high: number): string | undefined {
  return insn.src === Pseudo.MAP_IDX_VALUE ? `map[idx:${insn.imm}]+${high}` : undefined;
}
