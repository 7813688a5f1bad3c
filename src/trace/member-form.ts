import { commandSpec, knownCommands } from './commands.ts';

/** How a member of a command's attribute reads: as quoted text, as the name of a number, as bytes; undefined for numbers and others. */
export function memberForm(command: string, name: string): 'text' | 'symbol' | 'bytes' | undefined {
  const spec = knownCommands.map((number) => commandSpec(number)!).find((known) => known.name === command);
  const member = spec?.members.find((known) => known.name === name);
  if (member === undefined) return undefined;
  if (member.kind === 'text' || member.form === 'text' || member.form === 'log') return 'text';
  if (member.kind === 'enum' || member.kind === 'flags') return 'symbol';
  return member.form === 'hex' ? 'bytes' : undefined;
}
