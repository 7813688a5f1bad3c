// `prog dump xlated … visual`: dump_xlated_cfg() of bpftool's src/cfg.c. The text of the graph is the reference's to
// the byte.
import { type Btf, funcPrototype } from '../../btf/index.ts';
import type { Context } from '../../cli/index.ts';
import {
  type BasicBlock,
  basicBlocks,
  decodeInstructions,
  disassemble,
  type FunctionBlocks,
  loadImm64,
} from '../../insn/index.ts';
import type { ProgramArrays } from '../../kernel/index.ts';
import { hexText } from '../shared/hex.ts';
import { htmlOf, svgOf } from '../shared/picture.ts';
import type { Box, Line } from '../shared/picture-layout.ts';
import { functionStarts, LineFinder, type SourceLine } from './source-lines.ts';
import { type XlatedOptions, xlatedNames } from './xlated.ts';

/** Prints the control flow graph of a program in the DOT language. */
export function dumpVisual(ctx: Context, arrays: ProgramArrays, btf: Btf | undefined, options: XlatedOptions): void {
  const program = decodeInstructions(arrays.xlated);
  const names = xlatedNames(ctx, arrays);
  const lines = new LineFinder(arrays, btf);

  const label = (fn: FunctionBlocks, block: BasicBlock): string => {
    let text = '{\\\n';
    const starts = functionStarts(arrays, btf);
    let shown: number | undefined;
    for (let at = block.head; at <= block.tail; at++) {
      const insn = program[at];
      if (insn === undefined) break;
      // Counted from the function's start, as the reference does also where records count from the program's.
      const offset = at - fn.start;
      const wide = insn.code === loadImm64;
      const typeId = starts.at(offset);
      const prototype = typeId === undefined ? '' : funcPrototype(btf!, typeId);
      if (prototype !== '') text += `; ${prototype}:\\l\\\n`;
      const record = lines.recordFor(offset);
      if (record !== undefined && record !== shown) {
        text += sourceLabel(lines.line(record), options);
        shown = record;
      }
      text += `${offset}: ${escapeLabel(disassemble(insn, program[at + 1], names))}`;
      if (options.opcodes) {
        const second = wide && at < block.tail ? ` ${hexText(arrays.xlated, at * 8 + 8, 8)}` : '';
        text += `\\ \\ \\ \\ ${hexText(arrays.xlated, at * 8, 8)}${second}\\l\\\n`;
      }
      if (at !== block.tail) text += '| ';
      if (wide) at++;
    }
    return `${text}}`;
  };

  ctx.print('digraph "DOT graph for eBPF program" {\n');
  for (const fn of basicBlocks(program)) {
    const node = (index: number) => `fn_${fn.index}_bb_${index}`;
    ctx.print(
      `subgraph "cluster_${fn.index}" {\n\tstyle="dashed";\n\tcolor="black";\n\tlabel="func_${fn.index} ()";\n`,
    );
    for (const block of fn.blocks) {
      // Blocks 0 and 1 are the entry and the exit of each function; neither has instructions.
      const special = block.index < 2;
      const text = special ? (block.index === 0 ? 'ENTRY' : 'EXIT') : label(fn, block);
      ctx.stdout.latin1(
        `\t${node(block.index)} [shape=${special ? 'Mdiamond' : 'record'},style=filled,label="${text}"];\n\n`,
      );
    }
    for (const block of fn.blocks) {
      for (const next of block.successors) {
        const look = 'style="solid,bold", color=black, weight=10, constraint=true';
        ctx.print(`\t${node(block.index)}:s -> ${node(next)}:n [${look}];\n`);
      }
    }
    // Invisible, for the layout: the exit below the entry.
    ctx.print(`\t${node(0)}:s -> ${node(1)}:n [style="invis", constraint=true];\n}\n`);
  }
  ctx.print('}\n');
}

/** An instruction inside a record label; the reference's buffer cuts it after 63 characters. */
function escapeLabel(text: string): string {
  return `${text}\n`
    .slice(0, 63)
    .replace(/[<>|&]/g, '\\$&')
    .replace(/\n/g, '\\l\\\n');
}

