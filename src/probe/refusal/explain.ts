import { type RefusalKind, refusalKinds } from './catalogue.ts';
import {
  parseVerifierLog,
  reads,
  stateBefore,
  type RegisterStates,
  type Step,
  type VerifierLog,
  writes,
} from './log.ts';

/** A line of the program's source. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The line itself; may be empty. */
  readonly text: string;
  readonly function: string | undefined;
}

/** A request that the kernel refused. */
export interface Refusal {
  /** The whole verifier log. */
  readonly log: string;
  /** Positive. */
  readonly errno: number;
  /** The source line of an instruction, where the object's line information tells. */
  readonly sourceOf: (index: number) => SourcePlace | undefined;
}

/** An instruction on the way to the refused one, with what it left in registers. */
export interface ExplainedStep {
  readonly index: number;
  readonly text: string;
  readonly states: RegisterStates;
  readonly source: SourcePlace | undefined;
}

/** Why the verifier refused a program. */
export interface Explanation {
  /** Id of the kind in the catalogue; undefined where it has none that fits. */
  readonly kind: string | undefined;
  readonly errno: number;
  /** The refused instruction; undefined where the log names none. */
  readonly at: ExplainedStep | undefined;
  /** Where the path ends, if that is another instruction. */
  readonly ends: ExplainedStep | undefined;
  readonly messages: readonly string[];
  /** States before the refused instruction of the registers it is about. */
  readonly registers: RegisterStates;
  /** Instructions that gave those registers their values, oldest first. */
  readonly path: readonly ExplainedStep[];
  readonly cause: string;
  readonly change: string;
}

const longestPath = 8;
const farthestBack = 4000;

/** Explains a refusal from its log. Never throws; what the log does not tell stays undefined or empty. */
export function explainRefusal({ log: text, errno, sourceOf }: Refusal): Explanation {
  const log = parseVerifierLog(text);
  const match = findKind(log.messages);
  const end = endOf(log, match?.groups);
  const about = end === undefined ? [] : registersAbout(log, log.steps[end]!);
  const explained = ({ index, text: code, states }: Step): ExplainedStep => ({
    index,
    text: code,
    states,
    source: sourceOf(index),
  });
  const last = log.steps.length - 1;
  return {
    kind: match?.kind.id,
    errno,
    at: end === undefined ? namedOnly(match, sourceOf) : explained(log.steps[end]!),
    messages: log.messages,
    ends: end === undefined || end === last ? undefined : explained(log.steps[last]!),
    registers: Object.fromEntries(
      about.flatMap((name) => {
        const state = stateBefore(log.steps, end!, name);
        return state === undefined ? [] : [[name, state]];
      }),
    ),
    path: end === undefined ? [] : pathTo(log.steps, end, about).map(explained),
    ...words(match, errno, log),
  };
}

interface Match {
  readonly kind: RefusalKind;
  readonly values: readonly (string | undefined)[];
  readonly groups: Readonly<Record<string, string>> | undefined;
}

function findKind(messages: readonly string[]): Match | undefined {
  for (const kind of refusalKinds) {
    for (const message of messages) {
      const match = kind.pattern.exec(message);
      if (match !== null) return { kind, values: match, groups: match.groups };
    }
  }
  return undefined;
}

/** Position of the step that is meant: the last one, or the last at the instruction the message names. */
function endOf({ steps }: VerifierLog, groups: Match['groups']): number | undefined {
  if (groups?.insn === undefined) return steps.length > 0 ? steps.length - 1 : undefined;
  const index = Number(groups.insn);
  const at = steps.findLastIndex((step) => step.index === index);
  return at < 0 ? undefined : at;
}

/** Where the verifier names an instruction it never came to. */
function namedOnly(match: Match | undefined, sourceOf: Refusal['sourceOf']): ExplainedStep | undefined {
  if (match?.groups?.insn === undefined) return undefined;
  const index = Number(match.groups.insn);
  return { index, text: '', states: {}, source: sourceOf(index) };
}

function registersAbout({ messages }: VerifierLog, step: Step): string[] {
  const named = messages.flatMap((message) => message.match(/\bR\d\b/g) ?? []);
  return [...new Set([...named, ...reads(step.text)])].filter((name) => name !== 'R10').sort();
}

/** Walks back from a step to those that wrote the registers it reads, and the registers those read. */
function pathTo(steps: readonly Step[], end: number, about: readonly string[]): Step[] {
  const registers = new Set(about);
  const found: Step[] = [];
  for (
    let at = end - 1;
    at >= Math.max(0, end - farthestBack) && found.length < longestPath && registers.size > 0;
    at--
  ) {
    const step = steps[at]!;
    const written = writes(step.text);
    if (written === undefined || !registers.has(written)) continue;
    found.unshift(step);
    if (!/ [-+*/%&|^<>s]+= /.test(step.text)) registers.delete(written);
    for (const name of reads(step.text)) registers.add(name);
  }
  return found;
}

function words(match: Match | undefined, errno: number, log: VerifierLog): { cause: string; change: string } {
  if (match !== undefined) {
    const fill = (text: string) => text.replace(/\{(\d)\}/g, (_, group: string) => match.values[Number(group)] ?? '');
    return { cause: fill(match.kind.cause), change: fill(match.kind.change) };
  }
  if (log.steps.length === 0 && log.messages.length === 0) {
    return { cause: withoutLog.get(errno) ?? 'The kernel refused the program without a word.', change: nothingKnown };
  }
  return { cause: "None of the known kinds of refusal fits the verifier's message above.", change: nothingKnown };
}

const nothingKnown = 'Repeat with -d to see the whole log and what the loader did before.';

/** What the errno alone tells, where the verifier did not begin. */
const withoutLog: ReadonlyMap<number, string> = new Map([
  [1, 'This process may not load such a program: a capability (CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN ...) is missing.'],
  [2, 'Something the program refers to does not exist.'],
  [7, 'The program is too long, or uses attributes this kernel does not know.'],
  [12, 'The kernel has not enough memory.'],
  [
    22,
    'The kernel does not take these attributes: the program type, attach type, flags or attach target do not fit each other or this kernel.',
  ],
]);
