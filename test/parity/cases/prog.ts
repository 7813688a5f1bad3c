import { all, change, one, type Options, type ParityCase } from '../../support/parity/case.ts';

const everyProgram = [
  'hellobuffer',
  'helloring',
  'hello',
  'filter',
  'classifier',
  'tracepoint',
  'xdp',
  'perfevent',
  'cgroupskb',
  'sockops',
  'rawtracepoint',
];

export const progShow: ParityCase[] = [
  ...everyProgram.flatMap((key) => all(`prog show pinned {pin:${key}}`)),
  ...all('prog show id {id:hello}'),
  ...all('prog list id {id:xdp}'),
  ...all('prog show name {name:filter}'),
  ...all('prog show tag {tag:hello}', { wholeMachine: true }),
  ...all('prog show tag {tag:twin1}', { needs: ['twin1', 'twin2'], wholeMachine: true }),
  ...all('prog show', { needs: ['hello', 'xdp'], wholeMachine: true }),
  ...all('-f prog show', { needs: ['hello', 'hellobuffer'], wholeMachine: true }),
  ...all('-f prog show pinned {pin:hello}'),
  ...all('prog show id 4294967295'),
  ...all('prog show id'),
  ...all('prog show id 0'),
  ...all('prog show id 1x'),
  ...all('prog show tag'),
  ...all('prog show tag 12'),
  ...all('prog show tag zzzzzzzzzzzzzzzz'),
  ...all('prog show tag ffffffffffffffff'),
  ...all('prog show name nosuchname'),
  ...all(`prog show name ${'x'.repeat(128)}`),
  ...all('prog show name'),
  ...all('prog show pinned {pins}/absent'),
  ...all('prog show pinned {pin:hash}'),
  ...all('prog show pinned'),
  ...all('prog show bogus 1'),
  ...all('prog show id {id:hello} more'),
  ...one('p s i {id:hello}'),
];

export const progDump: ParityCase[] = [
  ...everyProgram.flatMap((key) => all(`prog dump xlated pinned {pin:${key}}`)),
  ...['hello', 'hellobuffer', 'filter'].flatMap((key) => [
    ...all(`prog dump xlated pinned {pin:${key}} opcodes`),
    ...all(`prog dump xlated pinned {pin:${key}} linum`),
    ...all(`prog dump xlated pinned {pin:${key}} opcodes linum`),
    ...all(`prog dump xlated pinned {pin:${key}} visual`),
  ]),
  ...all('prog dump xlated id {id:helloring}'),
  ...all('prog dump xlated name {name:filter}'),
  ...all('prog dump xlated tag {tag:twin1}', { needs: ['twin1', 'twin2'], wholeMachine: true }),
  ...all('prog dump xlated id {id:hello} file {tmp}/image'),
  ...all('prog dump xlated id {id:hello} file /nosuchfolder/image'),
  ...all('prog dump xlated id {id:hello} file'),
  ...all('prog dump xlated id {id:hello} bogus'),
  ...all('prog dump xlated id 4294967295'),
  ...all('prog dump xlated name nosuchname'),
  ...all('prog dump xlated id'),
  ...all('prog dump xlated'),
  ...all('prog dump'),
  ...all('prog dump bogus id {id:hello}'),
];

const loaded = ['prog show pinned {pins}/new', 'prog dump xlated pinned {pins}/new'];
const load = (words: string, then = loaded) => change(`prog load ${words}`, then);

