import type { AnyRecord, Attachment, Inventory } from './records.ts';

/**
 * What an object is called across restarts, in which its id changes: what it is, its name, and a program's tag. Objects
 * that are alike share it.
 */
export function identityOf(record: AnyRecord): string {
  const { kind, name } = record;
  if (kind === 'prog') return `prog ${record.type} ${name} ${record.tag}`;
  if (kind === 'map') return `map ${record.type} ${name}`;
  if (kind === 'link') return `link ${record.type} ${record.hook} ${record.target}`;
  return `btf ${name}`;
}

const aloneVia: readonly Attachment['via'][] = ['net', 'cgroup', 'perf', 'netns', 'sockmap'];

/** Whether a program is attached by neither a link nor an element of a map. */
export function isAlone({ via, linkId }: Attachment): boolean {
  return linkId === 0 && aloneVia.includes(via);
}

/** All objects of an inventory: programs, maps, links, BTF. */
export function allRecords(inventory: Inventory): AnyRecord[] {
  return [...inventory.programs, ...inventory.maps, ...inventory.links, ...inventory.btfs];
}
