import { type Context, fail, type Handler, isPrefix, type Words } from '../../cli/index.ts';
import { Errno } from '../../errors/index.ts';
import { type AttachTarget, attachProgram, type BpfMap, type BpfProgram, detachProgram } from '../../kernel/index.ts';
import { attachTypeName, bpf_attach_type } from '../../uapi/index.ts';
import { selectMap } from '../shared/select-map.ts';
import { selectProgram } from '../shared/select-prog.ts';

/** Attach types by number, with the older name that may be abbreviated. `attach_types` of bpftool's src/prog.c. */
const attachTypes: readonly (readonly [type: number, oldName?: string])[] = [
  [bpf_attach_type.BPF_SK_SKB_STREAM_PARSER, 'stream_parser'],
  [bpf_attach_type.BPF_SK_SKB_STREAM_VERDICT, 'stream_verdict'],
  [bpf_attach_type.BPF_SK_MSG_VERDICT, 'msg_verdict'],
  [bpf_attach_type.BPF_FLOW_DISSECTOR],
  [bpf_attach_type.BPF_SK_SKB_VERDICT, 'skb_verdict'],
];

/** Nearly all failures of these verbs exit with it. */
const invalid = { status: -Errno.EINVAL };

/** `prog attach PROG ATTACH_TYPE [MAP]` */
export const attach: Handler = (ctx, words) => change(ctx, words, attachProgram, 'failed prog attach to map');

/** `prog detach PROG ATTACH_TYPE [MAP]` */
export const detach: Handler = (ctx, words) => change(ctx, words, detachProgram, 'failed prog detach from map');

function change(
  ctx: Context,
  words: Words,
  call: (program: BpfProgram, target: AttachTarget) => number,
  problem: string,
): void {
  words.require(3, invalid);
  using program = selectProgram(ctx, words);
  const attachType = readAttachType(words);
  // A flow dissector belongs to the network namespace of this process; a map that is named is not looked at.
  using map = attachType === bpf_attach_type.BPF_FLOW_DISSECTOR ? undefined : readMap(ctx, words);
  if (call(program, { targetFd: map?.fd.number ?? 0, attachType }) < 0) fail(problem, invalid);
  ctx.json?.null();
}

function readAttachType(words: Words): number {
  const word = words.peek() ?? '';
  const found = attachTypes.find(
    ([type, oldName]) => word === attachTypeName(type) || (oldName !== undefined && isPrefix(word, oldName)),
  );
  return found?.[0] ?? fail('invalid attach/detach type', invalid);
}

function readMap(ctx: Context, words: Words): BpfMap {
  words.next();
  words.require(2, invalid);
  return selectMap(ctx, words, { readOnly: false });
}
