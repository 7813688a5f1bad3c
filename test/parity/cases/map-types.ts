// Every verb on every map type: what each type allows, refuses and prints.
import { all, change, one, type ParityCase } from '../../support/parity/case.ts';

const plainAndJson = (words: string): ParityCase[] => [...one(words), ...one(`-j ${words}`)];

/** Map types and contents beyond the common ones. */
const rare = [
  'userringbuf',
  'arena',
  'cgroupstorage',
  'percpucgroup',
  'xskmap',
  'cpumapfilled',
  'devmapindex',
  'progarrayfilled',
  'outer',
  'skstorage',
  'inodestorage',
  'taskstorage',
  'cgrpstorage',
  'structops',
];

const typed = [
  'typedhash',
  'typedarray',
  'typedempty',
  'typedlru',
  'typedpercpu',
  'typedpercpuarray',
  'typedtrie',
  'typedsection',
];

/** Documented difference: what the reference says of a kind it cannot print is no JSON. */
const refusedElement =
  '{"key":["0x01","0x00","0x00","0x00"],"value":["0x01","0x00","0x00","0x00","0x00","0x00","0x00","0x00",' +
  '"0x00","0x00","0x00","0x00","0x00","0x00","0xf0","0x3f","0x02","0x00","0x00","0x00","0x00","0x00","0x00","0x00"],' +
  '"formatted":{"key":1,"value":{"before":1,"value":"(unsupported-kind)"}}}';
const refused = (words: string, stdout: string): ParityCase[] => [
  ...one(words),
  ...one(`-j ${words}`, {
    difference: { id: 'a kind that cannot be printed', ours: { stdout, stderr: '', status: 0 } },
  }),
];

export const rareShow: ParityCase[] = [
  ...rare.flatMap((key) => plainAndJson(`map show pinned {pin:${key}}`)),
  ...['typedhash', 'typedpercpu', 'typedsection'].flatMap((key) => all(`map show pinned {pin:${key}}`)),
  ...plainAndJson('-f map show pinned {pin:arena}'),
];

export const rareDump: ParityCase[] = [
  ...rare.flatMap((key) => plainAndJson(`map dump pinned {pin:${key}}`)),
  ...typed.flatMap((key) => all(`map dump pinned {pin:${key}}`)),
  ...refused('map dump pinned {pin:unprintable}', `[${refusedElement}]\n`),
  ...one('map dump pinned {pin:unprintablepercpu}'),
];

const zeroes = (count: number) => Array<string>(count).fill('0').join(' ');

/** A key of the right size for each type: one that is there where one can be, and one that is not. */
const keys: Record<string, string[]> = {
  lru: ['1 0 0 0', '9 0 0 0'],
  lrupercpu: ['1 0 0 0'],
  trie: ['8 0 0 0 10 0 0 0', '32 0 0 0 10 1 2 3', '33 0 0 0 10 1 2 3', '0 0 0 0 9 9 9 9'],
  perfevents: ['0 0 0 0'],
  cgrouparray: ['0 0 0 0', '4 0 0 0'],
  stacktrace: ['0 0 0 0'],
  devmap: ['0 0 0 0', '1 0 0 0', '4 0 0 0'],
  devmapindex: ['5 0 0 0', '6 0 0 0'],
  cpumapfilled: ['0 0 0 0', '1 0 0 0'],
  sockhash: [zeroes(4)],
  reuseport: ['0 0 0 0'],
  reuseportsmall: ['0 0 0 0'],
  hashofmaps: ['1 0 0 0', '2 0 0 0'],
  outer: ['1 0 0 0 0 0 0 0'],
  progarrayfilled: ['1 0 0 0', '0 0 0 0'],
  xskmap: ['0 0 0 0'],
  cgroupstorage: [zeroes(16)],
  skstorage: ['0 0 0 0', '0xff 0xff 0xff 0xff'],
  inodestorage: ['0xff 0xff 0xff 0xff'],
  taskstorage: ['0xff 0xff 0xff 0xff'],
  cgrpstorage: ['0xff 0xff 0xff 0xff'],
  structops: ['0 0 0 0', '1 0 0 0'],
};

const oddElement = (value: string, formatted: string) =>
  `[{"key":["0x01","0x00","0x00","0x00"],"value":[${value.replace(/\w+/g, '"0x$&"').replaceAll(' ', ',')}],` +
  `"formatted":{"key":1,"value":${formatted}}}]\n`;

/** Documented differences in values. */
export const oddValues: ParityCase[] = [
  ...one('-j map dump pinned {pin:longchain}', {
    difference: {
      id: 'a value that cannot be printed',
      ours: {
        stdout: oddElement('01 00 00 00 02 00 00 00 03 00 00 00', '{"before":1,"hidden":null}'),
        stderr: '',
        status: 0,
      },
    },
  }),
  ...one('-j map dump pinned {pin:lastbits}', {
    difference: {
      id: 'a bit-field that ends with the last bit of 16 bytes',
      ours: {
        stdout: oddElement(`21${' 00'.repeat(15)}`, '{"low":"0x1","high":"0x1"}'),
        stderr: '',
        status: 0,
      },
    },
  }),
  ...one('-j map dump pinned {pin:charvalues}', {
    difference: {
      id: 'char values that need an escape',
      ours: { stdout: oddElement('61 22 5c 07', '["a","\\"","\\\\","\\u0007"]'), stderr: '', status: 0 },
    },
  }),
];

