// `prog dump`: do_dump() and prog_dump() of bpftool's src/prog.c.
import { type Context, fail, type Handler, usage } from '../../cli/index.ts';
import type { Btf } from '../../btf/index.ts';
import { SyscallError, strerror } from '../../errors/index.ts';
import { type BpfProgram, loadBtfById, type ProgramArrays } from '../../kernel/index.ts';
import { noProgram, selectPrograms } from '../shared/select-prog.ts';
import { printProgramHeader } from './header.ts';
import { dumpJited } from './jited.ts';
import { drawVisual, dumpVisual } from './visual.ts';
import { dumpXlated, writeInstructions } from './xlated.ts';

interface DumpRequest {
  /** `xlated`: instructions after the verifier. `jited`: machine code of this processor. */
  form: 'xlated' | 'jited';
  /** Where the raw bytes go; undefined for text. */
  file: string | undefined;
  /** Shows the bytes of each instruction. */
  opcodes: boolean;
  /** Shows file, line and column with the source lines. */
  linum: boolean;
  /** The control flow graph instead of a list. */
  visual: boolean;
  /** Of a picture; DOT where there is none. */
  format: 'svg' | 'html' | undefined;
}

/** `prog dump { xlated | jited } PROG [{ file FILE | [opcodes] [linum] [visual] }]`; `visual` is for xlated. */
export const dump: Handler = (ctx, words) => {
  const form = words.take('jited') ? 'jited' : words.take('xlated') ? 'xlated' : undefined;
  // The reference prints argv's end as printf does a null pointer.
  if (form === undefined) fail(`expected 'xlated' or 'jited', got: ${words.peek() ?? '(null)'}`);
  if (words.left < 2) usage();
  const programs = selectPrograms(ctx, words);
  if (programs.length === 0) noProgram(ctx);
  try {
    const request: DumpRequest = {
      form,
      file: undefined,
      opcodes: false,
      linum: false,
      visual: false,
      format: readFormat(ctx),
    };
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
    if (request.format !== undefined && !request.visual) fail("'--format' goes with 'visual'");
    if (ctx.json !== undefined && request.visual) fail("'visual' is not compatible with JSON output");
    dumpPrograms(ctx, programs, request);
  } finally {
    for (const program of programs) program.close();
  }
};

/** The value of --format: the reference's own is DOT. */
function readFormat(ctx: Context): DumpRequest['format'] {
  const format = ctx.verbOptions.get('format')?.at(-1);
  if (format === undefined || format === 'dot') return undefined;
  return format === 'svg' || format === 'html'
    ? format
    : fail(`'--format' cannot be '${format}': it is one of dot, svg, html`);
}

function dumpPrograms(ctx: Context, programs: readonly BpfProgram[], request: DumpRequest): void {
  const several = programs.length > 1;
  if (several) ctx.json?.startArray();
  for (const [index, program] of programs.entries()) {
    // Each program is asked twice: for the sizes, then for the arrays.
    const arrays = fetch(program, request.form);
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

function fetch(program: BpfProgram, form: DumpRequest['form']): ProgramArrays {
  const machine = form === 'jited' ? { jited: true, jitedLengths: true, jitedLineInfo: true } : { xlated: true };
  try {
    // Symbols of the machine code go with both forms: calls of the program's own functions are named by them.
    return program.arrays({ ...machine, functionInfo: true, lineInfo: true, jitedSymbols: true });
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    fail(`can't get prog info: ${strerror(cause.errno)}`, { status: -cause.errno, cause });
  }
}

function dumpOne(ctx: Context, program: BpfProgram, arrays: ProgramArrays, request: DumpRequest): void {
  const code = arrays[request.form];
  // The kernel gives no code to those without CAP_BPF, and no machine code where kptr_restrict hides addresses.
  if (code.length === 0 && request.form === 'jited') {
    fail('error retrieving jit dump: no instructions returned or kernel.kptr_restrict set?');
  }
  if (code.length === 0) fail('error retrieving insn dump: kernel.kptr_restrict set?');
  let btf: Btf | undefined;
  if (arrays.info.btfId !== 0) {
    try {
      btf = loadBtfById(program.kernel, arrays.info.btfId);
    } catch (cause) {
      fail('failed to get btf', { cause });
    }
  }
  // Raw bytes, whatever the form; types are not needed then, but are read before, as in the reference.
  if (request.file !== undefined) writeInstructions(ctx, request.file, code);
  else if (request.form === 'jited') dumpJited(ctx, arrays, btf, request);
  else if (request.format !== undefined) drawVisual(ctx, arrays, btf, { ...request, format: request.format });
  else if (request.visual) dumpVisual(ctx, arrays, btf, request);
  else dumpXlated(ctx, arrays, btf, request);
}
