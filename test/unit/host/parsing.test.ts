import { describe, expect, test } from 'vitest';
import {
  directoryName,
  parseCpuList,
  FdInfo,
  parseKernelConfig,
  parseKernelVersion,
  parseMounts,
} from '../../../src/host/index.ts';

test('CPU lists are ranges and numbers', () => {
  expect(parseCpuList('0-3,8,10-11\n')).toEqual([0, 1, 2, 3, 8, 10, 11]);
  for (const wrong of ['', '3-1', '0-99999999', 'a', '1,,2']) expect(() => parseCpuList(wrong)).toThrow(/CPU list/);
});

test('mount points may hold escaped characters', () => {
  const [first, second] = parseMounts('bpf /a\\040b bpf rw,mode=700 0 0\nnone /\\303\\251 tmpfs rw 0 0\n\n');
  expect(first).toEqual({ source: 'bpf', target: '/a b', type: 'bpf', options: ['rw', 'mode=700'] });
  expect(second?.target).toBe('/é');
});

test('kernel versions keep what they have', () => {
  expect(parseKernelVersion('6.1.0-18-amd64', '6.1.76')).toMatchObject({
    major: 6,
    minor: 1,
    patch: 76,
    code: 0x6014c,
  });
  expect(parseKernelVersion('7')).toMatchObject({ major: 7, minor: 0, patch: 0 });
});

test('configuration options need a value', () => {
  const options = parseKernelConfig(['# c', 'CONFIG_BPF=y', '# CONFIG_X is not set', 'CONFIG_E=', 'CONFIG_S="a=b"']);
  expect([...options]).toEqual([
    ['CONFIG_BPF', 'y'],
    ['CONFIG_S', '"a=b"'],
  ]);
});

test('fdinfo lines are keys and values', () => {
  expect(new FdInfo('pos:\t0\nmap_id:\t12\nmap_id:\t13\nx').get('map_id')).toBe('12');
});

describe('the directory of a path', () => {
  test.each([
    ['/a/b', '/a'],
    ['/a', '/'],
    ['a', '.'],
    ['a/b/', 'a'],
    ['/', '/'],
    ['', '.'],
    ['//a//b', '//a'],
  ])('%s is in %s', (path, directory) => expect(directoryName(path)).toBe(directory));
});
