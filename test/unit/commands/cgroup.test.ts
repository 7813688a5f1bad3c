import { describe, expect, it } from 'vitest';
import { Context, defaultOptions, Words } from '../../../src/cli/index.ts';
import { readAttachType } from '../../../src/commands/cgroup/attach-type.ts';
import { tree } from '../../../src/commands/cgroup/tree.ts';
import { useKernel } from '../../../src/commands/shared/kernel.ts';
import { syscallError } from '../../../src/kernel/index.ts';
import type { Kernel } from '../../../src/kernel/index.ts';
import { JsonWriter, memorySink } from '../../../src/output/index.ts';
import { attr_query, bpf_cmd, copyStruct, type NativeStruct } from '../../../src/uapi/index.ts';

const [ENOENT, EBADF, EPERM] = [2, 9, 1];

/** A tree of groups without programs. A number is the errno of opening, querying or listing the group. */
interface Group {
  open?: number;
  query?: number;
  list?: number;
  device?: bigint;
  below?: Record<string, Group>;
}

/** A kernel with these groups at `/top`; counts what it is asked. */
function kernelWith(top: Group) {
  const opened: Group[] = [];
  const queries: number[] = [];
  const find = (path: string): Group | undefined => {
    const [, first, ...rest] = path.split('/');
    return first === 'top' ? rest.reduce<Group | undefined>((at, name) => at?.below?.[name], top) : undefined;
  };
  const mustFind = (call: string, path: string) => {
    const found = find(path);
    if (found === undefined) throw syscallError(call, -ENOENT);
    return found;
  };
  const status = (path: string) => ({ kind: 'directory', device: mustFind('stat', path).device ?? 1n });
  const kernel = {
    open: (path: string) => {
      const found = find(path);
      if (found === undefined || found.open !== undefined) return -(found?.open ?? ENOENT);
      return opened.push(found) - 1;
    },
    close: () => 0,
    exists: () => true,
    status,
    statusFollowing: status,
    readFolders: (path: string) => {
      const { list, below = {} } = mustFind('opendir', path);
      if (list !== undefined) throw syscallError('opendir', -list);
      return Object.keys(below);
    },
    bpf: (command: number, { bytes }: NativeStruct) => {
      if (command !== bpf_cmd.BPF_PROG_QUERY) return -ENOENT;
      const attr = copyStruct({ bytes, pointers: [] }, attr_query);
      queries.push(attr.u32('attach_type'));
      const { query } = opened[attr.u32('target_fd')]!;
      return query === undefined ? 0 : -query;
    },
  };
  return { kernel: kernel as unknown as Kernel, queries };
}

async function run(top: Group, options: { json?: boolean } = {}) {
  const stdout = memorySink();
  const stderr = memorySink();
  const json = options.json ? new JsonWriter(stdout, { pretty: false }) : undefined;
  const ctx = new Context({ programName: 'x', options: defaultOptions, stdout, stderr, json });
  const { kernel, queries } = kernelWith(top);
  useKernel(ctx, kernel);
  const status = await tree(ctx, new Words(['/top']));
  return { status, stdout: stdout.contents(), stderr: stderr.contents(), queries };
}

const broken: Group = {
  below: {
    first: {},
    gone: { open: ENOENT },
    refused: { query: EPERM, below: { unseen: { query: EPERM } } },
    half: { list: ENOENT },
    other: { query: EBADF, device: 2n },
    last: { below: { end: { open: ENOENT } } },
  },
};
const problems = [
  "can't open cgroup /top/gone: No such file or directory",
  "can't query bpf programs attached to /top/refused: Operation not permitted",
  "can't iterate over /top/half: No such file or directory",
  "can't open cgroup /top/last/end: No such file or directory",
];

describe('a tree of groups', () => {
  it('of which some vanish is walked to its end; the errors come last', async () => {
    const { status, stdout, stderr } = await run(broken);
    expect(status).toBe(-1);
    expect(stdout).toMatch(/^CgroupPath\nID .*\n$/);
    expect(stderr).toBe(problems.map((text) => `Error: ${text}\n`).join(''));
  });

  it('of which some vanish has an error for each of these in JSON', async () => {
    const { status, stdout } = await run(broken, { json: true });
    expect(status).toBe(-1);
    expect(JSON.parse(stdout)).toEqual(problems.map((error) => ({ error })));
  });

  it('whose names steer no terminal', async () => {
    const { stderr } = await run({ below: { 'a\u001b[31m\n': { open: ENOENT } } });
    expect(stderr).toBe("Error: can't open cgroup /top/a\\x1b[31m\\x0a: No such file or directory\n");
  });

  it('whose root is no group is not walked', async () => {
    const { status, stderr } = await run({ query: EBADF, below: { a: { query: EBADF } } });
    expect(status).toBe(-1);
    expect(stderr).toBe("Error: can't query bpf programs attached to /top: Bad file descriptor\n");
  });

  it('that is large is asked about few hooks where no program is loaded', async () => {
    const below = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`g${index}`, {}]));
    const { status, queries } = await run({ below });
    expect(status).toBe(0);
    expect(queries.length).toBe(16 * 29 + 15);
  });
});

describe('an attach type', () => {
  it.each([
    ['cgroup_inet_ingress', 0],
    ['ingress', 0],
    ['', 0],
    ['sock_o', 3],
    ['connect', 10],
    ['cgroup_unix_c', 49],
    ['lsm_cgroup', 43],
    ['fen', 24],
  ])('%j is number %i', (word, type) => {
    expect(readAttachType(word)).toBe(type);
  });

  it.each(['cgroup_inet', 'ingress4', 'INGRESS', 'cgroup_inet_ingres'])('%j is none', (word) => {
    expect(() => readAttachType(word)).toThrow('invalid attach type');
  });
});
