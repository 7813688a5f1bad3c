// `npm run bench [-- ENTRIES [WHAT…]]`: ratios against the reference and the bare runtime, measured side by side in one run,
// medians of pairs. WHAT: calls, library, start, standalone, dump, kinds, batch, import, btf, load, gen, xlated, show, net, feature, cgroup,
// inventory, trace;
// all without it. Where no BPF file system is mounted, it runs in a mount namespace of its own that has one.
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { libraryRows } from './bench/library.mjs';
import { traceRows } from './bench/trace.mjs';
import { build, project, say, tool } from './lib/project.mjs';
import { withOwnBpffs } from './lib/sandbox.mjs';
import { printTable } from './lib/table.mjs';
import { setupReference } from './setup/reference.mjs';

// Node 20 reads and parses the certificates this names at every start, which takes longer than all else of a start.
delete process.env.NODE_EXTRA_CA_CERTS;
const bpfMagic = 0xcafe4a11;
if (statfsSync('/sys/fs/bpf').type !== bpfMagic) {
  const [program = '', ...words] = withOwnBpffs([process.execPath, ...process.argv.slice(1)]);
  process.exit(spawnSync(program, words, { stdio: 'inherit' }).status ?? 1);
}
// The number may be left out.
const hasCount = /^\d/.test(process.argv[2] ?? '');
const entries = Number(hasCount ? process.argv[2] : 1_000_000);
const wanted = process.argv.slice(hasCount ? 3 : 2);
const wants = (what) => wanted.length === 0 || wanted.includes(what);
const pins = `/sys/fs/bpf/tsbpftool-bench-${process.pid}`;
const work = path.join(os.tmpdir(), `tsbpftool-bench-${process.pid}`);
const maxMemory = '<= 120 MiB';

build();
const reference = setupReference(project, say);
if (typeof reference !== 'string' || !existsSync(reference)) throw new Error('there is no reference bpftool');
const library = await import(path.join(project, 'dist/lib/index.js'));
const { BpfMap, ElementWriter, loadObject, openKernel, parseBtf, parseObject } = library;

