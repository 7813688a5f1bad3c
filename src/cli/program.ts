import { fstatSync } from 'node:fs';
import { strerror, TsbpfError, Errno } from '../errors/index.ts';
import { descriptorSink, JsonWriter, WriteError } from '../output/index.ts';
import { Context, defaultOptions, type GlobalOptions } from './context.ts';
import { Dispatcher, printUsage, type TopCommand } from './dispatch.ts';
import { RunEnd, UsageExit } from './failure.ts';
import { globalOptions, namespaceOption } from './global-options.ts';
import { type OptionSpec, readOptions } from './getopt.ts';

export interface Program {
  readonly commands: readonly TopCommand[];
  readonly mainUsage: string;
  /** 0, or the negative errno of reading BTF from a file. */
  readonly checkBaseBtf: (ctx: Context, path: string) => Promise<number>;
  /** Lets the run see the network of another namespace; throws where that cannot be. */
  readonly enterNetworkNamespace: (ctx: Context, name: string) => Promise<void>;
  /** Options that only one command knows; looked up by the words before them. */
  readonly optionsOf: (words: readonly string[]) => Promise<CommandOptions>;
  /** What a person should read of a mistake in a command line that failed. */
  readonly hintsOn: (ctx: Context, line: FailedLine) => Promise<readonly string[]>;
  /** Explains what the words name, or prints the usage text. */
  readonly help: (ctx: Context, words: readonly string[]) => Promise<void>;
}

/** A command line that failed. */
export interface FailedLine {
  /** Without options. */
  readonly words: readonly string[];
  /** The option that was refused, as typed. */
  readonly unknownOption?: string | undefined;
  /** The error that was printed; '' where there was none. */
  readonly message: string;
}

/** Options that only one command knows. */
export interface CommandOptions {
  readonly options: readonly OptionSpec[];
  /** The command is declared: its options are only taken out of the line here, and read by its own parser. */
  readonly isDeclared: boolean;
}

/** Runs a whole command line and returns the exit status, 0…255. Never throws. */
export async function runProgram(program: Program, programName: string, args: readonly string[]): Promise<number> {
  const stdout = descriptorSink(1);
  const stderr = descriptorSink(2);
  try {
    const status = await runWith(program, programName, args, stdout, stderr);
    stdout.flush();
    return status & 0xff;
  } catch (error) {
    if (error instanceof WriteError) return writeFailed(error);
    throw error;
  }
}

