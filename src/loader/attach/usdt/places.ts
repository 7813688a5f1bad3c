// USDT probes are notes of the ELF file that <sys/sdt.h> writes: a NOP in the code, and where its arguments are.
// Source: usdt.c of libbpf, collect_usdt_targets.
import type { ByteSource } from '../../../bytes/index.ts';
import { Elf, type ElfNote, type ElfSegment, LinkedFile, readNotes } from '../../../elf/index.ts';
import { Errno, ParseError } from '../../../errors/index.ts';
import { type DiagnosticLog, failure } from '../../../object/index.ts';

/** A place in a file where a statically defined probe is. */
export interface UsdtPlace {
  /** File offset of the instruction. */
  readonly offset: number;
  /** File offset of the counter of those who want the probe; 0 if it has none. */
  readonly semaphore: number;
  /** Where its arguments are: `-4@%esi 8@-24(%rbp)`. */
  readonly arguments: string;
}

interface Probe {
  readonly provider: string;
  readonly name: string;
  readonly arguments: string;
  /** Virtual address of the NOP, as the linker has assigned it. */
  readonly address: number;
  /** Address of `.stapsdt.base` when the note was written. */
  readonly base: number;
  readonly semaphore: number;
}

const notesSection = '.note.stapsdt';
const baseSection = '.stapsdt.base';
/** NT_STAPSDT */
const noteType = 3;

/** All places of one probe in a program or library. ObjectError, after libbpf's warnings, if the file is of no use. */
export function usdtPlaces(
  source: ByteSource,
  target: { path: string; provider: string; name: string },
  log: DiagnosticLog | undefined,
): UsdtPlace[] {
  const { path, provider, name } = target;
  const bad = (errno: number, text: string) => failure(log, errno, `usdt: ${text}`);
  const elf = openLinked(source, bad, path);
  if (elf.bits === 32) throw bad(Errno.EBADF, `attaching to 32-bit ELF binary '${path}' is not supported`);
  if (elf.type !== Elf.ET_EXEC && elf.type !== Elf.ET_DYN) {
    const only = 'only ET_EXEC and ET_DYN are supported';
    throw bad(Errno.EBADF, `unsupported type of ELF binary '${path}' (${elf.type}), ${only}`);
  }
  if (!elf.littleEndian) throw bad(Errno.EBADF, `ELF endianness mismatch for '${path}'`);
  const notes = elf.named(notesSection);
  if (!notes) throw bad(Errno.ENOENT, `no USDT notes section (${notesSection}) found in '${path}'`);
  if (notes.type !== Elf.SHT_NOTE) throw bad(Errno.EINVAL, `invalid USDT notes section (${notesSection}) in '${path}'`);
  const segments = loadedSegments(elf, path, log);
  const base = elf.named(baseSection)?.address ?? 0;
  const probe = `'${provider}:${name}' in '${path}'`;
  const range = ({ address, size }: ElfSegment) => `[${hex(address)}, ${hex(address + size)}`;
  return readNotes(elf.contents(notes), elf)
    .map((note) => readProbe(elf, note, bad))
    .filter((candidate) => candidate.provider === provider && candidate.name === name)
    .map((found) => {
      // What moved the code after linking (prelink) moved the base too, but not what the note says.
      const address = found.address + (base !== 0 && found.base !== 0 ? base - found.base : 0);
      const code = segmentOf(segments, address);
      if (!code) throw bad(Errno.ESRCH, `failed to find ELF program segment for ${probe} at IP ${hex(address)}`);
      if (!isExecutable(code)) {
        const where = `segment ${range(code)}) for '${provider}:${name}' at IP ${hex(address)} is not executable`;
        throw bad(Errno.ESRCH, `matched ELF binary '${path}' ${where}`);
      }
      let semaphore = 0;
      if (found.semaphore !== 0) {
        const data = segmentOf(segments, found.semaphore);
        const where = hex(found.semaphore);
        if (!data) throw bad(Errno.ESRCH, `failed to find ELF loadable segment with semaphore of ${probe} at ${where}`);
        // The kernel increments the counter, which must be in memory that can be written.
        if (isExecutable(data)) {
          const of = `semaphore of '${provider}:${name}' at ${where} is executable`;
          throw bad(Errno.ESRCH, `matched ELF binary '${path}' segment ${range(data)}] for ${of}`);
        }
        semaphore = found.semaphore - data.address + data.offset;
      }
      return { offset: address - code.address + code.offset, semaphore, arguments: found.arguments };
    });
}

function openLinked(source: ByteSource, bad: (errno: number, text: string) => Error, path: string): LinkedFile {
  try {
    return new LinkedFile(source);
  } catch (error) {
    if (!(error instanceof ParseError) || error.offset !== 0) throw error;
    throw bad(Errno.EBADF, `unrecognized ELF kind 0 for '${path}'`);
  }
}

const hex = (number: number) => `0x${number.toString(16)}`;

function loadedSegments(elf: LinkedFile, path: string, log: DiagnosticLog | undefined): ElfSegment[] {
  const segments = elf.segments();
  for (const [index, { type, flags, address, size, offset }] of segments.entries()) {
    const where = `vaddr ${hex(address)} memsz ${hex(size)} offset ${hex(offset)} type ${hex(type)} flags ${hex(flags)}`;
    log?.('debug', `usdt: discovered PHDR #${index} in '${path}': ${where}`);
  }
  const loaded = segments.filter(({ type }) => type === Elf.PT_LOAD);
  if (loaded.length > 0) return loaded.sort((a, b) => a.address - b.address);
  log?.('warn', `usdt: failed to find PT_LOAD program headers in '${path}'`);
  throw failure(log, Errno.ESRCH, `usdt: failed to process ELF program segments for '${path}': -ESRCH`);
}

function isExecutable({ flags }: ElfSegment): boolean {
  return (flags & Elf.PF_X) !== 0;
}

function segmentOf(segments: readonly ElfSegment[], address: number): ElfSegment | undefined {
  return segments.find((segment) => segment.address <= address && address < segment.address + segment.size);
}

function readProbe(elf: LinkedFile, note: ElfNote, bad: (errno: number, text: string) => Error): Probe {
  const { description } = note;
  const broken = () => bad(Errno.EINVAL, 'a note of a probe is broken');
  if (note.name !== 'stapsdt' || note.type !== noteType || description.length < 27) throw broken();
  const view = new DataView(description.buffer, description.byteOffset, description.length);
  // Three addresses of 8 bytes, then three texts that end with NUL: provider, name, arguments.
  const [address, base, semaphore] = [0, 8, 16].map((at) => Number(view.getBigUint64(at, elf.littleEndian)));
  const [provider, name, words, ...others] = Buffer.from(description.subarray(24)).toString('latin1').split('\0');
  if (provider === undefined || name === undefined || name === '' || words === undefined) throw broken();
  if (others.length === 0 && words === '') throw broken();
  return {
    ...{ provider, name, address: address!, base: base!, semaphore: semaphore! },
    arguments: words.startsWith(':') ? '' : words,
  };
}
