import { ParseError } from '../errors/index.ts';
import type { Btf } from './parse.ts';
import { isKnownKind } from './records.ts';
import { isModifier, pointerSize, trySizeOf } from './resolve.ts';
import { sortForC } from './sort-c.ts';
import type { BtfComposite, BtfEnum, BtfForward, BtfFuncProto, BtfReference, BtfType } from './types.ts';

const ELOOP = -40;
const EINVAL = -22;

export interface DumpCOptions {
  /** Types to dump, with what they need; all types, and the kfunc prototypes, unless given. */
  readonly roots?: readonly number[];
  /** Order by kind and name instead of by id. */
  readonly sorted?: boolean;
  /** Receives the text, in pieces. */
  readonly write: (text: string) => void;
  /** Receives what could not be expressed. */
  readonly warn?: (message: string) => void;
}

const prologue = `#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif

#ifndef __weak
#define __weak __attribute__((weak))
#endif

#ifndef __bpf_fastcall
#if __has_attribute(bpf_fastcall)
#define __bpf_fastcall __attribute__((bpf_fastcall))
#else
#define __bpf_fastcall
#endif
#endif

`;

const epilogue = `#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
`;

/**
 * Writes BTF as a C header, in the reference's text. Returns 0 or a negative errno: -40 where types embed each other, -22
 * with nothing written where a type is of a kind that is not known here.
 */
export function dumpC(btf: Btf, options: DumpCOptions): number {
  for (let id = 1; id <= btf.typeCount; id++) if (!isKnownKind(btf.kindNumber(id)!)) return EINVAL;
  const dumper = new CDumper(btf, options.write, options.warn ?? (() => {}));
  dumper.put(prologue);
  const status = withinStack(() => dumpTypes(btf, dumper, options));
  if (status === 0) dumper.put(epilogue);
  dumper.flush();
  return status;
}

/** Hostile references can nest without end; the engine's own limit is far beyond what real types reach. */
function withinStack(run: () => number): number {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof RangeError) throw new ParseError('BTF', 0, 'types nest too deep', { cause });
    throw cause;
  }
}

function dumpTypes(btf: Btf, dumper: CDumper, options: DumpCOptions): number {
  if (options.roots !== undefined && options.roots.length > 0) {
    for (const id of options.roots) {
      const status = dumper.dumpType(id);
      if (status < 0) return status;
    }
    return 0;
  }
  // The reference leaves out the first of the sorted list, where void would be if it sorted first.
  const order = options.sorted ? sortForC(btf) : undefined;
  for (let i = 1; i <= btf.typeCount; i++) {
    const status = dumper.dumpType(order === undefined ? i : order[i]!);
    if (status < 0) return status;
  }
  dumpKfuncs(btf, dumper);
  return 0;
}

function dumpKfuncs(btf: Btf, dumper: CDumper): void {
  const kfuncs: (BtfType & { kind: 'func' })[] = [];
  const fast = new Set<number>();
  for (const tag of btf.types()) {
    if (tag.kind !== 'decl_tag' || tag.componentIndex !== -1) continue;
    const func = btf.typeById(tag.typeId);
    if (func?.kind !== 'func') continue;
    if (tag.name === 'bpf_kfunc') kfuncs.push(func);
    if (tag.name === 'bpf_fastcall') fast.add(func.id);
  }
  kfuncs.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  dumper.put('\n/* BPF kfuncs */\n#ifndef BPF_NO_KFUNC_PROTOTYPES\n');
  for (const func of kfuncs) {
    dumper.put(fast.has(func.id) ? 'extern __bpf_fastcall ' : 'extern ');
    dumper.declaration(func.typeId, func.name, 0);
    dumper.put(' __weak __ksym;\n');
  }
  dumper.put('#endif\n\n');
}

const ordering = 1;
const ordered = 2;
const notEmitted = 0;
const emitting = 1;
const emitted = 2;

const pads: readonly (readonly [name: string, bits: number])[] = [
  ['long', pointerSize * 8],
  ['int', 32],
  ['short', 16],
  ['char', 8],
];

