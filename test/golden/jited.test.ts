// A program with five functions as one kernel gave it out, and what bpftool 7.8.0 built with LLVM printed of it then.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseBtf } from '../../src/btf/index.ts';
import { Context, defaultOptions } from '../../src/cli/index.ts';
import { dumpJited, type JitedOptions } from '../../src/commands/prog/jited.ts';
import { writeInstructions } from '../../src/commands/prog/xlated.ts';
import { useKernel } from '../../src/commands/shared/kernel.ts';
import type { Kernel, ProgramArrays } from '../../src/kernel/index.ts';
import { JsonWriter, memorySink } from '../../src/output/index.ts';

const read = (name: string) => readFileSync(path.resolve(import.meta.dirname, 'jited', name), 'utf8');
const recorded = JSON.parse(read('program.json'));
const bytes = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));
const btf = parseBtf(bytes(recorded.btf));
const program = {
  info: { ...recorded.info, ifindex: 0 },
  jited: bytes(recorded.jited),
  jitedLengths: recorded.jitedLengths,
  jitedSymbols: recorded.jitedSymbols.map(BigInt),
  jitedLineInfo: recorded.jitedLineInfo.map(BigInt),
  functionInfo: bytes(recorded.functionInfo),
  lineInfo: bytes(recorded.lineInfo),
} as ProgramArrays;

interface Request extends Partial<JitedOptions> {
  json?: 'compact' | 'pretty';
  symbols?: string[];
  btf?: typeof btf | undefined;
}

function context(json: Request['json'], symbols: string[]) {
  const [stdout, stderr] = [memorySink(), memorySink()];
  const writer = json && new JsonWriter(stdout, { pretty: json === 'pretty' });
  const ctx = new Context({ programName: 'bpftool', options: defaultOptions, stdout, stderr, json: writer });
  useKernel(ctx, { readFile: () => Buffer.from(`${symbols.join('\n')}\n`) } as unknown as Kernel);
  return { ctx, stdout, stderr };
}

function dump(arrays: ProgramArrays, { json, symbols = recorded.symbols, ...request }: Request = {}) {
  const { ctx, stdout, stderr } = context(json, symbols);
  const options = { opcodes: request.opcodes ?? false, linum: request.linum ?? false };
  dumpJited(ctx, arrays, 'btf' in request ? request.btf : btf, options);
  return { stdout: stdout.contents(), stderr: stderr.contents() };
}

/** What the reference adds around a command's JSON: a newline after it. */
const document = (name: string) => read(name).replace(/\n$/, '');
const withoutLines = read('plain.txt').replace(/^;.*\n/gm, '');
const broken = 'error in processing bpf_line_info.  continue without it.\n';

// The text of machine code depends on the processor it is for.
describe.runIf(process.arch === 'x64')('machine code of a program', () => {
  it('is printed as the reference does', () => {
    expect(dump(program)).toEqual({ stdout: read('plain.txt'), stderr: '' });
    const all = { opcodes: true, linum: true };
    expect(dump(program, all).stdout).toBe(read('opcodes-linum.txt'));
    expect(dump(program, { ...all, json: 'compact' }).stdout).toBe(document('opcodes-linum-json.txt'));
    expect(dump(program, { json: 'pretty' }).stdout).toBe(document('pretty-json.txt'));
  });

  it('has addresses where the kernel tells no symbols', () => {
    const names = program.jitedSymbols.map((address) => `0x${address.toString(16)}:`);
    const titles = dump(program, { symbols: [] })
      .stdout.split('\n')
      .filter((text) => /^0x/.test(text));
    expect(titles).toEqual(names);
  });

  it('has neither lines nor prototypes without BTF', () => {
    const expected = withoutLines.replace(/^\S.*\):\n/gm, '');
    expect(dump({ ...program, functionInfo: new Uint8Array() }, { btf: undefined }).stdout).toBe(expected);
  });

  it('has no lines where their addresses are not those of the functions, and says so', () => {
    const [first, second, ...rest] = program.jitedLineInfo as [bigint, bigint, ...bigint[]];
    for (const wrong of [
      [first + 1n, second, ...rest],
      [first, first, ...rest],
      program.jitedLineInfo.map((at) => (at === program.jitedSymbols[1] ? at + 1n : at)),
    ]) {
      expect(dump({ ...program, jitedLineInfo: wrong })).toEqual({ stdout: withoutLines, stderr: broken });
    }
  });

  it('has no lines where the kernel tells too few', () => {
    const cut = { ...program, jitedLineInfo: program.jitedLineInfo.slice(1) };
    expect(dump(cut)).toEqual({ stdout: withoutLines, stderr: '' });
  });

  it('is of functions without a name where their addresses are hidden', () => {
    const { stdout } = dump({ ...program, jitedSymbols: [], jitedLineInfo: [] });
    expect(stdout.match(/^unknown:$/gm)).toHaveLength(program.jitedLengths.length);
    expect(stdout).toContain('\n  26:\tcallq\t0x');
  });

  it('is one list where the kernel tells no functions', () => {
    const old = { ...program, jitedSymbols: [], jitedLengths: [], jitedLineInfo: [] };
    expect(dump(old).stdout).toMatch(/^ {3}0:\tnopl\t\(%rax,%rax\)\n/);
    expect(JSON.parse(dump(old, { json: 'compact' }).stdout)[0]).toEqual({
      pc: '0x0',
      operation: 'nopl',
      operands: ['%rax', '%rax'],
    });
  });

  it('goes on behind bytes that are no instruction', () => {
    const odd = { ...program, jited: Uint8Array.of(0x06, 0xc9, 0xd6), jitedLengths: [], jitedSymbols: [] };
    expect(dump(odd, { opcodes: true }).stdout).toBe(
      '   0:\t.byte\t0x06\n\t06 \n   1:\tleave\n\tc9 \n   2:\t.byte\t0xd6\n\td6 \n',
    );
    expect(JSON.parse(dump(odd, { json: 'compact' }).stdout)).toEqual([
      { pc: '0x0', operation: '.byte', operands: ['0x06'] },
      { pc: '0x1', operation: 'leave', operands: [null] },
      { pc: '0x2', operation: '.byte', operands: ['0xd6'] },
    ]);
  });

  it('is written to a file as it is, for its owner alone', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tsb-jited-'));
    try {
      const file = path.join(folder, 'image');
      writeInstructions(context(undefined, []).ctx, file, program.jited);
      expect(new Uint8Array(readFileSync(file))).toEqual(program.jited);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