/** Seconds of wall time of one run; its output goes to `file`. */
function time(command, args, file = '/dev/null') {
  const out = openSync(file, 'w');
  const begin = process.hrtime.bigint();
  const run = spawnSync('/bin/sh', ['-c', 'exec "$@"', 'sh', command, ...args], { stdio: ['ignore', out, 'inherit'] });
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  closeSync(out);
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${run.status}`);
  return seconds;
}

/** Peak resident memory in MiB, read from the process itself at its end. */
function peak(args) {
  const script = `process.on('exit', () => { require('fs').writeSync(2, 'peak ' + process.resourceUsage().maxRSS + '\\n'); });`;
  const hook = path.join(work, 'peak.cjs');
  writeFileSync(hook, script);
  const run = spawnSync(process.execPath, ['--require', hook, tool, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  return Number(/peak (\d+)/.exec(run.stderr.toString())?.[1] ?? 0) / 1024;
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

const rows = [];
function tell(name, figure, aim) {
  rows.push([name, figure, aim]);
  console.log(`${name}: ${figure} (aim ${aim})`);
}

function compare(name, ours, theirs, { pairs = 5, aim }) {
  const ratios = [];
  for (let i = 0; i < pairs; i++) ratios.push(theirs() / ours());
  tell(name, `${median(ratios).toFixed(2)}x`, aim);
}

function compareDump(what, pin, mode, aim) {
  const args = [...(mode === 'plain' ? [] : [mode]), 'map', 'dump', 'pinned', pin];
  const [a, b] = [path.join(work, 'a'), path.join(work, 'b')];
  time(process.execPath, [tool, ...args], a);
  time(reference, args, b);
  const same = spawnSync('cmp', [a, b]).status === 0;
  for (const file of [a, b]) rmSync(file);
  compare(
    `map dump, ${what}, ${mode} (output ${same ? 'identical' : 'DIFFERS'})`,
    () => time(process.execPath, [tool, ...args]),
    () => time(reference, args),
    { aim },
  );
  tell(`  its peak memory`, `${peak(args).toFixed(0)} MiB`, maxMemory);
}

const kernel = openKernel();
const fixture = path.join(project, 'test/fixtures/objects/bench.bpf.o');

/** A map of the fixture with `count` entries, pinned; answers its pin. `makeKey` writes the key of entry `i`. */
function filled(name, count, makeKey = (view, at, i) => view.setUint32(at, i, true)) {
  const spec = parseObject(readFileSync(fixture), { path: fixture });
  for (const map of spec.maps) map.maxEntries = map.name === name ? count : 1;
  const object = loadObject(kernel, spec);
  const map = object.map(name);
  const { keySize, valueSize } = map.info();
  const cpus = name === 'bench_percpu' ? possibleCpus() : 1;
  const together = 10_000;
  const keys = new Uint8Array(together * keySize);
  const values = new Uint8Array(together * valueSize * cpus);
  const [key, value] = [new DataView(keys.buffer), new DataView(values.buffer)];
  const writer = new ElementWriter(map);
  for (let from = 0; from < count; from += together) {
    const now = Math.min(together, count - from);
    for (let i = 0; i < now; i++) {
      makeKey(key, i * keySize, from + i);
      // The last four bytes of a value are padding.
      for (let at = i * valueSize * cpus; at < (i + 1) * valueSize * cpus; at += 4) {
        value.setUint32(at, at % 32 === 28 ? 0 : Math.imul(from + i + at, 2654435761), true);
      }
    }
    writer.write({ keys, values, count: now });
  }
  const pin = `${pins}/${name}`;
  map.pin(pin);
  object.close();
  return pin;
}

function possibleCpus() {
  const last = /(\d+)\s*$/.exec(readFileSync('/sys/devices/system/cpu/possible', 'utf8'));
  return Number(last?.[1] ?? 0) + 1;
}

/**
 * What a look-up costs beyond its system call: the same call by the FFI alone, with its arguments laid out beforehand and only
 * the key changed, beside that of the library.
 */
function calls() {
  const pin = filled('bench_array', 8);
  const koffi = createRequire(import.meta.url)('koffi');
  const map = BpfMap.openPinned(kernel, pin);
  try {
    const { keySize, valueSize } = map.info();
    const syscall = koffi.load(null).func('syscall', 'long', ['long', 'long', 'int64_t', 'ulong']);
    const memory = new Uint8Array(4096 + valueSize);
    const base = Number(koffi.address(memory));
    const view = new DataView(memory.buffer);
    const [keyAt, valueAt] = [512, 1024];
    view.setUint32(0, map.fd.number, true);
    view.setBigUint64(8, BigInt(base + keyAt), true);
    view.setBigUint64(16, BigInt(base + valueAt), true);
    const bpf = process.arch === 'x64' ? 321 : 280;
    const bare = (i) => {
      view.setUint32(keyAt, i & 7, true);
      if (syscall(bpf, 1, base, 32) !== 0) throw new Error('the look-up failed');
    };
    const key = new Uint8Array(keySize);
    const keyView = new DataView(key.buffer);
    const value = new Uint8Array(valueSize);
    const ours = (i) => {
      keyView.setUint32(0, i & 7, true);
      if (map.lookup(key, value) === undefined) throw new Error('the look-up failed');
    };
    const beyond = [];
    for (let i = 0; i < 9; i++) beyond.push(nanoseconds(ours) - nanoseconds(bare));
    tell('one look-up, beyond its system call by the FFI', `${median(beyond).toFixed(0)} ns`, '<= 300 ns');
  } finally {
    map.close();
    rmSync(pin);
  }
}

/** Nanoseconds of one of many runs. */
function nanoseconds(run, times = 200_000) {
  const begin = process.hrtime.bigint();
  for (let i = 0; i < times; i++) run(i);
  return Number(process.hrtime.bigint() - begin) / times;
}

/** Processor time of this process's ended children so far, in clock ticks. Source: proc_pid_stat(5). */
function childTicks() {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(fields[13]) + Number(fields[14]);
}

/** Ticks of processor time that so many runs take, since a tick is longer than one run. */
function ticksOf(command, args, runs = 60) {
  const before = childTicks();
  for (let i = 0; i < runs; i++) spawnSync(command, args, { stdio: 'ignore' });
  return childTicks() - before;
}

/** The standalone file beside its bare runtime and the reference: starts, look-ups in a loop, dumps. */
async function standalone() {
  const { ownRuntime } = await import('./standalone/runtimes.mjs');
  const made = spawnSync(process.execPath, ['scripts/standalone.mjs', '--file-only', '--outdir', work], {
    cwd: project,
  });
  if (made.status !== 0) throw new Error(String(made.stderr));
  const file = path.join(work, readdirSync(work).find((name) => name.startsWith('tsbpftool-')) ?? '');
  const empty = path.join(work, 'empty.js');
  writeFileSync(empty, '');
  for (const words of [['map', 'show'], ['prog', 'show'], ['version']]) {
    const beside = [];
    for (let i = 0; i < 3; i++) {
      const ours = ticksOf(file, words);
      beside.push([ours / ticksOf(ownRuntime(), [empty]), ours / ticksOf(reference, words)]);
    }
    const [bare, theirs] = [0, 1].map((column) => median(beside.map((pair) => pair[column])).toFixed(2));
    tell(
      `standalone, ${words.join(' ')}: processor time against the bare runtime, and bpftool`,
      `${bare}x, ${theirs}x`,
      '<= 2x, 4.5x',
    );
  }
  const pin = filled('bench', entries);
  const lookup = ['map', 'lookup', 'pinned', pin, 'key', '1', '0', '0', '0'];
  tell(
    'standalone, 200 calls of map lookup: time against bpftool',
    `${(time('/bin/sh', ['-c', loop, 'sh', file, ...lookup]) / time('/bin/sh', ['-c', loop, 'sh', reference, ...lookup])).toFixed(2)}x`,
    '<= 3x',
  );
  for (const [mode, aim] of [
    ['plain', '>= 10x'],
    ['-j', '>= 8x'],
    ['-p', '>= 12x'],
  ]) {
    const args = [...(mode === 'plain' ? [] : [mode]), 'map', 'dump', 'pinned', pin];
    compare(
      `standalone, map dump, hash of ${entries}, ${mode}`,
      () => time(file, args),
      () => time(reference, args),
      { aim },
    );
  }
  const dump = ['btf', 'dump', 'file', vmlinux, 'format', 'c'];
  const ratios = [];
  for (let i = 0; i < 5; i++) ratios.push(time(file, dump) / time(reference, dump));
  tell('standalone, btf dump of vmlinux, C', `${median(ratios).toFixed(2)}x the time`, '<= 1.5x');
  rmSync(pin);
}

const loop = 'for i in $(seq 200); do "$@" >/dev/null; done';

function start() {
  const node = () => time(process.execPath, ['-e', '0']);
  const show = () => time(process.execPath, [tool, 'map', 'show']);
  node();
  show();
  const starts = [];
  for (let i = 0; i < 9; i++) starts.push(show() / node());
  tell('map show: start, against bare node', `${median(starts).toFixed(2)}x the time`, '<= 1.3x');
}

/** BPF_OBJ_GET, then BPF_MAP_LOOKUP_BATCH until the end: the bare calls, on a map with keys of 4 bytes and values of 32. */
const onlyBatches = `
import ctypes, os, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
bpf = lambda command, attr: libc.syscall({'x86_64': 321, 'aarch64': 280}[os.uname().machine], command, attr, 128)
path = ctypes.create_string_buffer(sys.argv[1].encode())
attr = ctypes.create_string_buffer(struct.pack('QII', ctypes.addressof(path), 0, 0), 128)
fd = bpf(7, attr)
room = 16384
keys, values = ctypes.create_string_buffer(room * 4), ctypes.create_string_buffer(room * 32)
at, count, begin = ctypes.create_string_buffer(8), 0, time.perf_counter()
where = ctypes.addressof(at)
came_from = 0
while True:
    attr = ctypes.create_string_buffer(struct.pack('QQQQIIQQ', came_from, where, ctypes.addressof(keys), ctypes.addressof(values), room, fd, 0, 0), 128)
    result = bpf(24, attr)
    count += struct.unpack_from('I', attr, 32)[0]
    came_from = where
    if result < 0:
        break
if ctypes.get_errno() != 2:
    sys.exit(os.strerror(ctypes.get_errno()))
print(time.perf_counter() - begin, count)
`;

/**
 * A dump can take no less than the runtime's start and the time that the kernel itself takes to hand out the elements. Both are
 * measured beside it, since this ratio holds on every machine, which that to bpftool does not.
 */
function compareWithBound(pin) {
  const dump = () => time(process.execPath, [tool, 'map', 'dump', 'pinned', pin]);
  const node = () => time(process.execPath, ['-e', '0']);
  const batches = () => {
    const { status, stdout, stderr } = spawnSync('python3', ['-c', onlyBatches, pin], { encoding: 'utf8' });
    const [seconds, count] = stdout.split(' ').map(Number);
    if (status !== 0 || count !== entries) throw new Error(`reading only batches failed: ${stdout}${stderr}`);
    return seconds ?? 0;
  };
  const ratios = [];
  for (let i = 0; i < 5; i++) ratios.push(dump() / (node() + batches()));
  tell(
    `map dump, hash of ${entries}, plain, against bare node and the kernel's own batches`,
    `${median(ratios).toFixed(2)}x the time`,
    '<= 1.2x',
  );
}

