import { directoryName, isBpffs } from '../../host/index.ts';
import type { Kernel } from '../../kernel/index.ts';
import { BPF_F_NO_PREALLOC, smallestPageSize } from '../../uapi/index.ts';
import { type KnownMap, mapLine, mapsNamed, programsNamed, typeOfMap } from './objects.ts';

/** A command whose words are right, and that failed all the same. */
export interface FailedVerb {
  readonly object: string;
  readonly verb: string;
  readonly words: readonly string[];
  /** The types of maps it works on. */
  readonly mapTypes: readonly string[] | undefined;
  /** The error that was printed. */
  readonly message: string;
}

/** What the state of the system tells about the failure. */
export function liveHints(kernel: Kernel, failed: FailedVerb): string[] {
  const { object, verb, words, message } = failed;
  // The reference's words for an id that is not there.
  const gone = /^get (?:(\w+) )?by id \((\d+)\): No such file or directory$/.exec(message);
  if (gone !== null)
    return [`no ${gone[1] ?? 'program'} has the id ${gone[2]}; \`${gone[1] ?? 'prog'} show\` lists those there are`];
  const paths = pathHints(kernel, failed);
  if (paths.length > 0) return paths;
  if (object !== 'map') return [];
  if (verb === 'create') return createHints(words);
  const [map] = mapsNamed(kernel, words);
  return map === undefined ? [] : mapHints(map, failed);
}

/** Each of the objects that one was asked for; nothing for other failures. */
export function severalHints(kernel: Kernel, { object, verb, words, message }: FailedVerb): string[] {
  if (!/^several (?:maps|programs) match/.test(message)) return [];
  const isMap = message.includes('maps');
  // Which of several objects of a line is meant shows in what has several of them.
  for (let at = 0; at + 1 < words.length; at++) {
    const handle = words.slice(at, at + 2);
    const lines = isMap ? mapsNamed(kernel, handle).map(mapLine) : programsNamed(kernel, handle);
    if (lines.length < 2) continue;
    const shown = lines.slice(0, 12);
    const more = lines.length > shown.length ? [`and ${lines.length - shown.length} more`] : [];
    const line = [object, verb, ...words.slice(0, at), 'id', shown[0]!.slice(3).split(':')[0], ...words.slice(at + 2)];
    return [...shown, ...more, `say which by its id: ${line.join(' ')}`];
  }
  return [];
}

/** Of the words that are paths. */
function pathHints(kernel: Kernel, { verb, words, message }: FailedVerb): string[] {
  for (const word of words.filter((each) => each.includes('/'))) {
    const directory = directoryName(word);
    if (!kernel.exists(directory)) return [`there is no directory '${directory}': mkdir -p ${directory}`];
    // The kernel refuses names with dots with EPERM, which says nothing.
    const name = word.slice(word.lastIndexOf('/') + 1);
    if (
      name.includes('.') &&
      /pin|create|load/.test(verb) &&
      /not permitted/.test(message) &&
      isBpffs(kernel, directory)
    ) {
      return [`names on a BPF file system hold no dots: ${directory}/${name.replaceAll('.', '_')}`];
    }
  }
  return [];
}

/** Numbers after keywords. */
function numberAfter(words: readonly string[], keyword: string): number {
  const at = words.indexOf(keyword);
  return at < 0 ? 0 : Number(words[at + 1] ?? 0);
}

const powerOfTwo = (n: number) => 2 ** Math.ceil(Math.log2(Math.max(n, 1)));

