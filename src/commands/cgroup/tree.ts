import { type Context, fail, type Handler } from '../../cli/index.ts';
import { SyscallError, strerror } from '../../errors/index.ts';
import { cgroupRoot } from '../../host/index.ts';
import { type CgroupHook, CgroupQueries, cgroupHooks, Fd, hooksInUse, type Kernel } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { printable } from '../shared/refs.ts';
import { firstUsedHook, openGroup, readEffective } from './group.ts';
import { HookNames } from './hook-names.ts';
import { type Listing, printHeading, printPrograms } from './programs.ts';

/** `cgroup tree [CGROUP_ROOT] [effective]`: do_show_tree() of bpftool's src/cgroup.c, which walks with nftw(3). */
export const tree: Handler = (ctx, words) => {
  const given = words.left > 0 ? words.next() : undefined;
  const effective = readEffective(words);
  const root = given ?? cgroupRoot(kernelOf(ctx)) ?? fail("cgroup v2 isn't mounted");
  const listing: Listing = { effective, names: new HookNames(ctx) };
  if (ctx.json === undefined) {
    ctx.print('CgroupPath\n');
    printHeading(ctx, listing);
  }
  ctx.json?.startArray();
  const problems = new TreeWalk(ctx, listing).run(root);
  for (const problem of problems) ctx.error(printable(problem));
  ctx.json?.endArray();
  return problems.length > 0 ? -1 : 0;
};

/** So many groups are asked about every hook before the loaded programs are looked at, which tells the hooks to ask about. */
const groupsBeforeLooking = 16;

/** One walk through a tree of groups, each before those below it. */
class TreeWalk {
  readonly #ctx: Context;
  readonly #kernel: Kernel;
  readonly #listing: Listing;
  readonly #queries: CgroupQueries;
  readonly #problems: string[] = [];
  #hooks: readonly CgroupHook[] = cgroupHooks;
  #groups = 0;
  #root = '';

  constructor(ctx: Context, listing: Listing) {
    this.#ctx = ctx;
    this.#kernel = kernelOf(ctx);
    this.#listing = listing;
    this.#queries = new CgroupQueries(this.#kernel, listing);
  }

  /** Shows every group that has programs. Returns what could not be shown, in words. */
  run(path: string): readonly string[] {
    this.#root = path.replace(/(?<=.)\/+$/, '');
    try {
      if (this.#kernel.statusFollowing(this.#root).kind !== 'directory') return [];
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      return [`can't iterate over ${path}: ${strerror(error.errno)}`];
    }
    // What is no group at the root is none below it.
    if (this.#show(this.#root)) this.#below(this.#root);
    return this.#problems;
  }

  #below(path: string): void {
    for (const name of this.#foldersIn(path)) {
      const below = path.endsWith('/') ? `${path}${name}` : `${path}/${name}`;
      if (this.#show(below)) this.#below(below);
    }
  }

  #foldersIn(path: string): readonly string[] {
    try {
      return this.#kernel.readFolders(path);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      this.#problems.push(`can't iterate over ${path}: ${strerror(error.errno)}`);
      return [];
    }
  }

  /** Shows a group. False where that cannot be, which is noted. */
  #show(path: string): boolean {
    const fd = openGroup(this.#kernel, path);
    if (fd < 0) return this.#note(path, `can't open cgroup ${path}: ${strerror(-fd)}`);
    using group = new Fd(this.#kernel, fd);
    const hooks = this.#hooksToAsk();
    const first = firstUsedHook(this.#queries, group.number, hooks);
    if (first < 0) return this.#note(path, `can't query bpf programs attached to ${path}: ${strerror(-first)}`);
    if (first < hooks.length) this.#print(path, group.number, hooks.slice(first));
    return true;
  }

  /** A folder of another file system is no part of the tree. */
  #note(path: string, problem: string): false {
    if (path === this.#root || !this.#isElsewhere(path)) this.#problems.push(problem);
    return false;
  }

  #isElsewhere(path: string): boolean {
    try {
      return this.#kernel.status(path).device !== this.#kernel.statusFollowing(this.#root).device;
    } catch (error) {
      if (error instanceof SyscallError) return false;
      throw error;
    }
  }

  /** In a large tree only those that any loaded program can be at: asking a group about all takes most of the time. */
  #hooksToAsk(): readonly CgroupHook[] {
    if (this.#groups++ === groupsBeforeLooking) {
      const used = hooksInUse(this.#kernel);
      // One question at least shows whether the folder is a group.
      this.#hooks = used.length > 0 ? used : cgroupHooks.slice(0, 1);
    }
    return this.#hooks;
  }

  #print(path: string, groupFd: number, hooks: readonly CgroupHook[]): void {
    const { json } = this.#ctx;
    if (json === undefined) this.#ctx.print(`${printable(path)}\n`);
    json?.startObject().field('cgroup', path).name('programs').startArray();
    this.#listing.names.prepare();
    for (const hook of hooks) {
      const attached = this.#queries.programs(groupFd, hook);
      if (typeof attached === 'number') continue;
      printPrograms(this.#ctx, this.#listing, hook, attached, path === this.#root ? '' : '    ');
    }
    json?.endArray().endObject();
  }
}
