// `npm run demo`: the walk-through. Sets itself up from a fresh clone, prints every command and its real output, and
// leaves nothing in the kernel, also when interrupted.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const project = path.dirname(import.meta.dirname);
const tool = path.join(project, 'bin/tsbpftool.js');
const bpffs = '/sys/fs/bpf';
const tracefs = '/sys/kernel/tracing';
const pins = `${bpffs}/tsbpftool-demo-${process.pid}`;
const namespace = `tsbpftool-demo-${process.pid}`;
const device = `td${process.pid}`;
const undo = [];

function say(text) {
  console.log(`\n# ${text}`);
}

/** Runs a command; `shown` is how it is printed. Its output goes to the terminal as it is. */
function run(shown, command, args, { quiet = false, may = false } = {}) {
  if (!quiet) console.log(`$ ${shown}`);
  const result = spawnSync(command, args, { encoding: 'utf8', cwd: project, maxBuffer: 1 << 28 });
  if (!quiet) process.stdout.write(result.stdout ?? '');
  if (!quiet || result.status !== 0) process.stderr.write(result.stderr ?? '');
  if (result.status !== 0 && !may)
    throw new Error(`'${shown}' ended with ${result.status ?? result.signal ?? result.error?.message}`);
  return result.stdout ?? '';
}

const quoted = (words) => words.map((word) => (/^[\w./:-]+$/.test(word) ? word : `'${word}'`)).join(' ');
const tsbpftool = (...words) => run(`tsbpftool ${quoted(words)}`, process.execPath, [tool, ...words]);

function setUp() {
  if (!existsSync(path.join(project, 'node_modules/.package-lock.json'))) {
    run('npm ci', 'npm', ['ci', '--no-audit', '--no-fund']);
  }
  run('npm run build', process.execPath, [path.join(project, 'scripts/build.mjs')]);
}

/** Why the walk-through cannot run here, in one sentence; undefined if it can. */
function missingCapability() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const has = (bit) => ((effective >> BigInt(bit)) & 1n) === 1n;
  if (has(21)) return undefined;
  return (
    'The walk-through loads BPF programs and mounts file systems, which needs CAP_SYS_ADMIN: run it as root ' +
    '(sudo npm run demo), in a container with --privileged.'
  );
}

function mountIfMissing(target, type) {
  // The last mount on a folder is the one that is seen: bpftool leaves one of the folder itself below a BPF file system.
  const seen = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .findLast(([, where]) => where === target);
  if (seen?.[2] === type) return;
  run(`mount -t ${type} ${type} ${target}`, 'mount', ['-t', type, type, target]);
  undo.push(() => run('umount', 'umount', [target], { quiet: true, may: true }));
}

function cleanUp() {
  while (undo.length > 0) undo.pop()();
  rmSync(pins, { recursive: true, force: true });
}

const hex = (text) => [...Buffer.from(text.padEnd(13, '\0'))].map((byte) => byte.toString(16).padStart(2, '0'));

/** A TypeScript file as a module that Node 20 runs; its own place stays what it was. */
async function compiled(source) {
  const { transform } = await import('esbuild');
  const original = path.join(project, source);
  const { code } = await transform(readFileSync(original, 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'node20.19',
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(original).href) },
  });
  // Below the package, where its own name leads to dist/.
  const file = path.join(project, `.cache/demo/${process.pid}-${path.basename(source, '.ts')}.mjs`);
  mkdirSync(path.dirname(file), { recursive: true });
  undo.push(() => rmSync(file, { force: true }));
  writeFileSync(file, code);
  return file;
}

/** The class of a generated skeleton, `examples/generated/NAME.ts`; Node 20 reads no TypeScript. */
async function skeletonOf(name) {
  const file = await compiled(`examples/generated/${name}.ts`);
  return Object.values(await import(file)).find((value) => typeof value === 'function');
}

/** Prints the first event that comes once a command has run. */
async function printEvent(source) {
  const abort = new AbortController();
  const timeout = setTimeout(() => abort.abort(), 2000);
  source.open();
  run('/bin/true', '/bin/true', []);
  try {
    for await (const event of source.events(abort.signal)) {
      console.log(JSON.stringify(event));
      return;
    }
  } finally {
    clearTimeout(timeout);
  }
  throw new Error('no event arrived');
}

