import type { Kernel } from '../sys/index.ts';

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
}

const unescape = (word: string): string =>
  word.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** What is mounted in this mount namespace, in mount order. Source: /proc/mounts. */
export function mounts(kernel: Kernel): Mount[] {
  const list: Mount[] = [];
  for (const line of kernel.readText('/proc/mounts').split('\n')) {
    const [source, target, type] = line.split(' ');
    if (type !== undefined) list.push({ source: unescape(source!), target: unescape(target!), type });
  }
  return list;
}