const polyTypes = new Map([
  ['__Poly8_t', 'unsigned char'],
  ['__Poly16_t', 'unsigned short'],
  ['__Poly64_t', 'unsigned long long'],
  ['__Poly128_t', 'unsigned __int128'],
]);

/** A gap (1 MiB) beyond which padding members would be more text than any real type has. */
const maxPaddingBits = 2 ** 23;

const roundUp = (value: number, to: number) => Math.ceil(value / to) * to;
const tabs = (level: number) => '\t'.repeat(level);

/**
 * Types as C. A type is first put in order (definitions it embeds come before it, those behind pointers need only a
 * forward declaration), then written.
 */
export class CDumper {
  readonly #btf: Btf;
  readonly #write: (text: string) => void;
  readonly #warn: (message: string) => void;
  #out = '';
  readonly #orderState: Uint8Array;
  readonly #emitState: Uint8Array;
  readonly #forwardDone: Uint8Array;
  readonly #referenced: Uint8Array;
  readonly #aligns = new Map<number, number>();
  /** Names as written, where the same name had been used before. */
  readonly #names = new Map<number, string>();
  readonly #tagNames = new Map<string, number>();
  readonly #identifiers = new Map<string, number>();
  #queue: number[] = [];

  constructor(btf: Btf, write: (text: string) => void, warn: (message: string) => void) {
    this.#btf = btf;
    this.#write = write;
    this.#warn = warn;
    const count = btf.typeCount + 1;
    this.#orderState = new Uint8Array(count);
    this.#emitState = new Uint8Array(count);
    this.#forwardDone = new Uint8Array(count);
    this.#referenced = new Uint8Array(count);
    this.#orderState[0] = ordered;
    this.#emitState[0] = emitted;
    for (const type of btf.types()) this.#markReferences(type);
  }

  put(text: string): void {
    this.#out += text;
    if (this.#out.length > 0x10000) this.flush();
  }

  flush(): void {
    this.#write(this.#out);
    this.#out = '';
  }

  /** Writes a type and all that it needs and that was not written yet. Returns 0 or a negative errno. */
  dumpType(id: number): number {
    this.#queue = [];
    const status = this.#order(id, false);
    if (status < 0) return status;
    for (const queued of this.#queue) this.#emit(queued, 0);
    return 0;
  }

  #markReferences(type: BtfType): void {
    const mark = (id: number) => {
      this.#referenced[id] = 1;
    };
    switch (type.kind) {
      case 'struct':
      case 'union':
        for (const member of type.members) mark(member.typeId);
        break;
      case 'func_proto':
        for (const param of type.params) mark(param.typeId);
        break;
      case 'datasec':
        for (const variable of type.vars) mark(variable.typeId);
        break;
      case 'array':
        mark(type.indexTypeId);
        mark(type.elementTypeId);
        break;
      default:
        if ('typeId' in type) mark(type.typeId);
    }
  }

  /** 1: defined before what comes next; 0: only declared; negative: errno. */
  #order(id: number, throughPointer: boolean): number {
    if (this.#orderState[id] === ordered) return 1;
    const type = this.#btf.mustType(id);
    if (this.#orderState[id] === ordering) {
      if ((type.kind === 'struct' || type.kind === 'union') && throughPointer && type.name !== '') return 0;
      this.#warn(`unsatisfiable type cycle, id:[${id}]`);
      return ELOOP;
    }
    switch (type.kind) {
      case 'int':
      case 'float':
        this.#orderState[id] = ordered;
        return 0;
      case 'ptr': {
        const status = this.#order(type.typeId, true);
        this.#orderState[id] = ordered;
        return status;
      }
      case 'array':
        return this.#order(type.elementTypeId, false);
      case 'struct':
      case 'union':
        return this.#orderComposite(type, throughPointer);
      case 'enum':
      case 'enum64':
      case 'fwd':
        if (type.name !== '' || this.#referenced[id] === 0) this.#queue.push(id);
        this.#orderState[id] = ordered;
        return 1;
      case 'typedef': {
        const strong = this.#order(type.typeId, throughPointer);
        if (strong < 0) return strong;
        if (throughPointer && strong === 0) return 0;
        this.#queue.push(id);
        this.#orderState[id] = ordered;
        return 1;
      }
      case 'volatile':
      case 'const':
      case 'restrict':
      case 'type_tag':
        return this.#order(type.typeId, throughPointer);
      case 'func_proto':
        return this.#orderPrototype(type, throughPointer);
      case 'func':
      case 'var':
      case 'datasec':
      case 'decl_tag':
        this.#orderState[id] = ordered;
        return 0;
      default:
        return EINVAL;
    }
  }

  #orderComposite(type: BtfComposite, throughPointer: boolean): number {
    if (throughPointer && type.name !== '') return 0;
    this.#orderState[type.id] = ordering;
    for (const member of type.members) {
      const status = this.#order(member.typeId, false);
      if (status < 0) return status;
    }
    if (type.name !== '') this.#queue.push(type.id);
    this.#orderState[type.id] = ordered;
    return 1;
  }

  #orderPrototype(type: BtfFuncProto, throughPointer: boolean): number {
    let strong = this.#order(type.returnTypeId, throughPointer);
    if (strong < 0) return strong;
    for (const param of type.params) {
      const status = this.#order(param.typeId, throughPointer);
      if (status < 0) return status;
      if (status > 0) strong = 1;
    }
    return strong;
  }

