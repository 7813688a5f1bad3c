import { encodeUtf8 } from '../bytes/index.ts';
import { ParseError, Errno } from '../errors/index.ts';
import * as ascii from './ascii.ts';
import { funcProtoText } from './func-prototype.ts';
import type { Btf } from './parse.ts';
import { isModifier, tryResolve, trySizeOf } from './resolve.ts';
import type { BtfArray, BtfDatasec, BtfInt, BtfMember, BtfType } from './types.ts';

/**
 * Where values are written: `reserve(n)` makes room for n bytes at `pos` and may replace `buf` and `view` and lower `pos`.
 * Of the room, bytes behind what was written may change.
 */
export interface ValueSink {
  buf: Uint8Array;
  /** Of the same memory as `buf`, from its first byte on. */
  view: DataView;
  pos: number;
  reserve(n: number): void;
}

/** How values are printed. */
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
  /** Text that fills a char array is text too; unless this is set, a list, as the reference prints it. */
  readonly fullText?: boolean;
}

/** Writes the value of one type found at `offset`; bytes beyond the end read as 0. Returns 0, or -22 for a type that cannot be printed. */
export type ValuePrinter = (sink: ValueSink, bytes: Uint8Array, offset: number) => number;

const maxNesting = 200;
/** Output of one type beyond which room is made piece by piece. */
const roomStep = 32 * 1024;
/** Generated code of one type beyond which it becomes a function of its own. */
const inlineLimit = 1500;

/** Text that only a hostile type has: much, and far more a byte of value than names and nesting explain. */
const smallText = 2 ** 20;
const textPerByte = 4096;