function dumps() {
  const pin = filled('bench', entries);
  compareDump(`hash of ${entries}`, pin, 'plain', '>= 8x');
  compareWithBound(pin);
  compareDump(`hash of ${entries}`, pin, '-j', '>= 6x');
  compareDump(`hash of ${entries}`, pin, '-p', '>= 8x');
  rmSync(pin);
}

function kinds() {
  const few = Math.min(entries, 100_000);
  let pin = filled('bench_bytes', entries);
  compareDump(`hash of ${entries} without BTF`, pin, 'plain', '>= 6x');
  rmSync(pin);
  pin = filled('bench_array', entries);
  compareDump(`array of ${entries}`, pin, 'plain', '>= 5x');
  rmSync(pin);
  pin = filled('bench_percpu', few);
  compareDump(`per-CPU hash of ${few}`, pin, 'plain', '>= 5x');
  rmSync(pin);
  pin = filled('bench_trie', few, (view, at, i) => {
    view.setUint32(at, 32, true);
    view.setUint32(at + 4, Math.imul(i, 2654435761), true);
  });
  compareDump(`LPM trie of ${few}`, pin, 'plain', '>= 5x');
  rmSync(pin);
}

const lines = Math.min(100_000, entries);

/** A file of update lines for a map of the fixture's shape. */
function batchFile(pin) {
  const file = path.join(work, 'batch');
  const value = Array.from({ length: 32 }, (_, i) => (i < 28 ? (i * 37) & 255 : 0)).join(' ');
  const text = [];
  for (let i = 0; i < lines; i++) {
    text.push(`map update pinned ${pin} key ${i & 255} ${(i >> 8) & 255} ${i >> 16} 0 value ${value}\n`);
  }
  writeFileSync(file, text.join(''));
  return file;
}

