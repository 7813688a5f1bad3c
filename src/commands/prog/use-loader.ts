import type { LoaderProgram } from '../../codegen/index.ts';
import { type Context, fail, failSilently, type Words } from '../../cli/index.ts';
import { cstr } from '../../bytes/index.ts';
import { TsbpfError } from '../../errors/index.ts';
import { decodeInstructions, disassemble, loadImm64 } from '../../insn/index.ts';
import { makeLoaderProgram, runLoaderProgram } from '../../loader/index.ts';
import { ObjectError, type ObjectSpec } from '../../object/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { diagnostics, readObject } from '../shared/object-file.ts';

/** Bytes, as much as the verifier takes at once in the reference. */
const logSize = 0xffffff;

/**
 * `-L prog load OBJ …`: has a program of type syscall load the object, and lets go of everything at once. Further
 * words mean nothing, as in the reference.
 */
export function loadByLoader(ctx: Context, words: Words): void {
  words.require(1);
  const kernel = kernelOf(ctx);
  const spec = open(ctx, words.next());
  const loader = generate(ctx, spec);
  if (ctx.options.debug) printInstructions(ctx, loader.instructions);
  const verifierLog = ctx.options.debug ? new Uint8Array(logSize) : undefined;
  const run = runLoaderProgram(kernel, loader, verifierLog ? { log: verifierLog } : {});
  for (const fd of [...run.maps, ...run.programs]) if (fd > 0) kernel.close(fd);
  if (run.result >= 0 && !verifierLog) return;
  ctx.printError(`err ${run.result}\n${run.failure ?? '(null)'}\n${verifierLog ? cstr(verifierLog) : '(null)'}`);
  if (run.leaked > 0) ctx.printError(`loader prog leaked ${run.leaked} FDs\n`);
  if (run.result < 0) failSilently(run.result);
}

function open(ctx: Context, path: string): ObjectSpec {
  try {
    return readObject(ctx, path, diagnostics(ctx));
  } catch (cause) {
    if (!(cause instanceof TsbpfError)) throw cause;
    fail('failed to open object file', { cause });
  }
}

function generate(ctx: Context, spec: ObjectSpec): LoaderProgram {
  try {
    return makeLoaderProgram(kernelOf(ctx), spec, diagnostics(ctx));
  } catch (cause) {
    if (!(cause instanceof ObjectError)) throw cause;
    fail('failed to load object file', { cause, status: -cause.errno });
  }
}

/** With JSON there is no place for them. */
function printInstructions(ctx: Context, bytes: Uint8Array): void {
  if (ctx.json !== undefined) return;
  const constant = (insn: { src: number; imm: number }, high: number) =>
    insn.src === mapIndexValue ? `map[idx:${insn.imm}]+${high}` : undefined;
  const instructions = decodeInstructions(bytes);
  for (let i = 0; i < instructions.length; i++) {
    const insn = instructions[i]!;
    ctx.print(`${String(i).padStart(4)}: ${disassemble(insn, instructions[i + 1], { constant })}\n`);
    if (insn.code === loadImm64) i++;
  }
}

const mapIndexValue = 6;