/**
 * Code that prints one type, the room it needs, and whether printing must stop after it. Offsets into the value
 * appear as `<n>` between section signs until `place` fixes what they count from. A piece of up to `roomStep` bytes
 * relies on the room its caller made, a larger one makes its own.
 */
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
  readonly #prototypes: string[] = [];
  #nextName = 0;

  constructor(btf: Btf, options: ValuePrinterOptions) {
    this.#btf = btf;
    this.#options = options;
  }

  compile(typeId: number): ValuePrinter {
    const piece = this.#type(typeId, 0, this.#options.depth);
    const source = `'use strict';
const { putU32, putI32, putU64, putI64, putHex32, putHex64, putText, putUtf8, putBytes, putCharArray, putFullCharArray, putBits } = ascii;
${this.#functions.join('\n')}
return function printValue(s, b, o) {
  ${piece.room <= roomStep ? `s.reserve(${piece.room});` : ''}
  let buf = s.buf, view = s.view, pos = s.pos;
  ${place(piece.code, 'o')}
  s.pos = pos;
  return ${piece.failed ? -Errno.EINVAL : 0};
};`;
    const make = new Function('ascii', 'prototypes', 'programText', source);
    return make(ascii, this.#prototypes, (prototype: string, id: number) =>
      encodeUtf8(JSON.stringify(this.#programText(prototype, id))),
    ) as ValuePrinter;
  }

  #programText(prototype: string, id: number): string {
    if (id === 0) return `${prototype} 0`.slice(0, 1023);
    const name = this.#options.programName?.(id) ?? '<unknown_prog_name>';
    return `${prototype} ${name}/prog_id:${id}`.slice(0, 1023);
  }

  #type(id: number, bit: number, depth: number): Piece {
    if (this.#active.size > maxNesting) throw new ParseError('BTF', 0, `type ${id} nests too deep`);
    const type = this.#btf.typeById(id);
    if (type === undefined) return failure;
    switch (type.kind) {
      case 'int':
        return this.#int(type, bit);
      case 'struct':
      case 'union':
      case 'array':
      case 'datasec':
      case 'var':
        return this.#compound(type, bit, depth);
      case 'enum':
        return this.#enum(type);
      case 'enum64':
        return this.#enum64(type);
      case 'ptr':
        return this.#pointer(type.typeId);
      case 'void':
        return this.#bare('(unknown)');
      case 'fwd':
        return { ...this.#bare('(fwd-kind-invalid)'), failed: true };
      case 'typedef':
      case 'volatile':
      case 'const':
      case 'restrict': {
        const actual = tryResolve(this.#btf, id);
        return actual === undefined ? failure : this.#type(actual.id, bit, depth);
      }
      default:
        return { ...this.#bare('(unsupported-kind)'), failed: true };
    }
  }

  /** Text that is no JSON: quoted where JSON is asked for. */
  #bare(text: string): Piece {
    return constant(this.#options.plain ? text : `"${text}"`);
  }

  /** Each compound type is compiled once a depth; long code becomes a function that its users call. */
  #compound(type: BtfType, bit: number, depth: number): Piece {
    const key = `${type.id}/${bit}/${depth}`;
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    if (this.#active.has(type.id)) throw new ParseError('BTF', 0, `type ${type.id} contains itself`);
    this.#active.add(type.id);
    let piece = this.#compoundBody(type, bit, depth);
    this.#active.delete(type.id);
    if (piece.room > Math.max(smallText, ((trySizeOf(this.#btf, type.id) ?? 0) + 1) * textPerByte))
      throw new ParseError('BTF', 0, `values of type ${type.id} are too large to print`);
    if (piece.code.length > inlineLimit) {
      const name = `f${this.#functions.length}`;
      this.#functions.push(
        `function ${name}(s, b, o, buf, view, pos) {\n${place(piece.code, 'o')}s.pos = pos;\nreturn pos;\n}`,
      );
      const refresh = piece.room > roomStep ? ' buf = s.buf; view = s.view;' : '';
      piece = { ...piece, code: `pos = ${name}(s, b, ${at(0)}, buf, view, pos);${refresh}\n` };
    }
    this.#shared.set(key, piece);
    return piece;
  }

  #compoundBody(type: BtfType, bit: number, depth: number): Piece {
    switch (type.kind) {
      case 'struct':
      case 'union':
        return this.#struct(type.members, depth);
      case 'array':
        return this.#array(type, depth);
      case 'var':
        return this.#struct([{ name: type.name, typeId: type.typeId, bitOffset: bit, bitSize: 0 }], depth);
      case 'datasec':
        return this.#datasec(type, depth);
      default:
        return failure;
    }
  }

  #datasec(type: BtfDatasec, depth: number): Piece {
    const parts = [constant(`{${this.#line(depth + 1)}${this.#name(type.name)}[`)];
    let [failed, written] = [false, false];
    for (const item of type.vars) {
      const value = this.#type(item.typeId, 0, depth + 2);
      if (value.code !== '') {
        if (written) parts.push(constant(','));
        written = true;
      }
      parts.push({ ...value, code: shift(value.code, item.offset) });
      failed = value.failed;
      if (failed) break;
    }
    parts.push(constant(`${written ? this.#line(depth + 1) : ''}]${this.#line(depth)}}`));
    return { ...sequence(parts), failed };
  }

  #struct(members: readonly BtfMember[], depth: number): Piece {
    const parts = [constant('{')];
    let failed = false;
    for (const [index, member] of members.entries()) {
      parts.push(constant(`${index > 0 ? ',' : ''}${this.#line(depth + 1)}${this.#name(member.name)}`));
      const bit = member.bitOffset & 7;
      const value = member.bitSize > 0 ? this.#bits(bit, member.bitSize) : this.#type(member.typeId, bit, depth + 1);
      // The reference prints nothing behind the name of a member without a printable type.
      parts.push(value.code === '' ? constant('null') : { ...value, code: shift(value.code, member.bitOffset >>> 3) });
      failed = value.failed;
      if (failed) break;
    }
    parts.push(constant(members.length > 0 ? `${this.#line(depth)}}` : '}'));
    return { ...sequence(parts), failed };
  }

  #array(type: BtfArray, depth: number): Piece {
    const elementSize = trySizeOf(this.#btf, type.elementTypeId);
    const element = this.#type(type.elementTypeId, 0, depth + 1);
    const text = type.length > 0 && this.#isChar(type.elementTypeId) ? this.#charArray(type.length) : undefined;
    if (elementSize === undefined) return failure;
    if (type.length === 0) return constant('[]');
    const parts = [constant('[')];
    if (element.failed) parts.push(element);
    else {
      const total = (element.room + 1) * type.length;
      const own = total > roomStep ? makeRoom(element.room > roomStep ? 1 : element.room + 1) : '';
      const loop = `i${this.#nextName++}`;
      parts.push({
        code: `for (let ${loop} = 0, p${loop} = ${at(0)}; ${loop} < ${type.length}; ${loop}++, p${loop} += ${elementSize}) {
${own}if (${loop} > 0) buf[pos++] = 44;
${place(element.code, `p${loop}`)}}
`,
        room: total,
        failed: false,
      });
    }
    parts.push(constant(element.code === '' ? ']' : `${this.#line(depth)}]`));
    const list = { ...sequence(parts), failed: element.failed };
    return text === undefined ? list : text(list);
  }

  /** Code that tries a string first and falls back to the list. */
  #charArray(length: number): (list: Piece) => Piece {
    return (list) => {
      const room = Math.max(list.room, length * 2 + 2);
      const own = room > roomStep ? makeRoom(`Math.min(${length}, b.length) * 2 + 2`) : '';
      const listRoom = room > roomStep && list.room <= roomStep ? makeRoom(list.room) : '';
      return {
        code: `{ ${own}const t = ${this.#options.fullText ? 'putFullCharArray' : 'putCharArray'}(buf, pos, b, ${at(0)}, ${length});
if (t >= 0) pos = t; else {
${listRoom}${list.code}}
}
`,
        room,
        failed: list.failed,
      };
    };
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

  #int(type: BtfInt, bit: number): Piece {
    const { bits } = type;
    const encoding = (type.signed ? 1 : 0) + (type.char ? 2 : 0) + (type.bool ? 4 : 0);
    if (bit !== 0 || type.bitOffset !== 0 || bits % 8 !== 0) {
      const start = bit + type.bitOffset;
      const piece = this.#bits(start & 7, bits);
      return { ...piece, code: shift(piece.code, start >> 3) };
    }
    if (bits === 128) return this.#bits(0, 128);
    const plain = this.#options.plain;
    const here = `b[${at(0)}]`;
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
    if (encoding > 1) return failure;
    const signed = encoding === 1;
    switch (bits) {
      case 8:
        return number(signed ? `putI32(view, pos, ${here} << 24 >> 24)` : `putU32(view, pos, ${here} | 0)`, 4);
      case 16:
        return number(
          signed ? `putI32(view, pos, (${this.#word(0, 2)}) << 16 >> 16)` : `putU32(view, pos, ${this.#word(0, 2)})`,
          6,
        );
      case 32:
        return number(
          signed ? `putI32(view, pos, ${this.#word(0, 4)})` : `putU32(view, pos, (${this.#word(0, 4)}) >>> 0)`,
          11,
        );
      case 64: {
        const [hi, lo] = this.#halves();
        return number(`${signed ? 'putI64' : 'putU64'}(view, pos, ${hi}, ${lo})`, 20);
      }
      default:
        return this.#bits(0, bits);
    }
  }

  #bits(bit: number, count: number): Piece {
    const put = `pos = putBits(buf, pos, b, ${at(0)}, { bit: ${bit}, count: ${count}, littleEndian: ${this.#btf.littleEndian} });`;
    const code = this.#options.plain ? put : `buf[pos++] = 34; ${put} buf[pos++] = 34;`;
    return { code: `${code}\n`, room: 72, failed: false };
  }

  #enum(type: BtfType & { kind: 'enum' | 'enum64' }): Piece {
    if (type.size === 8) {
      const [hi, lo] = this.#halves();
      return this.#enumCases(
        type,
        (value) => [BigInt(Number(value) | 0), String(Number(value) | 0)],
        `const lo = ${lo} | 0, hi = ${hi}; const v = hi === (lo < 0 ? 4294967295 : 0) ? lo : NaN;`,
        'putI64(view, pos, hi, lo >>> 0)',
      );
    }
    if (type.size !== 1 && type.size !== 2 && type.size !== 4) return failure;
    const shift = 32 - type.size * 8;
    const word = type.size === 1 ? `b[${at(0)}]` : `(${this.#word(0, type.size)})`;
    return this.#enumCases(
      type,
      (value) => [BigInt(Number(value) | 0), String(Number(value) | 0)],
      `const v = ${word} << ${shift} >> ${shift};`,
      'putI32(view, pos, v)',
    );
  }

  #enum64(type: BtfType & { kind: 'enum' | 'enum64' }): Piece {
    const [hi, lo] = this.#halves();
    const small = type.values.every((v) => BigInt.asUintN(64, BigInt(v.value)) < 2n ** 53n);
    if (small) {
      return this.#enumCases(
        type,
        (value) => [BigInt(value), String(BigInt.asUintN(64, BigInt(value)))],
        `const lo = ${lo}, hi = ${hi}; const v = hi < 2097152 ? hi * 4294967296 + lo : NaN;`,
        'putI64(view, pos, hi, lo)',
      );
    }
    return this.#enumCases(
      type,
      (value) => [BigInt.asUintN(64, BigInt(value)), `${BigInt.asUintN(64, BigInt(value))}n`],
      `const lo = ${lo}, hi = ${hi}; const v = (BigInt(hi) << 32n) | BigInt(lo);`,
      'putI64(view, pos, hi, lo)',
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
      const text = constant(quote(name));
      room = Math.max(room, text.room);
      cases += `case ${label}: ${text.code.trimEnd()} break;\n`;
    }
    const own = room > roomStep ? makeRoom(room) : '';
    return { code: `{ ${own}${read} switch (v) {\n${cases}default: pos = ${otherwise};\n} }\n`, room, failed: false };
  }

  #pointer(targetId: number): Piece {
    const [hi, lo] = this.#halves();
    const value = this.#options.plain
      ? `if (hi === 0 && lo === 0) pos = putText(buf, pos, '"(nil)"'); else { pos = putText(buf, pos, '"0x'); pos = putHex64(buf, pos, hi, lo); buf[pos++] = 34; }`
      : 'pos = putU64(view, pos, hi, lo);';
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
  #word(start: number, size: number): string {
    const parts = Array.from({ length: size }, (_, i) => {
      const shift = (this.#btf.littleEndian ? i : size - 1 - i) * 8;
      return `b[${at(start + i)}]${shift > 0 ? ` << ${shift}` : ''}`;
    });
    return parts.join(' | ');
  }

  #halves(): [hi: string, lo: string] {
    const [first, second] = [`(${this.#word(0, 4)}) >>> 0`, `(${this.#word(4, 4)}) >>> 0`];
    return this.#btf.littleEndian ? [second, first] : [first, second];
  }

  #choice(condition: string, yes: string, no: string): Piece {
    const [a, b] = [constant(yes), constant(no)];
    return {
      code: `if (${condition}) { ${a.code.trimEnd()} } else { ${b.code.trimEnd()} }\n`,
      room: Math.max(a.room, b.room),
      failed: false,
    };
  }

  #line(depth: number): string {
    return this.#options.pretty ? `\n${'    '.repeat(depth)}` : '';
  }

  #name(name: string): string {
    return `${quote(name)}:${this.#options.pretty ? ' ' : ''}`;
  }
}