function batch() {
  const pin = filled('bench', lines);
  const file = batchFile(pin);
  compare(
    `batch of ${lines} map update lines`,
    () => time(process.execPath, [tool, 'batch', 'file', file]),
    () => time(reference, ['batch', 'file', file]),
    { aim: '>= 1.5x' },
  );
  rmSync(pin);
}

function imports() {
  const pin = filled('bench', entries);
  const file = path.join(work, 'lines');
  const updates = batchFile(pin);
  time(process.execPath, [tool, 'map', 'export', 'pinned', pin], file);
  compare(
    `map import of ${entries} entries, against the reference's batch file, per entry`,
    () => time(process.execPath, [tool, 'map', 'import', 'pinned', pin, file]) / entries,
    () => time(reference, ['batch', 'file', updates]) / lines,
    { aim: '>= 5x' },
  );
  tell(`  its peak memory`, `${peak(['map', 'import', 'pinned', pin, file]).toFixed(0)} MiB`, maxMemory);
  tell(`  that of map export`, `${peak(['map', 'export', 'pinned', pin]).toFixed(0)} MiB`, maxMemory);
  rmSync(pin);
}

/** Programs of the object: ten with CO-RE relocations, one of some 500 instructions with calls. */
const programsFile = path.join(project, 'test/fixtures/objects/many-core.bpf.o');

/**
 * Time beyond that of the bare runtime, against the whole time of the reference.
 * @param {string} name
 * @param {() => number} ours
 * @param {() => number} theirs
 * @param {{pairs?: number, aim: string, start?: number}} options `start`: seconds taken for the bare runtime's start
 */
