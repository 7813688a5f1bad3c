// Loads an object with each program and compares what each said and what it left in the kernel. Runs on this machine and inside
// virtual ones, so it needs nothing but Node, and a BPF file system of its own at /sys/fs/bpf.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from './run.mjs';

const root = '/sys/fs/bpf';
const programPins = `${root}/corpus`;
const mapPins = `${root}/corpus-maps`;

/** Where a folder of pins comes from: iterators that some kernels pin when the file system is mounted. */
const kernelsOwn = ['maps.debug', 'progs.debug'];

/**
 * One object through both programs, one after the other.
 * @param {{file: string, reference: string[], ours: string[], texts: boolean}} how `texts`: the disassembly is compared too, for
 * which the reference reads all symbols each time; the code itself is always compared
 * @returns {Promise<{loads: boolean, reason?: string, programs: number, maps: number, differences: string[]}>} whether it
 * loads in the reference and why not
 */
export async function compareLoad({ file, reference, ours, texts }) {
  const theirs = await attempt(reference, { file, reference, texts });
  const own = await attempt(ours, { file, reference, texts });
  const differences = [];
  for (const key of Object.keys(theirs)) {
    const [left, right] = [JSON.stringify(theirs[key]), JSON.stringify(own[key])];
    if (left !== right) differences.push(`${key}: ${unequal(theirs[key], own[key])}`);
  }
  const loads = theirs.status === 0;
  return {
    loads,
    ...(loads ? {} : { reason: reasonOf(theirs.stderr) }),
    programs: theirs.programs.length,
    maps: theirs.maps.length,
    differences,
  };
}

async function attempt(program, { file, reference, texts }) {
  removePins();
  try {
    const result = await run(program, ['prog', 'loadall', file, programPins, 'pinmaps', mapPins]);
    return {
      status: result.status,
      stdout: result.stdout.toString('latin1'),
      stderr: withoutChance(result.stderr.toString('latin1')),
      ...(await inKernel(reference, texts)),
    };
  } finally {
    removePins();
  }
}

