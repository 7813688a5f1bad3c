import { type Context, fail, type Handler, usage } from '../../cli/index.ts';
import type { Btf } from '../../btf/index.ts';
import { SyscallError, strerror } from '../../errors/index.ts';
import { type BpfProgram, loadBtfById, type ProgramArrays } from '../../kernel/index.ts';
import { noProgram, selectPrograms } from '../shared/select-prog.ts';
import { printProgramHeader } from './header.ts';
import { dumpVisual } from './visual.ts';
import { dumpXlated, writeInstructions } from './xlated.ts';

interface DumpRequest {
  file: string | undefined;
  opcodes: boolean;
  linum: boolean;
  visual: boolean;
}

/** `prog dump xlated PROG [{ file FILE | [opcodes] [linum] [visual] }]` */
export const dump: Handler = (ctx, words) => {
  if (words.take('jited')) fail('No JIT disassembly support');
  if (!words.take('xlated')) fail(`expected 'xlated' or 'jited', got: ${words.peek() ?? '(null)'}`);
  if (words.left < 2) usage();
  const programs = selectPrograms(ctx, words);
  if (programs.length === 0) noProgram(ctx);
  try {
    const request: DumpRequest = { file: undefined, opcodes: false, linum: false, visual: false };
    while (words.left > 0) {
      if (words.take('file')) {
        if (words.left === 0) fail('expected file path');
        if (programs.length > 1) fail('several programs matched');
        request.file = words.next();
      } else if (words.take('opcodes')) request.opcodes = true;
      else if (words.take('visual')) {
        if (programs.length > 1) fail('several programs matched');
        request.visual = true;
      } else if (words.take('linum')) request.linum = true;
      else usage();
    }
    if (request.file !== undefined && (request.opcodes || request.visual || request.linum)) {
      fail("'file' is not compatible with 'opcodes', 'visual', or 'linum'");
    }
    if (ctx.json !== undefined && request.visual) fail("'visual' is not compatible with JSON output");
    dumpPrograms(ctx, programs, request);
  } finally {
    for (const program of programs) program.close();
  }
};

function dumpPrograms(ctx: Context, programs: readonly BpfProgram[], request: DumpRequest): void {
  const several = programs.length > 1;
  if (several) ctx.json?.startArray();
  for (const [index, program] of programs.entries()) {
    const arrays = fetch(program);
    if (several) {
      ctx.json?.startObject();
      printProgramHeader(ctx, program, arrays.info);
      ctx.json?.name('insns');
    }
    dumpOne(ctx, program, arrays, request);
    if (several) ctx.json?.endObject();
    if (several && ctx.json === undefined && index < programs.length - 1) ctx.print('\n');
  }
  if (several) ctx.json?.endArray();
}

function fetch(program: BpfProgram): ProgramArrays {
  try {
    return program.arrays({ xlated: true, functionInfo: true, lineInfo: true, jitedSymbols: true });
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    fail(`can't get prog info: ${strerror(cause.errno)}`, { status: -cause.errno, cause });
  }
}

function dumpOne(ctx: Context, program: BpfProgram, arrays: ProgramArrays, request: DumpRequest): void {
  if (arrays.xlated.length === 0) fail('error retrieving insn dump: kernel.kptr_restrict set?');
  let btf: Btf | undefined;
  if (arrays.info.btfId !== 0) {
    try {
      btf = loadBtfById(program.kernel, arrays.info.btfId);
    } catch (cause) {
      fail('failed to get btf', { cause });
    }
  }
  if (request.file !== undefined) writeInstructions(ctx, request.file, arrays.xlated);
  else if (request.visual) dumpVisual(ctx, arrays, btf, request);
  else dumpXlated(ctx, arrays, btf, request);
}