function compareStarted(name, ours, theirs, { pairs = 7, aim, start }) {
  const node = () => start ?? time(process.execPath, ['-e', '0']);
  for (const run of [node, ours, theirs]) run();
  const ratios = [];
  for (let i = 0; i < pairs; i++) ratios.push((ours() - node()) / theirs());
  tell(name, `${median(ratios).toFixed(2)}x the time`, aim);
}

/** The largest object of the corpus, where it was brought here, else of the fixtures. */
function largestObject() {
  const folders = ['.cache/corpus/objects', 'test/fixtures/objects'].map((folder) => path.join(project, folder));
  const folder = folders.find((candidate) => existsSync(candidate)) ?? project;
  const files = readdirSync(folder, { recursive: true })
    .map((name) => path.join(folder, String(name)))
    .filter((file) => file.endsWith('.o'));
  const sized = files.map((file) => ({ file, size: statSync(file).size })).sort((a, b) => b.size - a.size);
  if (sized[0] === undefined) throw new Error('there are no objects');
  return sized[0];
}

function skeletons() {
  const { file, size } = largestObject();
  compareStarted(
    `gen skeleton of ${Math.round(size / 1000)} kB, less bare node`,
    () => time(process.execPath, [tool, 'gen', 'skeleton', file]),
    () => time(reference, ['gen', 'skeleton', file]),
    { aim: '<= 1.5x' },
  );
}

/** Twenty objects that use the kernel's types, each with DWARF: about 600 kB. Undefined where they cannot be compiled here. */
function typedObjects(folder) {
  const header = spawnSync(reference, ['btf', 'dump', 'file', vmlinux, 'format', 'c'], { maxBuffer: 1 << 28 });
  writeFileSync(path.join(folder, 'vmlinux.h'), header.stdout);
  const files = [];
  for (let number = 1; number <= 20; number++) {
    const stem = path.join(folder, `object${number}`);
    writeFileSync(
      `${stem}.bpf.c`,
      `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
SEC("raw_tp/sys_enter") int program_${number}(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct sk_buff *skb = (void *)ctx->args[0];

	return BPF_CORE_READ(task, mm, pgd, pgd) + BPF_CORE_READ(task, pid) + BPF_CORE_READ(skb, dev, ifindex) + ${number};
}
char LICENSE[] SEC("license") = "GPL";
`,
    );
    const words = ['-target', 'bpf', '-g', '-O2', '-c', `${stem}.bpf.c`, '-o', `${stem}.o`];
    if (spawnSync(process.env.CLANG ?? 'clang', words).status !== 0) return undefined;
    files.push(`${stem}.o`);
  }
  return files;
}