export const rareLookup: ParityCase[] = [
  ...Object.entries(keys).flatMap(([map, list]) =>
    list.flatMap((key, index) => {
      const words = `map lookup pinned {pin:${map}} key ${key}`;
      return index === 0 ? plainAndJson(words) : one(words);
    }),
  ),
  ...['typedhash', 'typedarray', 'typedpercpu'].flatMap((map) => all(`map lookup pinned {pin:${map}} key 0 0 0 0`)),
  ...refused('map lookup pinned {pin:unprintable} key 1 0 0 0', `${refusedElement}\n`),
  ...plainAndJson('map lookup pinned {pin:typedhash} key 7 7 7 7'),
  ...plainAndJson('map lookup pinned {pin:typedtrie} key hex 20 0 0 0 a 1 2 3'),
  ...plainAndJson('map lookup pinned {pin:typedsection} key 0 0 0 0'),
  ...plainAndJson('map lookup pinned {pin:typedpercpuarray} key 1 0 0 0'),
  // Types without keys: a lookup is a look at the next value, or nothing at all.
  ...['ringbuf', 'userringbuf', 'arena'].flatMap((map) => one(`map peek pinned {pin:${map}}`)),
  ...one('map peek pinned {pin:hash}'),
  ...one('map peek pinned {pin:queue} key'),
  ...one('map peek pinned {pin:queue} value 1 2 3 4'),
  ...one('map peek pinned {pin:queue} bogus'),
  ...one('map lookup pinned {pin:ringbuf} key 0'),
];

export const rareGetnext: ParityCase[] = [
  ...['bloom', 'ringbuf', 'arena', 'perfevents', 'progarrayfilled', 'cgrouparray', 'stacktrace', 'devmapindex'].flatMap(
    (map) => one(`map getnext pinned {pin:${map}}`),
  ),
  ...[
    'cpumapfilled',
    'xskmap',
    'sockhash',
    'reuseport',
    'cgroupstorage',
    'skstorage',
    'taskstorage',
    'structops',
  ].flatMap((map) => one(`-j map getnext pinned {pin:${map}}`)),
  ...plainAndJson('map getnext pinned {pin:outer}'),
  ...plainAndJson('map getnext pinned {pin:outer} key 1 0 0 0 0 0 0 0'),
  ...plainAndJson('map getnext pinned {pin:trie} key 16 0 0 0 10 1 0 0'),
  ...one('map getnext pinned {pin:trie} key 33 0 0 0 10 1 0 0'),
  ...one('map getnext pinned {pin:typedhash}'),
  ...one('map getnext pinned {pin:typedarray} key 0 0 0 0'),
  ...one('map getnext pinned {pin:devmap} key 255 255 255 255'),
  // Without key bytes a key is still owed.
  ...plainAndJson('map getnext pinned {pin:queue} key'),
  ...one('map getnext pinned {pin:queue} key 1'),
  ...one('map getnext pinned {pin:queue} key key'),
  ...one('map getnext pinned {pin:ringbuf} bogus'),
  ...one('map getnext pinned {pin:ringbuf} value'),
  ...one('map getnext pinned {pin:hash} any'),
];

const plainChange = (words: string, then: string[] = []) => change(words, then).slice(0, 1);
const jsonChange = (words: string, then: string[] = []) => change(words, then).slice(1);

/** An element each, and whether the type takes it. */
const elements: Record<string, string> = {
  lru: 'key 1 0 0 0 value 9 9 9 9',
  lrupercpu: `key 2 0 0 0 value ${zeroes(11)} 7`,
  trie: 'key 24 0 0 0 10 1 2 0 value 3 0 0 0',
  perfevents: 'key 0 0 0 0 value 0 0 0 0',
  cgrouparray: 'key 0 0 0 0 value 0 0 0 0',
  stacktrace: `key 0 0 0 0 value ${zeroes(16)}`,
  devmap: 'key 1 0 0 0 value 1 0 0 0',
  devmaphash: 'key 9 0 0 0 value 1 0 0 0 0 0 0 0',
  cpumap: 'key 1 0 0 0 value 64 0 0 0',
  xskmap: 'key 0 0 0 0 value 0 0 0 0',
  sockmap: 'key 0 0 0 0 value 255 255 255 127',
  sockhash: `key 0 0 0 0 value ${zeroes(8)}`,
  reuseport: `key 0 0 0 0 value ${zeroes(8)}`,
  bloom: 'value 7 7 7 7',
  ringbuf: '',
  userringbuf: '',
  arena: '',
  cgroupstorage: `key ${zeroes(16)} value ${zeroes(8)}`,
  percpucgroup: `key ${zeroes(16)} value ${zeroes(8)}`,
  skstorage: `key 0 0 0 0 value ${zeroes(32)}`,
  inodestorage: `key 255 255 255 255 value ${zeroes(32)}`,
  taskstorage: `key 255 255 255 255 value ${zeroes(32)}`,
  cgrpstorage: `key 255 255 255 255 value ${zeroes(32)}`,
  typedhash: `key 3 0 0 0 value hex 41 ${zeroes(31)}`,
  typedpercpu: `key 0 0 0 0 value hex 42 ${zeroes(31)}`,
  typedtrie: `key 32 0 0 0 10 1 2 3 value ${zeroes(7)} 1`,
  typedsection: 'key 0 0 0 0 value 1 2 3 4 5 6 7 8',
  structops: 'key 0 0 0 0 value 0',
};

