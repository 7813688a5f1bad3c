// Every example of help and manual pages is run as it stands, by a shell, among objects with the names that it mentions.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandTopic, type Topic, verbTopic } from '../../src/commands/help/topic.ts';
import type { Fd } from '../../src/kernel/index.ts';
import { loadFamilies, program } from '../../src/main.ts';
import { bpf_attach_type, bpf_map_type, bpf_prog_type, XDP_FLAGS_SKB_MODE } from '../../src/uapi/index.ts';
import { Scope } from '../support/inventory/objects.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const pins = '/sys/fs/bpf/examples_kept';
/** What runs until it is interrupted, or without an end that comes by itself. */
const endless = /event_pipe|tracelog/;

const families = await loadFamilies();
const topics: Topic[] = [
  ...(await Promise.all(families.flatMap((family) => family.verbs.map((verb) => verbTopic(family, verb))))),
  ...(await Promise.all(
    program.commands.filter(({ name, load }) => load === undefined && !name.startsWith('_')).map(commandTopic),
  )),
];
const examples = topics.flatMap(({ path: words, examples: all }) =>
  all.map(({ line, summary }) => ({ command: words.join(' '), line, summary })),
);

let folder: string;
let scope: Scope;
let link: Fd | undefined;
let sender: ReturnType<typeof spawn>;

function shell(line: string, seconds = 60) {
  const env = { ...process.env, PATH: `${folder}/bin:${process.env.PATH}` };
  const words = ['-s', 'INT', String(seconds), 'bash', '-c', `set -o pipefail; ${line}`];
  const { status, stdout, stderr } = spawnSync('timeout', words, { cwd: folder, env, encoding: 'utf8' });
  return { status, stdout, stderr };
}
function must(line: string): string {
  const { status, stdout, stderr } = shell(line);
  expect(status, `${line}: ${stderr}`).toBe(0);
  return stdout.trim();
}
const idOf = (object: string, pin: string) => JSON.parse(must(`tsbpftool -j ${object} show pinned ${pins}/${pin}`)).id;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'examples-'));
  mkdirSync(path.join(folder, 'bin'));
  mkdirSync(path.join(folder, 'etc'));
  mkdirSync(path.join(folder, 'cgroup'));
  mkdirSync(pins, { recursive: true });
  symlinkSync(path.join(project, 'bin/tsbpftool.js'), path.join(folder, 'bin/tsbpftool'));
  const objects = {
    'hello.bpf.o': 'examples/hello-ring-buffer-config.bpf.o',
    'library.bpf.o': 'examples/drop-list.bpf.o',
    'tasks.bpf.o': 'examples/tasks.bpf.o',
    'congestion.bpf.o': 'examples/congestion.bpf.o',
  };
  for (const [name, file] of Object.entries(objects)) copyFileSync(path.join(project, file), path.join(folder, name));
  writeFileSync(path.join(folder, 'packet.bin'), Buffer.alloc(64));
  must(`tsbpftool prog load hello.bpf.o ${pins}/hello-link pinmaps ${pins} autoattach`);
  must(`mv ${pins}/output ${pins}/events`);
  must(`tsbpftool prog pin id $(tsbpftool -j link show pinned ${pins}/hello-link | jq .prog_id) ${pins}/hello`);
  const perf = `${project}/examples/hello-buffer-config.bpf.o`;
  must(`tsbpftool prog loadall ${perf} ${pins}/perf pinmaps ${pins}/perf-maps autoattach`);
  must(`mv ${pins}/perf-maps/output ${pins}/output`);
  must(`tsbpftool map create ${pins}/blocked type lpm_trie key 8 value 4 entries 8 name blocked flags 1`);
  must(`tsbpftool map update pinned ${pins}/blocked key ip 10.0.0.0/8 value 1 0 0 0`);
  must(`tsbpftool map update pinned ${pins}/config key 2 0 0 0 value hex 48 69 0 0 0 0 0 0 0 0 0 0 0`);
  must('tsbpftool map export name config config.ndjson || true');
  must(`tsbpftool map export pinned ${pins}/config config.ndjson`);
  must('tsbpftool snapshot before.json');
  must(`mount -t cgroup2 none ${folder}/cgroup && mkdir -p ${folder}/cgroup/examples-web`);
  scope = new Scope();
  const { BPF_MAP_TYPE_SOCKMAP } = bpf_map_type;
  scope.pin(scope.map({ name: 'sockets', type: BPF_MAP_TYPE_SOCKMAP }), `${pins}/sockets`);
  const { BPF_PROG_TYPE_XDP, BPF_PROG_TYPE_SCHED_CLS, BPF_PROG_TYPE_SK_SKB } = bpf_prog_type;
  scope.pin(scope.program('filter', { type: BPF_PROG_TYPE_XDP, result: 2 }), `${pins}/filter`);
  scope.pin(scope.program('policy', { type: BPF_PROG_TYPE_SCHED_CLS }), `${pins}/policy`);
  scope.pin(scope.program('verdict', { type: BPF_PROG_TYPE_SK_SKB, result: 1 }), `${pins}/verdict`);
  const connect = path.join(project, 'examples/connect-logger.bpf.o');
  must(`tsbpftool prog load ${connect} ${pins}/logger`);
  // Events keep coming.
  sender = spawn('sh', ['-c', 'while :; do /bin/true; sleep 0.05; done'], { stdio: 'ignore' });
}, 300_000);

