// The head of a program in `prog show`, and in `prog dump` of several.
import type { Context } from '../../cli/index.ts';
import type { BpfProgram, ProgramInfo } from '../../kernel/index.ts';
import { progTypeName } from '../../uapi/index.ts';
import { printDevice } from '../shared/device.ts';
import { printable } from '../shared/refs.ts';

/** Id, type, name, tag, licence and statistics: members of the open JSON object, or a line of text. */
export function printProgramHeader(ctx: Context, program: BpfProgram, info: ProgramInfo): void {
  const { json } = ctx;
  const type = progTypeName(info.type);
  const tag = Buffer.from(info.tag).toString('hex');
  if (json !== undefined) {
    json.field('id', info.id).field('type', type ?? info.type);
    // The kernel's name has at most 15 characters; the full one comes from the BTF of the function.
    if (info.name !== '') json.field('name', program.fullName(info));
    json.field('tag', tag).field('gpl_compatible', info.gplCompatible);
    // Both count only while statistics are on (kernel.bpf_stats_enabled, or BPF_ENABLE_STATS).
    if (info.runTimeNs !== 0n) json.field('run_time_ns', info.runTimeNs).field('run_cnt', info.runCount);
    if (info.recursionMisses !== 0n) json.field('recursion_misses', info.recursionMisses);
    return;
  }
  ctx.print(`${info.id}: ${type ?? `type ${info.type}`}  `);
  if (info.name !== '') ctx.print(`name ${printable(program.fullName(info))}  `);
  ctx.print(`tag ${tag}`);
  // In JSON the device follows later, in `prog show` only.
  printDevice(ctx, info);
  if (info.gplCompatible) ctx.print('  gpl');
  if (info.runTimeNs !== 0n) ctx.print(` run_time_ns ${info.runTimeNs} run_cnt ${info.runCount}`);
  if (info.recursionMisses !== 0n) ctx.print(` recursion_misses ${info.recursionMisses}`);
  ctx.print('\n');
}
