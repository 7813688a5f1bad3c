import { encodeUtf8 } from '../bytes/index.ts';
import { ParseError } from '../errors/index.ts';
import * as ascii from './ascii.ts';
import { funcProtoText } from './func-prototype.ts';
import type { Btf } from './parse.ts';
import { isModifier, tryResolve, trySizeOf } from './resolve.ts';
import type { BtfArray, BtfInt, BtfType } from './types.ts';

/** Where values are written: `reserve(n)` makes room for n bytes at `pos` and may replace `buf` and lower `pos`. */
export interface ValueSink {
  buf: Uint8Array;
  pos: number;
  reserve(n: number): void;
}

export interface ValuePrinterOptions {
  /** True for the plain dialect (`0x…` bare, pointers as text), false for JSON proper. */
  readonly plain: boolean;
  /** True for one member a line. */
  readonly pretty: boolean;
  /** Open containers around the value: the pretty indentation starts there. */
  readonly depth: number;
  /**
   * Print small pointers to functions as program ids (values of struct_ops maps): given an id, the name of that
   * program's main function, or undefined where it cannot be known.
   */
  readonly programName?: (id: number) => string | undefined;
}

/** Writes the value of one type found at `offset`; bytes beyond the end read as 0. Returns 0, or -22 for a type that cannot be printed. */
export type ValuePrinter = (sink: ValueSink, bytes: Uint8Array, offset: number) => number;

const maxNesting = 200;
/** Output of one type beyond which room is made piece by piece. */
const roomStep = 32 * 1024;
/** Generated code of one type beyond which it becomes a function of its own. */
const inlineLimit = 1500;

/** Code that prints one type at `b[o + n]`, the room it needs, and whether printing must stop after it. */
interface Piece {
  code: string;
  room: number;
  failed: boolean;
}

/**
 * A printer for one type, in the text of the reference's BTF dumper. The type is walked once and turned into
 * JavaScript; names from BTF enter that code only as numbers (their UTF-8 bytes). Throws ParseError where a type
 * contains itself or nests deeper than 200.
 */
export function compileValuePrinter(btf: Btf, typeId: number, options: ValuePrinterOptions): ValuePrinter {
  return new Compiler(btf, options).compile(typeId);
}

class Compiler {
  readonly #btf: Btf;
  readonly #options: ValuePrinterOptions;
  readonly #functions: string[] = [];
  readonly #shared = new Map<string, Piece>();
  readonly #active = new Set<number>();
  readonly #texts: Uint8Array[] = [];
  readonly #prototypes: string[] = [];
  #nextName = 0;

  constructor(btf: Btf, options: ValuePrinterOptions) {
    this.#btf = btf;
    this.#options = options;
  }