async function messages(name) {
  const file = `examples/${name}.bpf.o`;
  const directory = `${pins}/${name}`;
  say(`${name}: load, pin, and see what is in the kernel`);
  mkdirSync(pins, { recursive: true });
  tsbpftool('prog', 'load', file, `${directory}-prog`, 'pinmaps', directory);
  tsbpftool('prog', 'show', 'pinned', `${directory}-prog`);

  say('Change the map from the command line, then read it back decoded');
  const update = (uid, message) => {
    const key = [uid & 255, (uid >> 8) & 255, 0, 0].map(String);
    tsbpftool('map', 'update', 'pinned', `${directory}/config`, 'key', ...key, 'value', 'hex', ...hex(message));
  };
  update(0, 'Hey root!');
  update(501, 'Hi user 501!');
  tsbpftool('map', 'dump', 'pinned', `${directory}/config`);

  say('Attach with the skeleton in examples/generated, on the same maps; run a command; its event arrives');
  const Skeleton = await skeletonOf(name);
  // Maps that are pinned there already are the ones that it uses.
  const maps = Object.fromEntries(['config', 'output'].map((map) => [map, { pin: `${directory}/${map}` }]));
  const skeleton = Skeleton.open({ maps, log: (level, text) => level === 'warn' && console.error(text) });
  undo.push(() => skeleton.close());
  skeleton.load().attach();
  await printEvent(skeleton.maps.output);
  tsbpftool('link', 'show');

  say('Detach');
  undo.pop()();
}

/** The same program under `trace`: what its calls carry, from the types to the perf buffer of each processor. */
async function traced() {
  say('What do its bpf() calls carry? examples/walk-through.ts under trace: no pointer is left');
  const file = await compiled('examples/walk-through.ts');
  const words = ['1', '0=Hey root!', '501=Hi user 501!'];
  const output = `${path.dirname(file)}/${process.pid}-trace`;
  undo.push(() => rmSync(output, { force: true }));
  run(`tsbpftool trace -o FILE -- node walk-through.mjs ${quoted(words)}`, process.execPath, [
    tool,
    'trace',
    '-o',
    output,
    '--',
    process.execPath,
    file,
    ...words,
  ]);
  console.log('$ cat FILE');
  process.stdout.write(readFileSync(output, 'utf8'));
}

function packets() {
  say('hello: an XDP program on a device of its own network namespace');
  run(`ip netns add ${namespace}`, 'ip', ['netns', 'add', namespace]);
  undo.push(() => run('ip netns del', 'ip', ['netns', 'del', namespace], { quiet: true, may: true }));
  run(`ip -n ${namespace} link add ${device} type veth peer name ${device}p`, 'ip', [
    '-n', namespace, 'link', 'add', device, 'type', 'veth', 'peer', 'name', `${device}p`,
  ]); // biome-ignore format: one command
  tsbpftool('prog', 'load', 'examples/hello.bpf.o', `${pins}/hello`);
  // Not `ip -n`: it gives its command a new /sys, without the bpffs.
  run(`ip link set dev ${device} xdp pinned ${pins}/hello   (inside ${namespace})`, 'nsenter', [
    `--net=/run/netns/${namespace}`, 'ip', 'link', 'set', 'dev', device, 'xdp', 'pinned', `${pins}/hello`,
  ]); // biome-ignore format: one command
  tsbpftool('prog', 'show', 'name', 'hello');
  tsbpftool('prog', 'dump', 'xlated', 'pinned', `${pins}/hello`);
  const ids = JSON.parse(
    run('', process.execPath, [tool, '-j', 'prog', 'show', 'pinned', `${pins}/hello`], { quiet: true }),
  );
  tsbpftool('map', 'show', 'id', String(ids.map_ids[0]));
  tsbpftool('map', 'dump', 'id', String(ids.map_ids[0]));
}

async function main() {
  const missing = missingCapability();
  if (missing !== undefined) {
    console.error(missing);
    return 1;
  }
  setUp();
  mountIfMissing(bpffs, 'bpf');
  mountIfMissing(tracefs, 'tracefs');
  await messages('hello-buffer-config');
  await traced();
  await messages('hello-ring-buffer-config');
  packets();
  cleanUp();
  say('Nothing is left in the kernel');
  console.log(`$ ls ${bpffs}`);
  if (existsSync(bpffs))
    console.log(
      readdirSync(bpffs)
        .filter((name) => name.startsWith('tsbpftool-demo'))
        .join('\n'),
    );
  return 0;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    cleanUp();
    process.exit(130);
  });
}
try {
  process.exitCode = await main();
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  cleanUp();
}
