import { all, one, type ParityCase } from '../../support/parity/case.ts';

const objects = [
  'prog',
  'map',
  'link',
  'cgroup',
  'perf',
  'net',
  'feature',
  'btf',
  'gen',
  'struct_ops',
  'iter',
  'token',
];

export const btf: ParityCase[] = [
  ...all('btf show', { needs: ['hello', 'config'], wholeMachine: true }),
  ...all('btf list', { needs: ['hello'], wholeMachine: true }),
  ...all('btf show id {btf:hello}'),
  ...all('btf show id {btf:config}'),
  ...all('btf show id 1'),
  ...all('-f btf show id {btf:hello}'),
  ...all('btf show id 4294967295'),
  ...all('btf show id'),
  ...all('btf show id x'),
  ...all('btf show bogus 1'),
  ...all('btf show id 1 more'),
  ...all('btf', { wholeMachine: true }),
  ...all('btf dump file /sys/kernel/btf/vmlinux root_id 0'),
];

export const help: ParityCase[] = [
  ...all('help'),
  ...one(''),
  ...one('-j'),
  ...one('--help'),
  ...one('-h'),
  ...one('-j -h'),
  ...one('-p --help'),
  ...one('h'),
  ...one('help more words'),
  ...objects.flatMap((object) => all(`${object} help`)),
  ...objects.map((object) => one(`${object} h`)[0]!),
  ...objects.flatMap((object) => [...one(`${object} bogusverb`), ...one(`-j ${object} bogusverb`)]),
  ...one('m help'),
  ...one('ma h'),
  ...one('bogus'),
  ...one('-j bogus'),
  ...one('-p bogus'),
  ...one('mapp'),
  ...one('map showw'),
  ...one('MAP show'),
  ...one(['']),
  ...one(['map', ''], { wholeMachine: true, normalise: ['staleBtf'] }),
  ...one(['map', 'show', '']),
];

export const version: ParityCase[] = [
  ...[
    'version',
    'v',
    'version more',
    '-V',
    '--version',
    '--vers',
    '-V map show',
    '-Vj',
    '-jV',
    'map show --version',
  ].flatMap((words) =>
    one(words, {
      // Ours has skeleton-free holders and no crypto: the features line tells the truth about each program.
      normalise: ['features'],
    }),
  ),
  ...one('-j version', { normalise: ['features'] }),
  ...one('-p version', { normalise: ['features'] }),
];

export const options: ParityCase[] = [
  ...one('-j map show id {id:hash} -p'),
  ...one('-p map show id {id:hash} -j'),
  ...one('map -j show id {id:hash}'),
  ...one('map show -j id {id:hash}'),
  ...one('map show id -p {id:hash}'),
  ...one('map show id {id:hash} -jp'),
  ...one('map show id {id:hash} -pj'),
  ...one('-jf map show id {id:hash}'),
  ...one('-fpj map show id {id:hash}'),
  ...one('--json map show id {id:hash}'),
  ...one('--pretty map show id {id:hash}'),
  ...one('--pre map show id {id:hash}'),
  ...one('--j map show id {id:hash}'),
  ...one('--js map show id {id:hash} --bpf'),
  ...one('--bpffs --pretty map show id {id:hash}'),
  ...one('--b map show id {id:hash}'),
  ...one('--ba map show id {id:hash}'),
  ...one('--mapcompat map show id {id:hash}'),
  ...one('-m map show id {id:hash}'),
  ...one('--nomount map show id {id:hash}'),
  ...one('-n map show id {id:hash}'),
  ...one('--debug map show id {id:hash}'),
  ...one('-d map show id {id:hash}'),
  ...one('-l map show id {id:hash}'),
  ...one('-L map show id {id:hash}'),
  ...one('--use-loader map show id {id:hash}'),
  ...one('-x map show'),
  ...one('-xj map show'),
  ...one('-jx map show'),
  ...one('-jxp map show'),
  ...one('map show -x'),
  ...one('map show id {id:hash} -x'),
  ...one('-px map show'),
  ...one('--bogus map show'),
  ...one('--json=yes map show'),
  ...one('--p map show id {id:hash}'),
  ...one('--ver', { normalise: ['features'] }),
  ...one('--he'),
  ...one('-j --bogus'),
  ...one('--bogus -j'),
  ...one('map --bogus show -j'),
  ...one('-- map show id {id:hash}'),
  ...one('map show -- id {id:hash}'),
  ...one('map -- show id {id:hash} -j'),
  ...one('- map show'),
  ...one('-j - map show'),
  ...one('-B'),
  ...one('--base-btf'),
  ...one('-B /nosuchfile map show id {id:hash}'),
  ...one('--base-btf=/nosuchfile map show id {id:hash}'),
  ...one('-j -B /nosuchfile map show id {id:hash}', {
    difference: {
      id: 'J7',
      ours: { status: 255, stderr: '', stdout: `{"error":"failed to parse base BTF at '/nosuchfile': -2\\n"}` },
    },
  }),
  ...one('-p -B /nosuchfile map show id {id:hash}', {
    difference: {
      id: 'J7',
      ours: {
        status: 255,
        stderr: '',
        stdout: `{\n    "error": "failed to parse base BTF at '/nosuchfile': -2\\n"\n}`,
      },
    },
  }),
  ...one('-B /nosuchfile -p map show id {id:hash}'),
  ...one('-S map show id {id:hash}'),
  ...one('-i /nosuchfile map show id {id:hash}'),
  ...one('-k /nosuchfile map show id {id:hash}'),
  ...one('-j -S map show id {id:hash}'),
  ...one('m s id {id:hash}'),
  ...one('ma li id {id:hash}'),
  ...one('map l id {id:hash}'),
  ...one('map d id {id:hash}'),
  ...one('map dum id {id:hash}'),
  ...one('map lo id {id:hash} key 1 0 0 0'),
  ...one('l s', { wholeMachine: true }),
  ...one('b show', {}),
  ...one('bt s', { wholeMachine: true }),
  ...one('-j m s n {name:hash}'),
  ...one('map show id {id:hash}', { env: { POSIXLY_CORRECT: '1' } }),
  ...one('map show id {id:hash} -j', { env: { POSIXLY_CORRECT: '1' } }),
];

