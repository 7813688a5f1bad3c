// What the library costs: look-ups, iteration and events beside the bare system call, the reference and the kernel's own counts.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { rmSync, writeFileSync } from 'node:fs';
import { project, tool } from '../lib/project.mjs';

/**
 * @typedef {object} Bench
 * @property {any} library what the package exports
 * @property {(name: string, count: number) => string} filled makes a filled map; its pin
 * @property {(name: string, figure: string, aim: string) => void} tell prints a row
 * @property {(list: number[]) => number} median
 * @property {(pin: string) => number} dumpTime seconds of the reference's `-j map dump`
 * @property {string} folder for files
 * @property {string} pins for pins
 */

/** @param {Bench} bench */
export async function libraryRows(bench) {
  getRow(bench);
  await iterationRow(bench);
  await eventRows(bench);
}

/** `TypedMap.get` of a struct of 32 bytes, and the same system call by the FFI alone, its arguments laid out beforehand. */
function getRow({ library, filled, tell, median }) {
  const pin = filled('bench', 1000);
  const koffi = createRequire(import.meta.url)('koffi');
  const kernel = library.openKernel();
  const map = library.BpfMap.openPinned(kernel, pin);
  const typed = new library.TypedMap(library.BpfMap.openPinned(kernel, pin));
  const syscall = koffi.load(null).func('syscall', 'long', ['long', 'long', 'int64_t', 'ulong']);
  const memory = new Uint8Array(8192);
  const base = Number(koffi.address(memory));
  const view = new DataView(memory.buffer);
  view.setUint32(0, map.fd.number, true);
  view.setBigUint64(8, BigInt(base + 512), true);
  view.setBigUint64(16, BigInt(base + 1024), true);
  const bpf = process.arch === 'x64' ? 321 : 280;
  const bare = (i) => {
    view.setUint32(512, i % 1000, true);
    if (syscall(bpf, 1, base, 32) !== 0) throw new Error('the look-up failed');
  };
  const ours = (i) => {
    if (typed.get(i % 1000) === undefined) throw new Error('the look-up failed');
  };
  const ratios = [];
  const times = [];
  for (let i = 0; i < 9; i++) {
    const [library, alone] = [nanoseconds(ours), nanoseconds(bare)];
    ratios.push(library / alone);
    times.push(library);
  }
  typed.close();
  map.close();
  rmSync(pin);
  const figure = `${median(ratios).toFixed(2)}x (${median(times).toFixed(0)} ns)`;
  tell('TypedMap.get of a struct of 32 bytes, against the bare system call', figure, '<= 3x');
}

/** Starts to measure; what it returns tells the seconds since then, by the clock and of the processor. */
function startClock() {
  const [begin, used] = [process.hrtime.bigint(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(used);
    return [Number(process.hrtime.bigint() - begin) / 1e9, (user + system) / 1e6];
  };
}

/** Rates by the clock, and by the processor's time, which other work on the machine does not change as much. */
function perSecond(rates, median) {
  const [byClock, byProcessor] = [0, 1].map((i) => (median(rates.map((pair) => pair[i])) / 1e6).toFixed(2));
  return `${byClock} M/s (${byProcessor} M/s of processor time)`;
}

function nanoseconds(run, times = 100_000) {
  const begin = process.hrtime.bigint();
  for (let i = 0; i < times; i++) run(i);
  return Number(process.hrtime.bigint() - begin) / times;
}

async function iterationRow({ library, filled, tell, median, dumpTime }) {
  const count = 1_000_000;
  const pin = filled('bench', count);
  const rates = [];
  const ratios = [];
  for (let i = 0; i < 3; i++) {
    const map = library.maps.pinned(library.openKernel(), pin);
    const clock = startClock();
    let seen = 0;
    let sum = 0n;
    for await (const [, value] of map) {
      sum += value.packets;
      seen++;
    }
    const [seconds, ofProcessor] = clock();
    map.close();
    if (seen !== count || sum === 0n) throw new Error(`${seen} of ${count} entries`);
    rates.push([seen / seconds, seen / ofProcessor]);
    ratios.push(dumpTime(pin) / seconds);
  }
  rmSync(pin);
  const figure = `${perSecond(rates, median)}, ${median(ratios).toFixed(1)}x`;
  tell('1,000,000 entries, typed: a second, and against bpftool -j map dump', figure, '>= 3 M/s or >= 3x');
}

/** A full ring is drained, then one that is filled meanwhile by another process, and every event is accounted for. */
async function eventRows({ library, tell, median, folder, pins }) {
  const file = path.join(project, 'test/fixtures/objects/ring-flood.bpf.o');
  const packet = path.join(folder, 'packet');
  writeFileSync(packet, Buffer.alloc(64));
  const object = library.load(file);
  const pin = `${pins}/flood`;
  try {
    object.programs.run.pin(pin);
    const { flood } = object.maps;
    flood.open();
    const fill = (repeat) =>
      new Promise((resolve, reject) => {
        const words = [tool, 'prog', 'run', 'pinned', pin, 'data_in', packet, 'repeat', String(repeat)];
        const child = spawn(process.execPath, words, { stdio: 'ignore' });
        child.on('exit', (status) => (status === 0 ? resolve(undefined) : reject(new Error('the flood failed'))));
      });
    let received = 0;
    const waiting = () => Number(object.variables.sent.get()) - received;
    const drain = async (events, most = Number.POSITIVE_INFINITY) => {
      const clock = startClock();
      let seen = 0;
      if (most > 0) for await (const _ of events) if (++seen === most) break;
      received += seen;
      return clock().map((seconds) => seen / seconds);
    };
    /** @type {[string, () => AsyncIterable<unknown>, string][]} */
    const kinds = [
      ['undecoded', () => flood.raw(), '>= 2 M/s'],
      ['decoded', () => flood.records({ type: 'flood_t' }), '>= 0.7 M/s'],
    ];
    for (const [name, events, aim] of kinds) {
      const rates = [];
      for (let i = 0; i < 4; i++) {
        await fill(800);
        rates.push(await drain(events(), waiting()));
      }
      tell(`ring buffer, events of 64 bytes a second, ${name}`, perSecond(rates.slice(1), median), aim);
    }
    const ended = new AbortController();
    const flooding = fill(4000).then(() => ended.abort());
    await Promise.all([drain(flood.raw(ended.signal)), flooding]);
    // What came while nobody looked is there, and nothing else.
    const [sent, refused] = [object.variables.sent.get(), object.variables.refused.get()];
    await drain(flood.raw({ deadline: Date.now() + 60_000 }), waiting());
    const figure = `${sent - BigInt(received)} of ${sent} (besides ${refused} refused and counted for want of room)`;
    tell('events lost that the kernel did not count', figure, '0');
  } finally {
    object.close();
  }
}
