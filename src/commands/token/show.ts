// `token show`: bpftool's src/token.c. BPF tokens came with Linux 6.9; the mount options say what they may allow.
import { type Context, fail, type Handler } from '../../cli/index.ts';
import { SyscallError } from '../../errors/index.ts';
import { type Mount, mounts } from '../../host/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { printable } from '../shared/refs.ts';

/** What a BPF file system can delegate: its title here and the mount option that lists it. */
const kinds = [
  ['allowed_cmds', 'delegate_cmds'],
  ['allowed_maps', 'delegate_maps'],
  ['allowed_progs', 'delegate_progs'],
  ['allowed_attachs', 'delegate_attachs'],
] as const;
/** Names on a line of plain output. */
const perLine = 4;

/** `token { show | list }`: the mounted BPF file systems that delegate rights, of which tokens are made. */
export const show: Handler = (ctx, words) => {
  if (words.left > 0) words.unexpected();
  const delegating = mountsOf(ctx).filter(isDelegating);
  ctx.json?.startArray();
  for (const mount of delegating) {
    if (ctx.json === undefined) ctx.print(plain(mount));
    else printJson(ctx, mount);
  }
  ctx.json?.endArray();
};

function mountsOf(ctx: Context): Mount[] {
  try {
    return mounts(kernelOf(ctx));
  } catch (error) {
    if (error instanceof SyscallError) fail('Failed to open: /proc/mounts');
    throw error;
  }
}

function isDelegating({ type, options }: Mount): boolean {
  // The reference looks for the words anywhere in the options, and compares three letters of the type.
  return type.startsWith('bpf') && options.some((option) => kinds.some(([, key]) => option.includes(key)));
}

/** Names that an option lists, such as `prog_load` and `map_create` of `delegate_cmds=prog_load:map_create`. */
function delegated({ options }: Mount, key: string): string[] {
  const option = options.find((candidate) => candidate.startsWith(`${key}=`)) ?? '';
  return option
    .slice(key.length + 1)
    .split(':')
    .filter((name) => name !== '');
}

function plain(mount: Mount): string {
  const parts = kinds.map(([title, key]) => `\n\t${title}:${inLines(delegated(mount, key))}`);
  return `token_info  ${printable(mount.target)}${parts.join('')}\n`;
}

function inLines(names: readonly string[]): string {
  // Each name takes 20 columns, the last of a line too.
  return names.map((name, i) => `${i % perLine === 0 ? '\n\t  ' : ''}${printable(name).padEnd(20)}`).join('');
}

function printJson(ctx: Context, mount: Mount): void {
  const json = ctx.json!;
  json.startObject().field('token_info', mount.target);
  for (const [title, key] of kinds) {
    json.name(title).startArray();
    for (const name of delegated(mount, key)) json.string(name);
    json.endArray();
  }
  json.endObject();
}
