import { ObjectError } from '../../object/index.ts';
import type { Emitter } from './emitter.ts';

/** The generator's steps: after one that failed nothing more is written, but what the others would warn of is. */
export class Steps {
  readonly #emitter: Emitter;
  #error: ObjectError | undefined;

  constructor(emitter: Emitter) {
    this.#emitter = emitter;
  }

  /** The first failure. */
  get error(): ObjectError | undefined {
    return this.#error;
  }

  run(step: (emitter: Emitter) => void): void {
    if (this.#error) return;
    try {
      step(this.#emitter);
    } catch (error) {
      if (!(error instanceof ObjectError)) throw error;
      this.#error = error;
    }
  }

  /** Ends writing as a step that failed does. */
  fail(error: ObjectError): void {
    this.#error ??= error;
  }
}
