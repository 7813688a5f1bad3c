// `prog dump xlated`: bpftool's src/xlated_dumper.c. The instructions are the verifier's, in which the kernel has put
// ids and offsets in place of addresses where it may.
import { writeFileSync } from 'node:fs';
import { type Btf, funcPrototype } from '../../btf/index.ts';
import { type Context, fail } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import { SymbolTable } from '../../host/index.ts';
import { decodeInstructions, disassemble, type Instruction, loadImm64, type Names } from '../../insn/index.ts';
import type { ProgramArrays } from '../../kernel/index.ts';
import { hexJson, hexText } from '../shared/hex.ts';
import { kernelOf } from '../shared/kernel.ts';
import { functionStarts, LineFinder, type SourceLine } from './source-lines.ts';

/** What is shown beside the instructions. */
export interface XlatedOptions {
  readonly opcodes: boolean;
  readonly linum: boolean;
}

/** Values of src_reg in a 16-byte load, as BPF_PSEUDO_MAP_FD and its like of include/uapi/linux/bpf.h. */
const pseudo = { mapFd: 1, mapValue: 2, func: 4, mapIndexValue: 6 };
const signed = (value: number): string => (value < 0 ? String(value) : `+${value}`);

/** Names for calls and constants. The symbol table is read when the first call needs it. */
export function xlatedNames(ctx: Context, arrays: ProgramArrays): Names {
  let table: { symbols: SymbolTable; base: bigint; hidden: boolean } | undefined;
  const symbols = () => {
    if (table === undefined) {
      const read = new SymbolTable(kernelOf(ctx));
      // Calls of helpers are relative to this symbol once the verifier has run.
      const base = read.addressOf('__bpf_call_base');
      table = { symbols: read, base: base ?? 0n, hidden: base === 0n };
    }
    return table;
  };
  return {
    call(insn) {
      // BPF_PSEUDO_CALL: a function of the program itself. For compiled programs its imm is the number of the
      // function.
      const own = insn.src === 1;
      if (own && arrays.info.jitedSymbolCount === 0) return signed(insn.offset);
      const { symbols: read, base, hidden } = symbols();
      const jited = own ? arrays.jitedSymbols[insn.imm >>> 0] : undefined;
      const address = jited ?? BigInt.asUintN(64, base + BigInt(insn.imm));
      // Without permission all symbols have the address 0, and any search would find nonsense.
      const name = (hidden ? undefined : read.nameAt(address)) ?? `0x${address.toString(16)}`;
      return own ? `${signed(insn.offset)}#${name}` : name;
    },
    constant(insn, high) {
      // The verifier shows the id of a map instead of its address.
      if (insn.src === pseudo.mapFd) return `map[id:${insn.imm}]`;
      if (insn.src === pseudo.mapValue) return `map[id:${insn.imm}][0]+${high}`;
      if (insn.src === pseudo.mapIndexValue) return `map[idx:${insn.imm}]+${high}`;
      return insn.src === pseudo.func ? `subprog[${signed(insn.imm)}]` : undefined;
    },
  };
}

/** Prints a program's translated instructions, with prototypes and source lines where its BTF has them. */
export function dumpXlated(ctx: Context, arrays: ProgramArrays, btf: Btf | undefined, options: XlatedOptions): void {
  const names = xlatedNames(ctx, arrays);
  const instructions = decodeInstructions(arrays.xlated);
  const prototypes = functionStarts(arrays, btf);
  const lines = new LineFinder(arrays, btf);
  ctx.json?.startArray();
  for (let i = 0; i < instructions.length; i++) {
    const insn = instructions[i]!;
    const next = instructions[i + 1];
    // Takes two slots; the second has the upper half of the value.
    const wide = insn.code === loadImm64;
    const typeId = prototypes.at(i);
    const prototype = typeId === undefined ? '' : funcPrototype(btf!, typeId);
    const line = lines.at(i);
    const text = disassemble(insn, next, names);
    const bytes = arrays.xlated.subarray(i * 8, i * 8 + (wide && next !== undefined ? 16 : 8));
    if (ctx.json !== undefined) {
      ctx.json.startObject();
      if (prototype !== '') ctx.json.field('proto', prototype);
      if (line !== undefined) lineJson(ctx, line, options);
      ctx.json.field('disasm', text);
      if (options.opcodes) opcodesJson(ctx, insn, bytes);
      ctx.json.endObject();
    } else {
      if (prototype !== '') ctx.print(`${prototype}:\n`);
      if (line !== undefined) ctx.stdout.latin1(`${linePlain(line, options)}\n`);
      ctx.print(`${String(i).padStart(4)}: ${text}\n`);
      if (options.opcodes) {
        const second = bytes.length > 8 ? ` ${hexText(bytes, 8, 8)}` : '';
        ctx.print(`       ${hexText(bytes, 0, 8)}${second}\n`);
      }
    }
    // The number of the second slot is passed over as well.
    if (wide) i++;
  }
  ctx.json?.endArray();
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u001f\u007f]/g;

/** Control characters of ASCII in the kernel's notation; others may be parts of letters. */
function withoutControls(bytes: string): string {
  return bytes.replace(controls, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** A source line as text with one character for each byte. */
export function linePlain(line: SourceLine, { linum }: { linum: boolean }): string {
  const { source, file } = line.bytes;
  const place = ` [file:${withoutControls(file)} line_num:${line.line} line_col:${line.column}]`;
  return `; ${source.replaceAll('\u001b', '\\x1b')}${linum ? place : ''}`;
}

/** Adds the members of a source line; file, line and column only with `linum`. */
export function lineJson(ctx: Context, line: SourceLine, { linum }: { linum: boolean }): void {
  const json = ctx.json!;
  json.field('src', line.source);
  if (!linum) return;
  json.field('file', line.file);
  // 0 stands for unknown.
  if (line.line !== 0) json.field('line_num', line.line);
  if (line.column !== 0) json.field('line_col', line.column);
}

function opcodesJson(ctx: Context, insn: Instruction, bytes: Uint8Array): void {
  // `off` and `imm` are arrays of bytes as they lie in memory; a 16-byte load has twelve of `imm`, the second slot's
  // head included.
  const json = ctx.json!;
  json.name('opcodes').startObject();
  json.field('code', `0x${insn.code.toString(16).padStart(2, '0')}`);
  json.field('src_reg', `0x${insn.src.toString(16)}`).field('dst_reg', `0x${insn.dst.toString(16)}`);
  hexJson(json.name('off'), bytes, 2, 2);
  hexJson(json.name('imm'), bytes, 4, bytes.length - 4);
  json.endObject();
}

/** Writes the raw instructions to a file of mode 0600. */
export function writeInstructions(ctx: Context, path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes, { mode: 0o600 });
  } catch (cause) {
    const errno = -((cause as NodeJS.ErrnoException).errno ?? -5);
    const opening = (cause as NodeJS.ErrnoException).syscall === 'open';
    fail(opening ? `can't open file ${path}: ${strerror(errno)}` : `error writing output file: ${strerror(errno)}`, {
      cause,
    });
  }
  ctx.json?.null();
}