const batchText = `map show id {id:hash}

# a comment
map lookup id {id:hash} key 1 0 0 0   # to the end of the line
   map   lookup	id {id:hash} key \\
  2 0 0 0
map lookup "id" '{id:hash}' key 9 9 9 9
map show id {id:array}
`;

const batch = (text: string, words = 'batch file {tmp}/batch') => all(words, { files: { batch: text } });
const piped = (stdin: string) => all('batch file -', { stdin });

const noSuchName = 'map show name "nosuchname"\n';
const withoutOutput: Record<string, string> = {
  '-j': '[{"command":["map","show","name","nosuchname"],"output":null}]\n',
  '-p': '[{\n        "command": ["map","show","name","nosuchname"\n        ],\n        "output": null\n    }\n]\n',
};

export const batches: ParityCase[] = [
  ...batch('map show id {id:hash}\nmap dump id {id:hash}\n'),
  ...batch(batchText),
  ...piped('map show id {id:hash}\nprog show id {id:hello}\n'),
  ...piped('map dump id {id:config}\nmap dump id {id:hash}'),
  ...piped(''),
  ...piped('\n\n#\n'),
  ...piped('map show id 4294967295\nmap show id {id:hash}\n'),
  ...piped('map show id {id:hash}\nmap show id x\nmap show id {id:hash}\n'),
  ...one('batch file -', { stdin: noSuchName }),
  ...['-j', '-p'].flatMap((format) =>
    one(`${format} batch file -`, {
      stdin: noSuchName,
      because: 'a member without a value is no JSON',
      difference: { id: 'J5 in a batch', ours: { status: 255, stderr: '', stdout: withoutOutput[format]! } },
    }),
  ),
  ...piped('map show id "{id:hash}\n'),
  ...piped('map show id "{id:hash}"more\n'),
  ...piped('map show "#" id\n'),
  ...piped('map show id \\\n{id:hash}\n'),
  ...piped('map show id \\\n'),
  ...piped('map show id {id:hash} -j\n'),
  ...piped('version\n').map((parityCase) => ({ ...parityCase, normalise: ['features' as const] })),
  ...piped('bogus\n').filter((parityCase) => parityCase.argv[0] === 'batch'),
  ...batch(`map show id ${'{id:hash} '.repeat(5000)}\n`).slice(0, 2),
  ...batch(`# ${'x'.repeat(70_000)}\nmap show id {id:hash}\n`).slice(0, 2),
  ...batch(`${'x '.repeat(5000)}\n`).slice(0, 2),
  ...all('batch file {tmp}/absent'),
  ...all('batch file {tmp}'),
  ...all('batch file'),
  ...all('batch'),
  ...all('batch bogus x'),
  ...all('batch file a b'),
  ...all('batch f -', { stdin: 'map show id {id:hash}\n' }),
  ...all('b file -', { stdin: 'map show id {id:hash}\n' }),
];

export const permissions: ParityCase[] = [
  ...all('map show', { uid: 65534 }),
  ...all('map show id {id:hash}', { uid: 65534 }),
  ...all('map dump name {name:hash}', { uid: 65534 }),
  ...all('map dump pinned {pin:hash}', { uid: 65534 }),
  ...all('prog show', { uid: 65534 }),
  ...all('link show', { uid: 65534 }),
  ...all('btf show', { uid: 65534 }),
  ...all('map create {pins}/denied type hash key 4 value 4 entries 4 name denied', { uid: 65534 }),
  ...all('prog load {obj:hello} {pins}/denied', { uid: 65534 }),
];

/** Without -d libbpf prints what its variable asks for; what is no level is told before the first message only. */
export const libbpfLevels: ParityCase[] = [
  ...['warn', 'WARN', 'info', 'debug', 'Debug', '', 'loud', '3'].flatMap((LIBBPF_LOG_LEVEL) => {
    const env = { LIBBPF_LOG_LEVEL };
    return [
      ...one('btf dump file {obj:hello} root_id 4294967295', { env }),
      ...one('btf dump file {project}/package.json', { env }),
      ...one('-j prog load {project}/package.json {pins}/none', { env }),
      ...one('prog load {tmp}/absent {pins}/none', { env }),
      ...one('cgroup show {path:group-multi} effective', { env }),
      ...one('-d cgroup tree {path:group-multi} effective', { env }),
      ...one('version', { env, normalise: ['features'] }),
    ];
  }),
];