const dumped = new Set([
  'lru',
  'lrupercpu',
  'trie',
  'devmap',
  'devmaphash',
  'typedhash',
  'typedpercpu',
  'typedsection',
]);
const afterwards = (map: string) => (dumped.has(map) ? [`map dump pinned {pin:${map}}`] : []);
const keyOf = (words: string) => words.replace(/ ?value .*/, '');

export const rareChange: ParityCase[] = [
  ...Object.entries(elements).flatMap(([map, words]) =>
    plainChange(`map update pinned {pin:${map}} ${words}`, afterwards(map)),
  ),
  ...Object.entries(elements).flatMap(([map, words]) =>
    (dumped.has(map) ? plainChange : jsonChange)(`map delete pinned {pin:${map}} ${keyOf(words)}`, afterwards(map)),
  ),
  ...plainChange('map delete pinned {pin:trie} key 8 0 0 0 10 0 0 0', ['map dump pinned {pin:trie}']),
  ...plainChange('map delete pinned {pin:typedhash} key 0 0 0 0', ['map dump pinned {pin:typedhash}']),
  ...plainChange('map delete pinned {pin:progarrayfilled} key 1 0 0 0', ['map dump pinned {pin:progarrayfilled}']),
  ...plainChange('map delete pinned {pin:outer} key 1 0 0 0 0 0 0 0', ['map dump pinned {pin:outer}']),
  ...plainChange('map delete pinned {pin:devmap} key 0 0 0 0', ['map dump pinned {pin:devmap}']),
  ...plainChange('map delete pinned {pin:frozen} key 0 0 0 0'),
  // Queues, stacks and filters.
  ...plainChange('map delete pinned {pin:queue}'),
  ...plainChange('map delete pinned {pin:queue} key'),
  ...plainChange('map delete pinned {pin:ringbuf} bogus'),
  ...plainChange('map push pinned {pin:bloom} value 5 6 7 8'),
  ...plainChange('map push pinned {pin:bloom} value 5 6 7 8 exist'),
  ...plainChange('map push pinned {pin:bloom} value 5 6 7 8 noexist'),
  ...plainChange('map push pinned {pin:queue} value 9 9 9 9 exist', ['map peek pinned {pin:queue}']),
  ...plainChange('map push pinned {pin:queue} value 9 9 9 9 noexist'),
  ...plainChange('map push pinned {pin:stack} any value 9 9 9 9', [
    'map pop pinned {pin:stack}',
    'map pop pinned {pin:stack}',
  ]),
  ...plainChange('map push pinned {pin:queue} value 9 9 9'),
  ...jsonChange('map push pinned {pin:queue}'),
  ...plainChange('map push pinned {pin:hash} value 9 9 9 9'),
  ...plainChange('map enqueue pinned {pin:queue} value'),
  ...plainChange('map push pinned {pin:full} value 1 1 1 1', ['map peek pinned {pin:full}']),
  ...plainChange('map push pinned {pin:full} value 1 1 1 1 exist', ['map peek pinned {pin:full}']),
  ...change('map pop pinned {pin:drained}'),
  ...change('map peek pinned {pin:drained}'),
  ...plainChange('map dequeue pinned {pin:queue} these words are ignored', ['map peek pinned {pin:queue}']),
  ...plainChange('map pop pinned {pin:bloom}'),
  ...plainChange('map pop pinned {pin:ringbuf}'),
  ...jsonChange('map pop pinned {pin:lru}'),
  ...plainChange('map pop pinned {pin:array}'),
  ...plainChange('map pop pinned {pin:percpuhash}'),
  ...plainChange('map pop pinned {pin:trie}'),
  ...plainChange('map pop'),
  ...plainChange('map pop id 4294967295'),
  // Freezing.
  ...['hash', 'progarrayfilled', 'ringbuf', 'arena', 'structops', 'skstorage', 'typedsection', 'outer'].flatMap((map) =>
    plainChange(`map freeze pinned {pin:${map}}`, [`map show pinned {pin:${map}}`]),
  ),
  ...jsonChange('map freeze id {id:queue}', ['map show pinned {pin:queue}']),
  // Pinning is the same for every type.
  ...['arena', 'structops', 'taskstorage'].flatMap((map) =>
    plainChange(`map pin pinned {pin:${map}} {pins}/again`, ['map show pinned {pins}/again']),
  ),
];
