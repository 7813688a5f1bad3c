import type { ByteSource } from '../bytes/index.ts';
import { Errno, ParseError } from '../errors/index.ts';
import { Elf } from './constants.ts';
import { LinkedFile, type LinkedSection } from './linked.ts';

/** libbpf's number of a file of no known format. */
const formatError = 4001;
const sectionNames: readonly string[] = ['.BTF', '.BTF.ext', '.BTF.base'];

/** The BTF that a file holds. */
export interface FileBtf {
  readonly bytes: Uint8Array;
  /** The distilled base that a module built outside of the kernel's tree brings along: the section `.BTF.base`. */
  readonly distilledBase?: Uint8Array | undefined;
  /** Bytes of a pointer, by the class of an ELF file. */
  readonly pointerSize?: 4 | 8;
  /** The section `.BTF.ext`, where it was asked for. */
  readonly ext?: Uint8Array | undefined;
}

/** Raw BTF, or why a file has none: libbpf's words, '' where it has none, and the errno it would return. */
export type BtfOfFile = FileBtf | { readonly errno: number; readonly words: string };

/**
 * The BTF of a file: all of it if it is raw, else the section `.BTF` of an ELF file of either class, of which no more is
 * read than that, and `.BTF.ext` if `withExt` asks for it. `path` names the file in messages.
 */
export function btfOf(source: ByteSource, path: string, { withExt = false } = {}): BtfOfFile {
  if (source.size < 2) return { errno: Errno.EIO, words: '' };
  const [first, second] = source.read(0, 2);
  const isRaw = (first === 0x9f && second === 0xeb) || (first === 0xeb && second === 0x9f);
  if (isRaw) return { bytes: source.read(0, source.size) };
  const bad = (words: string) => ({ errno: formatError, words: `${words} from ${path}` });
  let file: LinkedFile;
  try {
    file = new LinkedFile(source);
  } catch (error) {
    if (error instanceof ParseError) return bad('failed to get EHDR');
    throw error;
  }
  try {
    const contents = new Map<string, Uint8Array>();
    const names = namesOf(file);
    for (const section of file.sections.slice(1)) {
      const name = file.name(names, section);
      if (name === undefined) throw new SectionError(`failed to get section(${section.index}) name`);
      if (!sectionNames.includes(name)) continue;
      if (section.type !== Elf.SHT_PROGBITS) {
        throw new SectionError(`unexpected section type (${section.type}) of section(${section.index}, ${name})`);
      }
      contents.set(name, contentsOf(file, section, { name, withExt }));
    }
    const bytes = contents.get('.BTF');
    if (!bytes) return { errno: Errno.ENODATA, words: `failed to find '.BTF' ELF section in ${path}` };
    return {
      bytes,
      distilledBase: contents.get('.BTF.base'),
      pointerSize: file.bits === 32 ? 4 : 8,
      ext: withExt ? contents.get('.BTF.ext') : undefined,
    };
  } catch (error) {
    if (error instanceof SectionError) return bad(error.message);
    throw error;
  }
}

/** What is wrong with a section, in libbpf's words. */
class SectionError extends Error {}

/** The names of sections. */
function namesOf(file: LinkedFile): LinkedSection {
  try {
    return file.names();
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new SectionError('failed to get e_shstrndx');
  }
}

function contentsOf(
  file: LinkedFile,
  section: LinkedSection,
  { name, withExt }: { name: string; withExt: boolean },
): Uint8Array {
  try {
    // Few ask for the records of programs, but they have to be there.
    const isLeft = name === '.BTF.ext' && !withExt;
    return file.contents(section, isLeft ? { offset: section.size, length: 0 } : undefined);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new SectionError(`failed to get section(${section.index}, ${name}) data`);
  }
}