afterAll(() => {
  sender?.kill();
  scope?.[Symbol.dispose]();
  rmSync(pins, { recursive: true, force: true });
  spawnSync('rmdir', [`${folder}/cgroup/examples-web`]);
  spawnSync('umount', [`${folder}/cgroup`]);
  rmSync(folder, { recursive: true, force: true });
});

/** Others may have objects with the same names, and ids are as they come: the words that select are those of the objects here. */
function filled(line: string): string {
  const selected = /map create|gen skeleton|prog show|-p map show/.test(line)
    ? line
    : line.replaceAll(/\bname (\w+)/g, `pinned ${pins}/$1`);
  return selected
    .replaceAll('/tmp/', `${folder}/`)
    .replaceAll('/sys/fs/cgroup/web', `${folder}/cgroup/examples-web`)
    .replaceAll(/\/sys\/fs\/cgroup(?= )/g, `${folder}/cgroup`)
    .replaceAll('/etc/bash_completion.d', `${folder}/etc`)
    .replace(/pinned \/sys\/fs\/bpf\/(logger|counter)/, (_, name) => `pinned ${pins}/${name}`)
    .replace(/(map (?:dump|getnext)) id 5/, (_, words) => `${words} id ${idOf('map', 'config')}`)
    .replace('prog pin id 17', () => `prog pin id ${idOf('prog', 'hello')}`);
}

/** Of what cannot be taken back, and of links that examples change, each has one of its own. */
function withOwn(line: string): string {
  if (/map freeze|map update id 5/.test(line)) {
    must(`tsbpftool map create ${pins}/own type hash key 4 value 4 entries 2 name examples`);
    return line.replace(`${pins}/config`, `${pins}/own`).replace('id 5', () => `id ${idOf('map', 'own')}`);
  }
  if (!/link (show pinned|pin id|detach id)/.test(line)) return line;
  const programFd = scope.programNamed('filter').number;
  const target = 1;
  link = scope.link({ programFd, target, attachType: bpf_attach_type.BPF_XDP, flags: XDP_FLAGS_SKB_MODE });
  scope.pin(link, `${pins}/counter`);
  return line.replace('id 3', () => `id ${idOf('link', 'counter')}`);
}

function cleanUp(): void {
  for (const name of readdirSync('/sys/fs/bpf')) {
    if (name !== 'examples_kept' && !name.endsWith('.debug'))
      rmSync(path.join('/sys/fs/bpf', name), { recursive: true, force: true });
  }
  for (const name of ['counter', 'own']) rmSync(`${pins}/${name}`, { force: true });
  link?.close();
  link = undefined;
}

describe('the examples', () => {
  it('are there for every command and verb that bpftool lacks', () => {
    const own = topics.filter(({ isOfReference, path: [first] }) => !isOfReference || first === 'trace');
    expect(own.filter(({ examples: all }) => all.length === 0).map(({ path: words }) => words.join(' '))).toEqual([]);
    expect(examples.length).toBeGreaterThan(70);
  });

  it.each(examples)('$line', { timeout: 120_000 }, ({ line }) => {
    const command = withOwn(filled(line));
    if (line.endsWith('| source')) {
      expect(shell(`fish -c '${line}; complete -c tsbpftool'`)).toMatchObject({ status: 0, stderr: '' });
      return;
    }
    const { status, stdout, stderr } = shell(command, endless.test(command) ? 3 : 60);
    cleanUp();
    // An interrupted shell has 130, timeout(1) tells of its signal by 124; what changed is told by diff with 1.
    const expected = /event_pipe|tracelog/.test(command) ? [0, 124, 130] : / diff /.test(command) ? [0, 1] : [0];
    expect(expected, `${command}: ${stderr}${stdout.slice(0, 300)}`).toContain(status);
  });

  it.each([
    ...new Set(topics.flatMap(({ path: words, options }) => options.map((o) => `${words.join(' ')} --${o.long}`))),
  ])('%s says what it is for', (words) => {
    const topic = topics.find(({ path: own }) => words.startsWith(`${own.join(' ')} --`))!;
    const option = topic.options.find(({ long }) => words.endsWith(`--${long}`))!;
    expect(option.summary).toMatch(/\.$/);
  });
});
