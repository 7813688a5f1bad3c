// What commands/ and main.ts import of cli/.
export {
  type Candidate,
  type Candidates,
  type CompletionLine,
  candidatesAfter,
  candidatesOfForms,
  declaredReader,
  formReader,
} from './completion.ts';
export type { ValuePlace } from './forms/parse-form.ts';
export type { Expected, FormReader } from './forms/form-reader.ts';
export { type HelpTopic, helpText } from './own/help.ts';
export { type GlobalOption, globalOptions, namespaceOption } from './global-options.ts';
export { type CommandFamily, type FamilyDocs, type Handler, selectVerb, type Verb } from './command.ts';
export {
  type Argument,
  commonDefinitions,
  type Declaration,
  type Example,
  type Explanation,
  type Given,
  type OwnHandler,
  type VerbOption,
} from './declaration.ts';
export { Context, defaultOptions, type GlobalOptions } from './context.ts';
export { Dispatcher, printUsage, type StandaloneCommand, type TopCommand } from './dispatch.ts';
export { CommandFailure, fail, failSilently, RunEnd, UsageExit, usage, withStatus } from './failure.ts';
export { type OptionSpec, readOptions } from './getopt.ts';
export { parseU32, parseU32Once, type Strtoul, strtoul } from './numbers.ts';
export { type FailedLine, type Program, runProgram } from './program.ts';
export { ambiguity, isPrefix, Words } from './words.ts';
export { readUsage, type UsageGrammar } from './usage-grammar.ts';
