import type { Form, ValuePlace } from './parse-form.ts';

/** What can stand at a place: fixed words, and places for values. */
export interface Expected {
  readonly words: readonly string[];
  readonly values: readonly ValuePlace[];
  /** The command may end here. */
  readonly canEnd: boolean;
}

type Edge = { readonly to: number } & (
  | { readonly word: string }
  | { readonly value: ValuePlace }
  /** Nothing is read. `once`: the number of an option that can be had once. */
  | { readonly once: number | undefined }
);

/** A way in which the words read so far can be understood. */
interface Reading {
  readonly state: number;
  /** A bit for each option that was given. */
  readonly given: bigint;
}

const end = 0;

/** Follows words through forms, all ways of understanding them at once. */
export class FormReader {
  readonly #states: Edge[][] = [[]];
  readonly #start: number;
  #options = 0;

  constructor(forms: readonly Form[]) {
    this.#start = this.#state();
    for (const form of forms) this.#states[this.#start]!.push({ to: this.#compile(form, end), once: undefined });
  }

  /** What can stand after `words`; undefined, with the number of words that were understood, where they fit no form. */
  read(words: readonly string[]): { expected: Expected; understood: number } {
    let readings = this.#closure([{ state: this.#start, given: 0n }]);
    for (const [i, word] of words.entries()) {
      const next = this.#closure(this.#step(readings, word));
      if (next.length === 0) return { expected: this.#expected(readings), understood: i };
      readings = next;
    }
    return { expected: this.#expected(readings), understood: words.length };
  }

  #state(): number {
    return this.#states.push([]) - 1;
  }

  /** The state from which `form` leads to `next`. */
  #compile(form: Form, next: number): number {
    if (form.kind === 'sequence') return form.parts.reduceRight((to, part) => this.#compile(part, to), next);
    const state = this.#state();
    const edges = this.#states[state]!;
    switch (form.kind) {
      case 'word':
        edges.push({ to: next, word: form.text });
        break;
      case 'value':
        edges.push({ to: next, value: form.value });
        break;
      case 'choice':
        for (const part of form.parts) edges.push({ to: this.#compile(part, next), once: undefined });
        break;
      case 'repeat': {
        const after = this.#state();
        const again = this.#compile(form.part, after);
        this.#states[after]!.push({ to: again, once: undefined }, { to: next, once: undefined });
        return again;
      }
      case 'options':
        for (const { form: part, repeats } of form.parts) {
          edges.push({ to: this.#compile(part, state), once: repeats ? undefined : this.#options++ });
        }
        edges.push({ to: next, once: undefined });
    }
    return state;
  }

  /** Adds what is reached without reading a word. */
  #closure(from: readonly Reading[]): Reading[] {
    const seen = new Set<string>();
    const found: Reading[] = [];
    const visit = (reading: Reading): void => {
      const key = `${reading.state} ${reading.given}`;
      if (seen.has(key)) return;
      seen.add(key);
      found.push(reading);
      for (const edge of this.#states[reading.state]!) {
        if (!('once' in edge)) continue;
        const bit = edge.once === undefined ? 0n : 1n << BigInt(edge.once);
        if ((reading.given & bit) === 0n) visit({ state: edge.to, given: reading.given | bit });
      }
    };
    for (const reading of from) visit(reading);
    return found;
  }

  /** A whole word goes before an abbreviation and before a value. */
  #step(readings: readonly Reading[], word: string): Reading[] {
    const whole: Reading[] = [];
    const others: Reading[] = [];
    for (const { state, given } of readings) {
      for (const edge of this.#states[state]!) {
        const reached = { state: edge.to, given };
        if ('word' in edge) {
          if (edge.word === word) whole.push(reached);
          else if (word !== '' && edge.word.startsWith(word)) others.push(reached);
        } else if ('value' in edge && fits(word, edge.value.name)) others.push(reached);
      }
    }
    return whole.length > 0 ? whole : others;
  }

  #expected(readings: readonly Reading[]): Expected {
    const words = new Set<string>();
    const values = new Map<string, ValuePlace>();
    for (const { state } of readings) {
      for (const edge of this.#states[state]!) {
        if ('word' in edge) words.add(edge.word);
        else if ('value' in edge) values.set(`${edge.value.within} ${edge.value.name} ${edge.value.after}`, edge.value);
      }
    }
    return { words: [...words], values: [...values.values()], canEnd: readings.some(({ state }) => state === end) };
  }
}

const number = /^(?:0x[0-9a-f]+|\d+)$/i;
/** With `hex` before them the letters may stand without 0x. */
const byte = /^(?:0x[0-9a-f]{1,2}|0[0-7]{1,3}|\d{1,3}|[0-9a-f]{1,2})$/i;
const numeric = /_ID$|_SIZE$|^(?:[A-Z]|IDX|FLAGS|MAX_ENTRIES|DURATION)$/;

/** Whether a word can be a value of this name. */
export function fits(word: string, name: string): boolean {
  if (name === 'BYTE') return byte.test(word);
  return numeric.test(name) ? number.test(word) : word !== '';
}