async function runWith(
  program: Program,
  programName: string,
  given: readonly string[],
  stdout: ReturnType<typeof descriptorSink>,
  stderr: ReturnType<typeof descriptorSink>,
): Promise<number> {
  const options: GlobalOptions = { ...defaultOptions };
  const verbOptions = new Map<string, string[]>();
  let json: JsonWriter | undefined;
  let wantsVersion = false;
  let wantsHelp = false;
  let ended: number | undefined;
  let unknownOption: string | undefined;
  let baseBtf: { path: string; json: boolean; pretty: boolean } | undefined;
  let networkNamespace: string | undefined;
  const context = () =>
    new Context({ programName, options, stdout, stderr, json, stderrIsTerminal: stderrIsTerminal() });

  const { args, kept } = splitWords(program.commands, given);
  const isNamespace = (arg: string) => arg === '--netns' || arg.startsWith('--netns=');
  const isGlobal = (arg: string) =>
    !arg.startsWith('--') || isNamespace(arg) || globalOptions.some((spec) => `--${spec.long}`.startsWith(arg));
  const wordsOnly = () => args.filter((arg) => !arg.startsWith('-'));
  // A declared command may have a letter of its own.
  const mayBeOwn = program.commands.some(({ name, declare }) => declare !== undefined && args.includes(name));
  const own = args.every(isGlobal) && !mayBeOwn ? undefined : await program.optionsOf(wordsOnly());
  const declaredOptions: string[] = [];
  // What is being completed may hold any option, none of which is meant for this run.
  if (args[0] === '__complete') return new Dispatcher(program.commands, program.mainUsage).run(context(), args);
  const words = readOptions(
    programName,
    args,
    [...(own?.options ?? []), ...globalOptions, ...(args.some(isNamespace) ? [namespaceOption] : [])],
    (event) => {
      if (event.kind === 'unknown' && own?.isDeclared) {
        declaredOptions.push(event.lacks?.long === undefined ? event.word : `--${event.lacks.long}`);
        return true;
      }
      if (event.kind === 'unknown') {
        const ctx = context();
        ctx.error(`unrecognized option '${event.word}'`);
        if (json !== undefined) stdout.text('\n');
        else printUsage(ctx, program.mainUsage);
        unknownOption = event.word;
        ended = -1;
        return false;
      }
      const { spec, value } = event;
      if (spec.long === 'help') {
        wantsHelp = true;
        return false;
      }
      if (spec.long === 'version') wantsVersion = true;
      else if (spec.long === 'json' || spec.long === 'pretty') {
        options.json = true;
        options.pretty ||= spec.long === 'pretty';
        json ??= new JsonWriter(stdout, { pretty: false });
        json.pretty = options.pretty;
      } else if (spec.short === 'B') {
        options.baseBtfPath = value;
        baseBtf ??= { path: value ?? '', json: options.json, pretty: options.pretty };
      } else if (spec === namespaceOption) {
        networkNamespace = value;
      } else if (own?.isDeclared && own.options.includes(spec)) {
        declaredOptions.push(`--${spec.long}${value === undefined ? '' : `=${value}`}`);
      } else if (!setOption(options, spec, value) && spec.long !== undefined) {
        verbOptions.set(spec.long, [...(verbOptions.get(spec.long) ?? []), value ?? '']);
      }
      return true;
    },
    {
      wordsEndOptions: process.env.POSIXLY_CORRECT !== undefined,
      // `key json -1`: no option of any program begins with a digit.
      isWord: (arg, previous) => previous === 'json' && /^-\d/.test(arg),
    },
  );
  if (ended !== undefined) {
    if (unknownOption !== undefined)
      await printHints(program, context(), { words: wordsOnly(), unknownOption, message: '' });
    return ended;
  }

  const ctx = context();
  if (wantsHelp) {
    await program.help(ctx, wordsOnly());
    return 0;
  }
  if (baseBtf !== undefined) {
    const errno = await program.checkBaseBtf(ctx, baseBtf.path);
    if (errno !== 0) {
      // The reference's message ends in a newline of its own; nothing but it is printed, not even JSON's last newline.
      const text = `failed to parse base BTF at '${baseBtf.path}': ${errno}\n`;
      if (baseBtf.json) new JsonWriter(stdout, baseBtf).startObject().field('error', text).endObject();
      else ctx.printError(`Error: ${text}\n`);
      return -1;
    }
  }
  const key = options.privateKeyPath !== undefined;
  const certificate = options.certificatePath !== undefined;
  if (options.sign && !(key && certificate)) {
    ctx.error('-i <identity_x509_cert> and -k <private_key> must be supplied with -S for signing');
    return -Errno.EINVAL;
  }
  if (!options.sign && (key || certificate)) {
    ctx.error(
      '--sign (or -S) must be explicitly passed with -i <identity_x509_cert> and -k <private_key> to sign the programs',
    );
    return -Errno.EINVAL;
  }
  ctx.verbOptions = verbOptions;
  ctx.declaredOptions = declaredOptions;
  const dispatcher = new Dispatcher(program.commands, program.mainUsage);
  let status: number;
  try {
    const isEntered = networkNamespace === undefined || (await enter(program, ctx, networkNamespace));
    status = isEntered ? await dispatcher.run(ctx, wantsVersion ? ['version'] : [...words, ...kept]) : -1;
  } catch (error) {
    if (error instanceof RunEnd) {
      // The reference exits from its signal handler: JSON's last newline is not printed.
      json?.closeTo(0);
      return error.status;
    }
    if (!(error instanceof UsageExit)) throw error;
    dispatcher.printLastUsage(ctx);
    json?.closeTo(0);
    status = -1;
  }
  // An error of such a command is a document.
  if (json !== undefined && !(ctx.printsLines && (status === 0 || !json.needsComma))) stdout.text('\n');
  if (status !== 0) await printHints(program, ctx, { words: ctx.lastWords, message: ctx.lastError });
  return status;
}

