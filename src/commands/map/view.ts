import { hostIsLittleEndian } from '../../bytes/index.ts';
import { type Context, fail, strtoul, usage, type Words } from '../../cli/index.ts';
import { type BpfMap, type ElementCodec, type ElementValue, type MapInfo, TypedMap } from '../../kernel/index.ts';
import { JsonWriter } from '../../output/index.ts';
import { isPerCpu, mapTypeName } from '../../uapi/index.ts';
import { possibleCpus } from '../../host/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { noMatch, selectMaps } from '../shared/select-map.ts';
import { codecOf } from './typed.ts';
import { optionOf } from './view-options.ts';

/** How the elements of a map are printed by the options of this program's own: decoded, one CPU's or the sum of all. */
class ElementView {
  readonly #codec: ElementCodec;
  readonly #valueOf: (value: ElementValue) => ElementValue;
  readonly #valueName: string;

  constructor(ctx: Context, info: MapInfo, codec: ElementCodec) {
    this.#codec = codec;
    this.#valueOf = chosenCpus(ctx, info);
    this.#valueName = isPerCpu(info.type) && !isOneValue(ctx) ? 'values' : 'value';
  }

  write(json: JsonWriter, keys: Uint8Array, keyAt: number, values: Uint8Array, valueAt: number): void {
    const { key, value } = this.#codec;
    json.startObject();
    // Maps without keys (queues, stacks) show their values alone.
    if (key.size > 0) writeValue(json.name('key'), key.decode(keys, keyAt));
    writeValue(json.name(this.#valueName), this.#valueOf(value.decode(values, valueAt)));
    json.endObject();
  }
}

const isOneValue = (ctx: Context) => ctx.verbOptions.has('cpu') || ctx.verbOptions.has('sum');

function chosenCpus(ctx: Context, { type, id }: MapInfo): (value: ElementValue) => ElementValue {
  const cpu = optionOf(ctx, 'cpu');
  const wantsSum = ctx.verbOptions.has('sum');
  if (cpu === undefined && !wantsSum) return (value) => value;
  if (cpu !== undefined && wantsSum) fail('--cpu and --sum exclude each other');
  if (!isPerCpu(type)) {
    fail(`${wantsSum ? '--sum' : '--cpu'} is for per-CPU maps; map ${id} is a ${mapTypeName(type) ?? type}`);
  }
  if (wantsSum) return (values) => sumOf(values as ElementValue[], 'value');
  const { value: number, rest } = strtoul(cpu!, 10);
  // strtoul alone would take a sign.
  if (!/^\d/.test(cpu!) || rest !== '') fail(`--cpu: can't parse '${cpu}' as the number of a CPU`);
  const cpus = possibleCpus(kernelOf(ctx));
  if (number >= BigInt(cpus)) fail(`--cpu ${cpu}: the map has values of the CPUs 0 to ${cpus - 1}`);
  return (values) => (values as ElementValue[])[Number(number)]!;
}

/** Numbers are added, member by member; what is no number must be the same on every CPU. */
function sumOf(values: readonly ElementValue[], path: string): ElementValue {
  const [first] = values;
  // Whole numbers are added without loss; one floating-point value makes the sum one.
  if (values.every((value) => typeof value === 'number' || typeof value === 'bigint')) {
    if (!values.every((value) => typeof value === 'bigint' || Number.isInteger(value))) {
      return values.reduce<number>((sum, value) => sum + Number(value), 0);
    }
    return values.reduce<bigint>((sum, value) => sum + BigInt(value), 0n);
  }
  if (first instanceof Uint8Array) {
    const sizes = [1, 2, 4, 8];
    if (!sizes.includes(first.length)) fail(`--sum: ${path} has no type: name one with --value-type`);
    return values.reduce<bigint>((sum, value) => sum + wholeNumber(value as Uint8Array), 0n);
  }
  if (Array.isArray(first)) {
    return first.map((_, i) =>
      sumOf(
        values.map((value) => (value as ElementValue[])[i]!),
        `${path}[${i}]`,
      ),
    );
  }
  if (typeof first === 'object') {
    const record = (value: ElementValue) => value as Record<string, ElementValue>;
    return Object.fromEntries(
      Object.keys(first).map((name) => [
        name,
        sumOf(
          values.map((value) => record(value)[name]!),
          `${path}.${name}`,
        ),
      ]),
    ) as ElementValue;
  }
  if (values.every((value) => value === first)) return first!;
  fail(`--sum: ${path} is no number and differs between CPUs`);
}

/** Bytes without a type, as an unsigned number of the host. */
function wholeNumber(bytes: Uint8Array): bigint {
  const wide = new BigUint64Array(1);
  new Uint8Array(wide.buffer).set(bytes);
  return hostIsLittleEndian ? wide[0]! : wide[0]! >> BigInt(64 - bytes.length * 8);
}

/** A decoded value; bytes without a type as the reference has them. */
function writeValue(json: JsonWriter, value: ElementValue): void {
  if (value instanceof Uint8Array) {
    json.startArray();
    for (const byte of value) json.string(`0x${byte.toString(16).padStart(2, '0')}`);
    json.endArray();
  } else if (Array.isArray(value)) {
    json.startArray();
    for (const item of value) writeValue(json, item);
    json.endArray();
  } else if (typeof value === 'object') {
    json.startObject();
    for (const [name, item] of Object.entries(value)) writeValue(json.name(name), item as ElementValue);
    json.endObject();
  } else if (typeof value === 'string') json.string(value);
  else if (typeof value === 'boolean') json.boolean(value);
  // JSON has no NaN and no infinity.
  else if (typeof value === 'number' && !Number.isFinite(value)) json.string(String(value));
  else json.number(value);
}

/** `map dump MAP` with options of this program's own: every element, decoded. */
export async function dumpView(ctx: Context, words: Words): Promise<void> {
  if (words.left !== 2) usage();
  const found = selectMaps(ctx, words, { readOnly: true });
  if (found.length === 0) noMatch(ctx);
  const json = ctx.json ?? new JsonWriter(ctx.stdout, { pretty: true });
  try {
    // The options name one way of printing, and types may differ from map to map.
    if (found.length > 1) fail('several maps match this handle: options that say how to print one want just one');
    await dumpOne(ctx, found[0]!, json);
    if (ctx.json === undefined) ctx.print('\n');
  } finally {
    for (const map of found) map.close();
  }
}

async function dumpOne(ctx: Context, map: BpfMap, json: JsonWriter): Promise<void> {
  const info = map.info();
  if (info.keySize === 0) {
    fail(
      `a map of type ${mapTypeName(info.type) ?? info.type} has no keys to go through: its elements can only be taken out`,
    );
  }
  const codec = await codecOf(ctx, info);
  const view = new ElementView(ctx, info, codec);
  json.startArray();
  try {
    for await (const { keys, keyAt, values, valueAt } of new TypedMap(map).elements()) {
      view.write(json, keys, keyAt, values, valueAt);
    }
    json.endArray();
  } finally {
    // A document of one's own is closed also where reading breaks off.
    if (ctx.json === undefined) json.closeTo(0);
  }
}

/** Prints single elements with options of this program's own; fails for options that do not fit, before anything is taken out. */
export async function elementPrinter(
  ctx: Context,
  info: MapInfo,
): Promise<(key: Uint8Array, value: Uint8Array) => void> {
  const view = new ElementView(ctx, info, await codecOf(ctx, info));
  return (key, value) => {
    view.write(ctx.json ?? new JsonWriter(ctx.stdout, { pretty: true }), key, 0, value, 0);
    if (ctx.json === undefined) ctx.print('\n');
  };
}