const failure: Piece = { code: '', room: 0, failed: true };

/** The place of an offset `n` into the value, to be fixed later. */
function at(n: number): string {
  return `\u00a7${n}\u00a7`;
}

/** The same code for a value that begins `by` bytes later. */
function shift(code: string, by: number): string {
  return by === 0 ? code : code.replace(/\u00a7(\d+)\u00a7/g, (_, n) => at(Number(n) + by));
}

function place(code: string, base: string): string {
  return code.replace(/\u00a7(\d+)\u00a7/g, (_, n) => (n === '0' ? base : `${base} + ${n}`));
}

/** A string literal of printable ASCII only. */
function literal(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The most bytes that the code of a fixed text writes behind it. */
const slack = 3;

/**
 * Code that writes fixed text, eight bytes a store: the fewer operations, the sooner the code is fast. A word that is
 * not full is filled up; what it writes too much is overwritten next.
 */
function constant(text: string): Piece {
  const bytes = encodeUtf8(text);
  const room = bytes.length + slack;
  // Other bytes could make a number that is none (NaN), which need not keep its bits.
  const isAscii = bytes.every((byte) => byte < 0x80);
  if (bytes.length > 256 || !isAscii) {
    const own = room > roomStep ? makeRoom(room) : '';
    return { code: `${own}pos = putUtf8(buf, pos, ${literal(text)});\n`, room, failed: false };
  }
  const padded = new DataView(new ArrayBuffer(bytes.length + 8));
  for (const [i, byte] of bytes.entries()) padded.setUint8(i, byte);
  let code = '';
  for (let i = 0; i < bytes.length; ) {
    const place = i > 0 ? `pos + ${i}` : 'pos';
    const left = bytes.length - i;
    if (left === 1) code += `buf[${place}] = ${bytes[i]}; `;
    else if (left === 2) code += `view.setUint16(${place}, ${padded.getUint16(i)}); `;
    else if (left <= 4) code += `view.setUint32(${place}, ${padded.getUint32(i)}); `;
    else code += `view.setFloat64(${place}, ${padded.getFloat64(i)}); `;
    i += left > 4 ? 8 : left;
  }
  if (bytes.length > 0) code += `pos += ${bytes.length};\n`;
  return { code, room, failed: false };
}

/** Pieces one after another; where together they are large, runs of small ones make room first. */
function sequence(parts: readonly Piece[]): Piece {
  const room = parts.reduce((sum, part) => sum + part.room, 0);
  let [code, run, runRoom] = ['', '', 0];
  const endRun = () => {
    code += (room > roomStep && run !== '' ? makeRoom(runRoom) : '') + run;
    [run, runRoom] = ['', 0];
  };
  for (const part of parts) {
    if (part.room > roomStep || runRoom + part.room > roomStep) endRun();
    if (part.room > roomStep) code += part.code;
    else {
      run += part.code;
      runRoom += part.room;
    }
  }
  endRun();
  return { code, room, failed: false };
}

function number(call: string, room: number): Piece {
  return { code: `pos = ${call};\n`, room, failed: false };
}

function makeRoom(bytes: number | string): string {
  return `s.pos = pos; s.reserve(${bytes}); buf = s.buf; view = s.view; pos = s.pos;\n`;
}

/** A JSON string literal. JSON.stringify differs from the reference only in escaping control characters. */
function quote(text: string): string {
  return JSON.stringify(text);
}
