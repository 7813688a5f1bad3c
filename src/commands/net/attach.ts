import { type Context, fail, type Handler, type Words, withStatus } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { attachProgram, type BpfProgram, setXdp } from '../../kernel/index.ts';
import { BPF_F_BEFORE, XDP_FLAGS_UPDATE_IF_NOEXIST } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { selectProgram } from '../shared/select-prog.ts';
import { type NetAttachType, readAttachType } from './attach-types.ts';
import { readDeviceIndex } from './device-word.ts';
import { failureOf } from './netlink-failure.ts';

/** The reference's status for words that do not fit. */
const invalid = { status: -Errno.EINVAL };

/** `net attach ATTACH_TYPE PROG dev NAME [overwrite | prepend]`: attaches a program to a device, without a link. */
export const attach: Handler = (ctx, words) => {
  words.require(5, invalid);
  const type = readAttachType(words);
  using program = withStatus(invalid.status, () => selectProgram(ctx, words));
  const index = withStatus(invalid.status, () => readDeviceIndex(ctx, words));
  const place = readPlace(words, type);
  const errno =
    type.kind === 'xdp' ? attachXdp(ctx, program, { type, index, place }) : attachTcx(program, { type, index, place });
  if (errno !== 0) fail(`interface ${type.name} attach failed: ${strerror(errno)}`, { status: -errno });
  ctx.json?.null();
};

type Place = 'overwrite' | 'prepend' | undefined;

interface Target<K extends NetAttachType['kind']> {
  readonly type: Extract<NetAttachType, { kind: K }>;
  readonly index: number;
  readonly place: Place;
}

/** What comes after the word that says how is not looked at. */
function readPlace(words: Words, { kind }: NetAttachType): Place {
  if (words.left === 0) return undefined;
  if (words.take('overwrite')) {
    return kind === 'xdp' ? 'overwrite' : fail("'overwrite' is only supported for xdp types", invalid);
  }
  if (words.take('prepend')) {
    return kind === 'tcx' ? 'prepend' : fail("'prepend' is only supported for tcx_ingress/tcx_egress", invalid);
  }
  return fail(`expected 'overwrite' or 'prepend', got: '${words.peek()}'?`, invalid);
}

/** Answers 0 or an errno. */
function attachXdp(ctx: Context, program: BpfProgram, { type, index, place }: Target<'xdp'>): number {
  // Without `overwrite` the kernel must find no program there, else EBUSY.
  const flags = type.flags | (place === 'overwrite' ? 0 : XDP_FLAGS_UPDATE_IF_NOEXIST);
  const request = { index, programFd: program.fd.number, flags };
  return failureOf(ctx, () => setXdp(kernelOf(ctx), request))?.errno ?? 0;
}

function attachTcx(program: BpfProgram, { type, index, place }: Target<'tcx'>): number {
  const flags = place === 'prepend' ? BPF_F_BEFORE : 0;
  // An index in place of a descriptor: bpf_attr has both at one place, target_fd and target_ifindex.
  return -attachProgram(program, { targetFd: index, attachType: type.attachType, flags });
}
