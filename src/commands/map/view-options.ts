import type { Context, VerbOption } from '../../cli/index.ts';

/** What elements are, where their map's own BTF does not say, and how some of their members read. */
export const typeOptions: readonly VerbOption[] = [
  { long: 'btf', argument: 'FILE', summary: 'Takes types from the BTF of a file.' },
  { long: 'key-type', argument: 'TYPE_NAME', summary: 'Takes keys for values of this type.' },
  { long: 'value-type', argument: 'TYPE_NAME', summary: 'Takes values for values of this type.' },
  {
    long: 'as',
    argument: 'MEMBER=FORM',
    summary: 'Shows and takes a member as text: ip, ipv4, ipv6, mac or prefix.',
  },
];

/** Of verbs that print elements. */
export const viewOptions: readonly VerbOption[] = [
  ...typeOptions,
  { long: 'cpu', argument: 'N', summary: 'Prints the value of one CPU of a per-CPU map.' },
  { long: 'sum', summary: 'Prints the sum over all CPUs of a per-CPU map.' },
];

/** Whether elements are to be printed in a way of this program's own. */
export function isViewed(ctx: Context): boolean {
  return viewOptions.some(({ long }) => ctx.verbOptions.has(long));
}

/** Whether types were chosen on the command line. */
export function hasChosenTypes(ctx: Context): boolean {
  return typeOptions.some(({ long }) => ctx.verbOptions.has(long));
}

/** The value of an option that may stand once; the last one counts. */
export function optionOf(ctx: Context, name: string): string | undefined {
  return ctx.verbOptions.get(name)?.at(-1);
}
