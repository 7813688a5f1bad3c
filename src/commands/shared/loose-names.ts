import { matchesGlob } from '../../bytes/index.ts';
import { fail } from '../../cli/index.ts';
import { SyscallError } from '../../errors/index.ts';
import { BpfMap, type Kernel, objectIds } from '../../kernel/index.ts';
import { BPF_OBJ_NAME_LEN } from '../../uapi/index.ts';

const longest = BPF_OBJ_NAME_LEN - 1;

/**
 * The one map that a word means where a whole name is not needed: its name; the name of a data section as its object has it,
 * which libbpf cuts; a pattern with `*` or `?`; the beginning of a name. Undefined where none has it; fails where several do.
 */
export function mapNamedLoosely(kernel: Kernel, word: string, flags: number): BpfMap | undefined {
  const named = [...objectIds(kernel, 'map')].flatMap((id) => {
    const name = nameOf(kernel, id);
    return name === undefined ? [] : [{ id, name }];
  });
  const cut = cutNames(word);
  const ways: ((name: string) => boolean)[] = [
    (name) => name === word,
    (name) => cut.includes(name),
    /[*?]/.test(word) ? (name) => matchesGlob(name, word) : (name) => name.startsWith(word),
  ];
  for (const way of ways) {
    const found = named.filter(({ name }) => way(name));
    if (found.length > 1) {
      const list = found.slice(0, 8).map(({ id, name }) => `id ${id} (${name})`);
      fail(`several maps match '${word}': ${list.join(', ')}${found.length > 8 ? ' and more' : ''}`);
    }
    if (found[0] !== undefined) return BpfMap.openById(kernel, found[0].id, flags);
  }
  return undefined;
}

/** libbpf keeps room for so much of a section's name, however short that is. */
const leastSection = 7;

/** What the kernel has of a longer name: of `OBJECT.SECTION` libbpf keeps the section and the beginning of the object's name. */
function cutNames(word: string): string[] {
  const dot = word.indexOf('.');
  const cut = word.length > longest ? [word.slice(0, longest)] : [];
  if (dot <= 0) return cut;
  const section = word.slice(dot);
  const kept = Math.max(longest - Math.max(section.length, leastSection), 0);
  return [...cut, `${word.slice(0, Math.min(dot, kept))}${section}`.slice(0, longest).replaceAll(/[^\w.]/g, '_')];
}

/** Undefined for a map that has gone since its id was read. */
function nameOf(kernel: Kernel, id: number): string | undefined {
  try {
    using map = BpfMap.openById(kernel, id);
    return map.info().name;
  } catch (error) {
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
}
