// `prog dump jited`: the part of prog_dump() in bpftool's src/prog.c for machine code, and disasm_print_insn() of
// src/jit_disasm.c as it prints with LLVM.
import { type Btf, funcPrototype } from '../../btf/index.ts';
import { type Context, fail } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { SymbolTable } from '../../host/index.ts';
import { disassembleX86 } from '../../insn/index.ts';
import type { ProgramArrays, ProgramInfo } from '../../kernel/index.ts';
import { deviceName } from '../shared/device.ts';
import { kernelOf } from '../shared/kernel.ts';
import { printable } from '../shared/refs.ts';
import { findJitedLines, type JitedLines } from './jited-lines.ts';
import { lineJson, linePlain } from './xlated.ts';

export interface JitedOptions {
  readonly opcodes: boolean;
  readonly linum: boolean;
}

/** One function in machine code. */
interface MachineFunction {
  readonly code: Uint8Array;
  /** Where it lies in the kernel; 0n where that is hidden. */
  readonly address: bigint;
  readonly lines: JitedLines | undefined;
}

const hexByte = (byte: number): string => byte.toString(16).padStart(2, '0');

/** Prints a program's machine code function by function, with prototypes and source lines where its BTF has them. */
export function dumpJited(ctx: Context, arrays: ProgramArrays, btf: Btf | undefined, options: JitedOptions): void {
  mustKnowMachine(ctx, arrays.info);
  const { jited, jitedLengths, jitedSymbols } = arrays;
  const found = findJitedLines(arrays, btf);
  if (found === 'broken') ctx.info('error in processing bpf_line_info.  continue without it.');
  const lines = found === 'broken' ? [] : found;
  // A kernel that gives no lengths (before 4.18): one function without a name.
  if (jitedLengths.length === 0) {
    printFunction(ctx, { code: jited, address: 0n, lines: undefined }, options);
    return;
  }
  // Without addresses functions are `unknown`, and have no source lines.
  const symbols = jitedSymbols.length === 0 ? undefined : new SymbolTable(kernelOf(ctx));
  ctx.json?.startArray();
  let from = 0;
  for (const [index, length] of jitedLengths.entries()) {
    const address = jitedSymbols[index];
    // The image is one array; functions follow each other.
    const code = jited.subarray(from, from + length);
    from += length;
    const name = address === undefined ? 'unknown' : (symbols?.nameAt(address) ?? hexAddress(address));
    const prototype = prototypeOf(arrays, btf, index);
    if (ctx.json !== undefined) {
      ctx.json.startObject();
      if (prototype !== '') ctx.json.field('proto', prototype);
      ctx.json.field('name', name).name('insns');
    } else {
      if (prototype !== '') ctx.print(`${prototype}:\n`);
      ctx.print(`${printable(name)}:\n`);
    }
    printFunction(ctx, { code, address: address ?? 0n, lines: lines[index] }, options);
    if (ctx.json === undefined) ctx.print('\n');
    else ctx.json.endObject();
  }
  ctx.json?.endArray();
}

const hexAddress = (address: bigint): string => `0x${address.toString(16).padStart(16, '0')}`;

/** C prototype of a function; '' where the program has none. */
function prototypeOf(arrays: ProgramArrays, btf: Btf | undefined, index: number): string {
  const { functionInfo, info } = arrays;
  // struct bpf_func_info: offset of the first instruction, then the id of the function's type.
  const at = index * info.functionInfoSize;
  if (btf === undefined || at + 8 > functionInfo.length) return '';
  const view = new DataView(functionInfo.buffer, functionInfo.byteOffset, functionInfo.byteLength);
  return funcPrototype(btf, view.getUint32(at + 4, true));
}

function printFunction(ctx: Context, { code, address, lines }: MachineFunction, options: JitedOptions): void {
  ctx.json?.startArray();
  for (let pc = 0; pc < code.length; ) {
    const line = lines?.at(address + BigInt(pc));
    // Jumps are printed with the addresses they lead to, so the code's own place matters.
    const { length, text } = disassembleX86(code, pc, address + BigInt(pc));
    const bytes = code.subarray(pc, pc + length);
    if (ctx.json !== undefined) {
      ctx.json.startObject();
      if (line !== undefined) lineJson(ctx, line, options);
      ctx.json.field('pc', `0x${pc.toString(16)}`);
      instructionJson(ctx, text);
      if (options.opcodes)
        textsJson(
          ctx,
          'opcodes',
          [...bytes].map((byte) => `0x${hexByte(byte)}`),
        );
      ctx.json.endObject();
    } else {
      if (line !== undefined) ctx.stdout.latin1(`${linePlain(line, options)}\n`);
      const opcodes = options.opcodes ? `\n\t${[...bytes].map((byte) => `${hexByte(byte)} `).join('')}` : '';
      // Offsets are hexadecimal without a prefix here, and with one in JSON.
      ctx.print(`${pc.toString(16).padStart(4)}:\t${text}${opcodes}\n`);
    }
    pc += length;
  }
  ctx.json?.endArray();
}

/** The parts of an operand in memory are members of their own; an instruction without operands has one that is null. */
function instructionJson(ctx: Context, text: string): void {
  const [operation, ...operands] = text.split(/[\t ,()]+/).filter((word) => word !== '');
  ctx.json!.field('operation', operation!);
  textsJson(ctx, 'operands', operands.length === 0 ? [null] : operands);
}

function textsJson(ctx: Context, name: string, texts: readonly (string | null)[]): void {
  const json = ctx.json!.name(name).startArray();
  for (const text of texts) {
    if (text === null) json.null();
    else json.string(text);
  }
  json.endArray();
}

/** Fails unless the machine code is that of this processor, and of a kind whose instructions are known here. */
function mustKnowMachine(ctx: Context, info: ProgramInfo): void {
  if (info.ifindex !== 0) {
    const name = deviceName(ctx, info);
    if (name === undefined) {
      fail(`Can't get net device name for ifindex ${info.ifindex}: ${strerror(Errno.ENODEV)}`);
    }
    const vendor = vendorOf(ctx, name);
    if (vendor === undefined) fail(`Can't get device vendor id for ${name}`);
    fail(`Can't get arch name for device vendor id 0x${vendor.toString(16).padStart(4, '0')}`);
  }
  if (process.arch !== 'x64') {
    fail(`machine code of ${process.arch} cannot be disassembled; 'file FILE' writes it as it is`);
  }
}

function vendorOf(ctx: Context, device: string): number | undefined {
  try {
    const text = Buffer.from(kernelOf(ctx).readFile(`/sys/class/net/${device}/device/vendor`)).toString('latin1');
    const vendor = Number.parseInt(text, 16);
    return Number.isNaN(vendor) ? undefined : vendor;
  } catch {
    return undefined;
  }
}
