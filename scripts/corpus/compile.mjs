// Hands the C of a dump to clang, with assertions on what the types of the dump measure.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './run.mjs';

// Only errors count. Newer kernels have members that are a named struct without a name of their own (-fms-extensions); the
// attribute that dumps are written for is known for BPF only, and the size of a va_list is that of the machine.
const words = (target) => [
  ...['clang', '-target', target, '-fsyntax-only', '-std=gnu11', '-fms-extensions', '-w', '-ferror-limit=0'],
  ...(target === 'bpf' ? [] : ['-DBPF_NO_PRESERVE_ACCESS_INDEX']),
  ...['-x', 'c'],
];

/**
 * @param {{header: string, assertions: {text: string, sizes: number, members: number, bitFields: number}, work: string,
 *   target: string}} input
 * @returns {Promise<{compiles: boolean, sizes: number, members: number, bitFields: number, unequal: number, reasons: string[]}>} whether the dump alone compiles, counts of assertions and of those that did not hold, and
 * what clang said
 */
export async function compileC({ header, assertions, work, target }) {
  const alone = await run(words(target), [header]);
  const file = path.join(work, 'assertions.c');
  writeFileSync(file, `#include "${header}"\n${assertions.text}`);
  const { sizes, members, bitFields } = assertions;
  const both = await run(words(target), [file]);
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

/** Clang's text; of an assertion only what was asserted. */
function reasonOf(text) {
  const asserted = /^static.assert(?:ion)? failed.* "(.*)"$/.exec(text)?.[1];
  return asserted === undefined ? text : `${asserted} is not that of the BTF`;
}
