import {
  type Candidates,
  candidatesAfter,
  type CommandFamily,
  optionWords,
  type StandaloneCommand,
} from '../../cli/index.ts';
import {
  BpfMap,
  BpfProgram,
  type Kernel,
  networkDevices,
  objectIds,
  pinnedPaths,
  RouteNetlink,
} from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { printable } from '../shared/refs.ts';

type Live = NonNullable<Candidates['live']>;

/**
 * `__complete WORD… LAST`: the words that can replace LAST, one a line; `:files` where a path fits too.
 * Shell completion scripts call it. It prints nothing rather than fail.
 */
export function completeCommand(
  objects: readonly string[],
  loadFamily: (word: string) => Promise<CommandFamily | undefined>,
): StandaloneCommand {
  const verbsOf = async (words: readonly string[]): Promise<string[]> => {
    const family = words.length === 1 ? await loadFamily(words[0]!) : undefined;
    return family?.verbs.map((verb) => verb.name) ?? [];
  };
  return {
    async run(ctx, words) {
      const typed = words.all.slice(words.index);
      const last = typed.at(-1) ?? '';
      const before = typed.slice(0, -1).filter((word) => !word.startsWith('-'));
      const described = before[0] === 'schema' ? before.slice(1) : undefined;
      let found: Candidates;
      if (last.startsWith('-')) found = { words: optionWords };
      else if (before.length === 0) found = { words: [...objects, 'schema'] };
      else if (described?.length === 0) found = { words: objects };
      else if (described !== undefined) found = { words: await verbsOf(described) };
      else found = candidatesAfter(before, await loadFamily(before[0]!));
      const offered = new Set(found.words);
      if (found.live !== undefined) for (const word of liveWords(() => kernelOf(ctx), found.live)) offered.add(word);
      for (const word of offered) if (word.startsWith(last)) ctx.print(`${word}\n`);
      if (found.files) ctx.print(':files\n');
      return 0;
    },
  };
}

function deviceNames(kernel: Kernel): string[] {
  using netlink = new RouteNetlink(kernel);
  const names = networkDevices(netlink).map(({ name }) => name);
  // One that could steer a terminal is not offered.
  return names.filter((name) => name === printable(name));
}

function liveWords(open: () => ReturnType<typeof kernelOf>, live: Live): string[] {
  try {
    const kernel = open();
    if (live.what === 'device') return deviceNames(kernel);
    return live.kinds.flatMap((kind) => {
      if (live.what === 'pinned') return kind === 'btf' ? [] : [...pinnedPaths(kernel, kind).values()].flat();
      const ids = [...objectIds(kernel, kind)];
      if (live.what === 'id') return ids.map(String);
      if (kind === 'prog') {
        return ids.map((id) => {
          const program = BpfProgram.openById(kernel, id);
          const info = program.info();
          const word = live.what === 'tag' ? Buffer.from(info.tag).toString('hex') : program.fullName(info);
          program.close();
          return word;
        });
      }
      if (kind !== 'map' || live.what === 'tag') return [];
      return ids.map((id) => {
        const map = BpfMap.openById(kernel, id);
        const { name } = map.info();
        map.close();
        return name;
      });
    });
  } catch {
    // Not permitted, or an object went away: completion offers what it can, which is nothing.
    return [];
  }
}