  compile(typeId: number): ValuePrinter {
    const piece = this.#type(typeId, 'o', 0, 0, this.#options.depth);
    const source = `'use strict';
const { putU32, putI32, putU64, putI64, putHex32, putHex64, putText, putBytes, putCharArray, putBits } = ascii;
${this.#functions.join('\n')}
return function printValue(s, b, o) {
  ${piece.room <= roomStep ? `s.reserve(${piece.room});` : ''}
  let buf = s.buf, pos = s.pos;
  ${piece.code}
  s.pos = pos;
  return ${piece.failed ? -22 : 0};
};`;
    const make = new Function('ascii', 'texts', 'prototypes', 'programText', source);
    return make(ascii, this.#texts, this.#prototypes, (prototype: string, id: number) =>
      encodeUtf8(JSON.stringify(this.#programText(prototype, id))),
    ) as ValuePrinter;
  }

  #programText(prototype: string, id: number): string {
    if (id === 0) return `${prototype} 0`.slice(0, 1023);
    const name = this.#options.programName?.(id) ?? '<unknown_prog_name>';
    return `${prototype} ${name}/prog_id:${id}`.slice(0, 1023);
  }

  /** `base` is the name of the variable that holds an offset, `at` the bytes after it. */
  #type(id: number, base: string, at: number, bit: number, depth: number): Piece {
    if (this.#active.size > maxNesting) throw new ParseError('BTF', 0, `type ${id} nests too deep`);
    const type = this.#btf.typeById(id);
    if (type === undefined) return { code: '', room: 0, failed: true };
    switch (type.kind) {
      case 'int':
        return this.#int(type, base, at, bit);
      case 'struct':
      case 'union':
      case 'array':
      case 'datasec':
      case 'var':
        return this.#compound(type, base, at, bit, depth);
      case 'enum':
        return this.#enum(type, base, at);
      case 'enum64':
        return this.#enum64(type, base, at);
      case 'ptr':
        return this.#pointer(type.typeId, base, at);
      case 'void':
        return this.#bare('(unknown)', false);
      case 'fwd':
        return this.#bare('(fwd-kind-invalid)', true);
      case 'typedef':
      case 'volatile':
      case 'const':
      case 'restrict': {
        const actual = tryResolve(this.#btf, id);
        return actual === undefined ? { code: '', room: 0, failed: true } : this.#type(actual.id, base, at, bit, depth);
      }
      default:
        return this.#bare('(unsupported-kind)', true);
    }
  }

  /** Text that is no JSON: quoted where JSON is asked for. */
  #bare(text: string, failed: boolean): Piece {
    return { ...this.#constant(this.#options.plain ? text : `"${text}"`), failed };
  }

  #compound(type: BtfType, base: string, at: number, bit: number, depth: number): Piece {
    const key = `${type.id}/${bit}/${depth}`;
    const known = this.#shared.get(key);
    if (known !== undefined) return this.#call(known, base, at);
    if (this.#active.has(type.id)) throw new ParseError('BTF', 0, `type ${type.id} contains itself`);
    this.#active.add(type.id);
    const piece = this.#compoundBody(type, 'o', 0, bit, depth);
    if (piece.code.length <= inlineLimit) {
      const inlined = base === 'o' && at === 0 ? piece : this.#compoundBody(type, base, at, bit, depth);
      this.#active.delete(type.id);
      return inlined;
    }
    this.#active.delete(type.id);
    const name = `f${this.#nextName++}`;
    this.#functions.push(`function ${name}(s, b, o, buf, pos) {\n${piece.code}\ns.pos = pos;\nreturn pos;\n}`);
    const shared = { ...piece, code: name };
    this.#shared.set(key, shared);
    return this.#call(shared, base, at);
  }

  #call(shared: Piece, base: string, at: number): Piece {
    const refresh = shared.room > roomStep ? ' buf = s.buf;' : '';
    return { ...shared, code: `pos = ${shared.code}(s, b, ${offset(base, at)}, buf, pos);${refresh}\n` };
  }

  #compoundBody(type: BtfType, base: string, at: number, bit: number, depth: number): Piece {
    switch (type.kind) {
      case 'struct':
      case 'union':
        return this.#struct(
          type.members.map((m) => ({ ...m, name: m.name })),
          base,
          at,
          depth,
        );
      case 'array':
        return this.#array(type, base, at, depth);
      case 'var':
        return this.#struct([{ name: type.name, typeId: type.typeId, bitOffset: bit, bitSize: 0 }], base, at, depth);
      case 'datasec': {
        const inner: Piece = { code: '', room: 0, failed: false };
        for (const [i, item] of type.vars.entries()) {
          if (i > 0) append(inner, this.#constant(','));
          append(inner, this.#roomy(this.#type(item.typeId, base, at + item.offset, 0, depth + 2)));
          if (inner.failed) break;
        }
        const { failed } = inner;
        const whole = this.#constant(`{${this.#line(depth + 1)}${this.#name(type.name)}[`);
        append(whole, { ...inner, failed: false });
        append(whole, this.#constant(`${type.vars.length > 0 ? this.#line(depth + 1) : ''}]${this.#line(depth)}}`));
        return { ...whole, failed };
      }
      default:
        return { code: '', room: 0, failed: true };
    }
  }

  #struct(
    members: readonly { name: string; typeId: number; bitOffset: number; bitSize: number }[],
    base: string,
    at: number,
    depth: number,
  ): Piece {
    const whole = this.#constant('{');
    let valueWritten = false;
    for (const [i, member] of members.entries()) {
      append(whole, this.#constant(`${i > 0 ? ',' : ''}${this.#line(depth + 1)}${this.#name(member.name)}`));
      const byte = at + (member.bitOffset >>> 3);
      const value =
        member.bitSize > 0
          ? this.#bits(base, byte, member.bitOffset & 7, member.bitSize)
          : this.#roomy(this.#type(member.typeId, base, byte, member.bitOffset & 7, depth + 1));
      append(whole, value);
      valueWritten = value.code !== '';
      if (whole.failed) break;
    }
    const { failed } = whole;
    append(whole, this.#constant(valueWritten ? `${this.#line(depth)}}` : '}'));
    return { ...whole, failed };
  }

  #array(type: BtfArray, base: string, at: number, depth: number): Piece {
    const elementSize = trySizeOf(this.#btf, type.elementTypeId);
    const isText = type.length > 0 && this.#isChar(type.elementTypeId);
    if (elementSize === undefined) return { code: '', room: 0, failed: true };
    const name = `i${this.#nextName++}`;
    const place = `p${name}`;
    const element = this.#type(type.elementTypeId, place, 0, 0, depth + 1);
    const whole = this.#constant('[');
    let { failed } = element;
    if (type.length === 0) failed = false;
    else if (element.failed) {
      append(whole, { ...this.#type(type.elementTypeId, base, at, 0, depth + 1), failed: false });
    } else {
      const total = element.room * type.length + type.length;
      const step = total > roomStep && element.room <= roomStep ? makeRoom(element.room + 1) : '';
      append(whole, {
        code: `for (let ${name} = 0, ${place} = ${offset(base, at)}; ${name} < ${type.length}; ${name}++, ${place} += ${elementSize}) {
${step}if (${name} > 0) buf[pos++] = 44;
${element.code}}
`,
        room: total,
        failed: false,
      });
    }
    const tail = type.length > 0 && element.code !== '' ? `${this.#line(depth)}]` : ']';
    const end = this.#constant(tail);
    if (whole.room > roomStep) end.code = `${makeRoom(end.room)}${end.code}`;
    append(whole, end);
    if (isText) {
      const room = type.length * 2 + 2;
      const start = room > roomStep ? makeRoom(room) : '';
      const text = `t${name}`;
      whole.code = `${start}const ${text} = putCharArray(buf, pos, b, ${offset(base, at)}, ${type.length});
if (${text} >= 0) pos = ${text}; else {
${whole.room > roomStep ? makeRoom(64) : ''}${whole.code}}
`;
      whole.code = `{ ${whole.code} }\n`;
      whole.room = Math.max(whole.room, room);
    } else if (whole.room > roomStep) whole.code = `${makeRoom(64)}${whole.code}`;
    return { ...whole, failed };
  }

  /** Typedefs of char do not count; qualifiers do not matter. */
  #isChar(id: number): boolean {
    let type = this.#btf.typeById(id);
    for (let depth = 0; depth < 32 && type !== undefined && isModifier(type); depth++) {
      type = this.#btf.typeById((type as { typeId: number }).typeId);
    }
    if (type?.kind !== 'int' || type.size !== 1) return false;
    return (type.char && !type.signed && !type.bool) || type.name === 'char';
  }

  #int(type: BtfInt, base: string, at: number, bit: number): Piece {
    const { bits } = type;
    const encoding = (type.signed ? 1 : 0) + (type.char ? 2 : 0) + (type.bool ? 4 : 0);
    if (bit !== 0 || type.bitOffset !== 0 || bits % 8 !== 0) {
      const start = bit + type.bitOffset;
      return this.#bits(base, at + (start >> 3), start & 7, bits);
    }
    if (bits === 128) return this.#bits(base, at, 0, 128);
    const plain = this.#options.plain;
    const here = `b[${offset(base, at)}]`;
    if (encoding === 2) {
      const other = plain
        ? `pos = putText(buf, pos, '0x'); pos = putHex32(buf, pos, c);`
        : `pos = putText(buf, pos, '"\\\\u00'); if (c < 16) buf[pos++] = 48; pos = putHex32(buf, pos, c); buf[pos++] = 34;`;
      return {
        code: `{ const c = ${here} | 0; if (c >= 32 && c < 127) { buf[pos++] = 34; if (c === 34 || c === 92) buf[pos++] = 92; buf[pos++] = c; buf[pos++] = 34; } else { ${other} } }\n`,
        room: 10,
        failed: false,
      };
    }
    if (encoding === 4) return this.#choice(`${here}`, 'true', 'false');
    if (encoding > 1) return { code: '', room: 0, failed: true };
    const signed = encoding === 1;
    switch (bits) {
      case 8:
        return number(signed ? `putI32(buf, pos, ${here} << 24 >> 24)` : `putU32(buf, pos, ${here} | 0)`, 4);
      case 16:
        return number(
          signed
            ? `putI32(buf, pos, (${this.#word(base, at, 2)}) << 16 >> 16)`
            : `putU32(buf, pos, ${this.#word(base, at, 2)})`,
          6,
        );
      case 32:
        return number(
          signed
            ? `putI32(buf, pos, ${this.#word(base, at, 4)})`
            : `putU32(buf, pos, (${this.#word(base, at, 4)}) >>> 0)`,
          11,
        );
      case 64: {
        const [hi, lo] = this.#halves(base, at);
        return number(`${signed ? 'putI64' : 'putU64'}(buf, pos, ${hi}, ${lo})`, 20);
      }
      default:
        return this.#bits(base, at, 0, bits);
    }
  }

  #bits(base: string, at: number, bit: number, count: number): Piece {
    const put = `pos = putBits(buf, pos, b, ${offset(base, at)}, ${bit}, ${count}, ${this.#btf.littleEndian});`;
    const code = this.#options.plain ? put : `buf[pos++] = 34; ${put} buf[pos++] = 34;`;
    return { code: `${code}\n`, room: 72, failed: false };
  }

  #enum(type: BtfType & { kind: 'enum' | 'enum64' }, base: string, at: number): Piece {
    if (type.size === 8) {
      const [hi, lo] = this.#halves(base, at);
      return this.#enumCases(
        type,
        (value) => [BigInt(Number(value) | 0), String(Number(value) | 0)],
        `const lo = ${lo} | 0, hi = ${hi}; const v = hi === (lo < 0 ? 4294967295 : 0) ? lo : NaN;`,
        'putI64(buf, pos, hi, lo >>> 0)',
      );
    }
    if (type.size !== 1 && type.size !== 2 && type.size !== 4) return { code: '', room: 0, failed: true };
    const shift = 32 - type.size * 8;
    const word = type.size === 1 ? `b[${offset(base, at)}]` : `(${this.#word(base, at, type.size)})`;
    return this.#enumCases(
      type,
      (value) => [BigInt(Number(value) | 0), String(Number(value) | 0)],
      `const v = ${word} << ${shift} >> ${shift};`,
      'putI32(buf, pos, v)',
    );
  }

  #enum64(type: BtfType & { kind: 'enum' | 'enum64' }, base: string, at: number): Piece {
    const [hi, lo] = this.#halves(base, at);
    const small = type.values.every((v) => BigInt.asUintN(64, BigInt(v.value)) < 2n ** 53n);
    if (small) {
      return this.#enumCases(
        type,
        (value) => [BigInt(value), String(BigInt.asUintN(64, BigInt(value)))],
        `const lo = ${lo}, hi = ${hi}; const v = hi < 2097152 ? hi * 4294967296 + lo : NaN;`,
        'putI64(buf, pos, hi, lo)',
      );
    }
    return this.#enumCases(
      type,
      (value) => [BigInt.asUintN(64, BigInt(value)), `${BigInt.asUintN(64, BigInt(value))}n`],
      `const lo = ${lo}, hi = ${hi}; const v = (BigInt(hi) << 32n) | BigInt(lo);`,
      'putI64(buf, pos, hi, lo)',
    );
  }

  #enumCases(
    type: BtfType & { kind: 'enum' | 'enum64' },
    key: (value: number | bigint) => [bigint, string],
    read: string,
    otherwise: string,
  ): Piece {
    const seen = new Set<bigint>();
    let cases = '';
    let room = 21;
    for (const { name, value } of type.values) {
      const [identity, label] = key(value);
      if (seen.has(identity)) continue;
      seen.add(identity);
      const text = this.#constant(quote(name));
      room = Math.max(room, text.room);
      cases += `case ${label}: ${text.code.trimEnd()} break;\n`;
    }
    return { code: `{ ${read} switch (v) {\n${cases}default: pos = ${otherwise};\n} }\n`, room, failed: false };
  }

  #pointer(targetId: number, base: string, at: number): Piece {
    const [hi, lo] = this.#halves(base, at);
    const value = this.#options.plain
      ? `if (hi === 0 && lo === 0) pos = putText(buf, pos, '"(nil)"'); else { pos = putText(buf, pos, '"0x'); pos = putHex64(buf, pos, hi, lo); buf[pos++] = 34; }`
      : 'pos = putU64(buf, pos, hi, lo);';
    const target = this.#options.programName ? tryResolve(this.#btf, targetId) : undefined;
    const prototype = target?.kind === 'func_proto' ? funcProtoText(this.#btf, target.id, 1024) : undefined;
    if (prototype === undefined)
      return { code: `{ const hi = ${hi}, lo = ${lo}; ${value} }\n`, room: 24, failed: false };
    const index = this.#prototypes.push(prototype) - 1;
    return {
      code: `{ const hi = ${hi}, lo = ${lo}; if (hi === 0) pos = putBytes(buf, pos, programText(prototypes[${index}], lo)); else { ${value} } }\n`,
      room: 8192,
      failed: false,
    };
  }

  /** Two- and four-byte words, as int32 or below 65536. */
  #word(base: string, at: number, size: number): string {
    const parts = Array.from({ length: size }, (_, i) => {
      const shift = (this.#btf.littleEndian ? i : size - 1 - i) * 8;
      return `b[${offset(base, at + i)}]${shift > 0 ? ` << ${shift}` : ''}`;
    });
    return parts.join(' | ');
  }

  #halves(base: string, at: number): [hi: string, lo: string] {
    const [first, second] = [`(${this.#word(base, at, 4)}) >>> 0`, `(${this.#word(base, at + 4, 4)}) >>> 0`];
    return this.#btf.littleEndian ? [second, first] : [first, second];
  }

  #choice(condition: string, yes: string, no: string): Piece {
    const [a, b] = [this.#constant(yes), this.#constant(no)];
    return {
      code: `if (${condition}) { ${a.code.trimEnd()} } else { ${b.code.trimEnd()} }\n`,
      room: Math.max(a.room, b.room),
      failed: false,
    };
  }

  #constant(text: string): Piece {
    const bytes = encodeUtf8(text);
    if (bytes.length > 96) {
      const index = this.#texts.push(bytes) - 1;
      return { code: `pos = putBytes(buf, pos, texts[${index}]);\n`, room: bytes.length, failed: false };
    }
    let code = '';
    for (const [i, byte] of bytes.entries()) code += `buf[pos${i > 0 ? ` + ${i}` : ''}] = ${byte}; `;
    if (bytes.length > 0) code += `pos += ${bytes.length};\n`;
    return { code, room: bytes.length, failed: false };
  }

  /** Values with much text make their own room. */
  #roomy(piece: Piece): Piece {
    return piece;
  }

  #line(depth: number): string {
    return this.#options.pretty ? `\n${'    '.repeat(depth)}` : '';
  }

  #name(name: string): string {
    return `${quote(name)}:${this.#options.pretty ? ' ' : ''}`;
  }
}

function offset(base: string, at: number): string {
  return at === 0 ? base : `${base} + ${at}`;
}

function number(call: string, room: number): Piece {
  return { code: `pos = ${call};\n`, room, failed: false };
}

function makeRoom(bytes: number): string {
  return `s.pos = pos; s.reserve(${bytes}); buf = s.buf; pos = s.pos;\n`;
}

function append(piece: Piece, next: Piece): void {
  piece.code += next.code;
  piece.room += next.room;
  piece.failed ||= next.failed;
}

/** A JSON string literal. JSON.stringify differs from the reference only in escaping control characters. */
function quote(text: string): string {
  return JSON.stringify(text);
}
