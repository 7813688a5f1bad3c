// `gen skeleton … --lang`: modules and descriptions that the reference lacks. A C skeleton is in skeleton.ts.
import path from 'node:path';
import { type Context, fail, type Words } from '../../cli/index.ts';
import {
  describeObject,
  descriptionJson,
  type ObjectDescription,
  type ObjectPlace,
  objectTypes,
  typeScriptSkeleton,
} from '../../codegen/index.ts';
import { Errno, ParseError, UsageError } from '../../errors/index.ts';
import { failureText, ObjectError, type ObjectSpec, parseObject } from '../../object/index.ts';
import { diagnostics } from '../shared/libbpf-log.ts';
import { checkTokenPath } from '../shared/object-file.ts';
import { readObjectBytes, readRequest } from './request.ts';

/** `ts` is a module, `json` the description that it is made from. */
const languages = ['ts', 'json'];

/** `gen skeleton FILE [name NAME] --lang { ts | json }` */
export function typedSkeleton(ctx: Context, words: Words): void {
  const language = languageOf(ctx);
  if (ctx.options.useLoader) fail(`'--lang ${language}' is not possible with '--use-loader'`);
  const external = ctx.verbOptions.has('external');
  if (external && language !== 'ts') fail("'--external' is for '--lang ts' only");
  const events = eventTypes(ctx.verbOptions.get('event') ?? []);
  // The rules for names are those of C; here any will do.
  const { path: file, name } = readRequest(ctx, words, () => undefined);
  const bytes = readObjectBytes(ctx, file);
  const spec = open(ctx, bytes, name);
  const description = describe(spec, { name, events });
  if (language === 'json') {
    printDescription(ctx, spec, description);
    return;
  }
  const place: ObjectPlace = external ? { kind: 'external', file: path.basename(file) } : { kind: 'embedded', bytes };
  const text = typeScriptSkeleton(description, objectTypes(spec), place);
  // Inside a batch the text must be a JSON value.
  if (ctx.json === undefined || ctx.json.depth === 0) ctx.print(text);
  else ctx.json.string(text);
}

function languageOf(ctx: Context): string {
  const given = ctx.verbOptions.get('lang') ?? [];
  const language = given.at(-1);
  if (language === undefined) fail("'--event' and '--external' need '--lang ts' or '--lang json'");
  if (!languages.includes(language)) fail(`'--lang ${language}': expected ${languages.join(' or ')}`);
  return language;
}

function eventTypes(given: readonly string[]): Record<string, string> {
  const events: [string, string][] = given.map((text) => {
    const at = text.indexOf('=');
    if (at <= 0 || at === text.length - 1) fail(`'--event ${text}': expected MAP=TYPE`);
    return [text.slice(0, at), text.slice(at + 1)];
  });
  const twice = events.find(([name], index) => events.findIndex(([other]) => other === name) !== index);
  if (twice !== undefined) fail(`'--event': map '${twice[0]}' is given twice`);
  return Object.fromEntries(events);
}

function open(ctx: Context, bytes: Uint8Array, name: string): ObjectSpec {
  try {
    checkTokenPath();
    return parseObject(bytes, { path: name, name, inMemory: true, log: diagnostics(ctx) });
  } catch (cause) {
    if (!(cause instanceof ObjectError) && !(cause instanceof ParseError)) throw cause;
    const errno = cause instanceof ObjectError ? cause.errno : Errno.EINVAL;
    fail(`failed to open BPF object file: ${failureText(errno)}`, { cause, status: -errno });
  }
}

function describe(spec: ObjectSpec, options: { name: string; events: Record<string, string> }): ObjectDescription {
  try {
    return describeObject(spec, options);
  } catch (cause) {
    if (cause instanceof UsageError) fail(cause.message, { cause });
    throw cause;
  }
}

function printDescription(ctx: Context, spec: ObjectSpec, description: ObjectDescription): void {
  const document = descriptionJson(description, objectTypes(spec));
  if (ctx.json === undefined) ctx.print(`${JSON.stringify(document, undefined, 2)}\n`);
  else ctx.json.raw(JSON.stringify(document, undefined, ctx.json.pretty ? 4 : undefined));
}