  /** `container` is the definition that is being prepared, 0 at top level. */
  #emit(id: number, container: number): void {
    if (this.#emitState[id] === emitted) return;
    const type = this.#btf.mustType(id);
    if (this.#emitState[id] === emitting) {
      this.#emitAgain(type, container);
      return;
    }
    const topLevel = container === 0;
    switch (type.kind) {
      case 'int': {
        const name = this.#typeName(type);
        const alias = polyTypes.get(name);
        if (alias !== undefined) this.put(`typedef ${alias} ${name};\n\n`);
        this.#emitState[id] = emitted;
        break;
      }
      case 'enum':
      case 'enum64':
        if (topLevel) {
          this.#enumDefinition(type, 0);
          this.put(';\n\n');
        }
        this.#emitState[id] = emitted;
        break;
      case 'ptr':
      case 'volatile':
      case 'const':
      case 'restrict':
      case 'type_tag':
        this.#emit(type.typeId, container);
        break;
      case 'array':
        this.#emit(type.elementTypeId, container);
        break;
      case 'fwd':
        this.put(`${this.#forwardText(type)};\n\n`);
        this.#emitState[id] = emitted;
        break;
      case 'typedef':
        this.#emitState[id] = emitting;
        this.#emit(type.typeId, id);
        if (this.#forwardDone[id] === 0) this.#typedef(type);
        this.#emitState[id] = emitted;
        break;
      case 'struct':
      case 'union':
        this.#emitComposite(type, container);
        break;
      case 'func_proto':
        this.#emit(type.returnTypeId, container);
        for (const param of type.params) this.#emit(param.typeId, container);
        break;
    }
  }

  /** A type that is needed while it is itself being prepared: declared now, defined later. */
  #emitAgain(type: BtfType, container: number): void {
    const { id } = type;
    if (this.#forwardDone[id] !== 0) return;
    if (type.kind === 'typedef') {
      this.#typedef(type);
      this.#forwardDone[id] = 1;
    } else if (type.kind === 'struct' || type.kind === 'union') {
      if (id === container) return;
      if (type.name === '') {
        this.#warn(`anonymous struct/union loop, id:[${id}]`);
        return;
      }
      this.put(`${type.kind} ${this.#typeName(type)};\n\n`);
      this.#forwardDone[id] = 1;
    }
  }

  #emitComposite(type: BtfComposite, container: number): void {
    const { id } = type;
    const topLevel = container === 0;
    this.#emitState[id] = emitting;
    if (topLevel || type.name === '') {
      for (const member of type.members) this.#emit(member.typeId, type.name === '' ? container : id);
    } else if (this.#forwardDone[id] === 0 && id !== container) {
      this.put(`${type.kind} ${this.#typeName(type)};\n\n`);
      this.#forwardDone[id] = 1;
    }
    if (topLevel) {
      this.#compositeDefinition(type, 0);
      this.put(';\n\n');
      this.#emitState[id] = emitted;
    } else {
      this.#emitState[id] = notEmitted;
    }
  }

