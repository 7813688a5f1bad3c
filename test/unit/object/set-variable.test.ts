import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors/index.ts';
import { parseObject, variableContents } from '../../../src/object/index.ts';

const root = new URL('../../../', import.meta.url);
const globals = parseObject(readFileSync(new URL('test/fixtures/objects/globals.bpf.o', root)), { path: 'globals.o' });
const hello = parseObject(readFileSync(new URL('examples/hello-buffer-config.bpf.o', root)), { path: 'hello.o' });

function set(spec: typeof globals, name: string, value: unknown): Uint8Array {
  const variable = spec.variables.find((candidate) => candidate.name === name)!;
  const contents = variableContents(spec, { [name]: value }).get(variable.map)!;
  return contents.subarray(variable.offset, variable.offset + variable.size);
}

describe('variables', () => {
  test('numbers are written in their width', () => {
    expect([...set(globals, 'initialised', -2)]).toEqual([0xfe, 0xff, 0xff, 0xff]);
    expect([...set(globals, 'limit', '0x1122334455667788')]).toEqual([0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);
    expect([...set(globals, 'total', 7n)]).toEqual([7, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('structs and arrays keep what is not named', () => {
    const points = new Int32Array(set(globals, 'points', [{ y: 20 }, {}, { x: 50 }]).slice().buffer);
    expect([...points]).toEqual([1, 20, 3, 4, 50, 6]);
  });

  test('text fills a char array', () => {
    expect(Buffer.from(set(hello, 'greeting', 'Hi')).toString()).toBe(`Hi${'\0'.repeat(11)}`);
  });

  test('the object itself stays as it is', () => {
    set(globals, 'initialised', 1);
    expect(globals.maps[0]!.initialValue!.includes(42)).toBe(true);
  });

  test.each([
    ['initialised', 2 ** 31, 'initialised: 2147483648 does not fit int (-2147483648…2147483647)'],
    ['initialised', 1.5, 'initialised: 1.5 is no integer (int)'],
    ['initialised', 'x', 'initialised: "x" is no integer (int)'],
    ['limit', -1, 'limit: -1 does not fit __u64 (0…18446744073709551615)'],
    ['points', [{ z: 1 }], "points[0]: struct point has no member 'z'; it has x, y"],
    ['points', [{}, {}, {}, {}], 'points: 4 elements do not fit struct point[3]'],
    ['points', 3, 'points: 3 is no array (struct point[3])'],
    ['nothing', 3, "the object has no global variable 'nothing'"],
  ])('%s = %j is refused', (name, value, message) => {
    expect(() => variableContents(globals, { [name]: value })).toThrow(new UsageError(message));
  });
});
