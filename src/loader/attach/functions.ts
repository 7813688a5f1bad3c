import { type ByteSource, partOf, matchesGlob } from '../../bytes/index.ts';
import { Errno, ParseError, SyscallError } from '../../errors/index.ts';
import { Elf, type FunctionSymbol, functionsOf, FunctionTable, LinkedFile, symbolVersions } from '../../elf/index.ts';
import { type DiagnosticLog, errorText, failure, LibbpfErrno, ObjectError } from '../../object/index.ts';
import type { AttachContext } from './link.ts';
import { findEntry } from './zip.ts';

/** What stands between the path of an archive and that of a file in it. */
const archiveSeparator = '!/';

/** A program or library that code is looked for in. */
export interface BinaryFile {
  /** What the kernel knows: for a file in an archive, the archive. */
  readonly path: string;
  /** Path in the archive. */
  readonly entry?: string;
}

/** Takes `app.apk!/lib/x86_64/libnative.so` apart. */
export function binaryFile(name: string): BinaryFile {
  const at = name.indexOf(archiveSeparator);
  if (at < 0) return { path: name };
  return { path: name.slice(0, at), entry: name.slice(at + archiveSeparator.length) };
}

/**
 * File offset of a function, `name`, `name@VERSION` or `name@@VERSION`. Dynamic symbols count before static ones, strong
 * ones before weak ones. ObjectError, after libbpf's warnings, if there is none, or more than one.
 */
export function functionOffset(context: AttachContext, binary: BinaryFile, name: string): number {
  const { log } = context;
  const { path, entry } = binary;
  using opened = openBinary(context, path, { isArchive: entry !== undefined });
  if (entry === undefined) {
    const found = findIn(opened, name, { path, log });
    log?.('debug', `elf: symbol address match for '${name}' in '${path}': 0x${found.toString(16)}`);
    return found;
  }
  const { offset, length } = storedEntry(opened, binary as Required<BinaryFile>, log);
  const found = findIn(partOf(opened, { offset, length }), name, { path: entry, log });
  const hex = (value: number) => `0x${value.toString(16)}`;
  log?.('debug', `elf: symbol address match for '${name}' in '${entry}': ${hex(found)}`);
  const sum = `${hex(offset)} + ${hex(found)} = ${hex(offset + found)}`;
  log?.('debug', `elf: symbol address match for ${name} of ${entry} in ${path}: ${sum}`);
  return offset + found;
}

interface Place {
  /** For messages. */
  readonly path: string;
  readonly log: DiagnosticLog | undefined;
}

function findIn(source: ByteSource, name: string, place: Place): number {
  const file = linkedFile(source, place);
  return withWholeTables(place, () => find(file, name, place));
}

/** Runs what reads tables of symbols. ObjectError, after a warning, where one reaches beyond the file. */
function withWholeTables<Result>({ path, log }: Place, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof ParseError)) throw cause;
    const text = `elf: failed to get symbols for symtab section in '${path}': invalid data`;
    throw failure(log, Errno.EINVAL, text, { cause });
  }
}

function find(file: LinkedFile, name: string, place: Place): number {
  const { path, log } = place;
  const at = name.indexOf('@');
  const stem = at < 0 ? name : name.slice(0, at);
  const version = at < 0 ? undefined : name.slice(at).replace(/^@@?/, '');
  for (const table of [FunctionTable.dynamic, FunctionTable.static]) {
    if (file.ofType(table) === undefined) log?.('debug', `elf: failed to find symbol table ELF sections in '${path}'`);
    const versionOf = version === undefined || table !== FunctionTable.dynamic ? undefined : versions(file, place);
    let found: FunctionSymbol | undefined;
    for (const symbol of functionsOf(file, table, { stem })) {
      const isOther = versionOf ? versionOf(symbol.index) !== version : version !== undefined && symbol.name !== name;
      if (isOther || symbol.fileOffset === found?.fileOffset) continue;
      if (found && found.binding !== Elf.STB_WEAK && symbol.binding !== Elf.STB_WEAK) {
        const text = `elf: ambiguous match for '${symbol.name}', '${name}' in '${path}'`;
        throw failure(log, LibbpfErrno.FORMAT, text);
      }
      if (found && symbol.binding === Elf.STB_WEAK) continue;
      found = symbol;
    }
    if (found && found.fileOffset > 0) return found.fileOffset;
  }
  throw failure(log, Errno.ENOENT, `elf: failed to find symbol '${name}' in '${path}'`);
}

function versions(file: LinkedFile, { path, log }: Place): ReturnType<typeof symbolVersions> {
  try {
    return symbolVersions(file);
  } catch (cause) {
    if (!(cause instanceof ParseError)) throw cause;
    throw failure(log, Errno.EINVAL, `elf: failed to get verdef ELF section in '${path}'`, { cause });
  }
}

