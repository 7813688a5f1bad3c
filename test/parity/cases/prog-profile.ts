import { all, one, type Options, type ParityCase } from '../../support/parity/case.ts';

/** An error after an error: the reference makes it a second JSON value, ours tells it on standard error. */
const secondError = 'Error: failed to parse fd\n';
function unselected(program: string, options: Options = {}): ParityCase[] {
  const line = `prog profile ${program} cycles`;
  const ours = { stderr: secondError, status: 255 };
  return [
    ...one(line, options),
    ...one(`-j ${line}`, { ...options, difference: { id: 'a document and no more', ours } }),
    ...one(`-p ${line}`, { ...options, difference: { id: 'a document and no more', ours } }),
  ];
}
const ofHello = (words: string) => all(`prog profile pinned {pin:hello} ${words}`);

/**
 * Compared with a bpftool that was built with skeletons. Nothing runs the programs, and where counters are to be had a
 * duration of 0 ends at once, so that what is counted is nothing.
 */
export const progProfile: ParityCase[] = [
  ...all('prog profile'),
  ...all('prog profile id'),
  ...all('prog profile id {id:hello}'),
  ...all('p prof name {name:hello}'),
  ...unselected('id 4294967295'),
  ...unselected('id bogus'),
  ...unselected('pinned {pin:hash}'),
  ...unselected('pinned {tmp}/absent'),
  ...unselected('tag {tag:twin1}', { needs: ['twin1', 'twin2'], wholeMachine: true }),
  ...unselected('tag bogus'),
  ...unselected('bogus 1'),
  ...all('prog profile name nosuchname cycles', { wholeMachine: true }),

  ...ofHello('bogus'),
  ...ofHello('cycles bogus instructions'),
  ...ofHello('cyclesx'),
  ...ofHello('duration'),
  ...ofHello('duration 1'),
  ...ofHello('du cycles'),
  ...ofHello('duration bogus cycles'),
  ...ofHello('duration 1s cycles'),
  ...ofHello('duration 1 bogus'),
  ...ofHello('duration 1 duration 1 cycles'),
  ...ofHello('cycles duration 1'),
  ...ofHello('cycles inst l1d llc itlb'),
  ...ofHello('cycles inst l1d llc itlb dtlb'),
  ...ofHello('c i l1 ll it d'),

  ...ofHello('duration 0 cycles'),
  ...ofHello('dur 00 c i'),
  ...ofHello('duration 0x0 dtlb llc l1d itlb'),
  ...all(['prog', 'profile', 'pinned', '{pin:hello}', 'duration', '', '']),
  ...all('prog profile id {id:hello} duration 0 instructions'),
  ...all('prog profile tag {tag:hello} duration 0 instructions', { wholeMachine: true }),
  ...all('prog profile pinned {pin:runxdp} duration 0 cycles'),
  ...all('prog profile pinned {pin:subprograms} duration 0 cycles'),

  // Without BTF there is no function to name.
  ...all('prog profile pinned {pin:xdp} cycles'),
  ...all('prog profile id {id:filter} duration 5 cycles'),
  ...all('prog profile name {name:classifier} cycles', { wholeMachine: true }),
  ...all('prog profile pinned {pin:xdp} bogus'),

  ...one('prog profile pinned {pin:hello} cycles', { uid: 65534 }),
  ...one('prog profile id {id:hello} cycles', { uid: 65534 }),
  ...one('prog profile id {id:hello} duration 1 bogus', { uid: 65534 }),
];

/** Debian's bpftool was built without skeletons. */
export const progProfileHere: ParityCase[] = [
  ...one('prog profile pinned {pin:hello} bogus', {
    difference: { id: 'profile', ours: { stdout: '', stderr: 'Error: unknown metric bogus\n', status: 255 } },
  }),
  ...one('-j prog profile', {
    difference: {
      id: 'profile',
      ours: { stdout: `{"error":"'profile' needs at least 3 arguments, 0 found"}\n`, stderr: '', status: 234 },
    },
  }),
];
