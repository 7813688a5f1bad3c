import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { withoutCapabilities } from '../../src/host/index.ts';
import { openKernel, Prober } from '../../src/probe/index.ts';
import { bpf_prog_type, helperName, mapTypeName, progTypeName } from '../../src/uapi/index.ts';
import { kernelAtLeast } from '../support/feature.ts';
import { bpfDescriptorsHeldHere } from '../support/live/descriptors.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const reference = process.env.BPFTOOL ?? path.join(project, '.cache/reference/bpftool');
const tool = path.join(project, 'bin/tsbpftool.js');

interface Probed {
  program_types: Record<string, boolean>;
  map_types: Record<string, boolean>;
  helpers: Record<string, string[]>;
}

function probedByReference(): Probed {
  const { stdout } = spawnSync(reference, ['-j', 'feature', 'probe', 'kernel'], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return JSON.parse(stdout) as Probed;
}

describe('features of the kernel', () => {
  it('are those that the reference finds', () => {
    const { features } = openKernel();
    const probed = probedByReference();
    for (let type = 1; progTypeName(type) !== undefined; type++) {
      const name = progTypeName(type)!;
      const isThere = features.programType(name).outcome === 'supported';
      expect(isThere, name).toBe(probed.program_types[`have_${name}_prog_type`]);
    }
    for (let type = 1; mapTypeName(type) !== undefined; type++) {
      const name = mapTypeName(type)!;
      // Before 6.9 the reference asks for this one in a way that the kernel does not know.
      if (name === 'struct_ops' && !kernelAtLeast('6.9')) continue;
      expect(features.mapType(name).outcome === 'supported', name).toBe(probed.map_types[`have_${name}_map_type`]);
    }
  });

  it('include the helpers that the reference finds, whatever was asked before', () => {
    const { helpers } = probedByReference();
    for (const type of ['xdp', 'socket_filter', 'cgroup_sysctl']) {
      const { features } = openKernel();
      const known = helpers[`${type}_available_helpers`]!;
      for (let id = 1; helperName(id) !== undefined; id++) {
        const name = helperName(id)!;
        if (['trace_printk', 'trace_vprintk', 'probe_write_user'].includes(name)) continue;
        expect(features.helper(type, name).outcome === 'supported', `${name} in ${type}`).toBe(
          known.includes(`bpf_${name}`),
        );
      }
    }
  });

  it('that every kernel under test has are supported', () => {
    const { features } = openKernel();
    expect(features.programType('xdp')).toEqual({ outcome: 'supported' });
    expect(features.mapType('ringbuf')).toEqual({ outcome: 'supported' });
    expect(features.helper('xdp', 'bpf_redirect')).toEqual({ outcome: 'supported' });
    for (const name of ['cgroup_inet_ingress', 'cgroup_inet_sock_release', 'sk_lookup', 'sk_reuseport_select', 'xdp']) {
      expect(features.attachType(name), name).toEqual({ outcome: 'supported' });
    }
    for (const name of ['largeInstructionLimit', 'boundedLoops', 'instructionSetV2', 'instructionSetV3'] as const) {
      expect(features.misc(name), name).toEqual({ outcome: 'supported' });
    }
  });

  it('that came later are supported from their version on', () => {
    const { features } = openKernel();
    const later: [string, string][] = [
      ['sk_reuseport_select_or_migrate', '5.14'],
      ['lsm_cgroup', '6.0'],
      ['netfilter', '6.4'],
      ['tcx_ingress', '6.6'],
      ['cgroup_unix_connect', '6.7'],
    ];
    for (const [name, since] of later) {
      const expected = kernelAtLeast(since) ? { outcome: 'supported' } : { outcome: 'unsupported', since };
      expect(features.attachType(name), name).toEqual(expected);
    }
  });

  it('that no kernel has are unsupported, and names that are none are refused', () => {
    const { features } = openKernel();
    expect(features.helper('socket_filter', 'redirect')).toEqual({ outcome: 'unsupported', since: undefined });
    expect(features.helper('tracing', 'map_lookup_elem').outcome).not.toBe('supported');
    expect(() => features.programType('XDP')).toThrow("there is no program type 'XDP'");
    expect(() => features.mapType('')).toThrow("there is no map type ''");
    expect(() => features.helper('xdp', 'bpf_')).toThrow('there is no helper');
    expect(() => features.attachType('nowhere')).toThrow("there is no attach type 'nowhere'");
    expect(() => features.misc('toString' as 'boundedLoops')).toThrow("there is no feature 'toString'");
  });

  it('are unknown without permission, and asked for again with it', () => {
    const kernel = openKernel();
    const answer = withoutCapabilities(kernel, () => kernel.features.programType('perf_event'));
    expect(answer).toMatchObject({ outcome: 'unknown', cause: { errno: 1, call: 'trying program type perf_event' } });
    expect(kernel.features.programType('perf_event')).toEqual({ outcome: 'supported' });
  });

  it('are asked for once', () => {
    const kernel = openKernel();
    kernel.features.mapType('hash');
    expect(withoutCapabilities(kernel, () => kernel.features.mapType('hash'))).toEqual({ outcome: 'supported' });
  });

  it('leave nothing behind', () => {
    const before = bpfDescriptorsHeldHere();
    const prober = new Prober(openKernel());
    for (let type = 1; progTypeName(type) !== undefined; type++) prober.programType(type);
    for (let type = 1; mapTypeName(type) !== undefined; type++) prober.mapType(type);
    for (let id = 1; helperName(id) !== undefined; id++) prober.helper(bpf_prog_type.BPF_PROG_TYPE_SYSCALL, id);
    expect(bpfDescriptorsHeldHere()).toBe(before);
  });
});

describe('feature probe unprivileged', () => {
  it('leaves a batch the rights it had, and the next probe without its words', () => {
    const lines = ['feature probe unprivileged full', 'feature probe', 'map show'].join('\n');
    const run = spawnSync(process.execPath, [tool, '-j', 'batch', 'file', '-'], {
      input: lines,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    expect(run.status).toBe(0);
    const [unprivileged, privileged] = (JSON.parse(run.stdout) as { output: Probed }[]).map(({ output }) => output);
    expect(unprivileged!.program_types.have_perf_event_prog_type).toBe(false);
    expect(privileged!.program_types.have_perf_event_prog_type).toBe(true);
    expect(privileged!.helpers.kprobe_available_helpers).toContain('bpf_ktime_get_ns');
    expect(privileged!.helpers.kprobe_available_helpers).not.toContain('bpf_trace_printk');
  });
});
