export { type CommandFamily, type Handler, selectVerb, type Verb, type VerbOption } from './command.ts';
export { Context, defaultOptions, type GlobalOptions } from './context.ts';
export { Dispatcher, printUsage, type StandaloneCommand, type TopCommand } from './dispatch.ts';
export { CommandFailure, fail, failSilently, UsageExit, usage } from './failure.ts';
export { type OptionSpec, readOptions } from './getopt.ts';
export { parseU32, parseU32Once, type Strtoul, strtoul } from './numbers.ts';
export { type Program, runProgram } from './program.ts';
export { ambiguity, isPrefix, Words } from './words.ts';
