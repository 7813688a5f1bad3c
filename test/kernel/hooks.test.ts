// Programs attached to what the caller names: devices, cgroups, network namespaces; in the order that is asked for.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Errno, UsageError } from '../../src/errors/index.ts';
import { queryAttached } from '../../src/kernel/index.ts';
import { attachCgroup, attachNetkit, attachNetns, attachTcx, type LoadedLink } from '../../src/loader/index.ts';
import { ObjectError } from '../../src/object/index.ts';
import { bpf_attach_type } from '../../src/uapi/index.ts';
import { FeatureMissing, kernelAtLeast, orSkip } from '../support/feature.ts';
import { kernel, type LoadedFixture, loadFixture } from '../support/live/objects.ts';

const device = `hooks${process.pid}`;

function programId(fixture: LoadedFixture, name: string): number {
  const program = fixture.object.program(name)!;
  return program.info().id;
}

function linkId(link: LoadedLink): number {
  const opened = link;
  return opened.info().id;
}

/** Programs of a hook, in the order they run, and its revision. */
function attached(request: { ifindex?: number; targetFd?: number; attachType: number }) {
  const answer = queryAttached(kernel, request);
  if (typeof answer === 'number') throw new Error(`asking for a hook's programs fails with errno ${-answer}`);
  return { ids: answer.programs.map(({ id }) => id), revision: answer.revision };
}

describe('programs of a device', () => {
  beforeAll(() => void execFileSync('ip', ['link', 'add', device, 'type', 'veth', 'peer', 'name', `${device}p`]));
  afterAll(() => void spawnSync('ip', ['link', 'del', device]));
  const hook = () => ({ ifindex: kernel.interfaceIndex(device)!, attachType: bpf_attach_type.BPF_TCX_INGRESS });

  it('run in the order they were told to', (context) => {
    orSkip(context, () => {
      if (!kernelAtLeast('6.6')) throw new FeatureMissing('tcx', '6.6');
      const { ifindex } = hook();
      using first = loadFixture('tcx');
      using second = loadFixture('tcx');
      using third = loadFixture('tcx');
      const ids = [first, second, third].map((fixture) => programId(fixture, 'on_ingress'));
      const program = (fixture: LoadedFixture) => fixture.object.program('on_ingress')!;
      using link = attachTcx(first.context, program(first), { ifindex });
      const beside = { kind: 'link', id: linkId(link) } as const;
      using _second = attachTcx(second.context, program(second), { ifindex, place: 'before', relativeTo: beside });
      const { revision } = attached(hook());
      using _third = attachTcx(third.context, program(third), {
        ...{ ifindex, place: 'after', expectedRevision: revision },
        relativeTo: { kind: 'program', fd: program(second).fd.number },
      });
      expect(attached(hook()).ids).toEqual([ids[1], ids[2], ids[0]]);
      const stale = { ifindex, expectedRevision: revision };
      using fourth = loadFixture('tcx');
      expect(() => attachTcx(fourth.context, program(fourth), stale)).toThrow(
        expect.objectContaining({ name: 'ObjectError', errno: Errno.ESTALE }),
      );
      using _last = attachTcx(fourth.context, program(fourth), { ifindex, place: 'before' });
      expect(attached(hook()).ids[0]).toBe(programId(fourth, 'on_ingress'));
    });
  });

  it('are refused where the target or the order makes no sense', () => {
    using fixture = loadFixture('tcx');
    const program = fixture.object.program('on_ingress')!;
    const attach = (target: Parameters<typeof attachTcx>[2]) => () => attachTcx(fixture.context, program, target);
    expect(attach({ ifindex: 0 })).toThrow(ObjectError);
    expect(fixture.told.at(-1)).toBe("prog 'on_ingress': target netdevice ifindex cannot be zero");
    expect(attach({ ifindex: 1, relativeTo: { kind: 'link', id: 1 } })).toThrow(UsageError);
    expect(attach({ ifindex: 1, place: 'before', relativeTo: { kind: 'link', id: 0 } })).toThrow(UsageError);
    const both = { kind: 'link', id: 1, fd: 1 } as never;
    expect(attach({ ifindex: 1, place: 'before', relativeTo: both })).toThrow(UsageError);
    expect(attach({ ifindex: 0x7fff_fff0 })).toThrow(ObjectError);
    if (!kernelAtLeast('6.6')) expect(attach({ ifindex: 1 })).toThrow(withReason('6.6'));
  });
});

/** An error whose cause names the kernel that would do. */
function withReason(since: string) {
  return expect.objectContaining({ cause: expect.objectContaining({ name: 'NotSupportedError', since }) });
}