  #typedef(type: BtfReference): void {
    if (type.name === '__builtin_va_list') return;
    const name = this.#identifier(type);
    if (type.typeId === 0 && name === '__gnuc_va_list') {
      this.put('typedef __builtin_va_list __gnuc_va_list;\n\n');
      return;
    }
    this.put('typedef ');
    this.declaration(type.typeId, name, 0);
    this.put(';\n\n');
  }

  #forwardText(type: BtfForward): string {
    return `${type.isUnion ? 'union' : 'struct'} ${this.#typeName(type)}`;
  }

  #isPacked(type: BtfComposite): boolean {
    let most = 1;
    for (const member of type.members) {
      const align = this.#align(member.typeId, 0);
      if (align > 0 && member.bitSize === 0 && member.bitOffset % (8 * align) !== 0) return true;
      most = Math.max(align, most);
    }
    return type.size % most !== 0;
  }

  /** As `alignOf`, remembered. */
  #align(id: number, depth: number): number {
    const known = this.#aligns.get(id);
    if (known !== undefined) return known;
    const align = this.#computeAlign(this.#btf.mustType(id), depth);
    this.#aligns.set(id, align);
    return align;
  }

  #computeAlign(type: BtfType, depth: number): number {
    if (depth > 256) return 0;
    switch (type.kind) {
      case 'int':
      case 'enum':
      case 'enum64':
      case 'float':
        return Math.min(pointerSize, type.size);
      case 'ptr':
        return pointerSize;
      case 'typedef':
      case 'volatile':
      case 'const':
      case 'restrict':
      case 'type_tag':
        return this.#align(type.typeId, depth + 1);
      case 'array':
        return this.#align(type.elementTypeId, depth + 1);
      case 'struct':
      case 'union': {
        let most = 1;
        for (const member of type.members) {
          const align = this.#align(member.typeId, depth + 1);
          if (align <= 0) return align;
          most = Math.max(most, align);
          if (member.bitSize === 0 && member.bitOffset % (8 * align) !== 0) return 1;
        }
        return type.size % most !== 0 ? 1 : most;
      }
      default:
        return 0;
    }
  }

  /** Unnamed bit-fields from bit `from` to bit `to`, as few and as natural as C allows. */
  #padding(from: number, to: number, options: { nextAlign: number; inBitfield: boolean; level: number }): void {
    if (from >= to) return;
    if (to - from > maxPaddingBits) throw new ParseError('BTF', 0, `a gap of ${to - from} bits cannot be written as C`);
    const indent = `\n${tabs(options.level)}`;
    let [name, bits] = pads[0]!;
    let aligned = 0;
    for ([name, bits] of pads) {
      aligned = roundUp(from, bits);
      if (aligned <= to) break;
    }
    let at = from;
    if (aligned > at && aligned <= to) {
      if (
        options.inBitfield ||
        (aligned === to && roundUp(at, options.nextAlign * 8) !== aligned) ||
        (aligned !== to && to - aligned <= aligned - at)
      ) {
        this.put(`${indent}${name}: ${options.inBitfield ? aligned - at : 0};`);
      }
      at = aligned;
    }
    while (at !== to) {
      const rest = Math.min(to - at, bits);
      if (rest !== bits) [name, bits] = pads.findLast(([, width]) => width >= rest) ?? pads[0]!;
      this.put(`${indent}${name}: ${rest};`);
      at += rest;
    }
  }

  #compositeDefinition(type: BtfComposite, level: number): void {
    const isStruct = type.kind === 'struct';
    const align = this.#align(type.id, 0);
    const packed = isStruct && this.#isPacked(type);
    this.put(`${type.kind}${type.name === '' ? '' : ` ${this.#typeName(type)}`} {`);
    let at = 0;
    let afterBitfield = false;
    for (const member of type.members) {
      const nextAlign = packed ? 1 : this.#align(member.typeId, 0);
      const inBitfield = afterBitfield && member.bitSize > 0;
      this.#padding(at, member.bitOffset, { nextAlign, inBitfield, level: level + 1 });
      this.put(`\n${tabs(level + 1)}`);
      this.declaration(member.typeId, member.name, level + 1);
      afterBitfield = member.bitSize > 0;
      if (afterBitfield) this.put(`: ${member.bitSize}`);
      at = member.bitOffset + (afterBitfield ? member.bitSize : (trySizeOf(this.#btf, member.typeId) ?? 0) * 8);
      this.put(';');
    }
    if (isStruct) this.#padding(at, type.size * 8, { nextAlign: align, inBitfield: false, level: level + 1 });
    this.put(type.members.length > 0 || type.size > 0 ? `\n${tabs(level)}}` : '}');
    if (packed) this.put(' __attribute__((packed))');
  }

  #enumDefinition(type: BtfEnum, level: number): void {
    this.put(`enum${type.name === '' ? '' : ` ${this.#typeName(type)}`}`);
    if (type.values.length === 0) return;
    const wide = type.kind === 'enum64';
    const suffix = wide ? (type.signed ? 'LL' : 'ULL') : '';
    this.put(' {');
    for (const { name, value } of type.values) {
      const count = countUse(this.#identifiers, name);
      this.put(`\n${tabs(level + 1)}${name}${count > 1 ? `___${count}` : ''} = ${value}${suffix},`);
    }
    this.put(`\n${tabs(level)}}`);
    if (type.size === 1) this.put(' __attribute__((mode(byte)))');
    else if (type.size === 8) {
      const small = !wide || type.values.every((v) => BigInt.asUintN(64, BigInt(v.value)) < 2n ** 32n);
      if (small) this.put(' __attribute__((mode(word)))');
    }
  }

  /** Writes the declaration of `name` (may be empty) with a type. */
  declaration(id: number, name: string, level: number): void {
    const chain: BtfType[] = [];
    for (let next: number | undefined = id; next !== undefined; ) {
      const type: BtfType = this.#btf.mustType(next);
      if (chain.length > 4096) {
        this.#warn(`declaration without end, id:[${id}]`);
        return;
      }
      chain.push(type);
      next = undefined;
      switch (type.kind) {
        case 'ptr':
        case 'volatile':
        case 'const':
        case 'restrict':
        case 'type_tag':
          next = type.typeId;
          break;
        case 'func_proto':
          next = type.returnTypeId;
          break;
        case 'array':
          next = type.elementTypeId;
          break;
        case 'func':
        case 'var':
        case 'datasec':
        case 'decl_tag':
          this.#warn(`unexpected type in decl chain, kind:${type.kind}, id:[${type.id}]`);
          break;
      }
    }
    this.#chain(chain, name, level);
  }

  /** Writes the chain from its end (the base type) to its beginning, consuming it. */
  #chain(chain: BtfType[], name: string, level: number): void {
    let afterPointer = true;
    for (;;) {
      const type = chain.pop();
      if (type === undefined) break;
      switch (type.kind) {
        case 'void':
          this.put(`${qualifiers(chain)}void`);
          break;
        case 'int':
        case 'float':
          this.put(`${qualifiers(chain)}${type.name}`);
          break;
        case 'struct':
        case 'union':
          this.put(qualifiers(chain));
          if (type.name === '') this.#compositeDefinition(type, level);
          else this.put(`${type.kind} ${this.#typeName(type)}`);
          break;
        case 'enum':
        case 'enum64':
          this.put(qualifiers(chain));
          if (type.name === '') this.#enumDefinition(type, level);
          else this.put(`enum ${this.#typeName(type)}`);
          break;
        case 'fwd':
          this.put(`${qualifiers(chain)}${this.#forwardText(type)}`);
          break;
        case 'typedef':
          this.put(`${qualifiers(chain)}${this.#identifier(type)}`);
          break;
        case 'ptr':
          this.put(afterPointer ? '*' : ' *');
          break;
        case 'volatile':
        case 'const':
        case 'restrict':
          this.put(` ${type.kind}`);
          break;
        case 'type_tag':
          this.put(qualifiers(chain));
          this.put(` __attribute__((${type.kindFlag ? type.name : `btf_type_tag("${type.name}")`}))`);
          break;
        case 'array':
          this.#arrayDeclaration(chain, name, { afterPointer, length: type.length, level });
          return;
        case 'func_proto':
          this.#prototype(type, chain, name, { afterPointer, level });
          return;
        default:
          this.#warn(`unexpected type in decl chain, kind:${type.kind}, id:[${type.id}]`);
          return;
      }
      afterPointer = type.kind === 'ptr';
    }
    this.#declaredName(name, afterPointer);
  }

  #declaredName(name: string, afterPointer: boolean): void {
    this.put(name !== '' && !afterPointer ? ` ${name}` : name);
  }

  #arrayDeclaration(
    chain: BtfType[],
    name: string,
    context: { afterPointer: boolean; length: number; level: number },
  ): void {
    dropModifiers(chain);
    const next = chain.at(-1);
    if (next === undefined) {
      this.#declaredName(name, context.afterPointer);
    } else {
      if (name !== '' && !context.afterPointer) this.put(' ');
      const nested = next.kind === 'array';
      if (!nested) this.put('(');
      this.#chain(chain, name, context.level);
      if (!nested) this.put(')');
    }
    this.put(`[${context.length}]`);
  }

  #prototype(
    type: BtfFuncProto,
    chain: BtfType[],
    name: string,
    context: { afterPointer: boolean; level: number },
  ): void {
    dropModifiers(chain);
    if (chain.length > 0) {
      this.put(' (');
      this.#chain(chain, name, context.level);
      this.put(')');
    } else {
      this.#declaredName(name, context.afterPointer);
    }
    this.put('(');
    const { params } = type;
    if (params.length === 0 || (params.length === 1 && params[0]!.typeId === 0)) {
      this.put('void)');
      return;
    }
    for (const [i, param] of params.entries()) {
      if (i > 0) this.put(', ');
      if (i === params.length - 1 && param.typeId === 0) this.put('...');
      else this.declaration(param.typeId, param.name, context.level);
    }
    this.put(')');
  }

  #typeName(type: BtfType): string {
    return this.#resolveName(type, this.#tagNames);
  }

  #identifier(type: BtfType): string {
    return this.#resolveName(type, this.#identifiers);
  }

  #resolveName(type: BtfType, uses: Map<string, number>): string {
    if (type.name === '') return '';
    const known = this.#names.get(type.id);
    if (known !== undefined) return known;
    let { name } = type;
    const declares = type.kind === 'fwd' || (type.kind === 'enum' && type.values.length === 0);
    if (!declares) {
      const count = countUse(uses, name);
      if (count > 1) name = `${name}___${count}`.slice(0, 255);
    }
    this.#names.set(type.id, name);
    return name;
  }
}

/** Counts one more use of a name and says the how-manieth it is. */
function countUse(uses: Map<string, number>, name: string): number {
  const count = (uses.get(name) ?? 0) + 1;
  uses.set(name, count);
  return count;
}

/** The const, volatile and restrict at the end of a chain, consumed. */
function qualifiers(chain: BtfType[]): string {
  let text = '';
  for (;;) {
    const kind = chain.at(-1)?.kind;
    if (kind !== 'const' && kind !== 'volatile' && kind !== 'restrict') return text;
    text += `${kind} `;
    chain.pop();
  }
}

function dropModifiers(chain: BtfType[]): void {
  for (let last = chain.at(-1); last !== undefined && isModifier(last); last = chain.at(-1)) chain.pop();
}
