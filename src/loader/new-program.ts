import { loadProgram } from '../bpf/index.ts';
import { cstr, expectObject, expectText } from '../bytes/index.ts';
import { Errno, errnoName, UsageError, VerifierError } from '../errors/index.ts';
import { assemble, encodeInstructions, instructionSize, type Statement } from '../insn/index.ts';
import { defaultKernel } from '../sys/index.ts';
import { type AttachTypeName, BPF_F_SLEEPABLE, enumNames, type ProgramTypeName } from '../uapi/index.ts';
import type { InKernel } from '../kernel/index.ts';
import { type ProgramSpec, sectionDefinitions } from '../object/index.ts';
import { LoadedProgram } from './loaded-program.ts';
import { type AnyProgram, withAttach } from './skeleton/programs.ts';

/** A program from instructions. */
export interface NewProgram {
  readonly type: ProgramTypeName;
  /** Statements of `op`, or encoded instructions of 8 bytes each. */
  readonly code: readonly Statement[] | Uint8Array;
  /** At most 15 bytes. */
  readonly name?: string;
  /** `GPL` unless given: some helpers are for such programs only. */
  readonly license?: string;
  readonly attachType?: AttachTypeName;
  /** What the symbols of `op.mapAddress` name. */
  readonly maps?: Readonly<Record<string, HasFd | { readonly map: HasFd }>>;
}

/** What owns a descriptor. */
export interface HasFd {
  readonly fd: { readonly number: number };
}

const logSize = 1 << 20;

/**
 * Loads a program from instructions, which is attached as one of an object: `createProgram({ type: 'socket_filter', code: [op.alu('=', 'r0', 0), op.exit()] })`. UsageError
 * for code that cannot be, VerifierError with the verifier's log where the kernel refuses it.
 */
export function createProgram(program: NewProgram, { kernel = defaultKernel() }: InKernel = {}): AnyProgram {
  expectObject(program, "a program is described by an object, as { type: 'xdp', code }");
  for (const what of ['name', 'license'] as const) expectText(program[what], what);
  const request = {
    type: enumNames.programType.numberOf(program.type),
    code: codeOf(program),
    name: program.name ?? '',
    license: program.license ?? 'GPL',
    expectedAttachType: attachTypeOf(program),
    // The kernel takes them only so.
    flags: program.type === 'syscall' ? BPF_F_SLEEPABLE : 0,
  };
  let fd = loadProgram(kernel, request);
  let text = '';
  if (fd < 0 && fd !== -Errno.EPERM) {
    const log = new Uint8Array(logSize);
    fd = loadProgram(kernel, { ...request, logLevel: 1, log });
    text = cstr(log);
  }
  if (fd >= 0) {
    const made = new LoadedProgram(kernel, { name: request.name, spec: specOf(request), fd });
    const context = { kernel, log: () => undefined };
    return withAttach(context, made, { keep: () => undefined, always: true }) as AnyProgram;
  }
  const reason = text.split('\n').findLast((line) => line !== '' && !line.startsWith('processed '));
  const why =
    reason ?? (fd === -Errno.EPERM ? 'it takes CAP_BPF, and CAP_NET_ADMIN or CAP_PERFMON by its type' : 'no log');
  throw new VerifierError(`program '${request.name}': failed to load: ${errnoName(-fd)}: ${why}`, -fd, text);
}

function attachTypeOf({ type, attachType = type === 'xdp' ? 'xdp' : undefined }: NewProgram): number {
  return attachType === undefined ? 0 : enumNames.attachType.numberOf(attachType);
}

/** As if it stood in a section of its kind that names no place. */
function specOf(given: Pick<ProgramSpec, 'type' | 'expectedAttachType' | 'name' | 'code' | 'flags'>): ProgramSpec {
  const isIts = ({ programType, attachType }: { programType: number; attachType: number }) =>
    programType === given.type && attachType === given.expectedAttachType;
  const section = sectionDefinitions().find(isIts);
  return {
    ...given,
    section,
    sectionName: section?.pattern.replace(/\+$/, '') ?? '',
    sectionIndex: 0,
    sectionOffset: 0,
    subprogram: false,
    global: true,
    hidden: false,
    relocations: [],
    coreRelocations: [],
    autoload: true,
    ifindex: 0,
  };
}

function codeOf({ code, maps = {} }: NewProgram): Uint8Array {
  if (code instanceof Uint8Array) {
    if (code.length > 0 && code.length % instructionSize === 0) return code;
    throw new UsageError(`code: expected instructions of ${instructionSize} bytes each, got ${code.length} bytes`);
  }
  if (!Array.isArray(code) || code.length === 0) throw new UsageError('code: give statements of `op`, or bytes');
  const { instructions, references } = assemble(code as readonly Statement[]);
  const patched = [...instructions];
  for (const { index, symbol } of references) {
    const given = Object.hasOwn(maps, symbol) ? maps[symbol] : undefined;
    if (given === undefined)
      throw new UsageError(`code names the map '${symbol}': give it, as maps: { ${symbol}: map }`);
    const fd = (typeof given === 'object' && given !== null && 'map' in given ? given.map : given)?.fd?.number;
    if (!Number.isInteger(fd)) throw new UsageError(`maps: '${symbol}' is no open map`);
    patched[index] = { ...patched[index]!, imm: fd };
  }
  return encodeInstructions(patched);
}
