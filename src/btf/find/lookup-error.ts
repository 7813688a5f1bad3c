import { TsbpfError } from '../../errors/index.ts';

/** A name that BTF does not have. `suggestions` are names that it has and that are near, best first. */
export class BtfLookupError extends TsbpfError {
  readonly query: string;
  readonly suggestions: readonly string[];

  constructor(message: string, query: string, suggestions: readonly string[]) {
    const hint = suggestions.length === 0 ? '' : ` (did you mean '${suggestions.join("' or '")}'?)`;
    super('ERR_BTF_LOOKUP', `${message}${hint}`);
    this.query = query;
    this.suggestions = suggestions;
  }
}
