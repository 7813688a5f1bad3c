import type { Kernel } from '../sys/index.ts';

export interface Mount {
  source: string;
  /** Where it is mounted. */
  target: string;
  /** File-system type, e.g. `bpf`. */
  type: string;
  options: string[];
}

/** What is mounted in this mount namespace, in order. Source: /proc/mounts. */
export function mounts(kernel: Kernel): Mount[] {
  return parseMounts(kernel.readText('/proc/mounts'));
}

/** Parses the text of /proc/mounts; lines with too few words are skipped. */
export function parseMounts(text: string): Mount[] {
  const found: Mount[] = [];
  for (const line of text.split('\n')) {
    const [source, target, type, options = ''] = line.split(' ');
    if (source === undefined || target === undefined || type === undefined) continue;
    found.push({ source: decodeOctal(source), target: decodeOctal(target), type, options: options.split(',') });
  }
  return found;
}

/** Path of the first mount whose type is `type`. */
export function findMount(kernel: Kernel, type: string): string | undefined {
  return mounts(kernel).find((mount) => mount.type === type)?.target;
}

function decodeOctal(word: string): string {
  if (!word.includes('\\')) return word;
  const bytes = Buffer.from(word, 'utf8').toString('latin1');
  const plain = bytes.replace(/\\([0-3][0-7]{2})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(plain, 'latin1').toString('utf8');
}