export const progLoad: ParityCase[] = [
  ...load('{obj:hello} {pins}/new'),
  ...load('{obj:hello-buffer-config} {pins}/new'),
  ...load('{obj:hello-ring-buffer-config} {pins}/new'),
  ...load('{obj:hello} {pins}/new type xdp'),
  ...load('{obj:hello} {pins}/new type bogus'),
  ...load('{obj:hello} {pins}/new type'),
  ...load('{obj:hello} {pins}/new bogus word'),
  ...load('{obj:hello} {pins}/new pinmaps {pins}/maps'),
  ...load('{obj:hello-buffer-config} {pins}/new pinmaps {pins}/maps', ['map show pinned {pins}/maps/config']),
  ...change('prog load {obj:hello-buffer-config} {pins}/new map name config pinned {pin:emptyhash}', loaded, {
    normalise: ['addresses'],
    because: 'the verifier log of the refused program names the address of each copy of the map',
  }),
  ...load('{obj:hello-buffer-config} {pins}/new map name nosuch pinned {pin:emptyhash}'),
  ...load('{obj:hello-buffer-config} {pins}/new map idx 99 pinned {pin:emptyhash}'),
  ...load('{obj:hello-buffer-config} {pins}/new map bogus'),
  ...load('{obj:hello-buffer-config} {pins}/new map name config'),
  ...load('{obj:hello} {pins}/new offload_dev nosuchdev'),
  ...load('{obj:hello} {pins}/new xdpmeta_dev nosuchdev'),
  ...load('{obj:hello} {pins}/new autoattach'),
  ...load('{obj:hello} {pins}/new kernel_btf'),
  ...load('{obj:hello} {pins}/new kernel_btf {tmp}/absent'),
  ...load('{obj:hello} {pin:xdp}', ['prog show pinned {pin:xdp}']),
  ...load('{obj:hello} {pins}/a/b/new', ['prog show pinned {pins}/a/b/new']),
  ...load('{obj:hello} {tmp}/new', []),
  ...load('{tmp}/absent.o {pins}/new'),
  ...load('{obj:hello}', []),
  ...load('', []),
  ...load('/etc/hostname {pins}/new', []),
  ...load('/bin/true {pins}/new', []),
  ...load('{tmp} {pins}/new', []),
  ...change('prog load {tmp}/text.o {pins}/new', [], { files: { 'text.o': 'this is not an object file\n' } }),
  ...change('prog loadall {obj:hello-buffer-config} {pins}/all', ['-f prog show pinned {pins}/all/hello']),
  ...change('prog loadall {obj:hello-buffer-config} {pins}/all pinmaps {pins}/maps', [
    'prog show pinned {pins}/all/hello',
    'map show pinned {pins}/maps/output',
  ]),
  ...change('prog loadall {obj:hello-buffer-config} {pins}/all autoattach', ['link show pinned {pins}/all/hello']),
  ...change('prog loadall {obj:hello} {tmp}/all'),
  ...change('prog loadall {obj:hello}'),
  ...change('prog pin pinned {pin:hello} {pins}/again', ['prog show pinned {pins}/again']),
  ...change('prog pin id {id:hello} {pins}/again', ['prog show pinned {pins}/again']),
  ...change('prog pin id {id:hello} {pin:xdp}', ['prog show pinned {pin:xdp}']),
  ...change('prog pin tag {tag:twin1} {pins}/again', [], { needs: ['twin1', 'twin2'] }),
  ...change('prog pin id 4294967295 {pins}/again'),
  ...change('prog pin id {id:hello} {tmp}/again'),
  ...change('prog pin id {id:hello}'),
  ...change('prog pin'),
];

const notSupported = 'bpftool prog profile command is not supported. Please build bpftool with clang >= 10.0.0';

/** E3: the reference's error comes with status 0. */
export const progProfile: ParityCase[] = [
  ...one('prog profile id {id:hello} duration 1 cycles', {
    difference: { id: 'E3', ours: { stdout: '', stderr: `Error: ${notSupported}\n`, status: 255 } },
  }),
  ...one('-j prog profile', {
    difference: { id: 'E3', ours: { stdout: `{"error":"${notSupported}"}\n`, stderr: '', status: 255 } },
  }),
];

const stream = (words: string, options: Options = {}) => all(`prog tracelog ${words}`, options);

/** What a program wrote to its streams; reading takes it out. */
export const progStreams: ParityCase[] = [
  ...['stdout', 'stderr', 'std', 's', 'stde'].flatMap((word) =>
    change(`prog tracelog ${word} pinned {pin:streams}`, ['prog tracelog stdout pinned {pin:streams}']),
  ),
  ...stream('stdout pinned {pin:xdp}'),
  ...stream('stderr id {id:xdp}'),
  ...stream('stdout id 4294967295'),
  ...stream('stdout name nosuchname'),
  ...stream('stdout pinned {pin:hash}'),
  ...stream('stdout pinned'),
  ...stream('stdout'),
  ...stream('stdin id {id:xdp}'),
  ...stream('bogus'),
  ...stream('stdout id {id:xdp} more'),
];