/** What is pinned, and what the kernel says of it, without ids and times. */
async function inKernel(reference, texts) {
  const pins = pinsBelow(root);
  const programs = pins.filter((pin) => pin.startsWith(`${programPins}/`));
  const maps = pins.filter((pin) => !pin.startsWith(`${programPins}/`));
  if (pins.length === 0) return { pins, programs: [], maps: [], codes: [], texts: [], contents: [] };
  const work = mkdtempSync(path.join(os.tmpdir(), 'corpus-'));
  try {
    const raw = programs.map((_pin, index) => path.join(work, String(index)));
    const shown = await batch(reference, [
      ...programs.map((pin) => `prog show pinned ${pin}`),
      ...maps.map((pin) => `map show pinned ${pin}`),
      ...programs.map((pin, index) => `prog dump xlated pinned ${pin} file ${raw[index]}`),
      ...maps.filter(isData).map((pin) => `map dump pinned ${pin}`),
    ]);
    const facts = shown.slice(0, pins.length).map(withoutIds);
    const lines = (texts ? programs : []).map((pin) => `prog dump xlated pinned ${pin} opcodes`);
    const text =
      lines.length === 0 ? undefined : await run(reference, ['batch', 'file', '-'], { input: lines.join('\n') });
    if (text !== undefined && text.status !== 0) throw new Error(`batch failed: ${text.stderr}`);
    return {
      pins,
      programs: facts.slice(0, programs.length),
      maps: facts.slice(programs.length),
      codes: raw.map((name) => code(readFileSync(name))),
      texts: text === undefined ? [] : withoutMapIds(text.stdout.toString('latin1')).split('\n'),
      contents: shown.slice(pins.length + programs.length),
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The maps a compiler makes of variables. */
function isData(pin) {
  return /rodata|data|bss|kconfig/.test(path.basename(pin));
}

/** The JSON of several commands of the reference, run by one process. */
async function batch(reference, commands) {
  const result = await run(reference, ['-j', 'batch', 'file', '-'], { input: `${commands.join('\n')}\n` });
  const shown = JSON.parse(result.stdout.toString('utf8')).map(({ output }) => output);
  if (result.status !== 0 || shown.length !== commands.length) {
    throw new Error(`of ${commands.length} commands ${shown.length} ended: ${JSON.stringify(shown.at(-1))}`);
  }
  return shown;
}

/** Also without the length of machine code, which depends on where maps lie. */
function withoutIds({ id, loaded_at, btf_id, map_ids, pids, bytes_memlock, bytes_jited, ...rest }) {
  return { ...rest, hasBtf: Number(btf_id) > 0, maps: map_ids?.length };
}

/** Instructions in hexadecimal; in place of a map's id stands its order of appearance. */
function code(bytes) {
  const order = new Map();
  const slots = [];
  for (let at = 0; at < bytes.length; at += 8) {
    const isMap = bytes[at] === 0x18 && [1, 2].includes(bytes[at + 1] >> 4);
    if (isMap) {
      const id = bytes.readUInt32LE(at + 4);
      if (!order.has(id)) order.set(id, order.size);
      bytes.writeUInt32LE(order.get(id), at + 4);
    }
    slots.push(bytes.toString('hex', at, at + 8));
  }
  return slots;
}

/** Map ids, in the text and in the bytes of the instructions, become their order of appearance. */
function withoutMapIds(text) {
  const order = new Map();
  let known;
  const lines = text.split('\n').map((line) => {
    const match = /map\[id:(\d+)\]/.exec(line);
    if (match !== null) {
      if (!order.has(match[1])) order.set(match[1], order.size);
      known = `map ${order.get(match[1])}`;
      return line.replace(match[0], `[${known}]`);
    }
    if (known === undefined) return line;
    const told = line.replace(/(18 [12][0-9a-f] 00 00) (?:[0-9a-f]{2} ?){4}/, `$1 id `);
    if (told !== line) known = undefined;
    return told;
  });
  return withoutChance(lines.join('\n'));
}

/** Without kernel addresses and times. */
function withoutChance(text) {
  return text.replace(/ff[0-9a-f]{14}\b/g, 'ADDRESS').replace(/verification time \d+ usec/g, 'verification time');
}

/** Why the reference refuses, with names and numbers left out so that reasons can be counted. */
function reasonOf(stderr) {
  const lines = stderr.split('\n').filter((line) => /^(libbpf|Error): /.test(line) && !/Retrying/.test(line));
  const line = lines.find((told) => /fail|error|can't|not |unknown|invalid/i.test(told)) ?? lines.at(-1) ?? stderr;
  return line
    .replace(/^(libbpf|Error): /, '')
    .replace(/'[^']*'/g, "'…'")
    .replace(/#\d+|\b0x[0-9a-f]+|\b\d+\b(?!.*errno)/g, 'N')
    .trim();
}

/** The first thing that differs between two values. */
function unequal(left, right) {
  if (typeof left === 'string' && typeof right === 'string') return unequal(left.split('\n'), right.split('\n'));
  if (!Array.isArray(left) || !Array.isArray(right)) {
    return `\n    reference: ${told(left)}\n    ours:      ${told(right)}`;
  }
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    if (JSON.stringify(left[at]) === JSON.stringify(right[at])) continue;
    if (Array.isArray(left[at]) && Array.isArray(right[at])) return `[${at}] ${unequal(left[at], right[at])}`;
    return `[${at}]\n    reference: ${told(left[at])}\n    ours:      ${told(right[at])}`;
  }
  return '';
}

function told(value) {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 400);
}

function pinsBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !kernelsOwn.includes(name))
    .sort()
    .flatMap((name) => {
      const pin = path.join(folder, name);
      return statSync(pin).isDirectory() ? pinsBelow(pin) : [pin];
    });
}

function removePins() {
  for (const name of readdirSync(root)) {
    if (!kernelsOwn.includes(name)) rmSync(path.join(root, name), { recursive: true, force: true });
  }
}
