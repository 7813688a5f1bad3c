import {
  type CommandFamily,
  type Context,
  type FailedLine,
  type Program,
  printUsage,
  runProgram,
  type StandaloneCommand,
  selectVerb,
  type TopCommand,
} from './cli/index.ts';
import type { CompletedCommand } from './commands/complete/complete.ts';
import type { NamedCommand } from './commands/schema/schema.ts';

const mainUsage = `Usage: %P [OPTIONS] OBJECT { COMMAND | help }
       %P batch file FILE
       %P version

       OBJECT := { prog | map | link | cgroup | perf | net | feature | btf | gen | struct_ops | iter | token }
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} |
                    {-V|--version} }
`;

const help: StandaloneCommand = {
  async run(ctx, words) {
    await explain(ctx, words.all.slice(words.index));
    return 0;
  },
};

/** In matching order: a word selects the first object that it abbreviates. */
const commands: readonly TopCommand[] = [
  { name: 'help', summary: 'Prints the usage text.', forms: ['[OBJECT [VERB]]'], load: async () => help },
  {
    name: 'batch',
    summary: 'Runs the commands of a file, one a line.',
    forms: ['file FILE'],
    load: async () => (await import('./commands/batch/batch.ts')).batchCommand,
  },
  { name: 'prog', load: async () => (await import('./commands/prog/family.ts')).progFamily },
  { name: 'map', load: async () => (await import('./commands/map/family.ts')).mapFamily },
  { name: 'link', load: async () => (await import('./commands/link/family.ts')).linkFamily },
  { name: 'cgroup', load: async () => (await import('./commands/cgroup/family.ts')).cgroupFamily },
  { name: 'perf', load: async () => (await import('./commands/perf/family.ts')).perfFamily },
  { name: 'net', load: async () => (await import('./commands/net/family.ts')).netFamily },
  { name: 'feature', load: async () => (await import('./commands/feature/family.ts')).featureFamily },
  { name: 'btf', load: async () => (await import('./commands/btf/family.ts')).btfFamily },
  { name: 'gen', load: async () => (await import('./commands/gen/family.ts')).genFamily },
  { name: 'struct_ops', load: async () => (await import('./commands/struct_ops/family.ts')).structOpsFamily },
  { name: 'iter', load: async () => (await import('./commands/iter/family.ts')).iterFamily },
  { name: 'token', load: async () => (await import('./commands/token/family.ts')).tokenFamily },
  {
    name: 'version',
    summary: 'Prints the version and the features of this program.',
    load: async () => (await import('./commands/version/version.ts')).versionCommand,
  },
  {
    name: '__complete',
    extension: true,
    load: async () => (await import('./commands/complete/complete.ts')).completeCommand(await completed()),
  },
  {
    name: 'ls',
    extension: true,
    summary: 'Lists what is loaded, as a table.',
    declare: async () => (await import('./commands/ls/declaration.ts')).lsCommand,
  },
  {
    name: 'schema',
    extension: true,
    summary: 'Prints the JSON Schema of what a command prints.',
    declare: async () => (await import('./commands/schema/schema.ts')).schemaCommand(selectNamed),
  },
  {
    name: 'trace',
    extension: true,
    readsAllWords: true,
    summary: 'Shows bpf() calls as they happen, and what their pointers mean.',
    declare: async () => (await import('./commands/trace/declaration.ts')).traceCommand,
  },
  {
    name: 'replay',
    extension: true,
    summary: 'Prints what `trace -j` wrote, as text or as a script that does the same to maps.',
    declare: async () => (await import('./commands/replay/declaration.ts')).replayCommand,
  },
  {
    name: 'completion',
    extension: true,
    summary: 'Prints the completion script of a shell.',
    declare: async () => (await import('./commands/completion/completion.ts')).completionCommand,
  },
  {
    name: 'top',
    extension: true,
    summary: 'Shows live what programs cost and maps take.',
    declare: async () => (await import('./commands/top/declaration.ts')).topCommand,
  },
  {
    name: 'metrics',
    extension: true,
    summary: 'Prints metrics of programs, maps and links for Prometheus.',
    declare: async () => (await import('./commands/metrics/declaration.ts')).metricsCommand,
  },
  {
    name: 'watch',
    extension: true,
    summary: 'Tells of programs, maps and links as they come and go.',
    declare: async () => (await import('./commands/watch/declaration.ts')).watchCommand,
  },
  {
    name: 'snapshot',
    extension: true,
    summary: 'Keeps what is loaded as a JSON document.',
    declare: async () => (await import('./commands/snapshot/declaration.ts')).snapshotCommand,
  },
  {
    name: 'diff',
    extension: true,
    summary: 'Tells what changed since a snapshot.',
    declare: async () => (await import('./commands/snapshot/declaration.ts')).diffCommand,
  },
  {
    name: 'graph',
    extension: true,
    summary: 'Draws processes, links, programs and maps.',
    declare: async () => (await import('./commands/graph/declaration.ts')).graphCommand,
  },
  {
    name: 'why',
    extension: true,
    summary: 'Tells what keeps an object loaded, and how to unload it.',
    declare: async () => (await import('./commands/why/declaration.ts')).whyCommand,
  },
  {
    name: 'gc',
    extension: true,
    summary: 'Finds and removes pins that nobody uses.',
    declare: async () => (await import('./commands/gc/declaration.ts')).gcCommand,
  },
];

