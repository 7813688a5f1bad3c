import {
  type CommandFamily,
  type Program,
  printUsage,
  runProgram,
  type StandaloneCommand,
  selectVerb,
  type TopCommand,
} from './cli/index.ts';
import type { CompletedCommand } from './commands/complete/complete.ts';
import type { NamedObject } from './commands/schema/schema.ts';

const mainUsage = `Usage: %P [OPTIONS] OBJECT { COMMAND | help }
       %P batch file FILE
       %P version

       OBJECT := { prog | map | link | cgroup | perf | net | feature | btf | gen | struct_ops | iter | token }
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} |
                    {-V|--version} }
`;

const help: StandaloneCommand = {
  run(ctx) {
    printUsage(ctx, mainUsage);
    return 0;
  },
};

/** In matching order: a word selects the first object that it abbreviates. */
const commands: readonly TopCommand[] = [
  { name: 'help', summary: 'Prints the usage text.', load: async () => help },
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
    name: 'schema',
    extension: true,
    summary: 'Prints the JSON Schema of what a command prints.',
    forms: ['OBJECT [VERB]'],
    load: async () => (await import('./commands/schema/schema.ts')).schemaCommand(selectObject),
  },
  {
    name: 'completion',
    extension: true,
    summary: 'Prints the completion script of a shell.',
    forms: ['{ bash | zsh | fish }'],
    load: async () => (await import('./commands/completion/completion.ts')).completionCommand,
  },
];

/** What completion offers: all commands but its own. Of objects the family tells what they are. */
function completed(): Promise<CompletedCommand[]> {
  const offered = commands.filter(({ name }) => !name.startsWith('_'));
  return Promise.all(
    offered.map(async ({ name, summary, forms, options }) => {
      const family = summary === undefined ? await loadFamily(name) : undefined;
      return { name, summary: summary ?? family?.summary, forms, options, family: async () => family };
    }),
  );
}

async function loadFamily(word: string): Promise<CommandFamily | undefined> {
  const command = await selectVerb(commands, word)?.load();
  return command !== undefined && 'verbs' in command ? command : undefined;
}

/** The object a word abbreviates, extensions left out. */
async function selectObject(word: string): Promise<NamedObject | undefined> {
  const command = selectVerb(commands, word);
  if (command === undefined || command.extension) return undefined;
  const loaded = await command.load();
  return 'verbs' in loaded ? loaded : { name: command.name };
}

export { endProcess } from './sys/index.ts';

/** The command families and standalone commands, for generators that read them all. */
export async function loadFamilies(): Promise<CommandFamily[]> {
  const loaded = await Promise.all(commands.filter((command) => !command.extension).map((command) => command.load()));
  return loaded.filter((command): command is CommandFamily => 'verbs' in command);
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
  verbOptions: async (words) => {
    // The value of such an option may stand before the object.
    const at = words.findIndex((word) => selectVerb(commands, word) !== undefined);
    const family = at < 0 ? undefined : await loadFamily(words[at]!);
    return (family && selectVerb(family.verbs, words[at + 1])?.options) ?? [];
  },
};

/** Runs the command line `args` under the name `programName`; resolves to the exit status. */
export function main(programName: string, args: readonly string[]): Promise<number> {
  return runProgram(program, programName, args);
}
