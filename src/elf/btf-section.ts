import type { ByteSource } from '../bytes/index.ts';
import { Errno, ParseError } from '../errors/index.ts';
import { Elf } from './constants.ts';
import { LinkedFile, type LinkedSection } from './linked.ts';

/** libbpf's number of a file of no known format. */
const formatError = 4001;
const sectionNames: readonly string[] = ['.BTF', '.BTF.ext', '.BTF.base'];

/** Raw BTF, or why a file has none: libbpf's words, '' where it has none, and the errno it would return. */
export type BtfOfFile = { readonly bytes: Uint8Array } | { readonly errno: number; readonly words: string };

/**
 * The BTF of a file: all of it if it is raw, else the section `.BTF` of an ELF file of either class, of which no more is
 * read than that. `path` names the file in messages.
 */
export function btfOf(source: ByteSource, path: string): BtfOfFile {
  if (source.size < 2) return { errno: Errno.EIO, words: '' };
  const [first, second] = source.read(0, 2);
  const isRaw = (first === 0x9f && second === 0xeb) || (first === 0xeb && second === 0x9f);
  if (isRaw) return { bytes: source.read(0, source.size) };
  const bad = (words: string) => ({ errno: formatError, words: `${words} from ${path}` });
  let file: LinkedFile;
  let named: (readonly [string, LinkedSection])[];
  try {
    file = new LinkedFile(source);
  } catch (error) {
    if (error instanceof ParseError) return bad('failed to get EHDR');
    throw error;
  }
  try {
    named = file.sectionNames();
  } catch (error) {
    if (error instanceof ParseError) return bad('failed to get e_shstrndx');
    throw error;
  }
  const wanted = named.filter(([name]) => sectionNames.includes(name));
  const odd = wanted.find(([, { type }]) => type !== Elf.SHT_PROGBITS);
  if (odd) return bad(`unexpected section type (${odd[1].type}) of section(${odd[1].index}, ${odd[0]})`);
  const section = wanted.findLast(([name]) => name === '.BTF')?.[1];
  if (!section) return { errno: Errno.ENODATA, words: `failed to find '.BTF' ELF section in ${path}` };
  try {
    return { bytes: file.contents(section) };
  } catch (error) {
    if (error instanceof ParseError) return bad(`failed to get section(${section.index}, .BTF) data`);
    throw error;
  }
}
