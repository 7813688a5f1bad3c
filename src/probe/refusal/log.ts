/** States of registers and stack slots by name (`R1`, `fp-8`), in the verifier's words without liveness marks. */
export type RegisterStates = Readonly<Record<string, string>>;

/** One instruction the verifier looked at. */
export interface Step {
  /** Instruction slot in the program. */
  readonly index: number;
  /** As printed: `(71) r0 = *(u8 *)(r1 +20)`. */
  readonly text: string;
  /** Everything known on arrival, where the log tells: at the beginning, after jumps and calls; at level 2 everywhere. */
  readonly entry: RegisterStates | undefined;
  /** What the log says has changed after it; logs before 5.17 say nothing. */
  readonly states: RegisterStates;
}

/** A verifier log as data: the path to the end, and what was said there. */
export interface VerifierLog {
  readonly steps: readonly Step[];
  /** Lines after the last step, without statistics, states and source lines. */
  readonly messages: readonly string[];
}

/** Of a longer log only the end is read. */
const mostCharacters = 8 * 1024 * 1024;

/** The second form stands where the loader names what it could not resolve. */
const instruction = /^(\d+): (\([0-9a-f]{2}\) .*|<invalid [^>]*>)$/;
const stateLine = /^(?:\d+: |from \d+ to \d+[^:]*: ?|\s+)?(?:frame\d+: ?)?\s*(?=(?:R\d+|fp-\d+)(?:_\w+)?=)/;
const state = /\b(R\d+|fp-\d+)(?:_\w+)?=((?:\([^()]*(?:\([^()]*\)[^()]*)*\)|[^\s(])+)/g;
/** What follows a jump without a new line: the state at its target, or the end. */
const glued = /(?<=^\d+: .* goto pc[-+]\d+) (?=\d+: |[a-z])/;
/** Statistics follow a message that has no new line of its own. */
const statistics = /(?<=\S)(?=processed \d+ insns \(limit|verification time \d+ usec|stack depth \d+(?:\+\d+)*$)/;
const noise =
  /^(?:; |processed \d+ insns|verification time|stack depth|insns? \(limit|max_states|mark_precise|(?:cur|old) state:|caller:|callee:|to caller at|returning from callee|from \d+ to \d+|func#\d+ @|Live regs|arg#\d+ reference type|propagating|last_idx|regs=|parent |Validating |\d+: )/;

/** Reads a log of level 1 or 2, of any kernel: registers in the lines of instructions (5.17 on) or in lines of their own. */
export function parseVerifierLog(text: string): VerifierLog {
  const steps: Step[] = [];
  let entry: RegisterStates | undefined;
  let messages: string[] = [];
  for (const line of linesOf(text)) {
    const step = instruction.exec(line);
    if (step !== null) {
      const whole = step[2]!;
      const comment = whole.search(/\s; (?:frame\d+: )?(?:R\d+|fp-\d+|refs)/);
      const code = comment < 0 ? whole : whole.slice(0, comment);
      const states = comment < 0 ? {} : statesIn(whole.slice(comment));
      steps.push({ index: Number(step[1]), text: code.trim(), entry, states });
      messages = [];
      entry = undefined;
    } else if (stateLine.test(line)) entry = statesIn(line);
    else if (line.trim() !== '' && !noise.test(line)) messages.push(line.trim());
  }
  return { steps, messages };
}

/** Kernels from 7.3 on say the same once more behind it, at length and with source lines. */
const report = /^Verification failed: /m;

/** The log without that report. */
export function withoutReport(text: string): string {
  const at = text.search(report);
  return at < 0 ? text : text.slice(0, at);
}

function* linesOf(whole: string): Generator<string> {
  const text = withoutReport(whole);
  const tail = text.length > mostCharacters ? text.slice(text.indexOf('\n', text.length - mostCharacters) + 1) : text;
  for (const line of tail.split('\n')) for (const part of line.split(statistics)) yield* part.split(glued);
}

/** What was known of a register or stack slot before step number `at`; undefined where the log does not tell. */
export function stateBefore(steps: readonly Step[], at: number, name: string): string | undefined {
  for (let i = at; i >= 0; i--) {
    const { entry } = steps[i]!;
    if (entry !== undefined) return entry[name];
    const previous = steps[i - 1];
    if (previous === undefined) return undefined;
    if (previous.states[name] !== undefined) return previous.states[name];
    if (writes(previous.text) === name) return undefined;
  }
  return undefined;
}

function statesIn(line: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name, value] of line.matchAll(state)) found[name!] = value!;
  return found;
}

/** The register an instruction writes. */
export function writes(code: string): string | undefined {
  const text = code.replace(/^\([0-9a-f]{2}\) /, '');
  const target = /^(?:if )?[rw](\d+) (?:[-+*/%&|^]|<<|>>|s>>|s\/|s%)?= /.exec(text);
  if (target !== null && !text.startsWith('if ')) return `R${target[1]}`;
  return /^call /.test(text) ? 'R0' : undefined;
}

/** The registers an instruction reads, the frame pointer left out; a call's arguments only where they are named. */
export function reads(code: string): string[] {
  const text = code.replace(/^\([0-9a-f]{2}\) /, '');
  if (/^(?:exit)\b/.test(text)) return ['R0'];
  if (/^(?:call|goto)\b/.test(text)) return [];
  const overwritten = /^[rw]\d+ = /.exec(text)?.[0].length ?? 0;
  const named = [...text.slice(overwritten).matchAll(/\b[rw](\d+)\b/g)].map(([, number]) => `R${number}`);
  return [...new Set(named)].filter((name) => name !== 'R10');
}
