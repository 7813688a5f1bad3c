import type { Kernel } from '../sys/index.ts';

/** Calls `visit` with each line of a file, until it returns false. */
export function eachLine(kernel: Kernel, path: string, visit: (line: string) => boolean): void {
  let rest = '';
  let going = true;
  kernel.readChunks(path, (chunk) => {
    // One character for each byte, so that none is cut between two chunks.
    const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      going = visit(line);
      if (!going) return false;
    }
    return true;
  });
  if (going && rest !== '') visit(rest);
}
