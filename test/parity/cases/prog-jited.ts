import { all, one, type ParityCase } from '../../support/parity/case.ts';

/** Programs with several functions, jumps of both sizes, atomic instructions, exceptions, and without BTF. */
const programs = [
  'hello',
  'hellobuffer',
  'helloring',
  'filter',
  'xdp',
  'runtc',
  'streams',
  'arithmetic',
  'atomics',
  'tailcalls',
  'subprograms',
  'exceptions',
  'kfuncs',
  'arena',
];

/** Compared with a bpftool that was built with LLVM. */
export const progDumpJited: ParityCase[] = [
  ...programs.flatMap((key) => [
    ...all(`prog dump jited pinned {pin:${key}}`),
    ...all(`prog dump jited pinned {pin:${key}} opcodes linum`),
  ]),
  ...all('prog dump jited pinned {pin:subprograms} linum'),
  ...all('prog dump jited id {id:subprograms} opcodes'),
  ...all('p d j pinned {pin:arithmetic} o l'),
  ...all('prog dump jited tag {tag:twin1} opcodes', { needs: ['twin1', 'twin2'], wholeMachine: true }),
  ...all('prog dump jited tag {tag:twin1} file {tmp}/image', { needs: ['twin1', 'twin2'], wholeMachine: true }),
  ...all('prog dump jited id {id:hello} file {tmp}/image'),
  ...all('prog dump jited id {id:hello} file /nosuchfolder/image'),
  ...all('prog dump jited id {id:hello} file {tmp}'),
  ...all('prog dump jited id {id:hello} file'),
  ...all('prog dump jited id {id:hello} file {tmp}/image opcodes'),
  ...all('prog dump jited id {id:hello} linum file {tmp}/image'),
  ...all('prog dump jited id {id:hello} visual'),
  ...all('prog dump jited id {id:hello} bogus'),
  ...all('prog dump jited id 4294967295'),
  ...all('prog dump jited name nosuchname'),
  ...all('prog dump jited pinned {pin:hash}'),
  ...all('prog dump jited id'),
  ...all('prog dump jited'),
  ...one('prog dump jited pinned {pin:hello}', { uid: 65534 }),
];

/** Debian's bpftool was built without a disassembler. */
export const progDumpJitedHere: ParityCase[] = one('prog dump jited pinned {pin:xdp}', {
  difference: { id: 'jited', ours: { stderr: '', status: 0 } },
});