/** Explains the commands that words name; without words that are one, prints the usage text. */
async function explain(ctx: Context, words: readonly string[]): Promise<void> {
  // Most of those who ask are programs, which get the reference's text.
  if (ctx.json !== undefined || (words.length === 0 && !ctx.stderrIsTerminal)) printUsage(ctx, mainUsage);
  else await (await import('./commands/help/help.ts')).explain(ctx, words, { commands, mainUsage });
}

/** Also for bundles of one object, which take it from that of everything: few mistakes are made. */
export async function hintsOn(ctx: Context, line: FailedLine): Promise<readonly string[]> {
  return (await import('./commands/mistakes/mistakes.ts')).hintsOn(ctx, line, commands);
}

/** What completion offers: all commands but its own. Of objects the family tells what they are. */
function completed(): Promise<CompletedCommand[]> {
  const offered = commands.filter(({ name }) => !name.startsWith('_'));
  return Promise.all(
    offered.map(async ({ name, summary, forms, declare }) => {
      const family = summary === undefined ? await loadFamily(name) : undefined;
      return { name, summary: summary ?? family?.summary, forms, declare, family: async () => family };
    }),
  );
}

async function loadFamily(word: string): Promise<CommandFamily | undefined> {
  const command = await selectVerb(commands, word)?.load?.();
  return command !== undefined && 'verbs' in command ? command : undefined;
}

/** The command that a word names or abbreviates. */
async function selectNamed(word: string): Promise<NamedCommand | undefined> {
  const command = selectVerb(commands, word);
  if (command === undefined) return undefined;
  return (await loadFamily(word)) ?? { name: command.name };
}

export { endProcess } from './sys/index.ts';

/** The command families, for generators that read them all. */
export async function loadFamilies(): Promise<CommandFamily[]> {
  const loaded = await Promise.all(commands.map(({ name }) => loadFamily(name)));
  return loaded.filter((family) => family !== undefined);
}

export const program: Program = {
  commands,
  mainUsage,
  checkBaseBtf: async (ctx, path) => {
    const { BtfFileError, readBtfFile } = await import('./commands/shared/btf-file.ts');
    try {
      readBtfFile(ctx, path);
      return 0;
    } catch (error) {
      if (error instanceof BtfFileError) return -error.errno;
      throw error;
    }
  },
  enterNetworkNamespace: async (ctx, name) =>
    (await import('./commands/shared/network-namespace.ts')).enterNetworkNamespace(ctx, name),
  help: explain,
  hintsOn,
  optionsOf: async (words) => {
    // The value of such an option may stand before the object.
    const at = words.findIndex((word) => selectVerb(commands, word) !== undefined);
    if (at < 0) return { options: [], isDeclared: false };
    const top = selectVerb(commands, words[at])!;
    const family = await loadFamily(words[at]!);
    const verb = family && selectVerb(family.verbs, words[at + 1]);
    const declaration = await (top.declare ?? verb?.declare)?.();
    return { options: declaration?.options ?? verb?.options ?? [], isDeclared: declaration !== undefined };
  },
};

/** Runs the command line `args` under the name `programName`; resolves to the exit status. */
export function main(programName: string, args: readonly string[]): Promise<number> {
  return runProgram(program, programName, args);
}
