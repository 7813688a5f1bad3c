import { type Context, fail } from '../../cli/index.ts';
import { UsageError } from '../../errors/index.ts';
import { isModifierKind, Kind, parseJsonValue } from '../../btf/index.ts';
import { type ObjectSpec, type VariableSpec, variableContents } from '../../object/index.ts';
import { nearest } from '../shared/nearest.ts';

/** Values of global variables, by name, from `--set VARIABLE=JSON`. */
export type Settings = ReadonlyMap<string, unknown>;

/** Reads the values of `--set`. Whole numbers of any size are exact. */
export function readSettings(given: readonly string[]): Settings {
  const settings = new Map<string, unknown>();
  for (const text of given) {
    const equals = text.indexOf('=');
    if (equals <= 0) fail(`--set ${text}: expected VARIABLE=JSON`);
    const name = text.slice(0, equals);
    if (settings.has(name)) fail(`--set ${name}: given more than once`);
    settings.set(name, parseValue(name, text.slice(equals + 1)));
  }
  return settings;
}

function parseValue(name: string, text: string): unknown {
  try {
    return parseJsonValue(text);
  } catch (cause) {
    fail(`--set ${name}: ${JSON.stringify(text)} is not JSON (text and names of enumerators need double quotes)`, {
      cause,
    });
  }
}

/**
 * First contents of the object's data sections with the settings in them. Fails, naming the nearest names, where a variable
 * does not exist or cannot be set, and naming the path where a value does not fit. `replaced`: maps that are not made.
 */
export function settingContents(
  ctx: Context,
  spec: ObjectSpec,
  settings: Settings,
  replaced: ReadonlyMap<number, unknown>,
): Map<number, Uint8Array> {
  for (const name of settings.keys()) {
    const variable = settable(spec).find((candidate) => candidate.name === name);
    if (variable === undefined) fail(`--set ${name}: ${whyUnknown(spec, name)}`);
    if (replaced.has(variable.map)) {
      fail(`--set ${name}: the variable's section '${sectionOf(spec, variable)}' is replaced by an existing map`);
    }
    if (variable.map === spec.arenaMap) fail(`--set ${name}: a variable in an arena cannot be set`);
    if (mayBeCompiledIn(spec, variable)) {
      ctx.info(`Warning: '${name}' is const but not volatile: the compiler may have used its old value already`);
    }
  }
  try {
    return variableContents(spec, Object.fromEntries(settings));
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    fail(`--set ${cause.message}`, { cause });
  }
}

function settable(spec: ObjectSpec): VariableSpec[] {
  return spec.variables.filter(({ map }) => map !== spec.kconfigMap);
}

function whyUnknown(spec: ObjectSpec, name: string): string {
  if (spec.btf === undefined) return 'the object has no BTF, which says where its variables are';
  const extern = spec.externs.find((candidate) => candidate.name === name);
  if (extern?.kind === 'kconfig') return "the kernel's configuration gives this variable its value";
  if (extern !== undefined) return 'a symbol of the kernel, not a variable of the object';
  if (spec.maps.some((map) => map.name === name)) return 'a map, not a variable';
  if (spec.programs.some((program) => program.name === name)) return 'a function, not a variable';
  const section = otherSection(spec, name);
  if (section !== undefined) return `lies in section '${section}', which is only read when the object is loaded`;
  // The compiler names what is local to a function with a dot.
  const names = settable(spec)
    .map((variable) => variable.name)
    .filter((candidate) => !candidate.includes('.'));
  if (names.length === 0) return 'the object has no global variables';
  const near = nearest(name, names);
  const advice = near.length > 0 ? `the nearest: ${near.slice(0, 3).join(', ')}` : `it has ${list(names)}`;
  return `the object has no such global variable; ${advice}`;
}

function list(names: readonly string[]): string {
  const [most, rest] = [names.slice(0, 12), names.length - 12];
  return rest > 0 ? `${most.join(', ')} and ${rest} more` : most.join(', ');
}

/** The section, not one of data, that holds a variable of this name: `license`, `.maps` … */
function otherSection({ btf }: ObjectSpec, name: string): string | undefined {
  if (btf === undefined) return undefined;
  for (const id of btf.idsOfKind(Kind.datasec)) {
    if (btf.variables(id).some(({ typeId }) => btf.name(typeId) === name)) return btf.name(id);
  }
  return undefined;
}

function sectionOf(spec: ObjectSpec, variable: VariableSpec): string {
  const map = spec.maps[variable.map];
  return map?.sectionName ?? map?.name ?? '';
}

/** A scalar constant that is not volatile: the compiler is free to put its value into the code. */
function mayBeCompiledIn(spec: ObjectSpec, variable: VariableSpec): boolean {
  const { btf } = spec;
  if (btf === undefined || spec.maps[variable.map]?.origin !== 'rodata') return false;
  let id = variable.typeId;
  for (let depth = 0; depth < 32 && isModifierKind(btf.kind(id)); depth++) {
    if (btf.kind(id) === Kind.volatile) return false;
    id = btf.target(id);
  }
  return btf.kind(id) === Kind.int || btf.kind(id) === Kind.enum || btf.kind(id) === Kind.enum64;
}
