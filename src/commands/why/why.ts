import type { Context, OwnHandler } from '../../cli/index.ts';
import {
  allParts,
  type AnyRecord,
  likelyCauses,
  plainJson,
  type Reference,
  recordOf,
  referenceCounts,
  referencesTo,
  type SharedFiles,
  titleOf,
} from '../../inventory/index.ts';
import type { Kernel } from '../../kernel/index.ts';
import { inventoryOf, readHandle } from '../shared/inventory.ts';
import { kernelOf } from '../shared/kernel.ts';
import { printable } from '../shared/refs.ts';

/** What is known of an object's references. */
interface Explanation {
  readonly record: AnyRecord;
  readonly references: readonly Reference[];
  readonly explained: number;
  /** The kernel's own count; undefined where it cannot be read, and then why. */
  readonly counted: number | undefined;
  readonly problem: string | undefined;
  readonly causes: readonly string[];
}

/** `why OBJECT`: every reference that keeps an object, against the kernel's own count. Status 1 where some are not explained. */
export const why: OwnHandler = (ctx, words, given) => {
  const handle = readHandle(words);
  if (words.left > 0) words.unexpected();
  const isLive = given.text('snapshot') === undefined;
  const parts = allParts.filter((part) => part !== 'entries' && part !== 'memory');
  const { inventory } = inventoryOf(ctx, given, parts);
  const record = recordOf(inventory, handle);
  const found = referencesTo(inventory, record, isLive ? sharedFiles(kernelOf(ctx)) : undefined);
  const total = (list: readonly Reference[]) => list.reduce((sum, { count }) => sum + count, 0);
  const counted = isLive ? countOf(ctx, record) : 'a snapshot does not have it';
  // The dispatcher has room for some programs only.
  const isMore = typeof counted === 'number' && total(found) > counted;
  const references = isMore ? found.filter(({ kind }) => kind !== 'dispatcher') : found;
  const explained = total(references);
  const number = typeof counted === 'number' ? counted : undefined;
  const isAll = number === undefined ? references.length > 0 : explained >= number;
  const causes = isAll ? [] : likelyCauses(record);
  const problem = typeof counted === 'string' ? counted : undefined;
  const explanation: Explanation = { record, references, explained, counted: number, problem, causes };
  if (ctx.json === undefined) ctx.print(plain(explanation));
  else {
    const { id, kind, name } = record;
    ctx.json.raw(
      plainJson({
        kind,
        id,
        name,
        counted: number ?? null,
        ...(problem && { problem }),
        explained,
        references,
        causes,
      }),
    );
  }
  return number !== undefined && explained < number ? 1 : 0;
};

function countOf(ctx: Context, { kind, id }: AnyRecord): number | string {
  if (kind === 'btf') return 'BTF objects have no iterator';
  const counts = referenceCounts(kernelOf(ctx), kind);
  return typeof counts === 'string' ? counts : (counts.get(id) ?? 'it has gone meanwhile');
}

function plain({ record, references, explained, counted, problem, causes }: Explanation): string {
  const lines = [
    printable(titleOf(record)),
    ...references.map(({ text, count }) => `  ${times(count)}${printable(text)}`),
  ];
  if (counted === undefined) {
    lines.push(
      `${plural(explained, 'reference')} found; the kernel's own count cannot be read: ${printable(problem ?? '')}`,
    );
  } else {
    lines.push(`${Math.min(explained, counted)} of ${plural(counted, 'reference')} explained`);
    if (explained > counted)
      lines.push(`${explained - counted} found that the kernel does not count: something changed meanwhile`);
    if (explained < counted) lines.push('What holds the others may be:');
  }
  lines.push(...causes.map((cause) => `  - ${cause}`));
  const remedies = [...new Set(references.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy])))];
  if (remedies.length > 0) lines.push('To unload it:', ...remedies.map((remedy) => `  ${printable(remedy)}`));
  return `${lines.join('\n')}\n`;
}

function times(count: number): string {
  return `${count === 1 ? '' : `${count}x`}`.padEnd(4);
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** Counts open files: a descriptor that a child inherited is of the file that its parent has. */
function sharedFiles(kernel: Kernel): SharedFiles {
  return (all) => {
    const distinct: { pid: number; fd: number }[] = [];
    for (const one of all) {
      if (!distinct.some((other) => kernel.sameFile(one, other) === 0)) distinct.push(one);
    }
    return distinct.length;
  };
}
