import type { Context } from '../../cli/index.ts';
import type { JsonWriter } from '../../output/index.ts';

/** A section's heading in each form. */
export interface Heading {
  readonly json: string;
  readonly plain: string;
  readonly macros: string;
}

/** A feature's name in each form. */
export interface FeatureName {
  readonly json: string;
  readonly plain: string;
  /** What follows `HAVE_`. */
  readonly macro: string;
}

/** The helpers of programs of a type: name and whether there are such programs. */
export interface HelperSection {
  readonly programType: string;
  readonly isSupported: boolean;
}

/** How what was found out is shown. */
export interface Form {
  /** Settings of the running system are not shown as macros. */
  readonly showsSettings: boolean;
  startSection(heading: Heading): void;
  endSection(): void;
  feature(name: FeatureName, isThere: boolean): void;
  /** A setting of the running system: -1 where it cannot be read. */
  setting(name: string, value: bigint, text: string): void;
  /** An option the kernel was built with. */
  option(name: string, value: string | undefined): void;
  startHelpers(section: HelperSection): void;
  helper(section: HelperSection, name: string, isThere: boolean): void;
  /** `found`: some helper was shown. */
  endHelpers(section: HelperSection & { readonly found: boolean }): void;
  /** What stands at the begin of the section of helpers. */
  introduceHelpers(): void;
}

/** The form that the options and words ask for. JSON prevails over macros. */
export function formOf(ctx: Context, macroPrefix: string | undefined): Form {
  if (ctx.json !== undefined) return new JsonForm(ctx.json);
  return macroPrefix === undefined ? new PlainForm(ctx) : new MacroForm(ctx, macroPrefix);
}

class PlainForm implements Form {
  readonly showsSettings = true;
  readonly #ctx: Context;
  /** Of the helpers of one type, printed together: each write costs more than the text. */
  #lines = '';

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  startSection({ plain }: Heading): void {
    this.#ctx.print(`${plain}\n`);
  }

  endSection(): void {
    this.#ctx.print('\n');
  }

  feature({ plain }: FeatureName, isThere: boolean): void {
    this.#ctx.print(`${plain} is ${isThere ? '' : 'NOT '}available\n`);
  }

  setting(_name: string, _value: bigint, text: string): void {
    this.#ctx.print(`${text}\n`);
  }

  option(name: string, value: string | undefined): void {
    this.#ctx.print(`${name} is ${value === undefined ? 'not set' : `set to ${value}`}\n`);
  }

  introduceHelpers(): void {}

  startHelpers({ programType }: HelperSection): void {
    this.#lines = `eBPF helpers supported for program type ${programType}:`;
  }

  helper(_section: HelperSection, name: string, isThere: boolean): void {
    if (isThere) this.#lines += `\n\t- ${name}`;
  }

  endHelpers({ isSupported, found }: HelperSection & { readonly found: boolean }): void {
    this.#ctx.print(`${this.#lines}\n`);
    if (found) return;
    this.#ctx.print(
      `\t${isSupported ? 'Could not determine which helpers are available' : 'Program type not supported'}\n`,
    );
  }
}

class MacroForm implements Form {
  readonly showsSettings = false;
  readonly #ctx: Context;
  readonly #prefix: string;
  /** Of the helpers of one type, as in plain text. */
  #lines = '';

  constructor(ctx: Context, prefix: string) {
    this.#ctx = ctx;
    this.#prefix = prefix;
  }

  startSection({ macros }: Heading): void {
    this.#ctx.print(`${macros}\n`);
  }

  endSection(): void {
    this.#ctx.print('\n');
  }

  feature({ macro }: FeatureName, isThere: boolean): void {
    this.#ctx.print(`#define ${this.#prefix}${isThere ? '' : 'NO_'}HAVE_${macro}\n`);
  }

  setting(): void {}

  option(name: string, value: string | undefined): void {
    const macro = `${this.#prefix}${name}`;
    this.#ctx.print(value === undefined ? `/* ${macro} is not set */\n` : `#define ${macro} ${value}\n`);
  }

  introduceHelpers(): void {
    const prefix = this.#prefix;
    this.#ctx.print(`/*
 * Use ${prefix}HAVE_PROG_TYPE_HELPER(prog_type_name, helper_name)
 * to determine if <helper_name> is available for <prog_type_name>,
 * e.g.
 *	#if ${prefix}HAVE_PROG_TYPE_HELPER(xdp, bpf_redirect)
 *		// do stuff with this helper
 *	#elif
 *		// use a workaround
 *	#endif
 */
#define ${prefix}HAVE_PROG_TYPE_HELPER(prog_type, helper)	\\
	${prefix}BPF__PROG_TYPE_ ## prog_type ## __HELPER_ ## helper
`);
  }

  startHelpers(): void {
    this.#lines = '';
  }

  helper({ programType }: HelperSection, name: string, isThere: boolean): void {
    this.#lines += `#define ${this.#prefix}BPF__PROG_TYPE_${programType}__HELPER_${name} ${isThere ? 1 : 0}\n`;
  }

  endHelpers(): void {
    this.#ctx.print(this.#lines);
  }
}

class JsonForm implements Form {
  readonly showsSettings = true;
  readonly #json: JsonWriter;

  constructor(json: JsonWriter) {
    this.#json = json;
  }

  startSection({ json }: Heading): void {
    this.#json.name(json).startObject();
  }

  endSection(): void {
    this.#json.endObject();
  }

  feature({ json }: FeatureName, isThere: boolean): void {
    this.#json.field(json, isThere);
  }

  setting(name: string, value: bigint): void {
    this.#json.field(name, value);
  }

  option(name: string, value: string | undefined): void {
    this.#json.field(name, value ?? null);
  }

  introduceHelpers(): void {}

  startHelpers({ programType }: HelperSection): void {
    this.#json.name(`${programType}_available_helpers`).startArray();
  }

  helper(_section: HelperSection, name: string, isThere: boolean): void {
    if (isThere) this.#json.string(name);
  }

  endHelpers(): void {
    this.#json.endArray();
  }
}
