// `cgroup attach` and `detach`: do_attach() and do_detach() of bpftool's src/cgroup.c. BPF_PROG_ATTACH without a link:
// the program stays when this process ends.
import { type Context, fail, type Handler, type Words } from '../../cli/index.ts';
import { attachProgram, detachProgram, Fd } from '../../kernel/index.ts';
import { BPF_F_ALLOW_MULTI, BPF_F_ALLOW_OVERRIDE } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { selectProgram } from '../shared/select-prog.ts';
import { readAttachType } from './attach-type.ts';
import { openGroup } from './group.ts';

/** `cgroup attach CGROUP ATTACH_TYPE PROG [ATTACH_FLAGS]` */
export const attach: Handler = (ctx, words) => {
  requireWords(words, 'attach');
  using group = mustOpen(ctx, words.next());
  const attachType = readAttachType(words.next());
  using program = selectProgram(ctx, words);
  const target = { targetFd: group.number, attachType, flags: readFlags(words) };
  if (attachProgram(program, target) < 0) fail('failed to attach program');
  ctx.json?.null();
};

/** `cgroup detach CGROUP ATTACH_TYPE PROG`; words beyond are passed over, as in the reference. */
export const detach: Handler = (ctx, words) => {
  requireWords(words, 'detach');
  using group = mustOpen(ctx, words.next());
  const attachType = readAttachType(words.next());
  using program = selectProgram(ctx, words);
  if (detachProgram(program, { targetFd: group.number, attachType }) < 0) fail('failed to detach program');
  ctx.json?.null();
};

/** CGROUP, ATTACH_TYPE and PROG, which is two words; the message is not the common one for too few words. */
function requireWords(words: Words, verb: string): void {
  if (words.left < 4) fail(`too few parameters for cgroup ${verb}`);
}

function mustOpen(ctx: Context, path: string): Fd {
  const kernel = kernelOf(ctx);
  const fd = openGroup(kernel, path);
  return fd < 0 ? fail(`can't open cgroup ${path}`) : new Fd(kernel, fd);
}

function readFlags(words: Words): number {
  let flags = 0;
  while (words.left > 0) {
    // Bits, so both words may stand there; the kernel refuses the pair.
    if (words.take('multi')) flags |= BPF_F_ALLOW_MULTI;
    else if (words.take('override')) flags |= BPF_F_ALLOW_OVERRIDE;
    else fail(`unknown option: ${words.peek()}`);
  }
  return flags;
}
