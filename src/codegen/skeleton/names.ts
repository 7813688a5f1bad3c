import { encodeUtf8 } from '../../bytes/index.ts';

/** Bytes of an object's name, of an identifier made of a section's name: as long as the reference's buffers. */
const longestObjectName = 63;
const longestIdentifier = 255;

const pathLimit = 4095;

/** C11's keywords and those of C23 that clang knows before it: no member or tag can be called so. */
const keywords = new Set(
  (
    'auto break case char const continue default do double else enum extern float for goto if inline int long register ' +
    'restrict return short signed sizeof static struct switch typedef union unsigned void volatile while ' +
    '_Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert _Thread_local'
  ).split(' '),
);

/** True for what C takes as a name; clang takes letters of any script, and dollar signs. */
export function isCIdentifier(name: string): boolean {
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) && !keywords.has(name);
}

/** Everything but ASCII letters, digits and underscores as underscores, byte by byte. */
export function cleanIdentifier(name: string): string {
  let cleaned = '';
  for (const byte of encodeUtf8(name)) {
    const character = String.fromCharCode(byte);
    cleaned += /[A-Za-z0-9_]/.test(character) ? character : '_';
  }
  return cleaned;
}

/** The first bytes of a text. A character that is cut through does not survive. */
export function cutName(name: string, longest: number): string {
  const bytes = encodeUtf8(name);
  return bytes.length <= longest ? name : new TextDecoder().decode(bytes.subarray(0, longest));
}

/** A name given for an object, as long as it may be. */
export function givenObjectName(name: string): string {
  return cutName(name, longestObjectName);
}

/** The name an object gets from its file: without directory and `.o`, cleaned. Source: get_obj_name of bpftool. */
export function objectNameOfFile(path: string): string {
  const bytes = encodeUtf8(path).subarray(0, pathLimit);
  const base = baseName(bytes).subarray(0, longestObjectName);
  const text = String.fromCharCode(...base);
  const stem = text.endsWith('.o') ? text.slice(0, -2) : text;
  return stem.replace(/[^A-Za-z0-9_]/g, '_');
}

/** As basename(3) of POSIX. */
function baseName(path: Uint8Array): Uint8Array {
  const slash = 0x2f;
  let end = path.length;
  while (end > 1 && path[end - 1] === slash) end--;
  if (end === 0) return encodeUtf8('.');
  if (end === 1 && path[0] === slash) return path.subarray(0, 1);
  return path.subarray(path.lastIndexOf(slash, end - 1) + 1, end);
}

/** The name of the macro that guards a header. */
export function headerGuard(objectName: string, suffix: 'SKEL_H' | 'SUBSKEL_H'): string {
  return `__${objectName}_${suffix}__`.replace(/[a-z]/g, (letter) => letter.toUpperCase());
}

const dataSections = ['.data', '.rodata', '.bss', '.kconfig'];
const perCpuSection = '.percpu';

/** What a map of global data is called in a skeleton, from the name of the map; undefined if that has none. */
export function dataMapIdentifier(mapName: string): string | undefined {
  if (mapName.startsWith(perCpuSection)) return cleanIdentifier(mapName.slice(1)).slice(0, longestIdentifier);
  const section = dataSections.find((name) => mapName.includes(name));
  if (section === undefined) return undefined;
  return cleanIdentifier(mapName.slice(mapName.indexOf(section) + 1)).slice(0, longestIdentifier);
}

/** What a section of global data is called in a skeleton; undefined if it is none. */
export function sectionIdentifier(sectionName: string): string | undefined {
  // Clang's section of the variables of an arena.
  if (sectionName === '.addr_space.1') return 'arena';
  if (![perCpuSection, ...dataSections].some((name) => sectionName.startsWith(name))) return undefined;
  return cleanIdentifier(sectionName.slice(1)).slice(0, longestIdentifier);
}

/** What a variable is called in a skeleton. */
export function variableIdentifier(name: string): string {
  return cleanIdentifier(name).slice(0, longestIdentifier);
}

/** What a declared map is called in a skeleton. */
export function mapIdentifier(name: string): string {
  return cutName(name, longestIdentifier);
}
