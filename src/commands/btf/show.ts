// `btf show`: do_show() of bpftool's src/btf.c.
import { type Context, fail, type Handler, parseU32, type Words } from '../../cli/index.ts';
import { SyscallError, strerror, Errno } from '../../errors/index.ts';
import { type BtfInfo, BtfObject, BpfMap, BpfProgram, nextId, openFdById } from '../../kernel/index.ts';
import { IdTable } from '../shared/id-table.ts';
import { kernelOf } from '../shared/kernel.ts';
import { holderTable, printHolders } from '../shared/refs.ts';
import { BPF_F_RDONLY } from '../../uapi/index.ts';

type Kernel = ReturnType<typeof kernelOf>;

/** Who names a BTF object: found out for all before the first is shown, also for a single one, as in the reference. */
interface Users {
  programs: IdTable<number>;
  maps: IdTable<number>;
  holders: ReturnType<typeof holderTable>;
}

/** `btf show|list [id BTF_ID]`: id, name, size, and who uses it. */
export const show: Handler = (ctx, words) => {
  const kernel = kernelOf(ctx);
  using object = words.left === 2 ? selected(kernel, words) : undefined;
  if (words.left > 0) words.unexpected();
  const users: Users = {
    programs: usersOf(kernel, 'prog'),
    maps: usersOf(kernel, 'map'),
    holders: holderTable(ctx, 'btf'),
  };
  if (object !== undefined) return print(ctx, infoOf(object), users);
  ctx.json?.startArray();
  const status = showAll(ctx, kernel, users);
  ctx.json?.endArray();
  return status;
};

function selected(kernel: Kernel, words: Words): BtfObject {
  if (!words.take('id')) fail(`expected 'id', got: '${words.peek()}'?`);
  const id = parseU32(words, 'ID');
  const fd = openFdById(kernel, 'btf', id);
  if (fd < 0) fail(`can't get BTF object by id (${id}): ${strerror(-fd)}`);
  return new BtfObject(kernel, fd);
}

function showAll(ctx: Context, kernel: Kernel, users: Users): number {
  for (let id = 0; ; ) {
    id = nextId(kernel, 'btf', id);
    if (id === -Errno.ENOENT) return 0;
    if (id < 0) {
      ctx.error(`can't get next BTF object: ${nextFailure(id)}`);
      return -1;
    }
    const fd = openFdById(kernel, 'btf', id);
    if (fd === -Errno.ENOENT) continue;
    if (fd < 0) {
      ctx.error(`can't get BTF object by id (${id}): ${strerror(-fd)}`);
      return -1;
    }
    using object = new BtfObject(kernel, fd);
    print(ctx, infoOf(object), users);
  }
}

function nextFailure(result: number): string {
  return `${strerror(-result)}${result === -Errno.EINVAL ? ' -- kernel too old?' : ''}`;
}

function infoOf(object: BtfObject): BtfInfo {
  try {
    return object.info();
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    fail(`can't get BTF object info: ${strerror(error.errno)}`);
  }
}

/** Ids of the programs or maps that name a BTF object, by its id. */
function usersOf(kernel: Kernel, kind: 'prog' | 'map'): IdTable<number> {
  const table = new IdTable<number>();
  for (let id = 0; ; ) {
    id = nextId(kernel, kind, id);
    if (id === -Errno.ENOENT) return table;
    if (id < 0) fail(`can't get next ${kind}: ${nextFailure(id)}`, { status: id });
    // Reading is all that is asked of a map.
    const fd = openFdById(kernel, kind, id, kind === 'map' ? BPF_F_RDONLY : 0);
    if (fd === -Errno.ENOENT) continue;
    if (fd < 0) fail(`can't get ${kind} by id (${id}): ${strerror(-fd)}`);
    const btfId = btfIdOf(kernel, kind, fd);
    if (btfId !== 0) table.append(btfId, id);
  }
}

function btfIdOf(kernel: Kernel, kind: 'prog' | 'map', fd: number): number {
  using object =
    kind === 'map' ? new BpfMap(kernel, fd, { isKnown: true }) : new BpfProgram(kernel, fd, { isKnown: true });
  try {
    return object.info().btfId;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    fail(`can't get ${kind} info: ${strerror(error.errno)}`, { status: -error.errno });
  }
}

function print(ctx: Context, info: BtfInfo, users: Users): void {
  if (ctx.json === undefined) printPlain(ctx, info, users);
  else printJson(ctx, info, users);
}

function printPlain(ctx: Context, info: BtfInfo, users: Users): void {
  // Those of the kernel and its modules stand in brackets; most others have no name.
  const name = info.kernelBtf ? `[${info.name}]` : info.name === '' ? '<anon>' : info.name;
  ctx.print(`${info.id}: name ${name}  size ${info.size}B`);
  const programs = users.programs.get(info.id) ?? [];
  if (programs.length > 0) ctx.print(`  prog_ids ${programs.join(',')}`);
  const maps = users.maps.get(info.id) ?? [];
  if (maps.length > 0) ctx.print(`  map_ids ${maps.join(',')}`);
  printHolders(ctx, users.holders, info.id);
  ctx.print('\n');
}

function printJson(ctx: Context, info: BtfInfo, users: Users): void {
  const json = ctx.json!;
  json.startObject().field('id', info.id).field('size', info.size);
  json.name('prog_ids').startArray();
  for (const id of users.programs.get(info.id) ?? []) json.number(id);
  json.endArray().name('map_ids').startArray();
  for (const id of users.maps.get(info.id) ?? []) json.number(id);
  json.endArray();
  printHolders(ctx, users.holders, info.id);
  // Behind the processes, as in the reference; plain output begins with the name.
  json.field('kernel', info.kernelBtf);
  if (info.name !== '') json.field('name', info.name);
  json.endObject();
}
