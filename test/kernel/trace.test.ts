// `trace` over a program that makes bpf() calls of its own: what is shown is what it did.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const tool = path.resolve(import.meta.dirname, '../../bin/tsbpftool.js');
const python = spawnSync('python3', ['--version']).status === 0;
const calls = `
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def bpf(cmd, attr):
    b = ctypes.create_string_buffer(attr, len(attr))
    return libc.syscall(321, cmd, b, len(attr))
at = ctypes.addressof
h = bpf(0, struct.pack('<IIIIIII16s', 1, 4, 8, 100, 0, 0, 0, b't_trace_map'))
key = ctypes.create_string_buffer(struct.pack('<I', 7), 4)
val = ctypes.create_string_buffer(struct.pack('<Q', 70), 8)
bpf(2, struct.pack('<IIQQQ', h, 0, at(key), at(val), 0))
bpf(2, struct.pack('<IIQQQ', h, 0, 16, at(val), 0))
bpf(99, b'\\1\\2\\3\\4')
if os.fork() == 0:
    os.setsid()
    bpf(4, struct.pack('<IIQQ', h, 0, 0, at(key)))
    os._exit(0)
os.wait()
sys.exit(3)
`;

describe.skipIf(!python || process.arch !== 'x64')('trace of a program', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-trace-'));
    writeFileSync(path.join(folder, 'calls.py'), calls);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...options: string[]) =>
    spawnSync(process.execPath, [tool, 'trace', ...options, '--', 'python3', path.join(folder, 'calls.py')], {
      encoding: 'utf8',
      timeout: 60_000,
    });

  it('shows keys, values, errors, unknown commands and children, and ends with the status of the program', () => {
    const { stdout, status } = run();
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/map \d+/g, 'map ID').replace(/^.*?\] /, ''));
    expect(status).toBe(3);
    expect(lines).toEqual([
      'bpf(BPF_MAP_CREATE, {map_type=BPF_MAP_TYPE_HASH, key_size=4, value_size=8, max_entries=100, map_name="t_trace_map"}, 44) = 3<map ID "t_trace_map">',
      'bpf(BPF_MAP_UPDATE_ELEM, {map_fd=3<map ID "t_trace_map">, key=7, value=70, flags=BPF_ANY}, 32) = 0',
      'bpf(BPF_MAP_UPDATE_ELEM, {map_fd=3<map ID "t_trace_map">, key=0x10, value=70, flags=BPF_ANY}, 32) = -1 EFAULT (Bad address)',
      'bpf(99, [01 02 03 04], 4) = -1 EINVAL (Invalid argument)',
      'bpf(BPF_MAP_GET_NEXT_KEY, {map_fd=3<map ID "t_trace_map">, key=NULL, next_key=7}, 24) = 0',
    ]);
  });

  it('writes lines of JSON that replay prints as text and as a script', () => {
    const file = path.join(folder, 'trace.json');
    expect(run('-j', '-o', file).status).toBe(3);
    const events = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.filter(({ event }) => event === 'call').map(({ command }) => command)).toEqual([
      ...['BPF_MAP_CREATE', 'BPF_MAP_UPDATE_ELEM', 'BPF_MAP_UPDATE_ELEM', '99', 'BPF_MAP_GET_NEXT_KEY'],
    ]);
    const replay = (...words: string[]) =>
      spawnSync(process.execPath, [tool, 'replay', ...words], { encoding: 'utf8' }).stdout;
    expect(replay(file)).toContain('key=7, value=70, flags=BPF_ANY}, 32) = 0\n');
    expect(replay('--script', file).split('\n').slice(2)).toEqual([
      'tsbpftool map create /sys/fs/bpf/t_trace_map type hash key 4 value 8 entries 100 name t_trace_map',
      'tsbpftool map update pinned /sys/fs/bpf/t_trace_map key hex 07 00 00 00 value hex 46 00 00 00 00 00 00 00',
      '',
    ]);
  });
});
