// Linked ELF files and zip archives, made of what a test says.
import { ByteWriter } from '../../../src/bytes/index.ts';

export interface MadeSymbol {
  name: string;
  value: number;
  /** STB_*, global unless told. */
  binding?: number;
  /** STT_*, a function unless told. */
  type?: number;
  /** Section of its code, `.text` unless told; 0 for none. */
  section?: number;
  /** Number of its version. */
  version?: number;
}

export interface MadeFile {
  bits?: 32 | 64;
  littleEndian?: boolean;
  /** ET_*, a library unless told. */
  type?: number;
  /** Address and file offset of the code. */
  text?: { address: number; size: number };
  dynamic?: readonly MadeSymbol[];
  static?: readonly MadeSymbol[];
  /** Names of versions, from number 1 on. */
  versions?: readonly string[];
  /** More sections: their SHT_* and contents, by name. */
  sections?: Readonly<Record<string, { type: number; bytes: Uint8Array }>>;
}

interface Section {
  name: string;
  type: number;
  bytes: Uint8Array;
  address?: number;
  link?: number;
  entrySize?: number;
}

/** Endings are looked for in so many characters. */
const mostShared = 10_000;

class Strings {
  #text = '\0';

  add(text: string): number {
    const at = this.#text.length < mostShared ? this.#text.indexOf(`${text}\0`) : -1;
    if (at >= 0 && text !== '') return at;
    this.#text += `${text}\0`;
    return text === '' ? 0 : this.#text.length - text.length - 1;
  }

  get bytes(): Uint8Array {
    return Buffer.from(this.#text, 'latin1');
  }
}

/** A linked file. Names share endings, as linkers make them. */
export function linkedFile(made: MadeFile): Uint8Array {
  const { bits = 64, littleEndian = true } = made;
  const order = { littleEndian };
  const word = (writer: ByteWriter, value: number) => (bits === 64 ? writer.u64(BigInt(value)) : writer.u32(value));
  const text = made.text ?? { address: 0x1000, size: 0x100 };
  const sections: Section[] = [
    { name: '', type: 0, bytes: new Uint8Array(0) },
    { name: '.text', type: 1, bytes: new Uint8Array(text.size), address: text.address },
  ];
  const addSymbols = (name: string, type: number, symbols: readonly MadeSymbol[] | undefined) => {
    if (symbols === undefined) return;
    const strings = new Strings();
    const table = new ByteWriter(order);
    for (const symbol of [{ name: '', value: 0, type: 0, section: 0 } as MadeSymbol, ...symbols]) {
      const info = ((symbol.binding ?? 1) << 4) | (symbol.type ?? 2);
      table.u32(strings.add(symbol.name));
      if (bits === 32) {
        table.u32(symbol.value);
        table.u32(0);
      }
      table.u8(info);
      table.u8(0);
      table.u16(symbol.section ?? 1);
      if (bits === 64) {
        table.u64(BigInt(symbol.value));
        table.u64(0n);
      }
    }
    const link = sections.length + 1;
    sections.push({ name, type, bytes: table.finish(), link, entrySize: bits === 64 ? 24 : 16 });
    sections.push({ name: `${name}str`, type: 3, bytes: strings.bytes });
  };
  addSymbols('.dynsym', 11, made.dynamic);
  addSymbols('.symtab', 2, made.static);
  if (made.versions !== undefined && made.dynamic !== undefined) {
    const numbers = new ByteWriter(order);
    for (const symbol of [{ version: 0 }, ...made.dynamic]) numbers.u16(symbol.version ?? 1);
    sections.push({ name: '.gnu.version', type: 0x6fffffff, bytes: numbers.finish() });
    const strings = new Strings();
    const table = new ByteWriter(order);
    for (const [index, name] of made.versions.entries()) {
      for (const value of [1, 0, index + 1, 1]) table.u16(value);
      table.u32(0);
      table.u32(20);
      table.u32(index + 1 === made.versions.length ? 0 : 28);
      table.u32(strings.add(name));
      table.u32(0);
    }
    const link = sections.length + 1;
    sections.push({ name: '.gnu.version_d', type: 0x6ffffffd, bytes: table.finish(), link });
    sections.push({ name: '.verstr', type: 3, bytes: strings.bytes });
  }
  for (const [name, { type, bytes }] of Object.entries(made.sections ?? {})) sections.push({ name, type, bytes });
  const names = new Strings();
  for (const { name } of sections) names.add(name);
  sections.push({ name: '.shstrtab', type: 3, bytes: new Uint8Array(0) });
  names.add('.shstrtab');
  sections.at(-1)!.bytes = names.bytes;

  const headerSize = bits === 64 ? 64 : 52;
  let at = headerSize;
  const offsets = sections.map(({ bytes }) => {
    const offset = at;
    at += bytes.length;
    return offset;
  });
  const file = new ByteWriter(order);
  file.bytes(
    Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, littleEndian ? 1 : 2, 1, ...Array(9).fill(0)]),
  );
  file.u16(made.type ?? 3);
  file.u16(bits === 64 ? 62 : 3);
  file.u32(1);
  word(file, 0);
  word(file, 0);
  word(file, at);
  file.u32(0);
  for (const value of [headerSize, 0, 0, bits === 64 ? 64 : 40, sections.length, sections.length - 1]) file.u16(value);
  for (const { bytes } of sections) file.bytes(bytes);
  for (const [index, section] of sections.entries()) {
    file.u32(names.add(section.name));
    file.u32(section.type);
    word(file, 0);
    word(file, section.address ?? 0);
    word(file, index === 0 ? 0 : offsets[index]!);
    word(file, section.bytes.length);
    file.u32(section.link ?? 0);
    file.u32(0);
    word(file, 0);
    word(file, section.entrySize ?? 0);
  }
  return file.finish();
}

/** Where the code of `linkedFile` begins in the file. */
export const codeOffset = { 32: 52, 64: 64 } as const;

export interface MadeEntry {
  name: string;
  bytes: Uint8Array;
  /** 8: deflated. */
  method?: number;
  flags?: number;
}

/** A zip archive whose entries stand as they are, whatever their method says. */
export function zipArchive(entries: readonly MadeEntry[], comment = ''): Uint8Array {
  const file = new ByteWriter();
  const directory = new ByteWriter();
  for (const { name, bytes, method = 0, flags = 0 } of entries) {
    const path = Buffer.from(name);
    const offset = file.length;
    const common = (writer: ByteWriter) => {
      for (const value of [20, flags, method, 0, 0]) writer.u16(value);
      for (const value of [0, bytes.length, bytes.length]) writer.u32(value);
      for (const value of [path.length, 0]) writer.u16(value);
    };
    file.u32(0x04034b50);
    common(file);
    file.bytes(path);
    file.bytes(bytes);
    directory.u32(0x02014b50);
    directory.u16(20);
    common(directory);
    for (const value of [0, 0, 0]) directory.u16(value);
    directory.u32(0);
    directory.u32(offset);
    directory.bytes(path);
  }
  const [start, list] = [file.length, directory.finish()];
  file.bytes(list);
  file.u32(0x06054b50);
  for (const value of [0, 0, entries.length, entries.length]) file.u16(value);
  file.u32(list.length);
  file.u32(start);
  file.u16(comment.length);
  file.bytes(Buffer.from(comment));
  return file.finish();
}
