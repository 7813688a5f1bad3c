import { TsbpfError } from '../../errors/index.ts';

/** A name that BTF does not have. `suggestions` are names that it has and that are near, best first. */
export class BtfLookupError extends TsbpfError {
  readonly wanted: string;
  readonly suggestions: readonly string[];

  constructor(message: string, wanted: string, suggestions: readonly string[]) {
    const hint = suggestions.length === 0 ? '' : ` (did you mean '${suggestions.join("' or '")}'?)`;
    super('ERR_BTF_LOOKUP', `${message}${hint}`);
    this.wanted = wanted;
    this.suggestions = suggestions;
  }
}