describe('programs of a netkit device', () => {
  const netkit = `nk${process.pid}`;
  afterAll(() => void spawnSync('ip', ['link', 'del', netkit]));

  it('attach to its end and to its peer', (context) => {
    orSkip(context, () => {
      using fixture = loadFixture('netkit');
      const [primary, peer] = ['on_primary', 'on_peer'].map((name) => fixture.object.program(name)!);
      if (!kernelAtLeast('6.7')) {
        expect(() => attachNetkit(fixture.context, primary!, { ifindex: 1 })).toThrow(withReason('6.7'));
        throw new FeatureMissing('netkit', '6.7');
      }
      const made = spawnSync('ip', ['link', 'add', netkit, 'type', 'netkit']);
      if (made.status !== 0) throw new FeatureMissing(`netkit devices: ${made.stderr}`);
      const ifindex = kernel.interfaceIndex(netkit)!;
      using _primary = attachNetkit(fixture.context, primary!, { ifindex });
      using _peer = attachNetkit(fixture.context, peer!, { ifindex, place: 'after' });
      const [onPrimary, onPeer] = [bpf_attach_type.BPF_NETKIT_PRIMARY, bpf_attach_type.BPF_NETKIT_PEER];
      expect(attached({ ifindex, attachType: onPrimary }).ids).toEqual([programId(fixture, 'on_primary')]);
      expect(attached({ ifindex, attachType: onPeer }).ids).toEqual([programId(fixture, 'on_peer')]);
    });
  });

  it('do not attach to another device', () => {
    using fixture = loadFixture('netkit');
    const attach = () => attachNetkit(fixture.context, fixture.object.program('on_primary')!, { ifindex: 1 });
    expect(attach).toThrow(ObjectError);
    expect(fixture.told.at(-1)).toMatch(/^prog 'on_primary': failed to attach to netkit: -/);
  });
});

describe('programs of a cgroup', () => {
  let folder: string | undefined;
  beforeAll(() => {
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    const root = mounts.map((line) => line.split(' ')).find((fields) => fields[2] === 'cgroup2')?.[1];
    if (root === undefined) return;
    folder = path.join(root, `hooks${process.pid}`);
    mkdirSync(folder);
  });
  afterAll(() => {
    if (folder !== undefined) rmdirSync(folder);
  });

  /** The cgroup's folder, open while `body` runs. */
  function withCgroup(body: (fd: number, folder: string) => void): void {
    if (folder === undefined) throw new FeatureMissing('no cgroup2 file system is mounted');
    const fd = openSync(folder, 'r');
    try {
      body(fd, folder);
    } finally {
      closeSync(fd);
    }
  }

  it('run in the order they were told to', (context) => {
    orSkip(context, () =>
      withCgroup((fd) => {
        using first = loadFixture('hooks');
        using second = loadFixture('hooks');
        const [one, other] = [first, second].map((fixture) => fixture.object.program('on_connect')!);
        using link = attachCgroup(first.context, one!, { fd });
        const beside = { fd, place: 'before', relativeTo: { kind: 'link', fd: link.fd.number } } as const;
        let made: LoadedLink;
        try {
          made = attachCgroup(second.context, other!, beside);
        } catch (error) {
          expect(error).toMatchObject({ name: 'ObjectError', errno: Errno.EINVAL });
          throw new FeatureMissing('an order among the programs of a cgroup', '6.16');
        }
        using _second = made;
        const { ids } = attached({ targetFd: fd, attachType: bpf_attach_type.BPF_CGROUP_INET4_CONNECT });
        expect(ids).toEqual([programId(second, 'on_connect'), programId(first, 'on_connect')]);
      }),
    );
  });

  it('guard a hook of security modules for its processes only', (context) => {
    orSkip(context, () =>
      withCgroup((fd, group) => {
        if (!kernelAtLeast('6.0')) {
          expect(() => loadFixture('lsm-cgroup')).toThrow(withReason('6.0'));
          throw new FeatureMissing('lsm_cgroup', '6.0');
        }
        using fixture = loadFixture('lsm-cgroup');
        using _link = attachCgroup(fixture.context, fixture.object.program('on_bind')!, { fd });
        const script = `
          const socket = require('node:dgram').createSocket('udp4');
          socket.on('error', (error) => { console.log(error.code); socket.close(); });
          socket.bind(0, '127.0.0.1', () => { console.log('bound'); socket.close(); });`;
        const bind = (before: string) => {
          const words = ['-c', `${before} exec "$0" -e "$1"`, process.execPath, script];
          return spawnSync('sh', words, { encoding: 'utf8' }).stdout.trim();
        };
        expect(bind('')).toBe('bound');
        expect(fixture.count('hits_bind')).toBe(0);
        expect(bind(`echo $$ > ${group}/cgroup.procs;`)).toBe('EPERM');
        expect(fixture.count('hits_bind')).toBe(1);
      }),
    );
  });
});

describe('programs of a network namespace', () => {
  it('attach to it, and to nothing else', () => {
    using fixture = loadFixture('hooks');
    const namespace = openSync('/proc/self/ns/net', 'r');
    const other = openSync('/proc/self/ns/mnt', 'r');
    try {
      for (const [name, attachType] of [
        ['on_lookup', bpf_attach_type.BPF_SK_LOOKUP],
        ['on_dissect', bpf_attach_type.BPF_FLOW_DISSECTOR],
      ] as const) {
        const program = fixture.object.program(name)!;
        expect(() => attachNetns(fixture.context, program, { fd: other })).toThrow(ObjectError);
        using _link = attachNetns(fixture.context, program, { fd: namespace });
        expect(attached({ targetFd: namespace, attachType }).ids).toEqual([programId(fixture, name)]);
      }
      expect(fixture.told.every((text) => /failed to attach to netns: -EINVAL$/.test(text))).toBe(true);
    } finally {
      closeSync(namespace);
      closeSync(other);
    }
  });
});
