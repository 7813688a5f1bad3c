import { accessSync, constants } from 'node:fs';
import { arch, env } from 'node:process';
import { Elf, type FunctionSymbol, functionSymbols, parseElf } from '../../elf/index.ts';
import { errorText, failure, LibbpfErrno } from '../../object/index.ts';
import type { AttachableProgram, AttachContext } from './link.ts';

const triplets: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
  s390x: 's390x-linux-gnu',
  ppc64: 'powerpc64le-linux-gnu',
};

/** The file a section's target means: a path as it is, a bare name looked for as the linker or the shell would. */
export function resolveBinary(context: AttachContext, program: AttachableProgram, name: string): string {
  if (name.includes('/')) return name;
  const isLibrary = name.endsWith('.so') || name.includes('.so.');
  const triplet = triplets[arch];
  const places = isLibrary
    ? [env.LD_LIBRARY_PATH, '/usr/lib64:/usr/lib', triplet && `/lib/${triplet}`]
    : [env.PATH, '/usr/bin:/usr/sbin'];
  for (const directory of places.flatMap((place) => place?.split(':') ?? [])) {
    if (directory === '') continue;
    const path = `${directory}/${name}`;
    try {
      accessSync(path, isLibrary ? constants.R_OK : constants.R_OK | constants.X_OK);
      return path;
    } catch {}
  }
  const text = `prog '${program.name}': failed to resolve full path for '${name}': ${errorText(2)}`;
  throw failure(context.log, 2, text);
}

/** File offset of a function. Dynamic symbols count before static ones, strong ones before weak ones. */
export function functionOffset(context: AttachContext, path: string, name: string): number {
  const [stem = name, version] = name.split(/@@?/);
  for (const table of tables(context, path)) {
    let found: FunctionSymbol | undefined;
    for (const symbol of table) {
      const isMatch = version === undefined ? symbol.name.split('@')[0] === stem : symbol.name === name;
      if (!isMatch || symbol.fileOffset === found?.fileOffset) continue;
      if (found && found.binding !== Elf.STB_WEAK && symbol.binding !== Elf.STB_WEAK) {
        const text = `elf: ambiguous match for '${symbol.name}', '${name}' in '${path}'`;
        throw failure(context.log, LibbpfErrno.FORMAT, text);
      }
      if (found && symbol.binding === Elf.STB_WEAK) continue;
      found = symbol;
    }
    if (found) return found.fileOffset;
  }
  throw failure(context.log, 2, `elf: failed to find symbol '${name}' in '${path}'`);
}

/** File offsets of all functions a pattern with `*` and `?` matches. */
export function matchingOffsets(context: AttachContext, path: string, pattern: string): number[] {
  for (const table of tables(context, path)) {
    const offsets = table.filter((symbol) => globMatches(symbol.name, pattern)).map((symbol) => symbol.fileOffset);
    if (offsets.length > 0) return offsets;
  }
  throw failure(() => undefined, 2, `no function of '${path}' matches '${pattern}'`);
}

/** `*` stands for any text, `?` for any character. */
export function globMatches(text: string, pattern: string): boolean {
  // The last star, and where the text stood then: on a mismatch one more character goes to that star.
  let star = -1;
  let mark = 0;
  let at = 0;
  let from = 0;
  while (at < text.length) {
    if (pattern[from] === '*') {
      star = from++;
      mark = at;
    } else if (from < pattern.length && (pattern[from] === '?' || pattern[from] === text[at])) {
      from++;
      at++;
    } else if (star >= 0) {
      from = star + 1;
      at = ++mark;
    } else {
      return false;
    }
  }
  while (pattern[from] === '*') from++;
  return from === pattern.length;
}

function tables(context: AttachContext, path: string): FunctionSymbol[][] {
  let bytes: Uint8Array;
  try {
    bytes = context.kernel.readFile(path);
  } catch (error) {
    const errno = (error as { errno?: number }).errno ?? 5;
    throw failure(context.log, errno, `elf: failed to open ${path}: ${errorText(errno)}`, { cause: error });
  }
  try {
    return functionSymbols(parseElf(bytes));
  } catch (error) {
    throw failure(context.log, LibbpfErrno.FORMAT, `elf: could not read elf from ${path}: invalid ELF file`, {
      cause: error,
    });
  }
}
