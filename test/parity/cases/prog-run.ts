import { all, change, one, type Options, type ParityCase } from '../../support/parity/case.ts';

const packet = 'A234567890123456789 a packet of 48 byte: ~\u007f\t\n...';
const files = { packet, context: '\0'.repeat(192), short: 'x', empty: '' };

const timed: Options = { normalise: ['duration'], because: 'each run takes its own time', files };
const run = (words: string, options: Options = {}) => all(`prog run ${words}`, { ...timed, ...options });
const once = (words: string, options: Options = {}) => one(`prog run ${words}`, { ...timed, ...options });

export const progRun: ParityCase[] = [
  ...['filter', 'classifier', 'xdp', 'cgroupskb', 'flowdissector', 'runtc', 'runxdp'].flatMap((key) => [
    ...once(`pinned {pin:${key}} data_in {tmp}/packet`),
    ...once(`pinned {pin:${key}} data_in {tmp}/packet data_out - repeat 5`),
  ]),
  ...run('id {id:runtc} data_in {tmp}/packet data_out - ctx_in {tmp}/context ctx_out -'),
  ...run('pinned {pin:runtc} ctx_out - ctx_in {tmp}/context data_out - data_in {tmp}/packet repeat 0'),
  ...run('name {name:runxdp} data_in {tmp}/packet data_out - repeat 0x10'),
  ...run('pinned {pin:runtc} data_in - data_out -', { stdin: packet }),
  ...once('pinned {pin:runtc} data_in {tmp}/packet ctx_in - ctx_out -', { stdin: files.context }),
  ...once('pinned {pin:runtc} data_in {tmp}/packet data_out - data_size_out 48'),
  ...once('pinned {pin:runtc} data_in {tmp}/packet data_out - data_size_out 4294967295'),
  ...once('pinned {pin:runtc} data_in {tmp}/packet data_out - data_size_out 0x100000030'),
  ...once('pinned {pin:runtc} data_in {tmp}/packet data_out - data_size_out 0'),
  ...once('pinned {pin:runtc} data_in {tmp}/packet ctx_in {tmp}/context ctx_out - ctx_size_out 192'),
  ...once('pinned {pin:runtc} data_i {tmp}/packet data_o - r 2'),
  ...once('pinned {pin:runtc} data_in {tmp}/absent data_in {tmp}/packet'),
  // No data: what system calls take.
  ...run('pinned {pin:streams} repeat 0'),
  ...change(
    'prog run pinned {pin:runtc} data_in {tmp}/packet data_out {tmp}/out ctx_in {tmp}/context ctx_out {tmp}/ctx',
    ['prog run pinned {pin:runtc} data_in {tmp}/out data_out - ctx_in {tmp}/ctx ctx_out - repeat 0'],
    { ...timed, because: 'the files that were written are what the next run reads; times differ' },
  ),
];

/** The kernel or a file refuses. */
const refusedRuns: ParityCase[] = [
  ...run('pinned {pin:runtc} data_in {tmp}/packet data_size_out 47'),
  ...once('pinned {pin:runtc} data_in {tmp}/packet ctx_in {tmp}/context ctx_size_out 1'),
  ...once('pinned {pin:runtc} data_in {tmp}/short'),
  ...once('pinned {pin:runtc} data_in {tmp}/empty'),
  ...once('pinned {pin:runtc} data_in {tmp}'),
  ...run('pinned {pin:runtc} data_in {tmp}/absent'),
  ...once('pinned {pin:runtc} data_in {tmp}/packet ctx_in {tmp}/absent'),
  ...once('pinned {pin:runtc} data_in {tmp}/packet ctx_in {tmp}/short'),
  ...once('pinned {pin:runtc} data_in {tmp}/packet ctx_in {tmp}/packet'),
  ...once('pinned {pin:runtc} ctx_in {tmp}/context'),
  ...once('pinned {pin:runtc} repeat 1'),
  ...once('pinned {pin:runtc} data_out - repeat 1'),
  ...once('pinned {pin:runtc} data_in - data_out -'),
  ...['tracepoint', 'perfevent', 'sockops', 'rawtracepoint', 'skmsg', 'hello'].flatMap((key) =>
    once(`pinned {pin:${key}} data_in {tmp}/packet`),
  ),
  ...once('pinned {pin:rawtracepoint} repeat 0'),
  ...once('pinned {pin:hello} repeat 1'),
  ...once('pinned {pin:runtc} data_in {tmp}/packet data_out /nosuchfolder/out'),
  ...once('pinned {pin:runtc} data_in {tmp}/packet data_out {tmp} ctx_in {tmp}/context ctx_out /nosuchfolder/out'),
  ...one('-j prog run pinned {pin:runtc} data_in {tmp}/packet data_out /nosuchfolder/out', {
    ...timed,
    difference: {
      id: 'J9',
      ours: {
        stdout: '{"error":"failed to open /nosuchfolder/out: No such file or directory","retval":48,"duration":N}\n',
        stderr: '',
        status: 255,
      },
    },
  }),
  ...once('pinned {pin:runtc} data_in {tmp}/packet data_out /dev/full', {
    difference: {
      id: 'output on a full disk',
      ours: {
        stdout: 'Return value: 48, duration: Nns\n',
        stderr: 'Error: failed to write output data/ctx: No space left on device\n',
        status: 255,
      },
    },
  }),
];

/** Refused before any file is opened. */
const refusedWords: ParityCase[] = [
  'pinned {pin:runtc} data_in - ctx_in -',
  'pinned {pin:runtc} ctx_in - data_in -',
  'pinned {pin:runtc} data_in packet repeat x',
  'pinned {pin:runtc} data_in packet repeat',
  'pinned {pin:runtc} data_in packet data_size_out 1y',
  'pinned {pin:runtc} data_in packet data_size_out',
  'pinned {pin:runtc} data_in packet ctx_size_out z',
  'pinned {pin:runtc} data_in packet ctx_size_out',
  'pinned {pin:runtc} data_in packet data_out',
  'pinned {pin:runtc} data_in packet ctx_in',
  'pinned {pin:runtc} data_in packet ctx_out',
  'pinned {pin:runtc} data_out - data_in',
  'pinned {pin:runtc} data packet',
  'pinned {pin:runtc} d packet',
  'pinned {pin:runtc} ctx_ packet',
  'pinned {pin:runtc} bogus packet',
  'pinned {pin:runtc}',
  'pinned {pin:runtc} data_in',
  '',
  'id 4294967295 data_in packet',
  'name nosuchname data_in packet',
  'pinned {pin:hash} data_in packet',
  'bogus 1 data_in packet',
].flatMap((words) => [...one(`prog run ${words}`), ...one(`-j prog run ${words}`)]);

export const progRunErrors: ParityCase[] = [
  ...refusedRuns,
  ...refusedWords,
  ...one('prog run tag {tag:twin1} data_in packet', { needs: ['twin1', 'twin2'] }),
  ...one(['prog', 'run', 'pinned', '{pin:runtc}', '', 'packet'], { because: 'an empty word abbreviates everything' }),
];
