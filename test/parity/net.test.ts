import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FeatureMissing, orSkipLater } from '../support/feature.ts';
import { run } from '../support/parity/programs.ts';
import { controlName, manyFilters, mostOnAHook } from '../support/parity/scenes/index.ts';
import { within } from '../support/parity/scenes/namespace.ts';
import { paritySuite } from '../support/parity/suite.ts';
import { World } from '../support/parity/world.ts';
import { netChange, netRefused, netShow } from './cases/net.ts';

paritySuite('net show', netShow);
paritySuite('net attach, detach', netChange);
paritySuite('net refused', netRefused);

interface Shown {
  xdp: { devname: string; ifindex: number }[];
  tc: { devname: string; kind: string; name?: string; id?: number; prog_id?: number; link_id?: number }[];
  flow_dissector: { id: number }[];
  netfilter: { prio: number; id: number }[];
}

describe('net show', () => {
  let world: World;
  beforeAll(() => {
    world = new World('p_');
  });
  afterAll(() => world?.end());

  const show = async (who: 'ours' | 'reference', scene: string, ...options: string[]) =>
    await run(world.programs[who], [...options, 'net', 'show'], { netns: world.scene(scene) });
  const parsed = async (scene: string): Promise<Shown> => {
    const { stdout, stderr, status } = await show('ours', scene, '-j');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    return (JSON.parse(stdout) as [Shown])[0];
  };

  it('puts the flow dissector into valid JSON', async (context) => {
    await orSkipLater(context, async () => {
      const id = Number(world.show('flowdissector').id);
      const theirs = (await show('reference', 'flowdissector', '-j')).stdout;
      expect(() => JSON.parse(theirs)).toThrow(SyntaxError);
      expect((await show('ours', 'flowdissector', '-j')).stdout).toBe(theirs.replace(`["id":${id}]`, `[{"id":${id}}]`));
      expect(JSON.parse((await show('ours', 'flowdissector', '-p')).stdout)).toMatchObject([
        { flow_dissector: [{ id }] },
      ]);
    });
  });

  it('shows control bytes of names as text', async () => {
    const shown = (await show('ours', 'control')).stdout;
    expect(shown).toContain('\na\\x1b[31mb\\x01(');
    expect(shown).not.toContain('\u001b');
    const theirs = (await show('reference', 'control')).stdout;
    expect(shown).toBe(theirs.replaceAll('\u001b', '\\x1b').replaceAll('\u0001', '\\x01'));
    const [device] = (await parsed('control')).xdp.filter(({ devname }) => devname !== 'v1');
    expect(device?.devname).toBe(controlName);
    const one = await run(world.programs.ours, ['net', 'show', 'dev', controlName], { netns: world.scene('control') });
    expect(one.stdout.split('\n').slice(0, 3)).toEqual([
      'xdp:',
      `a\\x1b[31mb\\x01(${device?.ifindex}) driver id ${world.show('xdp').id}`,
      '',
    ]);
  });

  it('shows as many programs as a hook takes, and more of a filter', async (context) => {
    await orSkipLater(context, async () => {
      const { tc } = await parsed('manytcx');
      expect(tc.filter(({ kind }) => kind === 'tcx/ingress')).toHaveLength(mostOnAHook);
      expect(tc.filter(({ link_id }) => link_id !== 0)).toHaveLength(Math.ceil(mostOnAHook / 2));
      expect(new Set(tc.map(({ prog_id }) => prog_id)).size).toBe(tc.length);
    });
    await orSkipLater(context, async () => {
      const { tc, netfilter } = await parsed('manyfilters');
      expect(tc.filter(({ kind }) => kind === 'clsact/ingress')).toHaveLength(manyFilters);
      expect(netfilter.length).toBeGreaterThanOrEqual(manyFilters);
    });
  });

  it('goes on while programs and devices come and go', async (context) => {
    await orSkipLater(context, async () => {
      const namespace = world.scene('tcx');
      using _churn = comeAndGo(namespace, world);
      for (let count = 0; count < 12; count++) {
        const { xdp, tc } = await parsed('tcx');
        for (const { devname } of xdp) expect(devname).toBe('gone0');
        expect(tc.filter(({ devname }) => devname === 'v3')).toHaveLength(1);
        const plain = await show('ours', 'tcx');
        expect({ stderr: plain.stderr, status: plain.status }).toEqual({ stderr: '', status: 0 });
      }
    });
  });
});

/** Makes devices with programs and takes them away again, until disposed of. */
function comeAndGo(namespace: string, world: World): Disposable {
  const [file] = world.programs.reference;
  const script = `while :; do ip link add gone0 type veth peer name gone1
    "$1" net attach xdp pinned "$2" dev gone0; "$1" net attach tcx_ingress pinned "$3" dev gone0
    ip link del gone0; done`;
  const pins = ['xdp', 'classifier'].map((key) => world.get(key).pin);
  const words = within(namespace, ['sh', '-c', script, 'sh', file!, ...pins]);
  const child = spawn(words[0]!, words.slice(1), { stdio: 'ignore', detached: true });
  return {
    [Symbol.dispose]() {
      process.kill(-child.pid!, 'SIGKILL');
      spawnSync('nsenter', [`--net=${namespace}`, 'ip', 'link', 'del', 'gone0']);
    },
  };
}

describe('refused net commands', () => {
  it('leave no descriptor, program or device behind', () => {
    const world = new World('t_');
    try {
      const namespace = world.scene('veth');
      const { pin } = world.get('classifier');
      const commands = [
        `net attach xdp pinned ${pin} dev v0`,
        `net attach xdp pinned ${pin} dev v9`,
        `net attach tcx_ingress pinned ${pin} dev v0 overwrite`,
        `net show dev v9`,
      ];
      const before = stateOf(namespace);
      for (const line of commands) {
        const [file, ...words] = within(namespace, [...world.programs.ours, ...line.split(' ')]);
        expect(spawnSync(file!, words).status, line).not.toBe(0);
      }
      expect(stateOf(namespace)).toEqual(before);
    } catch (error) {
      if (!(error instanceof FeatureMissing)) throw error;
    } finally {
      world.end();
    }
    expect(readdirSync('/run/netns').filter((name) => name.startsWith('tnt_t_'))).toEqual([]);
  });
});

/** What the kernel says of the devices of a namespace, without what counts. */
function stateOf(namespace: string): string {
  const run = spawnSync('nsenter', [`--net=${namespace}`, 'ip', '-d', 'link', 'show'], { encoding: 'utf8' });
  return run.stdout;
}
