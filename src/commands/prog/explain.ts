import type { Context } from '../../cli/index.ts';
import { errnoName } from '../../errors/index.ts';
import type { ProgramRefused } from '../../loader/index.ts';
import {
  type ExplainedStep,
  type Explanation,
  explainRefusal,
  type SourcePlace,
  type RegisterStates,
} from '../../probe/index.ts';
import { printable } from '../shared/refs.ts';

/** Reports `message` and why the verifier refused the program: text on standard error, or members of the error object. */
export function reportRefusal(ctx: Context, message: string, { refusal }: ProgramRefused): void {
  const explanation = explainRefusal(refusal);
  if (ctx.json === undefined) {
    ctx.error(message);
    ctx.printError(explanationText(refusal.program, explanation));
    return;
  }
  const { json } = ctx;
  json.startObject().field('error', message).name('explanation').startObject();
  // null: the refusal fits none of the known kinds, and the texts below are general.
  json.field('program', refusal.program).field('kind', explanation.kind ?? null);
  json.field('errno', `-${errnoName(explanation.errno)}`);
  if (explanation.at !== undefined) stepJson(ctx, explanation.at);
  if (explanation.ends !== undefined) {
    json.name('ends').startObject();
    stepJson(ctx, explanation.ends);
    json.endObject();
  }
  json.name('messages').startArray();
  for (const line of explanation.messages) json.string(line);
  json.endArray();
  statesJson(ctx, explanation.registers);
  json.name('path').startArray();
  for (const step of explanation.path) {
    json.startObject();
    stepJson(ctx, step);
    statesJson(ctx, step.states);
    json.endObject();
  }
  json.endArray();
  json.field('cause', explanation.cause).field('change', explanation.change).endObject().endObject();
}

function stepJson({ json }: Context, { index, text, source }: ExplainedStep): void {
  json?.field('insn', index);
  if (text !== '') json?.field('disasm', text);
  if (source === undefined) return;
  json?.field('file', source.file).field('line_num', source.line).field('line_col', source.column);
  json?.field('src', source.text);
  if (source.function !== undefined) json?.field('func', source.function);
}

function statesJson({ json }: Context, states: RegisterStates): void {
  json?.name('registers').startObject();
  for (const [name, state] of Object.entries(states)) json?.field(name, state);
  json?.endObject();
}

/** The explanation as lines of text. */
export function explanationText(program: string, explanation: Explanation): string {
  const { at, ends, messages, registers, path, cause, change, kind, errno } = explanation;
  const lines = [
    `Explanation: program '${program}' was refused with -${errnoName(errno)}${kind === undefined ? '' : ` (${kind})`}`,
  ];
  if (at !== undefined) {
    lines.push(`  at instruction ${at.index}${at.source === undefined ? '' : `, ${place(at.source)}`}`);
    if (at.source !== undefined && at.source.text !== '') lines.push(`      ${at.source.text}`);
    if (at.text !== '') lines.push(`      ${at.index}: ${at.text}`);
  }
  if (ends !== undefined) {
    lines.push(
      `  on the path that ends at instruction ${ends.index}${ends.source === undefined ? '' : `, ${place(ends.source)}`}`,
    );
  }
  // The first four; JSON has all of them.
  for (const [i, message] of messages.slice(0, 4).entries()) {
    lines.push(`${i === 0 ? '  the verifier says: ' : '                     '}${message}`);
  }
  for (const [name, state] of Object.entries(registers)) lines.push(`  known then: ${name}=${state}`);
  if (path.length > 0) lines.push('  the way there:');
  let shown: SourcePlace | undefined;
  for (const step of path) {
    const { source } = step;
    // A line of source stands once above all of its instructions that follow each other.
    if (source !== undefined && (source.line !== shown?.line || source.file !== shown.file)) {
      lines.push(`      ; ${source.text} (${place(source)})`);
      shown = source;
    }
    const states = Object.entries(step.states).map(([name, state]) => `${name}=${state}`);
    lines.push(`      ${step.index}: ${step.text}${states.length === 0 ? '' : `  ; ${states.join(' ')}`}`);
  }
  lines.push(`  cause:  ${cause}`, `  change: ${change}`);
  // Text of the object's author: control characters must not reach a terminal.
  return lines.map((line) => `${printable(line.replaceAll('\t', ' '))}\n`).join('');
}

function place({ file, line, column, function: name }: SourcePlace): string {
  return `${file}:${line}${column > 0 ? `:${column}` : ''}${name === undefined ? '' : ` in ${name}()`}`;
}
