import type { Context } from '../../cli/index.ts';
import { SyscallError } from '../../errors/index.ts';
import {
  type AttachedPrograms,
  BpfProgram,
  type CgroupHook,
  openFdById,
  type ProgramInfo,
} from '../../kernel/index.ts';
import { attachTypeName, BPF_F_ALLOW_MULTI, BPF_F_ALLOW_OVERRIDE } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { printable } from '../shared/refs.ts';
import type { HookNames } from './hook-names.ts';

/** How the programs of groups are shown. */
export interface Listing {
  /** With those inherited from the groups above; then the kernel gives no flags. */
  readonly effective: boolean;
  readonly names: HookNames;
}

/** A program at a hook, as one line or object shows it. */
interface ShownProgram {
  readonly info: ProgramInfo;
  readonly name: string;
  readonly attachType: number;
  /** BPF_F_ALLOW_MULTI, BPF_F_ALLOW_OVERRIDE or 0, as the program was attached with. */
  readonly attachFlags: number;
  /** The function it is at, if it is at one. */
  readonly functionName: string | undefined;
}

/** The line above the programs in plain output. */
export function printHeading(ctx: Context, { effective }: Pick<Listing, 'effective'>): void {
  const columns = effective ? ['AttachType', 'Name'] : ['AttachType', 'AttachFlags', 'Name'];
  ctx.print(`${'ID'.padEnd(8)} ${columns.map(column).join(' ')}\n`);
}

/** Shows the programs at one hook; those unloaded meanwhile are passed over. `indent` stands before each plain line. */
export function printPrograms(
  ctx: Context,
  listing: Listing,
  { attachType }: CgroupHook,
  attached: AttachedPrograms,
  indent = '',
): void {
  const kernel = kernelOf(ctx);
  for (const { id, attachFlags: own } of attached.programs) {
    const fd = openFdById(kernel, 'prog', id);
    if (fd < 0) continue;
    using program = new BpfProgram(kernel, fd, { isKnown: true });
    const info = infoOf(program);
    if (info === undefined) continue;
    const shown: ShownProgram = {
      info,
      name: program.fullName(info),
      attachType,
      // Of each program since Linux 6.0; before, the kernel tells those of the whole hook.
      attachFlags: own !== 0 ? own : attached.attachFlags,
      functionName: listing.names.nameOf(info),
    };
    if (ctx.json === undefined) ctx.print(`${indent}${plain(shown, listing)}\n`);
    else printJson(ctx, shown, listing);
  }
}

/** What the kernel says of a program; undefined where it does not. */
function infoOf(program: BpfProgram): ProgramInfo | undefined {
  try {
    return program.info();
  } catch (error) {
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
}

function plain({ info, name, attachType, attachFlags, functionName }: ShownProgram, { effective }: Listing): string {
  const typeName = attachTypeName(attachType);
  const words = [String(info.id).padEnd(8)];
  // Both forms have 15 columns.
  words.push(typeName === undefined ? `type ${String(attachType).padEnd(10)}` : column(typeName));
  if (!effective) words.push(column(flagsText(attachFlags)));
  words.push(column(printable(name)));
  if (functionName !== undefined) words.push(column(printable(functionName)));
  else if (info.attachBtfId !== 0) {
    words.push(`attach_btf_obj_id=${info.attachBtfObjectId} attach_btf_id=${info.attachBtfId}`);
  }
  return words.join(' ');
}

function printJson(ctx: Context, shown: ShownProgram, { effective }: Listing): void {
  const { info, name, attachType, attachFlags, functionName } = shown;
  const json = ctx.json!;
  json.startObject().field('id', info.id);
  json.field('attach_type', attachTypeName(attachType) ?? attachType);
  if (!effective) json.field('attach_flags', flagsText(attachFlags));
  json.field('name', name);
  if (functionName !== undefined) json.field('attach_btf_name', functionName);
  json.field('attach_btf_obj_id', info.attachBtfObjectId).field('attach_btf_id', info.attachBtfId);
  json.endObject();
}

function flagsText(flags: number): string {
  if (flags === 0) return '';
  // Only one of the two is expected: with both, or another, the reference prints the number.
  if (flags === BPF_F_ALLOW_MULTI) return 'multi';
  return flags === BPF_F_ALLOW_OVERRIDE ? 'override' : `unknown(${flags.toString(16)})`;
}

function column(text: string): string {
  return text.padEnd(15);
}
