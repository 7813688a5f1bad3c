import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fd, O_RDONLY, O_RDWR, openKernel, PROT_READ, PROT_WRITE, SC_PAGESIZE } from '../../src/sys/index.ts';
import { plainStruct } from '../../src/uapi/index.ts';

const k = openKernel();
const ENOENT = -2;

describe('the native kernel', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tsbpf-sys-'));
    writeFileSync(join(folder, 'page'), Buffer.alloc(8192, 0x61));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('reports errno as a negative number', () => {
    expect(k.open('/nonexistent/file', O_RDONLY)).toBe(ENOENT);
    expect(k.close(-1)).toBe(-9);
    expect(k.bpf(9999, plainStruct(new Uint8Array(128)))).toBeLessThan(0);
    expect(k.makeDirectory('/proc/nonexistent', 0o700)).toBe(ENOENT);
  });

  test('reads and writes through a descriptor that closes once', () => {
    const fd = new Fd(k, k.open(join(folder, 'page'), O_RDWR));
    expect(k.write(fd.number, Uint8Array.of(1, 2, 3))).toBe(3);
    const bytes = new Uint8Array(4);
    expect(k.read(fd.number, bytes)).toBe(4);
    expect(bytes[0]).toBe(0x61);
    fd.close();
    fd.close();
    expect(() => fd.number).toThrow(/after close/);
  });

  test('maps a file shared and sees writes through other mappings', () => {
    const fd = new Fd(k, k.open(join(folder, 'page'), O_RDWR));
    const first = k.map({ fd: fd.number, length: 4096, protection: PROT_READ | PROT_WRITE, offset: 4096 });
    const second = k.map({ fd: fd.number, length: 4096, protection: PROT_READ, offset: 4096 });
    if (typeof first === 'number' || typeof second === 'number') throw new Error('mmap failed');
    new Uint8Array(first.buffer)[7] = 42;
    expect(new Uint8Array(second.buffer)[7]).toBe(42);
    first.close();
    second.close();
    expect(() => first.buffer).toThrow(/after close/);
    expect(k.map({ fd: -1, length: 4096, protection: PROT_READ })).toBe(-9);
    fd.close();
  });

  test('knows the page size, the loopback device and a resource limit', () => {
    expect(k.systemConfiguration(SC_PAGESIZE)).toBeGreaterThanOrEqual(4096);
    expect(k.interfaceIndex('lo')).toBe(1);
    expect(k.interfaceIndex('no-such-device')).toBeUndefined();
    expect(k.interfaceName(1)).toBe('lo');
    expect(k.interfaceName(987654)).toBeUndefined();
    const limit = k.getResourceLimit(7);
    if (typeof limit === 'number') throw new Error('getrlimit failed');
    expect(limit.hard).toBeGreaterThanOrEqual(limit.soft);
    expect(k.setResourceLimit(7, limit)).toBe(0);
  });

  test('translates file errors', () => {
    expect(() => k.readText('/nonexistent')).toThrow(/ENOENT/);
    expect(k.readLink('/proc/self')).toBe(String(process.pid));
    expect(k.readDirectory('/proc/self/fd').length).toBeGreaterThan(2);
    expect(k.status('/proc/self').kind).toBe('symlink');
  });
});