function linking() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-bench-'));
  try {
    const files = typedObjects(folder);
    if (files === undefined) return console.log('gen object, min_core_btf: there is no clang with libbpf headers');
    const output = path.join(folder, 'output');
    const ten = files.slice(0, 10);
    const rows = [
      { name: 'gen object of 20 objects of 600 kB', words: ['object', output, ...files], aim: '<= 1.5x' },
      { name: 'gen min_core_btf for 10 objects', words: ['min_core_btf', vmlinux, output, ...ten], aim: '<= 1.0x' },
    ];
    for (const { name, words, aim } of rows) {
      const ours = () => time(process.execPath, [tool, 'gen', ...words]);
      const theirs = () => time(reference, ['gen', ...words]);
      compareStarted(`${name}, less bare node`, ours, theirs, { aim });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const vmlinux = '/sys/kernel/btf/vmlinux';

/** Of a Node that starts quickly the whole time counts. */
function btfDumps() {
  const isQuick = Number(process.versions.node.split('.')[0]) >= 22;
  const formats = [
    ['raw', ['btf', 'dump', 'file', vmlinux]],
    ['-j', ['-j', 'btf', 'dump', 'file', vmlinux]],
    ['C', ['btf', 'dump', 'file', vmlinux, 'format', 'c']],
  ];
  for (const [format, args] of formats) {
    compareStarted(
      `btf dump of vmlinux, ${format}${isQuick ? '' : ', less bare node'}`,
      () => time(process.execPath, [tool, ...args]),
      () => time(reference, args),
      { aim: '<= 1.5x', start: isQuick ? 0 : undefined },
    );
  }
}

/** The library in this process: code that has run before, time from bytes to one type. */
function btfLookup() {
  const bytes = readFileSync(vmlinux);
  const find = () => parseBtf(bytes).findByName('task_struct', 'struct');
  for (let i = 0; i < 20; i++) find();
  const times = [];
  for (let i = 0; i < 20; i++) {
    const begin = process.hrtime.bigint();
    find();
    times.push(Number(process.hrtime.bigint() - begin) / 1e6);
  }
  tell('parse vmlinux and find a type, warm', `${median(times).toFixed(1)} ms`, '<= 15 ms');
  const script = `const { readFileSync } = require('node:fs'); import(process.argv[1]).then(({ parseBtf }) => {
    const bytes = readFileSync('${vmlinux}'); gc(); const before = process.memoryUsage();
    const btf = parseBtf(bytes); btf.findByName('task_struct', 'struct'); gc(); const after = process.memoryUsage();
    console.log((after.heapUsed + after.external - before.heapUsed - before.external) / 2 ** 20, btf.typeCount);
  });`;
  const library = path.join(project, 'dist/lib/btf.js');
  const run = spawnSync(process.execPath, ['--expose-gc', '-e', script, library], { encoding: 'utf8' });
  tell('  its memory beside the file', `${Number.parseFloat(run.stdout).toFixed(1)} MiB`, '<= 30 MiB');
}

function loads() {
  const folder = `${pins}/loaded`;
  const load = (words, more) => {
    const seconds = time(words[0], [...words.slice(1), 'prog', 'loadall', programsFile, folder, ...more]);
    rmSync(folder, { recursive: true });
    return seconds;
  };
  // With BTF of its own choice no kernel takes relocations off the loader.
  for (const [how, more] of [
    ['', []],
    [', all relocations made by the loader', ['kernel_btf', vmlinux]],
  ]) {
    compareStarted(
      `prog loadall of 11 programs with CO-RE relocations${how}, less bare node`,
      () => load([process.execPath, tool], more),
      () => load([reference], more),
      { aim: '<= 1.5x' },
    );
  }
}

function xlated() {
  const folder = `${pins}/xlated`;
  time(reference, ['prog', 'loadall', programsFile, folder]);
  const args = ['prog', 'dump', 'xlated', 'pinned', `${folder}/m_long`];
  const name = 'prog dump xlated of some 500 instructions with calls';
  const ratios = [];
  for (let i = 0; i < 7; i++) ratios.push(time(process.execPath, [tool, ...args]) / time(reference, args));
  tell(name, `${median(ratios).toFixed(2)}x the time`, '<= 1x');
  rmSync(folder, { recursive: true });
}

function shows() {
  const spec = parseObject(readFileSync(programsFile), { path: programsFile });
  const objects = [];
  while (objects.length * spec.programs.filter(({ subprogram }) => !subprogram).length < 200) {
    objects.push(loadObject(kernel, spec));
  }
  const show = (...command) => time(command[0], [...command.slice(1), 'prog', 'show']);
  const compareShow = (how, theirs) =>
    compareStarted(`prog show of 200 programs and who holds them${how}`, () => show(process.execPath, tool), theirs, {
      aim: '<= 1.5x',
    });
  // Debian's bpftool is built without the skeletons that it would look for holders with.
  compareShow(', which that bpftool does not look for, less bare node', () => show(reference));
  const looking = process.env.BPFTOOL_LLVM ?? path.join(project, '.cache/reference-llvm/bpftool');
  if (existsSync(looking)) {
    const how = ', which that bpftool looks for, less the start of both';
    compareShow(how, () => show(looking) - time(looking, ['version']));
  }
  for (const object of objects) object.close();
}

const CLONE_NEWNET = 0x40000000;

/** Runs `body`, and the programs it starts, in a network namespace of its own. */
function inOwnNetwork(body) {
  const name = `tnt_bench_${process.pid}`;
  run('ip', ['netns', 'add', name]);
  const own = openSync('/proc/thread-self/ns/net', 'r');
  const there = openSync(`/run/netns/${name}`, 'r');
  try {
    if (kernel.setNamespace(there, CLONE_NEWNET) < 0) throw new Error('the network namespace cannot be entered');
    body();
  } finally {
    kernel.setNamespace(own, CLONE_NEWNET);
    for (const fd of [own, there]) closeSync(fd);
    run('ip', ['netns', 'del', name]);
  }
}

function run(command, args, input = '') {
  const { status, stderr, stdout } = spawnSync(command, args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}${stdout}`);
}

/** Each of half the pairs has a program of its own on XDP and one on tcx. */
function networks() {
  const [pairs, attached] = [200, 100];
  const numbers = Array.from({ length: pairs }, (_, i) => i);
  inOwnNetwork(() => {
    const links = numbers.map(
      (i) => `link add v${i} type veth peer name p${i}\nlink set v${i} up\nlink set p${i} up\n`,
    );
    run('ip', ['-batch', '-'], links.join(''));
    const fixtures = path.join(project, 'test/fixtures/objects');
    const lines = numbers
      .slice(0, attached)
      .flatMap((i) => [
        `prog load ${fixtures}/run-xdp.bpf.o ${pins}/xdp${i}`,
        `net attach xdp pinned ${pins}/xdp${i} dev v${i}`,
        `prog load ${fixtures}/tcx.bpf.o ${pins}/tcx${i}`,
        `net attach tcx_ingress pinned ${pins}/tcx${i} dev p${i}`,
      ]);
    run(reference, ['batch', 'file', '-'], `${lines.join('\n')}\n`);
    const show = (...command) => time(command[0], [...command.slice(1), 'net', 'show']);
    compareStarted(
      `net show of ${pairs} veth pairs, ${attached} XDP and ${attached} tcx programs, less bare node`,
      () => show(process.execPath, tool),
      () => show(reference),
      { aim: '<= 1x' },
    );
    for (const file of readdirSync(pins)) rmSync(path.join(pins, file));
  });
}

function features() {
  const probe = (...command) => time(command[0], [...command.slice(1), 'feature', 'probe', 'full']);
  compareStarted(
    'feature probe full, less bare node',
    () => probe(process.execPath, tool),
    () => probe(reference),
    { aim: '<= 1x' },
  );
}

/** Every tenth of the groups has a program of its own. */
function groups() {
  const [count, attached] = [2000, 200];
  const mounted = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .find((fields) => fields[2] === 'cgroup2')?.[1];
  if (mounted === undefined) throw new Error('no cgroup2 file system is mounted');
  const root = path.join(mounted, `tsbpftool-bench-${process.pid}`);
  // Forty groups side by side, each with those below it.
  const folders = Array.from({ length: count }, (_, i) =>
    i < 40 ? path.join(root, `g${i}`) : path.join(root, `g${i % 40}`, `h${i}`),
  );
  const object = path.join(project, 'test/fixtures/objects/cgroup-names.bpf.o');
  try {
    for (const folder of [root, ...folders]) mkdirSync(folder);
    const lines = Array.from({ length: attached }, (_, i) => [
      `prog load ${object} ${pins}/group${i}`,
      `cgroup attach ${folders[(i * count) / attached]} ingress pinned ${pins}/group${i} multi`,
    ]);
    run(reference, ['batch', 'file', '-'], `${lines.flat().join('\n')}\n`);
    const tree = (...command) => time(command[0], [...command.slice(1), 'cgroup', 'tree', root]);
    compareStarted(
      `cgroup tree of ${count} groups with ${attached} programs, less bare node`,
      () => tree(process.execPath, tool),
      () => tree(reference),
      { aim: '<= 1x' },
    );
  } finally {
    for (const folder of [...folders.reverse(), root]) if (existsSync(folder)) rmdirSync(folder);
    for (const file of readdirSync(pins)) rmSync(path.join(pins, file), { recursive: true });
  }
}

/** Milliseconds of processor that all threads of a process have had. */
function processorOf(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ns = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return ns.reduce((sum, value) => sum + value, 0) / 1e6;
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Views of an inventory of 200 programs, each with a map of its own, that are pinned. */
async function inventory() {
  const count = 200;
  const numbers = Array.from({ length: count }, (_, i) => i);
  const lines = numbers.flatMap((i) => [
    `map create ${pins}/m${i} type hash key 4 value 8 entries 64 name bench_map${i}`,
    `prog load ${path.join(project, 'test/fixtures/objects/run-tc.bpf.o')} ${pins}/p${i}`,
  ]);
  run(reference, ['batch', 'file', '-'], `${lines.join('\n')}\n`);
  const file = path.join(work, 'inventory');
  const beyondStart = (what, words, aim) => {
    const turns = Array.from({ length: 9 });
    const beyond = turns.map(
      () => time(process.execPath, [tool, ...words], file) - time(process.execPath, ['-e', '0']),
    );
    tell(what, `${(median(beyond) * 1000).toFixed(0)} ms`, aim);
  };
  beyondStart(
    `snapshot of ${count} programs and ${count} maps, beyond a start of node`,
    ['snapshot', file],
    '<= 150 ms',
  );
  const words = ['graph', '--format', 'svg', '--snapshot', file];
  time(process.execPath, [tool, 'snapshot', file]);
  const kept = path.join(work, 'kept');
  run('cp', [file, kept]);
  beyondStart(
    'graph of 400 nodes and their pins as SVG, beyond a start of node',
    [...words.slice(0, -1), kept],
    '< 200 ms',
  );

  const server = spawn(process.execPath, [tool, 'metrics', '--listen', ':0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const told = await new Promise((resolve) => server.stderr?.once('data', (text) => resolve(String(text))));
  const [address = ''] = /http:\S+/.exec(told) ?? [];
  const scrapes = [];
  for (let i = 0; i < 15; i++) {
    const before = processorOf(server.pid);
    await (await fetch(address)).text();
    await sleep(1100);
    scrapes.push(processorOf(server.pid) - before);
  }
  server.kill();
  tell(
    `one scrape of ${count} programs and ${count} maps, processor`,
    `${median(scrapes).toFixed(1)} ms (first ${scrapes[0].toFixed(0)})`,
    '<= 15 ms',
  );

  const out = openSync('/dev/null', 'w');
  const table = spawn(process.execPath, [tool, 'top', '-n', '60'], { stdio: ['ignore', out, 'inherit'] });
  await sleep(8000);
  const before = processorOf(table.pid);
  await sleep(15_000);
  const share = (processorOf(table.pid) - before) / 15_000;
  const [, peakKib] = /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${table.pid}/status`, 'utf8')) ?? [];
  const memory = Number(peakKib) / 1024;
  table.kill();
  closeSync(out);
  tell(`top of ${count} programs at one a second, processor`, `${(share * 100).toFixed(2)} %`, '< 1 %');
  tell('top, peak memory', `${memory.toFixed(0)} MiB`, '<= 70 MiB');

  const watcher = spawn(process.execPath, [tool, '-j', 'watch', '--duration', '30'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  watcher.stdout?.on('data', (part) => {
    text += part;
  });
  await sleep(2000);
  const object = parseObject(readFileSync(path.join(project, 'test/fixtures/objects/run-tc.bpf.o')), {
    path: 'run-tc.bpf.o',
  });
  for (let i = 0; i < 1000; i++) loadObject(kernel, object).close();
  await sleep(2000);
  watcher.kill('SIGINT');
  await new Promise((resolve) => watcher.once('exit', resolve));
  const events = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const counted = (event) => events.filter((item) => item.event === event).length;
  const lost = events.reduce((sum, { count: missed = 0 }) => sum + missed, 0);
  tell(
    'watch: 1,000 programs loaded and freed',
    `${counted('load')} and ${counted('unload')} told, ${lost} lost`,
    'all, or counted',
  );
}

mkdirSync(work, { recursive: true });
mkdirSync(pins, { recursive: true });
try {
  if (wants('calls')) calls();
  if (wants('library')) {
    const dumpTime = (pin) => time(reference, ['-j', 'map', 'dump', 'pinned', pin]);
    await libraryRows({ library, filled, tell, median, dumpTime, folder: work, pins });
  }
  if (wants('start')) start();
  if (wants('standalone')) await standalone();
  if (wants('dump')) dumps();
  if (wants('kinds')) kinds();
  if (wants('batch')) batch();
  if (wants('import')) imports();
  if (wants('btf')) {
    btfDumps();
    btfLookup();
  }
  if (wants('load')) loads();
  if (wants('gen')) {
    skeletons();
    linking();
  }
  if (wants('xlated')) xlated();
  if (wants('show')) shows();
  if (wants('net')) networks();
  if (wants('feature')) features();
  if (wants('cgroup')) groups();
  if (wants('inventory')) await inventory();
  if (wants('trace')) await traceRows({ library, tell, median, processorOf, folder: work });
} finally {
  rmSync(pins, { recursive: true, force: true });
  rmSync(work, { recursive: true, force: true });
}
console.log('');
printTable([['measure', 'figure', 'aim'], ...rows]);
