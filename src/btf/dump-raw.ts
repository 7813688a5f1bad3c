import type { Btf } from './parse.ts';
import type { BtfKind, BtfType } from './types.ts';

type Scalar = string | number | bigint;
type Row = readonly (readonly [name: string, value: Scalar])[];

/** What the raw dump says about a type: fields in order, and at most one list of rows, which comes last. */
interface TypeRecord {
  readonly fields: Row;
  readonly list?: readonly [name: string, rows: readonly Row[]];
}

const varLinkages = ['static', 'global', 'extern'];
const encodings: Readonly<Record<number, string>> = { 0: '(none)', 1: 'SIGNED', 2: 'CHAR', 4: 'BOOL' };

const nameOf = (name: string) => (name === '' ? '(anon)' : name);
const kindText = (kind: BtfKind) => (kind === 'void' || kind === 'unknown' ? 'UNKNOWN' : kind.toUpperCase());

/** One type in the raw format of `bpftool btf dump`: its line, and a line for each of its members, values or parameters. */
export function rawText(btf: Btf, type: BtfType): string {
  let text = `[${type.id}] ${kindText(type.kind)} '${nameOf(type.name)}'`;
  const { fields, list } = describe(type, (value) => value);
  for (const [key, value] of fields) {
    // A variable's linkage is the only field after a comma.
    text += type.kind === 'var' && key === 'linkage' ? `, linkage=${value}` : ` ${key}=${value}`;
  }
  if (list === undefined) return `${text}\n`;
  const suffix = type.kind === 'enum64' ? (type.signed ? 'LL' : 'ULL') : '';
  for (const row of list[1]) {
    text += '\n\t';
    let separator = '';
    for (const [key, value] of row) {
      text += key === 'name' ? `'${value}'` : `${separator}${key}=${value}${key === 'val' ? suffix : ''}`;
      separator = ' ';
    }
    if (type.kind === 'datasec') text += variableNote(btf, Number(row[0]![1]));
  }
  return `${text}\n`;
}

function variableNote(btf: Btf, id: number): string {
  const variable = btf.typeById(id);
  return variable === undefined ? '' : ` (${kindText(variable.kind)} '${nameOf(variable.name)}')`;
}

/** One type as a JSON object, `depth` containers deep: compact, or with one member a line. */
export function rawJson(type: BtfType, options: { pretty: boolean; depth: number }): string {
  const { fields, list } = describe(type, widened);
  const head: Row = [
    ['id', type.id],
    ['kind', kindText(type.kind)],
    ['name', nameOf(type.name)],
  ];
  const { pretty, depth } = options;
  const line = (level: number) => (pretty ? `\n${'    '.repeat(level)}` : '');
  const colon = pretty ? ': ' : ':';
  const members = [...head, ...fields].map(([k, v]) => `${line(depth + 1)}"${k}"${colon}${scalar(v)}`);
  if (list !== undefined) {
    const [name, rows] = list;
    const objects = rows.map((row) => {
      const inner = row.map(([k, v]) => `${line(depth + 3)}"${k}"${colon}${scalar(v)}`);
      return `{${inner.join(',')}${line(depth + 2)}}`;
    });
    const end = rows.length > 0 ? line(depth + 1) : '';
    members.push(`${line(depth + 1)}"${name}"${colon}[${objects.join(',')}${end}]`);
  }
  return `{${members.join(',')}${line(depth)}}`;
}

function scalar(value: Scalar): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** In JSON the reference prints unsigned 32-bit values of enums sign-extended to 64 bits. */
function widened(value: number | bigint): number | bigint {
  return typeof value === 'number' && value > 0x7fffffff ? BigInt.asUintN(64, BigInt(value | 0)) : value;
}

function describe(type: BtfType, enumValue: (value: number | bigint) => number | bigint): TypeRecord {
  switch (type.kind) {
    case 'int': {
      const encoding = (type.signed ? 1 : 0) + (type.char ? 2 : 0) + (type.bool ? 4 : 0);
      return {
        fields: [
          ['size', type.size],
          ['bits_offset', type.bitOffset],
          ['nr_bits', type.bits],
          ['encoding', encodings[encoding] ?? 'UNKN'],
        ],
      };
    }
    case 'ptr':
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'typedef':
    case 'type_tag':
      return { fields: [['type_id', type.typeId]] };
    case 'array':
      return {
        fields: [
          ['type_id', type.elementTypeId],
          ['index_type_id', type.indexTypeId],
          ['nr_elems', type.length],
        ],
      };
    case 'struct':
    case 'union':
      return listed(type.size, type.members, 'members', (m) => [
        ['name', nameOf(m.name)],
        ['type_id', m.typeId],
        ['bits_offset', m.bitOffset],
        ...(m.bitSize > 0 ? [['bitfield_size', m.bitSize] as const] : []),
      ]);
    case 'enum':
    case 'enum64': {
      const { fields, list } = listed(type.size, type.values, 'values', (v) => [
        ['name', nameOf(v.name)],
        ['val', enumValue(v.value)],
      ]);
      return { fields: [['encoding', type.signed ? 'SIGNED' : 'UNSIGNED'], ...fields], list: list! };
    }
    case 'fwd':
      return { fields: [['fwd_kind', type.isUnion ? 'union' : 'struct']] };
    case 'func':
      return {
        fields: [
          ['type_id', type.typeId],
          ['linkage', varLinkages[type.linkage] ?? '(unknown)'],
        ],
      };
    case 'func_proto':
      return {
        fields: [
          ['ret_type_id', type.returnTypeId],
          ['vlen', type.params.length],
        ],
        list: [
          'params',
          type.params.map((p) => [
            ['name', nameOf(p.name)],
            ['type_id', p.typeId],
          ]),
        ],
      };
    case 'var':
      return {
        fields: [
          ['type_id', type.typeId],
          ['linkage', varLinkages[type.linkage] ?? '(unknown)'],
        ],
      };
    case 'datasec':
      return listed(type.size, type.vars, 'vars', (v) => [
        ['type_id', v.typeId],
        ['offset', v.offset],
        ['size', v.size],
      ]);
    case 'float':
      return { fields: [['size', type.size]] };
    case 'decl_tag':
      return {
        fields: [
          ['type_id', type.typeId],
          ['component_idx', type.componentIndex],
        ],
      };
    case 'void':
    case 'unknown':
      return { fields: [] };
  }
}

function listed<T>(size: number, items: readonly T[], name: string, row: (item: T) => Row): TypeRecord {
  return {
    fields: [
      ['size', size],
      ['vlen', items.length],
    ],
    list: [name, items.map(row)],
  };
}
