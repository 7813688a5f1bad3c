import {
  type Btf,
  BtfLookupError,
  compileValueDecoder,
  findMemberOf,
  nearestNames,
  sizeOf,
  typeNames,
} from '../../btf/index.ts';
import { type Context, fail } from '../../cli/index.ts';
import { SyscallError, UsageError } from '../../errors/index.ts';
import {
  BpfProgram,
  codecOfTypes,
  ElementCodec,
  type ElementValue,
  elementTypes,
  type HalfCodec,
  ipBytes,
  ipText,
  macBytes,
  macText,
  type HalfType,
  type Kernel,
  loadBtfById,
  type MapInfo,
  objectIds,
  prefixKey,
  prefixText,
} from '../../kernel/index.ts';
import { type BtfFileError, readBtfFile } from '../shared/btf-file.ts';
import { kernelOf } from '../shared/kernel.ts';
import { optionOf } from './view-options.ts';

/**
 * The codec of a map by the options `--btf`, `--key-type`, `--value-type` and `--as`. What they do not name has the type that
 * the map's BTF gives it.
 */
export function chosenCodec(ctx: Context, info: MapInfo): ElementCodec {
  const own = elementTypes(kernelOf(ctx), info);
  const half = (name: 'key' | 'value', ownId: number | undefined): HalfType | undefined => {
    const chosen = optionOf(ctx, `${name}-type`);
    if (chosen !== undefined) return typeNamed(typesFor(ctx, info), chosen);
    return own === undefined || ownId === undefined || ownId === 0 ? undefined : { btf: own.btf, typeId: ownId };
  };
  const types = { key: half('key', own?.keyTypeId), value: half('value', own?.valueTypeId) };
  const codec = codecOfTypes(kernelOf(ctx), info, types);
  const forms = (ctx.verbOptions.get('as') ?? []).map((text) => formOf(text, types, codec));
  const formed = (name: 'key' | 'value') =>
    forms.filter(({ half }) => half === name).reduce((half, form) => withForm(half, form), codec[name]);
  return new ElementCodec(formed('key'), formed('value'));
}

/** What names of types are looked up in: the file of `--btf`, else the BTF of the map or of a program that uses it. */
export function typesFor(ctx: Context, info: MapInfo): Btf {
  const file = optionOf(ctx, 'btf');
  if (file !== undefined) {
    try {
      return readBtfFile(ctx, file);
    } catch (error) {
      fail(`can't read BTF of '${file}': ${(error as BtfFileError).message}`, { cause: error });
    }
  }
  const kernel = kernelOf(ctx);
  if (info.btfId !== 0) return loadBtfById(kernel, info.btfId);
  for (const id of objectIds(kernel, 'prog')) {
    const btfId = btfOfUser(kernel, id, info.id);
    if (btfId !== 0) return loadBtfById(kernel, btfId);
  }
  fail(`neither map ${info.id} nor a program that uses it has BTF: name a file with --btf FILE`);
}

/** Id of the BTF of a program, if it uses the map; 0 where it does not, or ended since its id was read. */
function btfOfUser(kernel: Kernel, programId: number, mapId: number): number {
  try {
    using program = BpfProgram.openById(kernel, programId);
    const { info, mapIds } = program.infoWithMaps();
    return mapIds.includes(mapId) ? info.btfId : 0;
  } catch (error) {
    if (error instanceof SyscallError) return 0;
    throw error;
  }
}

/** A type by its name, `struct` and the like before it or not. */
export function typeNamed(btf: Btf, name: string): HalfType {
  const [, kind, bare = name] = /^(struct|union|enum)\s+(\S+)$/.exec(name) ?? [];
  const found = btf.findByName(bare, kind as 'struct' | undefined);
  if (found !== undefined && sizedKinds.has(found.kind)) return { btf, typeId: found.id };
  const near = nearestNames(bare, typeNames(btf));
  fail(
    `no type with a size is called '${name}'${near.length === 0 ? '' : `; there is ${near.slice(0, 3).join(', ')}`}`,
  );
}

const sizedKinds: ReadonlySet<string> = new Set([
  ...['int', 'struct', 'union', 'enum', 'enum64', 'typedef', 'float', 'datasec', 'array'],
]);

/** A way to write some bytes as text. `sizes`: of how many bytes. */
interface TextForm {
  readonly sizes: readonly number[];
  readonly toText: (bytes: Uint8Array) => string;
  /** Undefined for what is not of this form. */
  readonly toBytes: (text: string) => Uint8Array | undefined;
}

const address = { toText: ipText, toBytes: ipBytes };
const textForms: Readonly<Record<string, TextForm>> = {
  // `ip` is whichever of the two has the size.
  ip: { sizes: [4, 16], ...address },
  ipv4: { sizes: [4], ...address },
  ipv6: { sizes: [16], ...address },
  mac: { sizes: [6], toText: macText, toBytes: macBytes },
  // struct bpf_lpm_trie_key: 4 bytes with the length, before the address.
  prefix: { sizes: [8, 20], toText: prefixText, toBytes: prefixKey },
};

