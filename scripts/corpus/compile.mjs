// Hands the C of a dump to clang, with assertions on what the types of the dump measure.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './run.mjs';

// Kernels' types hold what clang would warn of; only errors count. A BPF target knows the attribute that dumps are written for.
const words = ['clang', '-target', 'bpf', '-fsyntax-only', '-std=gnu11', '-w', '-ferror-limit=0', '-x', 'c'];

/**
 * @param {{header: string, assertions: {text: string, sizes: number, members: number, bitFields: number}, work: string}} input
 * @returns {Promise<object>} whether the dump alone compiles, counts of assertions and of those that did not hold, and
 * what clang said, names left out
 */
export async function compileC({ header, assertions, work }) {
  const alone = await run(words, [header]);
  const file = path.join(work, 'assertions.c');
  writeFileSync(file, `#include "${header}"\n${assertions.text}`);
  const { sizes, members, bitFields } = assertions;
  const both = await run(words, [file]);
  const failed = errorsOf(both.stderr).filter(({ at }) => at === file);
  const reasons = new Set(errorsOf(alone.stderr).map(({ text }) => reasonOf(text)));
  for (const { text } of failed) reasons.add(reasonOf(text));
  if (alone.status !== 0 && reasons.size === 0) reasons.add(`clang ended with ${alone.status}`);
  return { compiles: alone.status === 0, sizes, members, bitFields, unequal: failed.length, reasons: [...reasons] };
}

function errorsOf(bytes) {
  const matches = bytes.toString('utf8').matchAll(/^(\S+?):\d+:\d+: (?:fatal )?error: (.*)$/gm);
  return [...matches].map(([, at, text]) => ({ at, text }));
}

/** Clang's text without what differs from file to file. */
function reasonOf(text) {
  if (text.startsWith('static_assert failed') || text.startsWith('static assertion failed')) {
    return /sizeof/.test(text) ? 'a size is not that of the BTF' : 'an offset is not that of the BTF';
  }
  return text.replace(/'[^']*'/g, "'…'");
}