/** File offsets of functions, each by its whole name. ObjectError if one is not there or there are several of it. */
export function functionOffsets(context: AttachContext, path: string, names: readonly string[]): number[] {
  const place = { path, log: context.log };
  using opened = openBinary(context, path, { isArchive: false });
  const file = linkedFile(opened, place);
  const found = withWholeTables(place, () => findAll(file, names, place));
  return names.map((name) => {
    const symbol = found.get(name);
    if (symbol) return symbol.fileOffset;
    throw failure(undefined, Errno.ENOENT, `'${path}' has no function '${name}'`);
  });
}

function findAll(file: LinkedFile, names: readonly string[], { path, log }: Place): Map<string, FunctionSymbol> {
  const requested = new Set(names);
  const found = new Map<string, FunctionSymbol>();
  for (const table of [FunctionTable.dynamic, FunctionTable.static]) {
    for (const symbol of functionsOf(file, table, { matches: (name) => requested.has(name) })) {
      const known = found.get(symbol.name);
      if (known?.fileOffset === symbol.fileOffset) continue;
      if (known && known.binding !== Elf.STB_WEAK && symbol.binding !== Elf.STB_WEAK) {
        const text = `elf: ambiguous match found '${symbol.name}@${symbol.fileOffset}' in '${path}' previous offset ${known.fileOffset}`;
        throw failure(log, Errno.ESRCH, text);
      }
      if (!known || symbol.binding !== Elf.STB_WEAK) found.set(symbol.name, symbol);
    }
  }
  return found;
}

/** File offsets of all functions that a pattern with `*` and `?` matches: of static symbols, or else of dynamic ones. */
export function matchingOffsets(context: AttachContext, path: string, pattern: string): number[] {
  const { log } = context;
  const place = { path, log };
  using opened = openBinary(context, path, { isArchive: false });
  const file = linkedFile(opened, place);
  for (const table of [FunctionTable.static, FunctionTable.dynamic]) {
    if (file.ofType(table) === undefined) log?.('debug', `elf: failed to find symbol table ELF sections in '${path}'`);
    const matches = (name: string) => matchesGlob(name, pattern);
    const symbols = withWholeTables(place, () => [...functionsOf(file, table, { matches })]);
    const offsets = symbols.map(({ fileOffset }) => fileOffset);
    if (offsets.length > 0) return offsets;
  }
  throw failure(undefined, Errno.ENOENT, `no function of '${path}' matches '${pattern}'`);
}

/** Opens a file to look for code in it. ObjectError, after libbpf's warning, if that is not possible. */
export function openBinary({ kernel, log }: AttachContext, path: string, { isArchive }: { isArchive: boolean }) {
  try {
    return kernel.openFile(path);
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    const isDirectory = cause.errno === Errno.EISDIR;
    const errno = isDirectory ? (isArchive ? Errno.EINVAL : LibbpfErrno.FORMAT) : cause.errno;
    if (isDirectory && !isArchive) {
      throw failure(log, errno, `elf: could not read elf from ${path}: invalid file descriptor`, { cause });
    }
    const text = isArchive
      ? `zip: failed to open ${path}: ${-errno}`
      : `elf: failed to open ${path}: ${errorText(errno)}`;
    throw failure(log, errno, text, { cause });
  }
}

function linkedFile(source: ByteSource, { path, log }: Place): LinkedFile {
  try {
    return new LinkedFile(source);
  } catch (cause) {
    if (!(cause instanceof ParseError)) throw cause;
    throw failure(log, LibbpfErrno.FORMAT, `elf: failed to get ehdr from ${path}: invalid \`Elf' handle`, { cause });
  }
}

function storedEntry(
  archive: ByteSource,
  { path, entry }: Required<BinaryFile>,
  log: DiagnosticLog | undefined,
): { offset: number; length: number } {
  let found: ReturnType<typeof findEntry>;
  try {
    found = findEntry(archive, entry);
  } catch (cause) {
    if (!(cause instanceof ObjectError)) throw cause;
    throw failure(log, cause.errno, `zip: failed to open ${path}: ${-cause.errno}`, { cause });
  }
  if (typeof found === 'number') {
    throw failure(log, found, `zip: could not find archive member ${entry} in ${path}: ${-found}`);
  }
  log?.('debug', `zip: found entry for ${entry} in ${path} at 0x${found.offset.toString(16)}`);
  if (found.isCompressed) {
    throw failure(log, LibbpfErrno.FORMAT, `zip: entry ${entry} of ${path} is compressed and cannot be handled`);
  }
  return found;
}