/** Where a form applies: bytes of one half of an element, and what leads to their value. */
interface Form {
  readonly half: 'key' | 'value';
  /** The path as messages name it, from `key` or `value` on. */
  readonly member: string;
  /** Names and indices from the half's value down to the member. */
  readonly steps: readonly (string | number)[];
  /** Bytes from the start of the half. */
  readonly offset: number;
  readonly size: number;
  readonly form: TextForm;
  readonly name: string;
  /** The value that the member's type has for bytes. */
  readonly decode: (bytes: Uint8Array) => ElementValue;
}

interface HalfTypes {
  readonly key: HalfType | undefined;
  readonly value: HalfType | undefined;
}

/** Reads `MEMBER=FORM`; MEMBER is `key`, `value`, a member of them with either word before it, or of just one of them. */
function formOf(text: string, types: HalfTypes, codec: ElementCodec): Form {
  const [, member = '', name = ''] = /^([^=]+)=(\w+)$/.exec(text) ?? [];
  const form = Object.hasOwn(textForms, name) ? textForms[name] : undefined;
  if (form === undefined) {
    fail(`--as ${text}: expected MEMBER=FORM, where FORM is one of ${Object.keys(textForms).join(', ')}`);
  }
  const [first = ''] = member.split(/[.[]/);
  // Without `key` or `value` in front, the path is tried in both; only one may have it.
  const halves = first === 'key' || first === 'value' ? [first as 'key' | 'value'] : (['key', 'value'] as const);
  const isExplicit = halves.length === 1;
  const problems: string[] = [];
  const found = halves.flatMap((half) => {
    const path = isExplicit ? member : `${half}.${member}`;
    const place = path === half ? wholeOf(types[half], codec[half]) : memberOf(types[half], path, problems);
    return place === undefined ? [] : [{ half, path, ...place }];
  });
  const [place] = found;
  if (place === undefined) fail(`--as ${text}: ${problems[0] ?? `'${first}' has no type that has members`}`);
  if (found.length > 1) fail(`--as ${text}: keys and values have it: say key.${member} or value.${member}`);
  if (!form.sizes.includes(place.size)) {
    fail(`--as ${text}: '${place.path}' has ${place.size} bytes, ${name} ${form.sizes.join(' or ')}`);
  }
  const steps = (place.path.match(/[^.[\]]+/g) ?? [])
    .slice(1)
    .map((word) => (/^\d+$/.test(word) ? Number(word) : word));
  return { ...place, member: place.path, steps, form, name };
}

type Place = Pick<Form, 'offset' | 'size' | 'decode'>;

function wholeOf(type: HalfType | undefined, { size, single }: HalfCodec): Place {
  const decode = type === undefined ? (bytes: Uint8Array) => [...bytes] : compileValueDecoder(type.btf, type.typeId);
  return { offset: 0, size: type === undefined ? (single?.size ?? size) : sizeOf(type.btf, type.typeId), decode };
}

function memberOf(type: HalfType | undefined, path: string, problems: string[]): Place | undefined {
  if (type === undefined) return undefined;
  try {
    const places = findMemberOf(type.btf, type.typeId, path);
    const [place] = places;
    if (place === undefined || places.length > 1 || place.isBitField || place.bitSize === undefined) {
      problems.push(`'${path}' is not a member of whole bytes`);
      return undefined;
    }
    const decode = compileValueDecoder(type.btf, place.typeId);
    return { offset: place.bitOffset / 8, size: place.bitSize / 8, decode };
  } catch (error) {
    if (!(error instanceof BtfLookupError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}

/** As a half is, with text in the place of some bytes: shown, and taken back. */
function withForm(half: HalfCodec, form: Form): HalfCodec {
  // A per-CPU half is changed for one CPU, and made into that of all CPUs again.
  if (half.single !== undefined && half.ofEachCpu !== undefined) return half.ofEachCpu(withForm(half.single, form));
  const { steps, offset, size } = form;
  const taken = (value: unknown) => replaced(value, steps, (text) => fromText(text, form));
  return {
    ...half,
    decode: (bytes, at = 0) =>
      replaced(half.decode(bytes, at), steps, () =>
        form.form.toText(bytes.subarray(at + offset, at + offset + size)),
      ) as ElementValue,
    into: (value, bytes, view, at) => half.into(taken(value), bytes, view, at),
    encode: (value) => half.encode(taken(value)),
    withoutTexts: (value) => taken(half.withoutTexts === undefined ? value : half.withoutTexts(value)),
  };
}

/** A copy of `value` with what `steps` lead to changed; as it is where they lead nowhere, so that its type refuses it. */
function replaced(value: unknown, steps: readonly (string | number)[], change: (found: unknown) => unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return change(value);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return value;
  const inner = replaced((value as Record<string, unknown>)[step], rest, change);
  if (Array.isArray(value)) return value.map((item, i) => (i === step ? inner : item));
  return { ...value, [step]: inner };
}

/** What the member's type takes for a text; what is no text is left to the type. */
function fromText(text: unknown, { form, name, size, member, decode }: Form): unknown {
  if (typeof text !== 'string') return text;
  const bytes = form.toBytes(text);
  if (bytes === undefined || bytes.length !== size) {
    throw new UsageError(`${member}: ${JSON.stringify(text)} is no ${name} of ${size} bytes`);
  }
  return decode(bytes);
}
