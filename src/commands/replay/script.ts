import { mapTypeFromName } from '../../uapi/index.ts';
import { visibleText } from '../../bytes/index.ts';
import type { TraceLine } from './trace-line.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Words of `map update` for the flags of a call. */
const updateWords: Readonly<Record<string, string>> = { BPF_ANY: '', BPF_NOEXIST: ' noexist', BPF_EXIST: ' exist' };

/** Commands that do again what a trace shows that was done to maps. */
export class ReplayScript {
  /** Where maps that the trace created are pinned, by their id. */
  readonly #created = new Map<number, string>();
  readonly #paths = new Set<string>();

  head(): string {
    return '#!/bin/sh\nset -e\n';
  }

  /** The commands for one event; empty for one that changed no map. */
  commands(line: TraceLine): string {
    if (line.event !== 'call' || line.call !== 'bpf' || Number(line.result) < 0) return '';
    const attributes = (line.attributes ?? {}) as Fields;
    const objects = (line.objects ?? {}) as Fields;
    switch (line.command) {
      case 'BPF_MAP_CREATE':
        return this.#create(attributes, line.object as Fields | undefined);
      case 'BPF_MAP_UPDATE_ELEM':
        return this.#update(line, objects, String(attributes.flags ?? 'BPF_ANY'));
      case 'BPF_MAP_DELETE_ELEM':
        return this.#on(objects, 'delete', ` key ${hexWords(line.key_hex)}`);
      case 'BPF_MAP_LOOKUP_AND_DELETE_ELEM':
        return line.key_hex === undefined
          ? this.#on(objects, 'pop', '')
          : this.#on(objects, 'delete', ` key ${hexWords(line.key_hex)}`);
      case 'BPF_MAP_FREEZE':
        return this.#on(objects, 'freeze', '');
      case 'BPF_MAP_UPDATE_BATCH':
        return pairs(line)
          .map(([key, value]) => this.#on(objects, 'update', ` key ${hexWords(key)} value ${hexWords(value)}`))
          .join('');
      case 'BPF_MAP_DELETE_BATCH':
        return pairs(line)
          .map(([key]) => this.#on(objects, 'delete', ` key ${hexWords(key)}`))
          .join('');
      default:
        return '';
    }
  }

  #create(attributes: Fields, object: Fields | undefined): string {
    const name = String(attributes.map_name ?? '');
    const type = String(attributes.map_type).replace('BPF_MAP_TYPE_', '').toLowerCase();
    if (object === undefined || mapTypeFromName(type) === undefined) return '';
    const id = Number(object.id);
    const numbers = [attributes.key_size, attributes.value_size, attributes.max_entries];
    if (!numbers.every((number) => Number.isSafeInteger(number))) return '# not repeated: a map of unknown sizes\n';
    let path = `/sys/fs/bpf/${/^[\w.]+$/.test(name) ? name : 'map'}`;
    if (this.#paths.has(path)) path += `.${id}`;
    this.#paths.add(path);
    this.#created.set(id, path);
    const flags = Number(flagsNumber(String(attributes.map_flags ?? '0')));
    const sizes = `key ${Number(attributes.key_size)} value ${Number(attributes.value_size)} entries ${Number(attributes.max_entries)}`;
    return `tsbpftool map create ${path} type ${type} ${sizes} name ${shellWord(name === '' ? 'map' : name)}${flags === 0 ? '' : ` flags ${flags}`}\n`;
  }

  #update(line: TraceLine, objects: Fields, flags: string): string {
    const mode = updateWords[flags];
    if (mode === undefined) return `# not repeated: an update with ${visibleText(flags)}\n`;
    const held = objects.value as Fields | undefined;
    const key = line.key_hex === undefined ? '' : ` key ${hexWords(line.key_hex)}`;
    if (held !== undefined) {
      if (held.kind !== 'map' && held.kind !== 'prog')
        return `# not repeated: ${visibleText(String(held.kind))} ${visibleText(String(held.name))}\n`;
      const path = held.kind === 'map' ? this.#created.get(Number(held.id)) : undefined;
      return this.#on(
        objects,
        'update',
        `${key} value ${path === undefined ? `name ${shellWord(String(held.name))}` : `pinned ${path}`}${mode}`,
      );
    }
    const values = onePerProcessor(line);
    if (values === undefined) return '# not repeated: values that differ between processors\n';
    return this.#on(objects, 'update', `${key} value ${hexWords(values)}${mode}`);
  }

  #on(objects: Fields, verb: string, rest: string): string {
    const map = objects.map_fd as Fields | undefined;
    if (map?.kind !== 'map') return '';
    const path = this.#created.get(Number(map.id));
    const place = path === undefined ? `name ${shellWord(String(map.name))}` : `pinned ${path}`;
    return `tsbpftool map ${verb} ${place}${rest}\n`;
  }
}

/** What is written to all processors; undefined where they differ. One command writes one value to all of them. */
function onePerProcessor({ value, value_hex: hex }: TraceLine): string | undefined {
  const text = String(hex);
  const map = /^[0-9a-f]*$/.test(text) ? text : '';
  if (!Array.isArray(value) || value.length < 2 || map.length % (value.length * 16) !== 0) return map;
  const each = map.length / value.length;
  const parts = value.map((_, index) => map.slice(index * each, (index + 1) * each));
  return parts.every((part) => part === parts[0]) ? parts[0] : undefined;
}

function pairs({ keys_hex: keys, values_hex: values }: TraceLine): [key: unknown, value: unknown][] {
  if (!Array.isArray(keys)) return [];
  return keys.map((key: unknown, index) => [key, Array.isArray(values) ? values[index] : undefined]);
}

/** `hex 01 00`: what is no hexadecimal is left out, so that a file cannot put words into a script. */
function hexWords(hex: unknown): string {
  const digits = String(hex ?? '').toLowerCase();
  return `hex ${(/^([0-9a-f]{2})*$/.test(digits) ? digits : '').replace(/..(?=.)/g, '$& ')}`;
}

function shellWord(text: string): string {
  return /^[\w.]+$/.test(text) ? text : `'${visibleText(text).replaceAll("'", "'\\''")}'`;
}

const mapFlags = [
  'NO_PREALLOC',
  'NO_COMMON_LRU',
  'NUMA_NODE',
  'RDONLY',
  'WRONLY',
  'STACK_BUILD_ID',
  'ZERO_SEED',
  'RDONLY_PROG',
  'WRONLY_PROG',
  'CLONE',
  'MMAPABLE',
  'PRESERVE_ELEMS',
  'INNER_MAP',
  'LINK',
];

function flagsNumber(text: string): number {
  return text.split('|').reduce((sum, name) => {
    const bit = mapFlags.indexOf(name.replace('BPF_F_', ''));
    return sum + (bit < 0 ? Number(name) || 0 : 2 ** bit);
  }, 0);
}
