import type { TypeGraph } from '../graph.ts';
import type { Btf } from '../parse.ts';
import { Kind } from '../records.ts';
import { kindNames } from '../types.ts';
import { field } from './fields.ts';

/** The C type that has an enumerator's width and sign. */
export type EnumeratorType = 'int' | 'long long' | 'unsigned long long';

/** Receives what the raw dump says about a type: fields (of `fields.ts`) in order, then at most one list of rows. */
export interface RawWriter {
  number(field: number, value: number): void;
  word(field: number, value: string): void;
  begin(list: number): void;
  /** A row, with the string offset of a name where its kind of row has one; its numbers follow. */
  row(name: number | undefined): void;
  /** A field that may be negative. */
  signed(field: number, value: number): void;
  /** The value of an enumerator, as it is shown; `type` is that of C which has its width and sign. */
  value(value: number | bigint, type: EnumeratorType): void;
  /** The end of a row that names a variable. */
  variable(id: number): void;
  end(): void;
}

/** Linkage of functions and variables: BTF_FUNC_* and BTF_VAR_* of include/uapi/linux/btf.h, which agree. */
const linkages = ['static', 'global', 'extern'];
/** BTF_INT_* bits; bpftool's btf_int_enc_str knows single ones only. */
const encodings: Readonly<Record<number, string>> = { 0: '(none)', 1: 'SIGNED', 2: 'CHAR', 4: 'BOOL' };
const upperNames = kindNames.map((name) => (name === 'void' ? 'UNKNOWN' : name.toUpperCase()));

/** Name of a kind as raw dumps have it. */
export function kindText(kind: number): string {
  return upperNames[kind] ?? 'UNKNOWN';
}

/** Tells a writer all about a type but its id, kind and name. */
export function describeType(btf: Btf, id: number, writer: RawWriter): void {
  const { graph } = btf;
  const { words } = graph;
  const kind = graph.kind(id);
  switch (kind) {
    case Kind.int: {
      // 8 bits of encoding, 8 of offset, 8 unused, 8 of width, from the top.
      const data = graph.tail(id, 0);
      writer.number(field.size, graph.sizeOrType(id));
      writer.number(field.bits_offset, (data >>> 16) & 0xff);
      writer.number(field.nr_bits, data & 0xff);
      writer.word(field.encoding, encodings[(data >>> 24) & 0xf] ?? 'UNKN');
      return;
    }
    case Kind.ptr:
    case Kind.const:
    case Kind.volatile:
    case Kind.restrict:
    case Kind.typedef:
    case Kind.type_tag:
      writer.number(field.type_id, graph.sizeOrType(id));
      return;
    case Kind.array:
      writer.number(field.type_id, graph.tail(id, 0));
      writer.number(field.index_type_id, graph.tail(id, 1));
      writer.number(field.nr_elems, graph.tail(id, 2));
      return;
    case Kind.struct:
    case Kind.union:
      describeMembers(btf, id, writer);
      return;
    case Kind.enum:
    case Kind.enum64:
      describeValues(btf, id, writer);
      return;
    case Kind.fwd:
      writer.word(field.fwd_kind, graph.kindFlag(id) ? 'union' : 'struct');
      return;
    case Kind.func:
      writer.number(field.type_id, graph.sizeOrType(id));
      // A function's linkage is in the place of the number of elements.
      writer.word(field.linkage, linkages[graph.vlen(id)] ?? '(unknown)');
      return;
    case Kind.func_proto:
      writer.number(field.ret_type_id, graph.sizeOrType(id));
      writer.number(field.vlen, graph.vlen(id));
      writer.begin(field.params);
      for (let i = graph.vlen(id), at = graph.elements(id); i > 0; i--, at += 2) {
        writer.row(words[at]!);
        writer.number(field.type_id, words[at + 1]!);
      }
      writer.end();
      return;
    case Kind.var:
      writer.number(field.type_id, graph.sizeOrType(id));
      writer.word(field.linkage, linkages[graph.tail(id, 0)] ?? '(unknown)');
      return;
    case Kind.datasec:
      sizeAndCount(graph, id, writer);
      writer.begin(field.vars);
      for (let i = graph.vlen(id), at = graph.elements(id); i > 0; i--, at += 3) {
        writer.row(undefined);
        writer.number(field.type_id, words[at]!);
        writer.number(field.offset, words[at + 1]!);
        writer.number(field.size, words[at + 2]!);
        writer.variable(words[at]!);
      }
      writer.end();
      return;
    case Kind.float:
      writer.number(field.size, graph.sizeOrType(id));
      return;
    case Kind.decl_tag:
      writer.number(field.type_id, graph.sizeOrType(id));
      // -1: the tag is about the whole type, else about that member or parameter.
      writer.signed(field.component_idx, graph.tail(id, 0) | 0);
  }
}

function sizeAndCount(graph: TypeGraph, id: number, writer: RawWriter): void {
  writer.number(field.size, graph.sizeOrType(id));
  writer.number(field.vlen, graph.vlen(id));
}

function describeMembers(btf: Btf, id: number, writer: RawWriter): void {
  const { graph } = btf;
  const { words } = graph;
  const bitFields = graph.kindFlag(id);
  sizeAndCount(graph, id, writer);
  writer.begin(field.members);
  for (let i = graph.vlen(id), at = graph.elements(id); i > 0; i--, at += 3) {
    const where = words[at + 2]!;
    writer.row(words[at]!);
    writer.number(field.type_id, words[at + 1]!);
    // With the kind flag a width of 8 bits stands above an offset of 24; both in bits.
    writer.number(field.bits_offset, bitFields ? where & 0xff_ffff : where);
    if (bitFields && where >>> 24 > 0) writer.number(field.bitfield_size, where >>> 24);
  }
  writer.end();
}

function describeValues(btf: Btf, id: number, writer: RawWriter): void {
  const { graph } = btf;
  const { words } = graph;
  const signed = graph.kindFlag(id);
  const isWide = graph.kind(id) === Kind.enum64;
  // The kind flag is the sign of enumerators.
  writer.word(field.encoding, signed ? 'SIGNED' : 'UNSIGNED');
  sizeAndCount(graph, id, writer);
  writer.begin(field.values);
  for (let i = graph.vlen(id), at = graph.elements(id); i > 0; i--, at += isWide ? 3 : 2) {
    writer.row(words[at]!);
    const low = words[at + 1]!;
    if (isWide) {
      const whole = (BigInt(words[at + 2]!) << 32n) | BigInt(low);
      writer.value(signed ? BigInt.asIntN(64, whole) : whole, signed ? 'long long' : 'unsigned long long');
    } else {
      writer.value(signed ? low | 0 : low, 'int');
    }
  }
  writer.end();
}