function createHints(words: readonly string[]): string[] {
  const type = words[words.indexOf('type') + 1] ?? '';
  const [key, value] = [numberAfter(words, 'key'), numberAfter(words, 'value')];
  const entries = numberAfter(words, 'entries');
  if (type === 'lpm_trie') {
    // Without this flag the kernel answers EINVAL.
    const hints =
      (numberAfter(words, 'flags') & BPF_F_NO_PREALLOC) === 0 ? ['an lpm_trie needs flags 1 (BPF_F_NO_PREALLOC)'] : [];
    return key < 5
      ? [...hints, 'a key of an lpm_trie is the length of the prefix (4 bytes), then its bytes: key 8 for IPv4']
      : hints;
  }
  if (type === 'ringbuf' || type === 'user_ringbuf') {
    // A ring is mapped in whole pages, and its places are found with a mask.
    const fitting = Math.max(powerOfTwo(entries), smallestPageSize);
    if (fitting !== entries)
      return [`entries of a ${type} is its size in bytes, a power of two and whole pages: entries ${fitting}`];
    return key !== 0 || value !== 0 ? [`a ${type} has neither keys nor values: key 0 value 0`] : [];
  }
  if (/array$/.test(type) && key !== 4) return [`keys of type ${type} have 4 bytes: key 4`];
  if (/^(?:queue|stack)$/.test(type) && key !== 0) return [`a ${type} has no keys: key 0`];
  if (entries === 0 && !/storage$/.test(type)) return ['a map holds at least one entry: entries N'];
  return [];
}

function mapHints(map: KnownMap, { verb, mapTypes, message }: FailedVerb): string[] {
  const type = typeOfMap(map);
  if (mapTypes !== undefined && !mapTypes.includes(type)) {
    const instead = type === 'ringbuf' && verb === 'event_pipe' ? `; its events: map events id ${map.id}` : '';
    return [`map ${verb} works on ${mapTypes.join(' and ')}, and map ${map.id} is a ${type}${instead}`];
  }
  if (map.isFrozen && /not permitted/.test(message)) {
    return [`map ${map.id} is frozen: it can be read, and no longer changed from user space`];
  }
  // E2BIG, `Argument list too long`, is what a full map answers.
  if (/too long/.test(message)) {
    return [`map ${map.id} is full: it holds ${map.maxEntries} entries at most; delete some, or create a larger one`];
  }
  const short = /(key|value) expected (\d+) bytes got/.exec(message);
  return short === null ? [] : [sizeText(short[1]!, Number(short[2]))];
}

const sizeText = (what: string, size: number, bytes: readonly string[] = []) => {
  const zeros = Array.from({ length: Math.max(size - bytes.length, 0) }, () => '0');
  const line = size <= 64 && bytes.length > 0 ? `, the lowest first: ${[what, ...bytes, ...zeros].join(' ')}` : '';
  return `a ${what} of this map has ${size} bytes, each a word of its own${line}`;
};

const byte = /^(?:0x[0-9a-f]{1,2}|\d{1,3}|[0-9a-f]{1,2})$/i;

/** Whether as many bytes as a key has stand after `key`, before the words themselves are looked at. */
export function keyHint(kernel: Kernel, { object, verb, words }: FailedVerb): string | undefined {
  const at = words.indexOf('key') + 1;
  if (object !== 'map' || verb === 'create' || at < 2 || words[at] === 'json' || words[at] === 'ip') return undefined;
  const [map] = mapsNamed(kernel, words);
  if (map === undefined || map.keySize === 0) return undefined;
  const rest = words.slice(words[at] === 'hex' ? at + 1 : at);
  const end = rest.findIndex((word) => !byte.test(word));
  const bytes = end < 0 ? rest : rest.slice(0, end);
  if (bytes.length < map.keySize) {
    return bytes.length > 0 && (end < 0 || rest[end] === 'value') ? sizeText('key', map.keySize, bytes) : undefined;
  }
  if (bytes.length === map.keySize) return undefined;
  if (verb !== 'update') return sizeText('key', map.keySize);
  // `value` is missing: what follows the key's bytes is taken for the value's.
  const where = at + (words[at] === 'hex' ? 1 : 0) + map.keySize;
  return [object, verb, ...words.slice(0, where), 'value', ...words.slice(where)].join(' ');
}
