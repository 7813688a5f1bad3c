import { parseJsonValue } from '../../btf/index.ts';
import { type Context, fail, type Words } from '../../cli/index.ts';
import { SyscallError, TsbpfError } from '../../errors/index.ts';
import { type ElementCodec, elementCodec, type HalfCodec, type MapInfo } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { hasChosenTypes } from './view-options.ts';

/** The codec of a map, by the types chosen on the command line if any are; fails in this program's words. */
export async function codecOf(ctx: Context, info: MapInfo): Promise<ElementCodec> {
  try {
    if (hasChosenTypes(ctx)) return (await import('./chosen-types.ts')).chosenCodec(ctx, info);
    return elementCodec(kernelOf(ctx), info);
  } catch (cause) {
    if (!(cause instanceof TsbpfError)) throw cause;
    fail(cause.message, { status: cause instanceof SyscallError ? -cause.errno : -1, cause });
  }
}

/** Whether every member of a struct must be given. */
function isStrict(ctx: Context): boolean {
  return ctx.verbOptions.has('strict');
}

/** True if the next words are `json TEXT`: written out, because an abbreviation could be meant for bytes. */
export function atJson(words: Words): boolean {
  return words.peek() === 'json';
}

/** Consumes `json TEXT` and answers its bytes, checked against the type before anything is written. */
export async function readJson(ctx: Context, words: Words, what: string, half: HalfCodec): Promise<Uint8Array> {
  words.next();
  if (words.left === 0) fail(`${what} json: expected JSON text after 'json'`);
  const value = parseJsonValue(words.next(), what);
  const bytes = half.encode(value);
  const problem = await (await schemaCheck(half, { strict: isStrict(ctx) }))(value);
  if (problem !== undefined) fail(`${what}${problem}`);
  return bytes;
}

/** Answers what is wrong with a value, as ` PATH: problem` to follow its name; undefined if nothing is. */
export type SchemaCheck = (value: unknown) => string | undefined;

/** A check against the JSON Schema of a type. */
export async function schemaCheck(
  { schema, withoutTexts = (value) => value }: Pick<HalfCodec, 'schema' | 'withoutTexts'>,
  { strict }: { strict: boolean },
): Promise<SchemaCheck> {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const validate = new Ajv2020({ strict: false, validateSchema: false, addUsedSchema: false }).compile(
    schema({ strict }),
  );
  return (value) => {
    if (validate(withoutBigints(withoutTexts(value)))) return undefined;
    const { instancePath = '', message = 'does not fit its schema' } = validate.errors?.at(-1) ?? {};
    const path = instancePath
      .split('/')
      .slice(1)
      .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part.replaceAll('~1', '/').replaceAll('~0', '~')}`));
    return `${path.join('')}: ${message}`;
  };
}

/** A schema knows integers of any size as strings. */
function withoutBigints(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(withoutBigints);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutBigints(item)]));
}
