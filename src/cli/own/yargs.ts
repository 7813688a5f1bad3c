import type { Argv } from 'yargs';

/** A yargs that does nothing by itself: no help, no version, no end of the process, no other language than English. */
export async function bareYargs(): Promise<Argv> {
  const { default: yargs } = await import('yargs');
  return yargs([]).detectLocale(false).help(false).version(false).exitProcess(false);
}