/** Splits the words where a command stands that reads what is behind its name itself. */
function splitWords(
  commands: readonly TopCommand[],
  given: readonly string[],
): { args: readonly string[]; kept: readonly string[] } {
  const at = given.findIndex((word) => !word.startsWith('-'));
  const kept = given.slice(at + 1);
  const end = kept.indexOf('--');
  const asksForHelp = kept.slice(0, end < 0 ? undefined : end).some((word) => word === '--help' || word === '-h');
  const reads = commands.some(({ name, readsAllWords }) => readsAllWords === true && name === given[at]);
  if (reads && asksForHelp) return { args: [...given.slice(0, at + 1), '--help'], kept: [] };
  return reads ? { args: given.slice(0, at + 1), kept: given.slice(at + 1) } : { args: given, kept: [] };
}

/** For a person at a terminal: what is wrong with the line; if nothing is, why the kernel refused. */
async function printHints(program: Program, ctx: Context, line: FailedLine): Promise<void> {
  if (!ctx.stderrIsTerminal) return;
  const option = /^unrecognized option '(.*)'$/s.exec(line.message)?.[1];
  const hints = await program.hintsOn(ctx, { unknownOption: option, ...line });
  for (const hint of hints.length > 0 ? hints : await ctx.advise()) ctx.hint(hint);
}

/** False where the namespace cannot be entered, which is said. */
async function enter(program: Program, ctx: Context, name: string): Promise<boolean> {
  try {
    await program.enterNetworkNamespace(ctx, name);
    return true;
  } catch (error) {
    if (!(error instanceof TsbpfError)) throw error;
    ctx.error(error.message);
    return false;
  }
}

/** Major device numbers: of /dev/null and its like; the first and last of pseudo-terminals (`devices.txt` of the kernel). */
const memoryDevices = 1;
const pseudoTerminals = { first: 136, last: 143 };

/** The number of the device mostly tells: making `process.stderr` costs 20 ms and more. */
function stderrIsTerminal(): boolean {
  try {
    const stat = fstatSync(2);
    if (!stat.isCharacterDevice()) return false;
    const major = (stat.rdev >> 8) & 0xfff;
    if (major >= pseudoTerminals.first && major <= pseudoTerminals.last) return true;
    return major !== memoryDevices && process.stderr.isTTY === true;
  } catch {
    return false;
  }
}

function setOption(options: GlobalOptions, spec: OptionSpec, value: string | undefined): boolean {
  switch (spec.short) {
    case 'f':
      options.bpffs = true;
      return true;
    case 'm':
      options.mapcompat = true;
      return true;
    case 'n':
      options.nomount = true;
      return true;
    case 'd':
      options.debug = true;
      return true;
    case 'L':
      options.useLoader = true;
      return true;
    case 'S':
      options.sign = true;
      options.useLoader = true;
      return true;
    case 'i':
      options.certificatePath = value;
      return true;
    case 'k':
      options.privateKeyPath = value;
      return true;
    default:
      return false;
  }
}

/** A closed pipe ends the run quietly, with the status a shell shows for SIGPIPE; anything else is said. */
function writeFailed(error: WriteError): number {
  if (error.errnoCode === 'EPIPE') return 141;
  const { errno } = error.cause as { errno?: number };
  const reason = errno === undefined ? error.errnoCode : strerror(Math.abs(errno));
  try {
    process.stderr.write(`Error: can't write output: ${reason}\n`);
  } catch {
    // standard error is gone as well: the exit status is all that is left
  }
  return 255;
}
