// Programs on probes, trampolines, LSM hooks and iterators: attached where their sections say, then really called.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { BpfMap, BpfProgram, PerfBuffer } from '../../src/kernel/index.ts';
import { type AttachContext, attachKprobe, autoAttach, type LoadedLink, loadObject } from '../../src/loader/index.ts';
import { parseObject } from '../../src/object/index.ts';
import { openKernel } from '../../src/sys/index.ts';
import { FeatureMissing, orSkip } from '../support/feature.ts';
import { Attr } from '../support/parity/fixtures/raw.ts';

const project = path.resolve(import.meta.dirname, '../..');
const kernel = openKernel();
const BPF_ITER_CREATE = 33;

function needs(file: string): void {
  if (!existsSync(file)) throw new FeatureMissing(`this kernel is built without ${file}`);
}

/** Loads a fixture, attaches its programs, lets `act` cause what they wait for, answers the counters of its .bss by name. */
function countHits(name: string, act: (links: Map<string, LoadedLink>) => void): Record<string, number> {
  const file = path.join(project, 'test/fixtures/objects', `${name}.bpf.o`);
  const told: string[] = [];
  const log = (level: string, text: string) => void (level === 'warn' && told.push(text));
  const spec = parseObject(readFileSync(file), { path: file, log });
  const object = loadObject(kernel, spec, { log });
  const links = new Map<string, LoadedLink>();
  try {
    const context: AttachContext = { kernel, log, object };
    for (const program of object.programs) {
      const link = autoAttach(context, program);
      expect(link, `${program.name} attaches\n${told.join('\n')}`).toBeDefined();
      links.set(program.name, link!);
    }
    act(links);
    const bss = object.maps.find((map) => map.name.endsWith('.bss'))!;
    const map = bss;
    const value = new Uint8Array(map.info().valueSize);
    expect(map.lookup(new Uint8Array(4), value)).toBe(value);
    map.close();
    const view = new DataView(value.buffer);
    const variables = spec.variables.filter((variable) => variable.name.startsWith('hits_'));
    return Object.fromEntries(variables.map(({ name, offset }) => [name, view.getUint32(offset, true)]));
  } finally {
    for (const link of links.values()) link.close();
    object.close();
  }
}

const sleep = () => expect(spawnSync('sleep', ['0.01']).status).toBe(0);

describe('attached programs are called', () => {
  it('kprobe, kretprobe, ksyscall', (context) => {
    orSkip(context, () => {
      needs('/sys/bus/event_source/devices/kprobe/type');
      const hits = countHits('kernel-probes', sleep);
      expect(hits.hits_kprobe).toBeGreaterThan(0);
      expect(hits.hits_kretprobe).toBeGreaterThan(0);
      expect(hits.hits_ksyscall).toBeGreaterThan(0);
    });
  });

  it('uprobe, uretprobe', (context) => {
    orSkip(context, () => {
      needs('/sys/bus/event_source/devices/uprobe/type');
      const hits = countHits('user-probes', () => expect(spawnSync('ip', ['link']).status).toBe(0));
      expect(hits.hits_uprobe).toBeGreaterThan(0);
      expect(hits.hits_uretprobe).toBeGreaterThan(0);
    });
  });

  it('statically defined probes of a program, with their arguments', (context) => {
    orSkip(context, () => {
      needs('/sys/bus/event_source/devices/uprobe/type');
      needs('/usr/bin/python3');
      const hits = countHits('static-probes', () => {
        const script = 'import gc; gc.collect(1); gc.collect(1)';
        expect(spawnSync('/usr/bin/python3', ['-c', script]).status).toBe(0);
      });
      expect(hits.hits_start).toBeGreaterThan(2);
      expect(hits.hits_done).toBe(hits.hits_start);
      expect(hits.hits_middle).toBeGreaterThan(1);
      expect(hits.hits_middle).toBeLessThan(hits.hits_start!);
    });
  });

  it('fentry, fexit, LSM hook, iterator', (context) => {
    orSkip(context, () => {
      const hits = countHits('tracing', (links) => {
        sleep();
        closeSync(openSync('/proc/self/stat', 'r'));
        const iterator = new Attr().u32(0, links.get('on_iter')!.fd.number).call(BPF_ITER_CREATE, 'making an iterator');
        expect(readSync(iterator, Buffer.alloc(16))).toBe(0);
        closeSync(iterator);
      });
      expect(hits.hits_fentry).toBeGreaterThan(0);
      expect(hits.hits_fexit).toBeGreaterThan(0);
      expect(hits.hits_lsm).toBeGreaterThan(0);
      expect(hits.hits_iter).toBeGreaterThan(1);
    });
  });
});

describe('the walk-through on a kprobe of the execve system call', () => {
  const pins = '/sys/fs/bpf/walk_kprobe';
  const tool = (line: string) => {
    const words = line.split(' ');
    const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/tsbpftool.js', ...words], {
      encoding: 'utf8',
      cwd: project,
    });
    expect({ line, status, stderr }).toEqual({ line, status: 0, stderr: '' });
    return stdout;
  };
  const hex = (text: string) =>
    Buffer.from(text.padEnd(13, '\0'))
      .toString('hex')
      .replace(/(..)(?=.)/g, '$1 ');

  it('is loaded, fed from the command line, attached, and greets who starts a program', (context) => {
    orSkip(context, () => {
      needs('/sys/bus/event_source/devices/kprobe/type');
      rmSync(pins, { recursive: true, force: true });
      mkdirSync(pins);
      const open: { close(): void }[] = [];
      try {
        tool(`prog load examples/hello-buffer-config.bpf.o ${pins}/hello type kprobe pinmaps ${pins}/maps`);
        expect(tool(`prog show pinned ${pins}/hello`)).toMatch(/^\d+: kprobe {2}name hello {2}tag /);
        const id = JSON.parse(tool(`-j map show pinned ${pins}/maps/config`)).id as number;
        tool(`map update id ${id} key 0 0 0 0 value hex ${hex('Hey root!')}`);
        expect(JSON.parse(tool(`map dump id ${id}`))).toEqual([{ key: 0, value: { message: 'Hey root!' } }]);

        const program = BpfProgram.openPinned(kernel, `${pins}/hello`);
        open.push(program);
        const output = BpfMap.openPinned(kernel, `${pins}/maps/output`);
        open.push(output);
        const reader = new PerfBuffer(kernel, output.fd.number);
        open.push(reader);
        const told: string[] = [];
        const attachable = {
          name: 'hello',
          fd: program.fd.number,
          spec: { sectionName: 'kprobe', expectedAttachType: 0 },
        };
        const where = { function: '__x64_sys_execve' };
        open.push(attachKprobe({ kernel, log: (_level, text) => void told.push(text) }, attachable, where));

        expect(spawnSync('/bin/sh', ['-c', 'exit 0']).status).toBe(0);
        const messages = new Set<string>();
        for (let tries = 0; tries < 50 && messages.size === 0; tries++) {
          reader.poll(100, (record) => {
            if (record.kind !== 'sample') return;
            messages.add(Buffer.from(record.data.subarray(24, 37)).toString().replace(/\0.*$/s, ''));
          });
        }
        expect([...messages], told.join('\n')).toEqual(['Hey root!']);
      } finally {
        for (const object of open.reverse()) object.close();
        rmSync(pins, { recursive: true, force: true });
      }
    });
  });
});