const quoteLabel = (text: string): string => text.replace(/[\\"{}<>| ]/g, '\\$&');

function sourceLabel(line: SourceLine, { linum }: { linum: boolean }): string {
  if (line.source === '' && !line.present) return '';
  const { source, file: path } = line.bytes;
  let text = '';
  if (linum) {
    const file = shortPath(path);
    const place = `${file === path ? '' : '...'}${quoteLabel(file)} line:${line.line} col:${line.column}`;
    text = `; [${place}]\\l\\\n`;
  }
  return `${text}; ${quoteLabel(source)}\\l\\\n`;
}

/** The end of a path of more than 32 characters, from a slash on. */
function shortPath(path: string): string {
  if (path.length <= 32) return path;
  const slash = path.indexOf('/', path.length - 32);
  if (slash >= 0) return slash < 3 ? path : path.slice(slash);
  const last = path.lastIndexOf('/');
  return last < 0 ? path : path.slice(last);
}

/** A program's control flow as a picture with its source lines, in a format of `graph`. */
export function drawVisual(
  ctx: Context,
  arrays: ProgramArrays,
  btf: Btf | undefined,
  options: XlatedOptions & { readonly format: 'svg' | 'html' },
): void {
  const program = decodeInstructions(arrays.xlated);
  const names = xlatedNames(ctx, arrays);
  const finder = new LineFinder(arrays, btf);
  const boxes: Box[] = [];
  const lines: Line[] = [];
  for (const fn of basicBlocks(program)) {
    const depths = depthsOf(fn);
    const nameOf = (index: number) => `fn_${fn.index}_bb_${index}`;
    for (const block of fn.blocks) {
      // The first two stand for entry and exit, and have no instructions.
      const special = ['ENTRY', 'EXIT'][block.index];
      const texts = special === undefined ? blockTexts(fn, block) : [`func_${fn.index} ${special}`];
      boxes.push({
        id: nameOf(block.index),
        layer: depths.get(block.index)!,
        kind: special ? 'link' : 'prog',
        lines: texts,
        details: [],
      });
      for (const next of block.successors) lines.push({ from: nameOf(block.index), to: nameOf(next), kind: 'flow' });
    }
  }
  const title = `program ${arrays.info.id} ${arrays.info.name}`;
  const picture = { title, boxes, lines, isVertical: true, longestLine: 110 };
  ctx.print(options.format === 'svg' ? svgOf(picture) : htmlOf(picture));

  function blockTexts(fn: FunctionBlocks, block: BasicBlock): string[] {
    const texts: string[] = [];
    let shown: number | undefined;
    for (let at = block.head; at <= block.tail; at++) {
      const insn = program[at];
      if (insn === undefined) break;
      const offset = at - fn.start;
      const record = finder.recordFor(offset);
      if (record !== undefined && record !== shown) {
        const { source, file, line, column } = finder.line(record);
        texts.push(`; ${options.linum ? `[${shortPath(file)} line:${line} col:${column}] ` : ''}${source}`);
        shown = record;
      }
      const code = options.opcodes ? `  ${hexText(arrays.xlated, at * 8, 8)}` : '';
      texts.push(`${offset}: ${disassemble(insn, program[at + 1], names)}${code}`);
      if (insn.code === loadImm64) at++;
    }
    return texts;
  }
}

/** How many blocks lie before each one on the longest way that never goes back. The exit comes last. */
function depthsOf({ blocks }: FunctionBlocks): Map<number, number> {
  const depths = new Map(blocks.map(({ index }) => [index, index === 0 ? 0 : 1]));
  const heads = new Map(
    blocks.map(({ index, head }) => [index, index === 0 ? -1 : index === 1 ? Number.POSITIVE_INFINITY : head]),
  );
  for (const { index, successors } of [...blocks].sort((a, b) => heads.get(a.index)! - heads.get(b.index)!)) {
    for (const next of successors) {
      if (heads.get(next)! > heads.get(index)!) depths.set(next, Math.max(depths.get(next)!, depths.get(index)! + 1));
    }
  }
  return depths;
}
