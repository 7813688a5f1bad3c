import { describe, expect, test } from 'vitest';
import {
  BtfBuilder,
  BtfLookupError,
  definitionText,
  findMember,
  findTypes,
  type NewBtfType,
  parseBtf,
} from '../../../src/btf/index.ts';
import { ParseError } from '../../../src/errors/index.ts';

const at = (name: string, typeId: number, bitOffset: number, bitSize = 0) => ({ name, typeId, bitOffset, bitSize });
const builder = new BtfBuilder();
const add = (type: NewBtfType) => builder.add(type);
const int = add({ kind: 'int', name: 'int', size: 4, bits: 32, signed: true, bitOffset: 0, char: false, bool: false });
const four = add({ kind: 'array', name: '', elementTypeId: int, indexTypeId: int, length: 4 });
const anonymous = add({
  kind: 'union',
  name: '',
  size: 16,
  kindFlag: false,
  members: [at('word', int, 0), at('words', four, 0)],
});
const inner = add({
  kind: 'struct',
  name: 'inner',
  size: 24,
  kindFlag: true,
  members: [at('flag', int, 3, 2), at('', anonymous, 64)],
});
const pointer = add({ kind: 'ptr', name: '', typeId: inner, kindFlag: false });
const outer = add({
  kind: 'struct',
  name: 'outer',
  size: 56,
  kindFlag: false,
  members: [at('first', int, 0), at('in', inner, 64), at('next', pointer, 256)],
});
add({ kind: 'typedef', name: 'outer_t', typeId: outer, kindFlag: false });
const proto = add({ kind: 'func_proto', name: '', returnTypeId: int, params: [{ name: 'o', typeId: pointer }] });
add({ kind: 'func', name: 'run.isra.0', typeId: proto, linkage: 0 });
const variable = add({ kind: 'var', name: 'state', typeId: outer, linkage: 1 });
add({ kind: 'datasec', name: '.data', size: 56, vars: [{ typeId: variable, offset: 0, size: 56 }] });
const btf = parseBtf(builder.finish());

const names = (pattern: string) => findTypes(btf, pattern).map((type) => `${type.kind} ${type.name}`);

describe('types by name', () => {
  test('a name is taken as it is, stars and question marks match', () => {
    expect(names('outer')).toEqual(['struct outer']);
    expect(names('outer*')).toEqual(['struct outer', 'typedef outer_t']);
    expect(names('?nner')).toEqual(['struct inner']);
    expect(names('*t*')).toEqual(['int int', 'struct outer', 'typedef outer_t', 'var state', 'datasec .data']);
    expect(names('run.*.0')).toEqual(['func run.isra.0']);
  });

  test('a wrong name is an error that names near ones', () => {
    expect(() => names('oter')).toThrow("no type is called 'oter' (did you mean 'outer'?)");
    expect(() => names('inenr')).toThrow("did you mean 'inner'");
    expect(() => names('nothing like it')).toThrow(/^no type is called 'nothing like it'$/);
    expect(() => names('x*')).toThrow(new BtfLookupError("no type matches 'x*'", 'x*', []));
  });

  test('a pattern full of stars ends', () => {
    expect(() => findTypes(btf, `${'*r'.repeat(2000)}*z`)).toThrow(BtfLookupError);
  });

  test('each kind has a C form', () => {
    const c = (name: string) => findTypes(btf, name).map((type) => definitionText(btf, type.id));
    expect(c('inner')).toEqual([
      'struct inner {\n\tchar: 3;\n\tint flag: 2;\n\tlong: 0;\n\tunion {\n\t\tint word;\n\t\tint words[4];\n\t};\n};',
    ]);
    expect(c('outer_t')).toEqual(['typedef struct outer outer_t;']);
    expect(c('run.isra.0')).toEqual(['static int run.isra.0(struct inner *o);']);
    expect(c('state')).toEqual(['struct outer state;']);
    expect(c('int')).toEqual(['int;']);
    expect(c('.data')[0]).toMatch(/^\/\* \[\d+\] DATASEC '\.data'/);
  });
});

test('an anonymous struct that contains itself has no C form', () => {
  const hostile = new BtfBuilder();
  hostile.add({ kind: 'struct', name: '', size: 8, kindFlag: false, members: [at('again', 1, 0)] });
  expect(() => definitionText(parseBtf(hostile.finish()), 1)).toThrow(ParseError);
});

describe('where a member lies', () => {
  const last = (path: string) => findMember(btf, path).at(-1)!;

  test('offsets add up through structs, anonymous unions and arrays', () => {
    expect(last('outer.in')).toMatchObject({ bitOffset: 64, bitSize: 192, containerId: outer, typeId: inner });
    expect(last('outer.in.word')).toMatchObject({ bitOffset: 128, bitSize: 32, isBitField: false, typeId: int });
    expect(last('outer.in.words[3]')).toMatchObject({ path: 'outer.in.words[3]', bitOffset: 224, bitSize: 32 });
    expect(last('outer_t.in.flag')).toMatchObject({ bitOffset: 67, bitSize: 2, isBitField: true });
    expect(last('state.first')).toMatchObject({ bitOffset: 0, typeId: int });
  });

  test('a pointer begins a new step', () => {
    expect(findMember(btf, 'outer.next.words')).toMatchObject([
      { path: 'outer.next', bitOffset: 256, bitSize: 64, containerId: outer },
      { path: 'inner.words', bitOffset: 64, bitSize: 128, containerId: inner },
    ]);
  });

  test('a wrong step is named, with near members', () => {
    expect(() => last('outer.in.wrod')).toThrow("'outer.in' has no member 'wrod' (did you mean 'word'?)");
    expect(() => last('oter.in')).toThrow("no type is called 'oter' (did you mean 'outer'?)");
    expect(() => last('int.x')).toThrow("'int' is no struct or union");
    expect(() => last('outer.first.x')).toThrow("'outer.first' is no struct or union");
    expect(() => last('outer.first[0]')).toThrow("'outer.first' is no array");
    expect(() => last('outer.in.words[4]')).toThrow('expected an index below 4');
    expect(() => last('outer.in.words[x]')).toThrow('expected an index below 4');
    for (const path of ['outer..in', 'outer.', '.in', 'outer.in[', ''])
      expect(() => last(path)).toThrow(/no member path/);
  });
});
